/*
 * milter/session and milter/record: facts in, verdicts out, and what is
 * written of them before anybody hears them.
 */
#include "milter/tally.h"

#include "tests/unit/dialogue.h"
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
begin(void **state)
{
	(void)state;
	dialogue_config();
	under(FIRM);
	dialogue_begin();
	stand_in_reset();
	return 0;
}

static int
end(void **state)
{
	(void)state;
	dialogue_end();
	return 0;
}

/* A new session in place of the one there is. */
static void
renew(void)
{
	dialogue_begin();
	stand_in_reset();
}

/* --- what a record holds ------------------------------------------------- */

static const struct {
	const char *path, *value;
} told[] = {
    {"$.queue_id", "Q1"},
    {"$.stage", "mail"},
    {"$.verdict", "reject"},
    {"$.reason", "sender-not-granted"},
    {"$.mode", "enforce"},
    {"$.would", "null"},
    {"$.findings[0].stage", "mail"},
    {"$.findings[0].reason", "sender-not-granted"},
    {"$.findings[1]", "null"},
    {"$.repeated", "null"},
    {"$.login", "alice"},
    {"$.source", "sasl"},
    {"$.peer", "null"},
    {"$.auth_param", "carol"},
    {"$.mechanism", "PLAIN"},
    {"$.tls", "TLSv1.3"},
    {"$.cipher_bits", "256"},
    {"$.cert.subject", "CN=crm"},
    {"$.cert.issuer", "CN=ca"},
    {"$.cert.verify", "OK"},
    {"$.client", "192.0.2.7"},
    {"$.client_name", "host.example"},
    {"$.helo", "helo.example"},
    {"$.mta", "postfix"},
    {"$.listener", "mx:587"},
    {"$.mail_from", "<Bob@example.com>"},
    {"$.mail_addr", "bob@example.com"},
    {"$.sender", "bob@example.com"},
    {"$.recipients[0]", "null"},
};

static void
a_refusal_tells_every_fact(void **state)
{
	char *argv[] = {(char[]){"<Bob@example.com>"}, (char[]){"SIZE=100"},
	    (char[]){"AUTH=carol"}, NULL};
	const struct sockaddr_in address = {
	    .sin_family = AF_INET,
	    .sin_addr.s_addr = inet_addr("192.0.2.7"),
	};
	const struct session_origin origin = {
	    .client_name = "host.example",
	    .address = (const struct sockaddr *)&address,
	    .mta_version = "Postfix 3.7.11",
	    .daemon_name = "mx",
	    .daemon_port = "587",
	};
	const struct session_mail mail = {
	    .argv = argv,
	    .auth_authen = "Alice",
	    .auth_type = "PLAIN",
	    .tls_version = "TLSv1.3",
	    .cipher_bits = "256",
	    .cert_subject = "CN=crm",
	    .cert_issuer = "CN=ca",
	    .verify = "OK",
	    .mail_addr = "bob@example.com",
	    .mail_mailer = "smtp",
	    .queue_id = "Q1",
	};

	(void)state;
	session_connect(session, &origin);
	session_helo(session, "helo.example");
	session_mail(session, &mail, &verdict);
	assert_int_equal(verdict.kind, VERDICT_REJECT);
	assert_int_equal(record_count, 1);
	for (size_t i = 0; i < COUNT(told); i++)
		assert_value(0, told[i].path, told[i].value);
	assert_value(0, "$.session", session->id);
	assert_string_not_equal(record_value(record_at(0), "$.policy"), "0");
	assert_int_equal(strlen(record_value(record_at(0), "$.time")), 27);
}

static void
the_reply_ends_in_the_reference_of_its_record(void **state)
{
	char ending[40];

	(void)state;
	assert_int_equal(
	    mail_from("alice", "<bob@example.com>"), VERDICT_REJECT);
	assert_int_equal(record_count, 1);
	snprintf(ending, sizeof(ending), " [ref %s]",
	    record_value(record_at(0), "$.ref"));
	assert_int_equal(strlen(ending), 16);
	assert_true(strlen(ending) <= REFERENCE_MAX);
	assert_string_equal(
	    verdict.reply + strlen(verdict.reply) - strlen(ending), ending);
	assert_int_equal(line_count, 1);
	assert_non_null(strstr(line_at(0),
	    "refused reason=sender-not-granted login=alice client=- "
	    "sender=<bob@example.com> ref="));
}

