#ifndef MILTER_PROCESS_H
#define MILTER_PROCESS_H

/*
 * The daemon as a process: background, pid file, whom it runs as, signals.
 */

#include "policy/diag.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Opens what is closed of standard input, output and error, or a socket would
 * take its place and be written to. */
void process_open_standard(void);

/*
 * Goes to the background.  Returns in the daemon; the process that was started
 * waits, and exits 0 when process_ready() is called, else 1.
 */
bool process_detach(struct diag *d);

/* Tells whoever waits that the daemon serves; standard error is closed. */
void process_ready(void);

/* As many descriptors as the system allows.  Returns how many that is. */
size_t process_raise_descriptors(void);

/*
 * Writes our pid to `path` and keeps the file locked.  False when a living
 * daemon has it.  Call as the process that stays, so after process_detach().
 */
bool process_write_pid(const char *path, struct diag *d);

/* Removes the pid file, or empties it where that is not permitted. */
void process_remove_pid(void);

/*
 * Becomes `user` for good and verifies it: no way back, no other groups, no
 * capability.  Does nothing when not started as root.
 */
bool process_become(const char *user, uid_t uid, gid_t gid, struct diag *d);

enum process_event {
	PROCESS_STOP = 0, /* SIGTERM or SIGINT */
	PROCESS_RELOAD,	  /* SIGHUP */
	PROCESS_TIME,	  /* none came in time */
	PROCESS_ENDED	  /* what process_serve() started has returned */
};

/*
 * From now on SIGHUP, SIGTERM and SIGINT wait for process_wait(), in all
 * threads started later and in programs they start; SIGPIPE is ignored.
 */
bool process_catch_signals(struct diag *d);

/* Runs `run` in a thread of its own. */
bool process_serve(int (*run)(void), struct diag *d);

/*
 * Waits for the next event, for `ms` or, when that is -1, for ever; call in
 * the main thread.  After PROCESS_STOP signals do what they always do: a second
 * SIGTERM ends the process at once.
 */
enum process_event process_wait(int ms);

/*
 * Ends the process without exit(3): libmilter's threads still run, and its
 * exit handler would destroy a lock they use.
 */
void process_exit(int status) __attribute__((noreturn));

#endif
