/*
 * The state database and SQLite.  The rule guarded here: what goes wrong is
 * told apart into what passes, what is damaged and what is not ours.
 */
#include "milter/state_file.h"

#include "milter/state_schema.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define APPLICATION_ID 0x41755073 /* sql/state-0001.sql */
#define OPEN_MS 2000		  /* for locks of others: to open, */
#define BUSY_MS 500		  /* and later */

bool
state_file_fail(
    struct state_file *f, enum state_fault fault, const char *fmt, ...)
{
	va_list ap;

	f->fault = fault;
	va_start(ap, fmt);
	vsnprintf(f->why, sizeof(f->why), fmt, ap);
	va_end(ap);
	return false;
}

bool
state_file_broken(struct state_file *f)
{
	int rc = sqlite3_errcode(f->db) & 0xff;
	enum state_fault fault = STATE_FAILED;

	if (rc == SQLITE_CORRUPT || rc == SQLITE_NOTADB)
		fault = STATE_DAMAGED;
	else if (rc == SQLITE_BUSY)
		fault = STATE_BUSY;
	return state_file_fail(f, fault, "%s", sqlite3_errmsg(f->db));
}

static bool
exec(struct state_file *f, const char *sql)
{
	return sqlite3_exec(f->db, sql, NULL, NULL, NULL) == SQLITE_OK ||
	       state_file_broken(f);
}

/* The one value of a pragma or query, as text. */
static bool
ask(struct state_file *f, const char *sql, char *out, size_t size)
{
	sqlite3_stmt *s = NULL;
	const char *text;
	bool there;

	if (sqlite3_prepare_v2(f->db, sql, -1, &s, NULL) != SQLITE_OK)
		return state_file_broken(f);
	there = sqlite3_step(s) == SQLITE_ROW || state_file_broken(f);
	text = there ? (const char *)sqlite3_column_text(s, 0) : NULL;
	if (there)
		snprintf(out, size, "%s", text == NULL ? "" : text);
	sqlite3_finalize(s);
	return there;
}

static bool
ask_number(struct state_file *f, const char *sql, long *out)
{
	char text[32];

	if (!ask(f, sql, text, sizeof(text)))
		return false;
	*out = strtol(text, NULL, 10);
	return true;
}

/* Is it ours, and whole?  What has no tables is. */
static bool
verify(struct state_file *f)
{
	char check[200];
	long id, tables;

	if (!ask_number(f, "PRAGMA application_id", &id) ||
	    !ask_number(f, "PRAGMA user_version", &f->version) ||
	    !ask_number(f, "SELECT count(*) FROM sqlite_schema", &tables) ||
	    !ask(f, "PRAGMA quick_check(1)", check, sizeof(check)))
		return false;
	if (strcmp(check, "ok") != 0)
		return state_file_fail(f, STATE_DAMAGED, "%s", check);
	if (id != APPLICATION_ID && (id != 0 || f->version != 0 || tables != 0))
		return state_file_fail(
		    f, STATE_DAMAGED, "it is another program's database");
	if (f->version > state_migration_count)
		return state_file_fail(f, STATE_NEWER,
		    "it has schema %ld, made by a newer version, and this "
		    "program knows %d: upgrade the program, or move the file "
		    "away",
		    f->version, state_migration_count);
	return true;
}

/* What a commit wrote must survive kill -9 without being synced. */
static bool
log_ahead(struct state_file *f)
{
	char mode[16];

	if (!exec(f, "PRAGMA journal_size_limit = 16777216") ||
	    !ask(f, "PRAGMA journal_mode = WAL", mode, sizeof(mode)))
		return false;
	return strcmp(mode, "wal") == 0 ||
	       state_file_fail(f, STATE_FAILED,
		   "its file system can't have a write-ahead log of SQLite");
}

bool
state_file_prepare(struct state_file *f)
{
	if (!log_ahead(f))
		return false;
	if (f->version == state_migration_count)
		return true;
	if (!state_file_begin(f, true))
		return false;
	for (long v = f->version; v < state_migration_count; v++)
		if (!exec(f, state_migrations[v])) {
			state_file_rollback(f);
			return false;
		}
	if (!state_file_commit(f))
		return false;
	f->version = state_migration_count;
	return true;
}

/* SQLite would make it in the mode the umask leaves. */
static bool
make(struct state_file *f)
{
	int fd = open(f->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 && errno != EEXIST)
		return state_file_fail(f, STATE_FAILED, "%s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return true;
}

/* Which files the path and its log are now; nothing where there is none. */
static bool
stamp(const struct state_file *f, struct state_stamp out[2])
{
	static const char *const suffixes[2] = {"", "-wal"};
	char path[4100];
	struct stat st;

	memset(out, 0, 2 * sizeof(*out));
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s%s", f->path, suffixes[i]);
		if (stat(path, &st) != 0)
			continue;
		out[i].dev = st.st_dev;
		out[i].ino = st.st_ino;
		out[i].size = st.st_size;
	}
	return out[0].ino != 0 && out[1].ino != 0;
}

