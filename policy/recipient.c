/* The steps that look at one recipient. */
#include "decision.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Is the recipient `<Postmaster>`, RFC 5321 4.5.1, legal without a domain? */
static bool
is_postmaster(const char *typed)
{
	return strcasecmp(typed, "<postmaster>") == 0 ||
	       strcasecmp(typed, "postmaster") == 0;
}

/* 7. Is the recipient an address? */
static bool
read_recipient(struct decision *d, struct address *a)
{
	const struct facts *f = d->facts;
	const char *typed = f->recipient == NULL ? "" : f->recipient;
	const struct local_domain *first = policy_first_domain(d->policy);
	char postmaster[sizeof("postmaster@") + ADDRESS_DOMAIN_MAX];
	enum address_status status;
	int agrees;

	if (f->recipient == NULL)
		return refuse_internal(d);
	if (is_postmaster(typed) && first != NULL) {
		snprintf(postmaster, sizeof(postmaster), "postmaster@%s",
		    first->name);
		status = address_parse(postmaster, strlen(postmaster), a);
		agrees = 1;
	} else {
		status = address_parse_path(typed, a);
		agrees = status == ADDRESS_OK
			     ? mta_agrees(f, typed, a, f->rcpt_addr)
			     : 1;
	}
	if (status == ADDRESS_NO_MEMORY || agrees < 0)
		return refuse_internal(d);
	if (status == ADDRESS_OK && a->kind == ADDRESS_NULL)
		status = ADDRESS_EMPTY;
	if (status != ADDRESS_OK)
		return refuse(d, REASON_RECIPIENT_MALFORMED,
		    "the recipient address %s %s; use one like "
		    "user@example.com",
		    show(typed).text, address_strerror(status));
	if (agrees)
		return false;
	say(d, "the MTA reads the recipient as %s", f->rcpt_addr);
	return refuse(d, REASON_RECIPIENT_MALFORMED,
	    "the recipient address %s would be read as another; use one like "
	    "user@example.com",
	    show(typed).text);
}

/* 7 and 8. Is it an address, and may the client send there? */
bool
recipient_is_refused(struct decision *d)
{
	struct address a;
	const struct local_domain *domain;

	bool ruled;

	if (read_recipient(d, &a))
		return true;
	if (rule_refuses(d, &a, &ruled))
		return true;
	if (ruled || !d->client->anonymous)
		return false;
	domain = policy_local_domain(d->policy, address_domain(&a));
	if (domain != NULL) {
		set_row(d, "local_domain", domain->name, "");
		return false;
	}
	set_row(d, "setting", "anonymous_relay", "");
	if (d->settings->anonymous_relay_mta)
		return false;
	return refuse(d, REASON_RELAY_DENIED,
	    "mail to %s is not relayed without a login; log in first",
	    show(a.text).text);
}
