/*
 * Rules: matching one, and finding those worth matching.
 */
#include "rule.h"

#include "build.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum match { MATCH_NO = 0, MATCH_YES, MATCH_UNKNOWN };

static enum match
match_of(bool holds)
{
	return holds ? MATCH_YES : MATCH_NO;
}

static enum match
match_principal(const struct rule_query *q, const struct rule *r)
{
	for (size_t i = 0; i < q->principal_count; i++)
		if (q->principals[i] == r->principal)
			return MATCH_YES;
	return MATCH_NO;
}

static bool
cidr_covers(const struct cidr *c, const struct ip *ip)
{
	struct cidr other = cidr_of(ip, c->bits);

	return cidr_compare(c, &other) == 0;
}

static enum match
match_client(const struct rule_query *q, const struct rule *r)
{
	if (q->client == NULL)
		return MATCH_UNKNOWN;
	if (r->client.kind == CLIENT_CIDR)
		return match_of(cidr_covers(&r->client.cidr, q->client));
	return match_of(
	    policy_network_covers(q->policy, r->client.network, q->client));
}

static enum match
match_set(const struct rule_query *q, principal_id set,
    const struct lookup *addresses, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (policy_deny(q->policy, set, &addresses[i]) != NULL)
			return MATCH_YES;
	return count == 0 ? MATCH_UNKNOWN : MATCH_NO;
}

static enum match
match_tls(const struct rule_query *q, const struct rule *r)
{
	if (q->tls_unknown)
		return MATCH_UNKNOWN;
	if (r->tls == TLS_NONE || q->tls_version == 0)
		return match_of((r->tls == TLS_NONE) == (q->tls_version == 0));
	if (r->tls == TLS_VERSION)
		return q->tls_version < 0
			   ? MATCH_UNKNOWN
			   : match_of(q->tls_version >= r->tls_least);
	return q->cipher_bits <= 0 ? MATCH_UNKNOWN
				   : match_of(q->cipher_bits >= r->tls_least);
}

static enum match
match_hours(const struct rule_query *q, const struct rule *r)
{
	if (q->week_minute < 0)
		return MATCH_UNKNOWN;
	for (size_t i = 0; i < r->period_count; i++)
		if (r->periods[i].from <= q->week_minute &&
		    q->week_minute < r->periods[i].until)
			return MATCH_YES;
	return MATCH_NO;
}

/* Does a condition hold, its negation and what is not known accounted for? */
static bool
holds(const struct rule *r, enum rule_not negated, enum match m)
{
	if (m == MATCH_UNKNOWN)
		return r->verdict != VERDICT_ACCEPT;
	return (m == MATCH_YES) != ((r->negated & negated) != 0);
}

const char *
rule_fails(const struct rule_query *q, const struct rule *r)
{
	if (r->principal != PRINCIPAL_NONE &&
	    !holds(r, NOT_PRINCIPAL, match_principal(q, r)))
		return "principal";
	if (r->client.kind != CLIENT_ANY &&
	    !holds(r, NOT_CLIENT, match_client(q, r)))
		return "client";
	if (r->sender != PRINCIPAL_NONE &&
	    !holds(r, NOT_SENDER,
		match_set(q, r->sender, q->senders, q->sender_count)))
		return "sender";
	if (r->recipient != PRINCIPAL_NONE &&
	    !holds(r, NOT_RECIPIENT,
		match_set(q, r->recipient, q->recipients, q->recipient_count)))
		return "recipient";
	if (r->tls != TLS_ANY && !holds(r, NOT_TLS, match_tls(q, r)))
		return "tls";
	if (r->mechanisms.text[0] != '\0' &&
	    !holds(r, NOT_MECHANISM,
		match_of(words_have(
		    r->mechanisms, q->mechanism, strlen(q->mechanism)))))
		return "mechanism";
	if (r->periods != NULL && !holds(r, NOT_HOURS, match_hours(q, r)))
		return "hours";
	return NULL;
}

const char *
rule_unknown(const struct rule_query *q, const struct rule *r)
{
	if (r->client.kind != CLIENT_ANY && match_client(q, r) == MATCH_UNKNOWN)
		return "client unknown";
	if (r->sender != PRINCIPAL_NONE && q->sender_count == 0)
		return "sender unknown";
	if (r->tls != TLS_ANY && match_tls(q, r) == MATCH_UNKNOWN)
		return "tls unknown";
	if (r->periods != NULL && match_hours(q, r) == MATCH_UNKNOWN)
		return "hours unknown";
	return NULL;
}