bool
state_file_moved(struct state_file *f)
{
	struct state_stamp now[2];

	if (!stamp(f, now) || now[0].dev != f->stamp[0].dev ||
	    now[0].ino != f->stamp[0].ino || now[1].dev != f->stamp[1].dev ||
	    now[1].ino != f->stamp[1].ino || now[0].size < f->stamp[0].size)
		return true;
	f->stamp[0].size = now[0].size;
	return false;
}

/* The log of a file that was replaced: SQLite would take it for the other's. */
static void
drop_log(const struct state_file *f, const struct state_stamp was[2])
{
	struct state_stamp now[2];
	char path[4100];

	(void)stamp(f, now);
	if (now[1].ino != was[1].ino || now[1].dev != was[1].dev)
		return;
	snprintf(path, sizeof(path), "%s-wal", f->path);
	(void)unlink(path);
	snprintf(path, sizeof(path), "%s-shm", f->path);
	(void)unlink(path);
}

/*
 * Left in the other journal mode it is a single file again, and one that can
 * be read when nothing can be written.
 */
void
state_file_close(struct state_file *f)
{
	struct state_stamp was[2] = {f->stamp[0], f->stamp[1]};
	bool moved = was[0].ino != 0 && state_file_moved(f);

	for (int i = 0; i < STATE_STATEMENTS; i++) {
		sqlite3_finalize(f->statements[i]);
		f->statements[i] = NULL;
	}
	if (was[0].ino != 0 && !moved)
		(void)sqlite3_exec(
		    f->db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
	sqlite3_close(f->db);
	f->db = NULL;
	if (moved)
		drop_log(f, was);
	memset(f->stamp, 0, sizeof(f->stamp));
}

bool
state_file_open(struct state_file *f)
{
	if (!make(f))
		return false;
	if (sqlite3_open_v2(f->path, &f->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
		    SQLITE_OPEN_PRIVATECACHE,
		NULL) != SQLITE_OK)
		state_file_fail(f, STATE_FAILED, "%s",
		    f->db == NULL ? "out of memory" : sqlite3_errmsg(f->db));
	else if (sqlite3_busy_timeout(f->db, OPEN_MS) == SQLITE_OK &&
		 verify(f) && sqlite3_busy_timeout(f->db, BUSY_MS) == SQLITE_OK)
		return true;
	state_file_close(f);
	return false;
}

bool
state_file_set_aside(struct state_file *f, char name[STATE_ASIDE_SIZE])
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	char from[STATE_ASIDE_SIZE], to[STATE_ASIDE_SIZE + 5], date[32];
	time_t now = time(NULL);
	struct tm tm;

	state_file_close(f);
	gmtime_r(&now, &tm);
	strftime(date, sizeof(date), "%Y%m%dT%H%M%SZ", &tm);
	if ((size_t)snprintf(name, STATE_ASIDE_SIZE, "%s.damaged-%s", f->path,
		date) >= STATE_ASIDE_SIZE)
		return state_file_fail(f, STATE_FAILED, "the name is too long");
	if (access(name, F_OK) == 0)
		return state_file_fail(
		    f, STATE_FAILED, "%s is there already", name);
	for (int i = 0; i < 3; i++) {
		snprintf(from, sizeof(from), "%s%s", f->path, suffixes[i]);
		snprintf(to, sizeof(to), "%s%s", name, suffixes[i]);
		if (rename(from, to) != 0 && errno != ENOENT)
			return state_file_fail(f, STATE_FAILED,
			    "can't be renamed to %s: %s", to, strerror(errno));
	}
	return true;
}

bool
state_file_begin(struct state_file *f, bool synced)
{
	return exec(f, synced ? "PRAGMA synchronous = FULL"
			      : "PRAGMA synchronous = NORMAL") &&
	       exec(f, "BEGIN IMMEDIATE");
}

bool
state_file_commit(struct state_file *f)
{
	if (!exec(f, "COMMIT")) {
		state_file_rollback(f);
		return false;
	}
	if (f->stamp[0].ino == 0)
		(void)stamp(f, f->stamp);
	return true;
}

void
state_file_rollback(struct state_file *f)
{
	if (sqlite3_get_autocommit(f->db) == 0)
		(void)sqlite3_exec(f->db, "ROLLBACK", NULL, NULL, NULL);
}
