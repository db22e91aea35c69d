/*
 * authpolicy report: what happened, counted from the audit log, on the
 * terminal, as JSON or as a page.
 */
#include "policy/command/audit_page.h"
#include "policy/command/names.h"
#include "policy/command/period.h"
#include "policy/command/records.h"
#include "policy/command/table.h"
#include "policy/command/texts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
	const char *key, *title;
	enum statement statement;
	bool limited;
} lists[] = {
    {"periods", "By period", SQL_REPORT_PERIODS, false},
    {"reasons", "Reasons", SQL_REPORT_REASONS, false},
    {"logins", "Logins that sent most", SQL_REPORT_LOGINS, true},
    {"refusals", "Logins that were refused", SQL_REPORT_REFUSALS, true},
    {"limits", "Limits near their ceiling", SQL_REPORT_LIMITS, true},
    {"suspensions", "Suspended by a limit", SQL_REPORT_SUSPENSIONS, true},
    {"new_senders", "New senders", SQL_REPORT_NEW_SENDERS, true},
};
#define LISTS (sizeof(lists) / sizeof(*lists))

/* Loads the logs and counts.  STATUS_UNKNOWN without c->db.status: a file was
 * not read to its end, and what was read is counted. */
static enum status
count(struct command *c, const char *step)
{
	struct records r = {0};
	struct period period;
	enum status status;

	if (!records_database(&c->db) || !period_read(c, &period) ||
	    !db_run(&c->db, SQL_REPORT_ASK, period.since, period.until, step,
		c->json ? NULL : "(no login)"))
		return c->db.status;
	if (!records_open(&r, c->args.words, c->args.word_count, false))
		c->db.status = STATUS_UNKNOWN;
	else if (records_load(&r, &c->db))
		db_exec(&c->db, report_sql);
	status = records_close(&r);
	return c->db.status != STATUS_OK ? c->db.status : status;
}

static int64_t
left_out(struct command *c, size_t list, const char *limit)
{
	return lists[list].limited
		   ? page_left_out(&c->db, lists[list].statement, limit)
		   : 0;
}

/* The only row of a query as an object. */
static void
write_object(struct command *c, const char *key, sqlite3_stmt *s)
{
	json_object(&c->out, key);
	while (db_step(&c->db, s))
		for (int i = 0; i < sqlite3_column_count(s); i++)
			if (sqlite3_column_type(s, i) == SQLITE_INTEGER)
				json_integer(&c->out, sqlite3_column_name(s, i),
				    sqlite3_column_int64(s, i));
			else
				json_string(&c->out, sqlite3_column_name(s, i),
				    (const char *)sqlite3_column_text(s, i));
	json_object_end(&c->out);
}

static void
write_json(struct command *c, const char *step, const char *limit)
{
	json_object(&c->out, NULL);
	json_string(&c->out, "by", step);
	write_object(c, "covered", db_query(&c->db, SQL_REPORT_COVERED));
	write_object(c, "total", db_query(&c->db, SQL_REPORT_TOTAL));
	for (size_t i = 0; i < LISTS; i++)
		table_print(c, lists[i].key,
		    db_query(&c->db, lists[i].statement, limit));
	json_object(&c->out, "left_out");
	for (size_t i = 0; i < LISTS; i++)
		if (lists[i].limited)
			json_integer(
			    &c->out, lists[i].key, left_out(c, i, limit));
	json_object_end(&c->out);
	json_object_end(&c->out);
}

static void
print_text(struct command *c, const char *limit)
{
	table_print(c, NULL, db_query(&c->db, SQL_REPORT_COVERED));
	table_print(c, "In all", db_query(&c->db, SQL_REPORT_TOTAL));
	for (size_t i = 0; i < LISTS; i++) {
		int64_t left = left_out(c, i, limit);

		table_print(c, lists[i].title,
		    db_query(&c->db, lists[i].statement, limit));
		if (left > 0)
			printf("%lld more: see --limit\n", (long long)left);
	}
}

static bool
failed(struct command *c, const char *path)
{
	return db_fail(&c->db, STATUS_UNKNOWN, "%s: %s", path, strerror(errno));
}

/* Fills the new file, which gets the name when it is whole. */
static bool
fill_page(struct command *c, int fd, const char *step, const char *limit)
{
	FILE *out = fdopen(fd, "w");
	mode_t mask = umask(0);
	bool good;

	umask(mask);
	if (out == NULL) {
		close(fd);
		return false;
	}
	page_write(c, out, step, limit);
	good = fchmod(fd, 0666 & ~mask) == 0 && !ferror(out);
	return fclose(out) == 0 && good;
}

static bool
write_page(
    struct command *c, const char *path, const char *step, const char *limit)
{
	char *aside = NULL;
	int fd;

	if (asprintf(&aside, "%s.XXXXXX", path) < 0)
		return db_fail(&c->db, STATUS_UNKNOWN, "out of memory");
	fd = mkostemp(aside, O_CLOEXEC);
	if (fd < 0)
		failed(c, path);
	else if (!fill_page(c, fd, step, limit) || c->db.status != STATUS_OK ||
		 rename(aside, path) != 0) {
		failed(c, path);
		unlink(aside);
	} else if (!c->json) {
		output_text(stdout, path);
		puts(" was written");
	}
	free(aside);
	return c->db.status == STATUS_OK;
}

enum status
run_report(struct command *c)
{
	const char *step = args_value(&c->args, "by", "day");
	const char *limit = args_value(&c->args, "limit", "10");
	const char *page = args_value(&c->args, "html", NULL);
	enum status status;

	if (!names_number(c, "--limit", limit))
		return c->db.status;
	status = count(c, step);
	if (c->db.status == STATUS_OK && page != NULL)
		write_page(c, page, step, limit);
	if (c->db.status == STATUS_OK && c->json)
		write_json(c, step, limit);
	else if (c->db.status == STATUS_OK && page == NULL)
		print_text(c, limit);
	return c->db.status != STATUS_OK ? c->db.status : status;
}
