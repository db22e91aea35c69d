#ifndef TESTS_UNIT_STAND_INS_H
#define TESTS_UNIT_STAND_INS_H

/*
 * Stand-ins, at link time, for the policy copies, the audit log and the
 * daemon's own log: the tests choose the policy and look at what was written.
 * Every record must be one line of JSON in printable ASCII, and every line of
 * the log printable ASCII.
 */

#include "policy/policy.h"

#include <stddef.h>

/* The policy that is in force from now on; freed by the next call. */
void stand_in_policy(struct policy *p);

/* Records written since the last stand_in_reset(), and syslog lines. */
extern size_t record_count, line_count;
const char *record_at(size_t i);
const char *line_at(size_t i);
void stand_in_reset(void);

/* When true, no record can be written. */
extern bool audit_is_full;

/* Suspensions and notices of limits since the last stand_in_reset(); the last
 * of each: `alice by hourly`, `alice hourly suspend ref 7K2M-9QXD`. */
extern size_t suspended_count, notice_count;
extern char suspended[600], noticed[700];

/* How many records there were before each of these. */
extern size_t suspended_before, noticed_before;

/* How many copies are taken and not given back. */
extern int policies_held;

#endif