static void
nothing_from_outside_is_raw(void **state)
{
	static const char hostile[] =
	    "<\"a\n\r\t\"b\033[2J\351\303\251\\\",\"reason\":null}@x>";

	(void)state;
	session_helo(session, hostile);
	assert_int_equal(mail_from("al\nice =x\"", hostile), VERDICT_REJECT);
	assert_int_equal(record_count, 1);
	assert_value(0, "$.reason", "login-unknown");
	assert_int_equal(line_count, 1);
	assert_non_null(
	    strstr(line_at(0), "login=al\\x0Aice\\x20\\x3Dx\\x22 "));
	for (const char *c = verdict.reply; *c != '\0'; c++)
		assert_in_range(*c, ' ', '~');
}

static void
a_message_is_recorded_at_its_end(void **state)
{
	(void)state;
	assert_int_equal(
	    mail_from("alice", "<alice@example.com>"), VERDICT_ACCEPT);
	assert_int_equal(rcpt_to("<x@elsewhere.example>"), VERDICT_ACCEPT);
	assert_int_equal(rcpt_to("<a%b@example.com>"), VERDICT_REJECT);
	session_header(session, "Message-ID", "<1@example.com>");
	session_header(session, "message-id", "<2@example.com>");
	assert_int_equal(record_count, 1);
	assert_value(0, "$.stage", "rcpt");
	assert_value(0, "$.recipients[0].rcpt", "<a%b@example.com>");
	assert_value(0, "$.recipients[0].reason", "recipient-malformed");
	assert_value(0, "$.recipients[1]", "null");
	assert_int_equal(end_of_message("<alice@example.com>"), VERDICT_ACCEPT);
	assert_int_equal(record_count, 2);
	assert_value(1, "$.stage", "eom");
	assert_value(1, "$.verdict", "accept");
	assert_value(1, "$.reason", "null");
	assert_value(1, "$.message_id", "<1@example.com>");
	assert_value(1, "$.recipients[0].verdict", "accept");
	assert_value(1, "$.recipients[1].verdict", "reject");
	assert_value(1, "$.recipients[2]", "null");
	assert_value(1, "$.recipients_not_named", "null");
}

static void
a_record_has_all_that_was_decided_by(void **state)
{
	char *argv[] = {(char[]){"<alice@example.com>"}, NULL};
	const struct session_mail mail = {
	    .argv = argv,
	    .auth_authen = "Alice",
	    .mta_version = "Postfix 3.7.11",
	    .tls_unknown = true,
	};

	(void)state;
	session_mail(session, &mail, &verdict);
	assert_int_equal(verdict.kind, VERDICT_ACCEPT);
	session->message.mail_time -= 60; /* it takes its time */
	assert_int_equal(rcpt_to("<x@elsewhere.example>"), VERDICT_ACCEPT);
	session_header(session, "from ", "alice@example.com\n (me)");
	session_end(session, "Q1", &verdict);
	session_forget(session);
	assert_value(0, "$.login", "alice");
	assert_value(0, "$.sasl_login", "Alice");
	assert_value(0, "$.flags[0]", "tls-unknown");
	assert_value(0, "$.flags[1]", "null");
	assert_int_equal(strlen(record_value(record_at(0), "$.mail_time")), 20);
	assert_in_range(
	    atoi(record_value(record_at(0), "$.recipients[0].after_s")), 60,
	    70);
	assert_value(0, "$.originators", /* From : alice@example.com ... */
	    "RnJvbSA6IGFsaWNlQGV4YW1wbGUuY29tCiAobWUpDQo=");
	assert_value(0, "$.originators_cut", "null");
}

static void
originators_that_do_not_fit_are_told_to_be_missing(void **state)
{
	static char large[9000];

	(void)state;
	memset(large, 'a', sizeof(large) - 1);
	assert_int_equal(
	    mail_from("alice", "<alice@example.com>"), VERDICT_ACCEPT);
	assert_int_equal(rcpt_to("<x@elsewhere.example>"), VERDICT_ACCEPT);
	session_header(session, "From", large);
	session_header(session, "Sender", "a");
	session_end(session, "Q1", &verdict);
	session_forget(session);
	assert_value(0, "$.originators", "U2VuZGVyOiBhDQo=");
	assert_value(0, "$.originators_cut", "1");
}

