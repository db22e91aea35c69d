/*
 * The ledger, written and read again.  The rule guarded here: what is taken
 * from the ledger is in the file, or its shard is written as a whole.
 */
#include "milter/state_ledger.h"

#include <string.h>

/*
 * Postings may grow by this much over the size of the snapshot, and in all to
 * this.  The most is what one account's postings may be without overflowing
 * its series when they are read again.
 */
#define OUTGROWN 65536
#define OUTGROWN_MOST 1000000

static bool
replay(void *ctx, bool snapshot, unsigned shard, const void *data, size_t len)
{
	struct state_ledger *s = ctx;

	if (snapshot)
		s->shards[shard].snapshot += len;
	else
		s->shards[shard].appended += len;
	return ledger_replay(s->ledger, data, len);
}

bool
state_ledger_restore(struct state_ledger *s)
{
	return state_file_postings(s->file, replay, s);
}

void
state_ledger_anew(struct state_ledger *s)
{
	for (int i = 0; i < LEDGER_SHARDS; i++)
		s->shards[i] = (struct state_shard){.whole = true};
}

void
state_ledger_forget(struct state_ledger *s)
{
	struct postings news;

	for (unsigned i = 0; i < LEDGER_SHARDS; i++) {
		(void)ledger_take(s->ledger, i, &news);
		postings_clear(&news);
	}
}

static bool
append_shard(struct state_ledger *s, unsigned shard)
{
	struct state_shard *of = &s->shards[shard];
	struct postings news;
	bool done = true;

	if (of->whole)
		return true;
	if (!ledger_take(s->ledger, shard, &news))
		of->whole = true;
	else if (news.len > 0)
		done = state_file_put_posting(s->file, shard, &news);
	of->appended += news.len;
	postings_clear(&news);
	return done;
}

bool
state_ledger_append(struct state_ledger *s)
{
	bool done = state_file_begin(s->file, false);

	if (!done)
		return false;
	for (unsigned i = 0; done && i < LEDGER_SHARDS; i++)
		done = append_shard(s, i);
	if (!done)
		state_file_rollback(s->file);
	else
		done = state_file_commit(s->file);
	if (!done)
		state_ledger_anew(s); /* what was taken is lost */
	return done;
}

static bool
is_outgrown(const struct state_shard *of)
{
	return of->appended > of->snapshot + OUTGROWN ||
	       of->appended > OUTGROWN_MOST;
}

int
state_ledger_next(struct state_ledger *s, bool outgrown)
{
	for (int i = 0; i < LEDGER_SHARDS; i++) {
		unsigned shard = s->next++ % LEDGER_SHARDS;
		const struct state_shard *of = &s->shards[shard];

		if (of->whole || (outgrown && is_outgrown(of)))
			return (int)shard;
	}
	return -1;
}

bool
state_ledger_fold(struct state_ledger *s, unsigned shard, int64_t now)
{
	struct state_shard *of = &s->shards[shard];
	struct postings all;
	bool done;

	if (!state_file_begin(s->file, false))
		return false;
	of->whole = true;
	if (ledger_fold(s->ledger, shard, now, &all))
		done = state_file_put_snapshot(s->file, shard, &all);
	else
		done = state_file_fail(s->file, STATE_FAILED, "out of memory");
	if (!done)
		state_file_rollback(s->file);
	else
		done = state_file_commit(s->file);
	if (done)
		*of = (struct state_shard){.snapshot = all.len};
	postings_clear(&all);
	return done;
}
