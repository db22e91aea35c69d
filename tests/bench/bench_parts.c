/*
 * What each part of a message costs, in nanoseconds of processor time: reading
 * an address and a From field, the stages of the decision, a look-up, a
 * record, and a whole message of a session, without libmilter and the kernel's
 * share of it.
 */
#include "milter/audit.h"
#include "milter/copies.h"
#include "milter/limits.h"
#include "milter/record.h"
#include "policy/build.h"
#include "policy/mailbox.h"

#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 7 /* the best of each counts */
#define LOGINS 1000

static const struct policy *policy;
static struct session *session;

static void
require(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "bench_parts: %s\n", what);
	exit(1);
}

/* --- the policy: three grants a login, 200 rules, 8 limits ---------------- */

static void
add_grant(struct tables *t, principal_id id, const char *address)
{
	struct form form;

	require(form_parse(address, false, &form) == ADDRESS_OK, address);
	build_grant(t, id, &form, SCOPE_ANY, MANNER_AS, INT64_MIN, WHEN_EVER);
}

static void
add_login(struct tables *t, unsigned i)
{
	static const char *const own[] = {"user", "alias", "team"};
	char name[64];
	principal_id id;

	snprintf(name, sizeof(name), "user%u@example.com", i);
	id = build_principal(t, name, PRINCIPAL_LOGIN);
	for (size_t k = 0; k < sizeof(own) / sizeof(*own); k++) {
		snprintf(name, sizeof(name), "%s%u@example.com", own[k], i);
		add_grant(t, id, name);
	}
}

static void
add_rule(struct tables *t, unsigned i)
{
	struct rule rule = {.seq = i, .verdict = VERDICT_REJECT};
	struct form form;
	char name[64];

	snprintf(name, sizeof(name), "@blocked%u.example", i);
	require(form_parse(name, false, &form) == ADDRESS_OK, name);
	rule.recipient = build_set(t, "form", form.text);
	build_deny(t, rule.recipient, &form);
	rule.sender = PRINCIPAL_NONE;
	rule.principal = PRINCIPAL_NONE;
	build_rule(t, &rule);
}

static void
add_limits(struct tables *t)
{
	static const enum metric metrics[] = {METRIC_MESSAGES,
	    METRIC_RECIPIENTS, METRIC_NEW_RECIPIENTS, METRIC_NETWORKS};

	for (size_t i = 0; i < 8; i++) {
		struct limit l = {.metric = metrics[i / 2],
		    .amount = i / 2 == 3 ? 1000 : 1000000000,
		    .period = i % 2 == 0 ? 3600 : 86400,
		    .on_exceed = EXCEED_TEMPFAIL,
		    .principal = build_find(t, "everyone")};

		l.name = strdup(metric_name(l.metric));
		build_limit(t, &l);
	}
}

static void
make_policy(void)
{
	struct policy *made = build_new();
	struct tables *t;

	require(made != NULL, "out of memory");
	t = made->t;
	t->settings.realms.text = strdup("");
	t->settings.login_required.text = strdup("465 587");
	t->settings.default_realm = strdup("");
	t->settings.recipient_delimiter = strdup("+");
	t->settings.mode = MODE_ENFORCE;
	t->settings.originators = ORIGINATORS_STRICT;
	build_principal(t, "everyone", PRINCIPAL_GROUP);
	build_principal(t, "anonymous", PRINCIPAL_GROUP);
	build_domain(t, "example.com", "");
	for (unsigned i = 0; i < LOGINS; i++)
		add_login(t, i);
	for (unsigned i = 1; i <= 200; i++)
		add_rule(t, i);
	add_limits(t);
	require(build_finish(made) && copies_put(made), "out of memory");
	policy = copies_take();
}

/* --- the parts ------------------------------------------------------------ */

static struct facts facts = {
    .time = 1900000000,
    .login = "user7@example.com",
    .mechanism = "PLAIN",
    .tls = "TLSv1.3",
    .cipher_bits = 256,
    .client = "192.0.2.10",
    .listener = "mx.example.com:",
    .sender = "<user7@example.com>",
    .mail_addr = "user7@example.com",
    .recipient = "<someone@example.net>",
    .rcpt_addr = "someone@example.net",
    .has_header = true,
};
static struct originator from = {
    .kind = ORIGINATOR_FROM, .value = "Some One <user7@example.com>"};

