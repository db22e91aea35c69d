/* Policy databases for the unit tests. */
#include "tests/unit/database.h"

#include "policy/command/migrations.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <sqlite3.h>

static void
run(sqlite3 *db, const char *sql)
{
	char *why = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
}

/* No test pulls the plug. */
static sqlite3 *
open_database(const char *path)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	run(db, "PRAGMA synchronous = OFF");
	return db;
}

void
database_run(const struct database *d, const char *sql)
{
	sqlite3 *db = open_database(d->path);

	run(db, sql);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static int
drop_trigger(void *context, int columns, char **values, char **names)
{
	char **list = context;
	char *longer = NULL;

	(void)columns;
	(void)names;
	if (asprintf(&longer, "%s DROP TRIGGER \"%s\";", *list, values[0]) < 0)
		return 1;
	free(*list);
	*list = longer;
	return 0;
}

void
database_force(const struct database *d, const char *sql)
{
	sqlite3 *db = open_database(d->path);
	char *drops = strdup("");

	assert_int_equal(
	    sqlite3_exec(db,
		"SELECT name FROM sqlite_schema WHERE type = 'trigger'",
		drop_trigger, &drops, NULL),
	    SQLITE_OK);
	run(db, drops);
	free(drops);
	run(db, "PRAGMA ignore_check_constraints = 1");
	run(db, sql);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

void
database_make(struct database *d)
{
	sqlite3 *db;

	strcpy(d->folder, "/tmp/authpolicy-unit-XXXXXX");
	assert_non_null(mkdtemp(d->folder));
	snprintf(d->path, sizeof(d->path), "%s/policy.db", d->folder);
	db = open_database(d->path);
	for (int i = 0; i < migration_count; i++) {
		char version[64];

		run(db, migrations[i]);
		snprintf(version, sizeof(version), "PRAGMA user_version = %d",
		    i + 1);
		run(db, version);
	}
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

void
database_remove(struct database *d)
{
	static const char *const suffixes[] = {
	    "", "-journal", "-wal", "-shm", ".new"};
	char name[128];

	for (size_t i = 0; i < COUNT(suffixes); i++) {
		snprintf(name, sizeof(name), "%s%s", d->path, suffixes[i]);
		unlink(name);
	}
	assert_int_equal(rmdir(d->folder), 0);
}

/* Whatever goes wrong in the child is its exit; the parent's test fails. */
static void
hold(const struct database *d, const char *sql, int ready, int end)
{
	sqlite3 *db;
	char byte;

	if (sqlite3_open(d->path, &db) != SQLITE_OK ||
	    sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK ||
	    write(ready, "", 1) != 1)
		_exit(1);
	_exit(read(end, &byte, 1) == 0 ? 0 : 1);
}

struct holder
database_hold(const struct database *d, const char *sql)
{
	struct holder h;
	int ready[2], end[2];
	char byte;

	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(end), 0);
	h.pid = fork();
	assert_true(h.pid >= 0);
	if (h.pid == 0) {
		close(end[1]);
		hold(d, sql, ready[1], end[0]);
	}
	close(ready[1]);
	close(end[0]);
	h.end = end[1];
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return h;
}

void
database_release(struct holder *h)
{
	int status;

	close(h->end);
	assert_int_equal(waitpid(h->pid, &status, 0), h->pid);
	assert_int_equal(status, 0);
}
