/* The rows of the state database, read and written. */
#include "milter/state_file.h"

#include "milter/log.h"
#include "policy/ledger.h"
#include "policy/login.h"
#include "policy/when.h"

#include <sqlite3.h>
#include <string.h>
#include <syslog.h>

static const char *const statements[STATE_STATEMENTS] = {
    [STATE_PUT_KEY] = "INSERT INTO ledger_key (id, key) VALUES (1, ?1)",
    [STATE_PUT_POSTING] = "INSERT INTO posting (shard, data) VALUES (?1, ?2)",
    [STATE_PUT_SNAPSHOT] = "INSERT INTO snapshot (shard, data) VALUES (?1, ?2)",
    [STATE_PUT_SUSPENSION] =
	"INSERT INTO suspension (principal, limit_name, why, since, until) "
	"VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
    [STATE_DROP_POSTINGS] = "DELETE FROM posting WHERE shard = ?1",
    [STATE_DROP_SNAPSHOT] = "DELETE FROM snapshot WHERE shard = ?1",
    [STATE_DROP_SUSPENSIONS] = "DELETE FROM suspension WHERE until < ?1",
    [STATE_GET_KEY] = "SELECT key FROM ledger_key",
    [STATE_GET_SNAPSHOTS] = "SELECT shard, data FROM snapshot",
    [STATE_GET_POSTINGS] = "SELECT shard, data FROM posting ORDER BY id",
    [STATE_GET_SUSPENSIONS] =
	"SELECT principal, limit_name, why, since, until FROM suspension "
	"WHERE until >= ?1 ORDER BY principal, limit_name, id",
};

/* Ready for its values; NULL when it can't be. */
static sqlite3_stmt *
ready(struct state_file *f, enum state_statement statement)
{
	sqlite3_stmt **s = &f->statements[statement];

	if (*s == NULL && sqlite3_prepare_v3(f->db, statements[statement], -1,
			      SQLITE_PREPARE_PERSISTENT, s, NULL) != SQLITE_OK)
		(void)state_file_broken(f);
	return *s;
}

/* Runs what returns no rows. */
static bool
run(struct state_file *f, sqlite3_stmt *s)
{
	bool done = sqlite3_step(s) == SQLITE_DONE || state_file_broken(f);

	sqlite3_reset(s);
	return done;
}

/* The next row; false at the end, and when `*failed`. */
static bool
next(struct state_file *f, sqlite3_stmt *s, bool *failed)
{
	int rc = sqlite3_step(s);

	if (rc == SQLITE_ROW)
		return true;
	*failed = rc != SQLITE_DONE && !state_file_broken(f);
	return false;
}

/* A statement about a shard, or with `p` what is put there. */
static bool
run_shard(struct state_file *f, enum state_statement statement, unsigned shard,
    const struct postings *p)
{
	sqlite3_stmt *s = ready(f, statement);

	if (s == NULL)
		return false;
	if (sqlite3_bind_int(s, 1, (int)shard) != SQLITE_OK ||
	    (p != NULL && sqlite3_bind_blob64(s, 2, p->data, p->len,
			      SQLITE_STATIC) != SQLITE_OK))
		return state_file_broken(f);
	return run(f, s);
}

bool
state_file_put_posting(
    struct state_file *f, unsigned shard, const struct postings *p)
{
	return run_shard(f, STATE_PUT_POSTING, shard, p);
}

bool
state_file_put_snapshot(
    struct state_file *f, unsigned shard, const struct postings *p)
{
	return run_shard(f, STATE_DROP_POSTINGS, shard, NULL) &&
	       run_shard(f, STATE_DROP_SNAPSHOT, shard, NULL) &&
	       (p->len == 0 || run_shard(f, STATE_PUT_SNAPSHOT, shard, p));
}

bool
state_file_put_key(struct state_file *f, const struct print_key *key)
{
	sqlite3_stmt *s = ready(f, STATE_PUT_KEY);

	if (s == NULL)
		return false;
	if (sqlite3_bind_blob(s, 1, key, sizeof(*key), SQLITE_STATIC) !=
	    SQLITE_OK)
		return state_file_broken(f);
	return run(f, s);
}

