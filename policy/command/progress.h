#ifndef POLICY_COMMAND_PROGRESS_H
#define POLICY_COMMAND_PROGRESS_H

/*
 * How far a long piece of work is: one line on standard error, drawn over
 * itself at most ten times a second, and only where that is a terminal.
 */

#include <stdbool.h>
#include <stdint.h>

/* Initialise with { 0 }: then nothing is drawn. */
struct progress {
	const char *what;    /* borrowed until progress_end() */
	int64_t total;	     /* in whatever is counted; 0: not known */
	int64_t began, next; /* ms of a monotonic clock */
	bool drawn;
};

/* Nothing is drawn before the work has taken half a second. */
void progress_begin(struct progress *p, const char *what, int64_t total);

/* `done` of the total are done; cheap enough for every line of a file. */
void progress_step(struct progress *p, int64_t done);

/* Takes the line away.  Before anything else is said; more than once is
 * harmless. */
void progress_end(struct progress *p);

#endif
