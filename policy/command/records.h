#ifndef POLICY_COMMAND_RECORDS_H
#define POLICY_COMMAND_RECORDS_H

/*
 * The records of audit logs, as the daemon wrote them: a line of JSON each,
 * oldest first.  Lines are whatever somebody put into the file.  What can't be
 * a record is named by file and line, the first of them, and counted.
 */

#include "policy/command/db.h"
#include "policy/command/logs.h"
#include "policy/command/progress.h"
#include "policy/diag.h"

/* By default; `audit_log` of authpolicyd.conf(5). */
#define RECORDS_LOG "/var/log/authpolicy/audit.log"

struct records {
	const char *line; /* the current one, without its newline; of any bytes
			     but NUL, escaped ones included */
	struct progress progress; /* end it before you print */
	enum status status;	  /* of the first file that can't be read */

	struct logs logs;
	size_t at; /* of the file that is read */
	struct log_stream stream;
	bool follow;
	size_t number;	 /* of the current line in its file */
	bool unfinished; /* the current line has no newline */
	bool broken;	 /* the file can't be read on */
	bool too_long;	 /* what comes up to the next newline is passed over */
	char *buffer;
	size_t begin, end, cap; /* what of the buffer was not given out */
	int64_t done;		/* bytes of the files before */
	struct diag rejected, cut;
};

/*
 * Opens the logs, each with its rotated files; without any, RECORDS_LOG.  With
 * `follow` the last of them is waited for, through rotation, for ever.  False,
 * said, when one is not there or can't be read; call records_close() anyway.
 */
bool records_open(
    struct records *r, const char *const *paths, size_t count, bool follow);

/* Reads the next line; false when there is none.  Borrowed until the next. */
bool records_next(struct records *r);

/* The current line is no record. */
void records_reject(struct records *r, const char *why);

/* Says what was rejected.  STATUS_UNKNOWN: a file could not be read to its
 * end; said already. */
enum status records_close(struct records *r);

/*
 * Opens a database of its own in `db`, with the empty tables of sql/audit.sql.
 * It may become larger than memory and is gone when it is closed.  Its
 * function raw(text) gives a string of a record back the bytes that were no
 * UTF-8.
 */
bool records_database(struct db *db);

/* Gives a database that function. */
bool records_raw(struct db *db);

/*
 * Loads all records into the table `record` of that database.  What came from
 * clients is as it came: any bytes but NUL.
 */
bool records_load(struct records *r, struct db *db);

#endif
