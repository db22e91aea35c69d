/*
 * authpolicy history: who changed what, and how it is taken back.  The rule
 * guarded here: an undo brings one row back exactly as it was, or nothing at
 * all is changed.
 */
#include "policy/command/command.h"
#include "policy/command/names.h"
#include "policy/command/table.h"
#include "policy/when.h"

#include <stdlib.h>
#include <string.h>

/* Is it a table whose changes are recorded? */
static bool
is_table(struct command *c, const char *name)
{
	char *known = db_text(&c->db, SQL_HISTORY_TABLE, name);
	char *all = known == NULL ? db_text(&c->db, SQL_HISTORY_TABLES) : NULL;
	bool found = known != NULL;

	if (!found)
		db_fail(&c->db, STATUS_USAGE,
		    "--table: there is no table %s: there are %s", name,
		    all != NULL ? all : "none");
	free(known);
	free(all);
	return found;
}

/* A row as it was recorded. */
static void
write_row(struct command *c, const char *key, const char *row)
{
	sqlite3_stmt *s;

	if (row == NULL) {
		json_string(&c->out, key, NULL);
		return;
	}
	json_object(&c->out, key);
	s = db_query(&c->db, SQL_MEMBERS, row);
	while (db_step(&c->db, s)) {
		const char *name = (const char *)sqlite3_column_text(s, 0);

		if (sqlite3_column_type(s, 2) == SQLITE_INTEGER)
			json_integer(&c->out, name, sqlite3_column_int64(s, 2));
		else
			json_string(&c->out, name,
			    (const char *)sqlite3_column_text(s, 2));
	}
	json_object_end(&c->out);
}

static void
write_changes(struct command *c, sqlite3_stmt *s)
{
	static const char *const names[] = {
	    "id", "at", "editor", "table", "op", "old", "new"};

	json_array(&c->out, NULL);
	while (db_step(&c->db, s)) {
		json_object(&c->out, NULL);
		json_integer(&c->out, names[0], sqlite3_column_int64(s, 0));
		for (int i = 1; i < 5; i++)
			json_string(&c->out, names[i],
			    (const char *)sqlite3_column_text(s, i));
		for (int i = 5; i < 7; i++)
			write_row(c, names[i],
			    (const char *)sqlite3_column_text(s, i));
		json_object_end(&c->out);
	}
	json_array_end(&c->out);
}

static enum status
list(struct command *c)
{
	const char *table = args_value(&c->args, "table", NULL);
	const char *since = args_value(&c->args, "since", NULL);
	const char *limit = args_value(&c->args, "limit", "50");
	int64_t unused;
	enum statement statement = c->json ? SQL_HISTORY_JSON : SQL_HISTORY;
	sqlite3_stmt *s;

	if (since != NULL && !when_parse(since, WHEN_FROM, &unused))
		return fail(STATUS_USAGE,
		    "--since: \"%s\" is no date: write 2026-12-31 or "
		    "2026-12-31T18:00:00Z (UTC)",
		    since);
	if (!names_number(c, "--limit", limit) ||
	    (table != NULL && !is_table(c, table)))
		return c->db.status;
	s = db_query(&c->db, statement, table, c->editor, since, limit);
	if (c->json)
		write_changes(c, s);
	else
		table_print(c, NULL, s);
	return c->db.status;
}

/* Why the row could not be changed back: what came after. */
static bool
say_changed_since(struct command *c, const char *id)
{
	char *later = db_text(&c->db, SQL_HISTORY_LATER, id);

	if (later != NULL)
		db_fail(&c->db, STATUS_REFUSED,
		    "change %s cannot be undone: change %s came after it; undo "
		    "that first",
		    id, later);
	else
		db_fail(&c->db, STATUS_REFUSED,
		    "change %s cannot be undone: the row is no longer as the "
		    "change left it",
		    id);
	free(later);
	return false;
}

/* Did it become just what it was before, and did nothing else go? */
static bool
check_undone(struct command *c, const char *id, const char *last)
{
	char *why = db_text(&c->db, SQL_HISTORY_UNDONE, id, last);

	if (why != NULL && why[0] != '\0')
		db_fail(&c->db, STATUS_REFUSED,
		    "change %s cannot be undone: %s", id, why);
	free(why);
	return c->db.status == STATUS_OK;
}

static bool
undo(struct command *c, const char *id)
{
	char about[64];
	char *sql, *old, *new, *says, *last;

	if (!names_number(c, "--undo", id))
		return false;
	sql = db_text(&c->db, SQL_HISTORY_INVERSE, id);
	old = db_text(&c->db, SQL_HISTORY_OLD, id);
	new = db_text(&c->db, SQL_HISTORY_NEW, id);
	says = db_text(&c->db, SQL_HISTORY_SAYS, id);
	last = db_text(&c->db, SQL_HISTORY_LAST);
	snprintf(about, sizeof(about), "change %s cannot be undone", id);
	if (says == NULL)
		db_fail(&c->db, STATUS_REFUSED,
		    "there is no change %s: authpolicy history lists them", id);
	else if (sql == NULL)
		db_fail(&c->db, STATUS_REFUSED,
		    "change %s is no change of a row", id);
	c->db.about = about;
	if (sql != NULL)
		db_run_text(&c->db, sql, old, new);
	c->db.about = NULL;
	if (c->db.status == STATUS_OK &&
	    (c->db.changed == 1 || say_changed_since(c, id)) &&
	    check_undone(c, id, last))
		diag_add(&c->changes, "change %s is undone: %s", id, says);
	free(sql);
	free(old);
	free(new);
	free(says);
	free(last);
	return c->db.status == STATUS_OK;
}

enum status
run_history(struct command *c)
{
	const char *id;
	size_t at = 0;

	if (!args_has(&c->args, "undo"))
		return list(c);
	while ((id = args_next(&c->args, "undo", &at)) != NULL && undo(c, id))
		;
	return c->db.status;
}
