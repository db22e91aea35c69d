/*
 * The decision, a list of steps in the order of the manual.  Each step asks
 * one question and either finds a refusal or passes; the mode decides whether
 * a refusal is spoken or passed over.
 */
#include "decide.h"

#include "decision.h"
#include "identity.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const struct step {
	enum stage stage;
	const char *name;
	bool (*refuses)(struct decision *d);
} steps[] = {
    {STAGE_MAIL, "who", login_is_ambiguous},
    {STAGE_MAIL, "suspended", is_suspended},
    {STAGE_MAIL, "login known", login_is_unknown},
    {STAGE_MAIL, "login required", login_is_required},
    {STAGE_MAIL, "sender", sender_is_refused},
    {STAGE_MAIL, "local sender", local_sender_is_protected},
    {STAGE_RCPT, "recipient", recipient_is_refused},
    {STAGE_EOM, "From", author_is_unreadable},
    {STAGE_EOM, "From granted", author_is_not_granted},
    {STAGE_EOM, "From aligned", author_is_not_aligned},
    {STAGE_EOM, "Sender", sender_header_is_refused},
    {STAGE_EOM, "Resent-From and Resent-Sender", resent_is_refused},
    {STAGE_EOM, "names", display_name_is_spoof},
    {STAGE_EOM, "read in one way", field_is_unclear},
    {STAGE_EOM, "local author", local_author_is_protected},
};

/*
 * Is the refusal only recorded?  Suspensions always act, and faults are not
 * policy.
 */
static bool
is_passed_over(const struct decision *d)
{
	if (d->reason == REASON_LOGIN_SUSPENDED || d->reason == REASON_INTERNAL)
		return false;
	if (d->mode != MODE_INHERIT)
		return d->mode == MODE_MONITOR;
	return d->verdict->mode == MODE_MONITOR ||
	       (d->reason == REASON_DISPLAY_NAME_SPOOF &&
		   d->settings->display_name == DISPLAY_NAME_LOG);
}

void
pass_over(struct decision *d, enum reason reason)
{
	struct verdict *v = d->verdict;
	struct finding *f = &v->passed[v->passed_count];

	say(d, "passed over, recorded only");
	if (v->passed_count == VERDICT_FINDINGS_MAX)
		return;
	v->passed_count++;
	f->stage = v->stage;
	f->reason = reason;
	snprintf(f->row, sizeof(f->row), "%s", d->row);
}

/* Makes what the step found the verdict. */
static void
speak(struct decision *d)
{
	struct verdict *v = d->verdict;

	verdict_refuse(v, d->reason, d->row, d->text);
	if (d->reply == NULL)
		return;
	v->kind = d->reply[0] == '5' ? VERDICT_REJECT : VERDICT_TEMPFAIL;
	snprintf(v->reply, sizeof(v->reply), "%s", d->reply);
}

/* Runs the steps of the stage; false when one of them refused for good. */
static bool
run_steps(struct decision *d, enum stage stage)
{
	struct verdict *v = d->verdict;

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		if (steps[i].stage != stage)
			continue;
		d->row[0] = '\0';
		d->reply = NULL;
		d->mode = MODE_INHERIT;
		if (!steps[i].refuses(d)) {
			say(d, "%s: passed", steps[i].name);
			if (d->row[0] != '\0')
				memcpy(v->row, d->row, strlen(d->row) + 1);
			continue;
		}
		say(d, "%s: %s%s%s", steps[i].name, reason_name(d->reason),
		    d->row[0] != '\0' ? " by " : "", d->row);
		if (!is_passed_over(d)) {
			speak(d);
			return false;
		}
		pass_over(d, d->reason);
	}
	return true;
}

/*
 * Mail that did not come by SMTP is only recorded, unless all local users are
 * a login.  Refused at RCPT it would stay in the maildrop for ever; with a
 * SASL login it was decided before it was queued.
 */
static bool
goes_unjudged(
    const struct policy *policy, const struct facts *facts, enum stage stage)
{
	return facts->local &&
	       (stage == STAGE_RCPT || facts->login != NULL || policy == NULL ||
		   policy_local_login(policy) == PRINCIPAL_NONE);
}

static void
accept_local(const struct facts *facts, struct verdict *v)
{
	v->kind = VERDICT_ACCEPT;
	v->identified = facts->login == NULL ? BY_LOCAL : BY_SASL;
}

/* What all of a decision is about. */
static void
begin(struct decision *d, const struct policy *policy, struct client *client,
    const struct facts *facts, const struct trace *trace)
{
	memset(d, 0, offsetof(struct decision, row));
	d->policy = policy;
	d->settings = policy_settings(policy);
	d->client = client;
	d->facts = facts;
	d->trace = trace;
}

void
policy_identify(const struct policy *policy, const struct facts *facts,
    const struct trace *trace, struct client *client)
{
	struct decision d;

	memset(client, 0, offsetof(struct client, principals));
	if (policy == NULL)
		return;
	begin(&d, policy, client, facts, trace);
	identify(&d);
	client->failed = d.failed;
}

static void
decide(struct decision *d, enum stage stage)
{
	struct verdict *v = d->verdict;

	memcpy(v->login, d->client->login, strlen(d->client->login) + 1);
	memcpy(v->peer, d->client->peer, strlen(d->client->peer) + 1);
	v->identified = d->client->identified;
	v->mode = d->client->mode;
	say(d, "%s is %s, mode %s", stage_name(stage), show_client(d).text,
	    mode_name(v->mode));
	if (d->client->failed) {
		refuse_internal(d);
		speak(d);
	} else if (run_steps(d, stage))
		v->kind = d->hold ? VERDICT_HOLD : VERDICT_ACCEPT;
	if (v->kind == VERDICT_HOLD)
		v->reason = REASON_RULE;
	arena_reset(&d->arena);
}

void
policy_decide_for(const struct policy *policy, struct client *client,
    const struct facts *facts, enum stage stage, const struct trace *trace,
    struct verdict *verdict)
{
	struct decision d;

	/* the findings, most of it, are written before they are counted */
	memset(verdict, 0, offsetof(struct verdict, passed));
	verdict->stage = stage;
	if (goes_unjudged(policy, facts, stage)) {
		accept_local(facts, verdict);
	} else if (policy == NULL) {
		verdict_refuse(verdict, REASON_POLICY_UNAVAILABLE, "",
		    "the policy can't be read now; try again later");
	} else {
		begin(&d, policy, client, facts, trace);
		d.verdict = verdict;
		decide(&d, stage);
	}
}

void
policy_decide(const struct policy *policy, const struct facts *facts,
    enum stage stage, const struct trace *trace, struct verdict *verdict)
{
	struct client client;

	policy_identify(goes_unjudged(policy, facts, stage) ? NULL : policy,
	    facts, trace, &client);
	policy_decide_for(policy, &client, facts, stage, trace, verdict);
}

bool
facts_sender(const struct facts *facts, struct address *out)
{
	memset(out, 0, sizeof(*out));
	return facts->sender == NULL ||
	       address_parse_path(facts->sender, out) != ADDRESS_NO_MEMORY;
}
