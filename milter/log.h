#ifndef MILTER_LOG_H
#define MILTER_LOG_H

/*
 * Syslog, and standard error as well while somebody may be looking.  Any
 * thread may log at any time.
 */

#include "policy/diag.h"

#include <stdbool.h>

/*
 * Logs to `facility` as `authpolicyd` from now on; `to_stderr` writes each
 * line to standard error too, unless that is systemd's journal.  May be called
 * again.
 */
void log_open(int facility, bool to_stderr);

/*
 * One line; `priority` as for syslog(3).  Control bytes are shown as `\xHH`:
 * nobody outside can forge a line.
 */
void log_line(int priority, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* All lines of `d`. */
void log_diag(int priority, const struct diag *d);

#endif
