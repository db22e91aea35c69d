#ifndef MILTER_STATE_LEDGER_H
#define MILTER_STATE_LEDGER_H

/*
 * Between the ledger and the state database: what happened is appended, and a
 * shard is written as a whole when its postings have outgrown it or when some
 * were lost.  For the thread of milter/state, and for its start.
 */

#include "milter/state_file.h"
#include "policy/ledger.h"

struct state_ledger {
	struct ledger *ledger;
	struct state_file *file;
	struct state_shard {
		size_t snapshot, appended; /* bytes in the file */
		bool whole; /* the file lacks something: write it as a whole */
	} shards[LEDGER_SHARDS];
	unsigned next; /* where to look for a shard to fold */
};

/* Reads what the file has into the ledger, which is empty. */
bool state_ledger_restore(struct state_ledger *s);

/* From now on nothing is taken to be in the file. */
void state_ledger_anew(struct state_ledger *s);

/* Forgets what waits to be appended: there is no file, and the next one will
 * be begun anew. */
void state_ledger_forget(struct state_ledger *s);

/* Appends what happened, in one transaction. */
bool state_ledger_append(struct state_ledger *s);

/*
 * The next shard to fold, or -1: those that have to be written as a whole;
 * with `outgrown` those too whose postings have outgrown their snapshot.
 */
int state_ledger_next(struct state_ledger *s, bool outgrown);
bool state_ledger_fold(struct state_ledger *s, unsigned shard, int64_t now);

#endif
