#ifndef MILTER_STATE_FILE_H
#define MILTER_STATE_FILE_H

/*
 * The state database as a file: the only place of the daemon that writes with
 * SQLite.  For the thread of milter/state, and for its start.
 *
 * Each function answers false when it could not do what it says; `fault` and
 * `why` then tell.
 */

#include "policy/policy.h"
#include "policy/posting.h"
#include "policy/prints.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum state_fault {
	STATE_FAILED = 0, /* full, read-only, gone: try again later */
	STATE_BUSY,	  /* locked by somebody else; nothing was done */
	STATE_DAMAGED,	  /* can't be read, now or later */
	STATE_NEWER	  /* of a version we don't know: not ours to touch */
};

enum state_statement {
	STATE_PUT_KEY,
	STATE_PUT_POSTING,
	STATE_PUT_SNAPSHOT,
	STATE_PUT_SUSPENSION,
	STATE_DROP_POSTINGS,
	STATE_DROP_SNAPSHOT,
	STATE_DROP_SUSPENSIONS,
	STATE_GET_KEY,
	STATE_GET_SNAPSHOTS,
	STATE_GET_POSTINGS,
	STATE_GET_SUSPENSIONS,
	STATE_STATEMENTS
};

/* Zero-initialise and give it a path. */
struct state_file {
	const char *path;
	struct sqlite3 *db; /* NULL: not open */
	long version;	    /* 0: there are no tables yet */
	struct sqlite3_stmt *statements[STATE_STATEMENTS];
	struct state_stamp {
		dev_t dev;
		ino_t ino;
		off_t size;
	} stamp[2]; /* of the file and its write-ahead log */
	enum state_fault fault;
	char why[300];
};

/* Opens the file for reading or makes it, mode 0600, and verifies it. */
bool state_file_open(struct state_file *f);

/* Brings it to our version, for writing. */
bool state_file_prepare(struct state_file *f);
void state_file_close(struct state_file *f);

/*
 * Closes the file and renames it and what belongs to it to
 * PATH.damaged-YYYYMMDDTHHMMSSZ, which is left in `name`.
 */
#define STATE_ASIDE_SIZE 4200
bool state_file_set_aside(struct state_file *f, char name[STATE_ASIDE_SIZE]);

/* Is what is open no longer what has the name, or was it cut, which we never
 * do?  Asked after the first transaction. */
bool state_file_moved(struct state_file *f);

/*
 * One transaction, in which nobody else writes.  What is `synced` survives a
 * power cut, all else the death of the process.
 */
bool state_file_begin(struct state_file *f, bool synced);
bool state_file_commit(struct state_file *f);
void state_file_rollback(struct state_file *f);

/* `there` is false for a file that has nothing yet. */
bool state_file_key(struct state_file *f, struct print_key *key, bool *there);

/* Of a file that has none. */
bool state_file_put_key(struct state_file *f, const struct print_key *key);
bool state_file_put_posting(
    struct state_file *f, unsigned shard, const struct postings *p);

/* In place of the shard's snapshot and postings. */
bool state_file_put_snapshot(
    struct state_file *f, unsigned shard, const struct postings *p);

/* Unless the very same is there. */
bool state_file_put_suspension(
    struct state_file *f, const struct suspension *s);
bool state_file_drop_suspensions(struct state_file *f, int64_t over_since);

/* Calls `each` for all snapshots, then for all postings in their order.  When
 * that answers false the file is damaged. */
typedef bool state_posting_fn(
    void *ctx, bool snapshot, unsigned shard, const void *data, size_t len);
bool state_file_postings(
    struct state_file *f, state_posting_fn *each, void *ctx);

/* Calls `each` for the suspensions that are not over at `now`. */
typedef void state_suspension_fn(void *ctx, const struct suspension *s);
bool state_file_suspensions(
    struct state_file *f, int64_t now, state_suspension_fn *each, void *ctx);

/*
 * Completes a suspension with its times, as a row or a record has them.  False
 * when they are none, or its name is no canonical one of a principal.
 */
bool state_suspension_read(
    struct suspension *s, const char *since, const char *until);

/* For milter/state_file and milter/state_rows: they set `fault` and `why`, by
 * what SQLite says or as told, and answer false. */
bool state_file_broken(struct state_file *f);
bool state_file_fail(struct state_file *f, enum state_fault fault,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
