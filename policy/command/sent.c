/*
 * What logins sent.  Names are found by a fingerprint under a key of this run,
 * so that nobody can write a log that takes for ever.
 */
#include "policy/command/sent.h"

#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

struct name {
	const char *text;
	uint32_t print;
};

void *
list_add(struct list *l, size_t size)
{
	size_t room = l->room * 2 + 64;
	void *larger;

	if (l->count == l->room) {
		larger = reallocarray(l->items, room, size);
		if (larger == NULL)
			return NULL;
		l->items = larger;
		l->room = room;
	}
	return (char *)l->items + l->count++ * size;
}

void
sent_clear(struct sent *s)
{
	free(s->moments.items);
	for (int i = 0; i < DISTINCTS; i++)
		free(s->uses[i].items);
	free(s->written.items);
	free(s->names.items);
	free(s->slots);
	arena_reset(&s->arena);
	*s = (struct sent){0};
}

/* Where a name of that fingerprint is, or would be. */
static uint32_t *
slot_of(const struct sent *s, const char *text, uint32_t print)
{
	const struct name *names = s->names.items;
	size_t i = print;

	for (;; i++) {
		uint32_t *slot = &s->slots[i & (s->slot_count - 1)];

		if (*slot == 0 || (names[*slot - 1].print == print &&
				      strcmp(names[*slot - 1].text, text) == 0))
			return slot;
	}
}

/* Doubles the slots.  False when memory is out. */
static bool
widen(struct sent *s)
{
	const struct name *names = s->names.items;
	size_t count = s->slot_count == 0 ? 1024 : 2 * s->slot_count;
	uint32_t *slots = calloc(count, sizeof(*slots));

	if (slots == NULL)
		return false;
	if (s->slot_count == 0)
		sqlite3_randomness(sizeof(s->key), &s->key);
	free(s->slots);
	s->slots = slots;
	s->slot_count = count;
	for (size_t i = 0; i < s->names.count; i++)
		*slot_of(s, names[i].text, names[i].print) = (uint32_t)i + 1;
	return true;
}

/* Gives the text the next number.  False when memory is out. */
static bool
add_name(struct sent *s, const char *text, uint32_t print, uint32_t *slot)
{
	struct name name = {arena_strdup(&s->arena, text), print}, *added;

	if (name.text == NULL || s->names.count >= UINT32_MAX - 1)
		return false;
	added = list_add(&s->names, sizeof(*added));
	if (added == NULL)
		return false;
	*added = name;
	*slot = (uint32_t)s->names.count;
	return true;
}

uint32_t
sent_name(struct sent *s, const char *text)
{
	uint32_t print, *slot;

	if (s->names.count >= s->slot_count / 2)
		s->failed = s->failed || !widen(s);
	if (s->failed)
		return 0;
	print = print_of(&s->key, text, strlen(text));
	slot = slot_of(s, text, print);
	if (*slot == 0)
		s->failed = !add_name(s, text, print, slot);
	return s->failed ? 0 : *slot - 1;
}

const char *
sent_text(const struct sent *s, uint32_t name)
{
	const struct name *names = s->names.items;

	return names[name].text;
}

static void
add_moment(struct sent *s, struct moment moment)
{
	struct moment *m = s->failed ? NULL : list_add(&s->moments, sizeof(*m));

	if (m != NULL)
		*m = moment;
	else
		s->failed = true;
}

static void
add_use(struct sent *s, struct list *l, struct use use)
{
	struct use *u = s->failed ? NULL : list_add(l, sizeof(*u));

	if (u != NULL)
		*u = use;
	else
		s->failed = true;
}

void
sent_message(struct sent *s, uint32_t login, int64_t at, uint32_t recipients,
    uint32_t fresh)
{
	add_moment(s, (struct moment){at, login, {1, recipients, fresh}});
}

void
sent_write(struct sent *s, uint32_t login, int64_t at, const char *recipient)
{
	add_use(
	    s, &s->written, (struct use){at, login, sent_name(s, recipient)});
}

void
sent_use(struct sent *s, enum distinct what, uint32_t login, int64_t at,
    const char *value)
{
	add_use(
	    s, &s->uses[what], (struct use){at, login, sent_name(s, value)});
}

static int
compare(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int
compare_moments(const void *a, const void *b)
{
	const struct moment *x = a, *y = b;
	int order = compare(x->login, y->login);

	return order != 0 ? order : compare(x->at, y->at);
}

static int
compare_uses(const void *a, const void *b)
{
	const struct use *x = a, *y = b;
	int order = compare(x->login, y->login);

	if (order == 0)
		order = compare(x->value, y->value);
	return order != 0 ? order : compare(x->at, y->at);
}

static void
sort_uses(struct list *l)
{
	if (l->count > 0)
		qsort(l->items, l->count, sizeof(struct use), compare_uses);
}

/* Whom a login wrote to for the first time, as moments. */
static void
find_fresh(struct sent *s)
{
	const struct use *w = s->written.items;

	for (size_t i = 0; i < s->written.count; i++)
		if (i == 0 || w[i].login != w[i - 1].login ||
		    w[i].value != w[i - 1].value)
			add_moment(
			    s, (struct moment){w[i].at, w[i].login, {0, 0, 1}});
}

void
sent_sort(struct sent *s)
{
	sort_uses(&s->written);
	for (int i = 0; i < DISTINCTS; i++)
		sort_uses(&s->uses[i]);
	find_fresh(s);
	if (s->moments.count > 0)
		qsort(s->moments.items, s->moments.count, sizeof(struct moment),
		    compare_moments);
}
