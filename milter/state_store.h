#ifndef MILTER_STATE_STORE_H
#define MILTER_STATE_STORE_H

/*
 * The state database in all that may happen to it: read at the start, written
 * to, moved aside when it is damaged, begun anew when it is lost.  Knows no
 * callbacks and starts no thread: for one thread at a time, but its health.
 */

#include "milter/config.h"
#include "policy/ledger.h"

/*
 * The ledger of the last run, and whom limits had suspended then (milter/
 * contained): as the file has it, else the ledger is empty and the suspensions
 * are those of the audit log.  It belongs to the store; NULL: out of memory.
 */
struct ledger *state_store_open(const struct config *c);
void state_store_close(void);

/* Commits the suspensions that wait.  When that can't be done it is said, and
 * they are written with the next that can be. */
void state_store_suspend(void);

/* Writes all that is new.  It may take long: `between` is called now and then,
 * for suspensions that came meanwhile. */
void state_store_write(void (*between)(void));

/* Could the file be written, when that was last tried?  For any thread. */
struct state_health {
	bool ill;
	char problem[300]; /* why it is ill */
	uint64_t failures;
};
void state_store_health(struct state_health *out);

#endif
