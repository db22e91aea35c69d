/*
 * authpolicy status: is the policy file, as it is now, good and in force?
 */
#include "policy/command/command.h"
#include "policy/command/daemon.h"
#include "policy/command/lint.h"
#include "policy/command/report.h"
#include "policy/command/table.h"
#include "policy/load.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOAD_MS 5000
#define LOOKS 40 /* of 50 ms: a daemon looks at the file every 250 ms */

enum status
report_print(struct command *c, const struct load_report *report, bool good)
{
	if (c->json) {
		json_string(&c->out, "database", c->path);
		json_bool(&c->out, "current", good);
		output_json_lines(&c->out, "errors", &report->errors);
		output_json_lines(&c->out, "warnings", &report->warnings);
		json_object_end(&c->out);
	} else {
		output_lines("error: ", &report->errors);
		output_lines("warning: ", &report->warnings);
	}
	return good ? STATUS_OK : STATUS_REFUSED;
}

/* No daemon serves the file: would one? */
static enum status
check_file(struct command *c, const char *daemon)
{
	struct load_report report = {0};
	struct policy *policy = policy_load_file(c->path, LOAD_MS, &report);
	enum status status;

	if (c->json) {
		json_object(&c->out, NULL);
		json_string(&c->out, "pid", NULL);
	} else {
		output_field("daemon", daemon);
		output_field("policy", c->path);
		output_field("state",
		    policy != NULL
			? "good"
			: "not usable; a daemon would keep the last good one");
	}
	if (policy != NULL && db_look(&c->db, c->path))
		lint_mta(&c->db, "unknown", &report.warnings);
	c->db.status = STATUS_OK;
	status = report_print(c, &report, policy != NULL);
	load_report_clear(&report);
	policy_free(policy);
	return status;
}

static bool
same(const struct source_stamp *a, const struct source_stamp *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       a->mtime_ns == b->mtime_ns &&
	       a->change_counter == b->change_counter;
}

/* Is the file as it is now in force?  `text` says so, or what to mend. */
static enum status
judge(const struct daemon *d, const struct source_stamp *file,
    const struct diag *unread, char *text, size_t size)
{
	if (!d->available)
		snprintf(text, size,
		    "no usable policy, all mail is answered 451: %s",
		    d->problem);
	else if (d->problem[0] != '\0')
		snprintf(text, size, "not in force as it is now, %s is: %s",
		    d->fallback ? "the copy kept in the state folder"
				: "the last good one",
		    d->problem);
	else if (unread->count > 0)
		snprintf(text, size,
		    "in force, unless it was changed just now: %s",
		    diag_first(unread));
	else if (!same(&d->seen, file))
		snprintf(text, size,
		    "changed, and the daemon has not looked at it yet");
	else {
		snprintf(text, size, "in force as it is now");
		return STATUS_OK;
	}
	return d->available && d->problem[0] == '\0' ? STATUS_UNKNOWN
						     : STATUS_REFUSED;
}

/* What the policy asks of the daemon's MTA in vain, as lines, and as a JSON
 * array that is to be freed. */
static char *
find_vain(struct command *c, struct daemon *d, struct diag *vain)
{
	char *mta = db_text(&d->db, SQL_DAEMON_MTA, d->json);
	struct json j = {0};

	if (db_look(&c->db, c->path))
		lint_mta(&c->db, mta != NULL ? mta : "unknown", vain);
	c->db.status = STATUS_OK;
	free(mta);
	output_json_lines(&j, NULL, vain);
	return j.text;
}

static enum status
print_daemon(struct command *c, struct daemon *d,
    const struct source_stamp *file, const struct diag *unread)
{
	char text[4096];
	enum status status = judge(d, file, unread, text, sizeof(text));
	struct diag vain = {0};
	char *more = find_vain(c, d, &vain);
	sqlite3_stmt *s;

	if (c->json) {
		char *json = db_text(&d->db, SQL_DAEMON_JSON, d->json,
		    status == STATUS_OK ? "true" : "false",
		    status == STATUS_OK ? "" : text,
		    more != NULL ? more : "[]");

		if (json != NULL)
			puts(json);
		free(json);
		free(more);
		diag_clear(&vain);
		return status;
	}
	s = db_query(&d->db, SQL_DAEMON_TABLE, d->json);
	while (db_step(&d->db, s)) {
		const char *value = (const char *)sqlite3_column_text(s, 1);

		output_field((const char *)sqlite3_column_text(s, 0),
		    value != NULL ? value : "?");
	}
	output_field("state", text);
	s = db_query(&d->db, SQL_DAEMON_NOTES, d->json);
	while (db_step(&d->db, s)) {
		output_text(stdout, (const char *)sqlite3_column_text(s, 0));
		putchar('\n');
	}
	output_lines("warning: ", &vain);
	free(more);
	diag_clear(&vain);
	return status;
}

/* Asks until the daemon has looked at the file, or long enough. */
enum status
run_status(struct command *c)
{
	for (int look = 1;; look++) {
		struct source_stamp file = {0};
		struct diag why = {0}, unread = {0};
		struct daemon d;
		enum daemon_status answered = daemon_ask(c->control, &d, &why);
		enum status status = STATUS_OK;
		bool serves, again = false;

		daemon_stamp_file(c->path, &file, &unread);
		serves = answered == DAEMON_ANSWERED &&
			 (strcmp(d.database, c->path) == 0 ||
			     daemon_serves(&d, &file));
		if (answered == DAEMON_SILENT)
			status = fail(STATUS_UNKNOWN,
			    "the daemon cannot be asked: %s", diag_first(&why));
		else if (!serves)
			status = check_file(
			    c, answered == DAEMON_NONE
				   ? "none runs"
				   : "the one that runs has another");
		else if (look < LOOKS && unread.count == 0 &&
			 !same(&d.seen, &file))
			again = true;
		else
			status = print_daemon(c, &d, &file, &unread);
		daemon_free(&d);
		diag_clear(&why);
		diag_clear(&unread);
		if (!again)
			return status;
		nanosleep(&(struct timespec){.tv_nsec = 50000000L}, NULL);
	}
}
