#ifndef TESTS_UNIT_DIALOGUE_H
#define TESTS_UNIT_DIALOGUE_H

/* What a client says in a session, in a line each, and what came of it. */

#include "milter/session.h"

#include "tests/unit/stand_ins.h"

/* Mode enforce; alice may use alice@example.com, which is local. */
#define FIRM                                                            \
	"UPDATE setting SET value = 'enforce' WHERE name = 'mode';"     \
	"INSERT INTO local_domain (name) VALUES ('example.com');"       \
	"INSERT INTO principal (name, kind) VALUES ('alice', 'login');" \
	"INSERT INTO send_as (principal, address)"                      \
	" VALUES ('alice', 'alice@example.com');"

/* Puts a policy in force, made by the statements after the migrations; it must
 * load. */
void under(const char *sql);

/* As much of a configuration as a session needs: of Postfix. */
extern struct config config;
void dialogue_config(void);

/* The session, the last verdict, and AUTH= of the next MAIL or NULL. */
extern struct session *session;
extern struct verdict verdict;
extern const char *auth_param;

/* A new session in place of the one there is; from that client. */
void dialogue_begin(void);
void dialogue_begin_from(const char *client);

/* Nothing is left, and nobody holds a policy. */
void dialogue_end(void);

/* Each returns what the verdict is. */
enum verdict_kind mail_from(const char *login, const char *path);
enum verdict_kind rcpt_to(const char *path);
enum verdict_kind end_of_message(const char *from);

/*
 * A value of a record by its path in SQLite's JSON functions (`$.login`) as
 * text, "null" when there is none.  Good until the 8th call after.
 */
const char *record_value(const char *record, const char *path);
void assert_value(size_t record, const char *path, const char *expected);

#endif
