/* Names and addresses as typed: canonical, and there. */
#include "policy/command/names.h"
#include "policy/cidr.h"
#include "policy/login.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

bool
names_form(
    struct command *c, const char *typed, bool templates, struct form *out)
{
	enum address_status status = form_parse(typed, templates, out);

	if (status == ADDRESS_OK)
		return true;
	if (status == ADDRESS_NO_MEMORY)
		return db_fail(&c->db, STATUS_UNKNOWN, "out of memory");
	return db_fail(&c->db, STATUS_USAGE,
	    "\"%s\" is no address form: %s; write a@d, @d, @.d, dev-*@d, <> "
	    "or *%s",
	    typed, address_strerror(status),
	    templates ? ", or {login}, {user}@d or @{domain}" : "");
}

bool
names_domain(
    struct command *c, const char *typed, char out[ADDRESS_DOMAIN_MAX + 1])
{
	enum address_status status =
	    address_parse_domain(typed, strlen(typed), out);

	if (status == ADDRESS_OK)
		return true;
	if (status == ADDRESS_NO_MEMORY)
		return db_fail(&c->db, STATUS_UNKNOWN, "out of memory");
	return db_fail(&c->db, STATUS_USAGE, "\"%s\" is no domain: %s", typed,
	    address_strerror(status));
}

bool
names_cidr(struct command *c, const char *typed, char out[NAMES_CIDR_MAX + 1])
{
	struct cidr cidr;
	char address[INET6_ADDRSTRLEN];

	if (!cidr_parse(typed, &cidr))
		return db_fail(&c->db, STATUS_USAGE,
		    "\"%s\" is no network: write 192.0.2.1, 192.0.2.0/24, "
		    "2001:db8::1 or 2001:db8::/32",
		    typed);
	inet_ntop(cidr.ip.six ? AF_INET6 : AF_INET, cidr.ip.bytes, address,
	    sizeof(address));
	/* the tables take no dots in an IPv6 address */
	if (cidr.ip.six && strchr(address, '.') != NULL)
		snprintf(address, sizeof(address), "::%x:%x",
		    cidr.ip.bytes[12] << 8 | cidr.ip.bytes[13],
		    cidr.ip.bytes[14] << 8 | cidr.ip.bytes[15]);
	if (cidr.bits == (cidr.ip.six ? 128 : 32))
		snprintf(out, NAMES_CIDR_MAX + 1, "%s", address);
	else
		snprintf(out, NAMES_CIDR_MAX + 1, "%s/%d", address, cidr.bits);
	return true;
}

bool
names_number(struct command *c, const char *what, const char *typed)
{
	return (typed[0] != '\0' &&
		   strspn(typed, "0123456789") == strlen(typed) &&
		   strlen(typed) <= 9) ||
	       db_fail(&c->db, STATUS_USAGE,
		   "%s takes a number of at most nine digits, not \"%s\"", what,
		   typed);
}

bool
names_canonical(struct command *c, const char *typed, char out[LOGIN_MAX + 1])
{
	if (login_canonical(typed, "", out))
		return true;
	return db_fail(&c->db, STATUS_USAGE,
	    "\"%s\" is no name: 1 to %d bytes without control characters",
	    typed, LOGIN_MAX);
}

/* `login`, `group`, or NULL: not there. */
static char *
kind_of(struct command *c, const char *name)
{
	return db_text(&c->db, SQL_PRINCIPAL_KIND, name);
}

bool
names_new(struct command *c, const char *typed, char out[LOGIN_MAX + 1])
{
	char *there;

	if (c->db.status != STATUS_OK || !names_canonical(c, typed, out))
		return false;
	if (login_is_reserved(out))
		return db_fail(&c->db, STATUS_REFUSED, "%s is built in", out);
	there = kind_of(c, out);
	if (there != NULL)
		db_fail(&c->db, STATUS_REFUSED, "there is a %s %s already",
		    there, out);
	free(there);
	return c->db.status == STATUS_OK;
}

/* The kind of the same login with default_realm added or taken away; `name`
 * becomes that. */
static char *
kind_of_other_form(struct command *c, char name[LOGIN_MAX + 1])
{
	char *realm = db_text(&c->db, SQL_SETTING, "default_realm");
	char other[LOGIN_MAX + 1] = "", *at = strrchr(name, '@'), *kind = NULL;

	if (realm != NULL && realm[0] != '\0') {
		if (at == NULL)
			login_canonical(name, realm, other);
		else if (strcasecmp(at + 1, realm) == 0)
			snprintf(other, sizeof(other), "%.*s", (int)(at - name),
			    name);
		kind = kind_of(c, other);
		if (kind != NULL)
			strcpy(name, other);
	}
	free(realm);
	return kind;
}

/* Adds the row of a login, if that alone changes nothing. */
static bool
create(struct command *c, const char *name)
{
	char *unknown = db_text(&c->db, SQL_SETTING, "unknown_login");
	const char *at = strrchr(name, '@');
	char *realms =
	    at != NULL ? db_text(&c->db, SQL_REALMS_LACK, at + 1) : NULL;

	if (unknown != NULL && strcmp(unknown, "reject") == 0)
		db_fail(&c->db, STATUS_REFUSED,
		    "there is no login or group %s, and unknown_login is "
		    "reject: first authpolicy login add %s",
		    name, name);
	else if (realms != NULL)
		db_fail(&c->db, STATUS_REFUSED,
		    "%s cannot log in: realms is %s; see authpolicy set realms",
		    name, realms);
	else if (db_run(&c->db, SQL_PRINCIPAL_ADD, name, "login", NULL))
		diag_add(&c->changes, "login %s added", name);
	free(unknown);
	free(realms);
	return c->db.status == STATUS_OK;
}

bool
names_principal(struct command *c, const char *typed, enum names_want want,
    char out[LOGIN_MAX + 1])
{
	static const char *const words[] = {
	    [NAMES_ANY] = "login or group",
	    [NAMES_MAYBE] = "login or group",
	    [NAMES_LOGIN] = "login",
	    [NAMES_GROUP] = "group",
	    [NAMES_CREATE] = "login or group",
	    [NAMES_CREATE_LOGIN] = "login",
	};
	bool any =
	    want == NAMES_ANY || want == NAMES_MAYBE || want == NAMES_CREATE;
	char *kind;

	if (c->db.status != STATUS_OK)
		return false;
	if (typed[0] == '@' && any) {
		strcpy(out, "@");
		return names_domain(c, typed + 1, out + 1);
	}
	if (!names_canonical(c, typed, out))
		return false;
	kind = kind_of(c, out);
	if (kind == NULL)
		kind = kind_of_other_form(c, out);
	if (kind == NULL &&
	    (want == NAMES_CREATE || want == NAMES_CREATE_LOGIN))
		return create(c, out);
	if (kind == NULL && want == NAMES_MAYBE)
		return c->db.status == STATUS_OK;
	if (kind == NULL && c->db.status == STATUS_OK)
		db_fail(&c->db, STATUS_REFUSED,
		    "there is no %s %s; make it first: authpolicy %s add %s",
		    words[want], out,
		    want == NAMES_GROUP	  ? "group"
		    : want == NAMES_LOGIN ? "login"
					  : "login (or group)",
		    out);
	else if (kind != NULL && !any && strcmp(kind, words[want]) != 0)
		db_fail(&c->db, STATUS_REFUSED, "%s is a %s, not a %s", out,
		    kind, words[want]);
	free(kind);
	return c->db.status == STATUS_OK;
}
