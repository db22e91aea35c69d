#ifndef POLICY_BUILD_H
#define POLICY_BUILD_H

/*
 * The inside of a policy copy, and how one is put together.  For policy/load
 * and policy/policy only: everybody else asks through policy.h.
 *
 * Filled in one pass over the rows, then build_finish() sorts and indexes.
 * Memory running out anywhere makes build_finish() answer NULL.
 */

#include "policy.h"
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

/* Principals by name: open addressing, PRINCIPAL_NONE marks a free slot. */
struct name_index {
	principal_id *slots;
	uint32_t mask;
};

/* Everything but the suspensions; shared by copies that differ in those. */
struct tables {
	atomic_uint users;
	char *text; /* all names and forms; offset 0 is "" */
	uint32_t text_len, text_cap;
	struct principal *principals;
	uint32_t principal_count, principal_cap;
	struct name_index names;
	struct grant *grants, *denies;
	uint32_t grant_count, grant_cap, deny_count, deny_cap;
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
	struct settings settings; /* each string malloc'ed */
	bool failed;		  /* out of memory: nothing after it counts */
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

/* Adds a suspension; of two of one name the later end stays. */
void build_suspension(
    struct policy *p, const char *name, int64_t until, const char *why);

/* Sorts and indexes.  False: out of memory; the caller frees `p`. */
bool build_finish(struct policy *p);

#endif
