/*
 * The end of an import: what the file wants is compared with the policy, and
 * what differs is changed.  Only rows of the origin are changed or removed.
 */
#include "policy/command/import.h"

#include <stdlib.h>
#include <string.h>

#define HISTORY_MAX 1000 /* rows told one by one */
#define STEPS_MAX 1000	 /* written by one statement */
#define TENTH 10

static const char *
text(sqlite3_stmt *s, int column)
{
	return (const char *)sqlite3_column_text(s, column);
}

/* Names all conflicts with the policy and within the file. */
static bool
find_conflicts(struct import *i)
{
	struct db *db = &i->c->db;
	sqlite3_stmt *s = db_query(db, SQL_CONFLICTS);

	while (db_step(db, s)) {
		i->line = (size_t)sqlite3_column_int64(s, 0);
		import_bad(i, "%s", text(s, 1));
	}
	i->line = 0;
	if (i->bad > 0)
		db_fail(db, STATUS_REFUSED,
		    "%s: bad lines: %zu; nothing was changed", i->file, i->bad);
	return db->status == STATUS_OK;
}

/* A truth that came without a part of itself must not empty the policy. */
static bool
check_removals(struct import *i)
{
	struct db *db = &i->c->db;
	sqlite3_stmt *s = db_query(db, SQL_STEP_REMOVALS);
	int64_t going, all;

	if (!db_step(db, s))
		return false;
	going = sqlite3_column_int64(s, 0);
	all = sqlite3_column_int64(s, 1);
	if (going * TENTH > all && args_has(&i->c->args, "dry-run"))
		import_note(i,
		    "more than a tenth of the origin's rows would go: that "
		    "takes --yes");
	else if (going * TENTH > all && !args_has(&i->c->args, "yes"))
		db_fail(db, STATUS_REFUSED,
		    "%lld of %lld row%s of origin %s would go, more than a "
		    "tenth: see --dry-run, and if that is right give --yes; "
		    "nothing was changed",
		    (long long)going, (long long)all, output_s(all),
		    text(s, 2));
	sqlite3_reset(s);
	return db->status == STATUS_OK;
}

/* Says what is to be done, a line for each kind of row; how many rows. */
static int64_t
count_steps(struct import *i)
{
	struct db *db = &i->c->db;
	sqlite3_stmt *s = db_query(db, SQL_STEP_COUNTS);
	int64_t steps = 0;

	while (db_step(db, s)) {
		int64_t count = sqlite3_column_int64(s, 1);

		diag_add(
		    &i->c->changes, "%s: %lld", text(s, 0), (long long)count);
		if (strcmp(text(s, 0), "there already") != 0)
			steps += count;
	}
	return steps;
}

/* The whole difference, for --dry-run. */
static void
print_difference(struct command *c)
{
	sqlite3_stmt *s = db_query(&c->db, SQL_STEP_DIFFERENCE);

	if (c->json) {
		json_object(&c->out, NULL);
		json_array(&c->out, "difference");
	}
	while (db_step(&c->db, s))
		if (c->json)
			json_string(&c->out, NULL, text(s, 0));
		else {
			output_text(stdout, text(s, 0));
			putchar('\n');
		}
	if (c->json)
		json_array_end(&c->out);
}

static bool
remove_row(struct db *db, sqlite3_stmt *s)
{
	const char *tbl = text(s, 0), *name = text(s, 1), *other = text(s, 2);

	if (strcmp(tbl, "principal") == 0)
		return db_run(db, SQL_PRINCIPAL_REMOVE, name);
	if (strcmp(tbl, "membership") == 0)
		return db_run(db, SQL_GROUP_LEAVE, name, other);
	if (strcmp(tbl, "network") == 0)
		return db_run(db, SQL_NETWORK_REMOVE, name, other, other);
	return db_run(
	    db, SQL_IMPORT_UNGRANT, name, other, text(s, 3), text(s, 4));
}

/* Writes the steps from one to another: many at a time, for SQLite's triggers
 * cost less in one statement. */
