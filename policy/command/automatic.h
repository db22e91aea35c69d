#ifndef POLICY_COMMAND_AUTOMATIC_H
#define POLICY_COMMAND_AUTOMATIC_H

#include "policy/command/command.h"
#include "policy/policy.h"

/*
 * Suspends in `policy`, read from c->path, whom limits suspended, as the daemon
 * that serves that file tells.  Takes over `policy` and returns the copy to
 * use; NULL, said, when memory is out.  `unknown` gets a line when there is
 * nobody to ask: then the policy is as it was.
 */
struct policy *automatic_suspend(
    struct command *c, struct policy *policy, struct diag *unknown);

#endif
