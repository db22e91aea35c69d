#ifndef POLICY_COMMAND_CONDITION_H
#define POLICY_COMMAND_CONDITION_H

/*
 * The conditions of a rule, as typed: made canonical where a name or an
 * address stands in them, and put to the loader's own readers.  One may begin
 * with `!`.  A failure names the option and sticks in c->db.status.
 */

#include "policy/command/names.h"

#define CONDITION_MAX 600 /* octets */

enum condition {
	CONDITION_PRINCIPAL = 0,
	CONDITION_CLIENT,
	CONDITION_SENDER,
	CONDITION_RECIPIENT,
	CONDITION_TLS,
	CONDITION_MECHANISM,
	CONDITION_HOURS,
	CONDITIONS
};

/* The option that gives the condition, and the rule's column. */
const char *condition_name(enum condition which);

/* Reads the condition; `out` is as it is stored. */
bool condition_read(struct command *c, enum condition which, const char *typed,
    char out[CONDITION_MAX + 1]);

/* `any`, a network or the name of one, without `!`. */
bool condition_client(
    struct command *c, const char *typed, char out[CONDITION_MAX + 1]);

/* Does the loader take this reply beside the verdict? */
bool condition_reply(struct command *c, const char *verdict, const char *reply);

#endif
