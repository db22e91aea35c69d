/*
 * milter/limits in the life of a session: whatever a client does, it is counted
 * under one name; what follows from a limit happens in its order.
 */
#include "milter/limits.h"

#include "tests/unit/dialogue.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#define POLICY                                                             \
	"UPDATE setting SET value = 'enforce' WHERE name = 'mode';"        \
	"INSERT INTO setting (name, value)"                                \
	" VALUES ('default_realm', 'example.com')"                         \
	" ON CONFLICT (name) DO UPDATE SET value = excluded.value;"        \
	"INSERT INTO local_domain (name) VALUES ('example.com');"          \
	"INSERT INTO principal (name, kind) VALUES"                        \
	" ('alice@example.com', 'login'), ('relay@example.com', 'login');" \
	"INSERT INTO send_as (principal, address) VALUES"                  \
	" ('alice@example.com', 'alice@example.com'),"                     \
	" ('alice@example.com', 'sales@example.com'),"                     \
	" ('relay@example.com', 'relay@example.com');"                     \
	"INSERT INTO trusted_peer (login, client, asserts)"                \
	" VALUES ('relay@example.com', 'any', 'alice@example.com');"       \
	"INSERT INTO rule (seq, recipient, verdict)"                       \
	" VALUES (10, '@partner.example', 'accept');"

/* A limit for everyone; `rest` are values for on_exceed and on. */
#define QUOTA(name, metric, amount, period, rest)                     \
	"INSERT INTO quota (name, principal, metric, amount, period," \
	" on_exceed, suspend_for, mode, counting) VALUES ('" name     \
	"', 'everyone', '" metric "', " #amount ", " period ", " rest ");"
#define TEMPFAIL "'tempfail', NULL, NULL, 'leaky'"
#define REJECT "'reject', NULL, NULL, 'leaky'"
#define HOLD "'hold', NULL, NULL, 'leaky'"
#define SUSPEND "'suspend', '2d', NULL, 'leaky'"
#define MONITOR "'suspend', '2d', 'monitor', 'leaky'"

#define ALICE "<alice@example.com>"
#define FRIEND "<friend@elsewhere.example>"

static struct ledger *ledger;

/* A policy with these limits, nothing counted, and a new session. */
static void
limited_by(const char *limits)
{
	char sql[6000];

	assert_in_range(snprintf(sql, sizeof(sql), POLICY "%s", limits), 1,
	    sizeof(sql) - 1);
	under(sql);
}

static int
begin(void **state)
{
	const struct print_key key = {{3, 4}};

	(void)state;
	dialogue_config();
	ledger = ledger_new();
	assert_non_null(ledger);
	ledger_set_key(ledger, &key);
	limits_open(ledger);
	stand_in_reset();
	dialogue_begin_from("192.0.2.1");
	return 0;
}

static int
end(void **state)
{
	(void)state;
	dialogue_end();
	limits_open(NULL);
	ledger_free(ledger);
	return 0;
}

/* A message as far as it comes. */
static enum verdict_kind
message(const char *login, const char *path, const char *recipient)
{
	if (verdict_is_refusal(mail_from(login, path)))
		return verdict.kind;
	if (verdict_is_refusal(rcpt_to(recipient))) {
		session_abort(session);
		return verdict.kind;
	}
	return end_of_message(ALICE);
}

static void
assert_reply(const char *begins)
{
	if (strncmp(verdict.reply, begins, strlen(begins)) != 0)
		fail_msg("the reply is %s, not %s...", verdict.reply, begins);
}

/* --- one name ------------------------------------------------------------ */

/* Three messages where two may pass; `asserted` is AUTH= of the third. */
static const struct evasion {
	const char *name, *login, *path, *asserted;
	bool reconnects;
} evasions[] = {
    {"the third message is refused", "alice@example.com", ALICE},
    {"so it is for a login in capitals", "ALICE@EXAMPLE.COM", ALICE},
    {"so it is for a login without its realm", "Alice", ALICE},
    {"so it is for a sub-address", "alice", "<alice+x@example.com>"},
    {"so it is for another own address", "alice", "<sales@example.com>"},
    {"so it is for the null sender", "alice", "<>"},
    {"so it is in another session", "alice", ALICE, NULL, true},
    {"so it is when it names itself", "alice", ALICE, "alice@example.com"},
    {"so it is when it names nobody", "alice", ALICE, "<>"},
    {"so it is when a peer speaks for it", "relay", ALICE, "alice@example.com",
	true},
};

