#ifndef POLICY_COMMAND_SUBCOMMANDS_H
#define POLICY_COMMAND_SUBCOMMANDS_H

#include "policy/command/args.h"

/* All subcommands in the order of the help; the last row has no name. */
extern const struct subcommand subcommands[];

#endif
