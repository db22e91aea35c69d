/* What there is, and what to do next: asked of the file and of the daemon. */
#include "policy/command/summary.h"
#include "policy/command/lint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
add_rows(struct db *db, sqlite3_stmt *rows, struct diag *lines)
{
	while (db_step(db, rows))
		diag_add(
		    lines, "%s", (const char *)sqlite3_column_text(rows, 0));
}

static void
count(struct db *db, struct summary *s)
{
	sqlite3_stmt *rows = db_query(db, SQL_COUNTS);

	while (db_step(db, rows) && s->count < SUMMARY_COUNTS) {
		snprintf(s->counts[s->count].name,
		    sizeof(s->counts[s->count].name), "%s",
		    (const char *)sqlite3_column_text(rows, 0));
		s->counts[s->count++].number = sqlite3_column_int64(rows, 1);
	}
}

/* Does the daemon say so of the file? */
static bool
says(const struct daemon *d, const char *words)
{
	return d != NULL && d->problem != NULL &&
	       strstr(d->problem, words) != NULL;
}

/* Can the daemon not read the file, whatever is in it? */
static bool
is_unreadable(const struct daemon *d)
{
	return says(d, strerror(EACCES));
}

/* Is it of the version before this command's?  The file was brought to ours. */
static bool
is_behind(const struct daemon *d)
{
	return says(d, "made by a newer version");
}

/* What nobody has to be asked for. */
static void
advise(struct command *c, const struct daemon *d, struct summary *s)
{
	if (access(c->path, F_OK) != 0)
		diag_add(
		    &s->next, "authpolicy init DOMAIN...   # a new policy");
	if (is_unreadable(d))
		diag_add(&s->next,
		    "chgrp authpolicy %s && chmod 640 %s   # the daemon's user "
		    "has to be able to read it, and to enter its folder",
		    c->path, c->path);
	if (is_behind(d))
		diag_add(&s->next,
		    "systemctl restart authpolicyd   # it still runs the "
		    "program from before the upgrade");
	if (d == NULL)
		diag_add(&s->next,
		    "systemctl start authpolicyd   # where it does not start, "
		    "authpolicyd -t says why");
}

void
summary_read(struct command *c, struct daemon *d, bool loads, struct summary *s)
{
	char *mta = d != NULL ? db_text(&d->db, SQL_DAEMON_MTA, d->json) : NULL;

	advise(c, d, s);
	if (db_look(&c->db, c->path)) {
		count(&c->db, s);
		add_rows(
		    &c->db, db_query(&c->db, SQL_SUSPENDED), &s->suspended);
		lint_mta(&c->db, mta != NULL ? mta : "unknown", &s->warnings);
		add_rows(&c->db,
		    db_query(&c->db, SQL_NEXT,
			loads || is_unreadable(d) || is_behind(d) ? "true"
								  : "false"),
		    &s->next);
	}
	c->db.status = STATUS_OK; /* what can't be read is said elsewhere */
	if (d != NULL) {
		add_rows(&d->db,
		    db_query(&d->db, SQL_DAEMON_SUSPENDED, d->json),
		    &s->suspended);
		add_rows(&d->db, db_query(&d->db, SQL_DAEMON_NEXT, d->json),
		    &s->next);
	}
	free(mta);
}

void
summary_clear(struct summary *s)
{
	diag_clear(&s->suspended);
	diag_clear(&s->warnings);
	diag_clear(&s->next);
}

void
summary_print_fields(const struct summary *s)
{
	for (size_t i = 0; i < s->count; i++)
		printf("%s%s %lld%s", i == 0 ? "rows      " : ", ",
		    s->counts[i].name, (long long)s->counts[i].number,
		    i + 1 == s->count ? "\n" : "");
	for (size_t i = 0; i < diag_kept(&s->suspended); i++)
		output_field("suspended", s->suspended.lines[i]);
}

void
summary_print_lines(const struct summary *s)
{
	output_lines("warning: ", &s->warnings);
	output_lines("next: ", &s->next);
}

void
summary_write_json(struct json *j, const struct summary *s)
{
	json_object(j, "rows");
	for (size_t i = 0; i < s->count; i++)
		json_integer(j, s->counts[i].name, s->counts[i].number);
	json_object_end(j);
	output_json_lines(j, "suspended", &s->suspended);
	output_json_lines(j, "next", &s->next);
}
