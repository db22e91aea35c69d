#ifndef POLICY_COMMAND_AUTOMATIC_H
#define POLICY_COMMAND_AUTOMATIC_H

#include "policy/command/command.h"
#include "policy/policy.h"

/*
 * Suspends in `policy`, read from c->path, whom limits had suspended at `at`,
 * as the daemon that serves that file tells: it knows those that have not ended
 * yet.  Takes over `policy` and returns the copy to use; NULL, said, when
 * memory is out.  `unknown` gets a line for what can't be known; when there is
 * nobody to ask the policy is as it was.
 */
struct policy *automatic_suspend(
    struct command *c, struct policy *policy, int64_t at, struct diag *unknown);

#endif
