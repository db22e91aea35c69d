/*
 * Counters without locks.  Relaxed atomics do: each number stands for itself,
 * and nothing else is read because of one.
 */
#include "milter/tally.h"

#include <stdatomic.h>
#include <time.h>

#define MINUTE_US 60000000
#define COLUMN_TRIPS TALLY_KINDS /* of a minute, behind the verdicts */

const int64_t tally_bounds[TALLY_BUCKETS] = {10, 25, 50, 100, 250, 500, 1000,
    2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000};

typedef _Atomic uint64_t counter;

static struct {
	counter verdicts[TALLY_STAGES][TALLY_KINDS][REASON_COUNT];
	counter passed[TALLY_STAGES][REASON_COUNT];
	counter trips[METRIC_COUNT][EXCEED_COUNT];
	counter durations[TALLY_BUCKETS + 1];
	counter duration_sum;

	/* a ring; the number of the minute is above the 32 bits of the count,
	 * so that a count of another hour can't be taken for one of this */
	counter minutes[TALLY_MINUTES][TALLY_KINDS + 1];
} tally;

static void
add(counter *c, uint64_t n)
{
	atomic_fetch_add_explicit(c, n, memory_order_relaxed);
}

static uint64_t
get(counter *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

int64_t
tally_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Adds one to a count of this minute, which begins anew each hour. */
static void
add_in_minute(int column, int64_t now)
{
	uint64_t minute = (uint64_t)(now / MINUTE_US);
	counter *c = &tally.minutes[minute % TALLY_MINUTES][column];
	uint64_t old = get(c), new;

	do
		new = old >> 32 == minute ? old + 1 : minute << 32 | 1;
	while (!atomic_compare_exchange_weak_explicit(
	    c, &old, new, memory_order_relaxed, memory_order_relaxed));
}

void
tally_verdict(const struct verdict *v, int64_t now)
{
	add(&tally.verdicts[v->stage][v->kind][v->reason], 1);
	if (v->stage == STAGE_EOM || verdict_is_refusal(v->kind))
		add_in_minute((int)v->kind, now);
}

void
tally_passed_over(const struct finding *f)
{
	add(&tally.passed[f->stage][f->reason], 1);
}

void
tally_trip(const struct limit *l, int64_t now)
{
	add(&tally.trips[l->metric][l->on_exceed], 1);
	add_in_minute(COLUMN_TRIPS, now);
}

void
tally_duration(int64_t us)
{
	size_t i = 0;

	while (i < TALLY_BUCKETS && us > tally_bounds[i])
		i++;
	add(&tally.durations[i], 1);
	add(&tally.duration_sum, (uint64_t)us);
}

uint64_t
tally_verdicts(enum stage stage, enum verdict_kind kind, enum reason reason)
{
	return get(&tally.verdicts[stage][kind][reason]);
}

uint64_t
tally_passed(enum stage stage, enum reason reason)
{
	return get(&tally.passed[stage][reason]);
}

uint64_t
tally_trips(enum metric metric, enum on_exceed action)
{
	return get(&tally.trips[metric][action]);
}

void
tally_durations(struct tally_durations *out)
{
	for (size_t i = 0; i <= TALLY_BUCKETS; i++)
		out->in[i] = get(&tally.durations[i]);
	out->sum = get(&tally.duration_sum);
}

/* The sum of a column over the minute under way and the 59 before it. */
static uint64_t
sum_of_hour(int column, int64_t now)
{
	uint64_t minute = (uint64_t)(now / MINUTE_US), n = 0;

	for (size_t i = 0; i < TALLY_MINUTES; i++) {
		uint64_t seen = get(&tally.minutes[i][column]);

		if (minute - (seen >> 32) < TALLY_MINUTES)
			n += seen & UINT32_MAX;
	}
	return n;
}

void
tally_last_hour(int64_t now, uint64_t out[TALLY_KINDS])
{
	for (int kind = 0; kind < TALLY_KINDS; kind++)
		out[kind] = sum_of_hour(kind, now);
}

uint64_t
tally_trips_last_hour(int64_t now)
{
	return sum_of_hour(COLUMN_TRIPS, now);
}
