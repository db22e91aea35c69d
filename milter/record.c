/*
 * What is written of a verdict.  The rule guarded here: every fact the
 * decision used is in the record, and no byte from outside is in it raw.
 */
#include "milter/record.h"

#include "milter/audit.h"
#include "milter/field.h"
#include "milter/log.h"
#include "milter/mta.h"
#include "policy/base64.h"
#include "policy/json.h"
#include "policy/header.h"
#include "policy/mailbox.h"
#include "policy/when.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <syslog.h>

#define ORIGINATORS_RECORDED 8192 /* bytes of raw fields */
#define AUTHORS_NAMED 50

void
record_new_ref(struct session *s, char out[REF_SIZE])
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	ssize_t size = sizeof(s->random);

	if (s->random_left == 0) {
		while (getrandom(s->random, sizeof(s->random), 0) != size)
			continue;
		s->random_left = sizeof(s->random);
	}
	for (int i = 0; i < 8; i++)
		out[i + (i > 3)] = digits[s->random[--s->random_left] & 31];
	out[4] = '-';
	out[9] = '\0';
}

static const char *
or_null(const char *text)
{
	return text != NULL && text[0] != '\0' ? text : NULL;
}

/* The moment the decision went by: `2026-12-31T18:00:00.000000Z`. */
static void
add_time(struct json *j, const struct session *s)
{
	char text[WHEN_TEXT_SIZE + 7], *end;
	long us = s->clock.tv_nsec / 1000;

	when_format(s->clock.tv_sec, text);
	end = text + strlen(text) - 1;
	*end++ = '.';
	for (int i = 6; i-- > 0; us /= 10)
		end[i] = (char)('0' + us % 10);
	memcpy(end + 6, "Z", 2);
	json_string(j, "time", text);
}

/* When MAIL was decided, of a message that came further. */
static void
add_mail_time(struct json *j, const struct session *s)
{
	char text[WHEN_TEXT_SIZE] = "";

	if (s->message.open)
		when_format(s->message.mail_time, text);
	json_string(j, "mail_time", or_null(text));
}

/* What else the decision could tell apart. */
static void
add_flags(struct json *j, const struct facts *f)
{
	const struct {
		bool set;
		const char *name;
	} flags[] = {
	    {f->local, "local"},
	    {f->login_malformed, "login-malformed"},
	    {f->login_ambiguous, "login-ambiguous"},
	    {f->tls_unknown, "tls-unknown"},
	    {f->originators_lost, "originators-lost"},
	};

	json_array(j, "flags");
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (flags[i].set)
			json_string(j, NULL, flags[i].name);
	json_array_end(j);
}

static void
add_session(struct json *j, const struct session *s, const struct verdict *v)
{
	const struct facts *f = &s->facts;

	json_string(
	    j, "login", v->login[0] != '\0' ? v->login : or_null(f->login));
	json_string(j, "source", identified_name(v->identified));
	json_string(j, "sasl_login", f->login);
	json_string(j, "peer", or_null(v->peer));
	json_string(j, "auth_param", f->auth_param);
	json_string(j, "mechanism", or_null(f->mechanism));
	json_string(j, "tls", or_null(f->tls));
	json_integer(j, "cipher_bits", f->cipher_bits);
	json_object(j, "cert");
	json_string(j, "subject", or_null(f->cert_subject));
	json_string(j, "issuer", or_null(f->cert_issuer));
	json_string(j, "verify", or_null(f->verify));
	json_object_end(j);
	json_string(j, "client", or_null(f->client));
	json_string(j, "client_name", or_null(f->client_name));
	json_string(j, "helo", or_null(f->helo));
	json_string(j, "mta", or_null(mta_name(f->mta)));
	json_string(j, "listener", or_null(f->listener));
	add_flags(j, f);
}

static void
add_recipient(struct json *j, const struct recipient *r, int64_t mail_time)
{
	json_object(j, NULL);
	json_string(j, "rcpt", r->typed);
	json_string(j, "rcpt_addr", r->mta_addr);
	json_integer(j, "after_s", r->time - mail_time);
	json_string(j, "verdict", verdict_name(r->kind));
	json_string(j, "reason",
	    r->reason == REASON_NONE ? NULL : reason_name(r->reason));
	json_string(j, "row", or_null(r->row));
	json_object_end(j);
}

/* At RCPT the one in question, else all of the message. */
static void
add_recipients(struct json *j, const struct session *s, const struct verdict *v)
{
	const struct message *m = &s->message;
	unsigned named = 0;

	json_array(j, "recipients");
	if (v->stage == STAGE_RCPT) {
		const struct recipient one = {
		    .typed = s->facts.recipient,
		    .mta_addr = s->facts.rcpt_addr,
		    .time = s->facts.time,
		    .kind = v->kind,
		    .reason = v->reason,
		    .row = v->row,
		};

		add_recipient(j, &one, m->mail_time);
	} else if (v->stage != STAGE_MAIL) {
		for (const struct recipient *r = m->recipients;
		     r != NULL && named < RECIPIENTS_NAMED;
		     r = r->next, named++)
			add_recipient(j, r, m->mail_time);
	}
	json_array_end(j);
	if (m->recipient_count > named && v->stage != STAGE_RCPT)
		json_integer(j, "recipients_not_named",
		    (int64_t)(m->recipient_count - named));
}

