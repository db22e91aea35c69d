/*
 * The index of rules and networks: made once a copy, so that a question looks
 * at the few rules that could match.
 */
#include "rule.h"

#include "build.h"

#include <stdlib.h>
#include <string.h>

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

uint32_t
build_hash_cidr(const struct cidr *c)
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
	*first = end == low ? NULL : t->networks + low;
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
		    build_hash_cidr(&r->client.cidr), PRINCIPAL_NONE, 1};
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
	add_key(t, RULE_BY_CLIENT, build_hash_cidr(c), rule);
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
	if (t->rule_keys != NULL)
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
