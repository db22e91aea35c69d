/*
 * May a client use an address?  The wall between tenants first, then denies,
 * then grants: whatever forbids is asked before whatever allows.
 */
#include "decision.h"

#include <string.h>

static void
set_grant_row(struct decision *d, const char *table, const struct grant *g)
{
	set_row(d, table, policy_name(d->policy, g->principal),
	    policy_grant_text(d->policy, g));
}

void
names_init(const struct decision *d, struct names *n, const struct address *a)
{
	struct address base;

	lookup_init(&n->at[0], a);
	n->count = 1;
	if (policy_local_domain(d->policy, address_domain(a)) != NULL &&
	    address_base(a, d->settings->recipient_delimiter, &base)) {
		lookup_init(&n->at[1], &base);
		n->count = 2;
	}
}

/* The wall between tenants: is the domain owned by somebody else? */
static bool
is_walled(struct decision *d, const struct address *a)
{
	const struct local_domain *domain =
	    policy_local_domain(d->policy, address_domain(a));
	principal_id owner;

	if (domain == NULL || domain->owner[0] == '\0')
		return false;
	if (!d->client->anonymous &&
	    strcmp(domain->owner, d->client->principals.domain_name) == 0)
		return false;
	owner = policy_principal(d->policy, domain->owner);
	for (size_t i = 0; i < principals_count(&d->client->principals); i++)
		if (owner != PRINCIPAL_NONE &&
		    principals_at(&d->client->principals, i) == owner)
			return false;
	set_row(d, "local_domain", domain->name, "");
	say(d, "the domain %s belongs to %s alone", domain->name,
	    domain->owner);
	return true;
}

/* Is the login granted, by name, the address or the base that was denied? */
static bool
is_excepted(const struct decision *d, const struct names *n, size_t denied,
    enum scope scope)
{
	for (size_t k = 0; k <= denied; k++)
		if (policy_grant_exact(d->policy, d->client->principals.self,
			&n->at[k].address, scope, MANNER_AS,
			d->facts->time) != NULL)
			return true;
	return false;
}

/*
 * A deny on the login always wins; one on a group, its domain or everyone
 * beats all grants but one to the login by name for exactly that address.
 */
static bool
is_denied(struct decision *d, const struct names *n, enum scope scope)
{
	for (size_t i = 0; i < principals_count(&d->client->principals); i++)
		for (size_t k = 0; k < n->count; k++) {
			const struct grant *deny = policy_deny(d->policy,
			    principals_at(&d->client->principals, i),
			    &n->at[k]);

			if (deny == NULL)
				continue;
			set_grant_row(d, "deny_as", deny);
			if (i == 0 || !is_excepted(d, n, k, scope))
				return true;
			say(d,
			    "%s is overruled by a grant to the login by name",
			    d->row);
		}
	return false;
}

/* The first grant to any of the client's principals, the address before its
 * base. */
static const struct grant *
find_grant(struct decision *d, const struct names *n, enum scope scope,
    enum manner manner)
{
	const struct address *a = &n->at[0].address;

	for (size_t k = 0; k < n->count; k++) {
		const struct grant *other =
		    k == 0 ? NULL
			   : policy_granted_by_name(d->policy, a,
				 d->client->principals.self, d->facts->time);

		if (other != NULL) {
			say(d,
			    "%s is granted by name to %s, so it is no "
			    "sub-address of %s",
			    a->text, policy_name(d->policy, other->principal),
			    n->at[k].address.text);
			break;
		}
		for (size_t i = 0; i < principals_count(&d->client->principals);
		     i++) {
			const struct grant *g = policy_grant(d->policy,
			    principals_at(&d->client->principals, i), &n->at[k],
			    &d->client->who, scope, manner, d->facts->time);

			if (g != NULL)
				return g;
		}
	}
	return NULL;
}

/* Tells the rows the client has, for explanations. */
static void
say_nearest(const struct decision *d, const struct address *a)
{
	const char *domain = address_domain(a);
	size_t told = 0;

	for (size_t i = 0;
	     d->trace != NULL && i < principals_count(&d->client->principals);
	     i++) {
		const struct grant *rows;
		size_t count = policy_grants(
		    d->policy, principals_at(&d->client->principals, i), &rows);

		for (size_t r = 0; r < count && told < 20; r++) {
			const char *text =
			    policy_grant_text(d->policy, &rows[r]);
			const char *at = strrchr(text, '@');

			if (count > 20 &&
			    (at == NULL || strcmp(at + 1, domain) != 0))
				continue;
			say(d, "does not cover it: send_as(%s, %s)",
			    policy_name(d->policy, rows[r].principal), text);
			told++;
		}
	}
	if (told == 0)
		say(d, "no grant comes near it");
	if (!d->client->anonymous)
		say(d, "to allow it: authpolicy grant '%s' '%s'",
		    d->client->login, a->kind == ADDRESS_NULL ? "<>" : a->text);
}

enum use
may_use(struct decision *d, const struct address *a, enum scope scope)
{
	const struct grant *g;
	struct names names;

	if (is_walled(d, a))
		return USE_WALLED;
	names_init(d, &names, a);
	if (is_denied(d, &names, scope))
		return USE_DENIED;
	g = find_grant(d, &names, scope, MANNER_AS);
	if (g != NULL) {
		set_grant_row(d, "send_as", g);
		say(d, "%s is granted: %s", a->text, d->row);
		return USE_GRANTED;
	}
	g = find_grant(d, &names, scope, MANNER_ON_BEHALF);
	if (g != NULL) {
		set_grant_row(d, "send_as", g);
		say(d, "%s is granted on behalf: %s", a->text, d->row);
		return USE_ON_BEHALF;
	}
	d->row[0] = '\0';
	say_nearest(d, a);
	return USE_NOT_GRANTED;
}
