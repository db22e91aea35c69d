/*
 * libmilter's side.  Each callback takes its session and its macros, calls one
 * session function and gives the verdict back.
 *
 * Verdicts are given at MAIL, RCPT and end of message only: a refusal in
 * connect or helo sticks to the SMTP session, one in data stalls the MTA.
 * SMFIS_ACCEPT is never given: it would end filtering of the message.
 */
#include <stdbool.h> /* before mfapi.h, which defines bool otherwise */

#include "milter/callbacks.h"

#include "milter/log.h"
#include "milter/results.h"
#include "milter/session.h"

#include <libmilter/mfapi.h>

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

/* What we ask the MTA to leave out, where it can. */
#define STEPS_WANTED                                                     \
	(SMFIP_NOBODY | SMFIP_NOUNKNOWN | SMFIP_NODATA | SMFIP_NR_CONN | \
	    SMFIP_NR_HELO | SMFIP_NR_HDR | SMFIP_NOEOH)

#define REPLY_TEXT_MAX (2 * (REPLY_MAX + REFERENCE_MAX))

static const struct config *config;
static atomic_uint running, sessions;
static atomic_bool stopping;
static atomic_ullong sessions_refused;
static atomic_int seen_mta; /* enum mta, of the last message */

/* A macro's value; empty is absent: Sendmail sends empty ones. */
static char *
macro(SMFICTX *ctx, const char *name)
{
	char *value = smfi_getsymval(ctx, (char *)(uintptr_t)name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

/* Splits `550 5.7.1 text`, doubles `%`, which libmilter formats, and speaks. */
static bool
set_reply(SMFICTX *ctx, const char *reply)
{
	char code[4], enhanced[16], text[REPLY_TEXT_MAX + 1];
	size_t n = 0;
	int from = 0;

	if (sscanf(reply, "%3s %15s %n", code, enhanced, &from) != 2)
		return false;
	for (const char *c = reply + from; *c != '\0' && n + 2 < sizeof(text);
	     c++) {
		if (*c == '%')
			text[n++] = '%';
		text[n++] = *c;
	}
	text[n] = '\0';
	return smfi_setreply(ctx, code, enhanced, text) == MI_SUCCESS;
}

/* The one place where a verdict becomes a reply. */
static sfsistat
give(SMFICTX *ctx, const struct verdict *v)
{
	if (!verdict_is_refusal(v->kind))
		return SMFIS_CONTINUE;
	if (!set_reply(ctx, v->reply))
		log_line(LOG_ERR, "libmilter refuses the reply: %s", v->reply);
	return v->kind == VERDICT_REJECT ? SMFIS_REJECT : SMFIS_TEMPFAIL;
}

/*
 * Enters a callback that decides.  False: too many run at once.  Once we stop
 * nobody enters: what would be asked is being freed, and the end of the
 * process, at once, is the answer.
 */
static bool
enter(void)
{
	bool room = atomic_fetch_add(&running, 1) < config->max_callbacks;

	if (atomic_load(&stopping)) {
		atomic_fetch_sub(&running, 1);
		for (;;)
			pause();
	}
	return room;
}

static void
leave(void)
{
	atomic_fetch_sub(&running, 1);
}

/* What a stage without verdict answers: nothing, where that was agreed. */
static sfsistat
no_reply(const struct session *s, unsigned long step)
{
	return s != NULL && (s->negotiated & step) != 0 ? SMFIS_NOREPLY
							: SMFIS_CONTINUE;
}

/* What we may do to a message: its header is edited only when asked for. */
static unsigned long
actions_wanted(void)
{
	unsigned long always = SMFIF_SETSYMLIST | SMFIF_QUARANTINE;

	return config->authserv_id[0] == '\0'
		   ? always
		   : always | SMFIF_ADDHDRS | SMFIF_CHGHDRS;
}

static bool
ask_for_macros(SMFICTX *ctx)
{
	static const struct {
		int stage;
		const char *names;
	} lists[] = {
	    {SMFIM_CONNECT, "v {daemon_name} {daemon_port}"},
	    {SMFIM_ENVFROM,
		"i v {daemon_name} {daemon_port} {auth_type} {auth_authen} "
		"{mail_addr} {mail_mailer} {tls_version} {cipher_bits} "
		"{verify} {cert_subject} {cert_issuer}"},
	    {SMFIM_ENVRCPT, "i {rcpt_addr}"},
	    /* Sendmail ignores either of these two without the other */
	    {SMFIM_EOH, "i"},
	    {SMFIM_EOM, "i"},
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		if (smfi_setsymlist(ctx, lists[i].stage,
			(char *)(uintptr_t)lists[i].names) != MI_SUCCESS)
			return false;
	return true;
}

static sfsistat
on_negotiate(SMFICTX *ctx, unsigned long actions, unsigned long steps,
    unsigned long unused2, unsigned long unused3, unsigned long *pactions,
    unsigned long *psteps, unsigned long *punused2, unsigned long *punused3)
{
	struct session *s;

	(void)unused2;
	(void)unused3;
	if (atomic_fetch_add(&sessions, 1) >= config->max_sessions) {
		atomic_fetch_sub(&sessions, 1);
		atomic_fetch_add(&sessions_refused, 1);
		log_line(LOG_WARNING,
		    "%u sessions are open, no more are taken (max_sessions)",
		    config->max_sessions);
		return SMFIS_REJECT;
	}
	s = session_new(config);
	if (s == NULL || smfi_setpriv(ctx, s) != MI_SUCCESS) {
		session_free(s);
		atomic_fetch_sub(&sessions, 1);
		return SMFIS_REJECT;
	}
	*pactions = actions & actions_wanted();
	*psteps = s->negotiated = steps & STEPS_WANTED;
	*punused2 = *punused3 = 0;
	s->asked = (*pactions & SMFIF_SETSYMLIST) != 0 && ask_for_macros(ctx);
	return SMFIS_CONTINUE;
}

static sfsistat
on_connect(SMFICTX *ctx, char *name, _SOCK_ADDR *address)
{
	struct session *s = smfi_getpriv(ctx);
	const struct session_origin origin = {
	    .client_name = name,
	    .address = address,
	    .mta_version = macro(ctx, "v"),
	    .daemon_name = macro(ctx, "{daemon_name}"),
	    .daemon_port = macro(ctx, "{daemon_port}"),
	};

	if (s != NULL)
		session_connect(s, &origin);
	return no_reply(s, SMFIP_NR_CONN);
}

static sfsistat
on_helo(SMFICTX *ctx, char *name)
{
	struct session *s = smfi_getpriv(ctx);

	if (s != NULL)
		session_helo(s, name);
	return no_reply(s, SMFIP_NR_HELO);
}

static sfsistat
on_envfrom(SMFICTX *ctx, char **argv)
{
	struct session *s = smfi_getpriv(ctx);
	struct verdict v;
	const struct session_mail mail = {
	    .argv = argv,
	    .auth_authen = macro(ctx, "{auth_authen}"),
	    .auth_type = macro(ctx, "{auth_type}"),
	    .tls_version = macro(ctx, "{tls_version}"),
	    .cipher_bits = macro(ctx, "{cipher_bits}"),
	    .cert_subject = macro(ctx, "{cert_subject}"),
	    .cert_issuer = macro(ctx, "{cert_issuer}"),
	    .verify = macro(ctx, "{verify}"),
	    .mail_addr = smfi_getsymval(ctx, (char[]){"{mail_addr}"}),
	    .mail_mailer = macro(ctx, "{mail_mailer}"),
	    .queue_id = macro(ctx, "i"),
	    .tls_unknown = s != NULL && !s->asked,
	    .mta_version = macro(ctx, "v"),
	    .daemon_name = macro(ctx, "{daemon_name}"),
	    .daemon_port = macro(ctx, "{daemon_port}"),
	};

	if (s == NULL)
		return SMFIS_TEMPFAIL;
	if (enter())
		session_mail(s, &mail, &v);
	else
		session_overloaded(s, STAGE_MAIL, &v);
	leave();
	atomic_store(&seen_mta, (int)s->facts.mta);
	return give(ctx, &v);
}

static sfsistat
on_envrcpt(SMFICTX *ctx, char **argv)
{
	struct session *s = smfi_getpriv(ctx);
	const char *argument = argv[0] == NULL ? "" : argv[0];
	struct verdict v;

	if (s == NULL)
		return SMFIS_TEMPFAIL;
	if (enter())
		session_recipient(s, argument, macro(ctx, "{rcpt_addr}"),
		    macro(ctx, "i"), &v);
	else
		session_overloaded(s, STAGE_RCPT, &v);
	leave();
	return give(ctx, &v);
}

static sfsistat
on_header(SMFICTX *ctx, char *name, char *value)
{
	struct session *s = smfi_getpriv(ctx);

	if (s != NULL)
		session_header(s, name, value);
	return no_reply(s, SMFIP_NR_HDR);
}

/*
 * Takes out the Authentication-Results that claim to be ours, the last one
 * first, since each removal moves those behind it, and puts ours on top.
 */
static bool
edit_header(SMFICTX *ctx, const struct session *s, const struct verdict *v)
{
	static char field[] = RESULTS_FIELD;
	const char *login = v->peer[0] != '\0' ? v->peer : v->login;
	char value[RESULTS_MAX];

	if (config->authserv_id[0] == '\0' || verdict_is_refusal(v->kind) ||
	    s->facts.login == NULL || login[0] == '\0')
		return true;
	for (const struct claim *c = s->message.claims; c != NULL; c = c->next)
		if (smfi_chgheader(ctx, field, (int)c->index, NULL) !=
		    MI_SUCCESS)
			return false;
	return !results_write(config->authserv_id, login, value) ||
	       smfi_insheader(ctx, 0, field, value) == MI_SUCCESS;
}

/* Puts a message that a rule holds into the quarantine (Postfix: HOLD). */
static bool
hold(SMFICTX *ctx, const struct session *s, const struct verdict *v)
{
	char why[ROW_MAX + 64];

	if (v->kind != VERDICT_HOLD)
		return true;
	snprintf(why, sizeof(why), "authpolicy: held by %s [ref %s]", v->row,
	    s->message.ref);
	return smfi_quarantine(ctx, why) == MI_SUCCESS;
}

static sfsistat
on_eom(SMFICTX *ctx)
{
	struct session *s = smfi_getpriv(ctx);
	struct verdict v;
	bool edited;

	if (s == NULL)
		return SMFIS_TEMPFAIL;
	if (enter())
		session_end(s, macro(ctx, "i"), &v);
	else
		session_overloaded(s, STAGE_EOM, &v);
	edited = edit_header(ctx, s, &v) && hold(ctx, s, &v);
	session_forget(s);
	leave();
	if (!edited) {
		log_line(LOG_ERR,
		    "the MTA does not let us edit or hold a message: it is "
		    "put off");
		return SMFIS_TEMPFAIL;
	}
	return give(ctx, &v);
}

static sfsistat
on_abort(SMFICTX *ctx)
{
	struct session *s = smfi_getpriv(ctx);

	if (s != NULL)
		session_abort(s);
	return SMFIS_CONTINUE;
}

/* May come without a connection, and twice. */
static sfsistat
on_close(SMFICTX *ctx)
{
	struct session *s = smfi_getpriv(ctx);

	if (s == NULL)
		return SMFIS_CONTINUE;
	smfi_setpriv(ctx, NULL);
	session_free(s);
	atomic_fetch_sub(&sessions, 1);
	return SMFIS_CONTINUE;
}

bool
callbacks_register(const struct config *c, struct diag *d)
{
	struct smfiDesc description = {
	    .xxfi_name = (char[]){"authpolicy"},
	    .xxfi_version = SMFI_VERSION,
	    .xxfi_connect = on_connect,
	    .xxfi_helo = on_helo,
	    .xxfi_envfrom = on_envfrom,
	    .xxfi_envrcpt = on_envrcpt,
	    .xxfi_header = on_header,
	    .xxfi_eom = on_eom,
	    .xxfi_abort = on_abort,
	    .xxfi_close = on_close,
	    .xxfi_negotiate = on_negotiate,
	};

	config = c;
	description.xxfi_flags = actions_wanted();
	if (smfi_register(description) == MI_SUCCESS &&
	    smfi_setconn((char *)(uintptr_t)c->socket) == MI_SUCCESS)
		return true;
	diag_add(d, "libmilter does not take the socket %s", c->socket);
	return false;
}

bool
callbacks_open(struct diag *d)
{
	if (smfi_opensocket(false) == MI_SUCCESS)
		return true;
	diag_add(d, "can't open the socket %s", config->socket);
	return false;
}

int
callbacks_run(void)
{
	return smfi_main() == MI_SUCCESS ? 0 : -1;
}

bool
callbacks_drain(int ms)
{
	const struct timespec step = {0, 10000000};

	atomic_store(&stopping, true);
	for (; ms > 0 && atomic_load(&running) > 0; ms -= 10)
		nanosleep(&step, NULL);
	return atomic_load(&running) == 0;
}

unsigned
callbacks_running(void)
{
	return atomic_load(&running);
}

unsigned
callbacks_sessions(void)
{
	return atomic_load(&sessions);
}

uint64_t
callbacks_sessions_refused(void)
{
	return atomic_load(&sessions_refused);
}

enum mta
callbacks_mta(void)
{
	return (enum mta)atomic_load(&seen_mta);
}
