/* The audit log as a file: whole lines or a failure, nothing between. */
#include "milter/audit.h"

#include "milter/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define RESERVED 16384 /* bytes, what most records need */
#define SOON_NS 100000000

static struct {
	pthread_mutex_t lock;
	const char *path;
	int fd;		/* -1: not open */
	bool torn;	/* the last write was short: a line is unfinished */
	bool failing;	/* told already */
	time_t checked; /* when rotation was looked for last, monotonic */
	atomic_bool reopen;
	atomic_ullong failures;
	atomic_llong last; /* when a record was written */
} audit = {.lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1};

static int
open_log(const char *path)
{
	return open(
	    path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
}

bool
audit_open(const char *path, struct diag *d)
{
	audit.path = path;
	audit.fd = open_log(path);
	if (audit.fd < 0)
		diag_add(d,
		    "%s: can't open the audit log: %s; make its folder, and "
		    "let the daemon's user write there",
		    path, strerror(errno));
	return audit.fd >= 0;
}

void
audit_reopen(void)
{
	atomic_store(&audit.reopen, true);
}

/* Is the open file still the one that has the name? */
static bool
is_current(void)
{
	struct stat named, opened;

	return audit.fd >= 0 && stat(audit.path, &named) == 0 &&
	       fstat(audit.fd, &opened) == 0 && named.st_dev == opened.st_dev &&
	       named.st_ino == opened.st_ino;
}

/* Has the open file no name any more?  What is written to it is lost. */
static bool
is_unlinked(void)
{
	struct stat opened;

	return fstat(audit.fd, &opened) != 0 || opened.st_nlink == 0;
}

/*
 * Once a second, or when told: follow the name.  A renamed file goes on to be
 * used while its name can't be opened; a removed one does not.
 */
static void
follow_name(void)
{
	struct timespec now;
	int fd;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if (!atomic_exchange(&audit.reopen, false) && audit.fd >= 0 &&
	    now.tv_sec == audit.checked)
		return;
	audit.checked = now.tv_sec;
	if (is_current())
		return;
	fd = open_log(audit.path);
	if (fd < 0 && (audit.fd < 0 || !is_unlinked()))
		return;
	if (audit.fd >= 0)
		close(audit.fd);
	audit.fd = fd;
	audit.torn = false;
}

/* One write, the line that a short one left unfinished ended first. */
static bool
write_record(const char *record, size_t len)
{
	struct iovec parts[2] = {
	    {.iov_base = (char[]){'\n'}, .iov_len = 1},
	    {.iov_base = (void *)(uintptr_t)record, .iov_len = len},
	};
	int skip = audit.torn ? 0 : 1;
	size_t whole = len + (audit.torn ? 1 : 0);
	ssize_t n;

	if (audit.fd < 0) {
		errno = ENOENT;
		return false;
	}
	do
		n = writev(audit.fd, parts + skip, 2 - skip);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)whole) {
		audit.torn = false;
		return true;
	}
	if (n > 0) {
		audit.torn = true;
		errno = ENOSPC;
	}
	return false;
}

/* Writes under the lock, which it gives back. */
static bool
write_locked(const char *record, size_t len)
{
	bool written;

	follow_name();
	written = write_record(record, len);
	if (!written) {
		int saved = errno;

		atomic_fetch_add(&audit.failures, 1);
		if (!audit.failing)
			log_line(LOG_ERR, "%s: can't write the audit log: %s",
			    audit.path, strerror(saved));
	} else {
		struct timespec now; /* time(2) may be behind a record's */

		clock_gettime(CLOCK_REALTIME, &now);
		atomic_store(&audit.last, (long long)now.tv_sec);
		if (audit.failing)
			log_line(LOG_NOTICE,
			    "%s: the audit log is written again", audit.path);
	}
	audit.failing = !written;
	pthread_mutex_unlock(&audit.lock);
	return written;
}

bool
audit_write(const char *record, size_t len)
{
	pthread_mutex_lock(&audit.lock);
	return write_locked(record, len);
}

bool
audit_write_soon(const char *record, size_t len)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end); /* which timedlock goes by */
	end.tv_nsec += SOON_NS;
	if (end.tv_nsec >= 1000000000) {
		end.tv_sec++;
		end.tv_nsec -= 1000000000;
	}
	if (pthread_mutex_timedlock(&audit.lock, &end) != 0) {
		atomic_fetch_add(&audit.failures, 1);
		return false;
	}
	return write_locked(record, len);
}

/* Room behind the end, without making the file longer.  Where a file system
 * can't tell, the next record does. */
static bool
reserve(void)
{
	struct stat st;

	if (audit.fd < 0 || fstat(audit.fd, &st) != 0)
		return false;
	return fallocate(audit.fd, FALLOC_FL_KEEP_SIZE, st.st_size, RESERVED) ==
		   0 ||
	       (errno != ENOSPC && errno != EDQUOT && errno != EFBIG);
}

bool
audit_has_room(void)
{
	bool room;

	pthread_mutex_lock(&audit.lock);
	follow_name();
	room = !audit.failing || reserve();
	pthread_mutex_unlock(&audit.lock);
	return room;
}

uint64_t
audit_failures(void)
{
	return atomic_load(&audit.failures);
}

int64_t
audit_last(void)
{
	return atomic_load(&audit.last);
}

void
audit_close(void)
{
	pthread_mutex_lock(&audit.lock);
	if (audit.fd >= 0)
		close(audit.fd);
	audit.fd = -1;
	pthread_mutex_unlock(&audit.lock);
}
