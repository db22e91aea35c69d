#ifndef MILTER_METRICS_H
#define MILTER_METRICS_H

/*
 * The only file that knows libmicrohttpd: it serves the figures at /metrics.
 * Without the key `metrics` nothing is opened and no thread is started.
 */

#include "milter/config.h"

/* `c` must live as long as it serves.  False: `d` says why. */
bool metrics_start(const struct config *c, struct diag *d);

void metrics_stop(void);

#endif
