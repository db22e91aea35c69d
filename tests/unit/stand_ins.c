/* Stand-ins for the daemon's keeper, audit log and log. */
#include "tests/unit/stand_ins.h"

#include "milter/audit.h"
#include "milter/copies.h"
#include "milter/log.h"
#include "milter/notice.h"
#include "milter/state.h"
#include "policy/load.h"

#include "tests/unit/database.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#define KEPT_MAX 2000

static struct policy *in_force;
static char *records[KEPT_MAX], *lines[KEPT_MAX];
size_t record_count, line_count;
bool audit_is_full;
size_t suspended_count, notice_count;
size_t suspended_before, noticed_before;
char suspended[600], noticed[700];
int policies_held;

void
stand_in_policy(struct policy *p)
{
	policy_free(in_force);
	in_force = p;
}

struct policy *
stand_in_load(const char *sql)
{
	static uint64_t generation;
	struct load_report r = {0};
	struct database db;
	struct policy *p;

	database_make(&db);
	database_run(&db, sql);
	p = policy_load_file(db.path, 2000, &r);
	if (p == NULL)
		fail_msg("%s", diag_first(&r.errors));
	policy_set_generation(p, ++generation);
	load_report_clear(&r);
	database_remove(&db);
	return p;
}

const struct policy *
copies_take(void)
{
	policies_held++;
	return in_force;
}

void
copies_give(const struct policy *policy)
{
	assert_ptr_equal(policy, in_force);
	policies_held--;
}

bool
audit_has_room(void)
{
	return !audit_is_full;
}

bool
audit_write(const char *record, size_t len)
{
	if (audit_is_full)
		return false;
	assert_in_range(record_count, 0, KEPT_MAX - 1);
	assert_int_equal(strlen(record), len);
	records[record_count++] = strdup(record);
	return true;
}

bool
audit_write_soon(const char *record, size_t len)
{
	return audit_write(record, len);
}

void
state_suspend(const struct suspension *s)
{
	suspended_count++;
	suspended_before = record_count;
	snprintf(suspended, sizeof(suspended), "%s by %s", s->name, s->limit);
}

void
notice_send(const struct notice *n)
{
	notice_count++;
	noticed_before = record_count;
	snprintf(noticed, sizeof(noticed), "%s %s %s ref %s", n->principal,
	    n->limit, n->action, n->ref);
}

void
log_line(int priority, const char *fmt, ...)
{
	va_list ap;

	(void)priority;
	assert_in_range(line_count, 0, KEPT_MAX - 1);
	va_start(ap, fmt);
	assert_true(vasprintf(&lines[line_count++], fmt, ap) >= 0);
	va_end(ap);
}

const char *
record_at(size_t i)
{
	assert_true(i < record_count);
	return records[i];
}

const char *
line_at(size_t i)
{
	assert_true(i < line_count);
	return lines[i];
}

void
stand_in_reset(void)
{
	while (record_count > 0)
		free(records[--record_count]);
	while (line_count > 0)
		free(lines[--line_count]);
	audit_is_full = false;
	suspended_count = notice_count = 0;
}

const char *
record_value(const char *record, const char *path)
{
	static char values[8][2000];
	static unsigned next;
	char *value = values[next++ % 8];
	sqlite3_stmt *s;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(db,
		"SELECT ifnull(json_extract(?1, ?2), 'null')", -1, &s, NULL),
	    SQLITE_OK);
	sqlite3_bind_text(s, 1, record, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 2, path, -1, SQLITE_STATIC);
	if (sqlite3_step(s) != SQLITE_ROW)
		fail_msg("%s in %s", sqlite3_errmsg(db), record);
	snprintf(value, sizeof(values[0]), "%s",
	    (const char *)sqlite3_column_text(s, 0));
	sqlite3_finalize(s);
	sqlite3_close(db);
	return value;
}

struct config
stand_in_config(void)
{
	return (struct config){
	    .socket = "unix:/nowhere",
	    .max_callbacks = 64,
	    .max_sessions = 100,
	    .mta = MTA_POSTFIX,
	    .authserv_id = "",
	};
}
