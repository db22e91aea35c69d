/* Who the client is, as a list of principals from itself to everyone. */
#include "decision.h"

#include "identity.h"
#include "login.h"
#include "xtext.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define CERTIFICATE_NAME_MAX 1000 /* octets of a subject or issuer */
#define AUTH_PARAM_MAX 500	  /* octets, RFC 4954 section 5 */

/* What templates are filled with: the login as an address, or, a bare dot-atom,
 * as the local part of any. */
static void
fill_templates(struct decision *d)
{
	const char *login = d->client->login;
	struct who *who = &d->client->who;
	char plain[LOGIN_MAX + 3];
	enum address_status status;

	if (who->domain[0] != '\0') {
		who->domain_local =
		    policy_local_domain(d->policy, who->domain) != NULL;
		status = address_parse(login, strlen(login), &who->self);
		who->address = status == ADDRESS_OK;
	} else if (strchr(login, '@') == NULL) {
		snprintf(plain, sizeof(plain), "%s@x", login);
		status = address_parse(plain, strlen(plain), &who->self);
		if (who->self.text[0] == '"')
			return;
	} else {
		return;
	}
	d->failed = d->failed || status == ADDRESS_NO_MEMORY;
	if (status != ADDRESS_OK)
		return;
	memcpy(d->client->user, who->self.text, who->self.local_len);
	d->client->user[who->self.local_len] = '\0';
}

/* Leaves nothing of the client but a built-in group. */
static void
set_nobody(struct decision *d, principal_id built_in)
{
	d->client->login_known = false;
	principals_only(built_in, &d->client->principals);
	d->client->who.domain = d->client->who.user = "";
	d->client->who.domain_local = d->client->who.address = false;
}

/*
 * Makes `name` the login.  One that can't be a login, or that names a group or
 * something built in, is nobody's: then only `everyone` is left of it.
 */
static void
set_login(struct decision *d, const char *name, enum identified by)
{
	const char *realm = d->settings->default_realm;
	char *login = d->client->login;
	char bare[LOGIN_MAX + 1];

	set_nobody(d, policy_everyone(d->policy));
	d->client->identified = by;
	if (!login_canonical(name, "", bare) ||
	    !login_canonical(name, realm, login) ||
	    !is_login_name(d->policy, bare) || !is_login_name(d->policy, login))
		return;
	d->client->login_known = true;
	if (!principals_of(d->policy, login, &d->client->principals))
		d->failed = true;
	d->client->who.user = d->client->user;
	d->client->user[0] = '\0';
	if (d->client->principals.domain_name[0] != '\0')
		d->client->who.domain = d->client->principals.domain_name + 1;
	if (policy_has_templates(d->policy))
		fill_templates(d);
}

/* Decodes a name of at most CERTIFICATE_NAME_MAX octets as Sendmail tells it:
 * xtext, but for the `=` of /O=Corp/CN=name. */
static bool
decode_name(const char *told, char out[CERTIFICATE_NAME_MAX + 1])
{
	char xtext[3 * CERTIFICATE_NAME_MAX + 1], *to = xtext;

	for (; *told != '\0'; told++)
		if (*told == '=') {
			memcpy(to, "+3D", 3);
			to += 3;
		} else {
			*to++ = *told;
		}
	*to = '\0';
	return xtext_decode(xtext, out);
}

/*
 * The login of the client's certificate.  Sendmail tells those it could not
 * verify as well, in xtext; Postfix tells only trusted ones.
 */
static principal_id
certificate_login(const struct decision *d)
{
	const struct facts *f = d->facts;
	char subject[CERTIFICATE_NAME_MAX + 1];
	char issuer[CERTIFICATE_NAME_MAX + 1];

	if (f->cert_subject == NULL || f->cert_issuer == NULL ||
	    strlen(f->cert_subject) > CERTIFICATE_NAME_MAX ||
	    strlen(f->cert_issuer) > CERTIFICATE_NAME_MAX)
		return PRINCIPAL_NONE;
	if (f->mta != MTA_POSTFIX &&
	    (f->verify == NULL || strcmp(f->verify, "OK") != 0))
		return PRINCIPAL_NONE;
	if (f->mta != MTA_SENDMAIL)
		return policy_certificate_login(
		    d->policy, f->cert_subject, f->cert_issuer);
	if (!decode_name(f->cert_subject, subject) ||
	    !decode_name(f->cert_issuer, issuer))
		return PRINCIPAL_NONE;
	return policy_certificate_login(d->policy, subject, issuer);
}

