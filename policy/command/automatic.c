/*
 * Suspensions that limits made: not in the policy file, but in the daemon, so
 * it is asked for them.
 */
#include "policy/command/automatic.h"
#include "policy/command/daemon.h"
#include "policy/command/records.h"
#include "policy/when.h"

#include <stdlib.h>
#include <time.h>

/* Does the daemon serve the file?  If not, why it need not be asked. */
static bool
is_served(struct command *c, struct diag *unknown)
{
	struct source_stamp file = {0};
	struct daemon d;
	enum daemon_status answered = daemon_ask(c->control, &d, unknown);

	if (answered == DAEMON_NONE)
		diag_add(unknown, "no daemon runs");
	else if (answered == DAEMON_ANSWERED &&
		 daemon_stamp_file(c->path, &file, unknown) &&
		 !daemon_serves(&d, &file))
		diag_add(unknown, "the daemon that runs has another policy");
	daemon_free(&d);
	return unknown->count == 0;
}

/* Reads the rows of an answer that had begun by `at`, their strings malloc'ed.
 * Returns how many. */
static size_t
read_rows(struct db *db, const char *json, int64_t at, struct suspension **out)
{
	sqlite3_stmt *s = db_query(db, SQL_AUTOMATIC, json);
	size_t count = 0;

	*out = NULL;
	while (db_step(db, s)) {
		struct suspension row = {
		    .name = (const char *)sqlite3_column_text(s, 0),
		    .limit = (const char *)sqlite3_column_text(s, 1),
		    .why = (const char *)sqlite3_column_text(s, 4),
		};
		struct suspension *larger =
		    reallocarray(*out, count + 1, sizeof(row));

		if (larger != NULL)
			*out = larger;
		if (larger == NULL || row.name == NULL || row.limit == NULL ||
		    row.why == NULL ||
		    !when_parse((const char *)sqlite3_column_text(s, 2),
			WHEN_FROM, &row.since) ||
		    !when_parse((const char *)sqlite3_column_text(s, 3),
			WHEN_UNTIL, &row.until) ||
		    !suspension_copy(&row, &larger[count])) {
			db_fail(db, STATUS_UNKNOWN, "out of memory");
			break;
		}
		if (row.since <= at)
			count++;
		else
			suspension_free(&larger[count]);
	}
	return count;
}

/* The copy with what the answer tells; NULL when memory is out. */
static struct policy *
suspend(struct policy *policy, struct db *db, const char *json, int64_t at)
{
	struct suspension *rows = NULL;
	struct policy *with = NULL;
	size_t count = 0;

	if (records_raw(db))
		count = read_rows(db, json, at, &rows);
	if (db->status == STATUS_OK)
		with = policy_suspend(policy, rows, count);
	for (size_t i = 0; i < count; i++)
		suspension_free(&rows[i]);
	free(rows);
	policy_free(policy);
	return with;
}

struct policy *
automatic_suspend(
    struct command *c, struct policy *policy, int64_t at, struct diag *unknown)
{
	struct db db = {0};
	char *json = NULL;

	if (is_served(c, unknown) &&
	    daemon_question(c->control, "suspensions", &db, &json, unknown) ==
		DAEMON_ANSWERED) {
		policy = suspend(policy, &db, json, at);
		if (at < time(NULL))
			diag_add(unknown, "what has ended since is not told");
		if (policy == NULL)
			fail(STATUS_UNKNOWN, "out of memory");
	}
	free(json);
	db_close(&db);
	return policy;
}
