/*
 * milter/tally: every verdict is counted once, under its names, whoever counts
 * beside it, and an hour later it is out of the last hour.
 */
#include "milter/tally.h"

#include "tests/unit/unit.h"

#include <pthread.h>

#define MINUTE INT64_C(60000000)
#define THREADS 8
#define VERDICTS 20000 /* of each thread */

/* The counts live as long as the process: each test begins two hours later. */
static int64_t now = 7 * MINUTE;

static int
begin(void **state)
{
	(void)state;
	now += 2 * TALLY_MINUTES * MINUTE;
	return 0;
}

static void
count(enum stage stage, enum verdict_kind kind, enum reason reason, int64_t at)
{
	tally_verdict(
	    &(struct verdict){.stage = stage, .kind = kind, .reason = reason},
	    at);
}

static void
assert_last_hour(int64_t at, const uint64_t expected[TALLY_KINDS])
{
	uint64_t seen[TALLY_KINDS];

	tally_last_hour(at, seen);
	for (int kind = 0; kind < TALLY_KINDS; kind++)
		if (seen[kind] != expected[kind])
			fail_msg("%s: %d, not %d",
			    verdict_name((enum verdict_kind)kind),
			    (int)seen[kind], (int)expected[kind]);
}

static void
a_verdict_is_counted_under_its_names(void **state)
{
	(void)state;
	count(STAGE_RCPT, VERDICT_REJECT, REASON_RULE, now);
	count(STAGE_RCPT, VERDICT_REJECT, REASON_RULE, now);
	count(STAGE_EOM, VERDICT_HOLD, REASON_RULE, now);
	tally_passed_over(
	    &(struct finding){.stage = STAGE_MAIL, .reason = REASON_RULE});
	for (int stage = 0; stage < TALLY_STAGES; stage++)
		for (int kind = 0; kind < TALLY_KINDS; kind++)
			assert_int_equal(
			    tally_verdicts((enum stage)stage,
				(enum verdict_kind)kind, REASON_RULE),
			    stage == STAGE_RCPT && kind == VERDICT_REJECT ? 2
			    : stage == STAGE_EOM && kind == VERDICT_HOLD  ? 1
									  : 0);
	assert_int_equal(tally_passed(STAGE_MAIL, REASON_RULE), 1);
	assert_int_equal(tally_passed(STAGE_RCPT, REASON_RULE), 0);
}

static void
the_last_hour_has_refusals_and_whole_messages(void **state)
{
	(void)state;
	assert_last_hour(now, (uint64_t[TALLY_KINDS]){0});
	count(STAGE_MAIL, VERDICT_ACCEPT, REASON_NONE, now);
	count(STAGE_RCPT, VERDICT_ACCEPT, REASON_NONE, now);
	count(STAGE_RCPT, VERDICT_HOLD, REASON_RULE, now);
	count(STAGE_MAIL, VERDICT_REJECT, REASON_SENDER_DENIED, now);
	count(STAGE_RCPT, VERDICT_TEMPFAIL, REASON_INTERNAL, now);
	count(STAGE_RCPT, VERDICT_TEMPFAIL, REASON_INTERNAL, now);
	count(STAGE_EOM, VERDICT_HOLD, REASON_RULE, now);
	count(STAGE_EOM, VERDICT_ACCEPT, REASON_NONE, now);
	count(STAGE_EOM, VERDICT_ACCEPT, REASON_NONE, now);
	count(STAGE_EOM, VERDICT_ACCEPT, REASON_NONE, now);
	assert_last_hour(now, (uint64_t[TALLY_KINDS]){[VERDICT_ACCEPT] = 3,
				  [VERDICT_REJECT] = 1,
				  [VERDICT_TEMPFAIL] = 2,
				  [VERDICT_HOLD] = 1});
}

static void
an_hour_is_sixty_minutes(void **state)
{
	const uint64_t none[TALLY_KINDS] = {0};

	(void)state;
	for (int64_t i = 0; i < TALLY_MINUTES; i++)
		count(STAGE_EOM, VERDICT_ACCEPT, REASON_NONE, now + i * MINUTE);
	for (int64_t i = TALLY_MINUTES - 1; i < 2 * TALLY_MINUTES - 1; i++)
		assert_last_hour(now + i * MINUTE + MINUTE - 1,
		    (uint64_t[TALLY_KINDS]){
			[VERDICT_ACCEPT] =
			    (uint64_t)(2 * TALLY_MINUTES - 1 - i)});
	assert_last_hour(now + (2 * TALLY_MINUTES - 1) * MINUTE, none);
}

