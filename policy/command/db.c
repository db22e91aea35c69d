/*
 * SQLite for the command.  Results are compared with exactly ROW, DONE and
 * OK: anything else is "could not tell".
 */
#include "policy/command/db.h"
#include "policy/command/migrations.h"
#include "policy/load.h"

#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUSY_MS 5000

bool
db_fail(struct db *db, enum status status, const char *fmt, ...)
{
	char text[4096];
	va_list ap;

	if (db->status != STATUS_OK)
		return false;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	db->status = status;
	if (!db->quiet)
		fail(status, "%s%s%s", db->about != NULL ? db->about : "",
		    db->about != NULL ? ": " : "", text);
	return false;
}

/* Says what SQLite says, in the command's words. */
static bool
broken(struct db *db)
{
	static const char check[] = "CHECK constraint failed: ";
	const char *text = sqlite3_errmsg(db->handle);

	switch (sqlite3_errcode(db->handle) & 0xff) {
	case SQLITE_CONSTRAINT:
		if (strncmp(text, check, strlen(check)) == 0)
			text += strlen(check);
		return db_fail(db, STATUS_REFUSED, "%s", text);
	case SQLITE_BUSY:
		return db_fail(db, STATUS_UNKNOWN,
		    "the policy is locked by somebody who writes; nothing was "
		    "changed, try again");
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return db_fail(db, STATUS_UNKNOWN,
		    "the policy may not be written: %s; become its owner or "
		    "root",
		    text);
	default:
		return db_fail(db, STATUS_UNKNOWN, "%s: %s",
		    db->scratch ? "the database for this" : "the policy", text);
	}
}

bool
db_exec(struct db *db, const char *sql)
{
	if (db->status != STATUS_OK)
		return false;
	return sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK ||
	       broken(db);
}

/* Prepares SQL at `*s`, unless it is there already. */
static bool
prepare(struct db *db, const char *sql, sqlite3_stmt **s)
{
	if (db->status != STATUS_OK)
		return false;
	return *s != NULL ||
	       sqlite3_prepare_v3(db->handle, sql, -1,
		   SQLITE_PREPARE_PERSISTENT, s, NULL) == SQLITE_OK ||
	       broken(db);
}

static sqlite3_stmt *
bind_all(struct db *db, sqlite3_stmt *s, va_list ap)
{
	sqlite3_reset(s);
	for (int i = 1; i <= sqlite3_bind_parameter_count(s); i++)
		if (sqlite3_bind_text(s, i, va_arg(ap, const char *), -1,
			SQLITE_TRANSIENT) != SQLITE_OK) {
			broken(db);
			return NULL;
		}
	return s;
}

static sqlite3_stmt *
bind(struct db *db, enum statement statement, va_list ap)
{
	sqlite3_stmt **s = &db->statements[statement];

	return prepare(db, statement_sql(statement), s) ? bind_all(db, *s, ap)
							: NULL;
}

sqlite3_stmt *
db_query(struct db *db, enum statement statement, ...)
{
	sqlite3_stmt *s;
	va_list ap;

	va_start(ap, statement);
	s = bind(db, statement, ap);
	va_end(ap);
	return s;
}

bool
db_step(struct db *db, sqlite3_stmt *s)
{
	if (s == NULL || db->status != STATUS_OK)
		return false;
	switch (sqlite3_step(s)) {
	case SQLITE_ROW:
		return true;
	case SQLITE_DONE:
		sqlite3_reset(s);
		return false;
	default:
		broken(db);
		sqlite3_reset(s);
		return false;
	}
}

/* Steps it to its end and counts. */
static bool
run(struct db *db, sqlite3_stmt *s)
{
	while (db_step(db, s))
		;
	db->changed = db->status == STATUS_OK ? sqlite3_changes(db->handle) : 0;
	return db->status == STATUS_OK;
}

bool
db_run(struct db *db, enum statement statement, ...)
{
	sqlite3_stmt *s;
	va_list ap;

	va_start(ap, statement);
	s = bind(db, statement, ap);
	va_end(ap);
	return run(db, s);
}

