#ifndef POLICY_BUILD_H
#define POLICY_BUILD_H

/*
 * The inside of a policy copy, and how one is put together.  For policy/load
 * and policy/policy only: everybody else asks through policy.h.
 *
 * Filled in one pass over the rows, then build_finish() sorts and indexes.
 * Memory running out anywhere makes build_finish() answer NULL.
 */

#include "limit.h"
#include "rule.h"
#include "when.h"

#include <stdatomic.h>

struct principal {
	uint32_t name; /* offset of the canonical name */
	uint32_t grants, grant_count;
	uint32_t denies, deny_count;
	uint32_t groups, group_count;
	uint8_t kind;	     /* enum principal_kind */
	uint8_t mode;	     /* enum mode */
	uint8_t originators; /* enum originators */
};

struct member {
	principal_id login, group;
};

struct validity {
	int64_t from, until;
};

struct domain_row {
	uint32_t name, owner; /* offsets of text */
};

/* One row of network: `network` is the set's pseudo-principal. */
struct network_row {
	uint32_t network;
	struct cidr cidr;
};

/* By which of its conditions a rule is found; `hash` is that of the key, or
 * the principal. */
enum rule_by {
	RULE_BY_NOTHING = 0, /* always looked at */
	RULE_BY_PRINCIPAL,
	RULE_BY_RECIPIENT,
	RULE_BY_SENDER,
	RULE_BY_CLIENT
};
struct rule_key {
	enum rule_by by;
	uint32_t hash;
	uint32_t rule; /* index, so in the order of seq */
};

/* Clients that are a login without SASL. */
struct network_identity {
	struct cidr cidr;
	principal_id login;
};
struct certificate_identity {
	char *subject, *issuer;
	principal_id login;
};

/* A peer whose AUTH= is believed for the addresses of a set. */
struct peer {
	principal_id login, asserts;
	struct client_condition client;
};

/* A row of pardon: what was counted up to then is void. */
struct pardon {
	uint32_t name;
	int64_t at;
};

/* Which prefix lengths occur, for IPv4 and IPv6. */
typedef bool prefix_lengths[2][129];

/* Principals by name: open addressing, PRINCIPAL_NONE marks a free slot. */
struct name_slot {
	uint32_t hash;
	principal_id id;
};
struct name_index {
	struct name_slot *slots;
	uint32_t mask;
};

/* Everything but the suspensions; shared by copies that differ in those. */
struct tables {
	atomic_uint users;
	char *text; /* all names and forms; offset 0 is "" */
	uint32_t text_len, text_cap;
	struct principal *principals;
	uint32_t principal_count, principal_cap;
	principal_id everyone, anonymous;
	struct name_index names;
	struct grant *grants, *denies;
	uint32_t grant_count, grant_cap, deny_count, deny_cap;
	bool templates; /* some grants are */
	struct member *members;
	uint32_t member_count, member_cap;
	principal_id *groups; /* of all logins, made from members */
	struct validity *validity;
	uint32_t validity_count, validity_cap;
	uint32_t *by_name; /* exact grants with a sub-address, by hash */
	uint32_t by_name_count;
	struct domain_row *domain_rows; /* only while building */
	struct local_domain *domains;	/* by name */
	uint32_t domain_count, domain_cap;
	struct settings settings;     /* each string malloc'ed */
	struct network_row *networks; /* by network, then cidr */
	uint32_t network_count, network_cap;
	prefix_lengths prefixes;
	struct rule *rules; /* by seq; each owns its strings */
	uint32_t rule_count, rule_cap;
	struct rule_key *rule_keys; /* one or more for each rule */
	uint32_t rule_key_count;
	prefix_lengths rule_prefixes;
	struct network_identity *network_ids; /* by cidr */
	uint32_t network_id_count, network_id_cap;
	prefix_lengths id_prefixes;
	struct certificate_identity *certificates; /* by subject and issuer */
	uint32_t certificate_count, certificate_cap;
	principal_id local_login; /* of all local users; PRINCIPAL_NONE */
	struct peer *peers;	  /* by login */
	uint32_t peer_count, peer_cap;
	struct limit *limits; /* by principal; each owns its name */
	uint32_t limit_count, limit_cap;
	struct pardon *pardons; /* by name, then at */
	uint32_t pardon_count, pardon_cap;
	bool failed; /* out of memory: nothing after it counts */
};

struct policy {
	struct tables *t;
	uint64_t generation;
	struct suspension *suspensions; /* by name; each owns its strings */
	size_t suspension_count;
	bool shares; /* the tables are another copy's as well, and finished */
	bool failed; /* out of memory for the suspensions */
};

/* A copy with nothing in it, or NULL. */
struct policy *build_new(void);

/* A copy that shares the tables of `base` and has its suspensions. */
struct policy *build_share(const struct policy *base);

/* Keeps a string for the life of the copy and returns its offset. */
uint32_t build_text(struct tables *t, const char *text);

/* The hash by which principals and keys are found, of two texts as one. */
uint32_t build_hash(const char *head, const char *tail);

/* Finds or adds.  An added one is of `kind` and inherits everything. */
principal_id build_principal(
    struct tables *t, const char *name, enum principal_kind kind);
principal_id build_find(const struct tables *t, const char *name);

void build_member(struct tables *t, principal_id login, principal_id group);
void build_domain(struct tables *t, const char *name, const char *owner);
void build_grant(struct tables *t, principal_id id, const struct form *form,
    enum scope scope, enum manner manner, int64_t from, int64_t until);
void build_deny(struct tables *t, principal_id id, const struct form *form);

/*
 * The pseudo-principal that stands for a named set of networks or addresses,
 * or for one form; its rows are added with build_network() or build_deny().
 * `what` keeps the kinds of names apart.
 */
principal_id build_set(struct tables *t, const char *what, const char *name);
principal_id build_find_set(
    const struct tables *t, const char *what, const char *name);
void build_network(
    struct tables *t, principal_id network, const struct cidr *cidr);

/* Takes over the strings and periods of `rule`. */
void build_rule(struct tables *t, struct rule *rule);
void build_network_identity(
    struct tables *t, const struct cidr *cidr, principal_id login);
void build_certificate(struct tables *t, const char *subject,
    const char *issuer, principal_id login);
void build_peer(struct tables *t, const struct peer *peer);

/* Takes over the name of `limit`. */
void build_limit(struct tables *t, struct limit *limit);
void build_pardon(struct tables *t, const char *name, int64_t at);

/* The hash under which a rule for a network is found. */
uint32_t build_hash_cidr(const struct cidr *c);

/* Sorts and indexes what policy/rule and policy/identity look up. */
bool build_rules_finish(struct tables *t);
void build_identities_finish(struct tables *t);

/* Adds a copy of a suspension; of two of one name and kind one that neither
 * began nor ends later goes. */
void build_suspension(struct policy *p, const struct suspension *s);

/* Sorts and indexes.  False: out of memory; the caller frees `p`. */
bool build_finish(struct policy *p);

#endif
