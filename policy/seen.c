/* Distinct things and when they were seen last; short lists, searched as a
 * whole. */
#include "seen.h"

#include <stdlib.h>

#define KIND_BITS 3u

uint32_t
seen_print(enum seen_kind kind, uint32_t print)
{
	return (print & ~KIND_BITS) | (uint32_t)kind;
}

enum seen_kind
seen_kind_of(uint32_t print)
{
	return (enum seen_kind)(print & KIND_BITS);
}

static bool
is_kind(const struct seen_item *item, enum seen_kind kind)
{
	return seen_kind_of(item->print) == kind;
}

/* The item of a fingerprint; else, where one kind is full, its oldest. */
static struct seen_item *
find(const struct seen *s, enum seen_kind kind, uint32_t print)
{
	struct seen_item *oldest = NULL;
	size_t of_kind = 0;

	for (size_t i = 0; i < s->count; i++) {
		struct seen_item *item = &s->items[i];

		if (item->print == print)
			return item;
		if (!is_kind(item, kind))
			continue;
		of_kind++;
		if (oldest == NULL || item->last < oldest->last)
			oldest = item;
	}
	return of_kind < SEEN_MAX ? NULL : oldest;
}

bool
seen_add(struct seen *s, enum seen_kind kind, uint32_t print, int64_t now)
{
	struct seen_item *item;

	print = seen_print(kind, print);
	item = find(s, kind, print);
	if (item == NULL && s->count == s->room) {
		size_t room = s->room + (size_t)s->room / 2 + 2;
		struct seen_item *larger =
		    reallocarray(s->items, room, sizeof(*larger));

		if (larger == NULL)
			return false;
		s->items = larger;
		s->room = (uint16_t)room;
	}
	if (item == NULL)
		item = &s->items[s->count++];
	*item = (struct seen_item){print, (uint32_t)now};
	return true;
}

bool
seen_has(
    const struct seen *s, enum seen_kind kind, uint32_t print, int64_t from)
{
	print = seen_print(kind, print);
	for (size_t i = 0; i < s->count; i++)
		if (s->items[i].print == print)
			return s->items[i].last >= from;
	return false;
}

size_t
seen_count(const struct seen *s, enum seen_kind kind, int64_t from)
{
	size_t n = 0;

	for (size_t i = 0; i < s->count; i++)
		n += is_kind(&s->items[i], kind) && s->items[i].last >= from;
	return n;
}

static int
compare_times(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int64_t
seen_leaving(
    const struct seen *s, enum seen_kind kind, int64_t from, size_t most)
{
	uint32_t times[SEEN_MAX];
	size_t n = 0;

	for (size_t i = 0; i < s->count && n < SEEN_MAX; i++)
		if (is_kind(&s->items[i], kind) && s->items[i].last >= from)
			times[n++] = s->items[i].last;
	if (n <= most)
		return from - 1;
	qsort(times, n, sizeof(*times), compare_times);
	return times[n - most - 1];
}

void
seen_expire(struct seen *s, int64_t from)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->count; i++)
		if (s->items[i].last >= from)
			s->items[kept++] = s->items[i];
	s->count = (uint16_t)kept;
	if (kept == 0)
		seen_clear(s);
}

void
seen_set_back(struct seen *s, int64_t now)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->items[i].last > now)
			s->items[i].last = (uint32_t)now;
}

void
seen_clear(struct seen *s)
{
	free(s->items);
	*s = (struct seen){0};
}
