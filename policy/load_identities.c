/* Loading who is a login without SASL, and whose word about a login counts. */
#include "loader.h"

#include <string.h>

void
on_identity(struct loader *l, const struct row *row)
{
	struct tables *t = l->policy->t;
	const char *kind = row->at[0];
	principal_id login = find_principal(l, row->at[5]);
	struct cidr cidr;

	if (login == PRINCIPAL_NONE ||
	    t->principals[login].kind != PRINCIPAL_LOGIN)
		diag_add(loader_errors(l),
		    "identity (%s %s%s): there is no login %s; create it or "
		    "delete the row",
		    shown(kind), shown(row->at[1]), shown(row->at[3]),
		    shown(row->at[5]));
	else if (is(kind, "certificate") && row->at[1] != NULL &&
		 row->at[2] != NULL)
		build_certificate(t, row->at[1], row->at[2], login);
	else if (is(kind, "network") && cidr_parse(shown(row->at[3]), &cidr))
		build_network_identity(t, &cidr, login);
	else if (is(kind, "local") && is(row->at[4], "-1"))
		t->local_login = login;
	else if (is(kind, "local"))
		diag_add(&l->report->warnings,
		    "identity (local, uid %s): no MTA tells a milter the uid; "
		    "the row is never used",
		    shown(row->at[4]));
	else
		diag_add(loader_errors(l),
		    "identity (%s %s): is not a certificate with subject and "
		    "issuer, a network or local; mend or delete the row",
		    shown(kind), shown(row->at[3]));
}

void
on_trusted_peer(struct loader *l, const struct row *row)
{
	struct peer peer = {.login = find_principal(l, row->at[0])};
	const char *why = NULL;

	if (peer.login == PRINCIPAL_NONE)
		why = "there is no such login";
	else if (!read_client(l, shown(row->at[1]), &peer.client))
		why = "client is no network";
	else if (!read_addresses(l, shown(row->at[2]), &peer.asserts) ||
		 peer.asserts == PRINCIPAL_NONE)
		why = "asserts is no address form";
	else
		build_peer(l->policy->t, &peer);
	if (why != NULL)
		diag_add(&l->report->warnings,
		    "trusted_peer (%s, %s, %s): skipped: %s; mend or delete "
		    "the row",
		    shown(row->at[0]), shown(row->at[1]), shown(row->at[2]),
		    why);
}
