/*
 * authpolicy status: is the policy file, as it is now, good and in force, and
 * what is to be done?
 */
#include "policy/command/command.h"
#include "policy/command/daemon.h"
#include "policy/command/report.h"
#include "policy/command/summary.h"
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
	struct summary summary = {0};
	bool good = policy != NULL;
	enum status status;

	policy_free(policy);
	summary_read(c, NULL, good, &summary);
	if (good)
		diag_move(&report.warnings, &summary.warnings);
	if (c->json) {
		json_object(&c->out, NULL);
		json_string(&c->out, "pid", NULL);
		summary_write_json(&c->out, &summary);
	} else {
		output_field("daemon", daemon);
		output_field("policy", c->path);
		summary_print_fields(&summary);
		output_field("state",
		    good ? "good"
			 : "not usable; a daemon would keep the last good one");
	}
	status = report_print(c, &report, good);
	diag_clear(&summary.warnings);
	if (!c->json)
		summary_print_lines(&summary);
	load_report_clear(&report);
	summary_clear(&summary);
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

/* The daemon's own answer, and ours beside it. */
static void
print_json(struct daemon *d, const struct summary *summary, bool current,
    const char *trouble)
{
	struct json more = {0}, warnings = {0};
	char *json = NULL;

	json_object(&more, NULL);
	summary_write_json(&more, summary);
	json_object_end(&more);
	output_json_lines(&warnings, NULL, &summary->warnings);
	if (more.failed || warnings.failed)
		fail(STATUS_UNKNOWN, "out of memory");
	else
		json = db_text(&d->db, SQL_DAEMON_JSON, d->json,
		    current ? "true" : "false", trouble, more.text,
		    warnings.text);
	if (json != NULL)
		puts(json);
	free(json);
	json_free(&more);
	json_free(&warnings);
}

static void
print_fields(struct daemon *d, sqlite3_stmt *s)
{
	while (db_step(&d->db, s)) {
		const char *value = (const char *)sqlite3_column_text(s, 1);

		output_field((const char *)sqlite3_column_text(s, 0),
		    value != NULL ? value : "?");
	}
}

static enum status
print_daemon(struct command *c, struct daemon *d,
    const struct source_stamp *file, const struct diag *unread)
{
	char text[4096];
	enum status status = judge(d, file, unread, text, sizeof(text));
	struct summary summary = {0};
	sqlite3_stmt *s;

	summary_read(c, d, d->problem[0] == '\0', &summary);
	if (c->json)
		print_json(d, &summary, status == STATUS_OK,
		    status == STATUS_OK ? "" : text);
	else {
		print_fields(d, db_query(&d->db, SQL_DAEMON_TABLE, d->json));
		summary_print_fields(&summary);
		output_field("state", text);
		s = db_query(&d->db, SQL_DAEMON_NOTES, d->json);
		while (db_step(&d->db, s)) {
			output_text(
			    stdout, (const char *)sqlite3_column_text(s, 0));
			putchar('\n');
		}
		summary_print_lines(&summary);
	}
	summary_clear(&summary);
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
