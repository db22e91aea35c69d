#ifndef POLICY_SERIES_H
#define POLICY_SERIES_H

/*
 * What one account sent, and when: counters over time, coarser the longer ago,
 * so that sliding windows of any length are answered from a few entries.
 *
 * An entry spans at most one fifteenth of the shortest window that its end is
 * still in, and one that a window's edge cuts counts whole.  So no window ever
 * holds more than is told, and a limit refuses at most a fifteenth of its
 * window early.  Times are seconds since 1970 of a clock that may be set back:
 * what then lies in the future is taken for now.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERIES_SPAN 15 /* an entry spans at most this part of a window */

enum counter {
	COUNT_MESSAGES,
	COUNT_RECIPIENTS,
	COUNT_NEW_RECIPIENTS,
	COUNT_REFUSALS,
	COUNT_TRIED_MESSAGES, /* refused; strict limits count them as well */
	COUNT_TRIED_RECIPIENTS,
	COUNT_TRIED_NEW_RECIPIENTS,
	COUNT_TRIED_REFUSALS, /* by limits and suspensions */
	COUNT_HELD,
	COUNTERS
};

struct counts {
	uint32_t at[COUNTERS];
};

/*
 * Zero-initialise; release with series_clear().  Only the counters that limits
 * ask for take memory: `columns` has a bit for each.
 */
struct series {
	uint32_t *entries; /* t0, t1, one word a column; oldest first */
	uint16_t count, room;
	uint16_t columns;
};

/* The windows in use, the shortest first, and the pardon, see below. */
struct windows {
	const int64_t *seconds;
	size_t count;
	int64_t pardon; /* what began up to then is void; INT64_MIN: none */
};

/* Adds what happened at `now`.  False when memory is out. */
bool series_add(struct series *s, int64_t now, const struct counts *counts,
    const struct windows *w);

/* Puts an entry behind all others, as it was written to a file. */
bool series_append(
    struct series *s, int64_t t0, int64_t t1, const struct counts *counts);

/* The sum of some counters, a bit for each, over the `window` seconds before
 * `now`, all of them included. */
uint64_t series_sum(const struct series *s, unsigned counters, int64_t now,
    int64_t window, int64_t pardon);

/*
 * How many seconds after `now` the sum will have sunk to `most`, if nothing
 * is added; 0 when it has.
 */
int64_t series_relief(const struct series *s, unsigned counters, int64_t now,
    int64_t window, int64_t pardon, uint64_t most);

/* Drops what is older than the longest window.  Frees the memory of an empty
 * series. */
void series_expire(struct series *s, int64_t now, int64_t longest);

/* Moves what lies in the future to `now`: the clock was set back. */
void series_set_back(struct series *s, int64_t now);

/* Reads entry `i`. */
void series_entry(const struct series *s, size_t i, int64_t *t0, int64_t *t1,
    struct counts *counts);

void series_clear(struct series *s);

#endif
