/* authpolicy login and group: principals and who belongs to whom. */
#include "policy/command/command.h"
#include "policy/command/names.h"
#include "policy/command/table.h"

#include <string.h>

/* `login` or `group`: the subcommand is named like the kind. */
static const char *
kind_of(const struct command *c)
{
	return c->args.subcommand->name;
}

static bool
is_group(const struct command *c)
{
	return strcmp(kind_of(c), "group") == 0;
}

static bool
find(struct command *c, const char *typed, char name[LOGIN_MAX + 1])
{
	return names_principal(
	    c, typed, is_group(c) ? NAMES_GROUP : NAMES_LOGIN, name);
}

enum status
run_principal_add(struct command *c)
{
	const char *note = args_value(&c->args, "note", NULL);
	char name[LOGIN_MAX + 1];

	for (size_t i = 0; i < c->args.word_count; i++)
		if (names_new(c, c->args.words[i], name) &&
		    db_run(&c->db, SQL_PRINCIPAL_ADD, name, kind_of(c), note))
			diag_add(&c->changes, "%s %s added", kind_of(c), name);
	return c->db.status;
}

enum status
run_principal_remove(struct command *c)
{
	char name[LOGIN_MAX + 1];

	for (size_t i = 0; i < c->args.word_count; i++)
		if (find(c, c->args.words[i], name) &&
		    db_run(&c->db, SQL_PRINCIPAL_REMOVE, name))
			diag_add(
			    &c->changes, "%s %s removed", kind_of(c), name);
	return c->db.status;
}

enum status
run_principal_rename(struct command *c)
{
	char from[LOGIN_MAX + 1], to[LOGIN_MAX + 1];

	if (find(c, c->args.words[0], from) &&
	    names_canonical(c, c->args.words[1], to) &&
	    db_run(&c->db, SQL_PRINCIPAL_RENAME, to, from))
		diag_add(&c->changes, "%s %s is now %s", kind_of(c), from, to);
	return c->db.status;
}

enum status
run_principal_show(struct command *c)
{
	char name[LOGIN_MAX + 1];

	if (!find(c, c->args.words[0], name))
		return c->db.status;
	if (c->json)
		json_object(&c->out, NULL);
	table_print(c, kind_of(c), db_query(&c->db, SQL_PRINCIPAL_SHOW, name));
	if (is_group(c))
		table_print(
		    c, "members", db_query(&c->db, SQL_GROUP_MEMBERS, name));
	else
		table_print(
		    c, "groups", db_query(&c->db, SQL_LOGIN_GROUPS, name));
	table_print(c, "grants", db_query(&c->db, SQL_PRINCIPAL_GRANTS, name));
	table_print(c, "denies", db_query(&c->db, SQL_PRINCIPAL_DENIES, name));
	if (c->json)
		json_object_end(&c->out);
	return c->db.status;
}

enum status
run_principal_list(struct command *c)
{
	table_print(c, NULL,
	    db_query(&c->db, is_group(c) ? SQL_GROUP_LIST : SQL_LOGIN_LIST));
	return c->db.status;
}

/* @domain has a row only when something is set for it. */
static bool
find_or_make(struct command *c, const char *typed, char name[LOGIN_MAX + 1])
{
	if (typed[0] != '@' || !is_group(c))
		return find(c, typed, name);
	return names_principal(c, typed, NAMES_ANY, name) &&
	       db_run(&c->db, SQL_DOMAIN_ROW, name);
}

enum status
run_principal_mode(struct command *c)
{
	const char *mode = c->args.words[1];
	char name[LOGIN_MAX + 1];

	if (strcmp(mode, "enforce") != 0 && strcmp(mode, "monitor") != 0 &&
	    strcmp(mode, "inherit") != 0)
		return fail(STATUS_USAGE,
		    "the mode is enforce, monitor or inherit, not \"%s\"",
		    mode);
	if (find_or_make(c, c->args.words[0], name) &&
	    db_run(&c->db, SQL_PRINCIPAL_MODE, mode, name))
		diag_add(&c->changes, "mode of %s: %s", name, mode);
	return c->db.status;
}

static enum status
change_members(struct command *c, enum statement statement, const char *done,
    const char *already)
{
	char group[LOGIN_MAX + 1], login[LOGIN_MAX + 1];

	if (!find(c, c->args.words[0], group))
		return c->db.status;
	for (size_t i = 1; i < c->args.word_count; i++)
		if (names_principal(c, c->args.words[i], NAMES_LOGIN, login) &&
		    db_run(&c->db, statement, group, login))
			diag_add(&c->changes, "%s %s %s", login,
			    c->db.changed > 0 ? done : already, group);
	return c->db.status;
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
