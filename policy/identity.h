#ifndef POLICY_IDENTITY_H
#define POLICY_IDENTITY_H

/*
 * Clients that are a login without SASL, and peers whose word about a login
 * is believed.
 */

#include "cidr.h"
#include "policy.h"

/* The login of the longest network that the address is in; PRINCIPAL_NONE. */
principal_id policy_network_login(const struct policy *p, const struct ip *ip);

/* The login of a certificate, whole values compared byte for byte. */
principal_id policy_certificate_login(
    const struct policy *p, const char *subject, const char *issuer);

/* The login of mail that did not come by SMTP. */
principal_id policy_local_login(const struct policy *p);

/*
 * May `peer`, at this address (NULL: not told), say that a message is from
 * the address in `l`?
 */
bool policy_peer_asserts(const struct policy *p, principal_id peer,
    const struct ip *client, const struct lookup *l);

#endif
