/*
 * policy/rule: what is found through the index is what a loop over all rules
 * finds, for random rules and questions.  AP_SEED repeats a run.
 */
#include "policy/build.h"
#include "policy/form.h"
#include "policy/rule.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define POLICIES 4000
#define QUESTIONS 50 /* of each */
#define RULES_MAX 60
#define PRINCIPALS 12 /* the even ones logins, the odd ones groups */
#define NETWORKS 4
#define SETS 4

static uint64_t seed;

/* xorshift64*: the same numbers everywhere. */
static unsigned
below(unsigned n)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (unsigned)((seed * 2685821657736338717u) >> 33) % n;
}

#define ANY_OF(array) (array)[below(COUNT(array))]

static const char *const forms[] = {"a@one.example", "b@one.example", "<>", "*",
    "@one.example", "@two.example", "@.example", "@.one.example",
    "a*@one.example", "*b@two.example", "ab*@one.example", "a@[192.0.2.1]",
    "a@x.one.example"};
static const char *const addresses[] = {"<a@one.example>", "<b@one.example>",
    "<ab@one.example>", "<>", "<a+x@one.example>", "<abb@two.example>",
    "<a@x.one.example>", "<a@y.x.one.example>", "<a@[192.0.2.1]>",
    "<c@three.test>", "<A@ONE.example>"};
static const char *const networks[] = {"192.0.2.0/24", "192.0.2.128/25",
    "192.0.2.1", "0.0.0.0/0", "::/0", "2001:db8::/32", "2001:db8:1::/48",
    "2001:db8::1", "10.0.0.0/8", "10.1.0.0/16"};
static const char *const clients[] = {"192.0.2.1", "192.0.2.200", "10.1.2.3",
    "10.2.2.3", "8.8.8.8", "2001:db8::1", "2001:db8:1::7", "2001:db9::1", "::1",
    "::ffff:192.0.2.1"};
static const char *const mechanisms[] = {
    "plain", "login plain", "none", "scram-sha-256"};
static const char *const mechanisms_asked[] = {
    "PLAIN", "login", "none", "SCRAM-SHA-256", "XOAUTH2"};

static principal_id
principal_of(struct tables *t, unsigned number)
{
	char name[8];

	snprintf(name, sizeof(name), "p%u", number);
	return build_principal(
	    t, name, number % 2 == 0 ? PRINCIPAL_LOGIN : PRINCIPAL_GROUP);
}

static principal_id
named(struct tables *t, const char *what, unsigned number)
{
	char name[8];

	snprintf(name, sizeof(name), "n%u", number);
	return build_set(t, what, name);
}

static void
add_form(struct tables *t, principal_id set, const char *text)
{
	struct form form;

	assert_int_equal(form_parse(text, false, &form), ADDRESS_OK);
	build_deny(t, set, &form);
}

/* A named set, or one of a single form, as the loader makes them. */
static principal_id
random_set(struct tables *t)
{
	const char *text = ANY_OF(forms);
	principal_id set;

	if (below(3) == 0)
		return named(t, "address_set", below(SETS));
	set = build_find_set(t, "form", text);
	if (set == PRINCIPAL_NONE) {
		set = build_set(t, "form", text);
		add_form(t, set, text);
	}
	return set;
}

static void
random_client(struct tables *t, struct client_condition *c)
{
	c->kind = below(2) == 0 ? CLIENT_CIDR : CLIENT_NETWORK;
	if (c->kind == CLIENT_CIDR)
		assert_true(cidr_parse(ANY_OF(networks), &c->cidr));
	else
		c->network = named(t, "network", below(NETWORKS));
}

static void
random_rule(struct tables *t, int64_t seq)
{
	struct rule r = {.seq = seq, .negated = below(4) == 0 ? below(128) : 0};

	r.principal = r.sender = r.recipient = PRINCIPAL_NONE;
	if (below(3) == 0)
		r.principal = principal_of(t, below(PRINCIPALS));
	if (below(3) == 0)
		random_client(t, &r.client);
	if (below(3) == 0)
		r.sender = random_set(t);
	if (below(3) == 0)
		r.recipient = random_set(t);
	if (below(5) == 0) {
		r.tls = (enum tls_kind)(1 + below(3));
		r.tls_least = r.tls == TLS_BITS ? 128 : 12 + (int)below(2);
	}
	r.mechanisms.text =
	    strdup(below(5) == 0 ? mechanisms[below(COUNT(mechanisms))] : "");
	assert_non_null(r.mechanisms.text);
	if (below(6) == 0) {
		r.periods = calloc(PERIODS_MAX, sizeof(*r.periods));
		assert_non_null(r.periods);
		r.period_count = 1;
		r.periods[0] = (struct period){100, 200};
	}
	r.verdict = (enum verdict_kind)below(4);
	build_rule(t, &r);
}

