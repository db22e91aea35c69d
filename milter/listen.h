#ifndef MILTER_LISTEN_H
#define MILTER_LISTEN_H

/*
 * Sockets that are safe to open: nobody else serves there, what a dead process
 * left behind is gone, and only the mode and group that were asked for may
 * connect.  Milter has no authentication: whoever can write to the socket can
 * claim any login.
 */

#include "policy/diag.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#define LISTEN_HOST_MAX 255
#define LISTEN_PATH_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

enum listen_kind {
	LISTEN_NONE = 0,
	LISTEN_UNIX,
	LISTEN_INET,
	LISTEN_INET6,
	LISTEN_FD /* a listening socket we inherited */
};

/* An address in libmilter's words, taken apart. */
struct listen_address {
	enum listen_kind kind;
	char path[LISTEN_PATH_MAX + 1];
	char host[LISTEN_HOST_MAX + 1]; /* without brackets; "": any */
	in_port_t port;			/* in host order */
	int fd;
};

/*
 * Reads unix:/PATH, local:/PATH, inet:PORT[@HOST], inet6:PORT[@HOST] or fd:N.
 * False when it is none of these: the path must be absolute and short enough
 * for a socket, the port a number from 1 to 65535, N at least 3.
 */
bool listen_parse(const char *text, struct listen_address *a);

/* The same for a bare path. */
bool listen_parse_path(const char *text, char path[LISTEN_PATH_MAX + 1]);

/*
 * Can it be reached from this host only?  Names count when each of their
 * addresses is loopback; what can't be resolved doesn't.
 */
bool listen_is_local(const struct listen_address *a);

/*
 * Makes way for a listener: a socket file nobody answers on is removed; a
 * socket in use, a file that is no socket, a missing folder or an address
 * that can't be bound is an error.  An inherited socket must be listening.
 */
bool listen_prepare(const struct listen_address *a, struct diag *d);

/* A socket file of ours.  Zero: none. */
struct listen_file {
	char path[LISTEN_PATH_MAX + 1];
	dev_t dev;
	ino_t ino;
};

/*
 * Takes over the socket file just bound at `path`: gives it to `uid` and
 * `gid`, and verifies these and `mode`, which must have been in force as
 * umask at bind(2).
 */
bool listen_adopt(const char *path, mode_t mode, uid_t uid, gid_t gid,
    struct listen_file *f, struct diag *d);

/*
 * All of the above for a socket of our own: a listening, close-on-exec unix
 * socket, or -1.  Not for use once threads run: it sets the umask.
 */
int listen_open(const char *path, mode_t mode, uid_t uid, gid_t gid,
    struct listen_file *f, struct diag *d);

/* Removes the socket file if it is still the one we made. */
void listen_remove(struct listen_file *f);

#endif
