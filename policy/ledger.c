/*
 * The ledger.  The rule guarded here: under one lock a charge is judged and
 * counted, so that of any number of racing messages exactly as many pass as
 * may.
 */
#include "ledger.h"

#include "dealing.h"

#include <stdlib.h>
#include <string.h>

#define LATE 5 /* seconds a thread may be overtaken by */

struct ledger *
ledger_new(void)
{
	struct ledger *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	for (int i = 0; i < LEDGER_SHARDS; i++)
		pthread_mutex_init(&l->shards[i].lock, NULL);
	return l;
}

void
ledger_free(struct ledger *l)
{
	if (l == NULL)
		return;
	for (int i = 0; i < LEDGER_SHARDS; i++) {
		accounts_clear(&l->shards[i].accounts);
		postings_clear(&l->shards[i].postings);
		pthread_mutex_destroy(&l->shards[i].lock);
	}
	free(l);
}

struct print_key
ledger_key(const struct ledger *l)
{
	return l->key;
}

void
ledger_set_key(struct ledger *l, const struct print_key *key)
{
	l->key = *key;
}

uint32_t
ledger_print(const struct ledger *l, const char *text)
{
	return print_of(&l->key, text, strlen(text));
}

unsigned
ledger_accounts(const struct ledger *l)
{
	return atomic_load(&l->count);
}

static struct party *
add_party(struct dealing *d, const char *name, size_t first)
{
	struct party *p = &d->parties[d->party_count++];

	*p = (struct party){.name = name, .first = first};
	p->shard = ledger_shard(d->ledger, name, &p->hash);
	return p;
}

/* The windows of a party's limits, the shortest first. */
static void
sort_windows(struct dealing *d, struct party *p)
{
	int64_t *seconds = d->seconds + p->first;
	size_t n = 0;

	for (size_t i = p->first; i < p->first + p->count; i++) {
		int64_t period = d->limits->at[i].limit->period;
		size_t at = n;

		if (period == 0)
			continue;
		for (; at > 0 && seconds[at - 1] > period; at--)
			seconds[at] = seconds[at - 1];
		seconds[at] = period;
		n++;
	}
	p->windows = (struct windows){seconds, n, p->pardon};
}

/* Whom the charge concerns: the accounts of its limits, and who knows its
 * recipients. */
static void
find_parties(struct dealing *d)
{
	struct party *p = NULL;
	bool knows = false;

	for (size_t i = 0; i < d->limits->count; i++) {
		const struct applied *a = &d->limits->at[i];

		if (p == NULL || strcmp(p->name, a->account) != 0)
			p = add_party(d, a->account, i);
		p->count++;
		knows = knows || a->limit->metric == METRIC_NEW_RECIPIENTS;
	}
	for (size_t i = 0; knows && i < d->party_count; i++)
		if (strcmp(d->parties[i].name, d->charge->login) == 0)
			d->knower = &d->parties[i];
	if (knows && d->knower == NULL)
		d->knower = add_party(d, d->charge->login, 0);
	for (size_t i = 0; i < d->party_count; i++) {
		p = &d->parties[i];
		p->pardon =
		    policy_pardon(d->limits->policy, p->name, d->charge->now);
		sort_windows(d, p);
	}
}

/* Locks the shards of all parties, in the order of their addresses, each
 * once. */
static void
lock_parties(struct dealing *d, bool lock)
{
	const struct shard *last = NULL;

	for (;;) {
		struct shard *next = NULL;

		for (size_t i = 0; i < d->party_count; i++) {
			struct shard *s = d->parties[i].shard;

			if (s > last && (next == NULL || s < next))
				next = s;
		}
		if (next == NULL)
			return;
		if (lock)
			pthread_mutex_lock(&next->lock);
		else
			pthread_mutex_unlock(&next->lock);
		last = next;
	}
}

/*
 * Finds the accounts there are, and the time: threads look at the clock before
 * they wait for a lock, and one that was overtaken is no clock set back.
 */
static void
find_accounts(struct dealing *d)
{
	int64_t given = d->charge->now;

	d->now = given;
	for (size_t i = 0; i < d->party_count; i++) {
		struct party *p = &d->parties[i];
		struct account *a =
		    accounts_find(&p->shard->accounts, p->name, p->hash);

		p->account = a;
		if (a != NULL && a->last > d->now && a->last - given <= LATE)
			d->now = a->last;
	}
	for (size_t i = 0; i < d->party_count; i++)
		if (d->parties[i].account != NULL)
			account_touch(d->parties[i].account, d->now,
			    &d->parties[i].windows);
}