static struct policy *
random_policy(void)
{
	struct policy *p = build_new();
	unsigned rules = below(RULES_MAX);

	assert_non_null(p);
	p->t->settings.recipient_delimiter = strdup("+");
	p->t->settings.default_realm = strdup("");
	p->t->settings.realms.text = strdup("");
	p->t->settings.login_required.text = strdup("");
	for (unsigned i = 0; i < PRINCIPALS; i++)
		principal_of(p->t, i);
	for (unsigned i = 0; i < NETWORKS; i++)
		for (unsigned n = below(4); n > 0; n--) {
			struct cidr c;

			assert_true(cidr_parse(ANY_OF(networks), &c));
			build_network(p->t, named(p->t, "network", i), &c);
		}
	for (unsigned i = 0; i < NETWORKS; i++)
		(void)named(p->t, "network", i);
	for (unsigned i = 0; i < SETS; i++) {
		principal_id set = named(p->t, "address_set", i);

		for (unsigned n = below(4); n > 0; n--)
			add_form(p->t, set, ANY_OF(forms));
	}
	/* in any order of seq */
	for (unsigned i = 0; i < rules; i++)
		random_rule(p->t, (int64_t)((i * 37) % RULES_MAX) * 10);
	assert_true(build_finish(p));
	return p;
}

/* --- questions ------------------------------------------------------------ */

struct question {
	struct rule_query query;
	principal_id principals[PRINCIPALS];
	struct ip client;
	struct lookup senders[2], recipients[2];
};

/* An address and its base, or nothing at all. */
static size_t
random_address(struct lookup out[2], bool may_lack)
{
	struct address a, base;

	if (may_lack && below(12) == 0)
		return 0;
	assert_int_equal(address_parse_path(ANY_OF(addresses), &a), ADDRESS_OK);
	lookup_init(&out[0], &a);
	if (!address_base(&a, "+", &base))
		return 1;
	lookup_init(&out[1], &base);
	return 2;
}

static void
random_question(const struct policy *p, struct question *q)
{
	struct rule_query *a = &q->query;

	memset(a, 0, sizeof(*a));
	a->policy = p;
	a->principals = q->principals;
	for (unsigned i = below(5); i > 0; i--) {
		char name[8];

		snprintf(name, sizeof(name), "p%u", below(PRINCIPALS));
		q->principals[a->principal_count++] =
		    below(8) == 0 ? PRINCIPAL_NONE : policy_principal(p, name);
	}
	if (below(12) != 0) {
		assert_true(ip_parse(ANY_OF(clients), &q->client));
		a->client = &q->client;
	}
	a->senders = q->senders;
	a->sender_count = random_address(q->senders, true);
	a->recipients = q->recipients;
	a->recipient_count = random_address(q->recipients, false);
	a->tls_unknown = below(12) == 0;
	a->tls_version = below(4) == 0 ? -1 : (int)below(3) * 13 / 2;
	a->cipher_bits = (int)below(3) * 128;
	a->mechanism = ANY_OF(mechanisms_asked);
	a->week_minute = below(8) == 0 ? -1 : (int)below(300);
}

static const struct rule *
find_by_loop(const struct rule_query *q, int64_t from)
{
	const struct rule *rules, *least = NULL;
	size_t count = policy_rules(q->policy, &rules);

	for (size_t i = 0; i < count; i++)
		if (rules[i].seq >= from && rule_fails(q, &rules[i]) == NULL &&
		    (least == NULL || rules[i].seq < least->seq))
			least = &rules[i];
	return least;
}