static void
the_next_message_begins_from_nothing(void **state)
{
	(void)state;
	assert_int_equal(
	    mail_from("alice", "<alice@example.com>"), VERDICT_ACCEPT);
	assert_int_equal(rcpt_to("<x@elsewhere.example>"), VERDICT_ACCEPT);
	assert_int_equal(end_of_message("<alice@example.com>"), VERDICT_ACCEPT);
	assert_int_equal(
	    mail_from(NULL, "<alice@example.com>"), VERDICT_ACCEPT);
	assert_int_equal(rcpt_to("<x@elsewhere.example>"), VERDICT_REJECT);
	assert_value(1, "$.reason", "relay-denied");
	assert_value(1, "$.login", "null");
	assert_value(1, "$.source", "none");
}

static void
a_message_without_end_is_recorded_as_abort(void **state)
{
	(void)state;
	assert_int_equal(
	    mail_from("alice", "<alice@example.com>"), VERDICT_ACCEPT);
	session_abort(session);
	session_abort(session);
	assert_int_equal(record_count, 1);
	assert_value(0, "$.stage", "abort");
	assert_value(0, "$.verdict", "accept");
	assert_value(0, "$.login", "alice");

	/* another MAIL ends the one before; a refused one has no end */
	assert_int_equal(
	    mail_from("alice", "<alice@example.com>"), VERDICT_ACCEPT);
	assert_int_equal(
	    mail_from("alice", "<bob@example.com>"), VERDICT_REJECT);
	assert_int_equal(record_count, 3);
	assert_value(1, "$.stage", "abort");
	session_abort(session);
	assert_int_equal(record_count, 3);
}

static void
an_abort_whose_recipients_were_all_refused_says_so(void **state)
{
	(void)state;
	assert_int_equal(mail_from(NULL, "<x@b.example>"), VERDICT_ACCEPT);
	assert_int_equal(rcpt_to("<y@c.example>"), VERDICT_REJECT);
	session_abort(session);
	assert_int_equal(record_count, 2);
	assert_value(1, "$.stage", "abort");
	assert_value(1, "$.verdict", "reject");
	assert_value(1, "$.reason", "relay-denied");
}

/* --- bounds -------------------------------------------------------------- */

static void
after_twenty_refusals_they_are_told_together(void **state)
{
	char ref[20] = "";

	(void)state;
	for (int i = 0; i < REFUSALS_TOLD; i++)
		assert_int_equal(
		    mail_from("alice", "<bob@example.com>"), VERDICT_REJECT);
	assert_int_equal(record_count, REFUSALS_TOLD);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(
		    mail_from("alice", "<bob@example.com>"), VERDICT_REJECT);
		if (i > 0)
			assert_string_equal(
			    verdict.reply + strlen(verdict.reply) - 11, ref);
		snprintf(ref, sizeof(ref), "%s",
		    verdict.reply + strlen(verdict.reply) - 11);
	}
	assert_int_equal(record_count, REFUSALS_TOLD);
	session_free(session);
	session = NULL;
	assert_int_equal(record_count, REFUSALS_TOLD + 1);
	assert_value(REFUSALS_TOLD, "$.repeated", "5");
	assert_value(REFUSALS_TOLD, "$.reason", "sender-not-granted");
	assert_value(REFUSALS_TOLD, "$.login", "alice");
	assert_value(REFUSALS_TOLD, "$.source", "sasl");
	assert_non_null(
	    strstr(ref, record_value(record_at(REFUSALS_TOLD), "$.ref")));
}

static void
a_thousand_refusals_are_told_at_once(void **state)
{
	(void)state;
	for (int i = 0; i < REFUSALS_TOLD + REFUSALS_BATCH; i++)
		assert_int_equal(
		    mail_from("alice", "<bob@example.com>"), VERDICT_REJECT);
	assert_int_equal(record_count, REFUSALS_TOLD + 1);
	assert_value(REFUSALS_TOLD, "$.repeated", "1000");
	assert_int_equal(line_count, REFUSALS_TOLD + 1);
	session_free(session);
	session = NULL;
	assert_int_equal(record_count, REFUSALS_TOLD + 1);
}