static void
evasion_fails(void **state)
{
	const struct evasion *e = *state;

	begin(NULL);
	limited_by(QUOTA("hourly", "messages", 2, "'1h'", REJECT));
	assert_int_equal(message("alice", ALICE, FRIEND), VERDICT_ACCEPT);
	assert_int_equal(mail_from("alice", ALICE), VERDICT_ACCEPT);
	session_abort(session); /* is not counted */
	assert_int_equal(message("alice", ALICE, FRIEND), VERDICT_ACCEPT);
	if (e->reconnects)
		dialogue_begin_from("198.51.100.1");
	auth_param = e->asserted;
	assert_int_equal(mail_from(e->login, e->path), VERDICT_REJECT);
	assert_int_equal(verdict.reason, REASON_LIMIT_EXCEEDED);
	assert_string_equal(verdict.row, "quota(hourly)");
	end(NULL);
}

static void
what_was_given_up_is_not_counted(void **state)
{
	(void)state;
	limited_by(QUOTA("hourly", "messages", 2, "'1h'", REJECT)
		QUOTA("many", "recipients", 2, "'1h'", REJECT));
	for (int i = 0; i < 9; i++) {
		assert_int_equal(mail_from("alice", ALICE), VERDICT_ACCEPT);
		assert_int_equal(rcpt_to(FRIEND), VERDICT_ACCEPT);
		if (i % 2 == 0) /* else the next MAIL ends it */
			session_abort(session);
	}
	assert_int_equal(message("alice", ALICE, FRIEND), VERDICT_ACCEPT);
	assert_int_equal(message("alice", ALICE, FRIEND), VERDICT_ACCEPT);
	assert_int_equal(mail_from("alice", ALICE), VERDICT_REJECT);
}

/* A rule that lets one recipient pass exempts nothing from counting. */
static void
an_exempt_recipient_counts_like_any(void **state)
{
	(void)state;
	limited_by(QUOTA("many", "recipients", 3, "'1h'", TEMPFAIL));
	assert_int_equal(mail_from("alice", ALICE), VERDICT_ACCEPT);
	assert_int_equal(rcpt_to("<a@partner.example>"), VERDICT_ACCEPT);
	assert_int_equal(rcpt_to(FRIEND), VERDICT_ACCEPT);
	assert_int_equal(rcpt_to(FRIEND), VERDICT_ACCEPT);
	assert_int_equal(rcpt_to("<a@partner.example>"), VERDICT_TEMPFAIL);
	assert_int_equal(rcpt_to(FRIEND), VERDICT_TEMPFAIL);
	assert_int_equal(end_of_message(ALICE), VERDICT_ACCEPT);
	assert_int_equal(mail_from("alice", ALICE), VERDICT_TEMPFAIL);
}

static void
senders_are_told_apart_by_who_they_are(void **state)
{
	(void)state;
	limited_by(QUOTA("names", "senders", 1, "'1h'", REJECT));
	assert_int_equal(message("alice", ALICE, FRIEND), VERDICT_ACCEPT);
	assert_int_equal(
	    message("alice", "<ALICE+x@Example.COM>", FRIEND), VERDICT_ACCEPT);
	assert_int_equal(message("alice", "<>", FRIEND), VERDICT_ACCEPT);
	assert_int_equal(
	    mail_from("alice", "<sales@example.com>"), VERDICT_REJECT);
	assert_string_equal(verdict.row, "quota(names)");
}

