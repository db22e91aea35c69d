/*
 * What has to be right about a socket before and after it is opened.  "Could
 * not tell" whether somebody serves there counts as in use.
 */
#include "milter/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* errno of a connection to the socket file; 0 when somebody listens. */
static int
try_unix(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error = 0;

	if (fd < 0)
		return errno;
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) != 0)
		error = errno;
	close(fd);
	return error;
}

/* The folder a socket is to be made in must be there. */
static bool
parent_exists(const char *path, struct diag *d)
{
	char parent[ENDPOINT_PATH_MAX + 1], *slash;
	struct stat st;

	snprintf(parent, sizeof(parent), "%s", path);
	slash = strrchr(parent, '/');
	slash[slash == parent ? 1 : 0] = '\0';
	if (stat(parent, &st) == 0 && S_ISDIR(st.st_mode))
		return true;
	diag_add(d,
	    "%s: the folder %s does not exist: make it, and let the "
	    "user the daemon runs as write to it",
	    path, parent);
	return false;
}

/* Frees the path of a socket nobody listens on. */
static bool
prepare_unix(const char *path, struct diag *d)
{
	struct stat st;
	int error;

	if (lstat(path, &st) != 0) {
		if (errno == ENOENT)
			return parent_exists(path, d);
		diag_add(d, "%s: %s", path, strerror(errno));
		return false;
	}
	if (!S_ISSOCK(st.st_mode)) {
		diag_add(d,
		    "%s: is there already and is no socket: remove it, "
		    "or name another path",
		    path);
		return false;
	}
	error = try_unix(path);
	if (error == ECONNREFUSED) {
		if (unlink(path) == 0)
			return true;
		diag_add(d,
		    "%s: nobody listens there, but the socket can't be "
		    "removed: %s",
		    path, strerror(errno));
	} else if (error == 0 || error == EAGAIN) {
		diag_add(d, "%s: in use: another process listens there", path);
	} else {
		diag_add(d, "%s: can't tell whether it is in use: %s", path,
		    strerror(error));
	}
	return false;
}

