#ifndef POLICY_DEALING_H
#define POLICY_DEALING_H

/*
 * A charge under way in the ledger: whom it concerns, locked.  For
 * policy/ledger, policy/measure and policy/count only.
 */

#include "account.h"

#define PARTIES_MAX (APPLIED_MAX + 1)

/* One account that a charge concerns, and its limits. */
struct party {
	const char *name;
	uint32_t hash;
	struct shard *shard;
	struct account *account; /* NULL: it has none yet */
	size_t first, count;	 /* of the limits applied */
	int64_t pardon;
	struct windows windows;
	unsigned exceeded; /* a bit for each metric that is, and acts */
	bool posted;	   /* its name stands before the next posting */
};

/* A charge under way. */
struct dealing {
	struct ledger *ledger;
	const struct limits *limits;
	const struct charge *charge;
	struct ruling *ruling;
	struct party parties[PARTIES_MAX];
	size_t party_count;
	struct party *knower; /* knows the recipients; NULL: nobody asks */
	int64_t seconds[APPLIED_MAX]; /* the windows of all parties */
	int64_t now;		      /* as late as what was counted last */
	unsigned fresh;
	bool failed;
};

/* The account of a party to count in, opened if need be; NULL, and the dealing
 * has failed: no memory, or too many. */
struct account *party_account(struct dealing *d, struct party *p);

/* Measures a limit, and lets it decide what happens if it is exceeded. */
void judge(struct dealing *d, struct party *p, size_t i);
void judge_refusals(struct dealing *d, struct party *p, size_t i);

/* Seconds until a limit lets so many more pass; its period when it never
 * does. */
int64_t limit_relief(
    const struct party *p, const struct limit *l, uint64_t added, int64_t now);

/* Under which kind a limit finds its distinct things. */
enum seen_kind distinct_kind(const struct limit *l);

/* Did a limit trip in the window up to now?  The party has an account. */
bool has_tripped(
    const struct dealing *d, const struct party *p, const struct limit *l);

/* Notes that a limit tripped, the first time in its window. */
void trip(struct dealing *d, struct party *p, size_t i);

/* Adds to the counters that the limits of each party ask for. */
void count(struct dealing *d, const struct counts *all);

/* Remembers what is distinct, as one limit asks for. */
void see_senders(struct dealing *d, struct party *p, size_t i);
void see_network(struct dealing *d, struct party *p, size_t i);
void see_refused(struct dealing *d, struct party *p, size_t i);

/* How many of the charge's recipients its login never wrote to. */
unsigned count_fresh(const struct dealing *d);

/* The login has now written to them. */
void know_recipients(struct dealing *d);

#endif