/* A message of 70 authors, of which the last is this one. */
static enum verdict_kind
message_of_many(const char *last)
{
	char from[4000];
	size_t len = 0;

	assert_int_equal(mail_from("alice", ALICE), VERDICT_ACCEPT);
	assert_int_equal(rcpt_to(FRIEND), VERDICT_ACCEPT);
	for (int i = 1; i < 70; i++)
		len += (size_t)snprintf(
		    from + len, sizeof(from) - len, "a%d@many.example, ", i);
	snprintf(from + len, sizeof(from) - len, "%s", last);
	session_header(session, "From", from);
	session_header(session, "Sender", ALICE);
	session_end(session, "Q1", &verdict);
	session_forget(session);
	return verdict.kind;
}

static void
the_last_of_many_authors_counts(void **state)
{
	(void)state;
	limited_by(QUOTA("names", "senders", 71, "'1h'",
	    REJECT) "INSERT INTO send_as (principal, address) VALUES"
		    " ('alice@example.com', '@many.example');");
	assert_int_equal(message_of_many("b@many.example"), VERDICT_ACCEPT);
	assert_int_equal(message_of_many("b@many.example"), VERDICT_ACCEPT);
	assert_int_equal(message_of_many("c@many.example"), VERDICT_REJECT);
	assert_string_equal(verdict.row, "quota(names)");
}

static void
networks_count_by_their_addresses(void **state)
{
	(void)state;
	limited_by(QUOTA("places", "networks", 1, "'1h'", REJECT));
	assert_int_equal(mail_from("alice", ALICE), VERDICT_ACCEPT);
	dialogue_begin_from("192.0.2.250");
	assert_int_equal(mail_from("alice", ALICE), VERDICT_ACCEPT);
	dialogue_begin_from("198.51.100.1");
	assert_int_equal(mail_from("alice", ALICE), VERDICT_REJECT);
}

static void
new_recipients_are_one_however_written(void **state)
{
	(void)state;
	limited_by(QUOTA("strangers", "new_recipients", 1, "'1d'", TEMPFAIL));
	assert_int_equal(mail_from("alice", ALICE), VERDICT_ACCEPT);
	assert_int_equal(rcpt_to(FRIEND), VERDICT_ACCEPT);
	assert_int_equal(rcpt_to("<friend@ELSEWHERE.example>"), VERDICT_ACCEPT);
	assert_int_equal(
	    rcpt_to("<other@elsewhere.example>"), VERDICT_TEMPFAIL);
	assert_int_equal(end_of_message(ALICE), VERDICT_ACCEPT);
	assert_int_equal(message("alice", ALICE, FRIEND), VERDICT_ACCEPT);
	assert_int_equal(
	    message("alice", ALICE, "<o@elsewhere.example>"), VERDICT_TEMPFAIL);
}

static void
peer_and_login_are_both_counted(void **state)
{
	(void)state;
	limited_by("INSERT INTO quota (name, principal, metric, amount, period)"
		   " VALUES ('hers', 'alice@example.com', 'messages', 1, '1h'),"
		   " ('its', 'relay@example.com', 'messages', 2, '1h');");
	auth_param = "alice@example.com";
	assert_int_equal(message("relay", ALICE, FRIEND), VERDICT_ACCEPT);
	assert_int_equal(mail_from("relay", ALICE), VERDICT_TEMPFAIL);
	assert_string_equal(verdict.row, "quota(hers)");
	auth_param = NULL;
	assert_int_equal(mail_from("alice", ALICE), VERDICT_TEMPFAIL);
	assert_int_equal(mail_from("relay", "<>"), VERDICT_ACCEPT);
	session_header(session, "From", "<relay@example.com>");
	session_end(session, "Q1", &verdict);
	assert_int_equal(verdict.kind, VERDICT_ACCEPT);
	assert_int_equal(mail_from("relay", "<>"), VERDICT_TEMPFAIL);
	assert_string_equal(verdict.row, "quota(its)");
}

