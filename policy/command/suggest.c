/*
 * authpolicy limit suggest: limits that would have let all but a few logins
 * send what the audit log says they sent.  Counted as the daemon counts.
 */
#include "policy/command/command.h"
#include "policy/command/period.h"
#include "policy/command/records.h"
#include "policy/command/sent.h"
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
	struct sent sent;
	int64_t messages, first, last;
	uint32_t login; /* of the message in hand, and when it came */
	int64_t at;
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

/* The envelope sender and the authors; the null sender is nobody's. */
static void
count_sender(struct count *c, const char *sender)
{
	struct address a, out;

	if (sender == NULL || strcmp(sender, "<>") == 0 ||
	    address_parse(sender, strlen(sender), &a) != ADDRESS_OK)
		return;
	counted_address(c->policy, &a, &out);
	sent_use(&c->sent, DISTINCT_SENDERS, c->login, c->at, out.text);
}

static void
count_authors(struct count *c, const char *array)
{
	sqlite3_stmt *authors =
	    array == NULL ? NULL : db_query(c->db, SQL_SENT_AUTHORS, array);

	while (db_step(c->db, authors))
		count_sender(c, text(authors, 0));
}

/* Those that were accepted; how many. */
static uint32_t
count_recipients(struct count *c, const char *array)
{
	sqlite3_stmt *list =
	    array == NULL ? NULL : db_query(c->db, SQL_SENT_RECIPIENTS, array);
	uint32_t n = 0;

	for (; db_step(c->db, list); n++) {
		const char *typed = text(list, 0);
		struct address out;

		if (typed != NULL)
			sent_write(
			    &c->sent, c->login, c->at, counted(c, typed, &out));
	}
	return n;
}

/* A message that was accepted or held. */
static void
count_message(struct count *c, sqlite3_stmt *s)
{
	uint32_t not_named = (uint32_t)sqlite3_column_int(s, COLUMN_NOT_NAMED);
	char network[COUNTED_NETWORK_SIZE];

	c->login = sent_name(&c->sent, text(s, COLUMN_LOGIN));
	c->at = sqlite3_column_int64(s, COLUMN_AT);
	if (c->messages == 0 || c->at < c->first)
		c->first = c->at;
	if (c->messages++ == 0 || c->at > c->last)
		c->last = c->at;
	sent_message(&c->sent, c->login, c->at,
	    count_recipients(c, text(s, COLUMN_RECIPIENTS)) + not_named,
	    not_named);
	count_sender(c, text(s, COLUMN_SENDER));
	count_authors(c, text(s, COLUMN_AUTHORS));
	if (counted_network(text(s, COLUMN_CLIENT), network))
		sent_use(&c->sent, DISTINCT_NETWORKS, c->login, c->at, network);
}

/* What is said of all; of nothing there is no time. */
static void
write_covered(struct count *c)
{
	char messages[24], first[24], last[24];

	snprintf(messages, sizeof(messages), "%lld", (long long)c->messages);
	snprintf(first, sizeof(first), "%lld", (long long)c->first);
	snprintf(last, sizeof(last), "%lld", (long long)c->last);
	db_run(c->db, SQL_COVERED_ADD, messages, c->messages > 0 ? first : NULL,
	    c->messages > 0 ? last : NULL);
}

/* Reads all records, then finds the busiest windows. */
static void
count_all(struct count *c, struct records *r)
{
	db_exec(c->db, "BEGIN");
	while (
	    c->db->status == STATUS_OK && !c->sent.failed && records_next(r)) {
		sqlite3_stmt *s = db_query(
		    c->db, SQL_SENT, r->line, c->period.since, c->period.until);

		if (!db_step(c->db, s))
			records_reject(r, "not a record of the audit log");
		else if (sqlite3_column_int(s, COLUMN_COUNTS) != 0)
			count_message(c, s);
		sqlite3_reset(s);
	}
	progress_end(&r->progress);
	sent_sort(&c->sent);
	if (c->sent.failed)
		db_fail(c->db, STATUS_UNKNOWN, "out of memory");
	write_covered(c);
	windows_find(c->db, &c->sent);
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
	sent_clear(&count.sent);
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
