/*
 * What rules cost a decision, side by side in one run: few and many of the
 * same kinds.  Figures are for the machine, the ratio is for the project: at
 * most 2.  And what the check of the header costs a message.
 */
#include "policy/build.h"
#include "policy/decide.h"
#include "policy/header.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define KINDS 10     /* of rules; see add_rule() */
#define RATIO_MOST 2 /* docs/performance.md */
#define ROUNDS 7     /* the best of each counts */
#define DECISIONS 20000

static void
require(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "bench_rules: %s\n", what);
	exit(1);
}

/* --- the policy -----------------------------------------------------------
 */

static principal_id
principal(struct tables *t, enum principal_kind kind, unsigned number)
{
	char name[32];

	snprintf(name, sizeof(name), "%s%u",
	    kind == PRINCIPAL_LOGIN ? "login" : "group", number);
	return build_principal(t, name, kind);
}

static principal_id
form_set(struct tables *t, const char *head, unsigned number, const char *tail)
{
	char text[64];
	struct form form;
	principal_id set;

	snprintf(text, sizeof(text), "%s%u%s", head, number, tail);
	require(form_parse(text, false, &form) == ADDRESS_OK, text);
	set = build_set(t, "form", form.text);
	build_deny(t, set, &form);
	return set;
}

static struct cidr
network_of(unsigned first, unsigned number)
{
	char text[64];
	struct cidr c;

	snprintf(text, sizeof(text), "%u.%u.%u.0/24", first, number >> 8 & 255,
	    number & 255);
	require(cidr_parse(text, &c), text);
	return c;
}

static principal_id
network(struct tables *t, unsigned number)
{
	char name[32];

	snprintf(name, sizeof(name), "network%u", number);
	return build_set(t, "network", name);
}

static principal_id
address_set(struct tables *t, unsigned number)
{
	char name[32];

	snprintf(name, sizeof(name), "set%u", number);
	return build_set(t, "address_set", name);
}

/* The rule of a number: the kinds that administrators write, in turn. */
static void
add_rule(struct tables *t, unsigned number, unsigned rules)
{
	struct rule r = {.seq = number,
	    .principal = PRINCIPAL_NONE,
	    .sender = PRINCIPAL_NONE,
	    .recipient = PRINCIPAL_NONE,
	    .verdict = VERDICT_REJECT};
	unsigned n = number / KINDS, sets = rules / KINDS;

	r.mechanisms.text = strdup("");
	require(r.mechanisms.text != NULL, "out of memory");
	switch (number % KINDS) {
	case 0: /* internal only */
		r.principal = principal(t, PRINCIPAL_LOGIN, n);
		r.recipient = form_set(t, "@in", n, ".example");
		r.negated = NOT_RECIPIENT;
		break;
	case 1: /* only from the application's network */
		r.principal = principal(t, PRINCIPAL_LOGIN, sets + n);
		r.client.kind = CLIENT_NETWORK;
		r.client.network = network(t, n);
		r.negated = NOT_CLIENT;
		break;
	case 2: /* strong TLS for a group */
		r.principal = principal(t, PRINCIPAL_GROUP, n);
		r.tls = TLS_VERSION;
		r.tls_least = 12;
		r.negated = NOT_TLS;
		break;
	case 3: /* nobody but a group writes to the list */
		r.principal = principal(t, PRINCIPAL_GROUP, sets + n);
		r.recipient = form_set(t, "list", n, "@example.com");
		r.negated = NOT_PRINCIPAL;
		break;
	case 4: /* a partner's domain */
		r.recipient = form_set(t, "@.partner", n, ".example");
		r.verdict = VERDICT_ACCEPT;
		break;
	case 5: /* what a sender may not */
		r.sender = form_set(t, "noreply", n, "@example.com");
		break;
	case 6: /* from a network nothing */
		r.client.kind = CLIENT_CIDR;
		r.client.cidr = network_of(100, n);
		break;
	case 7: /* a named network relays */
		r.client.kind = CLIENT_NETWORK;
		r.client.network = network(t, sets + n);
		r.verdict = VERDICT_ACCEPT;
		break;
	case 8: /* a named set of recipients is held */
		r.recipient = address_set(t, n);
		r.verdict = VERDICT_HOLD;
		break;
	default: /* a mechanism for a group */
		r.principal = principal(t, PRINCIPAL_GROUP, 2 * sets + n);
		free(r.mechanisms.text);
		r.mechanisms.text = strdup("cram-md5");
		require(r.mechanisms.text != NULL, "out of memory");
		break;
	}
	build_rule(t, &r);
}

