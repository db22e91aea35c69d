/*
 * From facts to a verdict that may be spoken.  The rule guarded here: a verdict
 * is in the audit log before the MTA hears it, and one that can't be recorded
 * is not given.
 */
#include "milter/answer.h"

#include "milter/audit.h"
#include "milter/copies.h"
#include "milter/limits.h"
#include "milter/record.h"
#include "milter/tally.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/*
 * Decides one stage anew under a policy that came into force since MAIL: first
 * MAIL itself, then, at the end, each recipient that was accepted.  True when
 * `v` is a refusal.
 */
static bool
decide_anew(struct session *s, const struct policy *policy, enum stage stage,
    struct verdict *v)
{
	struct facts f = s->facts;

	policy_decide_for(policy, &s->client, &f, STAGE_MAIL, NULL, v);
	if (verdict_is_refusal(v->kind) || stage != STAGE_EOM)
		return verdict_is_refusal(v->kind);
	for (struct recipient *r = s->message.recipients; r != NULL;
	     r = r->next) {
		if (verdict_is_refusal(r->kind))
			continue;
		f.recipient = r->typed;
		f.rcpt_addr = r->mta_addr;
		policy_decide_for(policy, &s->client, &f, STAGE_RCPT, NULL, v);
		if (verdict_is_refusal(v->kind))
			return true;
		r->kind = v->kind;
		r->reason = v->reason;
		r->row = arena_strdup(&s->message.arena, v->row);
	}
	return false;
}

/* What must not be without a record can't have one. */
static void
refuse_unrecorded(struct verdict *v)
{
	verdict_refuse(v, REASON_INTERNAL, "",
	    "this can't be recorded now; try again later");
}

static bool
needs_record(const struct session *s, const struct verdict *v)
{
	return v->mode != MODE_MONITOR && !s->config->audit_continue;
}

/* Asks the policy in force; nothing of it is held afterwards. */
static void
decide(struct session *s, enum stage stage, int64_t start, struct verdict *v)
{
	struct message *m = &s->message;
	const struct policy *policy = copies_take();
	uint64_t generation = policy == NULL ? 0 : policy_generation(policy);

	session_look_at_clock(s);
	if (stage == STAGE_MAIL)
		m->generation = generation;
	if (stage == STAGE_MAIL || generation != m->generation)
		policy_identify(policy, &s->facts, NULL, &s->client);
	if (generation == m->generation || !decide_anew(s, policy, stage, v)) {
		policy_decide_for(
		    policy, &s->client, &s->facts, stage, NULL, v);
		for (unsigned i = 0; i < v->passed_count; i++)
			session_pass_over(s, &v->passed[i]);
	}
	v->stage = stage;
	/* it would be refused later, and would have been counted */
	if (stage == STAGE_EOM && !verdict_is_refusal(v->kind) &&
	    needs_record(s, v) && !audit_has_room())
		refuse_unrecorded(v);
	limits_apply(s, policy, v);
	copies_give(policy);
	if (m->failed)
		verdict_refuse(v, REASON_INTERNAL, "",
		    "this could not be decided now; try again later");
	m->elapsed_us += tally_now() - start;
}

/*
 * Counts a refusal that is not told by itself, so that strangers can't fill
 * the disk; tells of them together now and then.
 */
static bool
count_repeated(struct session *s, const struct verdict *v)
{
	bool written = true;

	if (s->repeated.count == 0)
		record_new_ref(s, s->repeated.ref);
	s->repeated.count++;
	s->repeated.stage = v->stage;
	s->repeated.reason = v->reason;
	s->repeated.kind = v->kind;
	s->repeated.identified = v->identified;
	memcpy(s->repeated.login, v->login, sizeof(s->repeated.login));
	memcpy(s->message.ref, s->repeated.ref, sizeof(s->message.ref));
	if (s->repeated.count >= REFUSALS_BATCH) {
		written =
		    record_write(s, v, s->repeated.ref, s->repeated.count);
		record_log_refusal(s, v, s->repeated.ref);
		if (written)
			s->repeated.count = 0;
	}
	return written;
}

static bool
record_refusal(struct session *s, const struct verdict *v)
{
	bool written;

	/* one that suspends is always told: the state is rebuilt from it */
	if (++s->refusals > REFUSALS_TOLD && s->message.suspension == NULL)
		return count_repeated(s, v);
	record_new_ref(s, s->message.ref);
	written = record_write(s, v, s->message.ref, 1);
	record_log_refusal(s, v, s->message.ref);
	return written;
}

/* Records a verdict; what can't be recorded becomes another. */
static void
record(struct session *s, struct verdict *v)
{
	size_t len;
	bool written = true;

	if (verdict_is_refusal(v->kind)) {
		written = record_refusal(s, v);
	} else if (v->stage == STAGE_EOM) {
		record_new_ref(s, s->message.ref);
		written = record_write(s, v, s->message.ref, 1);
	}
	if (!written && needs_record(s, v) && v->reason != REASON_OVERLOADED)
		refuse_unrecorded(v);
	len = strlen(v->reply);
	if (verdict_is_refusal(v->kind))
		snprintf(v->reply + len, sizeof(v->reply) - len, " [ref %s]",
		    s->message.ref);
}

void
answer_record(struct session *s, struct verdict *v)
{
	record(s, v);
	tally_verdict(v, tally_now());
}

/* What is accepted went by the row of MAIL; one held recipient holds all. */
static void
conclude(struct session *s, struct verdict *v)
{
	const struct recipient *r = s->message.recipients;
	const char *row = s->message.row;

	while (r != NULL && r->kind != VERDICT_HOLD)
		r = r->next;
	if (r != NULL) {
		v->kind = VERDICT_HOLD;
		v->reason = r->reason;
		row = r->row;
	}
	snprintf(v->row, sizeof(v->row), "%s", row == NULL ? "" : row);
}

void
answer(struct session *s, enum stage stage, struct verdict *v)
{
	int64_t start = tally_now(), end;

	decide(s, stage, start, v);
	if (stage == STAGE_EOM && v->kind == VERDICT_ACCEPT)
		conclude(s, v);
	limits_suspend(s);
	record(s, v);
	limits_notify(s);
	end = tally_now();
	tally_verdict(v, end);
	tally_duration(end - start);
}
