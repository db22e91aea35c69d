#ifndef POLICY_DECIDE_H
#define POLICY_DECIDE_H

/*
 * The decision.  Pure: the same policy, facts and stage give the same verdict;
 * no I/O, no clock, no globals.  The daemon, `authpolicy check`, the replay of
 * a log and the tests all call this one function.
 */

#include "policy.h"

/* Where an explanation goes, a line each; `say` must not keep `text`. */
struct trace {
	void (*say)(void *ctx, const char *text);
	void *ctx;
};

/*
 * Decides the steps of one stage (design of the steps: authpolicy-policy(5)):
 *
 *   STAGE_MAIL  who, suspended, login known, sender an address, granted
 *   STAGE_RCPT  recipient an address, relay
 *   STAGE_EOM   originators: From, Sender, Resent-, the names beside them
 *
 * Refusals that monitor mode passes over are in verdict->passed; the first one
 * that is not is the verdict.  `policy` NULL is `policy-unavailable`.  `trace`
 * may be NULL; it never changes the verdict.
 */
void policy_decide(const struct policy *policy, const struct facts *facts,
    enum stage stage, const struct trace *trace, struct verdict *verdict);

/*
 * The canonical sender as the decision reads it; kind ADDRESS_NOBODY when it is
 * none.  False, and so it is: could not tell (no memory).
 */
bool facts_sender(const struct facts *facts, struct address *out);

#endif
