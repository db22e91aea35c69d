#ifndef MILTER_STATE_H
#define MILTER_STATE_H

/*
 * The daemon's own database: what was counted and who is suspended by a limit,
 * kept over restarts.  A thread of its own writes what the ledger posts, once
 * a second, and folds it now and then; callbacks never reach SQLite.
 *
 * Whatever happens to the file, counting goes on in memory and mail goes on;
 * the fault is loud.  Killed at any moment, the daemon loses at most one
 * second of counting and nothing else.
 */

#include "milter/config.h"
#include "policy/json.h"
#include "policy/ledger.h"

/*
 * Opens the state database, moves it aside when it is damaged, restores the
 * ledger and the suspensions - from the audit log when the file was lost - and
 * starts the thread.  False, with a line in `d`, only when the thread can't be
 * started or memory is out.
 */
bool state_start(const struct config *c, struct diag *d);

/* Writes all that is left and ends the thread. */
void state_stop(void);

/* The ledger; NULL before state_start(). */
struct ledger *state_ledger(void);

/*
 * Suspends: commits it, puts it in force (copies_contain) and returns; what is
 * the same already is left.  Waits for the thread at most 2 s: then, or when
 * the file can't be written, it is in force all the same and only the audit
 * log has it.
 */
void state_suspend(const struct suspension *s);

/* Has the thread not looked for work for more than 5 s?  Then what is counted
 * is in memory only, and suspensions are in force before they are kept. */
bool state_stands_still(void);

struct state_figures {
	uint64_t accounts, suspensions, failures;
	bool healthy; /* the file can be written, and somebody does */
};
void state_figures(struct state_figures *out);

/* Writes the member `state` of `status`. */
void state_status(struct json *j);

#endif
