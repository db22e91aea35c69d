/*
 * Memory runs out, or SQLite fails, at each place in turn, once or from there
 * on: a message that must be refused is never accepted, one that is right is
 * accepted or put off, a policy is loaded whole or not at all.
 */
#include "milter/limits.h"
#include "policy/build.h"
#include "policy/display.h"
#include "policy/ledger.h"
#include "policy/load.h"

#include "tests/unit/database.h"
#include "tests/unit/dialogue.h"
#include "tests/unit/shortage.h"
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RULES                                                                  \
	"UPDATE setting SET value = 'enforce' WHERE name = 'mode';"            \
	"UPDATE setting SET value = 'header'"                                  \
	" WHERE name = 'protect_local_senders';"                               \
	"INSERT INTO local_domain (name) VALUES"                               \
	" ('example.com'), ('b\303\274cher.example');"                         \
	"INSERT INTO principal (name, kind) VALUES ('alice', 'login'),"        \
	" ('few', 'login'), ('staff', 'group'), ('gone', 'login'),"            \
	" ('anna@b\303\274cher.example', 'login'), ('hasty', 'login'),"        \
	" ('relay@b\303\274cher.example', 'login');"                           \
	"INSERT INTO principal (name, kind, mode) VALUES"                      \
	" ('quiet', 'login', 'monitor');"                                      \
	"INSERT INTO principal (name, kind, state) VALUES"                     \
	" ('@stra\303\237e.example', 'group', 'suspended');"                   \
	"UPDATE principal SET originators = 'aligned'"                         \
	" WHERE name = 'anna@b\303\274cher.example';"                          \
	"UPDATE principal SET state = 'suspended' WHERE name = 'gone';"        \
	"INSERT INTO membership (group_name, login) VALUES"                    \
	" ('staff', 'alice');"                                                 \
	"INSERT INTO send_as (principal, address) VALUES"                      \
	" ('alice', 'alice@example.com'), ('staff', '@sales.example'),"        \
	" ('gone', 'gone@example.com'), ('few', 'few@example.com'),"           \
	" ('alice', '\303\251ric@b\303\274cher.example'),"                     \
	" ('anna@b\303\274cher.example', 'anna@wei\303\237.example'),"         \
	" ('hasty', 'hasty@b\303\274cher.example'),"                           \
	" ('everyone', 'ceo@b\303\274cher.example'), ('everyone', '{login}')," \
	" ('relay@b\303\274cher.example', 'relay@example.com');"               \
	"INSERT INTO trusted_peer (login, client, asserts) VALUES"             \
	" ('relay@b\303\274cher.example', 'any', '@b\303\274cher.example');"   \
	"INSERT INTO deny_as (principal, address) VALUES"                      \
	" ('alice', 'ceo@sales.example'),"                                     \
	" ('@b\303\274cher.example', 'ceo@b\303\274cher.example');"            \
	"INSERT INTO network (name, cidr) VALUES ('here', '192.0.2.0/24');"    \
	"INSERT INTO address_set (name, pattern) VALUES"                       \
	" ('rivals', '@rival.example');"                                       \
	"INSERT INTO rule (seq, principal, client, recipient, verdict) VALUES" \
	" (10, 'staff', 'here', 'rivals', 'reject');"                          \
	"INSERT INTO rule (seq, sender, recipient, verdict) VALUES"            \
	" (20, '\303\251ric@b\303\274cher.example', '@example.net', "          \
	"'reject');"                                                           \
	"INSERT INTO quota (name, principal, metric, amount, period,"          \
	" on_exceed, suspend_for) VALUES"                                      \
	" ('soon', 'hasty', 'messages', 1, '1d', 'suspend', '1h'),"            \
	" ('new', 'hasty', 'new_recipients', 9, '1d', 'reject', NULL),"        \
	" ('names', 'hasty', 'senders', 9, '1d', 'reject', NULL);"             \
	"INSERT INTO quota"                                                    \
	" (name, principal, metric, amount, period, on_exceed) VALUES"         \
	" ('one', 'few', 'messages', 1, '1d', 'reject'),"                      \
	" ('each', '@b\303\274cher.example', 'messages', 1, '1d', 'reject');"

#define RELAY "relay@b\303\274cher.example"

/* More authors than a block of an arena holds. */
#define FIVE(text) text text text text text
#define AUTHORS FIVE(FIVE("alice@example.com, "))

/* --- messages ------------------------------------------------------------ */

static bool strict; /* nothing fails: put off is wrong as well */

