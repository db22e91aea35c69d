#ifndef POLICY_DECIDE_H
#define POLICY_DECIDE_H

/*
 * The decision.  Pure: the same policy, facts and stage give the same verdict;
 * no I/O, no clock, no globals.  The daemon, `authpolicy check`, the replay of
 * a log and the tests all call this one function.
 */

#include "cidr.h"
#include "principals.h"

/* Where an explanation goes, a line each; `say` must not keep `text`. */
struct trace {
	void (*say)(void *ctx, const char *text);
	void *ctx;
};

/*
 * Who a message is from: the same for all its stages, so that it need not be
 * found out for each.  Belongs to one policy copy, into which it points, and to
 * the facts known at MAIL; points into itself, so it can't be copied.
 */
struct client {
	bool failed; /* memory was out: nothing is known */
	bool anonymous;
	bool login_known; /* not malformed, not the name of something else */
	bool has_ip;
	enum identified identified;
	enum mode mode; /* in force for it */
	struct ip ip;
	char login[LOGIN_MAX + 1]; /* canonical; "" for anonymous clients */
	char peer[LOGIN_MAX + 1];  /* who said so, BY_AUTH_PARAM; or "" */
	struct principals principals;
	struct who who;
	char user[ADDRESS_LOCAL_MAX * 2 + 3]; /* of `who` */
};

/* `policy` NULL leaves it zeroed, for a decision that needs none. */
void policy_identify(const struct policy *policy, const struct facts *facts,
    const struct trace *trace, struct client *client);

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

/* The same for a client that was identified, under the same policy. */
void policy_decide_for(const struct policy *policy, struct client *client,
    const struct facts *facts, enum stage stage, const struct trace *trace,
    struct verdict *verdict);

/*
 * The canonical sender as the decision reads it; kind ADDRESS_NOBODY when it is
 * none.  False, and so it is: could not tell (no memory).
 */
bool facts_sender(const struct facts *facts, struct address *out);

#endif
