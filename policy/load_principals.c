/* Loading who there is: principals, their suspensions, who is in which group.
 */
#include "loader.h"

#include "login.h"
#include "when.h"

#include <string.h>

bool
canonical_name(struct loader *l, const char *name, char out[LOGIN_MAX + 1])
{
	const struct tables *t = l->policy->t;
	const char *realm = t->settings.default_realm;
	char domain[ADDRESS_DOMAIN_MAX + 1];
	enum address_status status;
	principal_id id;

	if (name == NULL || !login_canonical(name, "", out))
		return false;
	if (out[0] == '@') {
		status = noted(
		    l, address_parse_domain(out + 1, strlen(out + 1), domain));
		if (status != ADDRESS_OK)
			return false;
		memcpy(out + 1, domain, strlen(domain) + 1);
		return true;
	}
	if (realm[0] == '\0' || strchr(out, '@') != NULL ||
	    login_is_reserved(out))
		return true;
	id = build_find(t, out);
	if (id != PRINCIPAL_NONE && t->principals[id].kind == PRINCIPAL_GROUP)
		return true;
	return login_canonical(name, realm, out);
}

principal_id
find_principal(struct loader *l, const char *name)
{
	const struct tables *t = l->policy->t;
	char canonical[LOGIN_MAX + 1];
	principal_id id = l->found;

	if (!canonical_name(l, name, canonical))
		return PRINCIPAL_NONE;
	/* tables are kept by name: it is often the one of the last row, or the
	 * next one */
	for (int i = 0; i < 2 && id < t->principal_count; i++, id++)
		if (strcmp(t->text + t->principals[id].name, canonical) == 0)
			return l->found = id;
	id = canonical[0] == '@'
		 ? build_principal(l->policy->t, canonical, PRINCIPAL_GROUP)
		 : build_find(l->policy->t, canonical);
	if (id != PRINCIPAL_NONE)
		l->found = id;
	return id;
}

/* Of two rows that become one login, the stricter word stays. */
static void
merge_modes(struct loader *l, principal_id id, const struct row *row)
{
	struct principal *p = &l->policy->t->principals[id];
	const char *mode = row->at[5], *originators = row->at[6];

	if (is(mode, "enforce"))
		p->mode = MODE_ENFORCE;
	else if (is(mode, "monitor"))
		p->mode = p->mode == MODE_ENFORCE ? MODE_ENFORCE : MODE_MONITOR;
	else if (mode != NULL)
		diag_add(loader_errors(l),
		    "principal %s: mode %s is not enforce or monitor",
		    row->at[0], mode);
	if (originators == NULL)
		return;
	if (is(originators, "strict"))
		p->originators = ORIGINATORS_STRICT;
	else if (is(originators, "aligned"))
		p->originators = ORIGINATORS_ALIGNED;
	else if (is(originators, "off"))
		p->originators = ORIGINATORS_OFF;
	else
		diag_add(loader_errors(l),
		    "principal %s: originators %s is not strict, aligned or "
		    "off",
		    row->at[0], originators);
}

static void
read_suspension(struct loader *l, const char *name, const struct row *row)
{
	const char *until = row->at[3], *why = row->at[4];
	struct suspension s = {.until = WHEN_EVER};

	if (is(row->at[2], "active"))
		return;
	if (!is(row->at[2], "suspended"))
		diag_add(loader_errors(l),
		    "principal %s: state %s is not active or suspended",
		    shown(row->at[0]), shown(row->at[2]));
	else if (until != NULL && !when_parse(until, WHEN_UNTIL, &s.until))
		diag_add(loader_errors(l),
		    "principal %s: suspended_until %s is not a date like "
		    "2026-12-31 or 2026-12-31T18:00:00Z",
		    shown(row->at[0]), until);
	/* even then it is suspended: for ever, until somebody mends it */
	s.name = name;
	s.why = why == NULL ? "" : why;
	s.limit = "";
	build_suspension(l->policy, &s);
}

/* The canonical name of a row's own: a group is known for one only afterwards,
 * and takes no realm. */
static bool
own_name(struct loader *l, const char *name, enum principal_kind kind,
    char out[LOGIN_MAX + 1])
{
	if (kind == PRINCIPAL_GROUP && name != NULL && name[0] != '@')
		return login_canonical(name, "", out);
	return canonical_name(l, name, out);
}

/* Adds a row of principal whose kind is `kind`. */
static void
add_principal(struct loader *l, const struct row *row, enum principal_kind kind)
{
	char name[LOGIN_MAX + 1];
	principal_id id;

	if (!own_name(l, row->at[0], kind, name)) {
		diag_add(loader_errors(l),
		    "principal %s: the name is empty, longer than %d bytes or "
		    "has control characters",
		    shown(row->at[0]), LOGIN_MAX);
		return;
	}
	id = build_principal(l->policy->t, name, kind);
	if (id == PRINCIPAL_NONE)
		return;
	if (l->policy->t->principals[id].kind != kind ||
	    (kind == PRINCIPAL_LOGIN && login_is_reserved(name))) {
		diag_add(loader_errors(l),
		    "principal %s: a login can't have the name of a group or "
		    "a reserved one; rename it",
		    row->at[0]);
		return;
	}
	merge_modes(l, id, row);
	read_suspension(l, name, row);
}

/* Groups go first: they decide what a name in another row means. */
void
on_group(struct loader *l, const struct row *row)
{
	if (is(row->at[1], "group"))
		add_principal(l, row, PRINCIPAL_GROUP);
}

void
on_login(struct loader *l, const struct row *row)
{
	if (is(row->at[1], "login"))
		add_principal(l, row, PRINCIPAL_LOGIN);
	else if (!is(row->at[1], "group"))
		diag_add(loader_errors(l),
		    "principal %s: kind %s is not login or group",
		    shown(row->at[0]), shown(row->at[1]));
}

void
on_membership(struct loader *l, const struct row *row)
{
	const struct tables *t = l->policy->t;
	principal_id group = find_principal(l, row->at[0]);
	principal_id login = find_principal(l, row->at[1]);

	if (group == PRINCIPAL_NONE || login == PRINCIPAL_NONE ||
	    t->principals[group].kind != PRINCIPAL_GROUP ||
	    t->principals[login].kind != PRINCIPAL_LOGIN ||
	    login_is_reserved(t->text + t->principals[group].name))
		diag_add(loader_errors(l),
		    "membership (%s, %s): no such group or no such login; "
		    "create it or delete the row",
		    shown(row->at[0]), shown(row->at[1]));
	else
		build_member(l->policy->t, login, group);
}