/* Who the client is without SASL.  False: nobody. */
static bool
identify_without_sasl(struct decision *d)
{
	enum identified by = BY_CERTIFICATE;
	principal_id id = certificate_login(d);

	if (d->facts->local) {
		by = BY_LOCAL;
		id = policy_local_login(d->policy);
	} else if (id == PRINCIPAL_NONE && d->client->has_ip) {
		by = BY_NETWORK;
		id = policy_network_login(d->policy, &d->client->ip);
	}
	if (id != PRINCIPAL_NONE)
		set_login(d, policy_name(d->policy, id), by);
	return id != PRINCIPAL_NONE;
}

/* Reads AUTH=: the address it is, and the login that this would be. */
static bool
read_auth_param(struct decision *d, const char *xtext, struct address *a,
    char login[LOGIN_MAX + 1])
{
	char decoded[AUTH_PARAM_MAX + 1];
	enum address_status status;

	if (strlen(xtext) > AUTH_PARAM_MAX || !xtext_decode(xtext, decoded))
		return false;
	status = address_parse(decoded, strlen(decoded), a);
	d->failed = d->failed || status == ADDRESS_NO_MEMORY;
	return status == ADDRESS_OK &&
	       login_canonical(decoded, d->settings->default_realm, login);
}

/*
 * The login that MAIL's AUTH= names, RFC 4954 section 5, if the peer may be
 * believed: it is a login and not suspended, a row of trusted_peer covers the
 * value, and the value has a row of its own.  Else AUTH= changes nothing.
 */
static void
believe_auth_param(struct decision *d)
{
	const char *value = d->facts->auth_param;
	char login[LOGIN_MAX + 1];
	struct address a;
	struct names names;
	principal_id id;
	bool covered = false;

	if (value == NULL)
		return;
	if (!d->client->login_known ||
	    d->client->principals.self == PRINCIPAL_NONE ||
	    !read_auth_param(d, value, &a, login)) {
		say(d, "AUTH=%s is not believed", value);
		return;
	}
	id = policy_principal(d->policy, login);
	names_init(d, &names, &a);
	for (size_t i = 0; i < names.count; i++)
		covered =
		    covered ||
		    policy_peer_asserts(d->policy, d->client->principals.self,
			d->client->has_ip ? &d->client->ip : NULL,
			&names.at[i]);
	if (!covered || id == PRINCIPAL_NONE ||
	    policy_kind(d->policy, id) != PRINCIPAL_LOGIN ||
	    find_suspension(d, d->client->login, &d->client->principals) !=
		NULL) {
		say(d, "AUTH=%s is not believed", value);
		return;
	}
	say(d, "AUTH=%s is believed of %s", value, d->client->login);
	memcpy(d->client->peer, d->client->login, sizeof(login));
	set_login(d, login, BY_AUTH_PARAM);
}

/* The login that the client has shown, or that a trusted peer names. */
static void
find_login(struct decision *d)
{
	const struct facts *f = d->facts;
	bool sasl = f->login != NULL && f->login[0] != '\0' &&
		    (f->mechanism == NULL ||
			strcasecmp(f->mechanism, "ANONYMOUS") != 0);

	d->client->has_ip =
	    f->client != NULL && ip_parse(f->client, &d->client->ip);
	if (sasl)
		set_login(d, f->login_malformed ? "" : f->login, BY_SASL);
	else if (!identify_without_sasl(d)) {
		d->client->anonymous = true;
		set_nobody(d, policy_anonymous(d->policy));
		return;
	}
	believe_auth_param(d);
}

/* The mode of the most specific principal that has one, else the setting. */
static enum mode
mode_in_force(const struct decision *d)
{
	enum mode mode = policy_mode(d->policy, d->client->principals.self);
	enum mode groups = MODE_INHERIT;

	for (size_t i = 0;
	     i < d->client->principals.group_count && groups != MODE_ENFORCE;
	     i++) {
		enum mode group =
		    policy_mode(d->policy, d->client->principals.groups[i]);

		groups = group == MODE_INHERIT ? groups : group;
	}
	if (mode == MODE_INHERIT)
		mode = groups; /* enforce if any group says so */
	if (mode == MODE_INHERIT)
		mode = policy_mode(d->policy, d->client->principals.domain);
	if (mode == MODE_INHERIT)
		mode = policy_mode(d->policy, d->client->principals.everyone);
	return mode == MODE_INHERIT ? d->settings->mode : mode;
}

void
identify(struct decision *d)
{
	find_login(d);
	d->client->mode = mode_in_force(d);
}