static void
index_finds_what_a_loop_finds(void **state)
{
	const char *given = getenv("AP_SEED");
	uint64_t first =
	    given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
	unsigned long found = 0;
	static struct question q;

	(void)state;
	for (unsigned i = 0; i < POLICIES; i++) {
		struct policy *p;

		seed = (first + i) * 2654435769u + 1;
		p = random_policy();
		for (unsigned k = 0; k < QUESTIONS; k++) {
			int64_t from =
			    below(3) == 0 ? below(RULES_MAX * 10) : 0;
			const struct rule *a, *b;

			random_question(p, &q);
			a = rule_find(&q.query, from);
			b = find_by_loop(&q.query, from);
			if (a != b)
				print_message("AP_SEED=%llu: question %u: "
					      "rule %lld, a loop finds %lld\n",
				    (unsigned long long)(first + i), k,
				    a == NULL ? -1LL : (long long)a->seq,
				    b == NULL ? -1LL : (long long)b->seq);
			assert_ptr_equal(a, b);
			found += a != NULL;
		}
		policy_free(p);
	}
	print_message("# seed %llu: %lu of %u questions found a rule\n",
	    (unsigned long long)first, found, POLICIES * QUESTIONS);
	assert_true(found > POLICIES * QUESTIONS / 10);
}

/* More runs of keys than rule_find() keeps: then all rules are asked. */
static void
a_client_in_more_groups_than_are_kept_finds_its_rule(void **state)
{
	static principal_id groups[3000];
	struct policy *p = build_new();
	struct rule_query q = {.principals = groups,
	    .principal_count = COUNT(groups),
	    .mechanism = "none"};
	struct ip ip;
	struct lookup sender[2];
	struct address a;
	char name[16];

	(void)state;
	assert_non_null(p);
	p->t->settings.recipient_delimiter = strdup("");
	p->t->settings.default_realm = strdup("");
	p->t->settings.realms.text = strdup("");
	p->t->settings.login_required.text = strdup("");
	for (unsigned i = 0; i < COUNT(groups); i++) {
		struct rule r = {.seq = i,
		    .negated = i < COUNT(groups) - 1 ? NOT_MECHANISM : 0,
		    .sender = PRINCIPAL_NONE,
		    .recipient = PRINCIPAL_NONE};

		snprintf(name, sizeof(name), "g%u", i);
		groups[i] = r.principal =
		    build_principal(p->t, name, PRINCIPAL_GROUP);
		r.mechanisms.text = strdup("none");
		build_rule(p->t, &r);
	}
	assert_true(build_finish(p));
	q.policy = p;
	assert_true(ip_parse("192.0.2.1", &ip));
	q.client = &ip;
	assert_int_equal(address_parse_path("<>", &a), ADDRESS_OK);
	lookup_init(&sender[0], &a);
	q.senders = q.recipients = sender;
	q.sender_count = q.recipient_count = 1;
	assert_non_null(rule_find(&q, 0));
	assert_int_equal(rule_find(&q, 0)->seq, COUNT(groups) - 1);
	policy_free(p);
}

struct version {
	const char *name;
	const char *tls;
	int version;
};

static const struct version versions[] = {
    {"no TLS", NULL, 0},
    {"an empty macro is no TLS", "", 0},
    {"TLS 1.3", "TLSv1.3", 13},
    {"TLS 1.2", "TLSv1.2", 12},
    {"TLS 1.1", "TLSv1.1", 11},
    {"TLS 1.0", "TLSv1", 10},
    {"letters of either case", "tlsV1.2", 12},
    {"SSL 3 is less than any TLS", "SSLv3", 1},
    {"a version to come", "TLSv2.0", 20},
    {"a version nobody knows", "QUIC", -1},
    {"a version of no number", "TLSvX", -1},
    {"a version cut off", "TLSv", -1},
};

static void
version_is_read(void **state)
{
	const struct version *row = *state;

	assert_int_equal(rule_tls_version(row->tls), row->version);
}

static const struct named_test tests[] = {
    {"the index finds what a loop finds, for random rules and questions",
	index_finds_what_a_loop_finds},
    {"a client in more groups than are kept finds its rule",
	a_client_in_more_groups_than_are_kept_finds_its_rule},
};

int
main(void)
{
	struct suite s = {0};

	SUITE_ROWS(&s, versions, version_is_read);
	SUITE_TESTS(&s, tests);
	return suite_run(&s, "rule");
}
