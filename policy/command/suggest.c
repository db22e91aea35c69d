/*
 * authpolicy limit suggest: limits that would have let all but a few logins
 * send what the audit log says they sent.  Counted as the daemon counts.
 */
#include "policy/command/command.h"
#include "policy/command/period.h"
#include "policy/command/records.h"
#include "policy/command/suggest.h"
#include "policy/command/texts.h"
#include "policy/command/windows.h"
#include "policy/limited.h"
#include "policy/load.h"

#include <stdlib.h>
#include <string.h>

#define LOAD_MS 5000

/* Reading the log. */
struct count {
	struct db *db;
	const struct policy *policy;
	struct period period;
};

/* The columns of SQL_SENT. */
enum column {
	COLUMN_COUNTS,
	COLUMN_LOGIN,
	COLUMN_AT,
	COLUMN_CLIENT,
	COLUMN_SENDER,
	COLUMN_NOT_NAMED,
	COLUMN_RECIPIENTS,
	COLUMN_AUTHORS
};

static const char *
text(sqlite3_stmt *s, int column)
{
	return (const char *)sqlite3_column_text(s, column);
}

/* The form in which an address counts. */
static const char *
counted(const struct count *c, const char *typed, struct address *out)
{
	struct address a;

	if (address_parse_path(typed, &a) != ADDRESS_OK)
		return typed;
	counted_address(c->policy, &a, out);
	return out->text;
}

static void
use(struct count *c, sqlite3_stmt *s, const char *metric, const char *value)
{
	db_run(c->db, SQL_SENT_USED, metric, text(s, COLUMN_LOGIN), value,
	    text(s, COLUMN_AT));
}

/* The envelope sender and the authors; the null sender is nobody's. */
static void
count_senders(struct count *c, sqlite3_stmt *s)
{
	const char *sender = text(s, COLUMN_SENDER);
	struct address a, out;
	sqlite3_stmt *authors;

	if (sender != NULL && strcmp(sender, "<>") != 0 &&
	    address_parse(sender, strlen(sender), &a) == ADDRESS_OK) {
		counted_address(c->policy, &a, &out);
		use(c, s, "senders", out.text);
	}
	authors = db_query(c->db, SQL_SENT_AUTHORS, text(s, COLUMN_AUTHORS));
	while (db_step(c->db, authors)) {
		const char *author = text(authors, 0);

		if (author == NULL ||
		    address_parse(author, strlen(author), &a) != ADDRESS_OK)
			continue;
		counted_address(c->policy, &a, &out);
		use(c, s, "senders", out.text);
	}
}

/* Those that were accepted; how many. */
static int64_t
count_recipients(struct count *c, sqlite3_stmt *s)
{
	sqlite3_stmt *list =
	    db_query(c->db, SQL_SENT_RECIPIENTS, text(s, COLUMN_RECIPIENTS));
	int64_t n = 0;

	for (; db_step(c->db, list); n++) {
		struct address out;

		if (text(list, 0) != NULL)
			db_run(c->db, SQL_SENT_WRITTEN, text(s, COLUMN_LOGIN),
			    counted(c, text(list, 0), &out),
			    text(s, COLUMN_AT));
	}
	return n;
}

/* A message that was accepted or held. */
static void
count_message(struct count *c, sqlite3_stmt *s)
{
	const char *client = text(s, COLUMN_CLIENT);
	char network[COUNTED_NETWORK_SIZE], recipients[24], not_named[24];
	int64_t unknown = sqlite3_column_int64(s, COLUMN_NOT_NAMED);
	int64_t named = count_recipients(c, s);

	snprintf(recipients, sizeof(recipients), "%lld",
	    (long long)(named + unknown));
	snprintf(not_named, sizeof(not_named), "%lld", (long long)unknown);
	db_run(c->db, SQL_SENT_ADD, text(s, COLUMN_LOGIN), text(s, COLUMN_AT),
	    recipients, not_named);
	count_senders(c, s);
	if (counted_network(client, network))
		use(c, s, "networks", network);
}

/* Reads all records, then finds the busiest windows. */
static void
count_all(struct count *c, struct records *r)
{
	db_exec(c->db, "BEGIN");
	while (c->db->status == STATUS_OK && records_next(r)) {
		sqlite3_stmt *s = db_query(
		    c->db, SQL_SENT, r->line, c->period.since, c->period.until);

		if (!db_step(c->db, s))
			records_reject(r, "not a record of the audit log");
		else if (sqlite3_column_int(s, COLUMN_COUNTS) != 0)
			count_message(c, s);
		sqlite3_reset(s);
	}
	progress_end(&r->progress);
	db_run(c->db, SQL_SENT_FRESH);
	windows_find(c->db);
	db_exec(c->db, suggest_sql);
	db_exec(c->db, "COMMIT");
}

static enum status
suggest(struct command *c, const struct policy *policy)
{
	struct count count = {.db = &c->db, .policy = policy};
	struct records r = {0};
	enum status status;

	if (!period_read(c, &count.period))
		return c->db.status;
	if (!records_open(&r, c->args.words, c->args.word_count, false))
		c->db.status = STATUS_UNKNOWN;
	else if (records_database(&c->db) && db_exec(&c->db, sent_sql))
		count_all(&count, &r);
	status = records_close(&r);
	if (c->db.status != STATUS_OK)
		return c->db.status;
	if (c->json)
		suggest_write_json(c);
	else
		suggest_print(c);
	return c->db.status != STATUS_OK ? c->db.status : status;
}

enum status
run_limit_suggest(struct command *c)
{
	struct load_report report = {0};
	struct policy *policy = policy_load_file(c->path, LOAD_MS, &report);
	enum status status = STATUS_UNKNOWN;

	for (size_t i = 0; i < diag_kept(&report.errors); i++)
		fail(STATUS_UNKNOWN, "%s", report.errors.lines[i]);
	load_report_clear(&report);
	if (policy != NULL)
		status = suggest(c, policy);
	policy_free(policy);
	return status;
}
