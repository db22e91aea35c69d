/* The steps that look at the sender, the envelope MAIL FROM address. */
#include "decision.h"

#include <stdlib.h>
#include <string.h>
#include <unicase.h>

/* The address as Postfix shows it: the typed path, fully case-folded. */
static enum address_status
parse_folded(const char *typed, struct address *out)
{
	size_t len = 0;
	uint8_t *folded = u8_casefold(
	    (const uint8_t *)typed, strlen(typed) + 1, NULL, NULL, NULL, &len);
	enum address_status status =
	    folded == NULL ? ADDRESS_NO_MEMORY
			   : address_parse_path((const char *)folded, out);

	free(folded);
	return status;
}

int
mta_agrees(const struct facts *f, const char *typed, const struct address *a,
    const char *macro)
{
	struct address theirs = {.kind = ADDRESS_NULL}, folded;
	enum address_status status = ADDRESS_OK;
	int equal;

	if (f->mta != MTA_POSTFIX || macro == NULL)
		return 1;
	if (macro[0] != '\0')
		status = address_parse(macro, strlen(macro), &theirs);
	if (status == ADDRESS_NO_MEMORY)
		return -1;
	if (status != ADDRESS_OK)
		return 0;
	equal = address_equal_folded(a, &theirs);
	if (equal != 0)
		return equal;
	/* folding comes before IDNA there: strasse for a typed sharp s */
	status = parse_folded(typed, &folded);
	if (status == ADDRESS_NO_MEMORY)
		return -1;
	return status == ADDRESS_OK && address_equal(&folded, &theirs);
}

/* Reads the sender; reports it when it is none. */
static bool
read_sender(struct decision *d, struct address *a)
{
	const struct facts *f = d->facts;
	const char *typed = f->sender == NULL ? "" : f->sender;
	enum address_status status = f->sender == NULL
					 ? ADDRESS_NO_MEMORY
					 : address_parse_path(typed, a);
	int agrees =
	    status == ADDRESS_OK ? mta_agrees(f, typed, a, f->mail_addr) : 1;

	if (status == ADDRESS_NO_MEMORY || agrees < 0)
		return refuse_internal(d);
	if (status != ADDRESS_OK)
		return refuse(d, REASON_SENDER_MALFORMED,
		    "the sender address %s %s; use one like user@example.com",
		    show(typed).text, address_strerror(status));
	if (agrees)
		return false;
	say(d, "the MTA reads the sender as %s", f->mail_addr);
	return refuse(d, REASON_SENDER_MALFORMED,
	    "the sender address %s would be read as another; use one like "
	    "user@example.com",
	    show(typed).text);
}

/* 4 and 5. Is the sender an address, and may this login use it? */
bool
sender_is_refused(struct decision *d)
{
	struct address a = {0};
	enum use use;
	const char *text;

	if (d->client->anonymous)
		return false;
	if (read_sender(d, &a))
		return true;
	text = a.kind == ADDRESS_NULL ? "the null sender <>" : a.text;
	use = may_use(d, &a, SCOPE_ENVELOPE);
	if (use == USE_GRANTED)
		return false;
	if (use == USE_DENIED)
		return refuse(d, REASON_SENDER_DENIED,
		    "%s is denied to %s; send with an address of your own",
		    show(text).text, show_client(d).text);
	if (a.kind == ADDRESS_NULL) {
		set_row(d, "setting", "null_sender", "");
		if (!d->settings->null_sender_reject)
			return false;
	}
	return refuse(d, REASON_SENDER_NOT_GRANTED,
	    "%s may not be used by %s; send with an address of your own",
	    show(text).text, show_client(d).text);
}

/*
 * Does {mail_addr} name one of our domains?  Sendmail shows its own users
 * without any domain.  A domain that can't be read is not ours.  -1 could not
 * tell.
 */
static int
macro_is_local(const struct decision *d, const char *mail_addr)
{
	const char *at = strrchr(mail_addr, '@');
	char domain[ADDRESS_DOMAIN_MAX + 1];
	enum address_status status;
	size_t len;

	if (at == NULL)
		return mail_addr[0] != '\0';
	len = strlen(at + 1);
	if (len > 0 && at[len] == '.')
		len--;
	status = address_parse_domain(at + 1, len, domain);
	if (status == ADDRESS_NO_MEMORY)
		return -1;
	return status == ADDRESS_OK &&
	       policy_local_domain(d->policy, domain) != NULL;
}

/* 5. Does a client without login claim one of our addresses? */
bool
local_sender_is_protected(struct decision *d)
{
	const struct facts *f = d->facts;
	enum address_status status;
	struct address a;
	int local;

	if (!d->client->anonymous ||
	    d->settings->protect_local_senders == PROTECT_OFF)
		return false;
	status = f->sender == NULL ? ADDRESS_NO_MEMORY
				   : address_parse_path(f->sender, &a);
	if (status == ADDRESS_NO_MEMORY)
		return refuse_internal(d);
	if (status == ADDRESS_OK && a.kind == ADDRESS_NULL)
		return false;
	if (status == ADDRESS_OK)
		local =
		    policy_local_domain(d->policy, address_domain(&a)) != NULL;
	else /* what nobody can read may be ours, unless the MTA says not */
		local = f->mail_addr == NULL;
	if (!local && f->mail_addr != NULL)
		local = macro_is_local(d, f->mail_addr);
	if (local < 0)
		return refuse_internal(d);
	if (!local || (status == ADDRESS_OK &&
			  may_use(d, &a, SCOPE_ENVELOPE) == USE_GRANTED))
		return false;
	set_row(d, "setting", "protect_local_senders", "");
	return refuse(d, REASON_LOCAL_SENDER_PROTECTED,
	    "%s is an address of this site; log in to send with it",
	    show(f->sender).text);
}