int
rule_tls_version(const char *tls)
{
	const char *dot;

	if (tls == NULL || tls[0] == '\0')
		return 0;
	if (strncasecmp(tls, "TLSv", 4) != 0)
		return strncasecmp(tls, "SSLv", 4) == 0 ? 1 : -1;
	tls += 4;
	if (!isdigit((unsigned char)tls[0]))
		return -1;
	dot = strchr(tls, '.');
	return (tls[0] - '0') * 10 +
	       (dot != NULL && isdigit((unsigned char)dot[1]) ? dot[1] - '0'
							      : 0);
}

static int
compare_networks(const void *a, const void *b)
{
	const struct network_row *x = a, *y = b;

	if (x->network != y->network)
		return x->network < y->network ? -1 : 1;
	return cidr_compare(&x->cidr, &y->cidr);
}

bool
policy_network_covers(
    const struct policy *p, uint32_t network, const struct ip *ip)
{
	const struct tables *t = p->t;
	struct network_row row = {.network = network};
	uint8_t most = ip->six ? 128 : 32;

	if (t->network_count == 0)
		return false;
	for (unsigned bits = 0; bits <= most; bits++) {
		if (!t->prefixes[ip->six][bits])
			continue;
		row.cidr = cidr_of(ip, (uint8_t)bits);
		if (bsearch(&row, t->networks, t->network_count, sizeof(row),
			compare_networks) != NULL)
			return true;
	}
	return false;
}

size_t
policy_rules(const struct policy *p, const struct rule **rules)
{
	*rules = p->t->rules;
	return p->t->rule_count;
}

static uint32_t
hash_bytes(uint32_t h, const void *bytes, size_t len)
{
	const unsigned char *b = bytes;

	for (size_t i = 0; i < len; i++)
		h = (h ^ b[i]) * 16777619u;
	return h;
}

static uint32_t
hash_cidr(const struct cidr *c)
{
	uint32_t h = hash_bytes(2166136261u, c->ip.bytes, 16);

	h = hash_bytes(h, &c->bits, 1);
	return hash_bytes(h, &c->ip.six, 1);
}

/* A rule may stand under a key for each row of a set; one that would have more
 * than this stands where it is always looked at. */
#define KEYS_MAX 1000

/* One of the conditions by which a rule could be found. */
struct way {
	enum rule_by by;
	uint32_t hash;	  /* that tells it from others */
	principal_id set; /* whose rows are the keys; PRINCIPAL_NONE: `hash` */
	uint32_t keys;	  /* how many there are */
};
#define WAYS_MAX 5

/* The rows of a network, which build_rules_finish() has sorted. */
static uint32_t
network_rows(
    const struct tables *t, uint32_t network, const struct network_row **first)
{
	uint32_t low = 0, high = t->network_count, end;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (t->networks[mid].network < network)
			low = mid + 1;
		else
			high = mid;
	}
	for (end = low; end < t->network_count; end++)
		if (t->networks[end].network != network)
			break;
	*first = t->networks + low;
	return end - low;
}

static struct way
way_by_set(const struct tables *t, enum rule_by by, principal_id set)
{
	return (struct way){by, set, set, t->principals[set].deny_count};
}

/* The ways to the rule; the last one is by nothing.  What is negated leads
 * nowhere. */
static size_t
ways_to(const struct tables *t, const struct rule *r, struct way ways[WAYS_MAX])
{
	const struct network_row *rows;
	size_t n = 0;

	if (r->principal != PRINCIPAL_NONE && !(r->negated & NOT_PRINCIPAL))
		ways[n++] = (struct way){
		    RULE_BY_PRINCIPAL, r->principal, PRINCIPAL_NONE, 1};
	if (r->recipient != PRINCIPAL_NONE && !(r->negated & NOT_RECIPIENT))
		ways[n++] = way_by_set(t, RULE_BY_RECIPIENT, r->recipient);
	if (r->sender != PRINCIPAL_NONE && !(r->negated & NOT_SENDER))
		ways[n++] = way_by_set(t, RULE_BY_SENDER, r->sender);
	if (r->client.kind == CLIENT_CIDR && !(r->negated & NOT_CLIENT))
		ways[n++] = (struct way){RULE_BY_CLIENT,
		    hash_cidr(&r->client.cidr), PRINCIPAL_NONE, 1};
	if (r->client.kind == CLIENT_NETWORK && !(r->negated & NOT_CLIENT))
		ways[n++] = (struct way){RULE_BY_CLIENT, r->client.network,
		    r->client.network,
		    network_rows(t, r->client.network, &rows)};
	ways[n++] = (struct way){RULE_BY_NOTHING, 0, PRINCIPAL_NONE, 1};
	return n;
}

