/*
 * A session: facts in, verdicts out.  The rule guarded here: what is not the
 * session's own is forgotten with each message.
 */
#include "milter/session.h"

#include "milter/answer.h"
#include "milter/limits.h"
#include "milter/mta.h"
#include "milter/record.h"
#include "milter/results.h"
#include "milter/tally.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <time.h>

/* What the next message starts from is the session's own. */
void
session_forget(struct session *s)
{
	struct facts *f = &s->facts;

	prints_clear(&s->message.written);
	arena_reset(&s->message.arena);
	memset(&s->message, 0, sizeof(s->message));
	s->message.findings_end = &s->message.findings;
	s->message.recipients_end = &s->message.recipients;
	f->local = f->login_malformed = f->login_ambiguous = false;
	f->tls_unknown = false;
	f->login = f->mechanism = f->tls = NULL;
	f->cipher_bits = 0;
	f->cert_subject = f->cert_issuer = f->verify = NULL;
	f->sender = f->mail_addr = f->auth_param = NULL;
	f->recipient = f->rcpt_addr = NULL;
	f->has_header = f->originators_lost = false;
	f->originators = NULL;
}

struct session *
session_new(const struct config *config)
{
	struct session *s = calloc(1, sizeof(*s));
	unsigned long long id = 0;

	if (s == NULL)
		return NULL;
	s->config = config;
	session_forget(s);
	while (getrandom(&id, sizeof(id), 0) != sizeof(id))
		continue;
	snprintf(s->id, sizeof(s->id), "%016llx", id);
	s->facts.mta = config->mta;
	return s;
}

void
session_look_at_clock(struct session *s)
{
	clock_gettime(CLOCK_REALTIME, &s->clock);
	if (s->facts.time != s->clock.tv_sec)
		facts_set_time(&s->facts, s->clock.tv_sec);
}

/* The address as text, an IPv4-mapped one as IPv4; NULL for other families. */
static char *
address_text(struct arena *a, const struct sockaddr *address)
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
	char text[INET6_ADDRSTRLEN];
	const void *ip = NULL;
	int family = AF_INET;

	if (address != NULL && address->sa_family == AF_INET) {
		ip = &((const struct sockaddr_in *)(const void *)address)
			  ->sin_addr;
	} else if (address != NULL && address->sa_family == AF_INET6) {
		const struct sockaddr_in6 *six = (const void *)address;

		ip = &six->sin6_addr;
		family = AF_INET6;
		if (memcmp(ip, mapped, sizeof(mapped)) == 0) {
			ip = six->sin6_addr.s6_addr + sizeof(mapped);
			family = AF_INET;
		}
	}
	if (ip == NULL || inet_ntop(family, ip, text, sizeof(text)) == NULL)
		return NULL;
	return arena_strdup(a, text);
}

static void
set_listener(struct session *s, const char *name, const char *port)
{
	char text[300];

	if (s->facts.listener != NULL || (name == NULL && port == NULL))
		return;
	snprintf(text, sizeof(text), "%s:%s", name == NULL ? "" : name,
	    port == NULL ? "" : port);
	s->facts.listener = arena_strdup(&s->arena, text);
}

static void
set_mta(struct session *s, const char *version)
{
	if (s->facts.mta == MTA_UNKNOWN)
		s->facts.mta = mta_detect(version);
}

void
session_connect(struct session *s, const struct session_origin *origin)
{
	s->facts.client_name = arena_strdup(&s->arena, origin->client_name);
	s->facts.client = address_text(&s->arena, origin->address);
	set_mta(s, origin->mta_version);
	set_listener(s, origin->daemon_name, origin->daemon_port);
}

void
session_helo(struct session *s, const char *name)
{
	s->facts.helo = arena_strdup(&s->arena, name);
}

/* A copy for the life of the message.  Memory running out is remembered: an
 * absent fact must not be taken for one that was not told. */
static const char *
keep(struct session *s, const char *text)
{
	const char *copy = arena_strdup(&s->message.arena, text);

	if (text != NULL && copy == NULL)
		s->message.failed = true;
	return copy;
}

/* The value of MAIL's AUTH= parameter, RFC 4954 section 5, as typed. */
static const char *
find_auth_param(char **argv)
{
	for (size_t i = 1; argv[0] != NULL && argv[i] != NULL; i++)
		if (strncasecmp(argv[i], "AUTH=", 5) == 0)
			return argv[i] + 5;
	return NULL;
}