static void
refusals_that_could_not_be_told_are_told_later(void **state)
{
	(void)state;
	for (int i = 0; i < REFUSALS_TOLD + REFUSALS_BATCH - 1; i++)
		assert_int_equal(
		    mail_from("alice", "<bob@example.com>"), VERDICT_REJECT);
	audit_is_full = true;
	assert_int_equal(
	    mail_from("alice", "<bob@example.com>"), VERDICT_TEMPFAIL);
	audit_is_full = false;
	assert_int_equal(record_count, REFUSALS_TOLD);
	assert_int_equal(
	    mail_from("alice", "<bob@example.com>"), VERDICT_REJECT);
	assert_value(REFUSALS_TOLD, "$.repeated", "1001");
}

static void
a_hundred_recipients_are_named(void **state)
{
	char path[40];

	(void)state;
	assert_int_equal(
	    mail_from("alice", "<alice@example.com>"), VERDICT_ACCEPT);
	for (int i = 0; i < 150; i++) {
		snprintf(path, sizeof(path), "<u%d@example.org>", i);
		assert_int_equal(rcpt_to(path), VERDICT_ACCEPT);
	}
	assert_int_equal(end_of_message("<alice@example.com>"), VERDICT_ACCEPT);
	assert_value(0, "$.recipients[99].rcpt", "<u99@example.org>");
	assert_value(0, "$.recipients[100]", "null");
	assert_value(0, "$.recipients_not_named", "50");
}

static void
ten_thousand_recipients_are_enough(void **state)
{
	(void)state;
	assert_int_equal(
	    mail_from("alice", "<alice@example.com>"), VERDICT_ACCEPT);
	for (int i = 0; i < RECIPIENTS_MAX; i++)
		assert_int_equal(rcpt_to("<u@example.org>"), VERDICT_ACCEPT);
	assert_int_equal(rcpt_to("<u@example.org>"), VERDICT_TEMPFAIL);
	assert_memory_equal(verdict.reply, "452 4.5.3 ", 10);
	assert_value(0, "$.reason", "limit-exceeded");
	assert_int_equal(end_of_message("<alice@example.com>"), VERDICT_ACCEPT);
	assert_value(1, "$.recipients_not_named", "9900");
}

/* --- a policy that changes while a message is under way ------------------ */

static void
a_sender_that_was_suspended_since_is_refused(void **state)
{
	(void)state;
	assert_int_equal(
	    mail_from("alice", "<alice@example.com>"), VERDICT_ACCEPT);
	under(FIRM
	    "UPDATE principal SET state = 'suspended' WHERE name = 'alice'");
	assert_int_equal(rcpt_to("<x@example.org>"), VERDICT_REJECT);
	assert_int_equal(verdict.reason, REASON_LOGIN_SUSPENDED);
	assert_int_equal(end_of_message("<alice@example.com>"), VERDICT_REJECT);
	assert_int_equal(verdict.reason, REASON_LOGIN_SUSPENDED);
}

static void
a_recipient_that_is_not_ours_any_more_is_refused(void **state)
{
	(void)state;
	assert_int_equal(mail_from(NULL, "<x@b.example>"), VERDICT_ACCEPT);
	assert_int_equal(rcpt_to("<y@example.com>"), VERDICT_ACCEPT);
	under("UPDATE setting SET value = 'enforce' WHERE name = 'mode'");
	assert_int_equal(end_of_message("<alice@example.com>"), VERDICT_REJECT);
	assert_int_equal(verdict.reason, REASON_RELAY_DENIED);
}

static void
a_policy_that_went_away_is_told(void **state)
{
	(void)state;
	assert_int_equal(
	    mail_from("alice", "<alice@example.com>"), VERDICT_ACCEPT);
	stand_in_policy(NULL);
	assert_int_equal(rcpt_to("<x@example.org>"), VERDICT_TEMPFAIL);
	assert_int_equal(verdict.reason, REASON_POLICY_UNAVAILABLE);
	assert_int_equal(
	    mail_from("alice", "<alice@example.com>"), VERDICT_TEMPFAIL);
	assert_int_equal(verdict.reason, REASON_POLICY_UNAVAILABLE);
}

