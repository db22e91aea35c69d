#ifndef POLICY_LIMIT_H
#define POLICY_LIMIT_H

/*
 * Limits, the rows of `quota`: how much a principal may send.  What was sent
 * is counted elsewhere, in a ledger.
 */

#include "policy.h"

enum metric {
	METRIC_NONE = 0,
	METRIC_MESSAGES,
	METRIC_RECIPIENTS,
	METRIC_NEW_RECIPIENTS, /* never written to before by this login */
	METRIC_SENDERS,	       /* distinct sender and author addresses */
	METRIC_NETWORKS,       /* distinct client /24 (IPv4) or /48 (IPv6) */
	METRIC_REFUSALS,
	METRIC_RECIPIENTS_PER_MESSAGE,
	METRIC_COUNT
};

/* What happens once it is exceeded, the mildest first. */
enum on_exceed {
	EXCEED_HOLD = 0,
	EXCEED_TEMPFAIL,
	EXCEED_REJECT,
	EXCEED_SUSPEND,
	EXCEED_COUNT
};

#define LIMIT_UNLIMITED (-1)
#define LIMIT_PERIOD_MAX (366 * 86400) /* seconds */
#define LIMIT_DISTINCT_MAX 1000	       /* of senders and of networks */

struct limit {
	char *name; /* as the row has it */
	principal_id principal;
	enum metric metric;
	int64_t amount; /* LIMIT_UNLIMITED: the row lifts others */
	int64_t period; /* seconds; 0: of each message */
	bool cap;	/* of all members together (per = group) */
	bool strict;	/* refused attempts count as well */
	enum on_exceed on_exceed;
	int64_t suspend_for; /* seconds */
	enum mode mode;	     /* MODE_INHERIT: that of the client */
};

const char *metric_name(enum metric metric);	   /* `new_recipients` */
const char *on_exceed_name(enum on_exceed action); /* `tempfail` */

/* Read the words of a row; false when it is none of them. */
bool metric_parse(const char *text, enum metric *out);
bool on_exceed_parse(const char *text, enum on_exceed *out);

/* The rows of a principal.  Returns how many. */
size_t policy_limits(
    const struct policy *p, principal_id id, const struct limit **rows);
size_t policy_limit_count(const struct policy *p); /* of all, for status */

/*
 * The latest moment up to `now` at which the counts and automatic suspensions
 * of a principal, by canonical name, were pardoned; INT64_MIN for never.
 */
int64_t policy_pardon(const struct policy *p, const char *name, int64_t now);

/* A limit that holds for a client, and the account it is counted in. */
struct applied {
	const struct limit *limit;
	const char *account; /* canonical name of a principal; borrowed */
	bool acts;	     /* false: monitor, judged and never acted on */
	bool rests;	     /* neither judged nor counted this time */
};

#define LIMITS_MAX 64		     /* that may hold for a login */
#define APPLIED_MAX (2 * LIMITS_MAX) /* and for the peer that speaks for it */

/* All limits that hold for a client; those of one account stand together. */
struct limits {
	const struct policy *policy;
	size_t count;
	struct applied at[APPLIED_MAX];
};

/*
 * The limits that hold for a login, and for the peer that speaks for it (or
 * "").  Rows for one login are inherited: of a metric and period the most
 * specific principal's counts, the smallest of several groups; caps all count,
 * and rows in monitor mode beside the others.  `mode` is the one in force for
 * the client.  Refusals are the peer's, when there is one; the login's limits
 * on them rest, and keep their windows in the account.  None hold for the name
 * of a group or another that no login has.
 *
 * The strings and the policy must outlive `out`.  False: there are more than
 * LIMITS_MAX, with a peer twice that, or memory is out: nothing can be told.
 */
bool limits_of(const struct policy *p, const char *login, const char *peer,
    enum mode mode, struct limits *out);

/*
 * Those that are counted in the account of a principal alone: a login's own,
 * or the caps of any other.  The rest as for limits_of().
 */
bool limits_of_account(const struct policy *p, const char *account,
    enum mode mode, struct limits *out);

#endif
