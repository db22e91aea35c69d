/*
 * The records of audit logs as a table, for questions in SQL.  SQLite reads
 * the JSON: there is no parser of our own.
 */
#include "policy/command/records.h"
#include "policy/command/texts.h"

#include <string.h>

/*
 * raw(text): the JSON of a record writes a byte that is no UTF-8 as the lone
 * surrogate \udcXX, which SQLite makes three bytes.  UTF-8 never has them.
 */
static void
raw(sqlite3_context *ctx, int count, sqlite3_value **values)
{
	const unsigned char *text = sqlite3_value_text(values[0]);
	size_t len = (size_t)sqlite3_value_bytes(values[0]), n = 0;
	unsigned char *bytes;

	(void)count;
	if (text == NULL || memchr(text, 0xed, len) == NULL) {
		sqlite3_result_value(ctx, values[0]);
		return;
	}
	bytes = sqlite3_malloc64(len + 1);
	if (bytes == NULL) {
		sqlite3_result_error_nomem(ctx);
		return;
	}
	for (size_t i = 0; i < len; i++)
		if (text[i] == 0xed && (text[i + 1] & 0xfe) == 0xb2 &&
		    (text[i + 2] & 0xc0) == 0x80) {
			bytes[n++] = (unsigned char)((text[i + 1] & 3) << 6 |
						     (text[i + 2] & 0x3f));
			i += 2;
		} else
			bytes[n++] = text[i];
	sqlite3_result_text64(ctx, (char *)bytes, n, sqlite3_free, SQLITE_UTF8);
}

bool
records_raw(struct db *db)
{
	return sqlite3_create_function_v2(db->handle, "raw", 1,
		   SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, NULL,
		   raw, NULL, NULL, NULL) == SQLITE_OK ||
	       db_fail(db, STATUS_UNKNOWN, "out of memory");
}

bool
records_database(struct db *db)
{
	return db_open_scratch(db) && db_exec(db, audit_sql) && records_raw(db);
}

bool
records_load(struct records *r, struct db *db)
{
	db_exec(db, "BEGIN");
	while (db->status == STATUS_OK && records_next(r))
		if (db_run(db, SQL_RECORDS_ADD, r->line) && db->changed == 0)
			records_reject(r, "not a record of the audit log");
	progress_end(&r->progress);
	return db_exec(db, "COMMIT");
}
