/* A client's part of a session. */
#include "tests/unit/dialogue.h"

#include "policy/load.h"

#include "tests/unit/database.h"
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

struct config config;
struct session *session;
struct verdict verdict;
const char *auth_param;

void
under(const char *sql)
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
	stand_in_policy(p);
}

void
dialogue_config(void)
{
	config = (struct config){
	    .socket = "unix:/nowhere",
	    .max_callbacks = 64,
	    .max_sessions = 100,
	    .mta = MTA_POSTFIX,
	    .authserv_id = "",
	};
}

void
dialogue_begin(void)
{
	session_free(session);
	session = session_new(&config);
	assert_non_null(session);
	auth_param = NULL;
}

void
dialogue_begin_from(const char *client)
{
	const struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_addr.s_addr = inet_addr(client)};
	const struct session_origin origin = {
	    .address = (const struct sockaddr *)&address};

	dialogue_begin();
	session_connect(session, &origin);
}

void
dialogue_end(void)
{
	session_free(session);
	session = NULL;
	assert_int_equal(policies_held, 0);
	stand_in_policy(NULL);
	stand_in_reset();
}

enum verdict_kind
mail_from(const char *login, const char *path)
{
	char parameter[300];
	char *argv[] = {(char *)(uintptr_t)path, NULL, NULL};
	const struct session_mail mail = {
	    .argv = argv, .auth_authen = login, .mail_mailer = "smtp"};

	if (auth_param != NULL) {
		snprintf(parameter, sizeof(parameter), "AUTH=%s", auth_param);
		argv[1] = parameter;
	}
	session_mail(session, &mail, &verdict);
	return verdict.kind;
}

enum verdict_kind
rcpt_to(const char *path)
{
	session_recipient(session, path, NULL, "Q1", &verdict);
	return verdict.kind;
}

enum verdict_kind
end_of_message(const char *from)
{
	session_header(session, "From", from);
	session_end(session, "Q1", &verdict);
	session_forget(session);
	return verdict.kind;
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

void
assert_value(size_t record, const char *path, const char *expected)
{
	const char *seen = record_value(record_at(record), path);

	if (strcmp(seen, expected) != 0)
		fail_msg("%s is %s, not %s", path, seen, expected);
}
