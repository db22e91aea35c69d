/*
 * Limits that are proposed.  The rule guarded here: what is pasted does what it
 * says, whatever a client called itself.
 */
#include "policy/command/suggest.h"
#include "policy/command/table.h"
#include "policy/verdict.h"

#include <string.h>

#define SHOWN 20 /* logins of a limit; --json has all */
#define WORDS_MAX 12

/* The columns of SQL_SUGGEST and of SQL_SUGGEST_BEYOND. */
enum column {
	COLUMN_METRIC,
	COLUMN_LENGTH,
	COLUMN_AMOUNT,
	COLUMN_PERIOD,
	COLUMN_P50,
	COLUMN_P95,
	COLUMN_P99,
	COLUMN_MOST
};
enum column_beyond { BEYOND_LOGIN, BEYOND_USED, BEYOND_AMOUNT };

static const char *
text(sqlite3_stmt *s, int column)
{
	return (const char *)sqlite3_column_text(s, column);
}

/* The words of the command behind `authpolicy`; `login` NULL: for everyone.
 * Returns how many; 0 when the name would be too long. */
static size_t
words_of(sqlite3_stmt *limit, const char *login, const char *amount,
    char name[LOGIN_MAX + 1], const char *out[WORDS_MAX])
{
	const char *metric = text(limit, COLUMN_METRIC);
	const char *length = text(limit, COLUMN_LENGTH);
	size_t n = 0;
	int len = snprintf(name, LOGIN_MAX + 1, "%s%s%s%s%s", metric,
	    length != NULL ? "-" : "", length != NULL ? length : "",
	    login != NULL ? " " : "", login != NULL ? login : "");

	if (len > LOGIN_MAX)
		return 0;
	out[n++] = "limit";
	out[n++] = "set";
	if (login != NULL && login[0] == '-')
		out[n++] = "--";
	out[n++] = name;
	out[n++] = login != NULL ? login : "everyone";
	out[n++] = metric;
	out[n++] = amount;
	if (length != NULL)
		out[n++] = length;
	return n;
}

static void
print_command(struct command *c, sqlite3_stmt *limit, const char *login,
    const char *amount)
{
	char name[LOGIN_MAX + 1];
	const char *words[WORDS_MAX];
	size_t n = words_of(limit, login, amount, name, words);

	if (n == 0 ||
	    (login != NULL && !output_is_plain(login, strlen(login)))) {
		puts("# not shown: a login that is too long, or has bytes that "
		     "no terminal should see; --json has it");
		return;
	}
	fputs("authpolicy", stdout);
	if (args_has(&c->args, "db")) {
		fputs(" --db ", stdout);
		output_word(c->path);
	}
	for (size_t i = 0; i < n; i++) {
		putchar(' ');
		output_word(words[i]);
	}
	putchar('\n');
}

/* A limit, and one of their own for those who exceeded it. */
static void
print_limit(struct command *c, sqlite3_stmt *limit)
{
	sqlite3_stmt *s;
	size_t n = 0;

	putchar('\n');
	print_command(c, limit, NULL, text(limit, COLUMN_AMOUNT));
	s = db_query(&c->db, SQL_SUGGEST_BEYOND, text(limit, COLUMN_METRIC),
	    text(limit, COLUMN_PERIOD));
	while (db_step(&c->db, s))
		if (++n <= SHOWN)
			print_command(c, limit, text(s, BEYOND_LOGIN),
			    text(s, BEYOND_AMOUNT));
	if (n > SHOWN)
		printf("# and %zu more: --json has them\n", n - SHOWN);
}

void
suggest_print(struct command *c)
{
	sqlite3_stmt *s;

	table_print(c, NULL, db_query(&c->db, SQL_SUGGEST_COVERED));
	table_print(c, "the busiest time of a login",
	    db_query(&c->db, SQL_SUGGEST_TABLE));
	puts("\n# at the beginning of the log every recipient is new: "
	     "new_recipients are too high");
	s = db_query(&c->db, SQL_SUGGEST);
	while (db_step(&c->db, s))
		if (text(s, COLUMN_AMOUNT) != NULL)
			print_limit(c, s);
}

static void
write_command(
    struct json *j, sqlite3_stmt *limit, const char *login, const char *amount)
{
	char name[LOGIN_MAX + 1];
	const char *words[WORDS_MAX];
	size_t n =
	    amount != NULL ? words_of(limit, login, amount, name, words) : 0;

	if (n == 0) {
		json_string(j, "command", NULL);
		return;
	}
	json_array(j, "command");
	json_string(j, NULL, "authpolicy");
	for (size_t i = 0; i < n; i++)
		json_string(j, NULL, words[i]);
	json_array_end(j);
}

static void
write_limit(struct command *c, sqlite3_stmt *limit)
{
	static const char *const names[] = {[COLUMN_P50] = "p50",
	    [COLUMN_P95] = "p95",
	    [COLUMN_P99] = "p99",
	    [COLUMN_MOST] = "max"};
	sqlite3_stmt *s = db_query(&c->db, SQL_SUGGEST_BEYOND,
	    text(limit, COLUMN_METRIC), text(limit, COLUMN_PERIOD));

	json_object(&c->out, NULL);
	json_string(&c->out, "metric", text(limit, COLUMN_METRIC));
	json_string(&c->out, "period", text(limit, COLUMN_LENGTH));
	for (int i = COLUMN_P50; i <= COLUMN_MOST; i++)
		json_integer(&c->out, names[i], sqlite3_column_int64(limit, i));
	if (text(limit, COLUMN_AMOUNT) != NULL)
		json_integer(&c->out, "amount",
		    sqlite3_column_int64(limit, COLUMN_AMOUNT));
	else
		json_string(&c->out, "amount", NULL);
	write_command(&c->out, limit, NULL, text(limit, COLUMN_AMOUNT));
	json_array(&c->out, "beyond");
	while (db_step(&c->db, s)) {
		json_object(&c->out, NULL);
		json_string(&c->out, "login", text(s, BEYOND_LOGIN));
		json_integer(
		    &c->out, "used", sqlite3_column_int64(s, BEYOND_USED));
		write_command(&c->out, limit, text(s, BEYOND_LOGIN),
		    text(s, BEYOND_AMOUNT));
		json_object_end(&c->out);
	}
	json_array_end(&c->out);
	json_object_end(&c->out);
}

void
suggest_write_json(struct command *c)
{
	sqlite3_stmt *s = db_query(&c->db, SQL_SUGGEST_COVERED);

	json_object(&c->out, NULL);
	if (db_step(&c->db, s)) {
		json_integer(&c->out, "messages", sqlite3_column_int64(s, 0));
		json_integer(&c->out, "logins", sqlite3_column_int64(s, 1));
		json_string(&c->out, "first", text(s, 2));
		json_string(&c->out, "last", text(s, 3));
		sqlite3_reset(s);
	}
	json_array(&c->out, "limits");
	s = db_query(&c->db, SQL_SUGGEST);
	while (db_step(&c->db, s))
		write_limit(c, s);
	json_array_end(&c->out);
	json_object_end(&c->out);
}