/* Bits of a cipher; 0, not told, for what can't be one. */
static int
bits_of(const char *text)
{
	long bits = text == NULL ? 0 : strtol(text, NULL, 10);

	return bits > 0 && bits < 100000 ? (int)bits : 0;
}

static void
take_facts(struct session *s, const struct session_mail *mail)
{
	struct facts *f = &s->facts;
	const char *argument = mail->argv[0] == NULL ? "" : mail->argv[0];

	set_mta(s, mail->mta_version);
	set_listener(s, mail->daemon_name, mail->daemon_port);
	if (!mta_set_login(f, mail->auth_authen, &s->message.arena) ||
	    !mta_set_sender(f, argument, &s->message.arena))
		s->message.failed = true;
	f->mechanism = keep(s, mail->auth_type);
	f->tls = keep(s, mail->tls_version);
	f->cipher_bits = bits_of(mail->cipher_bits);
	f->cert_subject = keep(s, mail->cert_subject);
	f->cert_issuer = keep(s, mail->cert_issuer);
	f->verify = keep(s, mail->verify);
	f->tls_unknown = mail->tls_unknown;
	f->mail_addr = keep(s, mail->mail_addr);
	f->auth_param = keep(s, find_auth_param(mail->argv));
	f->local =
	    mta_is_local(f->mta, mail->queue_id, mail->mail_mailer, argument);
	s->message.queue_id = keep(s, mail->queue_id);
}

/* Keeps the index of a field that claims to be ours. */
static void
keep_claim(struct session *s, const char *value)
{
	struct message *m = &s->message;
	struct claim *claim;

	m->results_count++;
	if (!results_claims(value, s->config->authserv_id))
		return;
	claim = arena_alloc(&m->arena, sizeof(*claim));
	if (claim == NULL) {
		m->failed = true;
		return;
	}
	claim->index = m->results_count;
	claim->next = m->claims;
	m->claims = claim;
}

void
session_header(struct session *s, const char *name, const char *value)
{
	struct message *m = &s->message;

	if (!m->open)
		return;
	if (m->message_id == NULL && strcasecmp(name, "Message-ID") == 0)
		m->message_id = keep(s, value);
	if (s->config->authserv_id[0] != '\0' &&
	    strcasecmp(name, RESULTS_FIELD) == 0)
		keep_claim(s, value);
	originators_add(&m->originators, name, value, &m->arena);
}

/* A refusal that needs no decision; recorded like any other. */
static void
session_refuse_with(struct session *s, enum stage stage, const char *codes,
    enum reason reason, const char *text, struct verdict *v)
{
	memset(v, 0, sizeof(*v));
	v->stage = stage;
	s->facts.recipient = s->facts.rcpt_addr = NULL;
	verdict_refuse_with(v, codes, reason, "", text);
	session_look_at_clock(s);
	answer_record(s, v);
}

static void
session_refuse(struct session *s, enum stage stage, enum reason reason,
    const char *text, struct verdict *v)
{
	session_refuse_with(s, stage, reason_codes(reason), reason, text, v);
}

/* A callback that libmilter should not have made: nothing was decided. */
static bool
is_out_of_order(struct session *s, enum stage stage, struct verdict *v)
{
	if (s->message.open)
		return false;
	session_refuse(s, stage, REASON_INTERNAL,
	    "the mail server's milter protocol is out of step; try again "
	    "later",
	    v);
	return true;
}

void
session_pass_over(struct session *s, const struct finding *f)
{
	struct message *m = &s->message;
	struct kept_finding *k;

	tally_passed_over(f);
	if (m->would == REASON_NONE)
		m->would = f->reason;
	if (m->finding_count == FINDINGS_MAX)
		return;
	k = arena_alloc(&m->arena, sizeof(*k));
	if (k == NULL) {
		m->failed = true;
		return;
	}
	k->finding = *f;
	*m->findings_end = k;
	m->findings_end = &k->next;
	m->finding_count++;
}