static struct policy *
make_policy(unsigned rules, unsigned networks)
{
	struct policy *p = build_new();
	struct tables *t;
	struct form own;

	require(p != NULL, "out of memory");
	t = p->t;
	t->settings.mode = MODE_ENFORCE;
	t->settings.originators = ORIGINATORS_STRICT;
	t->settings.recipient_delimiter = strdup("+");
	t->settings.default_realm = strdup("");
	t->settings.realms.text = strdup("");
	t->settings.login_required.text = strdup("");
	build_principal(t, "everyone", PRINCIPAL_GROUP);
	build_principal(t, "anonymous", PRINCIPAL_GROUP);
	build_domain(t, "example.com", "");
	require(
	    form_parse("alice@example.com", true, &own) == ADDRESS_OK, "alice");
	build_grant(t, build_principal(t, "alice", PRINCIPAL_LOGIN), &own,
	    SCOPE_ANY, MANNER_AS, INT64_MIN, WHEN_EVER);
	for (unsigned i = 0; i < 3; i++)
		build_member(t, build_find(t, "alice"),
		    principal(t, PRINCIPAL_GROUP, i * rules / KINDS));
	for (unsigned i = 0; i < rules; i++)
		add_rule(t, i, rules);
	for (unsigned i = 0; i < networks; i++) {
		struct cidr c = network_of(101, i);

		build_network(t, network(t, i % (2 * rules / KINDS)), &c);
	}
	for (unsigned i = 0; i < rules; i++) {
		struct form form;
		char text[64];

		snprintf(text, sizeof(text), "held%u@elsewhere.example", i);
		require(form_parse(text, false, &form) == ADDRESS_OK, text);
		build_deny(t, address_set(t, i % (rules / KINDS)), &form);
	}
	require(build_finish(p), "out of memory");
	return p;
}

/* --- the measure ----------------------------------------------------------
 */

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Seconds for one decision about a recipient that no rule refuses. */
static double
time_recipients(const struct policy *p)
{
	static const char *const recipients[] = {"<friend@elsewhere.example>",
	    "<bob@example.com>", "<x@mail.partner1.example>",
	    "<news+a@lists.example>"};
	struct facts f = {.mta = MTA_POSTFIX,
	    .login = "alice",
	    .mechanism = "PLAIN",
	    .tls = "TLSv1.3",
	    .cipher_bits = 256,
	    .client = "198.51.100.7",
	    .sender = "<alice@example.com>"};
	struct verdict v;
	double start;

	facts_set_time(&f, 1893456000);
	start = now();
	for (unsigned i = 0; i < DECISIONS; i++) {
		f.recipient = recipients[i % 4];
		policy_decide(p, &f, STAGE_RCPT, NULL, &v);
		require(v.kind == VERDICT_ACCEPT, v.reply);
	}
	return (now() - start) / DECISIONS;
}

/* Seconds for one decision about the header of a usual message. */
static double
time_header(const struct policy *p)
{
	static const char raw[] =
	    "Received: from [198.51.100.7] by mx.example.com; "
	    "Tue, 01 Jan 2030 00:00:00 +0000\r\n"
	    "From: \"Alice A. Example\" <alice@example.com>\r\n"
	    "To: friend@elsewhere.example\r\nSubject: Hello\r\n"
	    "Message-ID: <1@client.example>\r\n\r\n";
	struct facts f = {.mta = MTA_POSTFIX,
	    .login = "alice",
	    .mechanism = "PLAIN",
	    .client = "198.51.100.7",
	    .sender = "<alice@example.com>"};
	struct verdict v;
	double start = now();

	facts_set_time(&f, 1893456000);
	for (unsigned i = 0; i < DECISIONS; i++) {
		struct originator_list list = {0};
		struct arena arena = {0};

		originators_read(&list, raw, sizeof(raw) - 1, &arena);
		originators_use(&list, &f);
		policy_decide(p, &f, STAGE_EOM, NULL, &v);
		require(v.kind == VERDICT_ACCEPT, v.reply);
		arena_reset(&arena);
	}
	return (now() - start) / DECISIONS;
}

static void
keep_least(double *least, double seconds)
{
	if (*least == 0 || seconds < *least)
		*least = seconds;
}

int
main(void)
{
	static const unsigned sizes[][2] = {{20, 100}, {2000, 10000}};
	struct policy *p[2];
	double recipient[2] = {0}, header = 0, ratio;

	for (int i = 0; i < 2; i++)
		p[i] = make_policy(sizes[i][0], sizes[i][1]);
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < 2; i++)
			keep_least(&recipient[i], time_recipients(p[i]));
		keep_least(&header, time_header(p[0]));
	}
	printf("%8s %9s %15s %8s\n", "rules", "networks", "recipients/s",
	    "us each");
	for (int i = 0; i < 2; i++) {
		printf("%8u %9u %15.0f %8.2f\n", sizes[i][0], sizes[i][1],
		    1 / recipient[i], recipient[i] * 1e6);
		policy_free(p[i]);
	}
	ratio = recipient[1] / recipient[0];
	printf("ratio %.2f (at most %d)\n", ratio, RATIO_MOST);
	printf("header %.2f us a message\n", header * 1e6);
	return ratio > RATIO_MOST;
}
