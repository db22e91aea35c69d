/* authpolicy rule: who may send to whom, the first that matches by number. */
#include "policy/command/command.h"
#include "policy/command/condition.h"
#include "policy/command/table.h"

#include <stdlib.h>
#include <string.h>

/* Is there such a rule?  The number is one already. */
static bool
is_there(struct command *c, const char *seq)
{
	char *there = db_text(&c->db, SQL_RULE_THERE, seq);
	bool found = there != NULL;

	free(there);
	return found;
}

/* A number that no rule has. */
static bool
is_free(struct command *c, const char *what, const char *seq)
{
	if (!names_number(c, what, seq))
		return false;
	if (is_there(c, seq))
		db_fail(&c->db, STATUS_REFUSED,
		    "there is a rule %s already: take another number, or first "
		    "authpolicy rule move %s NEW-SEQ",
		    seq, seq);
	return c->db.status == STATUS_OK;
}

static bool
is_rule(struct command *c, const char *seq)
{
	if (!names_number(c, "rule", seq))
		return false;
	if (!is_there(c, seq))
		db_fail(&c->db, STATUS_REFUSED,
		    "there is no rule %s: see authpolicy rule list; nothing "
		    "was changed",
		    seq);
	return c->db.status == STATUS_OK;
}

enum status
run_rule_add(struct command *c)
{
	const char *seq = args_value(&c->args, "seq", NULL);
	const char *verdict = args_value(&c->args, "verdict", "");
	const char *reply = args_value(&c->args, "reply", NULL);
	const char *mode = args_value(&c->args, "mode", NULL);
	char text[CONDITIONS][CONDITION_MAX + 1], *added;

	if (seq != NULL && !is_free(c, "--seq", seq))
		return c->db.status;
	for (enum condition i = 0; i < CONDITIONS; i++)
		if (!condition_read(c, i,
			args_value(&c->args, condition_name(i), "any"),
			text[i]))
			return c->db.status;
	if (reply != NULL && !condition_reply(c, verdict, reply))
		return c->db.status;
	added = db_text(&c->db, SQL_RULE_ADD, seq, text[CONDITION_PRINCIPAL],
	    text[CONDITION_CLIENT], text[CONDITION_SENDER],
	    text[CONDITION_RECIPIENT], text[CONDITION_TLS],
	    text[CONDITION_MECHANISM], text[CONDITION_HOURS], verdict, reply,
	    mode != NULL && strcmp(mode, "inherit") == 0 ? NULL : mode,
	    args_value(&c->args, "note", NULL));
	if (added != NULL)
		diag_add(&c->changes, "rule %s added", added);
	free(added);
	return c->db.status;
}

enum status
run_rule_list(struct command *c)
{
	/* In text a condition that is any leaves its column empty. */
	table_print(
	    c, NULL, db_query(&c->db, SQL_RULE_LIST, c->json ? "" : "any"));
	return c->db.status;
}

enum status
run_rule_move(struct command *c)
{
	const char *seq = c->args.words[0], *to = c->args.words[1];

	if (is_rule(c, seq) && is_free(c, "the new number", to) &&
	    db_run(&c->db, SQL_RULE_MOVE, to, seq))
		diag_add(&c->changes, "rule %s is now rule %s", seq, to);
	return c->db.status;
}

enum status
run_rule_remove(struct command *c)
{
	for (size_t i = 0; i < c->args.word_count; i++)
		if (is_rule(c, c->args.words[i]) &&
		    db_run(&c->db, SQL_RULE_REMOVE, c->args.words[i]))
			diag_add(
			    &c->changes, "rule %s removed", c->args.words[i]);
	return c->db.status;
}
