/*
 * The ledger and its file: postings out, postings in.  The rule guarded here:
 * what is read again makes the accounts that were written.
 */
#include "account.h"

#include "build.h"
#include "login.h"

#include <string.h>

struct shard *
ledger_shard(struct ledger *l, const char *name, uint32_t *hash)
{
	*hash = build_hash(name, "");
	return &l->shards[*hash % LEDGER_SHARDS];
}

struct account *
ledger_open(struct ledger *l, struct shard *s, const char *name, uint32_t hash)
{
	struct account *a = NULL;

	if (atomic_fetch_add(&l->count, 1) < LEDGER_ACCOUNTS_MAX)
		a = accounts_open(&s->accounts, name, hash);
	if (a == NULL)
		atomic_fetch_sub(&l->count, 1);
	return a;
}

/* Calls `each` for the accounts of a shard that is locked. */
static void
for_accounts(const struct shard *s,
    void (*each)(void *ctx, const struct account *a), void *ctx)
{
	for (uint32_t i = 0; i < s->accounts.size; i++)
		for (const struct account *a = s->accounts.buckets[i];
		     a != NULL; a = a->next)
			each(ctx, a);
}

struct naming {
	void (*each)(void *ctx, const char *name);
	void *ctx;
};

static void
tell_name(void *ctx, const struct account *a)
{
	const struct naming *n = ctx;

	n->each(n->ctx, a->name);
}

void
ledger_names(struct ledger *l, unsigned shard,
    void (*each)(void *ctx, const char *name), void *ctx)
{
	struct shard *s = &l->shards[shard];
	struct naming n = {each, ctx};

	pthread_mutex_lock(&s->lock);
	for_accounts(s, tell_name, &n);
	pthread_mutex_unlock(&s->lock);
}

bool
ledger_take(struct ledger *l, unsigned shard, struct postings *out)
{
	struct shard *s = &l->shards[shard];
	bool whole;

	pthread_mutex_lock(&s->lock);
	*out = s->postings;
	s->postings = (struct postings){0};
	whole = !s->overflown && !out->failed;
	s->overflown = !whole;
	pthread_mutex_unlock(&s->lock);
	return whole;
}

static void
write_prints(struct postings *out, char letter, const struct prints *p)
{
	for (uint32_t i = 0; i < p->size; i++)
		if (p->slots[i] != 0)
			posting_print(out, letter, p->slots[i], 0);
}

static void
write_account(void *ctx, const struct account *a)
{
	struct postings *out = ctx;
	struct counts counts;
	int64_t t0, t1;

	posting_name(out, a->name);
	posting_print(out, 'W', a->longest, a->last);
	for (size_t i = 0; i < a->series.count; i++) {
		series_entry(&a->series, i, &t0, &t1, &counts);
		posting_entry(out, t0, t1, &counts);
	}
	for (size_t i = 0; i < a->seen.count; i++)
		posting_print(
		    out, 'S', a->seen.items[i].print, a->seen.items[i].last);
	write_prints(out, 'O', &a->older);
	write_prints(out, 'K', &a->recent);
	for (size_t i = 0; i < a->trip_count; i++)
		posting_print(out, 'T', a->trips[i].limit, a->trips[i].at);
}

bool
ledger_fold(struct ledger *l, unsigned shard, int64_t now, struct postings *out)
{
	struct shard *s = &l->shards[shard];
	unsigned closed;

	*out = (struct postings){0};
	pthread_mutex_lock(&s->lock);
	closed = accounts_prune(&s->accounts, now);
	for_accounts(s, write_account, out);
	if (!out->failed)
		postings_clear(&s->postings);
	s->overflown = out->failed;
	pthread_mutex_unlock(&s->lock);
	atomic_fetch_sub(&l->count, closed);
	return !out->failed;
}

/* Finds or opens the account of an N posting; NULL: no name of a principal. */
static struct account *
read_account(struct ledger *l, const struct posting *p, struct shard **s)
{
	char name[LOGIN_MAX + 1], folded[LOGIN_MAX + 1];
	struct account *a;
	uint32_t hash;

	memcpy(name, p->name, p->name_len);
	name[p->name_len] = '\0';
	if (strlen(name) != p->name_len || !login_canonical(name, "", folded) ||
	    strcmp(name, folded) != 0)
		return NULL;
	*s = ledger_shard(l, name, &hash);
	a = accounts_find(&(*s)->accounts, name, hash);
	return a != NULL ? a : ledger_open(l, *s, name, hash);
}

static void
note_time(struct account *a, uint32_t at)
{
	if (at > a->last)
		a->last = at;
}

static bool
apply(struct account *a, const struct posting *p)
{
	bool news;

	switch (p->letter) {
	case 'E':
		note_time(a, p->t1);
		return series_append(&a->series, p->t0, p->t1, &p->counts);
	case 'S':
		note_time(a, p->value);
		return seen_add(
		    &a->seen, seen_kind_of(p->print), p->print, p->value);
	case 'W':
		note_time(a, p->value);
		a->longest = p->print;
		return true;
	case 'K':
		return account_know(a, p->print, &news);
	case 'O':
		return prints_add(&a->older, p->print);
	case 'T':
		note_time(a, p->value);
		return account_trip(a, p->print, p->value);
	default:
		return false;
	}
}

bool
ledger_replay(struct ledger *l, const unsigned char *data, size_t len)
{
	struct account *a = NULL;
	struct shard *s;
	struct posting p;
	size_t at = 0;

	while (posting_read(data, len, &at, &p)) {
		if (p.letter == 'N')
			a = read_account(l, &p, &s);
		if (a == NULL || (p.letter != 'N' && !apply(a, &p)))
			return false;
	}
	return at == len;
}
