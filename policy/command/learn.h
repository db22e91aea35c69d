#ifndef POLICY_COMMAND_LEARN_H
#define POLICY_COMMAND_LEARN_H

/*
 * What `authpolicy learn` proposes, and how it is shown.
 */

#include "policy/command/command.h"
#include "policy/command/recorded.h"
#include "policy/policy.h"

struct learn {
	struct command *c;
	const struct policy *policy;
	struct db db; /* the tables of sql/learn.sql */
	struct recorded message;
	int64_t messages; /* that were accepted */
	bool sql;	  /* asked for instead of commands */
};

/*
 * Writes the proposals, to be read and then pasted: commands or SQL, under
 * comments that say why; those that somebody has to choose are comments too.
 * With --json one object.  An error sticks in l->db.
 */
void learn_print(struct learn *l);
void learn_write_json(struct learn *l, struct json *j);

#endif