void
session_mail(
    struct session *s, const struct session_mail *mail, struct verdict *v)
{
	session_abort(s);
	session_forget(s);
	take_facts(s, mail);
	answer(s, STAGE_MAIL, v);
	if (verdict_is_refusal(v->kind)) {
		session_forget(s);
		return;
	}
	s->message.login = keep(s, v->login);
	s->message.peer = keep(s, v->peer);
	s->message.identified = v->identified;
	s->message.row = keep(s, v->row);
	s->message.mode = v->mode;
	s->message.mail_time = s->facts.time;
	s->message.open = true;
}

/* Keeps a recipient, with its verdict, for the end and the record. */
static void
keep_recipient(struct session *s, const struct verdict *v)
{
	struct message *m = &s->message;
	struct recipient *r = arena_alloc(&m->arena, sizeof(*r));

	if (r == NULL) {
		m->failed = true;
		return;
	}
	r->typed = s->facts.recipient;
	r->mta_addr = s->facts.rcpt_addr;
	r->time = s->facts.time;
	r->kind = v->kind;
	r->reason = v->reason;
	r->row = v->row[0] == '\0' ? NULL : keep(s, v->row);
	*m->recipients_end = r;
	m->recipients_end = &r->next;
	m->recipient_count++;
	m->accepted_count += !verdict_is_refusal(v->kind);
}

void
session_recipient(struct session *s, const char *argument,
    const char *rcpt_addr, const char *queue_id, struct verdict *v)
{
	struct message *m = &s->message;

	if (is_out_of_order(s, STAGE_RCPT, v))
		return;
	if (m->recipient_count >= RECIPIENTS_MAX) {
		session_refuse_with(s, STAGE_RCPT, "452 4.5.3",
		    REASON_LIMIT_EXCEEDED,
		    "too many recipients in one message; send another", v);
		return;
	}
	if (m->queue_id == NULL)
		m->queue_id = keep(s, queue_id);
	s->facts.recipient = keep(s, argument);
	s->facts.rcpt_addr = keep(s, rcpt_addr);
	answer(s, STAGE_RCPT, v);
	keep_recipient(s, v);
	if (!verdict_is_refusal(v->kind))
		limits_add_recipient(s);
}

void
session_end(struct session *s, const char *queue_id, struct verdict *v)
{
	if (is_out_of_order(s, STAGE_EOM, v))
		return;
	if (queue_id != NULL)
		s->message.queue_id = keep(s, queue_id);
	originators_use(&s->message.originators, &s->facts);
	s->message.failed |= s->message.originators.failed;
	answer(s, STAGE_EOM, v);
	s->message.open = false;
}

/* A message that was not delivered counts as what its recipients were told. */
static void
record_abort(struct session *s)
{
	struct verdict v = {.kind = VERDICT_ACCEPT, .stage = STAGE_ABORT};
	const struct recipient *r = s->message.recipients;

	v.mode = s->message.mode;
	v.identified = s->message.identified;
	if (s->message.peer != NULL)
		snprintf(v.peer, sizeof(v.peer), "%s", s->message.peer);
	if (s->message.login != NULL)
		snprintf(v.login, sizeof(v.login), "%s", s->message.login);
	if (r != NULL && s->message.accepted_count == 0) {
		v.kind = r->kind;
		v.reason = r->reason;
	}
	record_new_ref(s, s->message.ref);
	session_look_at_clock(s);
	(void)record_write(s, &v, s->message.ref, 1);
}

void
session_abort(struct session *s)
{
	if (!s->message.open)
		return;
	record_abort(s);
	session_forget(s);
}

void
session_overloaded(struct session *s, enum stage stage, struct verdict *v)
{
	if (stage == STAGE_MAIL) {
		session_abort(s);
		session_forget(s);
	}
	session_refuse(s, stage, REASON_OVERLOADED,
	    "too much to decide at once; try again later", v);
	if (stage != STAGE_RCPT)
		session_forget(s);
}

void
session_free(struct session *s)
{
	struct verdict v = {0};

	if (s == NULL)
		return;
	session_abort(s);
	if (s->repeated.count > 0) {
		v.stage = s->repeated.stage;
		v.reason = s->repeated.reason;
		v.kind = s->repeated.kind;
		v.identified = s->repeated.identified;
		memcpy(v.login, s->repeated.login, sizeof(v.login));
		session_look_at_clock(s);
		(void)record_write(s, &v, s->repeated.ref, s->repeated.count);
	}
	session_forget(s);
	arena_reset(&s->arena);
	free(s);
}
