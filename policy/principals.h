#ifndef POLICY_PRINCIPALS_H
#define POLICY_PRINCIPALS_H

#include "policy.h"

/* The principals a login is, the most specific first. */
struct principals {
	principal_id self;	    /* its own row */
	const principal_id *groups; /* borrowed from the policy */
	size_t group_count;
	principal_id domain, everyone;
	char domain_name[ADDRESS_DOMAIN_MAX + 2]; /* `@d`; "": it has none */
};

/* `login` is in its one form, see login_canonical().  False: could not tell,
 * memory is out. */
bool principals_of(
    const struct policy *p, const char *login, struct principals *out);

/* Is it a name in that form that a login may have: neither reserved nor that
 * of a group or a set? */
bool is_login_name(const struct policy *p, const char *name);

/* One of the built-in groups alone: `everyone`, of a login that is nobody's, or
 * `anonymous`. */
void principals_only(principal_id built_in, struct principals *out);

/* In that order; rows that are not there are PRINCIPAL_NONE. */
size_t principals_count(const struct principals *of);
principal_id principals_at(const struct principals *of, size_t i);

#endif