/* A socket bound to the first address of the endpoint, or -1 and why not. */
static int
bind_inet(const struct endpoint *e, struct diag *d)
{
	const char *why, *host = e->host[0] != '\0' ? e->host : "any address";
	struct addrinfo *ai = endpoint_resolve(e, &why);
	int fd, on = 1;

	if (ai == NULL) {
		diag_add(d, "%s: %s", host, why);
		return -1;
	}
	fd = socket(
	    ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    bind(fd, ai->ai_addr, ai->ai_addrlen) != 0) {
		diag_add(d, "port %u at %s: %s", (unsigned)e->port, host,
		    errno == EADDRINUSE
			? "in use: another process listens there"
			: strerror(errno));
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	freeaddrinfo(ai);
	return fd;
}

/* libmilter's own bind(2) fails without a reason; ours gives one. */
static bool
prepare_inet(const struct endpoint *e, struct diag *d)
{
	int fd = bind_inet(e, d);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/*
 * What systemd hands over must be a socket that already listens; programs we
 * start don't get it.
 */
static bool
prepare_fd(int fd, struct diag *d)
{
	int listening = 0;
	socklen_t len = sizeof(listening);

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) == 0 &&
	    listening && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
		return true;
	diag_add(d,
	    "fd:%d: no listening socket was handed over as descriptor %d", fd,
	    fd);
	return false;
}

bool
listen_prepare(const struct endpoint *e, struct diag *d)
{
	switch (e->kind) {
	case ENDPOINT_UNIX:
		return prepare_unix(e->path, d);
	case ENDPOINT_INET:
	case ENDPOINT_INET6:
		return prepare_inet(e, d);
	case ENDPOINT_FD:
		return prepare_fd(e->fd, d);
	case ENDPOINT_NONE:
		break;
	}
	return false;
}

/* Gives the socket held by `fd` away, and verifies what has become of it. */
static bool
give_away(
    int fd, const char *path, mode_t mode, uid_t uid, gid_t gid, struct diag *d)
{
	struct stat st;

	if (fchownat(fd, "", uid, gid, AT_EMPTY_PATH) != 0 ||
	    fstat(fd, &st) != 0) {
		diag_add(d, "%s: can't be given to user %u and group %u: %s",
		    path, (unsigned)uid, (unsigned)gid, strerror(errno));
		return false;
	}
	if (st.st_uid == uid && st.st_gid == gid && (st.st_mode & 0777) == mode)
		return true;
	diag_add(d,
	    "%s: has owner %u:%u and mode %04o instead of %u:%u and %04o", path,
	    (unsigned)st.st_uid, (unsigned)st.st_gid,
	    (unsigned)st.st_mode & 0777, (unsigned)uid, (unsigned)gid,
	    (unsigned)mode);
	return false;
}

/*
 * The file is held by a descriptor while it is changed, so that whoever may
 * write to the folder can't make us give away another file.
 */
bool
listen_adopt(const char *path, mode_t mode, uid_t uid, gid_t gid,
    struct listen_file *f, struct diag *d)
{
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	bool ok = false;

	memset(f, 0, sizeof(*f));
	if (fd < 0 || fstat(fd, &st) != 0) {
		diag_add(d, "%s: %s", path, strerror(errno));
	} else if (!S_ISSOCK(st.st_mode)) {
		diag_add(d, "%s: is not the socket just made", path);
	} else {
		snprintf(f->path, sizeof(f->path), "%s", path);
		f->dev = st.st_dev;
		f->ino = st.st_ino;
		ok = give_away(fd, path, mode, uid, gid, d);
	}
	if (fd >= 0)
		close(fd);
	return ok;
}

int
listen_open(const char *path, mode_t mode, uid_t uid, gid_t gid,
    struct listen_file *f, struct diag *d)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	mode_t before;
	int fd, rc = -1;

	memset(f, 0, sizeof(*f));
	if (!prepare_unix(path, d))
		return -1;
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		before = umask(~mode & 0777);
		rc = bind(fd, (struct sockaddr *)&sun, sizeof(sun));
		umask(before);
	}
	if (rc == 0 && listen_adopt(path, mode, uid, gid, f, d)) {
		if (listen(fd, SOMAXCONN) == 0)
			return fd;
		rc = -1;
	}
	if (rc != 0)
		diag_add(d, "%s: %s", path, strerror(errno));
	listen_remove(f);
	if (fd >= 0)
		close(fd);
	return -1;
}

int
listen_open_inet(const struct endpoint *e, struct diag *d)
{
	int fd = bind_inet(e, d);

	if (fd < 0 || listen(fd, SOMAXCONN) == 0)
		return fd;
	diag_add(d, "port %u: %s", (unsigned)e->port, strerror(errno));
	close(fd);
	return -1;
}

void
listen_remove(struct listen_file *f)
{
	struct stat st;

	if (f->path[0] != '\0' && lstat(f->path, &st) == 0 &&
	    st.st_dev == f->dev && st.st_ino == f->ino)
		unlink(f->path);
	memset(f, 0, sizeof(*f));
}

/*
 * libmilter's listener asks again at once when there are no descriptors left,
 * and so takes a whole processor.  This stands in for libc's accept() in the
 * whole program: it pauses first.  Programs we start don't get the connection.
 */
__attribute__((visibility("default"))) int
accept(int fd, __SOCKADDR_ARG address, socklen_t *len)
{
	const struct timespec pause = {0, 100000000};
	int connection = accept4(fd, address, len, SOCK_CLOEXEC), error = errno;

	if (connection < 0 && (error == EMFILE || error == ENFILE ||
				  error == ENOBUFS || error == ENOMEM))
		nanosleep(&pause, NULL);
	errno = error;
	return connection;
}
