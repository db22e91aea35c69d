#ifndef POLICY_COMMAND_LOGS_H
#define POLICY_COMMAND_LOGS_H

/*
 * The files of an audit log.  A log is read together with what was rotated
 * away from it, `audit.log.1` and `audit.log-20261124`, also with `.gz`,
 * `.xz`, `.zst` or `.bz2` behind: then through the program for it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct log_file {
	char *path;
	int fd; /* of the file itself; -1: closed */
	dev_t dev;
	ino_t ino;
	int64_t size;
};

/* Initialise with { 0 }; release with logs_close(). */
struct logs {
	struct log_file *files; /* each log's oldest first */
	size_t count, cap;
};

/*
 * Opens the log at `path` and its rotated files, but those that are open
 * already, so that none is lost or seen twice while they are renamed.  False,
 * said, when there is none or one can't be opened.
 */
bool logs_open(struct logs *l, const char *path);
void logs_close(struct logs *l);

/* Opens `path` alone, if it is none of the open files; false, said, when that
 * failed.  Nothing is added when it is not there. */
bool logs_add(struct logs *l, const char *path);

/* A file as it is read: itself, or the end of a pipe. */
struct log_stream {
	int fd;		     /* -1: closed */
	pid_t pid;	     /* of the program that decompresses; 0: none */
	const char *program; /* its name */
};

/* False, said, when the program for it can't be started. */
bool log_stream_open(struct log_stream *s, const struct log_file *file);

/* Closes the file too.  False, said, when the program failed, so that something
 * may be missing. */
bool log_stream_close(struct log_stream *s, struct log_file *file);

#endif
