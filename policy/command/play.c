/* One message from MAIL to its end. */
#include "policy/command/play.h"
#include "policy/command/output.h"

#include <stdlib.h>
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

/* All recipients; false when there are some and each was refused. */
static bool
play_recipients(const struct play *p, struct outcome *out)
{
	struct facts facts = p->facts;
	bool some = p->recipient_count == 0;

	for (size_t i = 0; i < p->recipient_count; i++) {
		const struct recipient *r = &p->recipients[i];
		struct verdict v;

		facts.recipient = r->rcpt;
		facts.rcpt_addr = r->rcpt_addr;
		decide(p, &facts, STAGE_RCPT, &v, &out->would);
		if (p->told != NULL)
			p->told(p->ctx, r, &v);
		if (!refuses(&v))
			some = true;
		else if (i == 0)
			out->verdict = v;
	}
	return some;
}

void
play_message(const struct play *p, struct outcome *out)
{
	struct verdict mail;

	memset(out, 0, sizeof(*out));
	decide(p, &p->facts, STAGE_MAIL, &mail, &out->would);
	out->verdict = mail;
	if (refuses(&mail) || p->recipient_count == 0)
		return;
	if (!play_recipients(p, out))
		return;
	decide(p, &p->facts, STAGE_EOM, &out->verdict, &out->would);
	if (!refuses(&out->verdict) && out->verdict.row[0] == '\0')
		memcpy(out->verdict.row, mail.row, sizeof(mail.row));
}

/* "" is null. */
static void
write_text(FILE *out, const char *key, const char *text)
{
	fprintf(out, ",\"%s\":", key);
	output_json(out, text != NULL && text[0] != '\0' ? text : NULL);
}

static const char *
reason_text(enum reason reason)
{
	return reason != REASON_NONE ? reason_name(reason) : NULL;
}

static void
write_verdict(
    FILE *out, const struct verdict *v, enum reason would, bool stage)
{
	fprintf(out, "\"verdict\":\"%s\"", verdict_name(v->kind));
	write_text(out, "would", reason_text(would));
	write_text(out, "reason", reason_text(v->reason));
	if (stage)
		write_text(out, "stage", stage_name(v->stage));
	write_text(out, "row", v->row);
	write_text(out, "reply", v->reply);
}

/* A recipient was answered: `ctx` is the stream of those before. */
static void
write_recipient(void *ctx, const struct recipient *r, const struct verdict *v)
{
	FILE *out = ctx;

	fputs(ftell(out) > 0 ? ",{\"rcpt\":" : "{\"rcpt\":", out);
	output_json(out, r->rcpt);
	putc(',', out);
	write_verdict(out, v, play_would(v), false);
	putc('}', out);
}

bool
play_write_json(const struct play *p, FILE *out, struct outcome *outcome)
{
	struct play play = *p;
	char *recipients = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&recipients, &len);
	bool good;

	if (stream == NULL)
		return false;
	play.told = write_recipient;
	play.ctx = stream;
	play_message(&play, outcome);
	good = fclose(stream) == 0;
	if (good) {
		write_verdict(out, &outcome->verdict, outcome->would, true);
		fprintf(out, ",\"recipients\":[%s]", recipients);
	}
	free(recipients);
	return good;
}