/* Strangers, and the machine's own mail. */
static void
who_has_no_login_is_not_counted(void **state)
{
	char *argv[] = {(char[]){"root@example.com"}, NULL};
	const struct session_mail local = {.argv = argv, .queue_id = "Q1"};

	(void)state;
	limited_by(QUOTA("none", "messages", 0, "'1h'", REJECT));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(message(NULL, "<x@elsewhere.example>", ALICE),
		    VERDICT_ACCEPT);
		session_mail(session, &local, &verdict);
		assert_int_equal(verdict.kind, VERDICT_ACCEPT);
		assert_int_equal(rcpt_to("alice@example.com"), VERDICT_ACCEPT);
		assert_int_equal(end_of_message(ALICE), VERDICT_ACCEPT);
	}
	assert_int_equal(mail_from("alice", ALICE), VERDICT_REJECT);
	assert_int_equal(ledger_accounts(ledger), 1);
}

/* --- at which stage, in which words -------------------------------------- */

static void
recipients_of_one_message_are_bounded(void **state)
{
	(void)state;
	limited_by(
	    QUOTA("wide", "recipients_per_message", 2, "NULL", TEMPFAIL));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(mail_from("alice", ALICE), VERDICT_ACCEPT);
		assert_int_equal(rcpt_to(FRIEND), VERDICT_ACCEPT);
		assert_int_equal(rcpt_to(FRIEND), VERDICT_ACCEPT);
		assert_int_equal(rcpt_to(FRIEND), VERDICT_TEMPFAIL);
		assert_reply(
		    "452 4.5.3 alice@example.com has reached the limit "
		    "wide (2 recipients in a message); send the rest "
		    "in another [ref ");
		assert_int_equal(end_of_message(ALICE), VERDICT_ACCEPT);
	}
	limited_by(QUOTA("wide", "recipients_per_message", 1, "NULL", REJECT));
	assert_int_equal(mail_from("alice", ALICE), VERDICT_ACCEPT);
	assert_int_equal(rcpt_to(FRIEND), VERDICT_ACCEPT);
	assert_int_equal(rcpt_to(FRIEND), VERDICT_REJECT);
	assert_reply("550 5.5.3 alice@example.com has reached the limit wide "
		     "(1 recipient in a message); ");
}

static void
replies_tell_what_to_do(void **state)
{
	(void)state;
	limited_by(QUOTA("hourly", "messages", 1, "'1h'", TEMPFAIL));
	assert_int_equal(message("alice", ALICE, FRIEND), VERDICT_ACCEPT);
	assert_int_equal(mail_from("alice", ALICE), VERDICT_TEMPFAIL);
	assert_reply("450 4.7.1 alice@example.com has reached the limit hourly "
		     "(1 message in 1h); try again in ");
	limited_by(QUOTA("hourly", "messages", 1, "'1h'", REJECT));
	assert_int_equal(mail_from("alice", ALICE), VERDICT_REJECT);
	assert_reply("550 5.7.1 alice@example.com has reached the limit hourly "
		     "(1 message in 1h); ask the postmaster [ref ");
	limited_by(QUOTA("hourly", "messages", 1, "'1h'", SUSPEND));
	assert_int_equal(mail_from("alice", ALICE), VERDICT_REJECT);
	assert_reply("550 5.7.1 alice@example.com has reached the limit hourly "
		     "(1 message in 1h); suspended until 20");
}

/* One who asks for more than a whole period has is not told to hurry. */
static void
what_never_fits_waits_a_period(void **state)
{
	(void)state;
	limited_by(QUOTA("many", "recipients", 2, "'1h'", TEMPFAIL));
	assert_int_equal(mail_from("alice", ALICE), VERDICT_ACCEPT);
	assert_int_equal(rcpt_to(FRIEND), VERDICT_ACCEPT);
	assert_int_equal(rcpt_to(FRIEND), VERDICT_ACCEPT);
	assert_int_equal(rcpt_to(FRIEND), VERDICT_TEMPFAIL);
	assert_reply("450 4.7.1 alice@example.com has reached the limit many "
		     "(2 recipients in 1h); try again in 1h [ref ");
}