bool
state_file_key(struct state_file *f, struct print_key *key, bool *there)
{
	sqlite3_stmt *s = f->version == 0 ? NULL : ready(f, STATE_GET_KEY);
	bool failed = false;

	*there = false;
	if (s == NULL)
		return f->version == 0;
	if (next(f, s, &failed)) {
		*there = sqlite3_column_bytes(s, 0) == sizeof(*key);
		if (*there)
			memcpy(key, sqlite3_column_blob(s, 0), sizeof(*key));
		else
			failed = !state_file_fail(
			    f, STATE_DAMAGED, "its key has another size");
	}
	sqlite3_reset(s);
	return !failed;
}

static bool
read_postings(
    struct state_file *f, bool snapshot, state_posting_fn *each, void *ctx)
{
	sqlite3_stmt *s =
	    ready(f, snapshot ? STATE_GET_SNAPSHOTS : STATE_GET_POSTINGS);
	bool failed = s == NULL;

	while (!failed && next(f, s, &failed)) {
		sqlite3_int64 shard = sqlite3_column_int64(s, 0);
		const void *data = sqlite3_column_blob(s, 1);
		int len = sqlite3_column_bytes(s, 1);

		failed =
		    shard < 0 || shard >= LEDGER_SHARDS || data == NULL ||
		    !each(ctx, snapshot, (unsigned)shard, data, (size_t)len);
		if (failed)
			(void)state_file_fail(f, STATE_DAMAGED,
			    "what was counted in shard %lld can't be read",
			    shard);
	}
	sqlite3_reset(s);
	return !failed;
}

bool
state_file_postings(struct state_file *f, state_posting_fn *each, void *ctx)
{
	return read_postings(f, true, each, ctx) &&
	       read_postings(f, false, each, ctx);
}

bool
state_file_put_suspension(struct state_file *f, const struct suspension *s)
{
	sqlite3_stmt *put = ready(f, STATE_PUT_SUSPENSION);
	char since[WHEN_TEXT_SIZE], until[WHEN_TEXT_SIZE];
	const char *const values[] = {s->name, s->limit, s->why, since, until};

	if (put == NULL)
		return false;
	when_format(s->since, since);
	when_format(s->until, until);
	for (int i = 0; i < 5; i++)
		if (sqlite3_bind_text(put, i + 1, values[i], -1,
			SQLITE_TRANSIENT) != SQLITE_OK)
			return state_file_broken(f);
	return run(f, put);
}

/* The statement with a time as its value. */
static sqlite3_stmt *
ready_at(struct state_file *f, enum state_statement statement, int64_t time)
{
	sqlite3_stmt *s = ready(f, statement);
	char text[WHEN_TEXT_SIZE];

	when_format(time, text);
	if (s == NULL ||
	    sqlite3_bind_text(s, 1, text, -1, SQLITE_TRANSIENT) == SQLITE_OK)
		return s;
	(void)state_file_broken(f);
	return NULL;
}

bool
state_file_drop_suspensions(struct state_file *f, int64_t over_since)
{
	sqlite3_stmt *s = ready_at(f, STATE_DROP_SUSPENSIONS, over_since);

	return s != NULL && run(f, s);
}

static const char *
text(sqlite3_stmt *s, int column)
{
	const char *value = (const char *)sqlite3_column_text(s, column);

	return value == NULL ? "" : value;
}

bool
state_file_suspensions(
    struct state_file *f, int64_t now, state_suspension_fn *each, void *ctx)
{
	sqlite3_stmt *s = ready_at(f, STATE_GET_SUSPENSIONS, now);
	bool failed = s == NULL;

	while (!failed && next(f, s, &failed)) {
		struct suspension row = {
		    .name = text(s, 0), .limit = text(s, 1), .why = text(s, 2)};

		if (state_suspension_read(&row, text(s, 3), text(s, 4)))
			each(ctx, &row);
		else
			log_line(LOG_WARNING,
			    "%s: suspension of %s is passed over: its "
			    "principal, since or until is wrong",
			    f->path, row.name);
	}
	sqlite3_reset(s);
	return !failed;
}

bool
state_suspension_read(
    struct suspension *s, const char *since, const char *until)
{
	char folded[LOGIN_MAX + 1];

	return s->limit[0] != '\0' && login_canonical(s->name, "", folded) &&
	       strcmp(folded, s->name) == 0 &&
	       when_parse(since, WHEN_FROM, &s->since) &&
	       when_parse(until, WHEN_UNTIL, &s->until);
}