/* --- modes and faults ---------------------------------------------------- */

static void
monitor_records_what_it_passes_over(void **state)
{
	(void)state;
	under(FIRM "UPDATE setting SET value = 'monitor' WHERE name = 'mode'");
	assert_int_equal(
	    mail_from("alice", "<bob@example.com>"), VERDICT_ACCEPT);
	assert_int_equal(rcpt_to("<a%b@example.org>"), VERDICT_ACCEPT);
	assert_int_equal(record_count, 0);
	session_end(session, "Q1", &verdict);
	session_forget(session);
	assert_int_equal(verdict.kind, VERDICT_ACCEPT);
	assert_int_equal(record_count, 1);
	assert_value(0, "$.would", "sender-not-granted");
	assert_value(0, "$.mode", "monitor");
	assert_value(0, "$.findings[0].reason", "sender-not-granted");
	assert_value(0, "$.findings[1].reason", "recipient-malformed");
	assert_value(0, "$.findings[1].stage", "rcpt");
}

static void
what_cant_be_recorded_is_not_spoken(void **state)
{
	(void)state;
	audit_is_full = true;
	assert_int_equal(
	    mail_from("alice", "<bob@example.com>"), VERDICT_TEMPFAIL);
	assert_int_equal(verdict.reason, REASON_INTERNAL);
	assert_int_equal(
	    mail_from("alice", "<alice@example.com>"), VERDICT_ACCEPT);
	assert_int_equal(
	    end_of_message("<alice@example.com>"), VERDICT_TEMPFAIL);
	assert_int_equal(verdict.reason, REASON_INTERNAL);

	config.audit_continue = true;
	renew();
	audit_is_full = true;
	assert_int_equal(
	    mail_from("alice", "<bob@example.com>"), VERDICT_REJECT);
	assert_int_equal(
	    mail_from("alice", "<alice@example.com>"), VERDICT_ACCEPT);
	assert_int_equal(end_of_message("<alice@example.com>"), VERDICT_ACCEPT);

	config.audit_continue = false;
	under(FIRM "UPDATE setting SET value = 'monitor' WHERE name = 'mode'");
	renew();
	audit_is_full = true;
	assert_int_equal(
	    mail_from("alice", "<alice@example.com>"), VERDICT_ACCEPT);
	assert_int_equal(end_of_message("<alice@example.com>"), VERDICT_ACCEPT);
}

static void
commands_out_of_order_are_put_off(void **state)
{
	(void)state;
	assert_int_equal(rcpt_to("<x@example.org>"), VERDICT_TEMPFAIL);
	assert_int_equal(verdict.reason, REASON_INTERNAL);
	assert_int_equal(
	    end_of_message("<alice@example.com>"), VERDICT_TEMPFAIL);
	assert_int_equal(
	    mail_from("alice", "<bob@example.com>"), VERDICT_REJECT);
	assert_int_equal(rcpt_to("<x@example.org>"), VERDICT_TEMPFAIL);
	assert_int_equal(
	    mail_from("alice", "<alice@example.com>"), VERDICT_ACCEPT);
	assert_int_equal(end_of_message("<alice@example.com>"), VERDICT_ACCEPT);
	assert_int_equal(
	    end_of_message("<alice@example.com>"), VERDICT_TEMPFAIL);
}

static void
too_much_at_once_is_put_off(void **state)
{
	(void)state;
	session_overloaded(session, STAGE_MAIL, &verdict);
	assert_int_equal(verdict.kind, VERDICT_TEMPFAIL);
	assert_memory_equal(verdict.reply, "451 4.3.2 ", 10);
	assert_int_equal(record_count, 1);
	assert_value(0, "$.reason", "overloaded");
	assert_int_equal(
	    mail_from("alice", "<alice@example.com>"), VERDICT_ACCEPT);
	session_overloaded(session, STAGE_RCPT, &verdict);
	assert_int_equal(rcpt_to("<x@example.org>"), VERDICT_ACCEPT);
	session_overloaded(session, STAGE_EOM, &verdict);
	session_forget(session);
	assert_int_equal(
	    end_of_message("<alice@example.com>"), VERDICT_TEMPFAIL);
}

