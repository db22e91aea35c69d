/*
 * Memory runs out, or SQLite fails, at each place in turn, once or from there
 * on: a message that must be refused is never accepted, one that is right is
 * accepted or put off, a policy is loaded whole or not at all.  The linker puts
 * our functions before those of the C library and SQLite (--wrap).
 */
#include "milter/limits.h"
#include "policy/ledger.h"
#include "policy/load.h"

#include "tests/unit/database.h"
#include "tests/unit/dialogue.h"
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#define RULES                                                                  \
	"UPDATE setting SET value = 'enforce' WHERE name = 'mode';"            \
	"INSERT INTO local_domain (name) VALUES ('example.com');"              \
	"INSERT INTO principal (name, kind) VALUES ('alice', 'login'),"        \
	" ('few', 'login'), ('staff', 'group'), ('gone', 'login');"            \
	"UPDATE principal SET state = 'suspended' WHERE name = 'gone';"        \
	"INSERT INTO membership (group_name, login) VALUES"                    \
	" ('staff', 'alice');"                                                 \
	"INSERT INTO send_as (principal, address) VALUES"                      \
	" ('alice', 'alice@example.com'), ('staff', '@sales.example'),"        \
	" ('gone', 'gone@example.com'), ('few', 'few@example.com');"           \
	"INSERT INTO deny_as (principal, address) VALUES"                      \
	" ('alice', 'ceo@sales.example');"                                     \
	"INSERT INTO network (name, cidr) VALUES ('here', '192.0.2.0/24');"    \
	"INSERT INTO address_set (name, pattern) VALUES"                       \
	" ('rivals', '@rival.example');"                                       \
	"INSERT INTO rule (seq, principal, client, recipient, verdict) VALUES" \
	" (10, 'staff', 'here', 'rivals', 'reject');"                          \
	"INSERT INTO quota"                                                    \
	" (name, principal, metric, amount, period, on_exceed) VALUES"         \
	" ('one', 'few', 'messages', 1, '1d', 'reject');"

/* --- what fails ---------------------------------------------------------- */

static struct {
	unsigned long left; /* calls until one fails; 0: none does */
	bool lasting;	    /* and all after it */
	bool struck;
	bool of_sqlite; /* its own memory, else ours and its functions */
} shortage;

static bool
strikes(bool of_sqlite)
{
	if (of_sqlite != shortage.of_sqlite)
		return false;
	if (shortage.left == 0)
		return shortage.struck && shortage.lasting;
	if (--shortage.left > 0)
		return false;
	shortage.struck = true;
	return true;
}

#define WRAPPED(type, name, params, call, failure)                    \
	type __real_##name params;                                    \
	type __wrap_##name params;                                    \
	type __wrap_##name params                                     \
	{                                                             \
		return strikes(false) ? failure : __real_##name call; \
	}

WRAPPED(void *, malloc, (size_t n), (n), NULL)
WRAPPED(void *, calloc, (size_t n, size_t size), (n, size), NULL)
WRAPPED(void *, realloc, (void *p, size_t n), (p, n), NULL)
WRAPPED(char *, strdup, (const char *s), (s), NULL)
WRAPPED(char *, strndup, (const char *s, size_t n), (s, n), NULL)
WRAPPED(int, sqlite3_step, (sqlite3_stmt * s), (s), SQLITE_IOERR)
WRAPPED(int, sqlite3_prepare_v2,
    (sqlite3 * db, const char *sql, int n, sqlite3_stmt **s, const char **end),
    (db, sql, n, s, end), (*s = NULL, SQLITE_IOERR))
WRAPPED(int, sqlite3_prepare_v3,
    (sqlite3 * db, const char *sql, int n, unsigned flags, sqlite3_stmt **s,
	const char **end),
    (db, sql, n, flags, s, end), (*s = NULL, SQLITE_IOERR))

/* SQLite's own memory. */
static sqlite3_mem_methods plain;

static void *
sqlite_malloc(int n)
{
	return strikes(true) ? NULL : plain.xMalloc(n);
}

static void *
sqlite_realloc(void *p, int n)
{
	return strikes(true) ? NULL : plain.xRealloc(p, n);
}

static void
wrap_memory_of_sqlite(void)
{
	sqlite3_mem_methods ours;

	sqlite3_config(SQLITE_CONFIG_GETMALLOC, &plain);
	ours = plain;
	ours.xMalloc = sqlite_malloc;
	ours.xRealloc = sqlite_realloc;
	sqlite3_config(SQLITE_CONFIG_MALLOC, &ours);
}

/*
 * Plays with each call failing in turn, until none is left; how many there
 * are.  Of the many thousand of SQLite a growing share is left out.
 */
static unsigned long
play_all(void (*play)(void), bool lasting)
{
	unsigned long n = 0;

	do {
		n += 1 + (shortage.of_sqlite ? n / 50 : 0);
		shortage.left = n;
		shortage.lasting = lasting;
		shortage.struck = false;
		play();
	} while (shortage.struck);
	shortage.left = 0;
	return n - 1;
}

/* From here on nothing fails; what did is still known. */
static void
end_shortage(void)
{
	shortage.left = 0;
	shortage.lasting = false;
}

/* --- messages ------------------------------------------------------------ */

static bool strict; /* nothing fails: put off is wrong as well */

/* Accepted, or put off where something failed. */
static bool
may_pass(void)
{
	if (verdict.kind != VERDICT_ACCEPT &&
	    (strict || verdict.kind != VERDICT_TEMPFAIL))
		fail_msg("call %lu: %s", shortage.left, verdict.reply);
	return verdict.kind == VERDICT_ACCEPT;
}