bool
db_run_text(struct db *db, const char *sql, ...)
{
	sqlite3_stmt *s = NULL;
	va_list ap;

	va_start(ap, sql);
	if (prepare(db, sql, &s))
		run(db, bind_all(db, s, ap));
	va_end(ap);
	sqlite3_finalize(s);
	return db->status == STATUS_OK;
}

char *
db_text(struct db *db, enum statement statement, ...)
{
	sqlite3_stmt *s;
	va_list ap;
	char *text = NULL;

	va_start(ap, statement);
	s = bind(db, statement, ap);
	va_end(ap);
	if (db_step(db, s)) {
		const char *value = (const char *)sqlite3_column_text(s, 0);

		if (value != NULL && (text = strdup(value)) == NULL)
			db_fail(db, STATUS_UNKNOWN, "out of memory");
		sqlite3_reset(s);
	}
	return text;
}

int
db_version(struct db *db)
{
	char *text = db_text(db, SQL_VERSION);
	int version = text != NULL ? atoi(text) : -1;

	free(text);
	return version;
}

/* Opens the file; the rest of `db` is as it has to be. */
static bool
open_file(struct db *db, const char *path)
{
	if (strcmp(path, ":memory:") != 0 && access(path, R_OK) != 0)
		return db_fail(db, STATUS_UNKNOWN, "%s: %s%s", path,
		    strerror(errno),
		    errno == ENOENT
			? "; make a policy with: authpolicy init DOMAIN..."
			: "");
	if (sqlite3_open_v2(path, &db->handle, SQLITE_OPEN_READWRITE, NULL) !=
	    SQLITE_OK)
		return broken(db);
	sqlite3_busy_timeout(db->handle, BUSY_MS);
	return db_exec(db, "PRAGMA foreign_keys = ON");
}

bool
db_open_any(struct db *db, const char *path)
{
	memset(db, 0, sizeof(*db));
	return open_file(db, path);
}

bool
db_open_scratch(struct db *db)
{
	memset(db, 0, sizeof(*db));
	db->scratch = true;
	if (sqlite3_open_v2("", &db->handle,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		return broken(db);
	return db_exec(db, "PRAGMA journal_mode = OFF;"
			   "PRAGMA synchronous = OFF;"
			   "PRAGMA cache_size = -131072");
}

bool
db_look(struct db *db, const char *path)
{
	memset(db, 0, sizeof(*db));
	db->quiet = true;
	return open_file(db, path) && db_exec(db, "BEGIN") &&
	       db_version(db) == POLICY_SCHEMA_VERSION;
}

bool
db_editor(struct db *db, const char *editor)
{
	const char *sudo = getuid() == 0 ? getenv("SUDO_USER") : NULL;
	struct passwd *pw = getpwuid(getuid());

	return db_run(db, SQL_EDITOR_COMES,
	    editor != NULL ? editor
	    : sudo != NULL ? sudo
	    : pw != NULL   ? pw->pw_name
			   : "authpolicy");
}

bool
db_open(struct db *db, const char *path, bool writes)
{
	int version;

	if (!db_open_any(db, path) ||
	    !db_exec(db, writes ? "BEGIN IMMEDIATE" : "BEGIN"))
		return false;
	version = db_version(db);
	if (version != POLICY_SCHEMA_VERSION)
		return db_fail(db, STATUS_UNKNOWN,
		    version < 0 ? "%s is not a policy of authpolicy"
		    : version < POLICY_SCHEMA_VERSION
			? "%s is of an older version: run authpolicy migrate"
			: "%s was made by a newer authpolicy: use that one",
		    path);
	return true;
}

bool
db_commit(struct db *db)
{
	return db_run(db, SQL_EDITOR_GOES) && db_exec(db, "COMMIT");
}

void
db_close(struct db *db)
{
	for (size_t i = 0; i < STATEMENT_COUNT; i++)
		sqlite3_finalize(db->statements[i]);
	sqlite3_close(db->handle);
	db->handle = NULL;
	memset(db->statements, 0, sizeof(db->statements));
}

bool
db_migrate(struct db *db, int from)
{
	for (int i = from; i < migration_count; i++)
		if (!db_exec(db, migrations[i]))
			return false;
	return true;
}
