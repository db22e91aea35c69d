#ifndef POLICY_COMMAND_SUGGEST_H
#define POLICY_COMMAND_SUGGEST_H

#include "policy/command/command.h"

/*
 * What `authpolicy limit suggest` proposes, of the tables of sql/suggest.sql in
 * c->db: percentiles, and commands to be read and then pasted; or one object.
 */
void suggest_print(struct command *c);
void suggest_write_json(struct command *c);

#endif
