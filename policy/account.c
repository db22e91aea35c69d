/*
 * One account: what a login sent, to whom, under which names, from where.  The
 * rule guarded here: whatever a client does, an account stays small.
 */
#include "account.h"

#include <stdlib.h>
#include <string.h>

struct account *
accounts_find(const struct accounts *a, const char *name, uint32_t hash)
{
	struct account *found =
	    a->size == 0 ? NULL : a->buckets[hash / LEDGER_SHARDS % a->size];

	while (found != NULL &&
	       (found->hash != hash || strcmp(found->name, name) != 0))
		found = found->next;
	return found;
}

static void
insert(struct accounts *a, struct account *account)
{
	struct account **bucket =
	    &a->buckets[account->hash / LEDGER_SHARDS % a->size];

	account->next = *bucket;
	*bucket = account;
}

static bool
make_room(struct accounts *a)
{
	struct accounts larger = {.count = a->count};

	if (a->count < a->size)
		return true;
	larger.size = a->size == 0 ? 16 : a->size * 2;
	larger.buckets = calloc(larger.size, sizeof(struct account *));
	if (larger.buckets == NULL)
		return false;
	for (uint32_t i = 0; i < a->size; i++)
		while (a->buckets[i] != NULL) {
			struct account *account = a->buckets[i];

			a->buckets[i] = account->next;
			insert(&larger, account);
		}
	free(a->buckets);
	*a = larger;
	return true;
}

struct account *
accounts_open(struct accounts *a, const char *name, uint32_t hash)
{
	size_t len = strlen(name) + 1;
	struct account *account =
	    make_room(a) ? calloc(1, sizeof(*account) + len) : NULL;

	if (account == NULL)
		return NULL;
	memcpy(account->name, name, len);
	account->hash = hash;
	insert(a, account);
	a->count++;
	return account;
}

static void
account_free(struct account *a)
{
	series_clear(&a->series);
	seen_clear(&a->seen);
	prints_clear(&a->recent);
	prints_clear(&a->older);
	free(a->trips);
	free(a);
}

static void
expire(struct account *a, int64_t now)
{
	int64_t from = now - a->longest;
	size_t kept = 0;

	series_expire(&a->series, now, a->longest);
	seen_expire(&a->seen, from);
	for (size_t i = 0; i < a->trip_count; i++)
		if (a->trips[i].at >= from - TRIP_WITHOUT_PERIOD)
			a->trips[kept++] = a->trips[i];
	a->trip_count = (uint16_t)kept;
}

unsigned
accounts_prune(struct accounts *a, int64_t now)
{
	unsigned closed = 0;

	for (uint32_t i = 0; i < a->size; i++) {
		struct account **at = &a->buckets[i];

		while (*at != NULL) {
			struct account *this = *at;

			expire(this, now);
			if (this->series.count + this->seen.count +
				    this->trip_count >
				0 ||
			    (this->recent.count + this->older.count > 0 &&
				this->last + LEDGER_KNOWN_FOR >= now)) {
				at = &this->next;
				continue;
			}
			*at = this->next;
			account_free(this);
			closed++;
		}
	}
	a->count -= closed;
	return closed;
}

void
accounts_clear(struct accounts *a)
{
	for (uint32_t i = 0; i < a->size; i++)
		while (a->buckets[i] != NULL) {
			struct account *this = a->buckets[i];

			a->buckets[i] = this->next;
			account_free(this);
		}
	free(a->buckets);
	*a = (struct accounts){0};
}

static void
set_back(struct account *a, int64_t now)
{
	series_set_back(&a->series, now);
	seen_set_back(&a->seen, now);
	for (size_t i = 0; i < a->trip_count; i++)
		if (a->trips[i].at > now)
			a->trips[i].at = (uint32_t)now;
}

void
account_touch(struct account *a, int64_t now, const struct windows *w)
{
	if (w->count > 0)
		a->longest = (uint32_t)w->seconds[w->count - 1];
	if (now < a->last)
		set_back(a, now);
	a->last = (uint32_t)now;
	if (w->count > 0)
		expire(a, now);
}

bool
account_knows(const struct account *a, uint32_t recipient)
{
	return prints_have(&a->recent, recipient) ||
	       prints_have(&a->older, recipient);
}

bool
account_know(struct account *a, uint32_t recipient, bool *news)
{
	*news = !prints_have(&a->recent, recipient);
	if (!*news)
		return true;
	if (a->recent.count >= LEDGER_KNOWN) {
		prints_clear(&a->older);
		a->older = a->recent;
		a->recent = (struct prints){0};
	}
	return prints_add(&a->recent, recipient);
}

bool
account_tripped(const struct account *a, uint32_t limit, int64_t from)
{
	for (size_t i = 0; i < a->trip_count; i++)
		if (a->trips[i].limit == limit && a->trips[i].at >= from)
			return true;
	return false;
}

bool
account_trip(struct account *a, uint32_t limit, int64_t at)
{
	struct trip *larger;

	for (size_t i = 0; i < a->trip_count; i++)
		if (a->trips[i].limit == limit) {
			a->trips[i].at = (uint32_t)at;
			return true;
		}
	larger = reallocarray(a->trips, a->trip_count + 1u, sizeof(*larger));
	if (larger == NULL)
		return false;
	a->trips = larger;
	a->trips[a->trip_count++] = (struct trip){limit, (uint32_t)at};
	return true;
}
