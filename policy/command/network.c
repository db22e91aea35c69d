/* authpolicy network and address-set: named sets, which rules refer to. */
#include "policy/cidr.h"
#include "policy/command/command.h"
#include "policy/command/condition.h"
#include "policy/command/table.h"

#include <stdlib.h>
#include <string.h>

/* What the two subcommands differ in. */
struct set {
	const char *word;
	enum statement add, remove, clear, list, kept;
};

static const struct set networks = {"network", SQL_NETWORK_ADD,
    SQL_NETWORK_REMOVE, SQL_NETWORK_CLEAR, SQL_NETWORK_LIST, SQL_NETWORK_KEPT};
static const struct set addresses = {"address-set", SQL_ADDRESS_SET_ADD,
    SQL_ADDRESS_SET_REMOVE, SQL_ADDRESS_SET_CLEAR, SQL_ADDRESS_SET_LIST,
    SQL_ADDRESS_SET_KEPT};

static const struct set *
set_of(const struct command *c)
{
	return strcmp(c->args.subcommand->name, networks.word) == 0
		   ? &networks
		   : &addresses;
}

/* Makes what a row of the set holds canonical. */
static bool
read_member(struct command *c, const char *typed, char out[CONDITION_MAX + 1])
{
	struct form form;

	if (set_of(c) == &networks)
		return names_cidr(c, typed, out);
	if (!names_form(c, typed, false, &form))
		return false;
	snprintf(out, CONDITION_MAX + 1, "%s", form.text);
	return true;
}

/* The spelling a row may have: as typed where that is no member at all. */
static const char *
spelling(struct command *c, const char *typed, char out[CONDITION_MAX + 1])
{
	struct cidr cidr;
	struct form form;
	bool good = set_of(c) == &networks
			? cidr_parse(typed, &cidr)
			: form_parse(typed, false, &form) == ADDRESS_OK;

	return good && read_member(c, typed, out) ? out : typed;
}

enum status
run_set_add(struct command *c)
{
	const struct set *set = set_of(c);
	char name[LOGIN_MAX + 1], member[CONDITION_MAX + 1];

	if (!names_canonical(c, c->args.words[0], name))
		return c->db.status;
	for (size_t i = 1; i < c->args.word_count; i++)
		if (read_member(c, c->args.words[i], member) &&
		    db_run(&c->db, set->add, name, member))
			diag_add(&c->changes, "%s %s %s %s", set->word, name,
			    c->db.changed > 0 ? "has got" : "had already",
			    member);
	return c->db.status;
}

/* A set that something names may not vanish. */
static bool
may_go(struct command *c, const char *name, const char *text, const char *typed)
{
	const struct set *set = set_of(c);
	char *user = db_text(&c->db, set->kept, name, text, typed);

	if (user != NULL)
		db_fail(&c->db, STATUS_REFUSED,
		    "%s names the %s %s, which would be empty: change or "
		    "remove "
		    "that first; nothing was changed",
		    user, set->word, name);
	free(user);
	return c->db.status == STATUS_OK;
}

enum status
run_set_remove(struct command *c)
{
	const struct set *set = set_of(c);
	char name[LOGIN_MAX + 1], buffer[CONDITION_MAX + 1];

	if (!names_canonical(c, c->args.words[0], name))
		return c->db.status;
	if (c->args.word_count == 1 && may_go(c, name, NULL, NULL) &&
	    db_run(&c->db, set->clear, name)) {
		if (c->db.changed == 0)
			return fail(STATUS_REFUSED,
			    "there is no %s %s: see authpolicy %s list",
			    set->word, name, set->word);
		diag_add(&c->changes, "%s %s removed", set->word, name);
	}
	for (size_t i = 1; i < c->args.word_count; i++) {
		const char *typed = c->args.words[i];
		const char *text = spelling(c, typed, buffer);

		if (!may_go(c, name, text, typed) ||
		    !db_run(&c->db, set->remove, name, text, typed))
			break;
		if (c->db.changed == 0)
			return fail(STATUS_REFUSED,
			    "there is no %s in the %s %s; nothing was changed",
			    text, set->word, name);
		diag_add(
		    &c->changes, "%s %s has lost %s", set->word, name, text);
	}
	return c->db.status;
}

enum status
run_set_list(struct command *c)
{
	table_print(c, NULL, db_query(&c->db, set_of(c)->list));
	return c->db.status;
}
