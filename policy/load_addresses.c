/* Loading which addresses there are and who may use them. */
#include "loader.h"

#include "when.h"

#include <string.h>

void
on_local_domain(struct loader *l, const struct row *row)
{
	const char *text = shown(row->at[0]);
	char name[ADDRESS_DOMAIN_MAX + 1];
	char owner[LOGIN_MAX + 1] = "";
	enum address_status status =
	    noted(l, address_parse_domain(text, strlen(text), name));

	if (status != ADDRESS_OK)
		diag_add(loader_errors(l), "local_domain %s: the name %s", text,
		    address_strerror(status));
	else if (row->at[1] != NULL &&
		 (!canonical_name(l, row->at[1], owner) ||
		     find_principal(l, row->at[1]) == PRINCIPAL_NONE))
		diag_add(loader_errors(l),
		    "local_domain %s: no such principal as its owner %s", text,
		    row->at[1]);
	else
		build_domain(l->policy->t, name, owner);
}

/* Reads what send_as alone has.  False: the row is skipped. */
static bool
read_grant(const struct row *row, enum scope *scope, enum manner *manner,
    int64_t *from, int64_t *until)
{
	*scope = is(row->at[2], "envelope") ? SCOPE_ENVELOPE
		 : is(row->at[2], "header") ? SCOPE_HEADER
					    : SCOPE_ANY;
	*manner = is(row->at[3], "as") ? MANNER_AS : MANNER_ON_BEHALF;
	*from = INT64_MIN;
	*until = WHEN_EVER;
	return (*scope != SCOPE_ANY || is(row->at[2], "any")) &&
	       (*manner == MANNER_AS ||
		   (is(row->at[3], "on-behalf") && *scope == SCOPE_HEADER)) &&
	       (row->at[4] == NULL ||
		   when_parse(row->at[4], WHEN_FROM, from)) &&
	       (row->at[5] == NULL ||
		   when_parse(row->at[5], WHEN_UNTIL, until));
}

void
on_send_as(struct loader *l, const struct row *row)
{
	const char *address = shown(row->at[1]);
	principal_id id = find_principal(l, row->at[0]);
	struct form form;
	enum address_status status = noted(l, form_parse(address, true, &form));
	enum scope scope;
	enum manner manner;
	int64_t from, until;
	const char *why = NULL;

	if (id == PRINCIPAL_NONE)
		why = "there is no such principal";
	else if (status != ADDRESS_OK)
		why = address_strerror(status);
	else if (!read_grant(row, &scope, &manner, &from, &until))
		why = "scope, manner or dates are not as they may be";
	else
		build_grant(
		    l->policy->t, id, &form, scope, manner, from, until);
	if (why != NULL)
		diag_add(&l->report->warnings,
		    "send_as (%s, %s): skipped: %s; mend or delete the row",
		    shown(row->at[0]), address, why);
}

void
on_deny_as(struct loader *l, const struct row *row)
{
	const char *address = shown(row->at[1]);
	principal_id id = find_principal(l, row->at[0]);
	struct form form;
	enum address_status status =
	    noted(l, form_parse(address, false, &form));

	if (id == PRINCIPAL_NONE)
		diag_add(loader_errors(l),
		    "deny_as (%s, %s): there is no such principal; create it "
		    "or delete the row",
		    shown(row->at[0]), address);
	else if (status != ADDRESS_OK)
		diag_add(loader_errors(l),
		    "deny_as (%s, %s): the address %s; mend or delete the row",
		    shown(row->at[0]), address, address_strerror(status));
	else
		build_deny(l->policy->t, id, &form);
}