/* Accepted, or put off where something failed. */
static bool
may_pass(void)
{
	if (verdict.kind != VERDICT_ACCEPT &&
	    (strict || verdict.kind != VERDICT_TEMPFAIL))
		fail_msg("call %lu: %s", shortage_call(), verdict.reply);
	return verdict.kind == VERDICT_ACCEPT;
}

static void
is_refused(const char *what)
{
	if (verdict.kind != VERDICT_REJECT &&
	    (strict || verdict.kind != VERDICT_TEMPFAIL))
		fail_msg("%s: %d %s", what, (int)verdict.kind, verdict.reply);
}

/* `shown` is where Postfix says that it would route. */
static void
mail_shown(const char *login, const char *path, const char *shown)
{
	char *argv[] = {(char *)(uintptr_t)path, NULL};
	const struct session_mail mail = {.argv = argv,
	    .auth_authen = login,
	    .mail_addr = shown,
	    .mail_mailer = "smtp"};

	session_mail(session, &mail, &verdict);
}

static void
mail_for(const char *peer, const char *login, const char *path)
{
	auth_param = login;
	mail_from(peer, path);
	auth_param = NULL;
}

static void
end_with_sender(const char *from, const char *sender)
{
	session_header(session, "Sender", sender);
	end_of_message(from);
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
	mail_from("quiet", "<bob@example.com>");
	may_pass();
}

/* Names beyond ASCII, and many authors. */
static void
send_what_is_right_and_odd(void)
{
	mail_shown("alice", "<e\314\201ric@b\303\274cher.example>",
	    "\303\251ric@b\303\274cher.example");
	if (may_pass()) {
		session_recipient(session, "<friend@wei\303\237.example>",
		    "friend@weiss.example", "Q1", &verdict);
		may_pass();
		end_with_sender(AUTHORS "=?utf-8?q?alice=40example=2Ecom?= "
					"<alice@example.com>",
		    "alice@example.com");
		may_pass();
	}
	/* shown with its case folded, and its domain as well */
	mail_shown("anna@b\303\274cher.example", "<anna@wei\303\237.example>",
	    "anna@weiss.example");
	may_pass();
	mail_for(
	    RELAY, "anna@b+C3+BCcher.example", "<anna@wei\303\237.example>");
	may_pass();
	mail_from("anna@b\303\274cher.example", "<anna@b\303\274cher.example>");
	if (may_pass()) {
		rcpt_to("<friend@example.org>");
		may_pass();
		end_of_message("anna@b\303\274cher.example");
		may_pass();
	}
}

