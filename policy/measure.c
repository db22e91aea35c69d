/*
 * How a charge stands against a limit, and what that limit does about it.  The
 * rule guarded here: what can't be measured exactly is measured too high.
 */
#include "dealing.h"

static const struct account no_account;

/* The counters of a limit, a bit for each. */
static unsigned
counters_of(const struct limit *l)
{
	static const struct {
		enum counter counted, tried;
	} counters[METRIC_COUNT] = {
	    [METRIC_MESSAGES] = {COUNT_MESSAGES, COUNT_TRIED_MESSAGES},
	    [METRIC_RECIPIENTS] = {COUNT_RECIPIENTS, COUNT_TRIED_RECIPIENTS},
	    [METRIC_NEW_RECIPIENTS] = {COUNT_NEW_RECIPIENTS,
		COUNT_TRIED_NEW_RECIPIENTS},
	    [METRIC_REFUSALS] = {COUNT_REFUSALS, COUNT_TRIED_REFUSALS},
	};
	unsigned tried = l->strict ? 1u << counters[l->metric].tried : 0;

	return 1u << counters[l->metric].counted | tried;
}

static uint64_t
sum(const struct party *p, const struct limit *l, unsigned counters,
    int64_t now)
{
	const struct series *s =
	    p->account == NULL ? &no_account.series : &p->account->series;

	return series_sum(s, counters, now, l->period, p->pardon);
}

/* The first second that counts in a limit's window. */
static int64_t
window_start(const struct party *p, const struct limit *l, int64_t now)
{
	return now - l->period > p->pardon ? now - l->period : p->pardon + 1;
}

enum seen_kind
distinct_kind(const struct limit *l)
{
	if (l->metric == METRIC_SENDERS)
		return l->strict ? SEEN_ANY_SENDER : SEEN_SENDER;
	return l->strict ? SEEN_ANY_NETWORK : SEEN_NETWORK;
}

/* Measures distinct things: those in the window, and those that would be. */
static uint64_t
measure_distinct(const struct party *p, const struct limit *l, int64_t now,
    const uint32_t *prints, size_t n, uint64_t *added)
{
	const struct seen *s =
	    p->account == NULL ? &no_account.seen : &p->account->seen;
	int64_t from = window_start(p, l, now);

	for (size_t i = 0; i < n; i++)
		*added += !seen_has(s, distinct_kind(l), prints[i], from);
	return seen_count(s, distinct_kind(l), from);
}

/* What is used of a limit, and what the charge would add. */
static uint64_t
measure(const struct dealing *d, const struct party *p, const struct limit *l,
    uint64_t *added)
{
	const struct charge *c = d->charge;

	*added = 0;
	switch (l->metric) {
	case METRIC_MESSAGES:
		*added = c->messages;
		return sum(p, l, counters_of(l), d->now);
	case METRIC_RECIPIENTS:
		*added = c->recipients;
		return sum(p, l, counters_of(l), d->now);
	case METRIC_NEW_RECIPIENTS:
		*added = d->fresh;
		return sum(p, l, counters_of(l), d->now);
	case METRIC_SENDERS:
		return measure_distinct(
		    p, l, d->now, c->senders, c->sender_count, added);
	case METRIC_NETWORKS:
		return measure_distinct(
		    p, l, d->now, &c->network, c->network != 0, added);
	case METRIC_REFUSALS:
		return sum(p, l, counters_of(l), d->now);
	case METRIC_RECIPIENTS_PER_MESSAGE:
		*added = c->recipients;
		return 0;
	case METRIC_NONE:
	case METRIC_COUNT:
		break;
	}
	return 0;
}

int64_t
limit_relief(
    const struct party *p, const struct limit *l, uint64_t added, int64_t now)
{
	uint64_t amount = (uint64_t)l->amount;

	if (l->period == 0 || added > amount || p->account == NULL)
		return l->period;
	if (l->metric == METRIC_SENDERS || l->metric == METRIC_NETWORKS)
		return seen_leaving(&p->account->seen, distinct_kind(l),
			   window_start(p, l, now), amount - added) +
		       l->period + 1 - now;
	return series_relief(&p->account->series, counters_of(l), now,
	    l->period, p->pardon, amount - added);
}

/* What is done about a limit that is exceeded: no more than its amount of
 * messages are held in a window. */
static enum outcome
act(const struct dealing *d, const struct party *p, const struct limit *l)
{
	static const enum outcome outcomes[EXCEED_COUNT] = {
	    [EXCEED_HOLD] = OUTCOME_HOLD,
	    [EXCEED_TEMPFAIL] = OUTCOME_TEMPFAIL,
	    [EXCEED_REJECT] = OUTCOME_REJECT,
	    [EXCEED_SUSPEND] = OUTCOME_SUSPEND,
	};
	uint64_t held;

	if (l->on_exceed != EXCEED_HOLD || l->period == 0)
		return outcomes[l->on_exceed];
	held = sum(p, l, 1u << COUNT_HELD, d->now);
	return held < (uint64_t)l->amount ? OUTCOME_HOLD : OUTCOME_TEMPFAIL;
}

/* Does the limit, once exceeded, stop what adds nothing to it as well?  Those
 * that refused attempts count for: else a second attempt would pass. */
static bool
is_standing(const struct limit *l)
{
	return l->metric == METRIC_REFUSALS ||
	       (l->strict && (l->metric == METRIC_SENDERS ||
				 l->metric == METRIC_NETWORKS));
}

/* Is an outcome by limit `i` stricter than what was found so far?  Of those
 * that suspend the one that does it for longer. */
static bool
is_stricter(const struct dealing *d, enum outcome outcome, size_t i)
{
	const struct ruling *r = d->ruling;
	const struct applied *at = d->limits->at;

	if (outcome != OUTCOME_SUSPEND || r->outcome != OUTCOME_SUSPEND)
		return outcome > r->outcome;
	return at[i].limit->suspend_for > at[r->by].limit->suspend_for;
}

void
judge(struct dealing *d, struct party *p, size_t i)
{
	const struct limit *l = d->limits->at[i].limit;
	struct ruling *r = d->ruling;
	struct measure *m = &r->at[i];
	uint64_t added, used = measure(d, p, l, &added);
	enum outcome outcome;

	m->used = (int64_t)(used + added);
	m->exceeded = m->used > l->amount && (added > 0 || is_standing(l));
	if (!m->exceeded)
		return;
	m->relief = limit_relief(p, l, added, d->now);
	if (!d->limits->at[i].acts)
		return;
	p->exceeded |= 1u << l->metric;
	outcome = act(d, p, l);
	if (!is_stricter(d, outcome, i))
		return;
	r->outcome = outcome;
	r->by = i;
}

void
judge_refusals(struct dealing *d, struct party *p, size_t i)
{
	if (d->limits->at[i].limit->metric == METRIC_REFUSALS)
		judge(d, p, i);
}
