#ifndef MILTER_PROGRAM_H
#define MILTER_PROGRAM_H

/*
 * A program of the administrator's.  It is run without a shell and apart from
 * the daemon: in a session of its own and in `/`, with no descriptor of ours,
 * signals as a new process has them, and a limit to its time.
 */

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PROGRAM_SAID_MAX 256 /* bytes kept of its standard error, the last */

/* Zero: none runs. */
struct program {
	pid_t pid;
	int fd;	       /* the other end of its standard error, or -1 */
	int64_t until; /* when it gets the signal `next` */
	int next, grace_ms;
	bool late; /* it has got one */

	/* Once it has ended; `said` begins after, and has no newline at the
	 * end.  Bytes beyond ASCII are `?`, control bytes are as they are. */
	int status; /* as wait(2) has it; -1: could not tell */
	char said[PROGRAM_SAID_MAX + 1];
	size_t said_len;
};

/* Milliseconds of a clock that only goes forward. */
int64_t program_clock(void);

/*
 * Starts `argv[0]`, an absolute path.  After `limit_ms` it gets SIGTERM, after
 * `grace_ms` more SIGKILL, each with all that is left of its process group.
 * Returns 0, or an error number when it does not run.
 */
int program_start(struct program *p, char *const argv[], char *const env[],
    int limit_ms, int grace_ms);

/* From now on it has `ms` left, and then gets SIGKILL. */
void program_hurry(struct program *p, int ms);

/* What to poll: readable when there is something to attend to. */
struct pollfd program_watch(const struct program *p);

/*
 * Reads what it says and sends what is due at `now`; never blocks.  True once
 * it has ended, when its result can be read and `pid` is 0.  Call at least
 * every tenth of a second: the end alone makes nothing readable.
 */
bool program_attend(struct program *p, int64_t now);

#endif
