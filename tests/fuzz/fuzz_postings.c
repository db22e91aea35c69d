/*
 * Postings read from a damaged file: they are accepted or not, and what is
 * accepted, written as a whole and read again, makes the same accounts.
 */
#include "policy/ledger.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define NOW 1800000000

/* All shards, written as a whole. */
static void
fold(struct ledger *l, struct postings *all)
{
	for (unsigned shard = 0; shard < LEDGER_SHARDS; shard++)
		REQUIRE(ledger_fold(l, shard, NOW, &all[shard]));
}

static size_t
size_of(struct postings *all)
{
	size_t size = 0;

	for (int i = 0; i < LEDGER_SHARDS; i++) {
		size += all[i].len;
		postings_clear(&all[i]);
	}
	return size;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ledger *l = ledger_new(), *again = ledger_new();
	struct postings all[LEDGER_SHARDS], same[LEDGER_SHARDS];

	REQUIRE(l != NULL && again != NULL);
	(void)ledger_replay(l, data, size);
	fold(l, all);
	for (int i = 0; i < LEDGER_SHARDS; i++)
		REQUIRE(ledger_replay(again, all[i].data, all[i].len));
	REQUIRE(ledger_accounts(again) == ledger_accounts(l));
	fold(again, same);
	REQUIRE(size_of(same) == size_of(all));
	ledger_free(l);
	ledger_free(again);
	return 0;
}
