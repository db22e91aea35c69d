/*
 * Suspensions out of the audit log.  The rule guarded here: only a member of a
 * record counts, never the text of one: the log is full of strangers' words.
 */
#include "milter/state_log.h"

#include "milter/log.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>

static const char member[] = "\"suspension\":{";

static const char query[] =
    "SELECT ?1 ->> '$.suspension.principal', ?1 ->> '$.suspension.limit', "
    "?1 ->> '$.suspension.at', ?1 ->> '$.suspension.until', "
    "?1 ->> '$.suspension.why' "
    "WHERE json_valid(?1)";

struct reading {
	sqlite3_stmt *query;
	int64_t now;
	state_suspension_fn *each;
	void *ctx;
};

/*
 * Bytes that are not UTF-8 are recorded as U+DC80 to U+DCFF, three bytes each
 * as SQLite gives them; none of these is UTF-8 either.
 */
static void
restore_bytes(char *text)
{
	char *to = text;

	while (*text != '\0') {
		const unsigned char *c = (const unsigned char *)text;

		if (c[0] == 0xed && (c[1] == 0xb2 || c[1] == 0xb3) &&
		    c[2] >= 0x80 && c[2] <= 0xbf) {
			*to++ = (char)((c[1] == 0xb2 ? 0x80 : 0xc0) |
				       (c[2] & 0x3f));
			text += 3;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
}

/* A value as text of its own, without NUL; NULL when it is none. */
static char *
value(sqlite3_stmt *s, int column)
{
	const char *text = sqlite3_column_type(s, column) == SQLITE_TEXT
			       ? (const char *)sqlite3_column_text(s, column)
			       : NULL;
	char *copy = NULL;

	if (text != NULL &&
	    strlen(text) == (size_t)sqlite3_column_bytes(s, column))
		copy = strdup(text);
	if (copy != NULL)
		restore_bytes(copy);
	return copy;
}

static void
read_record(const struct reading *r, const char *line, size_t len)
{
	char *values[5] = {NULL};

	if (memchr(line, '\0', len) != NULL ||
	    sqlite3_bind_text64(r->query, 1, line, len, SQLITE_STATIC,
		SQLITE_UTF8) != SQLITE_OK)
		return;
	if (sqlite3_step(r->query) == SQLITE_ROW)
		for (int i = 0; i < 5; i++)
			values[i] = value(r->query, i);
	sqlite3_reset(r->query);
	if (values[0] != NULL && values[1] != NULL && values[2] != NULL &&
	    values[3] != NULL) {
		struct suspension s = {.name = values[0],
		    .limit = values[1],
		    .why = values[4] != NULL ? values[4] : ""};

		if (state_suspension_read(&s, values[2], values[3]) &&
		    s.until >= r->now)
			r->each(r->ctx, &s);
	}
	for (int i = 0; i < 5; i++)
		free(values[i]);
}

/* Reads the lines from `from` on; one that began before it is passed over. */
static void
read_lines(const struct reading *r, FILE *log, off_t from)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	if (from > 0 && (fseeko(log, from - 1, SEEK_SET) != 0 ||
			    getline(&line, &room, log) < 0))
		from = -1;
	while (from >= 0 && (len = getline(&line, &room, log)) > 0)
		if (memmem(line, (size_t)len, member, strlen(member)) != NULL)
			read_record(r, line, (size_t)len);
	free(line);
}

/* Opens a log and tells its size; NULL when there is none. */
static FILE *
open_log(const char *path, off_t *size)
{
	FILE *log = fopen(path, "re");
	struct stat st;

	*size = 0;
	if (log != NULL && fstat(fileno(log), &st) == 0 && S_ISREG(st.st_mode))
		*size = st.st_size;
	else if (log != NULL || errno != ENOENT)
		log_line(LOG_WARNING,
		    "%s: can't be searched for suspensions: %s", path,
		    log != NULL ? "it is no file" : strerror(errno));
	return log;
}

static off_t
start_of(off_t size, off_t most)
{
	return size > most ? size - most : 0;
}

static void
read_logs(const struct reading *r, const char *path)
{
	char older[4100];
	off_t size[2];
	FILE *log[2];

	snprintf(older, sizeof(older), "%s.1", path);
	log[0] = open_log(path, &size[0]);
	log[1] = open_log(older, &size[1]);
	if (log[1] != NULL && size[1] > 0 && size[0] < STATE_LOG_MOST)
		read_lines(
		    r, log[1], start_of(size[1], STATE_LOG_MOST - size[0]));
	if (log[0] != NULL && size[0] > 0)
		read_lines(r, log[0], start_of(size[0], STATE_LOG_MOST));
	for (int i = 0; i < 2; i++)
		if (log[i] != NULL)
			fclose(log[i]);
}

void
state_log_read(
    const char *log, int64_t now, state_suspension_fn *each, void *ctx)
{
	struct reading r = {.now = now, .each = each, .ctx = ctx};
	sqlite3 *db = NULL;

	if (sqlite3_open_v2(":memory:", &db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
		NULL) == SQLITE_OK &&
	    sqlite3_prepare_v2(db, query, -1, &r.query, NULL) == SQLITE_OK)
		read_logs(&r, log);
	else
		log_line(LOG_ERR, "can't search the audit log: %s",
		    db == NULL ? "out of memory" : sqlite3_errmsg(db));
	sqlite3_finalize(r.query);
	sqlite3_close(db);
}
