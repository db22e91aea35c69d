#ifndef POLICY_ACCOUNT_H
#define POLICY_ACCOUNT_H

/*
 * The inside of a ledger: accounts, and the shards they are kept in.  For
 * policy/ledger, policy/ledger_keep and policy/account only.
 */

#include "ledger.h"
#include "seen.h"

#include <pthread.h>
#include <stdatomic.h>

/* That a limit was exceeded and acted on: the fingerprint of its name, when. */
struct trip {
	uint32_t limit, at;
};

struct account {
	struct account *next; /* of the same bucket */
	struct series series;
	struct seen seen;
	struct prints recent, older; /* recipients written to */
	struct trip *trips;
	uint32_t hash, last; /* when it was touched */
	uint32_t longest;    /* window of its limits, seconds */
	uint16_t trip_count;
	char name[];
};

/* Accounts by name.  Zero-initialise; release with accounts_clear(). */
struct accounts {
	struct account **buckets;
	uint32_t count, size;
};

struct shard {
	pthread_mutex_t lock;
	struct accounts accounts;
	struct postings postings;
	bool overflown; /* postings were lost: write the shard anew */
};

struct ledger {
	struct print_key key;
	atomic_uint count; /* of accounts */
	struct shard shards[LEDGER_SHARDS];
};

struct account *accounts_find(
    const struct accounts *a, const char *name, uint32_t hash);

/* A new account; NULL when memory is out. */
struct account *accounts_open(
    struct accounts *a, const char *name, uint32_t hash);

/* Closes the accounts that nothing needs any more.  Returns how many. */
unsigned accounts_prune(struct accounts *a, int64_t now);
void accounts_clear(struct accounts *a);

/* Brings it to `now`: drops what no window holds, heeds a clock set back. */
void account_touch(struct account *a, int64_t now, const struct windows *w);

bool account_knows(const struct account *a, uint32_t recipient);

/* Remembers a recipient.  `news`: it is not among the recent ones yet.  False
 * when memory is out. */
bool account_know(struct account *a, uint32_t recipient, bool *news);

/* Did the limit trip from `from` on? */
bool account_tripped(const struct account *a, uint32_t limit, int64_t from);
bool account_trip(struct account *a, uint32_t limit, int64_t at);

/* A shard by name, and the hash within it. */
struct shard *ledger_shard(struct ledger *l, const char *name, uint32_t *hash);

/* Opens an account in a locked shard; NULL: no memory, or too many. */
struct account *ledger_open(
    struct ledger *l, struct shard *s, const char *name, uint32_t hash);

#endif