/* How many rules each way leads to, about: ways whose slots meet share one. */
struct way_counts {
	uint32_t *slots;
	uint32_t mask;
};

static uint32_t *
way_slot(const struct way_counts *c, const struct way *w)
{
	uint32_t h = hash_bytes(2166136261u ^ w->by, &w->hash, sizeof(w->hash));

	return &c->slots[(h ^ h >> 15) & c->mask];
}

static bool
count_ways(const struct tables *t, struct way_counts *c)
{
	struct way ways[WAYS_MAX];

	c->mask = 1023;
	while (c->mask / 16 < t->rule_count)
		c->mask = c->mask * 2 + 1;
	c->slots = calloc((size_t)c->mask + 1, sizeof(*c->slots));
	if (c->slots == NULL)
		return false;
	for (uint32_t i = 0; i < t->rule_count; i++) {
		size_t n = ways_to(t, &t->rules[i], ways);

		for (size_t k = 0; k + 1 < n; k++)
			++*way_slot(c, &ways[k]);
	}
	return true;
}

/* The way that leads to the fewest other rules. */
static struct way
best_way(
    const struct tables *t, const struct rule *r, const struct way_counts *c)
{
	struct way ways[WAYS_MAX];
	size_t n = ways_to(t, r, ways), best = n - 1;

	for (size_t i = 0; i + 1 < n; i++)
		if (ways[i].keys <= KEYS_MAX &&
		    (best == n - 1 ||
			*way_slot(c, &ways[i]) < *way_slot(c, &ways[best])))
			best = i;
	return ways[best];
}

static void
add_key(struct tables *t, enum rule_by by, uint32_t hash, uint32_t rule)
{
	t->rule_keys[t->rule_key_count++] = (struct rule_key){by, hash, rule};
}

static void
add_client_key(struct tables *t, const struct cidr *c, uint32_t rule)
{
	t->rule_prefixes[c->ip.six][c->bits] = true;
	add_key(t, RULE_BY_CLIENT, hash_cidr(c), rule);
}

static void
add_keys(struct tables *t, const struct way *w, uint32_t rule)
{
	const struct network_row *rows;
	const struct principal *set;

	if (w->by == RULE_BY_CLIENT && w->set == PRINCIPAL_NONE) {
		add_client_key(t, &t->rules[rule].client.cidr, rule);
	} else if (w->by == RULE_BY_CLIENT) {
		for (uint32_t n = network_rows(t, w->set, &rows); n > 0; n--)
			add_client_key(t, &rows[n - 1].cidr, rule);
	} else if (w->set != PRINCIPAL_NONE) {
		set = &t->principals[w->set];
		for (uint32_t i = 0; i < set->deny_count; i++)
			add_key(
			    t, w->by, t->denies[set->denies + i].hash, rule);
	} else {
		add_key(t, w->by, w->hash, rule);
	}
}

static int
compare_rules(const void *a, const void *b)
{
	int64_t x = ((const struct rule *)a)->seq;
	int64_t y = ((const struct rule *)b)->seq;

	return (x > y) - (x < y);
}

static int
compare_keys(const void *a, const void *b)
{
	const struct rule_key *x = a, *y = b;

	if (x->by != y->by)
		return x->by < y->by ? -1 : 1;
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->rule > y->rule) - (x->rule < y->rule);
}

static bool
index_rules(struct tables *t)
{
	struct way_counts counts;
	size_t keys = 0;

	if (!count_ways(t, &counts))
		return false;
	for (uint32_t i = 0; i < t->rule_count; i++)
		keys += best_way(t, &t->rules[i], &counts).keys;
	t->rule_keys = calloc(keys + 1, sizeof(*t->rule_keys));
	for (uint32_t i = 0; t->rule_keys != NULL && i < t->rule_count; i++) {
		struct way way = best_way(t, &t->rules[i], &counts);

		add_keys(t, &way, i);
	}
	free(counts.slots);
	if (t->rule_key_count > 0)
		qsort(t->rule_keys, t->rule_key_count, sizeof(*t->rule_keys),
		    compare_keys);
	return t->rule_keys != NULL;
}