/* --- what is counted ----------------------------------------------------- */

static void
what_is_spoken_is_counted(void **state)
{
	uint64_t accepted =
	    tally_verdicts(STAGE_EOM, VERDICT_ACCEPT, REASON_NONE);
	uint64_t denied = tally_verdicts(
	    STAGE_MAIL, VERDICT_REJECT, REASON_SENDER_NOT_GRANTED);
	uint64_t failed =
	    tally_verdicts(STAGE_MAIL, VERDICT_TEMPFAIL, REASON_INTERNAL);

	(void)state;
	mail_from("alice", "<alice@example.com>");
	assert_int_equal(end_of_message("<alice@example.com>"), VERDICT_ACCEPT);
	assert_int_equal(mail_from("alice", "<b@example.com>"), VERDICT_REJECT);
	audit_is_full = true;
	assert_int_equal(
	    mail_from("alice", "<b@example.com>"), VERDICT_TEMPFAIL);
	assert_int_equal(tally_verdicts(STAGE_EOM, VERDICT_ACCEPT, REASON_NONE),
	    accepted + 1);
	assert_int_equal(tally_verdicts(STAGE_MAIL, VERDICT_REJECT,
			     REASON_SENDER_NOT_GRANTED),
	    denied + 1);
	assert_int_equal(
	    tally_verdicts(STAGE_MAIL, VERDICT_TEMPFAIL, REASON_INTERNAL),
	    failed + 1);
}

static void
what_monitor_passes_over_is_counted_apart(void **state)
{
	uint64_t passed = tally_passed(STAGE_MAIL, REASON_SENDER_NOT_GRANTED);
	uint64_t accepted =
	    tally_verdicts(STAGE_MAIL, VERDICT_ACCEPT, REASON_NONE);

	(void)state;
	under(FIRM "UPDATE setting SET value = 'monitor' WHERE name = 'mode'");
	assert_int_equal(mail_from("alice", "<b@example.com>"), VERDICT_ACCEPT);
	assert_int_equal(
	    tally_passed(STAGE_MAIL, REASON_SENDER_NOT_GRANTED), passed + 1);
	assert_int_equal(
	    tally_verdicts(STAGE_MAIL, VERDICT_ACCEPT, REASON_NONE),
	    accepted + 1);
}

static void
every_answer_is_timed_once(void **state)
{
	struct tally_durations t;
	uint64_t answers[2] = {0};

	(void)state;
	for (int i = 0; i < 2; i++) {
		tally_durations(&t);
		for (size_t b = 0; b <= TALLY_BUCKETS; b++)
			answers[i] += t.in[b];
		if (i == 0) {
			mail_from("alice", "<alice@example.com>");
			rcpt_to("<x@example.org>");
			end_of_message("<alice@example.com>");
			session_overloaded(
			    session, STAGE_MAIL, &verdict); /* no answer */
		}
	}
	assert_int_equal(answers[1] - answers[0], 3);
}

/* --- what the MTA tells -------------------------------------------------- */

static void
a_mapped_address_is_shown_as_ipv4(void **state)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	const struct sockaddr other = {.sa_family = AF_UNIX};
	struct session_origin origin = {
	    .address = (const struct sockaddr *)&six};

	(void)state;
	inet_pton(AF_INET6, "::ffff:192.0.2.9", &six.sin6_addr);
	session_connect(session, &origin);
	assert_string_equal(session->facts.client, "192.0.2.9");
	renew();
	inet_pton(AF_INET6, "2001:db8::9", &six.sin6_addr);
	session_connect(session, &origin);
	assert_string_equal(session->facts.client, "2001:db8::9");
	renew();
	origin.address = &other;
	session_connect(session, &origin);
	assert_null(session->facts.client);
	renew();
	origin.address = NULL;
	session_connect(session, &origin);
	assert_null(session->facts.client);
}

