#ifndef POLICY_LIMITED_H
#define POLICY_LIMITED_H

/*
 * What limits make of a verdict, and what of a message is counted as one: the
 * part of limits that is the same for every caller.
 */

#include "ledger.h"

/*
 * The address under which a message counts: in local domains without its
 * sub-address, so that nobody is two by writing himself in two ways.
 */
void counted_address(
    const struct policy *p, const struct address *a, struct address *out);

/* The network of a client: an IPv4 address's /24, an IPv6 address's /48, as
 * text.  False when the text is no address. */
#define COUNTED_NETWORK_SIZE 24
bool counted_network(const char *client, char out[COUNTED_NETWORK_SIZE]);

/* Does a refusal for this reason count as one of the login's?  Faults do not,
 * nor names that nobody has. */
bool reason_counts(enum reason reason);

/* Is it itself for what was sent before?  Strict limits alone count it. */
bool reason_is_containment(enum reason reason);

/* Makes `v` what a limit that is exceeded says, for any outcome that refuses.
 */
void limit_refuse(const struct applied *by, const struct measure *m,
    enum outcome outcome, int64_t now, struct verdict *v);

/* The suspension that an exceeded limit makes; strings are borrowed from `by`
 * and `why`. */
#define LIMIT_WHY_MAX 400
void limit_suspend(const struct applied *by, const struct measure *m,
    int64_t now, char why[LIMIT_WHY_MAX], struct suspension *out);

#endif
