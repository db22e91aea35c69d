#ifndef POLICY_COMMAND_BATCH_H
#define POLICY_COMMAND_BATCH_H

#include "policy/command/output.h"
#include "policy/policy.h"

/*
 * Answers each line of `in`, a JSON object of facts, with a line of JSON on
 * `out`, in order and at once.  A line that is none is answered with an object
 * that has only `error`; then the status is STATUS_USAGE.
 */
enum status batch_run(const struct policy *policy, FILE *in, FILE *out);

#endif