static const struct login_of {
	const char *name;
	enum mta mta;
	const char *authen, *login; /* NULL: there is none */
	bool malformed, ambiguous;
} logins[] = {
    {"Postfix sends a login as it is", MTA_POSTFIX, "a+2Bb", "a+2Bb"},
    {"Sendmail sends a login as xtext", MTA_SENDMAIL, "a+2Bb", "a+b"},
    {"Sendmail sends no blank", MTA_SENDMAIL, "a b", "a b", true},
    {"of an unknown MTA xtext is ambiguous", MTA_UNKNOWN, "a+2Bb", "a+2bb",
	false, true},
    {"of an unknown MTA a plain name is a name", MTA_UNKNOWN, "alice", "alice"},
    {"an empty login is none", MTA_SENDMAIL, "", NULL},
};

static void
login_is_taken(void **state)
{
	const struct login_of *row = *state;

	dialogue_config();
	config.mta = row->mta;
	dialogue_begin();
	under(FIRM
	    "UPDATE setting SET value = 'reject' WHERE name = 'unknown_login';"
	    "INSERT INTO principal (name, kind) VALUES ('a+b', 'login'),"
	    " ('a+2Bb', 'login'), ('a b', 'login');"
	    "INSERT INTO send_as (principal, address) VALUES"
	    " ('everyone', '*');");
	mail_from(row->authen, "<a@example.com>");
	if (row->malformed)
		assert_int_equal(verdict.reason, REASON_LOGIN_UNKNOWN);
	else if (row->ambiguous)
		assert_int_equal(verdict.reason, REASON_INTERNAL);
	else
		assert_int_equal(verdict.reason, REASON_NONE);
	if (row->login != NULL && record_count > 0)
		assert_value(0, "$.login", row->login);
	else if (row->login != NULL)
		assert_string_equal(session->facts.login, row->login);
	else
		assert_null(session->facts.login);
	end(state);
}

int
main(void)
{
	static struct suite suite;
	static const struct named_test tests[] = {
	    {"a refusal tells every fact", a_refusal_tells_every_fact},
	    {"the reply ends in the reference of its record",
		the_reply_ends_in_the_reference_of_its_record},
	    {"nothing from outside is raw in record, line or reply",
		nothing_from_outside_is_raw},
	    {"a message is recorded at its end",
		a_message_is_recorded_at_its_end},
	    {"the next message begins from nothing",
		the_next_message_begins_from_nothing},
	    {"a message without end is recorded as abort, once",
		a_message_without_end_is_recorded_as_abort},
	    {"an abort whose recipients were all refused says so",
		an_abort_whose_recipients_were_all_refused_says_so},
	    {"after twenty refusals they are told together",
		after_twenty_refusals_they_are_told_together},
	    {"a thousand refusals are told at once",
		a_thousand_refusals_are_told_at_once},
	    {"refusals that could not be told are told later",
		refusals_that_could_not_be_told_are_told_later},
	    {"a hundred recipients are named, the rest counted",
		a_hundred_recipients_are_named},
	    {"ten thousand recipients are enough",
		ten_thousand_recipients_are_enough},
	    {"a sender that was suspended since MAIL is refused",
		a_sender_that_was_suspended_since_is_refused},
	    {"a recipient that is not ours any more is refused at the end",
		a_recipient_that_is_not_ours_any_more_is_refused},
	    {"a policy that went away is told",
		a_policy_that_went_away_is_told},
	    {"monitor records what it passes over",
		monitor_records_what_it_passes_over},
	    {"what can't be recorded is not spoken",
		what_cant_be_recorded_is_not_spoken},
	    {"commands out of order are put off",
		commands_out_of_order_are_put_off},
	    {"too much at once is put off", too_much_at_once_is_put_off},
	    {"what is spoken is counted", what_is_spoken_is_counted},
	    {"what monitor passes over is counted apart",
		what_monitor_passes_over_is_counted_apart},
	    {"a record has all that was decided by",
		a_record_has_all_that_was_decided_by},
	    {"originators that do not fit are told to be missing",
		originators_that_do_not_fit_are_told_to_be_missing},
	    {"every answer is timed once", every_answer_is_timed_once},
	    {"a mapped address is shown as IPv4",
		a_mapped_address_is_shown_as_ipv4},
	};

	SUITE_TESTS(&suite, tests);
	for (size_t i = 0; i < suite.count; i++) {
		suite.tests[i].setup_func = begin;
		suite.tests[i].teardown_func = end;
	}
	SUITE_ROWS(&suite, logins, login_is_taken);
	return suite_run(&suite, "session");
}