static void
limits_made_meanwhile_hold_at_the_end(void **state)
{
	(void)state;
	limited_by("");
	assert_int_equal(mail_from("alice", ALICE), VERDICT_ACCEPT);
	assert_int_equal(rcpt_to(FRIEND), VERDICT_ACCEPT);
	assert_int_equal(rcpt_to("<other@elsewhere.example>"), VERDICT_ACCEPT);
	limited_by(QUOTA("strangers", "new_recipients", 1, "'1d'", REJECT));
	assert_int_equal(end_of_message(ALICE), VERDICT_REJECT);
	assert_string_equal(verdict.row, "quota(strangers)");
	assert_value(0, "$.stage", "eom");
}

static void
limits_lifted_meanwhile_hold_no_more(void **state)
{
	(void)state;
	limited_by(QUOTA("hourly", "messages", 1, "'1h'", REJECT));
	assert_int_equal(mail_from("alice", ALICE), VERDICT_ACCEPT);
	limited_by(QUOTA("hourly", "messages", 0, "'1h'", REJECT));
	assert_int_equal(rcpt_to(FRIEND), VERDICT_REJECT);
	limited_by("");
	assert_int_equal(rcpt_to(FRIEND), VERDICT_ACCEPT);
	assert_int_equal(end_of_message(ALICE), VERDICT_ACCEPT);
}

/* Two sessions at once: each was fine at MAIL, one is at its end. */
static void
of_two_messages_one_gets_the_last(void **state)
{
	struct session *first, *second;

	(void)state;
	limited_by(QUOTA("hourly", "messages", 1, "'1h'", TEMPFAIL));
	first = session;
	assert_int_equal(mail_from("alice", ALICE), VERDICT_ACCEPT);
	assert_int_equal(rcpt_to(FRIEND), VERDICT_ACCEPT);
	session = NULL;
	dialogue_begin_from("198.51.100.1");
	second = session;
	assert_int_equal(mail_from("alice", ALICE), VERDICT_ACCEPT);
	assert_int_equal(rcpt_to(FRIEND), VERDICT_ACCEPT);
	session = first;
	assert_int_equal(end_of_message(ALICE), VERDICT_ACCEPT);
	session = second;
	assert_int_equal(end_of_message(ALICE), VERDICT_TEMPFAIL);
	assert_int_equal(verdict.reason, REASON_LIMIT_EXCEEDED);
	session_free(first);
}

/* --- what follows -------------------------------------------------------- */

static void
a_held_message_is_held_at_its_end(void **state)
{
	(void)state;
	limited_by(QUOTA("hourly", "messages", 1, "'1h'", HOLD));
	assert_int_equal(message("alice", ALICE, FRIEND), VERDICT_ACCEPT);
	assert_int_equal(mail_from("alice", ALICE), VERDICT_ACCEPT);
	assert_int_equal(rcpt_to(FRIEND), VERDICT_ACCEPT);
	assert_int_equal(end_of_message(ALICE), VERDICT_HOLD);
	assert_int_equal(record_count, 2);
	assert_value(1, "$.verdict", "hold");
	assert_value(1, "$.reason", "limit-exceeded");
	assert_value(1, "$.row", "quota(hourly)");
	assert_int_equal(notice_count, 1);
	/* no more than the amount are held */
	assert_int_equal(mail_from("alice", ALICE), VERDICT_TEMPFAIL);
	assert_int_equal(suspended_count, 0);
}

static void
a_suspension_is_made_then_recorded_then_told(void **state)
{
	char expected[60];

	(void)state;
	limited_by(QUOTA("hourly", "messages", 1, "'1h'", SUSPEND));
	assert_int_equal(message("alice", ALICE, FRIEND), VERDICT_ACCEPT);
	assert_int_equal(suspended_count + notice_count, 0);
	assert_int_equal(mail_from("alice", ALICE), VERDICT_REJECT);
	assert_int_equal(suspended_count, 1);
	assert_string_equal(suspended, "alice@example.com by hourly");
	assert_int_equal(suspended_before, 1); /* record: of the message */
	assert_int_equal(record_count, 2);
	assert_value(1, "$.suspension.principal", "alice@example.com");
	assert_value(1, "$.suspension.limit", "hourly");
	assert_value(1, "$.suspension.why", "2 of 1 message in 1h");
	assert_value(1, "$.reason", "limit-exceeded");
	assert_int_equal(notice_count, 1);
	assert_int_equal(noticed_before, 2);
	snprintf(expected, sizeof(expected),
	    "alice@example.com hourly suspend ref %s",
	    record_value(record_at(1), "$.ref"));
	assert_string_equal(noticed, expected);
	/* again it is told of by nobody: the first stands */
	assert_int_equal(mail_from("alice", ALICE), VERDICT_REJECT);
	assert_int_equal(notice_count, 1);
}

