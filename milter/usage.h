#ifndef MILTER_USAGE_H
#define MILTER_USAGE_H

/*
 * How the limits stand, for whoever asks over the control socket.  Each writes
 * an object, with `error` alone when it can't be told.  What is asked for is
 * any bytes.  For one thread at a time; may take seconds, and nobody who sends
 * mail waits for it.
 */

#include "policy/json.h"

/* The limits of a login, and those counted in common with others; or what a
 * group, @domain or everyone may send together. */
void usage_of(struct json *j, const char *name);

/* The accounts nearest to or beyond a limit of theirs, and all automatic
 * suspensions. */
#define USAGE_TOP 20
void usage_top(struct json *j);

/* All automatic suspensions. */
void usage_suspensions(struct json *j);

#endif
