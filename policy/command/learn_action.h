#ifndef POLICY_COMMAND_LEARN_ACTION_H
#define POLICY_COMMAND_LEARN_ACTION_H

/*
 * One change that is proposed: as a command for the shell, as SQL, or in JSON
 * as the words of the command.
 */

#include "policy/command/learn.h"

enum action_kind {
	ACTION_LOGIN_ADD,
	ACTION_GROUP_ADD,
	ACTION_GROUP_JOIN,
	ACTION_GRANT,
	ACTION_DENY,
	ACTION_SUSPEND
};

struct action {
	enum action_kind kind;
	const char *who, *what; /* `what` NULL: it takes one name */
	const char *scope;	/* of a grant; NULL: any */
	bool on_behalf;
};

/* Where the actions go: text, or an array of words each. */
struct learn_sink {
	struct learn *l;
	struct json *json; /* NULL: text */
	bool off;	   /* as comments: somebody has to choose */
};

/* Writes it, in quotes where it needs them.  What can't be shown as it is can't
 * be pasted as it is: in its place is a comment. */
void learn_act(const struct learn_sink *sink, const struct action *a);

/* The row a login needs before it is named, unless it has one. */
void learn_add_login(
    const struct learn_sink *sink, const char *login, bool has_row);

/* Begins a comment. */
void learn_comment(const struct learn *l);

#endif
