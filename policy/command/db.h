#ifndef POLICY_COMMAND_DB_H
#define POLICY_COMMAND_DB_H

/*
 * SQLite for the command.  Every statement is in one table (statements.h),
 * every value is bound, and every value is text or NULL.
 *
 * The first error is said at once and sticks: what follows does nothing and
 * the transaction is not committed.  So a subcommand may run its statements
 * one after the other and look at the end.
 */

#include "policy/command/output.h"
#include "policy/command/statements.h"

#include <sqlite3.h>

struct db {
	sqlite3 *handle;
	sqlite3_stmt *statements[STATEMENT_COUNT];
	enum status status; /* of the first error; STATUS_OK: none yet */
	int changed;	    /* rows, by the last db_run() */
	const char *about;  /* said before an error: the option in question */
	bool quiet;	    /* errors stick, and are not said */
	bool scratch;	    /* it is no policy */
};

/*
 * Opens the policy at `path` and begins a transaction, which takes the write
 * lock when `writes`.  False, said, when there is none, it is not a policy, or
 * of another version than this program reads.
 */
bool db_open(struct db *db, const char *path, bool writes);

/* Opens the policy to be read, where that goes without saying: an error is
 * silent. */
bool db_look(struct db *db, const char *path);

/* Opens the file at `path` for migrations, whatever its version; or, with
 * ":memory:", an empty database for SQLite's functions. */
bool db_open_any(struct db *db, const char *path);

/* Opens an empty database that may grow beyond memory and is gone when it is
 * closed. */
bool db_open_scratch(struct db *db);

/* Says an error, unless one was said before, and makes it stick.  False. */
bool db_fail(struct db *db, enum status status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Names to the history, as the transaction begins, who changes the policy:
 * `editor`, or when that is NULL the user who runs the command, through sudo
 * too. */
bool db_editor(struct db *db, const char *editor);

/* Commits what db_open() began.  False when it could not or nothing may be. */
bool db_commit(struct db *db);

/* Rolls back what was not committed. */
void db_close(struct db *db);

/* Runs SQL of ours without values. */
bool db_exec(struct db *db, const char *sql);

/* Runs a statement with as many `const char *` as it has parameters. */
bool db_run(struct db *db, enum statement statement, ...);

/* The same for a statement made for the occasion.  What comes from outside is
 * bound, never in its text. */
bool db_run_text(struct db *db, const char *sql, ...);

/* The same for one that gives rows: to be stepped with db_step(). */
sqlite3_stmt *db_query(struct db *db, enum statement statement, ...);

/* True when there is a row; false at the end or on an error. */
bool db_step(struct db *db, sqlite3_stmt *s);

/*
 * The first column of the first row, malloc'ed; NULL when there is no row, it
 * is NULL, or on an error, which db->status tells apart.
 */
char *db_text(struct db *db, enum statement statement, ...);

/* The version of the policy; -1 when it is none, or on an error. */
int db_version(struct db *db);

/* Runs the migrations that follow version `from`. */
bool db_migrate(struct db *db, int from);

#endif