static void
read_address(void)
{
	struct address a;

	require(address_parse_path("<user7@example.com>", &a) == ADDRESS_OK,
	    "address");
}

static void
read_mailbox(void)
{
	struct arena arena = {0};
	struct mailbox *m;

	require(mailbox_parse(from.value, &arena, &m) == MAILBOX_OK, "mailbox");
	arena_reset(&arena);
}

static void
look_up(void)
{
	static struct lookup l;
	static struct address a;
	static principal_id id = PRINCIPAL_NONE;

	if (id == PRINCIPAL_NONE) {
		id = policy_principal(policy, "user7@example.com");
		address_parse_path("<user7@example.com>", &a);
	}
	lookup_init(&l, &a);
	require(policy_grant(policy, id, &l, NULL, SCOPE_ANY, MANNER_AS,
		    facts.time) != NULL,
	    "grant");
}

static void
decide(enum stage stage)
{
	static struct verdict v;

	policy_decide(policy, &facts, stage, NULL, &v);
	require(v.kind == VERDICT_ACCEPT, v.reply);
}

static void
decide_mail(void)
{
	decide(STAGE_MAIL);
}

static void
decide_rcpt(void)
{
	decide(STAGE_RCPT);
}

static void
decide_eom(void)
{
	decide(STAGE_EOM);
}

/* MAIL, one recipient, eight fields, the end; with record and limits. */
static void
whole_message(void)
{
	static char sender[] = "<user7@example.com>", size[] = "SIZE=1000";
	static char *argv[] = {sender, size, NULL};
	static const struct session_mail mail = {
	    .argv = argv,
	    .auth_authen = "user7@example.com",
	    .auth_type = "PLAIN",
	    .tls_version = "TLSv1.3",
	    .cipher_bits = "256",
	    .mail_addr = "user7@example.com",
	    .mail_mailer = "local",
	    .mta_version = "Postfix 3.7.11",
	};
	static struct verdict v;

	session_mail(session, &mail, &v);
	require(v.kind == VERDICT_ACCEPT, v.reply);
	session_recipient(session, "<someone@example.net>",
	    "someone@example.net", "4QUEUEID", &v);
	require(v.kind == VERDICT_ACCEPT, v.reply);
	session_header(session, "From", from.value);
	for (int i = 0; i < 7; i++)
		session_header(session, "X-Field", "the value of a field");
	session_end(session, "4QUEUEID", &v);
	require(v.kind == VERDICT_ACCEPT, v.reply);
	session_forget(session);
}

static const struct part {
	const char *name;
	void (*run)(void);
} parts[] = {
    {"an address read", read_address},
    {"a From field read", read_mailbox},
    {"a grant looked up", look_up},
    {"MAIL decided", decide_mail},
    {"RCPT decided", decide_rcpt},
    {"the header decided", decide_eom},
    {"a whole message: decided, counted, recorded", whole_message},
};

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
measure(const struct part *p)
{
	double best = 1e9;

	for (int round = 0; round < ROUNDS; round++) {
		double start = seconds();

		for (int i = 0; i < 20000; i++)
			p->run();
		if (seconds() - start < best)
			best = seconds() - start;
	}
	return best / 20000 * 1e9;
}

int
main(void)
{
	static const struct config config = {
	    .mta = MTA_POSTFIX, .authserv_id = "", .max_callbacks = 64};
	const struct sockaddr_in client = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(0xc000020a)};
	const struct session_origin origin = {
	    .address = (const struct sockaddr *)&client,
	    .client_name = "client.example.net",
	    .mta_version = "Postfix 3.7.11",
	    .daemon_name = "mx.example.com",
	};
	char log[] = "/tmp/bench-parts-XXXXXX";
	const struct print_key key = {{1, 2}};
	struct ledger *ledger = ledger_new();
	int fd = mkstemp(log);
	struct diag d = {0};

	require(fd >= 0 && audit_open(log, &d), "the audit log");
	(void)unlink(log);
	require(ledger != NULL, "out of memory");
	ledger_set_key(ledger, &key);
	limits_open(ledger);
	make_policy();
	facts.originators = &from;
	session = session_new(&config);
	require(session != NULL, "out of memory");
	session_connect(session, &origin);
	session_helo(session, "client.example.net");
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		printf("parts: %-44s %8.0f ns\n", parts[i].name,
		    measure(&parts[i]));
	session_free(session);
	ledger_free(ledger);
	copies_give(policy);
	copies_clear();
	return EXIT_SUCCESS;
}
