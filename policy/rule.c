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
		struct cidr c;

		if (!t->rule_prefixes[q->client->six][bits])
			continue;
		c = cidr_of(q->client, (uint8_t)bits);
		add_run(runs, t, RULE_BY_CLIENT, build_hash_cidr(&c));
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
