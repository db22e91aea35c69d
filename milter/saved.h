#ifndef MILTER_SAVED_H
#define MILTER_SAVED_H

/*
 * The last good policy, kept as a file in the state folder for a start at
 * which the database is not usable.  A thread writes it: a disk may take long
 * to sync, and no change of the policy waits for that.
 */

#include "policy/diag.h"
#include "policy/source.h"

/* Starts the thread, given the path of the state database.  False, with a line
 * in `d`, when it can't be started. */
bool saved_start(const char *state, struct diag *d);

/* Writes what is left to write, and stops the thread. */
void saved_stop(void);

/* Where the file is; valid until saved_stop(). */
const char *saved_path(void);

/*
 * The file is to be replaced by `image`, at once or not at all; takes it over.
 * One that was put before and is not begun yet is dropped.  A failure to write
 * is logged and changes nothing: verdicts don't depend on it.
 */
void saved_put(struct image *image);

#endif
