#ifndef MILTER_FIGURES_H
#define MILTER_FIGURES_H

/*
 * The daemon in numbers, as the text that Prometheus reads (exposition format
 * 0.0.4).  No login and no address is among them.
 */

#include "milter/config.h"

#include <stdio.h>

/* Writes all metrics, of this moment.  Errors stay in the stream. */
void figures_write(FILE *out, const struct config *c);

#endif
