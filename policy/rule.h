#ifndef POLICY_RULE_H
#define POLICY_RULE_H

/*
 * Rules: who may send to whom, from where, over what, when.  The first by seq
 * whose conditions all hold decides, for each recipient on its own.
 *
 * Rules are found through an index, by the condition of each that fewest share:
 * a rule for a login costs those alone who are that login.
 */

#include "cidr.h"
#include "policy.h"

/* A condition on the client; the set is that of network rows of one name. */
enum client_kind { CLIENT_ANY = 0, CLIENT_CIDR, CLIENT_NETWORK };
struct client_condition {
	enum client_kind kind;
	struct cidr cidr;
	uint32_t network; /* see policy_network_covers() */
};

enum tls_kind { TLS_ANY = 0, TLS_NONE, TLS_VERSION, TLS_BITS };

/* Minutes since Monday 00:00, the end not included. */
struct period {
	uint16_t from, until;
};
#define PERIODS_MAX 70 /* ten a day */

#define RULE_REPLY_MAX 400 /* octets of a rule's own reply */

/* Which conditions a rule negates. */
enum rule_not {
	NOT_PRINCIPAL = 1,
	NOT_CLIENT = 2,
	NOT_SENDER = 4,
	NOT_RECIPIENT = 8,
	NOT_TLS = 16,
	NOT_MECHANISM = 32,
	NOT_HOURS = 64
};

struct rule {
	int64_t seq;
	unsigned negated;	/* enum rule_not, or'ed */
	principal_id principal; /* PRINCIPAL_NONE: any */
	struct client_condition client;
	principal_id sender, recipient; /* sets; PRINCIPAL_NONE: any */
	enum tls_kind tls;
	int tls_least;		 /* 12 or 13, or bits */
	struct words mechanisms; /* "": any; may hold `none` */
	struct period *periods;	 /* NULL: any time */
	size_t period_count;
	enum verdict_kind verdict;
	enum mode mode;
	char *reply; /* NULL: the reason's own */
};

/* What the rules are asked about, facts made comparable once a question. */
struct rule_query {
	const struct policy *policy;
	const principal_id *principals; /* that the client is */
	size_t principal_count;
	const struct ip *client;      /* NULL: not told */
	const struct lookup *senders; /* the address and its base; */
	size_t sender_count;	      /* 0: could not be read */
	const struct lookup *recipients;
	size_t recipient_count;
	bool tls_unknown;
	int tls_version; /* 0: none; 12, 13; -1: there, which is not told */
	int cipher_bits; /* 0: not told */
	const char *mechanism; /* "none" for no SASL */
	int week_minute;       /* -1: not told */
};

/*
 * The first rule at or behind `from` (0 for all) that matches, in the order of
 * seq; NULL for none.  A condition on a fact that is not known is satisfied in
 * rules that refuse and not in those that accept.
 */
const struct rule *rule_find(const struct rule_query *q, int64_t from);

/* Why the rule does not match: the name of its first condition that does not
 * hold; NULL when it matches. */
const char *rule_fails(const struct rule_query *q, const struct rule *r);

/* Of a rule that matches: `client unknown` where a condition is satisfied only
 * because the fact is not known; NULL when all are known. */
const char *rule_unknown(const struct rule_query *q, const struct rule *r);

/* All rules by seq, for explanations.  Returns how many. */
size_t policy_rules(const struct policy *p, const struct rule **rules);

/* Is the address in the network of this number (build_network)? */
bool policy_network_covers(
    const struct policy *p, uint32_t network, const struct ip *ip);

/* `TLSv1.3` as 13, 0 for no TLS, -1 for what can't be read. */
int rule_tls_version(const char *tls);

#endif
