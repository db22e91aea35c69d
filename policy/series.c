/* Counters over time.  The rule guarded here: a window never holds more than
 * is told. */
#include "series.h"

#include <stdlib.h>
#include <string.h>

#define ENTRIES_MAX 60000

/* Words of an entry: its two times and its columns. */
static size_t
width(unsigned columns)
{
	return 2 + (size_t)__builtin_popcount(columns);
}

static uint32_t *
entry(const struct series *s, size_t i)
{
	return s->entries + i * width(s->columns);
}

/* Where the counter stands in an entry; 0 when it has no column. */
static size_t
place(const struct series *s, enum counter c)
{
	unsigned below = s->columns & ((1u << c) - 1);

	return (s->columns & 1u << c) == 0 ? 0 : width(below);
}

static uint32_t
plus(uint32_t a, uint32_t b)
{
	return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

/* Lays the entries out anew, for other columns or more of them. */
static bool
lay_out(struct series *s, unsigned columns, size_t room)
{
	struct series other = {
	    .count = s->count,
	    .room = (uint16_t)room,
	    .columns = (uint16_t)columns,
	};

	if (room > ENTRIES_MAX)
		return false;
	other.entries = calloc(room, width(columns) * sizeof(*other.entries));
	if (other.entries == NULL)
		return false;
	for (size_t i = 0; i < s->count; i++) {
		uint32_t *to = entry(&other, i), *from = entry(s, i);

		memcpy(to, from, 2 * sizeof(*to));
		for (int c = 0; c < COUNTERS; c++)
			if (place(s, (enum counter)c) != 0)
				to[place(&other, (enum counter)c)] =
				    from[place(s, (enum counter)c)];
	}
	free(s->entries);
	*s = other;
	return true;
}

static unsigned
columns_of(const struct counts *counts)
{
	unsigned columns = 0;

	for (int c = 0; c < COUNTERS; c++)
		columns |= counts->at[c] != 0 ? 1u << c : 0;
	return columns;
}

static void
add_to(const struct series *s, uint32_t *e, const struct counts *counts)
{
	for (int c = 0; c < COUNTERS; c++) {
		size_t at = place(s, (enum counter)c);

		if (at != 0)
			e[at] = plus(e[at], counts->at[c]);
	}
}

/*
 * How long an entry may be whose end is at `t1`: by the shortest window that
 * it is still in.
 */
static int64_t
span_at(const struct windows *w, int64_t t1, int64_t now)
{
	size_t i = 0;

	while (i + 1 < w->count && t1 < now - w->seconds[i])
		i++;
	return w->count == 0 ? 0 : w->seconds[i] / SERIES_SPAN;
}

/* May what happened from `t0` to `t1` be one entry? */
static bool
is_one(const struct windows *w, int64_t t0, int64_t t1, int64_t now)
{
	bool parted = t0 <= w->pardon && t1 > w->pardon;

	return t1 - t0 <= span_at(w, t1, now) && !parted;
}

/* Joins neighbours that have grown old enough. */
static void
join(struct series *s, const struct windows *w, int64_t now)
{
	size_t kept = 0, words = width(s->columns);

	for (size_t i = 1; i < s->count; i++) {
		uint32_t *last = entry(s, kept), *next = entry(s, i);

		if (!is_one(w, last[0], next[1], now)) {
			kept++;
			memmove(entry(s, kept), next, words * sizeof(*next));
			continue;
		}
		last[1] = next[1];
		for (size_t c = 2; c < words; c++)
			last[c] = plus(last[c], next[c]);
	}
	s->count = (uint16_t)(s->count == 0 ? 0 : kept + 1);
}

static bool
push(struct series *s, int64_t t0, int64_t t1, const struct counts *counts)
{
	uint32_t *e;

	if (s->count == s->room &&
	    !lay_out(s, s->columns, s->room + (size_t)s->room / 4 + 3))
		return false;
	e = entry(s, s->count++);
	memset(e, 0, width(s->columns) * sizeof(*e));
	e[0] = (uint32_t)t0;
	e[1] = (uint32_t)t1;
	add_to(s, e, counts);
	return true;
}

static bool
widen(struct series *s, const struct counts *counts)
{
	unsigned columns = s->columns | columns_of(counts);

	return columns == s->columns ||
	       lay_out(s, columns, s->room == 0 ? 4 : s->room);
}

bool
series_add(struct series *s, int64_t now, const struct counts *counts,
    const struct windows *w)
{
	uint32_t *last;

	if (!widen(s, counts))
		return false;
	last = s->count > 0 ? entry(s, s->count - 1u) : NULL;
	if (last != NULL && is_one(w, last[0], now, now)) {
		last[1] = (uint32_t)now;
		add_to(s, last, counts);
		return true;
	}
	if (s->count == s->room)
		join(s, w, now);
	return push(s, now, now, counts);
}

bool
series_append(
    struct series *s, int64_t t0, int64_t t1, const struct counts *counts)
{
	uint32_t *last;

	if (!widen(s, counts))
		return false;
	last = s->count > 0 ? entry(s, s->count - 1u) : NULL;
	if (last != NULL && t0 < last[1])
		t0 = last[1];
	if (last != NULL && t1 < t0)
		t1 = t0;
	if (last != NULL && last[0] == t0 && last[1] == t1) {
		add_to(s, last, counts);
		return true;
	}
	return push(s, t0, t1, counts);
}

/* What an entry has of some counters. */
static uint64_t
sum_of(const struct series *s, const uint32_t *e, unsigned counters)
{
	uint64_t sum = 0;

	for (unsigned left = counters & s->columns; left != 0; left &= left - 1)
		sum += e[place(s, (enum counter)__builtin_ctz(left))];
	return sum;
}

uint64_t
series_sum(const struct series *s, unsigned counters, int64_t now,
    int64_t window, int64_t pardon)
{
	uint64_t sum = 0;

	if ((counters & s->columns) == 0)
		return 0;
	for (size_t i = s->count; i-- > 0;) {
		const uint32_t *e = entry(s, i);

		if (e[1] < now - window)
			break;
		if (e[0] > pardon)
			sum += sum_of(s, e, counters);
	}
	return sum;
}

int64_t
series_relief(const struct series *s, unsigned counters, int64_t now,
    int64_t window, int64_t pardon, uint64_t most)
{
	uint64_t sum = series_sum(s, counters, now, window, pardon);
	int64_t relief = 0;

	for (size_t i = 0; i < s->count && sum > most; i++) {
		const uint32_t *e = entry(s, i);

		if (e[1] < now - window || e[0] <= pardon)
			continue;
		sum -= sum_of(s, e, counters);
		relief = e[1] + window + 1 - now;
	}
	return relief;
}

void
series_expire(struct series *s, int64_t now, int64_t longest)
{
	size_t gone = 0;

	while (gone < s->count && entry(s, gone)[1] < now - longest)
		gone++;
	if (gone == 0)
		return;
	s->count = (uint16_t)(s->count - gone);
	if (s->count == 0)
		series_clear(s);
	else
		memmove(s->entries, entry(s, gone),
		    s->count * width(s->columns) * sizeof(*s->entries));
}

void
series_set_back(struct series *s, int64_t now)
{
	for (size_t i = s->count; i-- > 0;) {
		uint32_t *e = entry(s, i);

		if (e[1] <= now)
			return;
		e[1] = (uint32_t)now;
		e[0] = e[0] > now ? (uint32_t)now : e[0];
	}
}

void
series_entry(const struct series *s, size_t i, int64_t *t0, int64_t *t1,
    struct counts *counts)
{
	const uint32_t *e = entry(s, i);

	*t0 = e[0];
	*t1 = e[1];
	for (int c = 0; c < COUNTERS; c++) {
		size_t at = place(s, (enum counter)c);

		counts->at[c] = at == 0 ? 0 : e[at];
	}
}

void
series_clear(struct series *s)
{
	free(s->entries);
	*s = (struct series){0};
}
