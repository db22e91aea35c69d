#ifndef MILTER_CONTROL_H
#define MILTER_CONTROL_H

/*
 * The control socket: read-only questions of the command.  A client writes one
 * line, `status`, and reads one JSON object until the end of file.
 */

#include "milter/config.h"

#include <stdbool.h>
#include <time.h>

/* Makes the socket; before privileges are dropped.  False: `d` says why. */
bool control_open(const struct config *c, struct diag *d);

/* Starts to answer.  False: `d` says why. */
bool control_run(struct diag *d);

/* Stops answering and removes the socket. */
void control_stop(void);

/* When the daemon was started. */
time_t control_started(void);

#endif