bool
build_rules_finish(struct tables *t)
{
	if (t->network_count > 0)
		qsort(t->networks, t->network_count, sizeof(*t->networks),
		    compare_networks);
	for (uint32_t i = 0; i < t->network_count; i++) {
		const struct cidr *c = &t->networks[i].cidr;

		t->prefixes[c->ip.six][c->bits] = true;
	}
	if (t->rule_count == 0)
		return true;
	qsort(t->rules, t->rule_count, sizeof(*t->rules), compare_rules);
	return index_rules(t);
}

/* A run of keys under which rules may stand that match. */
struct run {
	const struct rule_key *at, *end;
};
#define RUNS_MAX 1024

struct runs {
	struct run run[RUNS_MAX];
	size_t count;
	bool full;
};

static void
add_run(
    struct runs *runs, const struct tables *t, enum rule_by by, uint32_t hash)
{
	const struct rule_key *low = t->rule_keys;
	size_t count = t->rule_key_count;
	const struct rule_key *end = low + count;
	struct run run;

	while (count > 0) {
		size_t half = count / 2;
		const struct rule_key *mid = low + half;

		if (mid->by < by || (mid->by == by && mid->hash < hash)) {
			low = mid + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	run.at = run.end = low;
	while (run.end < end && run.end->by == by && run.end->hash == hash)
		run.end++;
	if (run.at == run.end)
		return;
	if (runs->count == RUNS_MAX)
		runs->full = true;
	else
		runs->run[runs->count++] = run;
}

static void
add_address_runs(struct runs *runs, const struct tables *t, enum rule_by by,
    const struct lookup *addresses, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < addresses[i].count; k++)
			add_run(runs, t, by, addresses[i].hashes[k]);
}

static void
gather(struct runs *runs, const struct rule_query *q)
{
	const struct tables *t = q->policy->t;

	runs->count = 0;
	runs->full = false;
	add_run(runs, t, RULE_BY_NOTHING, 0);
	for (size_t i = 0; i < q->principal_count; i++)
		if (q->principals[i] != PRINCIPAL_NONE)
			add_run(runs, t, RULE_BY_PRINCIPAL, q->principals[i]);
	add_address_runs(
	    runs, t, RULE_BY_RECIPIENT, q->recipients, q->recipient_count);
	add_address_runs(runs, t, RULE_BY_SENDER, q->senders, q->sender_count);
	for (unsigned bits = 0; bits <= (q->client->six ? 128u : 32u); bits++) {
		struct cidr c = cidr_of(q->client, (uint8_t)bits);

		if (t->rule_prefixes[q->client->six][bits])
			add_run(runs, t, RULE_BY_CLIENT, hash_cidr(&c));
	}
}

/* The smallest index that is next in any run, taken from it. */
static bool
next_rule(struct runs *runs, uint32_t *rule)
{
	struct run *least = NULL;

	for (size_t i = 0; i < runs->count; i++) {
		struct run *run = &runs->run[i];

		if (run->at < run->end &&
		    (least == NULL || run->at->rule < least->at->rule))
			least = run;
	}
	if (least == NULL)
		return false;
	*rule = least->at++->rule;
	return true;
}

static const struct rule *
find_one_by_one(const struct rule_query *q, int64_t from)
{
	const struct tables *t = q->policy->t;

	for (uint32_t i = 0; i < t->rule_count; i++)
		if (t->rules[i].seq >= from &&
		    rule_fails(q, &t->rules[i]) == NULL)
			return &t->rules[i];
	return NULL;
}

const struct rule *
rule_find(const struct rule_query *q, int64_t from)
{
	const struct tables *t = q->policy->t;
	struct runs runs;
	uint32_t i;

	if (t->rule_count == 0)
		return NULL;
	/* what is not known satisfies rules that no key would find */
	if (q->client == NULL || q->sender_count == 0)
		return find_one_by_one(q, from);
	gather(&runs, q);
	if (runs.full)
		return find_one_by_one(q, from);
	while (next_rule(&runs, &i))
		if (t->rules[i].seq >= from &&
		    rule_fails(q, &t->rules[i]) == NULL)
			return &t->rules[i];
	return NULL;
}
