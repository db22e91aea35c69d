#ifndef MILTER_CALLBACKS_H
#define MILTER_CALLBACKS_H

/*
 * The only file that knows libmilter: what it calls, and the one function that
 * turns a verdict into a reply.
 */

#include "milter/config.h"
#include "policy/facts.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Registers with libmilter for the socket of `c`, which must live as long as
 * the process.  False: `d` says why.
 */
bool callbacks_register(const struct config *c, struct diag *d);

/* Binds the socket; its mode is the umask's.  False: `d` says why. */
bool callbacks_open(struct diag *d);

/*
 * Serves until the process ends, or libmilter gives up: then -1, or 0 when it
 * says that it was stopped.  Callbacks may still run: callbacks_drain() waits.
 */
int callbacks_run(void);

/* Lets no callback decide any more, for good, and waits at most `ms`
 * milliseconds for those that run.  False: some still run. */
bool callbacks_drain(int ms);

/* For status. */
unsigned callbacks_running(void);
unsigned callbacks_sessions(void);
uint64_t callbacks_sessions_refused(void);
enum mta callbacks_mta(void); /* that sent the last message */

#endif
