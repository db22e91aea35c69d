#ifndef MILTER_AUDIT_H
#define MILTER_AUDIT_H

/*
 * The audit log: JSON Lines, one write(2) with O_APPEND for each record, never
 * interleaved.  Rotation needs no signal: a file that was renamed or removed
 * is noticed within a second and opened anew.
 */

#include "policy/diag.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Opens the log, mode 0640.  False: `d` says why, nothing is open. */
bool audit_open(const char *path, struct diag *d);

/* Opens it anew at the next record, e.g. on SIGHUP. */
void audit_reopen(void);

/*
 * Writes one record, which ends in a newline.  False when it is not whole in
 * the file; the failure is counted, and logged once until it works again.
 */
bool audit_write(const char *record, size_t len);

/*
 * The same for what must not wait: false also when others have written, or
 * waited for the disk, for a tenth of a second.
 */
bool audit_write_soon(const char *record, size_t len);

/*
 * Asked before what only counts when it is recorded: will the next record, as
 * far as can be told, be written?  True unless the last one was not and there
 * still is no room.
 */
bool audit_has_room(void);

uint64_t audit_failures(void);

/* When the last record was written, in seconds since 1970; 0: none yet. */
int64_t audit_last(void);

void audit_close(void);

#endif
