/*
 * A consistent read of an SQLite file without locking it.
 *
 * A commit in rollback mode writes the pages while it holds the EXCLUSIVE lock
 * and a journal with a valid header, and changes size or times of the file.
 * So: no such lock and no such journal before and after, and the same stat
 * before and after, mean that what lies between is one committed state.
 */
#include "source.h"

#include "release.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* SQLite's lock bytes (its os.h): fixed for ever by the file format. */
#define PENDING_BYTE 0x40000000
#define RESERVED_BYTE (PENDING_BYTE + 1)
#define SHARED_FIRST (PENDING_BYTE + 2)
#define SHARED_SIZE 510

#define HEADER_SIZE 100
#define CHUNK 65536	  /* a larger call keeps others from the processor */
#define QUIET_NS 20000000 /* clocks of file systems tick slowly */

static int64_t
to_ns(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void
stamp_from(struct source_stamp *stamp, const struct stat *st)
{
	*stamp = (struct source_stamp){
	    .dev = st->st_dev,
	    .ino = st->st_ino,
	    .size = st->st_size,
	    .mtime_ns = to_ns(st->st_mtim),
	    .ctime_ns = to_ns(st->st_ctim),
	};
}

bool
source_stat(const char *path, struct source_stamp *stamp, struct diag *d)
{
	struct stat st;

	if (stat(path, &st) != 0) {
		diag_add(d, "%s: %s", path, strerror(errno));
		return false;
	}
	stamp_from(stamp, &st);
	return true;
}

bool
source_same(const struct source_stamp *a, const struct source_stamp *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

/* Who keeps us from a read lock of these bytes?  0 nobody, else a pid. */
static pid_t
locked_by(int fd, off_t start, off_t len)
{
	struct flock l = {.l_type = F_RDLCK,
	    .l_whence = SEEK_SET,
	    .l_start = start,
	    .l_len = len};

	if (fcntl(fd, F_GETLK, &l) != 0)
		return -1;
	if (l.l_type == F_UNLCK)
		return 0;
	return l.l_pid > 0 ? l.l_pid : -1;
}

/* Opens `path` with `suffix`.  -1 with errno, ENAMETOOLONG included. */
static int
open_beside(const char *path, const char *suffix)
{
	char name[4096];

	if ((size_t)snprintf(name, sizeof(name), "%s%s", path, suffix) >=
	    sizeof(name)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

/* Is there a rollback journal that has not been ended?  -1: can't tell. */
static int
has_journal(const char *path)
{
	static const unsigned char magic[8] = {
	    0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7};
	unsigned char head[8];
	int fd = open_beside(path, "-journal");
	ssize_t n;

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	n = pread(fd, head, sizeof(head), 0);
	close(fd);
	if (n < 0)
		return -1;
	return n == sizeof(head) && memcmp(head, magic, sizeof(magic)) == 0;
}

/* Is there a write-ahead log with something in it?  -1: can't tell. */
static int
has_wal(const char *path)
{
	struct stat st;
	int fd = open_beside(path, "-wal");
	int rc;

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	rc = fstat(fd, &st) != 0 ? -1 : st.st_size > 0;
	close(fd);
	return rc;
}

/* Is nobody writing, as far as locks and journal tell? */
static enum source_status
check_quiet(const char *path, int fd, struct diag *d)
{
	pid_t pid = locked_by(fd, PENDING_BYTE, 1);
	int journal = has_journal(path);

	if (pid == 0)
		pid = locked_by(fd, SHARED_FIRST, SHARED_SIZE);
	if (pid != 0) {
		diag_add(d, "%s: locked for writing by process %ld", path,
		    (long)pid);
		return SOURCE_BUSY;
	}
	if (journal != 0) {
		diag_add(d,
		    "%s: a change is under way or was cut off (%s-journal); "
		    "if no program edits it, mend it with: "
		    "sqlite3 %s 'SELECT count(*) FROM principal'",
		    path, path, path);
		return SOURCE_BUSY;
	}
	return SOURCE_OK;
}

/*
 * Takes SQLite's SHARED lock: PENDING for a moment, so that a writer who waits
 * is let through first, then a read lock on the shared bytes.
 */
static bool
take_shared(int fd)
{
	struct flock l = {.l_type = F_RDLCK,
	    .l_whence = SEEK_SET,
	    .l_start = PENDING_BYTE,
	    .l_len = 1};
	bool got;

	if (fcntl(fd, F_SETLK, &l) != 0)
		return false;
	l.l_start = SHARED_FIRST;
	l.l_len = SHARED_SIZE;
	got = fcntl(fd, F_SETLK, &l) == 0;
	l.l_type = F_UNLCK;
	l.l_start = PENDING_BYTE;
	l.l_len = 1;
	(void)fcntl(fd, F_SETLK, &l);
	return got;
}

/* With SHARED held a journal is another's open edit, or left by a crash. */
static enum source_status
check_locked(const char *path, int fd, struct diag *d)
{
	if (!take_shared(fd)) {
		(void)check_quiet(path, fd, d); /* names who holds it */
		return SOURCE_BUSY;
	}
	if (has_journal(path) != 0 && locked_by(fd, RESERVED_BYTE, 1) == 0)
		return check_quiet(path, fd, d);
	return SOURCE_OK;
}

static uint32_t
big_endian(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

/*
 * Is the image whole by its own header?  SQLite itself reads a file cut inside
 * its last page as good.
 */
static enum source_status
check_header(const char *path, struct image *image, struct diag *d)
{
	unsigned char *h = image->data;
	uint64_t page;

	if (image->len < HEADER_SIZE || memcmp(h, "SQLite format 3", 16) != 0) {
		diag_add(d, "%s: is not an SQLite database", path);
		return SOURCE_FAILED;
	}
	page = (uint64_t)h[16] << 8 | h[17];
	page = page == 1 ? 65536 : page;
	if (page * big_endian(h + 28) != image->len) {
		diag_add(d,
		    "%s: is %zu bytes long but its header says %llu; "
		    "restore it from a backup",
		    path, image->len,
		    (unsigned long long)(page * big_endian(h + 28)));
		return SOURCE_FAILED;
	}
	if (h[18] == 2 || h[19] == 2) {
		if (has_wal(path) != 0) {
			diag_add(d,
			    "%s: is in WAL mode with changes only in its log; "
			    "set it back with: sqlite3 %s "
			    "'PRAGMA journal_mode = DELETE'",
			    path, path);
			return SOURCE_FAILED;
		}
		h[18] = h[19] = 1; /* a private image can't have a log */
	}
	image->stamp.change_counter = big_endian(h + 24);
	return SOURCE_OK;
}

static bool
read_whole(int fd, struct image *image)
{
	size_t done = 0;

	image->data = malloc(image->len);
	if (image->data == NULL)
		return false;
	while (done < image->len) {
		size_t left = image->len - done;
		ssize_t n = pread(fd, image->data + done,
		    left < CHUNK ? left : CHUNK, (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) /* it shrank: the stat afterwards tells */
			return n == 0;
		done += (size_t)n;
	}
	return true;
}

/* Is the last change so young that another could have the same times? */
static bool
is_fresh(const struct stat *st)
{
	struct timespec now;
	int64_t age;

	clock_gettime(CLOCK_REALTIME, &now);
	age = to_ns(now) - to_ns(st->st_mtim);
	return age >= 0 && age < QUIET_NS;
}

/* Reads the open file; the caller closes it, which drops any lock. */
static enum source_status
read_open(
    const char *path, int fd, bool lock, struct image *image, struct diag *d)
{
	enum source_status status;
	struct source_stamp after;
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		diag_add(d, "%s: is not a regular file", path);
		return SOURCE_FAILED;
	}
	if (st.st_size == 0) {
		diag_add(d, "%s: is empty; make a policy with: authpolicy init",
		    path);
		return SOURCE_FAILED;
	}
	status = lock ? check_locked(path, fd, d) : check_quiet(path, fd, d);
	if (status != SOURCE_OK)
		return status;
	if (fstat(fd, &st) != 0 || (!lock && is_fresh(&st)))
		return SOURCE_BUSY;
	stamp_from(&image->stamp, &st);
	image->len = (size_t)st.st_size;
	if (image->len == 0 || !read_whole(fd, image)) {
		diag_add(d, "%s: %s", path, strerror(errno));
		return SOURCE_FAILED;
	}
	if (!lock && check_quiet(path, fd, d) != SOURCE_OK)
		return SOURCE_BUSY;
	if (fstat(fd, &st) != 0)
		return SOURCE_BUSY;
	stamp_from(&after, &st);
	if (!source_same(&image->stamp, &after))
		return SOURCE_BUSY;
	if (is_fresh(&st)) /* the next change may have the same times */
		image->stamp.ctime_ns = 0;
	return check_header(path, image, d);
}

enum source_status
source_read(const char *path, bool lock, struct image *image, struct diag *d)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	enum source_status status;

	memset(image, 0, sizeof(*image));
	if (fd < 0) {
		diag_add(d, "%s: %s", path, strerror(errno));
		return SOURCE_FAILED;
	}
	status = read_open(path, fd, lock, image, d);
	close(fd);
	if (status != SOURCE_OK)
		image_free(image);
	return status;
}

enum source_status
source_read_within(
    const char *path, int ms, struct image *image, struct diag *d)
{
	const struct timespec step = {0, 10000000};
	enum source_status status;
	struct diag last = {0};

	for (int waited = 0;; waited += 10) {
		diag_clear(&last);
		status = source_read(path, waited > ms / 2, image, &last);
		if (status != SOURCE_BUSY || waited >= ms)
			break;
		nanosleep(&step, NULL);
	}
	diag_move(d, &last);
	return status;
}

bool
source_is_quiet(const char *path, struct diag *d)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool quiet;

	if (fd < 0) {
		diag_add(d, "%s: %s", path, strerror(errno));
		return false;
	}
	quiet = check_quiet(path, fd, d) == SOURCE_OK;
	close(fd);
	return quiet;
}

void
image_free(struct image *image)
{
	release(image->data, image->len);
	memset(image, 0, sizeof(*image));
}