struct account *
party_account(struct dealing *d, struct party *p)
{
	if (p->account != NULL)
		return p->account;
	p->account = ledger_open(d->ledger, p->shard, p->name, p->hash);
	if (p->account != NULL)
		account_touch(p->account, d->now, &p->windows);
	else
		d->failed = true;
	return p->account;
}

/* Calls `each` for every limit that does not rest, with its party. */
static void
for_limits(struct dealing *d,
    void (*each)(struct dealing *d, struct party *p, size_t i))
{
	for (size_t k = 0; k < d->party_count; k++) {
		struct party *p = &d->parties[k];

		for (size_t i = p->first; i < p->first + p->count; i++)
			if (!d->limits->at[i].rests)
				each(d, p, i);
	}
}

/* Begins: the parties are locked, their accounts found. */
static void
begin(struct dealing *d, struct ledger *l, const struct limits *limits,
    const struct charge *charge, struct ruling *r)
{
	d->ledger = l;
	d->limits = limits;
	d->charge = charge;
	d->ruling = r;
	d->party_count = 0;
	d->knower = NULL;
	d->failed = false;
	memset(r->at, 0, limits->count * sizeof(*r->at));
	r->outcome = OUTCOME_PASS;
	r->by = 0;
	find_parties(d);
	lock_parties(d, true);
	find_accounts(d);
	d->fresh = count_fresh(d);
}

/* Ends: what could not be counted can't be told. */
static void
end(struct dealing *d)
{
	lock_parties(d, false);
	if (d->failed)
		d->ruling->outcome = OUTCOME_UNKNOWN;
}

void
ledger_judge(struct ledger *l, const struct limits *limits,
    const struct charge *charge, struct ruling *r)
{
	struct dealing d;

	begin(&d, l, limits, charge, r);
	for_limits(&d, judge);
	if (r->outcome > OUTCOME_HOLD)
		for_limits(&d, trip);
	else if (charge->network != 0)
		for_limits(&d, see_network);
	end(&d);
}

void
ledger_admit(struct ledger *l, const struct limits *limits,
    const struct charge *charge, struct ruling *r)
{
	struct dealing d;
	struct counts counts = {{0}};

	begin(&d, l, limits, charge, r);
	for_limits(&d, judge);
	if (r->outcome > OUTCOME_PASS)
		for_limits(&d, trip);
	if (r->outcome <= OUTCOME_HOLD && !d.failed) {
		counts.at[COUNT_MESSAGES] = charge->messages;
		counts.at[COUNT_RECIPIENTS] = charge->recipients;
		counts.at[COUNT_NEW_RECIPIENTS] = d.fresh;
		counts.at[COUNT_HELD] = r->outcome == OUTCOME_HOLD;
		count(&d, &counts);
		for_limits(&d, see_senders);
		if (r->outcome == OUTCOME_PASS)
			know_recipients(&d);
	}
	end(&d);
}

void
ledger_refuse(struct ledger *l, const struct limits *limits,
    const struct charge *charge, struct ruling *r)
{
	struct dealing d;
	struct counts counts = {{0}};

	begin(&d, l, limits, charge, r);
	counts.at[COUNT_TRIED_MESSAGES] = charge->messages;
	counts.at[COUNT_TRIED_RECIPIENTS] = charge->recipients;
	counts.at[COUNT_TRIED_NEW_RECIPIENTS] = d.fresh;
	counts.at[charge->by_limit ? COUNT_TRIED_REFUSALS : COUNT_REFUSALS] = 1;
	count(&d, &counts);
	for_limits(&d, see_refused);
	if (!charge->suspended)
		for_limits(&d, judge_refusals);
	if (r->outcome > OUTCOME_PASS)
		for_limits(&d, trip);
	end(&d);
}

static void
look(struct dealing *d, struct party *p, size_t i)
{
	const struct limit *l = d->limits->at[i].limit;
	struct measure *m = &d->ruling->at[i];

	m->relief = m->used < l->amount ? 0 : limit_relief(p, l, 1, d->now);
	m->tripped = p->account != NULL && has_tripped(d, p, l);
}

void
ledger_look(struct ledger *l, const struct limits *limits, int64_t now,
    struct ruling *r)
{
	const struct charge nothing = {.now = now, .login = ""};
	struct dealing d;

	begin(&d, l, limits, &nothing, r);
	for_limits(&d, judge);
	for_limits(&d, look);
	end(&d);
}

bool
ledger_knows(struct ledger *l, const char *login, uint32_t recipient)
{
	uint32_t hash;
	struct shard *s = ledger_shard(l, login, &hash);
	const struct account *a;
	bool known;

	pthread_mutex_lock(&s->lock);
	a = accounts_find(&s->accounts, login, hash);
	known = a != NULL && account_knows(a, recipient);
	pthread_mutex_unlock(&s->lock);
	return known;
}