/* Whatever else happens to the message afterwards. */
static void
nothing_is_told_twice(void **state)
{
	(void)state;
	limited_by(QUOTA("few", "recipients", 1, "'1h'", SUSPEND));
	assert_int_equal(mail_from("alice", ALICE), VERDICT_ACCEPT);
	assert_int_equal(rcpt_to(FRIEND), VERDICT_ACCEPT);
	assert_int_equal(rcpt_to("<one@example.net>"), VERDICT_REJECT);
	assert_value(record_count - 1, "$.suspension.limit", "few");
	assert_int_equal(rcpt_to("not an address"), VERDICT_REJECT);
	assert_value(record_count - 1, "$.suspension", "null");
	session_abort(session);
	assert_value(record_count - 1, "$.stage", "abort");
	assert_value(record_count - 1, "$.suspension", "null");
	assert_int_equal(suspended_count, 1);
	assert_int_equal(notice_count, 1);
}

/* Records of many refusals are put together, but not that of a suspension. */
static void
a_suspension_is_recorded_by_itself(void **state)
{
	size_t before;

	(void)state;
	limited_by(QUOTA("guesses", "refusals", 25, "'1h'", SUSPEND));
	for (int i = 0; i < 25; i++)
		assert_int_equal(
		    mail_from("alice", "<x@example.com>"), VERDICT_REJECT);
	before = record_count;
	assert_int_equal(before, REFUSALS_TOLD);
	assert_int_equal(suspended_count, 0);
	assert_int_equal(mail_from("alice", "<x@example.com>"), VERDICT_REJECT);
	assert_int_equal(suspended_count, 1);
	assert_int_equal(record_count, before + 1);
	assert_value(before, "$.suspension.limit", "guesses");
	assert_value(before, "$.reason", "sender-not-granted");
}

/* It is put off, and comes again and again. */
static void
what_cannot_be_recorded_is_not_counted(void **state)
{
	(void)state;
	limited_by(QUOTA("hourly", "messages", 1, "'1h'", REJECT)
		QUOTA("strangers", "new_recipients", 1, "'1d'", SUSPEND)
		    QUOTA("guesses", "refusals", 0, "'1h'", REJECT));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(mail_from("alice", ALICE), VERDICT_ACCEPT);
		assert_int_equal(rcpt_to(FRIEND), VERDICT_ACCEPT);
		audit_is_full = true;
		assert_int_equal(end_of_message(ALICE), VERDICT_TEMPFAIL);
		assert_int_equal(verdict.reason, REASON_INTERNAL);
		audit_is_full = false;
	}
	assert_int_equal(message("alice", ALICE, FRIEND), VERDICT_ACCEPT);
	assert_int_equal(mail_from("alice", ALICE), VERDICT_REJECT);
	assert_string_equal(verdict.row, "quota(hourly)");
}

/* What a limit refuses may exceed one on refusals as well. */
static void
the_longer_of_two_suspensions_stands(void **state)
{
	(void)state;
	limited_by(
	    QUOTA("hourly", "messages", 1, "'1h'", SUSPEND) QUOTA("guesses",
		"refusals", 0, "'1h'", "'suspend', '1h', NULL, 'strict'"));
	assert_int_equal(message("alice", ALICE, FRIEND), VERDICT_ACCEPT);
	assert_int_equal(mail_from("alice", ALICE), VERDICT_REJECT);
	assert_value(1, "$.suspension.limit", "hourly");
	assert_string_equal(suspended, "alice@example.com by hourly");
}

