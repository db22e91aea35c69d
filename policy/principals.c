/* Whom a row must name to hold for a login. */
#include "principals.h"

#include "login.h"

void
principals_only(principal_id built_in, struct principals *out)
{
	out->self = out->domain = PRINCIPAL_NONE;
	out->groups = NULL;
	out->group_count = 0;
	out->everyone = built_in;
	out->domain_name[0] = '\0';
}

bool
principals_of(const struct policy *p, const char *login, struct principals *out)
{
	int has_domain;

	principals_only(policy_everyone(p), out);
	out->self = policy_principal(p, login);
	out->group_count = policy_groups(p, out->self, &out->groups);
	has_domain = login_domain(login, out->domain_name + 1);
	if (has_domain > 0) {
		out->domain_name[0] = '@';
		out->domain = policy_principal(p, out->domain_name);
	}
	return has_domain >= 0;
}

bool
is_login_name(const struct policy *p, const char *name)
{
	principal_id id = policy_principal(p, name);

	return name[0] != '\0' && !login_is_reserved(name) &&
	       (id == PRINCIPAL_NONE || policy_kind(p, id) == PRINCIPAL_LOGIN);
}

size_t
principals_count(const struct principals *of)
{
	return of->group_count + 3;
}

principal_id
principals_at(const struct principals *of, size_t i)
{
	if (i == 0)
		return of->self;
	if (i <= of->group_count)
		return of->groups[i - 1];
	return i == of->group_count + 1 ? of->domain : of->everyone;
}