/* The same of what is not right. */
static void
send_what_is_odd(void)
{
	mail_from("otto@stra\303\237e.example", "<alice@example.com>");
	is_refused("a suspended domain");
	mail_from("anna@b\303\274cher.example", "<ceo@b\303\274cher.example>");
	is_refused("an address denied to a domain");
	mail_shown("alice", "<e\314\201ric@b\303\274cher.example>",
	    "bob@b\303\274cher.example");
	is_refused("another's address, by the mail server");
	mail_shown(
	    NULL, "<stranger@example.org>", "anna@b\303\274cher.example");
	is_refused("a local sender without a login, by the mail server");
	mail_for(RELAY, "anna@b+C3+BCcher.example", "<relay@example.com>");
	is_refused("an address of the peer, for whom it speaks");
	mail_from("alice", "<e\314\201ric@b\303\274cher.example>");
	if (may_pass()) {
		rcpt_to("<friend@example.net>");
		is_refused("a recipient that a rule forbids a sender");
	}
	mail_from("alice", "<alice@example.com>");
	if (may_pass()) {
		end_of_message(AUTHORS "=?utf-8?q?ceo=40sales=2Eexample?= "
				       "<alice@example.com>");
		is_refused("another's address in a name");
	}
	mail_from("alice", "<alice@example.com>");
	if (may_pass()) {
		end_with_sender("alice@example.com", "o\314\201@example.com");
		is_refused("another's address in Sender");
	}
	mail_from(NULL, "<e\314\201ric@b\303\274cher.example>");
	is_refused("a local sender without a login");
	mail_from(NULL, "<stranger@example.org>");
	if (may_pass()) {
		end_of_message("e\314\201ric@b\303\274cher.example");
		is_refused("a local author without a login");
	}
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
send_too_many(const char *login, const char *from)
{
	unsigned passed = 0;

	for (int i = 0; i < 3; i++) {
		mail_from(login, from);
		if (!verdict_is_refusal(verdict.kind))
			rcpt_to("<friend@example.org>");
		if (!verdict_is_refusal(verdict.kind))
			end_of_message(from);
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
		send_what_is_right_and_odd();
		send_what_is_not();
		send_what_is_odd();
		send_too_many("few", "<few@example.com>");
		send_too_many("hasty", "<hasty@b\303\274cher.example>");
		send_too_many(
		    "kim@b\303\274cher.example", "<kim@b\303\274cher.example>");
		session_free(session);
	}
	assert_int_equal(policies_held, 0);
}

/* The same with a ledger of its own. */
static void
play_messages(void)
{
	struct ledger *ledger;

	shortage_hold();
	ledger = ledger_new();
	assert_non_null(ledger);
	ledger_set_key(ledger, &(struct print_key){{0}});
	limits_open(ledger);
	shortage_go_on();
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
	assert_in_range(
	    shortage_play(SHORTAGE_OURS, lasting, 10000, play_messages), 40,
	    1000);
	stand_in_policy(NULL);
}

/* --- names --------------------------------------------------------------- */

static size_t shown; /* addresses in the name */

/* All addresses that a long name shows are found, or it is not known. */
static void
play_name(void)
{
	static const char name[] =
	    FIVE(FIVE(FIVE("\"ceo\"@(x)sales.example "))) "=?utf-8?q?a=40b?=";
	struct arena arena = {0};
	struct displayed *list;
	size_t n = 0;

	if (display_addresses(name, &arena, &list)) {
		for (; list != NULL; list = list->next)
			n++;
		shown = strict ? n : shown;
		assert_int_equal(n, shown);
	}
	arena_reset(&arena);
}

static void
no_address_in_a_name_is_missed(void **state)
{
	strict = true;
	play_name();
	strict = false;
	assert_in_range(shown, 125, 1000);
	assert_in_range(shortage_play(SHORTAGE_OURS, *(const bool *)*state,
			    10000, play_name),
	    10, 1000);
}

/* --- counting ------------------------------------------------------------ */

#define START 1900000000 /* a moment in 2030 */
#define ROUNDS 30

static void
add_limit(struct policy *p, principal_id id, struct limit like)
{
	like.principal = id;
	like.name = strdup(metric_name(like.metric));
	build_limit(p->t, &like);
}

/* Alice has all limits, carl only that of his group; nothing is allowed to
 * none, and the second message of few is held. */
static struct policy *
policy_of_limits(void)
{
	static const enum metric metrics[] = {METRIC_MESSAGES,
	    METRIC_NEW_RECIPIENTS, METRIC_SENDERS, METRIC_NETWORKS,
	    METRIC_REFUSALS};
	struct policy *p = build_new();
	struct limit limit = {.amount = 20,
	    .period = 30 * 86400,
	    .on_exceed = EXCEED_REJECT,
	    .strict = true};
	principal_id alice, club;

	assert_non_null(p);
	p->t->settings.realms.text = strdup("");
	p->t->settings.login_required.text = strdup("");
	p->t->settings.default_realm = strdup("");
	p->t->settings.recipient_delimiter = strdup("+");
	build_principal(p->t, "everyone", PRINCIPAL_GROUP);
	alice = build_principal(p->t, "alice", PRINCIPAL_LOGIN);
	club = build_principal(p->t, "club", PRINCIPAL_GROUP);
	build_member(
	    p->t, build_principal(p->t, "carl", PRINCIPAL_LOGIN), club);
	for (size_t i = 0; i < COUNT(metrics); i++) {
		limit.metric = metrics[i];
		add_limit(p, alice, limit);
	}
	limit.metric = METRIC_NEW_RECIPIENTS;
	limit.cap = true;
	add_limit(p, club, limit);
	limit = (struct limit){.metric = METRIC_MESSAGES,
	    .period = 86400,
	    .on_exceed = EXCEED_REJECT};
	add_limit(p, build_principal(p->t, "none", PRINCIPAL_LOGIN), limit);
	limit.on_exceed = EXCEED_HOLD;
	limit.amount = 1;
	add_limit(p, build_principal(p->t, "few", PRINCIPAL_LOGIN), limit);
	assert_true(build_finish(p));
	return p;
}

static struct policy *of_limits;

/* Message `i`: may it go? */
static bool
may_go(struct ledger *ledger, const char *login, uint32_t i)
{
	struct charge c = {.now = START + 4000 * (int64_t)i,
	    .login = login,
	    .messages = 1,
	    .recipients = 1,
	    .senders = &(uint32_t){i + 1},
	    .sender_count = 1,
	    .network = i + 1};
	struct prints written = {0};
	struct limits limits;
	struct ruling r;
	bool passes;

	shortage_hold();
	assert_true(prints_add(&written, i + 1));
	shortage_go_on();
	assert_true(limits_of(of_limits, login, "", MODE_ENFORCE, &limits));
	ledger_judge(ledger, &limits, &c, &r);
	c.network = 0;
	c.written = &written;
	if (r.outcome == OUTCOME_PASS || r.outcome == OUTCOME_HOLD)
		ledger_admit(ledger, &limits, &c, &r);
	passes = r.outcome == OUTCOME_PASS;
	if (!passes)
		ledger_refuse(ledger, &limits, &c, &r);
	prints_clear(&written);
	return passes;
}

static unsigned
send_rounds(struct ledger *ledger, const char *login)
{
	unsigned passed = 0;

	for (uint32_t i = 0; i < ROUNDS; i++)
		passed += may_go(ledger, login, i);
	return passed;
}

/* Of 30 messages 20 may go, and no refusal lets another one pass. */
static void
play_ledger(void)
{
	struct ledger *ledger = ledger_new();

	if (ledger == NULL)
		return;
	assert_in_range(send_rounds(ledger, "alice"), strict ? 20 : 0, 20);
	assert_in_range(send_rounds(ledger, "carl"), strict ? 20 : 0, 20);
	assert_false(may_go(ledger, "none", 0));
	(void)may_go(ledger, "few", 0);
	assert_false(may_go(ledger, "few", 0) && may_go(ledger, "few", 0));
	ledger_free(ledger);
}

static void
nobody_is_counted_too_low(void **state)
{
	of_limits = policy_of_limits();
	strict = true;
	play_ledger();
	strict = false;
	assert_in_range(shortage_play(SHORTAGE_OURS, *(const bool *)*state,
			    10000, play_ledger),
	    10, 1000);
	policy_free(of_limits);
}

/* --- loading ------------------------------------------------------------- */

static struct image image;

/* What was loaded in spite of a failure decides as if there had been none. */
static void
play_load(void)
{
	struct load_report r = {0};
	struct policy *p = policy_load(&image, &r);

	shortage_end();
	if (p != NULL) {
		policy_set_generation(p, 1);
		stand_in_policy(p);
		strict = true;
		play_messages();
		strict = false;
	} else if (r.errors.count == 0) {
		fail_msg("no policy, and nobody says why");
	} else if (strstr(diag_first(&r.errors), "delete") != NULL) {
		fail_msg("nothing is wrong with: %s", diag_first(&r.errors));
	}
	load_report_clear(&r);
}

static void
load_all(enum shortage of, bool lasting)
{
	struct diag d = {0};
	struct database db;

	dialogue_config();
	database_make(&db);
	database_run(&db, RULES);
	assert_int_equal(
	    source_read_within(db.path, 2000, &image, &d), SOURCE_OK);
	database_remove(&db);
	assert_in_range(shortage_play(of, lasting,
			    of == SHORTAGE_OURS ? 10000 : 50, play_load),
	    60, 100000);
	image_free(&image);
	diag_clear(&d);
	stand_in_policy(NULL);
}

static void
a_policy_is_loaded_whole_or_not_at_all(void **state)
{
	load_all(SHORTAGE_OURS, *(const bool *)*state);
}

static void
so_it_is_when_sqlite_has_no_memory(void **state)
{
	load_all(SHORTAGE_SQLITE, *(const bool *)*state);
}

int
main(void)
{
	static bool once = false, lasting = true;
	static struct suite suite;

	shortage_prepare();
	suite_add(&suite, "nobody is answered wrongly when memory is out once",
	    nobody_is_answered_wrongly, &once);
	suite_add(&suite, "nobody is answered wrongly when memory stays out",
	    nobody_is_answered_wrongly, &lasting);
	suite_add(&suite, "no address in a name is missed, one failure",
	    no_address_in_a_name_is_missed, &once);
	suite_add(&suite, "no address in a name is missed, all failing",
	    no_address_in_a_name_is_missed, &lasting);
	suite_add(&suite, "nobody is counted too low when memory is out once",
	    nobody_is_counted_too_low, &once);
	suite_add(&suite, "nobody is counted too low when memory stays out",
	    nobody_is_counted_too_low, &lasting);
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