/* A client that goes on trying would never be let go, whatever was pardoned. */
static void
who_is_suspended_is_not_suspended_again(void **state)
{
	(void)state;
	limited_by(QUOTA("guesses", "refusals", 0, "'1h'",
	    "'suspend', '1h', NULL, 'strict'") "UPDATE principal SET state ="
					       " 'suspended';");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(mail_from("alice", ALICE), VERDICT_REJECT);
		assert_int_equal(verdict.reason, REASON_LOGIN_SUSPENDED);
	}
	assert_value(2, "$.suspension", "null");
	assert_int_equal(suspended_count + notice_count, 0);
}

static void
faults_are_no_refusals(void **state)
{
	(void)state;
	limited_by(QUOTA("guesses", "refusals", 0, "'1h'", REJECT));
	stand_in_policy(NULL);
	assert_int_equal(mail_from("alice", ALICE), VERDICT_TEMPFAIL);
	limited_by(QUOTA("guesses", "refusals", 0, "'1h'", REJECT));
	session_overloaded(session, STAGE_MAIL, &verdict);
	assert_int_equal(verdict.kind, VERDICT_TEMPFAIL);
	assert_int_equal(rcpt_to(FRIEND), VERDICT_TEMPFAIL); /* no MAIL */
	assert_int_equal(mail_from("alice", ALICE), VERDICT_ACCEPT);
	audit_is_full = true;
	assert_int_equal(end_of_message(ALICE), VERDICT_TEMPFAIL);
	audit_is_full = false;
	assert_int_equal(message("alice", ALICE, FRIEND), VERDICT_ACCEPT);
	assert_int_equal(mail_from("alice", "<x@example.com>"), VERDICT_REJECT);
	assert_int_equal(mail_from("alice", ALICE), VERDICT_REJECT);
	assert_string_equal(verdict.row, "quota(guesses)");
}

static void
monitored_limits_are_findings(void **state)
{
	(void)state;
	limited_by(QUOTA("watched", "messages", 1, "'1h'", MONITOR)
		QUOTA("wide", "recipients_per_message", 0, "NULL", MONITOR));
	assert_int_equal(message("alice", ALICE, FRIEND), VERDICT_ACCEPT);
	assert_int_equal(message("alice", ALICE, FRIEND), VERDICT_ACCEPT);
	assert_int_equal(record_count, 2);
	assert_value(1, "$.verdict", "accept");
	assert_value(1, "$.mode", "enforce");
	assert_value(1, "$.would", "limit-exceeded");
	assert_value(1, "$.findings[0].stage", "mail");
	assert_value(1, "$.findings[0].reason", "limit-exceeded");
	assert_value(1, "$.suspension", "null");
	assert_int_equal(suspended_count + notice_count, 0);
}

static void
mode_monitor_does_nothing(void **state)
{
	(void)state;
	limited_by(QUOTA("hourly", "messages", 1, "'1h'", SUSPEND) QUOTA(
	    "held", "messages", 1, "'1d'", HOLD) "UPDATE setting SET"
						 " value = 'monitor'"
						 " WHERE name = 'mode';");
	for (int i = 0; i < 3; i++)
		assert_int_equal(
		    message("alice", ALICE, FRIEND), VERDICT_ACCEPT);
	assert_value(0, "$.would", "null");
	assert_value(2, "$.would", "limit-exceeded");
	assert_value(2, "$.verdict", "accept");
	assert_int_equal(suspended_count + notice_count, 0);
}

static void
a_record_tells_limits_that_are_near(void **state)
{
	(void)state;
	limited_by(QUOTA("hourly", "messages", 5, "'1h'", REJECT)
		QUOTA("guesses", "refusals", 0, "'1h'", REJECT));
	for (int i = 0; i < 5; i++)
		assert_int_equal(
		    message("alice", ALICE, FRIEND), VERDICT_ACCEPT);
	assert_value(2, "$.limits[0]", "null");
	assert_value(3, "$.limits[0].limit", "hourly");
	assert_value(3, "$.limits[0].used", "4");
	assert_value(3, "$.limits[0].amount", "5");
	assert_value(3, "$.limits[1]", "null");
	assert_value(4, "$.limits[0].used", "5");
}

