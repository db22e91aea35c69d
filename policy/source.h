#ifndef POLICY_SOURCE_H
#define POLICY_SOURCE_H

/*
 * Reads the policy database as bytes, holding no lock, so that an edit in the
 * plain `sqlite3` shell never fails because of us.  What is read is a state
 * that some commit left: a writer seen before, during or after the reading
 * makes it SOURCE_BUSY.
 *
 * The process must have no SQLite connection on the file: POSIX drops all its
 * locks when any descriptor of the file is closed.
 */

#include "diag.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Which state of which file: equal stamps, same content.  The stamp of what was
 * read just after a change equals none: it is to be read again. */
struct source_stamp {
	dev_t dev;
	ino_t ino;
	off_t size;
	int64_t mtime_ns, ctime_ns;
	uint32_t change_counter; /* SQLite's, header bytes 24-27 */
};

struct image {
	unsigned char *data; /* malloc'ed */
	size_t len;
	struct source_stamp stamp;
};

enum source_status {
	SOURCE_FAILED = 0, /* gone, unreadable, not a database: see diag */
	SOURCE_OK,
	SOURCE_BUSY /* somebody writes: try again soon */
};

/* Fills all of `stamp` but the change counter.  False: diag says why. */
bool source_stat(const char *path, struct source_stamp *stamp, struct diag *d);
bool source_same(const struct source_stamp *a, const struct source_stamp *b);

/*
 * Reads the file.  With `lock` SQLite's SHARED lock is held for the time of
 * the copy: for a file whose writers leave no quiet moment.  On SOURCE_OK
 * `image` is the caller's, to be released with image_free(); else diag says
 * what is in the way, naming the process that holds a lock where it can.
 */
enum source_status source_read(
    const char *path, bool lock, struct image *image, struct diag *d);

/* Reads with retries for at most `ms` milliseconds, the second half of it
 * with the lock.  SOURCE_BUSY when the time is over. */
enum source_status source_read_within(
    const char *path, int ms, struct image *image, struct diag *d);

/*
 * Is nobody writing at the moment?  False: `d` says who, or what is in the
 * way; also when the file can't be opened.
 */
bool source_is_quiet(const char *path, struct diag *d);

void image_free(struct image *image);

#endif
