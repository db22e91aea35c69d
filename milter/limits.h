#ifndef MILTER_LIMITS_H
#define MILTER_LIMITS_H

/*
 * Limits in the life of a message: what it costs is put together here, judged
 * and counted in the ledger (policy/ledger), and what follows from it is done.
 */

#include "milter/session.h"
#include "policy/ledger.h"

/* The ledger to count in.  Before it is given, limits can't be told: who has
 * one is answered `internal`. */
void limits_open(struct ledger *ledger);

/*
 * Judges a stage by the limits of the client, after policy_decide() found
 * `v`: what it let pass may become a refusal or be held, what it refused is
 * counted as such.  What monitor mode passes over is kept in the message, and
 * so is what limits_follow() has to do.
 */
void limits_apply(
    struct session *s, const struct policy *policy, struct verdict *v);

/* A recipient was accepted: the end of the message counts it. */
void limits_add_recipient(struct session *s);

/* Suspends whom a limit suspended: before it is recorded and spoken. */
void limits_suspend(const struct session *s);

/* Tells of limits that tripped: once the record has its reference. */
void limits_notify(struct session *s);

#endif