static void
is_refused(const char *what)
{
	if (verdict.kind != VERDICT_REJECT &&
	    (strict || verdict.kind != VERDICT_TEMPFAIL))
		fail_msg("%s: %d %s", what, (int)verdict.kind, verdict.reply);
}

static void
begin_session(void)
{
	const struct sockaddr_in address = {
	    .sin_family = AF_INET,
	    .sin_addr.s_addr = inet_addr("192.0.2.7"),
	};
	const struct session_origin origin = {
	    .client_name = "host.example",
	    .address = (const struct sockaddr *)(const void *)&address,
	    .mta_version = "Postfix 3.7.11",
	    .daemon_name = "mx",
	    .daemon_port = "25",
	};

	session_connect(session, &origin);
	session_helo(session, "helo.example");
}

static void
send_what_is_right(void)
{
	mail_from("alice", "<alice@example.com>");
	if (!may_pass())
		return;
	for (int i = 0; i < 3; i++) {
		rcpt_to("<friend@example.org>");
		may_pass();
	}
	end_of_message("Alice <alice@example.com>");
	may_pass();
	mail_from("alice", "<info@sales.example>");
	may_pass();
}

static void
send_what_is_not(void)
{
	mail_from("alice", "<bob@example.com>");
	is_refused("another's address");
	mail_from("alice", "<ceo@sales.example>");
	is_refused("a denied address");
	mail_from("gone", "<gone@example.com>");
	is_refused("a suspended login");
	mail_from("alice", "<alice@example.com>");
	if (may_pass()) {
		rcpt_to("<spy@rival.example>");
		is_refused("a recipient that a rule forbids");
		end_of_message("Bob <bob@example.com>");
		is_refused("another's address in From");
	}
	mail_from(NULL, "<stranger@example.org>");
	if (may_pass()) {
		rcpt_to("<friend@example.org>");
		is_refused("relaying");
	}
}

/* One message may pass; who was told so sends no second. */
static void
send_too_many(void)
{
	unsigned passed = 0;

	for (int i = 0; i < 3; i++) {
		mail_from("few", "<few@example.com>");
		if (!verdict_is_refusal(verdict.kind))
			rcpt_to("<friend@example.org>");
		if (!verdict_is_refusal(verdict.kind))
			end_of_message("<few@example.com>");
		passed += !verdict_is_refusal(verdict.kind);
	}
	assert_in_range(passed, strict ? 1 : 0, 1);
}

static void
play_session(void)
{
	session = session_new(&config);
	if (session != NULL) {
		begin_session();
		send_what_is_right();
		send_what_is_not();
		send_too_many();
		session_free(session);
	}
	assert_int_equal(policies_held, 0);
}

/* The same with a ledger of its own. */
static void
play_messages(void)
{
	unsigned long left = shortage.left;
	struct ledger *ledger;

	shortage.left = 0;
	ledger = ledger_new();
	assert_non_null(ledger);
	ledger_set_key(ledger, &(struct print_key){{0}});
	limits_open(ledger);
	shortage.left = left;
	play_session();
	limits_open(NULL);
	ledger_free(ledger);
	stand_in_reset();
}

static void
nobody_is_answered_wrongly(void **state)
{
	bool lasting = *(const bool *)*state;

	dialogue_config();
	under(RULES);
	stand_in_reset();
	strict = true;
	play_messages();
	strict = false;
	assert_in_range(play_all(play_messages, lasting), 40, 1000);
	stand_in_policy(NULL);
}

/* --- loading ------------------------------------------------------------- */

static struct image image;

/* What was loaded in spite of a failure decides as if there had been none. */
static void
play_load(void)
{
	struct load_report r = {0};
	struct policy *p = policy_load(&image, &r);

	end_shortage();
	if (p != NULL) {
		policy_set_generation(p, 1);
		stand_in_policy(p);
		strict = true;
		play_messages();
		strict = false;
	} else if (r.errors.count == 0) {
		fail_msg("no policy, and nobody says why");
	}
	load_report_clear(&r);
}

static void
load_all(bool of_sqlite, bool lasting)
{
	struct diag d = {0};
	struct database db;

	dialogue_config();
	database_make(&db);
	database_run(&db, RULES);
	assert_int_equal(
	    source_read_within(db.path, 2000, &image, &d), SOURCE_OK);
	database_remove(&db);
	shortage.of_sqlite = of_sqlite;
	assert_in_range(play_all(play_load, lasting), 60, 100000);
	shortage.of_sqlite = false;
	image_free(&image);
	diag_clear(&d);
	stand_in_policy(NULL);
}

static void
a_policy_is_loaded_whole_or_not_at_all(void **state)
{
	load_all(false, *(const bool *)*state);
}

static void
so_it_is_when_sqlite_has_no_memory(void **state)
{
	load_all(true, *(const bool *)*state);
}

int
main(void)
{
	static bool once = false, lasting = true;
	static struct suite suite;

	wrap_memory_of_sqlite();
	suite_add(&suite, "nobody is answered wrongly when memory is out once",
	    nobody_is_answered_wrongly, &once);
	suite_add(&suite, "nobody is answered wrongly when memory stays out",
	    nobody_is_answered_wrongly, &lasting);
	suite_add(&suite, "a policy is loaded whole or not at all, one failure",
	    a_policy_is_loaded_whole_or_not_at_all, &once);
	suite_add(&suite, "a policy is loaded whole or not at all, all failing",
	    a_policy_is_loaded_whole_or_not_at_all, &lasting);
	suite_add(&suite, "so it is when SQLite has no memory once",
	    so_it_is_when_sqlite_has_no_memory, &once);
	suite_add(&suite, "so it is when SQLite's memory stays out",
	    so_it_is_when_sqlite_has_no_memory, &lasting);
	return suite_run(&suite, "shortage");
}