static void
write_steps(struct db *db, int64_t first, int64_t last)
{
	static const enum statement tables[] = {SQL_IMPORT_PRINCIPALS,
	    SQL_IMPORT_MEMBERS, SQL_IMPORT_GRANTS, SQL_IMPORT_DOMAINS,
	    SQL_IMPORT_NETWORKS};
	char from[24], to[24];

	snprintf(from, sizeof(from), "%lld", (long long)first);
	snprintf(to, sizeof(to), "%lld", (long long)last);
	for (size_t n = 0; n < sizeof(tables) / sizeof(*tables); n++)
		db_run(db, tables[n], from, to);
}

/* Makes the policy what the file says. */
static void
apply(struct import *i)
{
	struct db *db = &i->c->db;
	char *count = db_text(db, SQL_STEP_LAST);
	int64_t last = count != NULL ? strtoll(count, NULL, 10) : 0;
	sqlite3_stmt *s;

	free(count);
	db->about = i->file;
	progress_begin(&i->progress, "writing", last);
	for (int64_t at = 1; at <= last; at += STEPS_MAX) {
		write_steps(db, at, at + STEPS_MAX - 1);
		progress_step(&i->progress, at);
	}
	s = db_query(db, SQL_STEP_LIST);
	while (db_step(db, s))
		remove_row(db, s);
	progress_end(&i->progress);
	db->about = NULL;
}

/* What nobody would expect and harms nothing. */
static void
add_notes(struct import *i)
{
	static const enum statement notes[] = {
	    SQL_STEP_NOTES, SQL_IMPORT_REALMS};
	struct db *db = &i->c->db;

	for (size_t n = 0; n < sizeof(notes) / sizeof(*notes); n++) {
		sqlite3_stmt *s = db_query(db, notes[n]);

		while (db_step(db, s))
			import_note(i, "%s", text(s, 0));
	}
}

/* One row of the history for a bulk of changes. */
static void
tell_history(struct import *i)
{
	char done[2048] = "";
	const struct diag *changes = &i->c->changes;

	for (size_t n = 0; n < diag_kept(changes); n++)
		snprintf(done + strlen(done), sizeof(done) - strlen(done),
		    "%s%s", n > 0 ? ", " : "", changes->lines[n]);
	db_run(&i->c->db, SQL_IMPORT_HISTORY, i->file, done);
}

static void
tell_notes(struct import *i)
{
	size_t kept = diag_kept(&i->notes);

	for (size_t n = 0; n < kept; n++)
		diag_add(&i->c->changes, "note: %s", i->notes.lines[n]);
	if (i->notes.count > kept)
		diag_add(&i->c->changes, "note: and %zu more",
		    i->notes.count - kept);
}

bool
import_compare(struct import *i)
{
	return db_run(&i->c->db, SQL_STEPS) &&
	       db_run(&i->c->db, SQL_STEPS_GONE);
}

static void
run_import(struct import *i)
{
	struct db *db = &i->c->db;
	int64_t steps;
	bool bulk;

	if (!find_conflicts(i) || !import_compare(i) || !check_removals(i))
		return;
	steps = count_steps(i);
	bulk = steps > HISTORY_MAX;
	add_notes(i);
	if (args_has(&i->c->args, "dry-run"))
		print_difference(i->c);
	if (bulk)
		db_run(db, SQL_IMPORT_BULK);
	apply(i);
	if (bulk)
		tell_history(i);
	if (i->c->changes.count == 0)
		diag_add(&i->c->changes, "%s: nothing there", i->file);
	tell_notes(i);
}

void
import_forget(struct import *i)
{
	progress_end(&i->progress);
	if (i->in != NULL && i->in != stdin)
		fclose(i->in);
	free(i->text);
	free(i->realm_text);
	diag_clear(&i->notes);
}

enum status
import_end(struct import *i)
{
	progress_end(&i->progress);
	if (i->c->db.status == STATUS_OK)
		run_import(i);
	import_forget(i);
	return i->c->db.status;
}
