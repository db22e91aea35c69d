#ifndef MILTER_SUPERVISOR_H
#define MILTER_SUPERVISOR_H

/*
 * What systemd, or whoever else started us and speaks sd_notify(3), is told.
 * Without one each function does nothing.  For the main thread.
 */

#include "milter/config.h"

/*
 * Takes what the supervisor left in the environment, out of it too: programs
 * we start do not speak for us.  Call before there are other threads, as the
 * process that stays.
 */
void supervisor_open(const struct config *c);

/* The policy was looked at and we serve, at a start or after a reload. */
void supervisor_ready(void);
void supervisor_reloading(void);
void supervisor_stopping(void);

/* Milliseconds until supervisor_tick() has something to do; -1: never. */
int supervisor_wait_ms(void);

/*
 * Says when it is time how we are, and that the daemon lives: only when, since
 * it was said last, the policy was looked at and libmilter answers a question
 * over its own socket.  May take 5 seconds.
 */
void supervisor_tick(void);

#endif
