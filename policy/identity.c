/* Who is a login without SASL, and who is believed. */
#include "identity.h"

#include "build.h"

#include <stdlib.h>
#include <string.h>

static int
compare_network_ids(const void *a, const void *b)
{
	return cidr_compare(&((const struct network_identity *)a)->cidr,
	    &((const struct network_identity *)b)->cidr);
}

static int
compare_certificates(const void *a, const void *b)
{
	const struct certificate_identity *x = a, *y = b;
	int subject = strcmp(x->subject, y->subject);

	return subject != 0 ? subject : strcmp(x->issuer, y->issuer);
}

static int
compare_peers(const void *a, const void *b)
{
	principal_id x = ((const struct peer *)a)->login;
	principal_id y = ((const struct peer *)b)->login;

	return (x > y) - (x < y);
}

void
build_identities_finish(struct tables *t)
{
	if (t->network_id_count > 0)
		qsort(t->network_ids, t->network_id_count,
		    sizeof(*t->network_ids), compare_network_ids);
	for (uint32_t i = 0; i < t->network_id_count; i++) {
		const struct cidr *c = &t->network_ids[i].cidr;

		t->id_prefixes[c->ip.six][c->bits] = true;
	}
	if (t->certificate_count > 0)
		qsort(t->certificates, t->certificate_count,
		    sizeof(*t->certificates), compare_certificates);
	if (t->peer_count > 0)
		qsort(
		    t->peers, t->peer_count, sizeof(*t->peers), compare_peers);
}

principal_id
policy_network_login(const struct policy *p, const struct ip *ip)
{
	const struct tables *t = p->t;

	if (t->network_id_count == 0)
		return PRINCIPAL_NONE;
	for (int bits = ip->six ? 128 : 32; bits >= 0; bits--) {
		struct network_identity key = {
		    .cidr = cidr_of(ip, (uint8_t)bits)};
		const struct network_identity *found;

		if (!t->id_prefixes[ip->six][bits])
			continue;
		found = bsearch(&key, t->network_ids, t->network_id_count,
		    sizeof(key), compare_network_ids);
		if (found != NULL)
			return found->login;
	}
	return PRINCIPAL_NONE;
}

principal_id
policy_certificate_login(
    const struct policy *p, const char *subject, const char *issuer)
{
	const struct tables *t = p->t;
	const struct certificate_identity key = {
	    .subject = (char *)(uintptr_t)subject,
	    .issuer = (char *)(uintptr_t)issuer};
	const struct certificate_identity *found;

	if (t->certificate_count == 0)
		return PRINCIPAL_NONE;
	found = bsearch(&key, t->certificates, t->certificate_count,
	    sizeof(key), compare_certificates);
	return found == NULL ? PRINCIPAL_NONE : found->login;
}

principal_id
policy_local_login(const struct policy *p)
{
	return p->t->local_login;
}

static bool
client_holds(const struct policy *p, const struct client_condition *c,
    const struct ip *ip)
{
	struct cidr of;

	if (c->kind == CLIENT_ANY)
		return true;
	if (ip == NULL) /* could not tell is no reason to believe */
		return false;
	if (c->kind == CLIENT_NETWORK)
		return policy_network_covers(p, c->network, ip);
	of = cidr_of(ip, c->cidr.bits);
	return cidr_compare(&of, &c->cidr) == 0;
}

bool
policy_peer_asserts(const struct policy *p, principal_id peer,
    const struct ip *client, const struct lookup *l)
{
	const struct tables *t = p->t;
	uint32_t low = 0, high = t->peer_count;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (t->peers[mid].login < peer)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < t->peer_count && t->peers[low].login == peer; low++)
		if (client_holds(p, &t->peers[low].client, client) &&
		    policy_deny(p, t->peers[low].asserts, l) != NULL)
			return true;
	return false;
}
