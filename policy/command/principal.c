/* authpolicy login and group: principals and who belongs to whom. */
#include "policy/command/command.h"
#include "policy/command/names.h"
#include "policy/command/table.h"

#include <stdlib.h>
#include <string.h>

static enum status
add(struct command *c, const char *kind)
{
	const char *note = args_value(&c->args, "note", NULL);

	for (size_t i = 0; i < c->args.word_count; i++) {
		char name[LOGIN_MAX + 1], *there;

		if (!names_new(c, c->args.words[i], name))
			break;
		there = db_text(&c->db, SQL_PRINCIPAL_KIND, name);
		if (there != NULL)
			c->db.status = fail(STATUS_REFUSED,
			    "there is a %s %s already", there, name);
		free(there);
		if (db_run(&c->db, SQL_PRINCIPAL_ADD, name, kind, note))
			diag_add(&c->changes, "%s %s added", kind, name);
	}
	return c->db.status;
}

static enum status
remove_all(struct command *c, const char *kind, enum names_want want)
{
	char name[LOGIN_MAX + 1];

	for (size_t i = 0; i < c->args.word_count; i++)
		if (names_principal(c, c->args.words[i], want, name) &&
		    db_run(&c->db, SQL_PRINCIPAL_REMOVE, name, kind))
			diag_add(&c->changes, "%s %s removed", kind, name);
	return c->db.status;
}

static enum status
rename_one(struct command *c, const char *kind, enum names_want want)
{
	char from[LOGIN_MAX + 1], to[LOGIN_MAX + 1];

	if (names_principal(c, c->args.words[0], want, from) &&
	    names_new(c, c->args.words[1], to) &&
	    db_run(&c->db, SQL_PRINCIPAL_RENAME, to, from, kind))
		diag_add(&c->changes, "%s %s is now %s", kind, from, to);
	return c->db.status;
}

static enum status
show(struct command *c, enum names_want want)
{
	char name[LOGIN_MAX + 1];

	if (!names_principal(c, c->args.words[0], want, name))
		return c->db.status;
	if (c->json)
		json_object(&c->out, NULL);
	table_print(c, want == NAMES_LOGIN ? "login" : "group",
	    db_query(&c->db, SQL_PRINCIPAL_SHOW, name));
	if (want == NAMES_LOGIN)
		table_print(
		    c, "groups", db_query(&c->db, SQL_LOGIN_GROUPS, name));
	else
		table_print(
		    c, "members", db_query(&c->db, SQL_GROUP_MEMBERS, name));
	table_print(c, "grants", db_query(&c->db, SQL_PRINCIPAL_GRANTS, name));
	table_print(c, "denies", db_query(&c->db, SQL_PRINCIPAL_DENIES, name));
	if (c->json)
		json_object_end(&c->out);
	return c->db.status;
}

static enum status
list(struct command *c, enum statement statement)
{
	table_print(c, NULL, db_query(&c->db, statement));
	return c->db.status;
}

/* @domain has a row only when something is set for it. */
static void
ensure_row(struct command *c, const char *name)
{
	char *there = db_text(&c->db, SQL_PRINCIPAL_KIND, name);

	if (there == NULL)
		db_run(&c->db, SQL_PRINCIPAL_ADD, name, "group", NULL);
	free(there);
}

static enum status
set_mode(struct command *c, enum names_want want)
{
	const char *mode = c->args.words[1];
	char name[LOGIN_MAX + 1];

	if (strcmp(mode, "enforce") != 0 && strcmp(mode, "monitor") != 0 &&
	    strcmp(mode, "inherit") != 0)
		return fail(STATUS_USAGE,
		    "the mode is enforce, monitor or "
		    "inherit, not \"%s\"",
		    mode);
	if (want == NAMES_GROUP && c->args.words[0][0] == '@') {
		if (names_principal(c, c->args.words[0], NAMES_ANY, name))
			ensure_row(c, name);
	} else
		names_principal(c, c->args.words[0], want, name);
	if (db_run(&c->db, SQL_PRINCIPAL_MODE, mode, name))
		diag_add(&c->changes, "mode of %s: %s", name, mode);
	return c->db.status;
}

/* `group join` and `group leave`. */
static enum status
change_members(struct command *c, enum statement statement, const char *done,
    const char *already)
{
	char group[LOGIN_MAX + 1], login[LOGIN_MAX + 1];

	if (!names_principal(c, c->args.words[0], NAMES_GROUP, group))
		return c->db.status;
	for (size_t i = 1; i < c->args.word_count; i++)
		if (names_principal(c, c->args.words[i], NAMES_LOGIN, login) &&
		    db_run(&c->db, statement, group, login))
			diag_add(&c->changes, "%s %s %s", login,
			    c->db.changed > 0 ? done : already, group);
	return c->db.status;
}

enum status
run_login_add(struct command *c)
{
	return add(c, "login");
}

enum status
run_login_remove(struct command *c)
{
	return remove_all(c, "login", NAMES_LOGIN);
}

enum status
run_login_rename(struct command *c)
{
	return rename_one(c, "login", NAMES_LOGIN);
}

enum status
run_login_list(struct command *c)
{
	return list(c, SQL_LOGIN_LIST);
}

enum status
run_login_show(struct command *c)
{
	return show(c, NAMES_LOGIN);
}

enum status
run_login_mode(struct command *c)
{
	return set_mode(c, NAMES_LOGIN);
}

enum status
run_group_add(struct command *c)
{
	return add(c, "group");
}

enum status
run_group_remove(struct command *c)
{
	return remove_all(c, "group", NAMES_GROUP);
}

enum status
run_group_rename(struct command *c)
{
	return rename_one(c, "group", NAMES_GROUP);
}

enum status
run_group_list(struct command *c)
{
	return list(c, SQL_GROUP_LIST);
}

enum status
run_group_show(struct command *c)
{
	return show(c, NAMES_GROUP);
}

enum status
run_group_mode(struct command *c)
{
	return set_mode(c, NAMES_GROUP);
}

enum status
run_group_join(struct command *c)
{
	return change_members(c, SQL_GROUP_JOIN, "joined", "was already in");
}

enum status
run_group_leave(struct command *c)
{
	return change_members(c, SQL_GROUP_LEAVE, "left", "was not in");
}
