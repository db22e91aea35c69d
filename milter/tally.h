#ifndef MILTER_TALLY_H
#define MILTER_TALLY_H

/*
 * What was answered since the start, in numbers: no login, no address.  Fed
 * where answers are made, from any thread; nobody ever waits here.  What is
 * read is exact for each number, not for several at one instant.
 */

#include "policy/limit.h"

#include <stdint.h>

#define TALLY_STAGES (STAGE_ABORT + 1)
#define TALLY_KINDS (VERDICT_HOLD + 1)
#define TALLY_BUCKETS 16
#define TALLY_MINUTES 60

/* The clock of this module: microseconds, never set back. */
int64_t tally_now(void);

/* Counts a verdict that is about to be spoken. */
void tally_verdict(const struct verdict *v, int64_t now);

/* Counts a refusal that monitor mode passed over. */
void tally_passed_over(const struct finding *f);

/* Counts a limit that tripped. */
void tally_trip(const struct limit *l, int64_t now);

/* Counts how long an answer took, its record included; microseconds. */
void tally_duration(int64_t us);

uint64_t tally_verdicts(
    enum stage stage, enum verdict_kind kind, enum reason reason);
uint64_t tally_passed(enum stage stage, enum reason reason);
uint64_t tally_trips(enum metric metric, enum on_exceed action);

/* Upper bounds of the buckets, in microseconds, ascending. */
extern const int64_t tally_bounds[TALLY_BUCKETS];

struct tally_durations {
	uint64_t in[TALLY_BUCKETS + 1]; /* each bucket; the last: longer */
	uint64_t sum;			/* microseconds */
};
void tally_durations(struct tally_durations *out);

/*
 * What the audit log has of the last hour, by enum verdict_kind: messages at
 * their end and refusals of any stage.  The hour is the minute under way and
 * the 59 before it.
 */
void tally_last_hour(int64_t now, uint64_t out[TALLY_KINDS]);
uint64_t tally_trips_last_hour(int64_t now); /* limits, likewise */

#endif
