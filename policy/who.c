/* Who the client is, as a list of principals from itself to everyone. */
#include "decision.h"

#include "login.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The domain of the login, its `@d`, and what templates are filled with. */
static void
identify_domain(struct decision *d)
{
	const char *login = d->verdict->login;
	struct who *who = &d->who;
	char plain[LOGIN_MAX + 3];

	who->login = login;
	who->domain = d->login_domain;
	who->user = d->user;
	if (login_domain(login, d->login_domain)) {
		snprintf(d->domain_name, sizeof(d->domain_name), "@%s",
		    d->login_domain);
		d->domain = policy_principal(d->policy, d->domain_name);
		who->domain_local =
		    policy_local_domain(d->policy, d->login_domain) != NULL;
	}
	who->address =
	    address_parse(login, strlen(login), &who->self) == ADDRESS_OK &&
	    who->self.kind == ADDRESS_MAILBOX;
	if (!who->address && strchr(login, '@') == NULL) {
		/* a bare dot-atom is read as the local part of any domain */
		snprintf(plain, sizeof(plain), "%s@x", login);
		if (address_parse(plain, strlen(plain), &who->self) !=
			ADDRESS_OK ||
		    who->self.text[0] == '"')
			return;
	} else if (!who->address) {
		return;
	}
	memcpy(d->user, who->self.text, who->self.local_len);
	d->user[who->self.local_len] = '\0';
}

/* A name that is a group's, or reserved, is nobody's login. */
void
identify(struct decision *d)
{
	const struct facts *f = d->facts;
	char bare[LOGIN_MAX + 1];
	principal_id id;

	d->self = d->domain = d->everyone = PRINCIPAL_NONE;
	d->who.domain = d->who.user = "";
	d->anonymous = f->login == NULL || f->login[0] == '\0' ||
		       (f->mechanism != NULL &&
			   strcasecmp(f->mechanism, "ANONYMOUS") == 0);
	if (d->anonymous) {
		d->everyone = policy_principal(d->policy, "anonymous");
		return;
	}
	d->everyone = policy_principal(d->policy, "everyone");
	if (f->login_malformed || !login_canonical(f->login, "", bare) ||
	    !login_canonical(
		f->login, d->settings->default_realm, d->verdict->login))
		return;
	id = policy_principal(d->policy, bare);
	if (id != PRINCIPAL_NONE &&
	    policy_kind(d->policy, id) != PRINCIPAL_LOGIN)
		return;
	id = policy_principal(d->policy, d->verdict->login);
	if (login_is_reserved(bare) ||
	    (id != PRINCIPAL_NONE &&
		policy_kind(d->policy, id) != PRINCIPAL_LOGIN))
		return;
	d->login_known = true;
	d->self = id;
	d->group_count = policy_groups(d->policy, id, &d->groups);
	identify_domain(d);
}

size_t
principal_count(const struct decision *d)
{
	return d->group_count + 3;
}

principal_id
principal_at(const struct decision *d, size_t i)
{
	if (i == 0)
		return d->self;
	if (i <= d->group_count)
		return d->groups[i - 1];
	return i == d->group_count + 1 ? d->domain : d->everyone;
}

enum mode
mode_in_force(const struct decision *d)
{
	enum mode mode = policy_mode(d->policy, d->self);
	enum mode groups = MODE_INHERIT;

	for (size_t i = 0; i < d->group_count && groups != MODE_ENFORCE; i++) {
		enum mode group = policy_mode(d->policy, d->groups[i]);

		groups = group == MODE_INHERIT ? groups : group;
	}
	if (mode == MODE_INHERIT)
		mode = groups; /* enforce if any group says so */
	if (mode == MODE_INHERIT)
		mode = policy_mode(d->policy, d->domain);
	if (mode == MODE_INHERIT)
		mode = policy_mode(d->policy, d->everyone);
	return mode == MODE_INHERIT ? d->settings->mode : mode;
}
