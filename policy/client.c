/* The steps that look at the client alone: suspended, unknown, without login.
 */
#include "decision.h"

#include "when.h"

#include <string.h>

/* 1. Can it be told who the client is? */
bool
login_is_ambiguous(struct decision *d)
{
	if (!d->facts->login_ambiguous)
		return false;
	say(d,
	    "the login %s may or may not be xtext; set mta in the "
	    "configuration",
	    d->facts->login);
	return refuse_internal(d);
}

const struct suspension *
find_suspension(
    const struct decision *d, const char *login, const struct principals *of)
{
	const struct suspension *s =
	    policy_suspension(d->policy, login, d->facts->time);

	for (size_t i = 0; s == NULL && i < of->group_count; i++)
		s = policy_suspension(d->policy,
		    policy_name(d->policy, of->groups[i]), d->facts->time);
	if (s == NULL)
		s = policy_suspension(
		    d->policy, of->domain_name, d->facts->time);
	return s != NULL
		   ? s
		   : policy_suspension(d->policy, "everyone", d->facts->time);
}

/* Suspended by hand, for a time or until somebody resumes it. */
static bool
refuse_suspended(struct decision *d, const struct suspension *s)
{
	char until[WHEN_TEXT_SIZE];

	set_row(d, "principal", s->name, "");
	say(d, "%s is suspended: %s", s->name, s->why);
	if (s->until == WHEN_EVER)
		return refuse(d, REASON_LOGIN_SUSPENDED,
		    "%s is suspended; ask the postmaster", show_client(d).text);
	when_format(s->until, until);
	return refuse(d, REASON_LOGIN_SUSPENDED,
	    "%s is suspended until %s; ask the postmaster", show_client(d).text,
	    until);
}

/* Suspended by a limit. */
static bool
refuse_contained(struct decision *d, const struct suspension *s)
{
	char since[WHEN_TEXT_SIZE], until[WHEN_TEXT_SIZE];

	set_row(d, "quota", s->limit, "");
	when_format(s->since, since);
	when_format(s->until, until);
	say(d, "%s exceeded the limit %s at %s and is suspended until %s: %s",
	    s->name, s->limit, since, until, s->why);
	return refuse(d, REASON_LOGIN_SUSPENDED,
	    "%s exceeded the limit %s at %s and is suspended until %s; ask the "
	    "postmaster",
	    show_client(d).text, show(s->limit).text, since, until);
}

/* 2. Is the client, any group it is in, or the peer that speaks for it,
 * suspended? */
bool
is_suspended(struct decision *d)
{
	const struct suspension *s;
	struct principals peer;

	if (d->client->anonymous)
		s = policy_suspension(d->policy, "anonymous", d->facts->time);
	else
		s = find_suspension(d,
		    d->client->login_known ? d->client->login : "",
		    &d->client->principals);
	if (s == NULL && d->client->peer[0] != '\0') {
		if (!principals_of(d->policy, d->client->peer, &peer))
			d->failed = true;
		s = find_suspension(d, d->client->peer, &peer);
	}
	if (s == NULL && d->failed)
		return refuse_internal(d);
	if (s == NULL)
		return false;
	return s->limit[0] == '\0' ? refuse_suspended(d, s)
				   : refuse_contained(d, s);
}

/* Is the realm of the login one that the policy knows? */
static bool
realm_is_allowed(const struct decision *d)
{
	const struct words realms = d->settings->realms;
	const char *at = strrchr(d->client->login, '@');

	return realms.text[0] == '\0' || at == NULL ||
	       words_have(realms, at + 1, strlen(at + 1)) ||
	       (d->client->who.domain[0] != '\0' &&
		   words_have(realms, d->client->who.domain,
		       strlen(d->client->who.domain)));
}

/* 3. Is the login one that may be?  A name that is a group's never is. */
bool
login_is_unknown(struct decision *d)
{
	if (d->client->anonymous)
		return false;
	if (!d->client->login_known)
		say(d, "the login is malformed, reserved or a group's name");
	else if (!realm_is_allowed(d))
		set_row(d, "setting", "realms", "");
	else if (d->client->principals.self == PRINCIPAL_NONE &&
		 d->settings->unknown_login_reject)
		set_row(d, "setting", "unknown_login", "");
	else
		return false;
	return refuse(d, REASON_LOGIN_UNKNOWN,
	    "the login %s is not known here; log in as somebody else",
	    show(d->facts->login).text);
}

/* 3. Is this a listener where nobody sends without a login? */
bool
login_is_required(struct decision *d)
{
	const struct words wanted = d->settings->login_required;
	const char *listener = d->facts->listener;
	const char *colon = listener == NULL ? NULL : strrchr(listener, ':');

	if (!d->client->anonymous || listener == NULL)
		return false;
	if (!words_have(wanted, listener, strlen(listener)) &&
	    (colon == NULL ||
		(!words_have(wanted, listener, (size_t)(colon - listener)) &&
		    !words_have(wanted, colon + 1, strlen(colon + 1)))))
		return false;
	set_row(d, "setting", "login_required", "");
	return refuse(d, REASON_LOGIN_REQUIRED,
	    "log in before you send mail here (SMTP AUTH)");
}