static void
strict_limits_count_what_they_refuse(void **state)
{
	(void)state;
	limited_by(QUOTA(
	    "strict", "messages", 2, "'1h'", "'reject', NULL, NULL, 'strict'"));
	assert_int_equal(mail_from("alice", "<x@example.com>"), VERDICT_REJECT);
	assert_int_equal(message("alice", ALICE, FRIEND), VERDICT_ACCEPT);
	assert_int_equal(mail_from("alice", ALICE), VERDICT_REJECT);
	assert_string_equal(verdict.row, "quota(strict)");
}

/* Nothing to count in: who has a limit can't be told. */
static void
without_a_ledger_nobody_limited_passes(void **state)
{
	(void)state;
	limits_open(NULL);
	limited_by("");
	assert_int_equal(message("alice", ALICE, FRIEND), VERDICT_ACCEPT);
	limited_by(QUOTA("hourly", "messages", 9, "'1h'", REJECT));
	assert_int_equal(mail_from("alice", ALICE), VERDICT_TEMPFAIL);
	assert_int_equal(verdict.reason, REASON_INTERNAL);
	assert_int_equal(
	    message(NULL, "<x@elsewhere.example>", ALICE), VERDICT_ACCEPT);
}

int
main(void)
{
	static struct suite suite;
	static const struct named_test tests[] = {
	    {"what was given up is not counted",
		what_was_given_up_is_not_counted},
	    {"an exempt recipient counts like any",
		an_exempt_recipient_counts_like_any},
	    {"senders are told apart by who they are",
		senders_are_told_apart_by_who_they_are},
	    {"the last of many authors counts",
		the_last_of_many_authors_counts},
	    {"what cannot be recorded is not counted",
		what_cannot_be_recorded_is_not_counted},
	    {"the longer of two suspensions stands",
		the_longer_of_two_suspensions_stands},
	    {"networks count by their addresses",
		networks_count_by_their_addresses},
	    {"new recipients are one however written",
		new_recipients_are_one_however_written},
	    {"peer and login are both counted",
		peer_and_login_are_both_counted},
	    {"who has no login is not counted",
		who_has_no_login_is_not_counted},
	    {"recipients of one message are bounded",
		recipients_of_one_message_are_bounded},
	    {"replies tell what to do", replies_tell_what_to_do},
	    {"what never fits waits a period", what_never_fits_waits_a_period},
	    {"limits made meanwhile hold at the end",
		limits_made_meanwhile_hold_at_the_end},
	    {"limits lifted meanwhile hold no more",
		limits_lifted_meanwhile_hold_no_more},
	    {"of two messages one gets the last",
		of_two_messages_one_gets_the_last},
	    {"a held message is held at its end",
		a_held_message_is_held_at_its_end},
	    {"a suspension is made, then recorded, then told",
		a_suspension_is_made_then_recorded_then_told},
	    {"nothing is told twice", nothing_is_told_twice},
	    {"a suspension is recorded by itself",
		a_suspension_is_recorded_by_itself},
	    {"who is suspended is not suspended again",
		who_is_suspended_is_not_suspended_again},
	    {"faults are no refusals", faults_are_no_refusals},
	    {"monitored limits are findings", monitored_limits_are_findings},
	    {"mode monitor does nothing", mode_monitor_does_nothing},
	    {"a record tells limits that are near",
		a_record_tells_limits_that_are_near},
	    {"strict limits count what they refuse",
		strict_limits_count_what_they_refuse},
	    {"without a ledger nobody limited passes",
		without_a_ledger_nobody_limited_passes},
	};

	SUITE_TESTS(&suite, tests);
	for (size_t i = 0; i < suite.count; i++) {
		suite.tests[i].setup_func = begin;
		suite.tests[i].teardown_func = end;
	}
	SUITE_ROWS(&suite, evasions, evasion_fails);
	return suite_run(&suite, "limits");
}
