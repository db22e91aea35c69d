#ifndef MILTER_LISTEN_H
#define MILTER_LISTEN_H

/*
 * Sockets that are safe to open: nobody else serves there, what a dead process
 * left behind is gone, and only the mode and group that were asked for may
 * connect.  Milter has no authentication: whoever can write to the socket can
 * claim any login.
 */

#include "milter/endpoint.h"
#include "policy/diag.h"

#include <stdbool.h>
#include <sys/types.h>

/*
 * Makes way for a listener: a socket file nobody answers on is removed; a
 * socket in use, a file that is no socket, a missing folder or an address
 * that can't be bound is an error.  An inherited socket must be listening.
 */
bool listen_prepare(const struct endpoint *e, struct diag *d);

/* A socket file of ours.  Zero: none. */
struct listen_file {
	char path[ENDPOINT_PATH_MAX + 1];
	dev_t dev;
	ino_t ino;
};

/*
 * Takes over the socket file just bound at `path`: gives it to `uid` and
 * `gid`, and verifies these and `mode`, which must have been in force as
 * umask at bind(2).  What was bound is for listen_remove() even if that fails.
 */
bool listen_adopt(const char *path, mode_t mode, uid_t uid, gid_t gid,
    struct listen_file *f, struct diag *d);

/*
 * All of the above for a socket of our own: a listening, close-on-exec unix
 * socket, or -1.  Not for use once threads run: it sets the umask.
 */
int listen_open(const char *path, mode_t mode, uid_t uid, gid_t gid,
    struct listen_file *f, struct diag *d);

/* A listening, close-on-exec, non-blocking inet socket, or -1. */
int listen_open_inet(const struct endpoint *e, struct diag *d);

/* Removes the socket file if it is still the one we made. */
void listen_remove(struct listen_file *f);

#endif
