#ifndef POLICY_LEDGER_H
#define POLICY_LEDGER_H

/*
 * The ledger: what every login sent, in memory, and whether it may send more.
 *
 * An account stands for a login, or for a principal whose members are counted
 * together.  Accounts are found by name in shards, each with its own lock; no
 * lock is shared by all logins.  All accounts of one message are locked
 * together, in one order, so that what is judged is what is counted.
 *
 * Knows no clock and no file: times are given, and what is to be kept is
 * handed out as postings (policy/posting).
 */

#include "limit.h"
#include "posting.h"
#include "prints.h"

#define LEDGER_SHARDS 256
#define LEDGER_ACCOUNTS_MAX 4000000 /* more: could not tell */
#define LEDGER_KNOWN 1024	    /* recipients of a login kept twice over */
#define LEDGER_KNOWN_FOR (180 * 86400) /* seconds after its last message */
/* Sender and authors of a message; more exceed any limit as well. */
#define CHARGE_SENDERS_MAX (LIMIT_DISTINCT_MAX + 1)
#define TRIP_WITHOUT_PERIOD 3600 /* a notice an hour for limits per message */

struct ledger;

/* NULL when memory is out.  It has no key until ledger_set_key(). */
struct ledger *ledger_new(void);
void ledger_free(struct ledger *l); /* NULL is fine */

/* The secret key of all fingerprints; set before anything is counted or read,
 * and kept with what was posted. */
struct print_key ledger_key(const struct ledger *l);
void ledger_set_key(struct ledger *l, const struct print_key *key);
uint32_t ledger_print(const struct ledger *l, const char *text);

/* What a message costs, as far as it is known. */
struct charge {
	int64_t now;
	const char *login; /* in whose name it is sent: who knows recipients */
	unsigned messages;
	unsigned recipients; /* the one in question and those before it */
	unsigned
	    fresh; /* of them never written to, before the end of message */
	const struct prints
	    *written; /* all recipients, at the end of message */
	const uint32_t *senders;
	size_t sender_count;
	uint32_t network; /* 0: not in question */
	bool by_limit;	  /* what is refused is so by a limit or suspension */
	bool suspended;	  /* it is so by a suspension */
};

/* The milder first; zero is the safe value. */
enum outcome {
	OUTCOME_UNKNOWN = 0, /* memory is out: nothing can be told */
	OUTCOME_PASS,
	OUTCOME_HOLD,
	OUTCOME_TEMPFAIL,
	OUTCOME_REJECT,
	OUTCOME_SUSPEND
};

/* How a charge stands against one limit. */
struct measure {
	int64_t used;	/* with the charge */
	int64_t relief; /* seconds until it would pass; of a look, one more */
	bool exceeded;
	bool trips;   /* for the first time in its window, and is acted on */
	bool tripped; /* so before, in the window; ledger_look() alone tells */
};

struct ruling {
	enum outcome outcome;
	size_t by; /* the limit that made it so, when it is not PASS */
	struct measure at[APPLIED_MAX]; /* beside each limit applied */
};

/*
 * May what was told so far go on?  Counts nothing but the network of a MAIL
 * that may.  OUTCOME_HOLD: it may, and would be held at its end.
 */
void ledger_judge(struct ledger *l, const struct limits *limits,
    const struct charge *charge, struct ruling *r);

/* The end of a message: judges it and, if it passes or is held, counts it, in
 * one. */
void ledger_admit(struct ledger *l, const struct limits *limits,
    const struct charge *charge, struct ruling *r);

/*
 * Counts a refusal.  The ruling tells of limits on refusals only; of none when
 * the login is suspended: its attempts would else suspend it again and again,
 * past any pardon.
 */
void ledger_refuse(struct ledger *l, const struct limits *limits,
    const struct charge *charge, struct ruling *r);

/* Tells how the limits stand; nothing is counted. */
void ledger_look(struct ledger *l, const struct limits *limits, int64_t now,
    struct ruling *r);

/* Did the login write to this recipient before?  It is asked a little later
 * again, when it counts. */
bool ledger_knows(struct ledger *l, const char *login, uint32_t recipient);

/* Calls `each` for the names of all accounts of a shard, with its lock held:
 * it must not come back to the ledger. */
void ledger_names(struct ledger *l, unsigned shard,
    void (*each)(void *ctx, const char *name), void *ctx);

/*
 * Hands over what happened in a shard since the last call; the caller clears
 * it.  False: there was too much, or memory was out, and ledger_fold() has to
 * write the shard anew.
 */
bool ledger_take(struct ledger *l, unsigned shard, struct postings *out);

/*
 * Writes a whole shard and forgets what nothing needs any more; what was to be
 * handed over is part of it.  False when memory is out.
 */
bool ledger_fold(
    struct ledger *l, unsigned shard, int64_t now, struct postings *out);

/* Posts what was written.  False when it is not what was written. */
bool ledger_replay(struct ledger *l, const unsigned char *data, size_t len);

unsigned ledger_accounts(const struct ledger *l);

#endif
