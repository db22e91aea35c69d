/* Names and addresses as typed: canonical, and there. */
#include "policy/command/names.h"
#include "policy/login.h"

#include <stdlib.h>
#include <string.h>

static bool
wrong(struct command *c, enum status status)
{
	c->db.status = status;
	return false;
}

bool
names_form(
    struct command *c, const char *typed, bool templates, struct form *out)
{
	enum address_status status = form_parse(typed, templates, out);

	if (status == ADDRESS_OK)
		return true;
	if (status == ADDRESS_NO_MEMORY)
		return wrong(c, fail(STATUS_UNKNOWN, "out of memory"));
	return wrong(
	    c, fail(STATUS_USAGE,
		   "\"%s\" is no address form: %s; "
		   "write a@d, @d, @.d, dev-*@d, <> or *%s",
		   typed, address_strerror(status),
		   templates ? ", or {login}, {user}@d or @{domain}" : ""));
}

bool
names_domain(
    struct command *c, const char *typed, char out[ADDRESS_DOMAIN_MAX + 1])
{
	enum address_status status =
	    address_parse_domain(typed, strlen(typed), out);

	if (status == ADDRESS_OK)
		return true;
	return wrong(
	    c, fail(status == ADDRESS_NO_MEMORY ? STATUS_UNKNOWN : STATUS_USAGE,
		   "\"%s\" is no domain: %s", typed, address_strerror(status)));
}

bool
names_new(struct command *c, const char *typed, char out[LOGIN_MAX + 1])
{
	if (!login_canonical(typed, "", out))
		return wrong(c, fail(STATUS_USAGE,
				    "\"%s\" is no name: it has "
				    "1 to %d bytes and no control characters",
				    typed, LOGIN_MAX));
	if (login_is_reserved(out))
		return wrong(c, fail(STATUS_REFUSED, "%s is built in", out));
	return true;
}

/* `login`, `group`, or NULL: not there. */
static char *
kind(struct command *c, const char *name)
{
	return db_text(&c->db, SQL_PRINCIPAL_KIND, name);
}

/* The row of the same login with default_realm added or taken away. */
static char *
other_form(struct command *c, char name[LOGIN_MAX + 1])
{
	char *realm = db_text(&c->db, SQL_SETTING, "default_realm");
	char other[LOGIN_MAX + 1], *at = strrchr(name, '@'), *found = NULL;

	if (realm != NULL && realm[0] != '\0') {
		if (at == NULL)
			login_canonical(name, realm, other);
		else
			login_canonical(name, "", other);
		if (at != NULL && strcasecmp(at + 1, realm) == 0)
			other[at - name] = '\0';
		found = kind(c, other);
		if (found != NULL)
			memcpy(name, other, sizeof(other));
	}
	free(realm);
	return found;
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
		wrong(c, fail(STATUS_REFUSED,
			     "there is no login or group %s, "
			     "and unknown_login is reject: first authpolicy "
			     "login add "
			     "%s",
			     name, name));
	else if (realms != NULL)
		wrong(c, fail(STATUS_REFUSED,
			     "%s cannot log in: realms is "
			     "%s; see authpolicy set realms",
			     name, realms));
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
	static const char *const words[] = {[NAMES_ANY] = "login or group",
	    [NAMES_LOGIN] = "login",
	    [NAMES_GROUP] = "group"};
	char *found;

	if (typed[0] == '@') {
		strcpy(out, "@");
		if (want == NAMES_LOGIN || want == NAMES_GROUP)
			return wrong(c, fail(STATUS_USAGE, "%s is no %s", typed,
					    words[want]));
		return names_domain(c, typed + 1, out + 1);
	}
	if (!login_canonical(typed, "", out))
		return names_new(c, typed, out);
	found = kind(c, out);
	if (found == NULL)
		found = other_form(c, out);
	if (found == NULL && want == NAMES_CREATE)
		return create(c, out);
	if (found == NULL && c->db.status == STATUS_OK)
		wrong(c, fail(STATUS_REFUSED, "there is no %s %s", words[want],
			     out));
	else if ((want == NAMES_LOGIN || want == NAMES_GROUP) &&
		 found != NULL && strcmp(found, words[want]) != 0)
		wrong(c, fail(STATUS_REFUSED, "%s is a %s, not a %s", out,
			     found, words[want]));
	free(found);
	return c->db.status == STATUS_OK;
}
