#ifndef MILTER_NOTICE_H
#define MILTER_NOTICE_H

/*
 * Runs notice_command when a limit trips, in a thread of its own: bounded in
 * time and number, and no callback ever waits for it.
 */

#include "milter/config.h"
#include "policy/diag.h"

#include <stdbool.h>
#include <stdint.h>

/* Borrowed for the call.  A string may be NULL, which is as if it were "". */
struct notice {
	const char *principal; /* of the account that tripped */
	const char *login;     /* who sent the message that tripped it */
	const char *limit;     /* the name of the row of quota */
	const char *metric;    /* `new_recipients` */
	const char *action;    /* `tempfail`, `reject`, `hold`, `suspend` */
	int64_t amount, used;
	int64_t period; /* seconds; 0: per message */
	int64_t until;	/* of the suspension; 0: none */
	int64_t time;	/* of the trip */
	const char *client, *sender, *ref;
};

struct notice_figures {
	unsigned queued, running; /* now */
	uint64_t run;		  /* that were started */
	uint64_t failed;	  /* of them, or they could not be started */
	uint64_t dropped;	  /* never run: too many, or at the end */
};

/* Milliseconds. */
struct notice_bounds {
	int run;    /* then SIGTERM */
	int grace;  /* then SIGKILL */
	int minute; /* in which ten are taken */
	int stop;   /* for those running, at the end */
};

/* Adds a line when there is a command that our user can't run. */
void notice_check(const struct config *c, struct diag *d);

/*
 * Starts the thread when a command is configured; a command that can't be run
 * is logged and is no error.  Call when privileges are dropped; `c` must
 * outlive notice_stop().  False: `d` says why.
 */
bool notice_start(const struct config *c, struct diag *d);
bool notice_start_within(
    const struct config *c, const struct notice_bounds *b, struct diag *d);

/*
 * Copies the notice, queues it and returns at once, from any thread.  Nothing
 * when none are configured, before the start and after the end.
 */
void notice_send(const struct notice *n);

/* Takes no more, lets those running end for 2 s, then kills them. */
void notice_stop(void);

void notice_figures(struct notice_figures *out);

#endif