static void
trips_are_counted_for_an_hour(void **state)
{
	const struct limit l = {
	    .metric = METRIC_MESSAGES, .on_exceed = EXCEED_REJECT};
	uint64_t before = tally_trips(METRIC_MESSAGES, EXCEED_REJECT);

	(void)state;
	tally_trip(&l, now);
	tally_trip(&l, now + MINUTE);
	assert_int_equal(
	    tally_trips(METRIC_MESSAGES, EXCEED_REJECT), before + 2);
	assert_int_equal(tally_trips_last_hour(now + MINUTE), 2);
	assert_int_equal(tally_trips_last_hour(now + 60 * MINUTE), 1);
	assert_int_equal(tally_trips_last_hour(now + 61 * MINUTE), 0);
	assert_last_hour(now + MINUTE, (uint64_t[TALLY_KINDS]){0});
}

static void
a_minute_begins_anew_after_an_hour(void **state)
{
	(void)state;
	count(STAGE_EOM, VERDICT_HOLD, REASON_RULE, now);
	count(STAGE_EOM, VERDICT_HOLD, REASON_RULE, now);
	now += TALLY_MINUTES * MINUTE;
	count(STAGE_EOM, VERDICT_HOLD, REASON_RULE, now);
	assert_last_hour(now, (uint64_t[TALLY_KINDS]){[VERDICT_HOLD] = 1});
}

static void
a_duration_is_in_the_first_bucket_that_has_room(void **state)
{
	struct tally_durations before, after;

	(void)state;
	for (size_t i = 0; i <= TALLY_BUCKETS; i++) {
		int64_t us = i < TALLY_BUCKETS ? tally_bounds[i]
					       : tally_bounds[i - 1] + 1;

		tally_durations(&before);
		tally_duration(us);
		tally_durations(&after);
		assert_int_equal(after.sum - before.sum, us);
		for (size_t b = 0; b <= TALLY_BUCKETS; b++)
			assert_int_equal(after.in[b] - before.in[b], b == i);
		if (i > 0 && i < TALLY_BUCKETS)
			assert_true(tally_bounds[i] > tally_bounds[i - 1]);
	}
}

/* Counts through three minutes, as fast as it can. */
static void *
count_many(void *unused)
{
	(void)unused;
	for (int64_t i = 0; i < VERDICTS; i++)
		count(STAGE_EOM, VERDICT_TEMPFAIL, REASON_OVERLOADED,
		    now + i * 3 * MINUTE / VERDICTS);
	return NULL;
}

static void
nothing_is_lost_between_threads(void **state)
{
	uint64_t before =
	    tally_verdicts(STAGE_EOM, VERDICT_TEMPFAIL, REASON_OVERLOADED);
	pthread_t threads[THREADS];

	(void)state;
	/* what is there already, of an hour that is over */
	for (int64_t i = 0; i < 3; i++)
		count(STAGE_EOM, VERDICT_TEMPFAIL, REASON_INTERNAL,
		    now + (i - TALLY_MINUTES) * MINUTE);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, count_many, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(
	    tally_verdicts(STAGE_EOM, VERDICT_TEMPFAIL, REASON_OVERLOADED) -
		before,
	    THREADS * VERDICTS);
	assert_last_hour(now + 3 * MINUTE,
	    (uint64_t[TALLY_KINDS]){[VERDICT_TEMPFAIL] = THREADS * VERDICTS});
}

int
main(void)
{
	static struct suite s;
	static const struct named_test tests[] = {
	    {"a verdict is counted under its names",
		a_verdict_is_counted_under_its_names},
	    {"the last hour has refusals and whole messages",
		the_last_hour_has_refusals_and_whole_messages},
	    {"an hour is sixty minutes", an_hour_is_sixty_minutes},
	    {"trips are counted for an hour", trips_are_counted_for_an_hour},
	    {"a minute begins anew after an hour",
		a_minute_begins_anew_after_an_hour},
	    {"a duration is in the first bucket that has room",
		a_duration_is_in_the_first_bucket_that_has_room},
	    {"nothing is lost between threads",
		nothing_is_lost_between_threads},
	};

	SUITE_TESTS(&s, tests);
	for (size_t i = 0; i < s.count; i++)
		s.tests[i].setup_func = begin;
	return suite_run(&s, "tally");
}
