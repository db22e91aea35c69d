#ifndef MILTER_ENDPOINT_H
#define MILTER_ENDPOINT_H

/*
 * Where a socket is, in libmilter's words, taken apart.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#define ENDPOINT_HOST_MAX 255
#define ENDPOINT_PATH_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

enum endpoint_kind {
	ENDPOINT_NONE = 0,
	ENDPOINT_UNIX,
	ENDPOINT_INET,
	ENDPOINT_INET6,
	ENDPOINT_FD /* a listening socket we inherited */
};

struct endpoint {
	enum endpoint_kind kind;
	char path[ENDPOINT_PATH_MAX + 1];
	char host[ENDPOINT_HOST_MAX + 1]; /* without brackets; "": any */
	in_port_t port;			  /* in host order */
	int fd;
};

/*
 * Reads unix:/PATH, local:/PATH, inet:PORT[@HOST], inet6:PORT[@HOST] or fd:N.
 * False when it is none of these: the path must be absolute and short enough
 * for a socket, the port a number from 1 to 65535, N at least 3.
 */
bool endpoint_parse(const char *text, struct endpoint *e);

/* The same of an inet or inet6 socket in the web's words: HOST:PORT or
 * [HOST]:PORT. */
bool endpoint_parse_web(const char *text, struct endpoint *e);

/* The same for a bare path. */
bool endpoint_parse_path(const char *text, char path[ENDPOINT_PATH_MAX + 1]);

/*
 * Can it be reached from this host only?  A name counts when each of its
 * addresses is loopback; what can't be resolved doesn't.
 */
bool endpoint_is_local(const struct endpoint *e);

/*
 * The addresses of an inet or inet6 socket, for freeaddrinfo().  NULL when
 * there are none; `why` then points to a constant text.
 */
struct addrinfo *endpoint_resolve(const struct endpoint *e, const char **why);

/*
 * Does a milter that serves there answer an MTA's first question within `ms`?
 * That a connection is accepted says nothing: the kernel does that alone.  An
 * inherited socket that is closed to us is believed unasked.
 */
bool endpoint_answers(const struct endpoint *e, int ms);

#endif
