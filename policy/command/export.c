/*
 * authpolicy export: the policy as SQL, from an empty file to the last row.
 * Nothing in it can drive a terminal, whatever somebody wrote into a row.
 */
#include "policy/command/export.h"
#include "policy/command/migrations.h"

#include <inttypes.h>
#include <string.h>

#define ROWS_MAX 500 /* of one INSERT: its triggers are compiled once */

/* In an order in which each row finds what it names. */
static const struct table {
	const char *name, *conflict; /* of rows that are there from the start */
	enum statement rows;
} tables[] = {
    {"principal",
	" ON CONFLICT(name) DO UPDATE SET state = excluded.state,"
	" suspended_until = excluded.suspended_until,"
	" suspended_why = excluded.suspended_why, mode = excluded.mode,"
	" originators = excluded.originators, origin = excluded.origin,"
	" note = excluded.note",
	SQL_EXPORT_PRINCIPAL},
    {"membership", "", SQL_EXPORT_MEMBERSHIP},
    {"send_as", "", SQL_EXPORT_SEND_AS},
    {"deny_as", "", SQL_EXPORT_DENY_AS},
    {"local_domain", "", SQL_EXPORT_LOCAL_DOMAIN},
    {"network", "", SQL_EXPORT_NETWORK},
    {"address_set", "", SQL_EXPORT_ADDRESS_SET},
    {"rule", "", SQL_EXPORT_RULE},
    {"quota", "", SQL_EXPORT_QUOTA},
    {"identity", "", SQL_EXPORT_IDENTITY},
    {"trusted_peer", "", SQL_EXPORT_TRUSTED_PEER},
    {"pardon", "", SQL_EXPORT_PARDON},
    {"setting", " ON CONFLICT(name) DO UPDATE SET value = excluded.value",
	SQL_EXPORT_SETTING},
};

/* Text in quotes, or as its bytes where some of it had better not be shown. */
static void
write_text(const char *text, size_t len)
{
	if (!output_is_plain(text, len)) {
		fputs("CAST(x'", stdout);
		for (size_t i = 0; i < len; i++)
			printf("%02x", (unsigned char)text[i]);
		fputs("' AS TEXT)", stdout);
		return;
	}
	putchar('\'');
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\'')
			putchar('\'');
		putchar(text[i]);
	}
	putchar('\'');
}

static void
write_row(sqlite3_stmt *s)
{
	for (int i = 0; i < sqlite3_column_count(s); i++) {
		fputs(i == 0 ? "\t(" : ", ", stdout);
		switch (sqlite3_column_type(s, i)) {
		case SQLITE_NULL:
			fputs("NULL", stdout);
			break;
		case SQLITE_INTEGER:
			printf("%" PRId64, (int64_t)sqlite3_column_int64(s, i));
			break;
		default:
			write_text((const char *)sqlite3_column_text(s, i),
			    (size_t)sqlite3_column_bytes(s, i));
		}
	}
	putchar(')');
}

static void
write_table(struct command *c, const struct table *t)
{
	sqlite3_stmt *s = db_query(&c->db, t->rows);
	int rows = 0;

	while (db_step(&c->db, s)) {
		if (rows == 0) {
			printf("INSERT INTO %s(", t->name);
			for (int i = 0; i < sqlite3_column_count(s); i++)
				printf("%s%s", i > 0 ? ", " : "",
				    sqlite3_column_name(s, i));
			puts(") VALUES");
		} else
			puts(",");
		write_row(s);
		if (++rows == ROWS_MAX) {
			printf("%s;\n", t->conflict);
			rows = 0;
		}
	}
	if (rows > 0)
		printf("%s;\n", t->conflict);
}

static void
write_policy(struct command *c)
{
	puts(
	    "-- A policy of authpolicy-milter, without its history, for a file "
	    "that is not there yet:\n"
	    "-- sqlite3 -bail new.db <this\n"
	    "BEGIN;");
	for (int i = 0; i < migration_count; i++)
		puts(migrations[i]);
	puts("INSERT INTO editor(name, bulk) VALUES ('export', 1);");
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		write_table(c, &tables[i]);
	puts("DELETE FROM editor;\nDELETE FROM replaced;\nCOMMIT;");
}

enum status
run_export(struct command *c)
{
	bool maps = c->args.word_count > 0;

	if (maps && strcmp(c->args.words[0], "postfix-login-maps") != 0)
		return fail(STATUS_USAGE,
		    "export writes SQL, or postfix-login-maps, not \"%s\"",
		    c->args.words[0]);
	if (c->json)
		return fail(STATUS_USAGE,
		    "export writes SQL or a table: leave --json out");
	if (maps)
		return export_login_maps(c);
	if (db_open(&c->db, c->path, false))
		write_policy(c);
	return c->db.status;
}
