/*
 * The decision, a list of steps in the order of the manual.  Each step asks
 * one question and either finds a refusal or passes; the mode decides whether
 * a refusal is spoken or passed over.
 */
#include "decide.h"

#include "decision.h"

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
	return d->verdict->mode == MODE_MONITOR ||
	    (d->reason == REASON_DISPLAY_NAME_SPOOF &&
		d->settings->display_name == DISPLAY_NAME_LOG);
}

static void
pass_over(
    struct verdict *v, enum stage stage, enum reason reason, const char *row)
{
	struct finding *f = &v->passed[v->passed_count++];

	f->stage = stage;
	f->reason = reason;
	snprintf(f->row, sizeof(f->row), "%s", row);
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
		if (!steps[i].refuses(d)) {
			say(d, "%s: passed", steps[i].name);
			if (d->row[0] != '\0')
				memcpy(v->row, d->row, sizeof(v->row));
			continue;
		}
		say(d, "%s: %s%s%s", steps[i].name, reason_name(d->reason),
		    d->row[0] != '\0' ? " by " : "", d->row);
		if (!is_passed_over(d)) {
			verdict_refuse(v, d->reason, d->row, d->text);
			return false;
		}
		say(d, "passed over, recorded only");
		pass_over(v, stage, d->reason, d->row);
	}
	return true;
}

void
policy_decide(const struct policy *policy, const struct facts *facts,
    enum stage stage, const struct trace *trace, struct verdict *verdict)
{
	struct decision d;

	memset(verdict, 0, sizeof(*verdict));
	verdict->stage = stage;
	if (facts->local) { /* refused at RCPT it would stay for ever */
		verdict->kind = VERDICT_ACCEPT;
		return;
	}
	if (policy == NULL) {
		verdict_refuse(verdict, REASON_POLICY_UNAVAILABLE, "",
		    "the policy can't be read now; try again later");
		return;
	}
	memset(&d, 0, sizeof(d));
	d.policy = policy;
	d.settings = policy_settings(policy);
	d.facts = facts;
	d.trace = trace;
	d.verdict = verdict;
	identify(&d);
	verdict->mode = mode_in_force(&d);
	say(&d, "%s is %s, mode %s", stage_name(stage), show_client(&d).text,
	    mode_name(verdict->mode));
	if (run_steps(&d, stage))
		verdict->kind = VERDICT_ACCEPT;
	arena_reset(&d.arena);
}

void
facts_sender(const struct facts *facts, struct address *out)
{
	if (facts->sender == NULL ||
	    address_parse_path(facts->sender, out) != ADDRESS_OK)
		memset(out, 0, sizeof(*out));
}
