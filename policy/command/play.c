/* One message from MAIL to its end. */
#include "policy/command/play.h"

#include <string.h>

enum reason
play_would(const struct verdict *v)
{
	return v->passed_count > 0 ? v->passed[0].reason : REASON_NONE;
}

static bool
refuses(const struct verdict *v)
{
	return v->kind == VERDICT_REJECT || v->kind == VERDICT_TEMPFAIL;
}

static void
decide(const struct play *p, const struct facts *facts, enum stage stage,
    struct verdict *v, enum reason *would)
{
	policy_decide(p->policy, facts, stage, p->trace, v);
	if (*would == REASON_NONE)
		*would = play_would(v);
}

/* All recipients; false when each was refused, the first for the verdict. */
static bool
play_recipients(const struct play *p, struct outcome *out)
{
	struct facts facts = p->facts;

	for (size_t i = 0; i < p->recipient_count; i++) {
		const struct recipient *r = &p->recipients[i];
		struct verdict v;

		facts.recipient = r->rcpt;
		facts.rcpt_addr = r->rcpt_addr;
		if (r->time != 0)
			facts_set_time(&facts, r->time);
		decide(p, &facts, STAGE_RCPT, &v, &out->would);
		if (p->told != NULL)
			p->told(p->ctx, r, &v);
		if (refuses(&v) && out->refused++ == 0)
			out->verdict = v;
		if (v.kind == VERDICT_HOLD && out->held.kind != VERDICT_HOLD)
			out->held = v;
	}
	return out->refused < p->recipient_count || p->more;
}

void
play_message(const struct play *p, struct outcome *out)
{
	struct facts facts = p->facts;
	struct verdict mail;

	memset(out, 0, sizeof(*out));
	if (p->mail_time != 0)
		facts_set_time(&facts, p->mail_time);
	decide(p, &facts, STAGE_MAIL, &mail, &out->would);
	out->verdict = mail;
	if (refuses(&mail) || (p->recipient_count == 0 && !p->facts.has_header))
		return;
	if (p->recipient_count > 0 && !play_recipients(p, out))
		return;
	decide(p, &p->facts, STAGE_EOM, &out->verdict, &out->would);
	if (refuses(&out->verdict))
		return;
	memcpy(out->verdict.row, mail.row, sizeof(mail.row));
	if (out->held.kind == VERDICT_HOLD) { /* one holds the message */
		out->verdict.kind = VERDICT_HOLD;
		out->verdict.reason = out->held.reason;
		memcpy(out->verdict.row, out->held.row, sizeof(mail.row));
	}
}

/* "" is null. */
static void
write_text(struct json *j, const char *key, const char *text)
{
	json_string(j, key, text[0] != '\0' ? text : NULL);
}

static void
write_reason(struct json *j, const char *key, enum reason reason)
{
	json_string(j, key, reason != REASON_NONE ? reason_name(reason) : NULL);
}

static void
write_verdict(struct json *j, const struct verdict *v, enum reason would)
{
	json_string(j, "verdict", verdict_name(v->kind));
	write_reason(j, "would", would);
	write_reason(j, "reason", v->reason);
	write_text(j, "row", v->row);
	write_text(j, "reply", v->reply);
}

static void
write_recipient(void *ctx, const struct recipient *r, const struct verdict *v)
{
	struct json *j = ctx;

	json_object(j, NULL);
	json_string(j, "rcpt", r->rcpt);
	write_verdict(j, v, play_would(v));
	json_object_end(j);
}

void
play_write_json(const struct play *p, struct json *j, struct outcome *out)
{
	struct play play = *p;

	play.told = write_recipient;
	play.ctx = j;
	json_array(j, "recipients");
	play_message(&play, out);
	json_array_end(j);
	write_verdict(j, &out->verdict, out->would);
	json_string(j, "stage", stage_name(out->verdict.stage));
}
