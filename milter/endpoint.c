/*
 * Where a socket is.  The text is the one libmilter is given, so both must read
 * it alike.
 */
#include "milter/endpoint.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A decimal number from `min` to `max` that takes up all of `text`. */
static bool
parse_number(const char *text, long min, long max, long *out)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*out = strtol(text, &end, 10);
	return errno == 0 && *end == '\0' && *out >= min && *out <= max;
}

/* PORT[@HOST] */
static bool
parse_inet(const char *text, struct endpoint *e)
{
	char copy[ENDPOINT_HOST_MAX + 16], *host;
	size_t n = strlen(text);
	long port;

	if (n >= sizeof(copy))
		return false;
	memcpy(copy, text, n + 1);
	host = strchr(copy, '@');
	if (host != NULL) {
		*host++ = '\0';
		n = strlen(host);
		if (host[0] == '[' && n > 2 && host[n - 1] == ']') {
			host[n - 1] = '\0';
			host++;
		}
		n = strlen(host);
		if (n == 0 || n > ENDPOINT_HOST_MAX)
			return false;
		memcpy(e->host, host, n + 1);
	}
	if (!parse_number(copy, 1, 65535, &port))
		return false;
	e->port = (in_port_t)port;
	return true;
}

/* What follows `scheme` at the start of `text`, or NULL. */
static const char *
after(const char *scheme, const char *text)
{
	size_t n = strlen(scheme);

	return strncmp(text, scheme, n) == 0 ? text + n : NULL;
}

bool
endpoint_parse(const char *text, struct endpoint *e)
{
	const char *rest;
	long fd;

	memset(e, 0, sizeof(*e));
	if ((rest = after("inet:", text)) != NULL) {
		e->kind = ENDPOINT_INET;
		return parse_inet(rest, e);
	}
	if ((rest = after("inet6:", text)) != NULL) {
		e->kind = ENDPOINT_INET6;
		return parse_inet(rest, e);
	}
	if ((rest = after("fd:", text)) != NULL) {
		if (!parse_number(rest, 3, 65535, &fd))
			return false;
		e->kind = ENDPOINT_FD;
		e->fd = (int)fd;
		return true;
	}
	if ((rest = after("unix:", text)) == NULL &&
	    (rest = after("local:", text)) == NULL)
		return false;
	e->kind = ENDPOINT_UNIX;
	return endpoint_parse_path(rest, e->path);
}

bool
endpoint_parse_web(const char *text, struct endpoint *e)
{
	char turned[ENDPOINT_HOST_MAX + 32];
	const char *colon = strrchr(text, ':');
	int n;

	if (colon == NULL || colon == text || strchr(text, '@') != NULL)
		return false;
	n = snprintf(turned, sizeof(turned), "%s:%s@%.*s",
	    text[0] == '[' ? "inet6" : "inet", colon + 1, (int)(colon - text),
	    text);
	return n > 0 && (size_t)n < sizeof(turned) && endpoint_parse(turned, e);
}

bool
endpoint_parse_path(const char *text, char path[ENDPOINT_PATH_MAX + 1])
{
	size_t n = strlen(text);

	if (text[0] != '/' || text[n - 1] == '/' || n > ENDPOINT_PATH_MAX)
		return false;
	memcpy(path, text, n + 1);
	return true;
}

struct addrinfo *
endpoint_resolve(const struct endpoint *e, const char **why)
{
	struct addrinfo hints = {0}, *list = NULL;
	char port[8];
	int rc;

	hints.ai_family = e->kind == ENDPOINT_INET6 ? AF_INET6 : AF_INET;
	hints.ai_socktype = SOCK_STREAM;
	hints.ai_flags = AI_PASSIVE; /* of no host: any */
	snprintf(port, sizeof(port), "%u", (unsigned)e->port);
	rc = getaddrinfo(
	    e->host[0] != '\0' ? e->host : NULL, port, &hints, &list);
	*why = gai_strerror(rc);
	return rc == 0 ? list : NULL;
}

static bool
is_loopback(const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, sa, sizeof(in));
		return ntohl(in.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	}
	if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, sa, sizeof(in6));
		return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
	}
	return sa->sa_family == AF_UNIX;
}

bool
endpoint_is_local(const struct endpoint *e)
{
	struct addrinfo *list;
	const char *why;
	bool local;

	if (e->kind == ENDPOINT_UNIX)
		return true;
	if (e->kind == ENDPOINT_FD) {
		struct sockaddr_storage ss = {0};
		struct sockaddr *sa = (struct sockaddr *)&ss;
		socklen_t len = sizeof(ss);

		return getsockname(e->fd, sa, &len) == 0 && is_loopback(sa);
	}
	list = endpoint_resolve(e, &why);
	local = list != NULL;
	for (struct addrinfo *ai = list; ai != NULL; ai = ai->ai_next)
		local = local && is_loopback(ai->ai_addr);
	if (list != NULL)
		freeaddrinfo(list);
	return local;
}

/* The first address to connect to. */
static bool
find_address(
    const struct endpoint *e, struct sockaddr_storage *ss, socklen_t *len)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	struct addrinfo *list;
	const char *why;

	memset(ss, 0, sizeof(*ss));
	*len = sizeof(*ss);
	if (e->kind == ENDPOINT_FD)
		return getsockname(e->fd, (struct sockaddr *)ss, len) == 0;
	if (e->kind == ENDPOINT_UNIX) {
		snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", e->path);
		memcpy(ss, &sun, sizeof(sun));
		*len = sizeof(sun);
		return true;
	}
	list = endpoint_resolve(e, &why);
	if (list == NULL)
		return false;
	memcpy(ss, list->ai_addr, list->ai_addrlen);
	*len = list->ai_addrlen;
	freeaddrinfo(list);
	return true;
}

bool
endpoint_answers(const struct endpoint *e, int ms)
{
	/* SMFIC_OPTNEG: version 6, all actions, all steps; SMFIC_QUIT. */
	static const unsigned char question[] = {0, 0, 0, 13, 'O', 0, 0, 0, 6,
	    0, 0, 0x01, 0xff, 0, 0x1f, 0xff, 0xff, 0, 0, 0, 1, 'Q'};
	const struct timeval limit = {ms / 1000, ms % 1000 * 1000L};
	struct sockaddr_storage ss;
	struct pollfd p = {.fd = -1, .events = POLLIN};
	socklen_t len;
	int n = 0;

	if (find_address(e, &ss, &len))
		p.fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (p.fd < 0)
		return false;
	/* A full queue holds up connect(2), and this bounds that too. */
	setsockopt(p.fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(p.fd, (struct sockaddr *)&ss, len) != 0)
		n = e->kind == ENDPOINT_FD &&
		    (errno == EACCES || errno == ENOENT);
	else if (send(p.fd, question, sizeof(question), MSG_NOSIGNAL) ==
		 sizeof(question))
		while ((n = poll(&p, 1, ms)) < 0 && errno == EINTR)
			;
	close(p.fd);
	return n == 1;
}
