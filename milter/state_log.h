#ifndef MILTER_STATE_LOG_H
#define MILTER_STATE_LOG_H

/*
 * Finds suspensions in the audit log, for a start at which the state database
 * has none.
 */

#include "milter/state_file.h"

#define STATE_LOG_MOST (256 << 20) /* bytes read, the newest */

/*
 * Calls `each` for the suspensions in the log and in LOG.1 that are not over
 * at `now`, in the order of their records.  What can't be read is passed over;
 * that no log is there is fine.
 */
void state_log_read(
    const char *log, int64_t now, state_suspension_fn *each, void *ctx);

#endif
