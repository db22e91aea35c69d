/*
 * Counting in the accounts of a charge, and posting what was counted.  The
 * rule guarded here: nothing a message may not have is learnt from it.
 */
#include "dealing.h"

#define POSTINGS_MAX (1 << 20) /* bytes of a shard that wait to be taken */

/* Where a party's next posting goes; its name stands there, and no other of
 * the same shard's behind it. */
static struct postings *
post(struct dealing *d, struct party *p)
{
	struct postings *out = &p->shard->postings;

	if (out->len > POSTINGS_MAX || out->failed || p->shard->overflown) {
		postings_clear(out);
		p->shard->overflown = true;
		return NULL;
	}
	if (p->posted)
		return out;
	for (size_t i = 0; i < d->party_count; i++)
		if (d->parties[i].shard == p->shard)
			d->parties[i].posted = false;
	p->posted = true;
	posting_name(out, p->name);
	posting_print(out, 'W', p->account->longest, d->now);
	return out;
}

bool
has_tripped(
    const struct dealing *d, const struct party *p, const struct limit *l)
{
	int64_t window = l->period != 0 ? l->period : TRIP_WITHOUT_PERIOD;
	int64_t from = d->now - window;

	return account_tripped(p->account, ledger_print(d->ledger, l->name),
	    from > p->pardon ? from : p->pardon + 1);
}

void
trip(struct dealing *d, struct party *p, size_t i)
{
	const struct limit *l = d->limits->at[i].limit;
	struct measure *m = &d->ruling->at[i];
	uint32_t print = ledger_print(d->ledger, l->name);
	struct postings *out;

	if (!m->exceeded || !d->limits->at[i].acts ||
	    party_account(d, p) == NULL)
		return;
	m->trips = !has_tripped(d, p, l);
	if (!m->trips)
		return;
	if (!account_trip(p->account, print, d->now))
		d->failed = true;
	out = post(d, p);
	if (out != NULL)
		posting_print(out, 'T', print, d->now);
}

/* Which counters a party's limits ask for, of those that are at hand. */
static struct counts
wanted(const struct dealing *d, const struct party *p, const struct counts *all)
{
	static const enum counter counters[METRIC_COUNT][2] = {
	    [METRIC_MESSAGES] = {COUNT_MESSAGES, COUNT_TRIED_MESSAGES},
	    [METRIC_RECIPIENTS] = {COUNT_RECIPIENTS, COUNT_TRIED_RECIPIENTS},
	    [METRIC_NEW_RECIPIENTS] = {COUNT_NEW_RECIPIENTS,
		COUNT_TRIED_NEW_RECIPIENTS},
	    [METRIC_REFUSALS] = {COUNT_REFUSALS, COUNT_TRIED_REFUSALS},
	};
	struct counts counts = {{0}};

	for (size_t i = p->first; i < p->first + p->count; i++) {
		const struct limit *l = d->limits->at[i].limit;
		const enum counter *c = counters[l->metric];

		if (c[1] != 0 && !d->limits->at[i].rests) {
			counts.at[c[0]] = all->at[c[0]];
			if (l->strict)
				counts.at[c[1]] = all->at[c[1]];
		}
		if (l->on_exceed == EXCEED_HOLD && l->period != 0)
			counts.at[COUNT_HELD] = all->at[COUNT_HELD];
	}
	return counts;
}

static bool
is_nothing(const struct counts *counts)
{
	for (int c = 0; c < COUNTERS; c++)
		if (counts->at[c] != 0)
			return false;
	return true;
}

void
count(struct dealing *d, const struct counts *all)
{
	for (size_t i = 0; i < d->party_count; i++) {
		struct party *p = &d->parties[i];
		struct counts counts = wanted(d, p, all);
		struct postings *out;

		if (is_nothing(&counts) || party_account(d, p) == NULL)
			continue;
		if (!series_add(
			&p->account->series, d->now, &counts, &p->windows))
			d->failed = true;
		out = post(d, p);
		if (out != NULL)
			posting_entry(out, d->now, d->now, &counts);
	}
}

static void
see(struct dealing *d, struct party *p, enum seen_kind kind, uint32_t print)
{
	struct postings *out;

	if (print == 0 || party_account(d, p) == NULL)
		return;
	if (!seen_add(&p->account->seen, kind, print, d->now))
		d->failed = true;
	out = post(d, p);
	if (out != NULL)
		posting_print(out, 'S', seen_print(kind, print), d->now);
}

/*
 * Remembers what is distinct, as one limit asks for.  What a held message uses
 * beyond a limit is not the login's for that.
 */
static void
see_distinct(struct dealing *d, struct party *p, size_t i, enum metric metric,
    bool accepted)
{
	const struct limit *l = d->limits->at[i].limit;
	bool counts = accepted && (p->exceeded & 1u << metric) == 0;

	if (l->metric != metric || (!counts && !l->strict))
		return;
	if (metric == METRIC_NETWORKS)
		see(d, p, distinct_kind(l), d->charge->network);
	for (size_t k = 0;
	     metric == METRIC_SENDERS && k < d->charge->sender_count; k++)
		see(d, p, distinct_kind(l), d->charge->senders[k]);
}

void
see_senders(struct dealing *d, struct party *p, size_t i)
{
	see_distinct(d, p, i, METRIC_SENDERS, true);
}

void
see_network(struct dealing *d, struct party *p, size_t i)
{
	see_distinct(d, p, i, METRIC_NETWORKS, true);
}

void
see_refused(struct dealing *d, struct party *p, size_t i)
{
	see_distinct(d, p, i, METRIC_SENDERS, false);
	see_distinct(d, p, i, METRIC_NETWORKS, false);
}

/* The login has now written to these.  Those of a held message stay new: else
 * the next one would reach them. */
void
know_recipients(struct dealing *d)
{
	const struct prints *written = d->charge->written;

	if (d->knower == NULL || written == NULL || written->count == 0 ||
	    party_account(d, d->knower) == NULL)
		return;
	for (uint32_t i = 0; i < written->size; i++) {
		struct postings *out = NULL;
		bool news = false;

		if (written->slots[i] != 0 &&
		    !account_know(d->knower->account, written->slots[i], &news))
			d->failed = true;
		if (news)
			out = post(d, d->knower);
		if (out != NULL)
			posting_print(out, 'K', written->slots[i], 0);
	}
}

unsigned
count_fresh(const struct dealing *d)
{
	const struct prints *written = d->charge->written;
	const struct account *a = d->knower == NULL ? NULL : d->knower->account;
	unsigned n = 0;

	if (d->knower == NULL || written == NULL)
		return d->charge->fresh;
	for (uint32_t i = 0; i < written->size; i++)
		n += written->slots[i] != 0 &&
		     (a == NULL || !account_knows(a, written->slots[i]));
	return n;
}