static void
add_finding(
    struct json *j, enum stage stage, enum reason reason, const char *row)
{
	json_object(j, NULL);
	json_string(j, "stage", stage_name(stage));
	json_string(j, "reason", reason_name(reason));
	json_string(j, "row", or_null(row));
	json_object_end(j);
}

static void
add_findings(struct json *j, const struct session *s, const struct verdict *v)
{
	const struct message *m = &s->message;

	json_string(
	    j, "would", m->would == REASON_NONE ? NULL : reason_name(m->would));
	json_array(j, "findings");
	for (const struct kept_finding *k = m->findings; k != NULL; k = k->next)
		add_finding(
		    j, k->finding.stage, k->finding.reason, k->finding.row);
	if (v->reason != REASON_NONE)
		add_finding(j, v->stage, v->reason, v->row);
	json_array_end(j);
}

/* The raw originator fields, as many as fit, so that they can be read again. */
static void
add_originators(struct json *j, const struct facts *f)
{
	char raw[ORIGINATORS_RECORDED], text[BASE64_SIZE(ORIGINATORS_RECORDED)];
	size_t len;
	bool whole = originators_write(f->originators, raw, sizeof(raw), &len);

	base64_encode(raw, len, text);
	json_string(j, "originators", len > 0 ? text : NULL);
	if (!whole)
		json_bool(j, "originators_cut", true);
}

static void
add_authors(struct json *j, const struct facts *f)
{
	struct arena arena = {0};
	unsigned named = 0;

	json_array(j, "authors");
	for (const struct originator *o = f->originators; o != NULL;
	     o = o->next) {
		struct mailbox *m = NULL;

		if (o->kind == ORIGINATOR_FROM)
			(void)mailbox_parse(o->value, &arena, &m);
		for (; m != NULL && named < AUTHORS_NAMED; m = m->next, named++)
			json_string(j, NULL, m->address.text);
	}
	json_array_end(j);
	arena_reset(&arena);
}

static void
add_message(struct json *j, const struct session *s, const struct verdict *v)
{
	const struct facts *f = &s->facts;
	struct address sender;

	(void)facts_sender(f, &sender);
	json_string(j, "mail_from", f->sender);
	json_string(j, "mail_addr", f->mail_addr);
	json_string(j, "sender",
	    sender.kind == ADDRESS_NOBODY ? NULL
	    : sender.kind == ADDRESS_NULL ? "<>"
					  : sender.text);
	add_recipients(j, s, v);
	add_originators(j, f);
	add_authors(j, f);
	json_string(j, "message_id", or_null(s->message.message_id));
}

/* The limits that the message brought near their amounts. */
static void
add_limits(struct json *j, const struct session *s)
{
	json_array(j, "limits");
	for (const struct near *n = s->message.near; n != NULL; n = n->next) {
		json_object(j, NULL);
		json_string(j, "limit", n->limit);
		json_integer(j, "used", n->used);
		json_integer(j, "amount", n->amount);
		json_object_end(j);
	}
	json_array_end(j);
}

/* The suspension that a message caused; from it a lost state is rebuilt. */
static void
add_suspension(struct json *j, const struct suspension *s)
{
	char at[WHEN_TEXT_SIZE], until[WHEN_TEXT_SIZE];

	if (s == NULL)
		return;
	when_format(s->since, at);
	when_format(s->until, until);
	json_object(j, "suspension");
	json_string(j, "principal", s->name);
	json_string(j, "limit", s->limit);
	json_string(j, "at", at);
	json_string(j, "until", until);
	json_string(j, "why", s->why);
	json_object_end(j);
}

bool
record_write(const struct session *s, const struct verdict *v, const char *ref,
    unsigned repeated)
{
	struct json j = {0};
	bool written;

	json_object(&j, NULL);
	add_time(&j, s);
	add_mail_time(&j, s);
	json_string(&j, "ref", ref);
	json_string(&j, "session", s->id);
	json_string(&j, "queue_id", or_null(s->message.queue_id));
	json_string(&j, "stage", stage_name(v->stage));
	json_string(&j, "verdict", verdict_name(v->kind));
	json_string(&j, "reason",
	    v->reason == REASON_NONE ? NULL : reason_name(v->reason));
	json_string(&j, "row", or_null(v->row));
	json_string(&j, "mode", mode_name(v->mode));
	add_findings(&j, s, v);
	if (repeated > 1)
		json_integer(&j, "repeated", repeated);
	add_session(&j, s, v);
	add_message(&j, s, v);
	add_limits(&j, s);
	add_suspension(&j, s->message.suspension);
	json_string(&j, "reply", or_null(v->reply));
	json_integer(&j, "policy", (int64_t)s->message.generation);
	json_integer(&j, "elapsed_us", s->message.elapsed_us);
	json_object_end(&j);
	json_newline(&j);
	written = !j.failed && (v->reason == REASON_OVERLOADED
				       ? audit_write_soon(j.text, j.len)
				       : audit_write(j.text, j.len));
	json_free(&j);
	return written;
}

void
record_log_refusal(
    const struct session *s, const struct verdict *v, const char *ref)
{
	const struct facts *f = &s->facts;

	log_line(LOG_NOTICE,
	    "refused reason=%s login=%s client=%s sender=%s ref=%s",
	    reason_name(v->reason),
	    field(v->login[0] != '\0' ? v->login : f->login).text,
	    field(f->client).text, field(f->sender).text, ref);
}
