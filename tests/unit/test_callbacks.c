/*
 * milter/callbacks, with a stand-in for libmilter: what each callback answers
 * for what was negotiated, and what reply it sets.
 */
#include "milter/callbacks.h"

#include "tests/unit/dialogue.h"
#include "tests/unit/libmilter.h"
#include "tests/unit/unit.h"

#include <string.h>

/* --- one session --------------------------------------------------------- */

#define EVERY_STEP                                                          \
	(SMFIP_NOCONNECT | SMFIP_NOHELO | SMFIP_NOMAIL | SMFIP_NORCPT |     \
	    SMFIP_NOBODY | SMFIP_NOHDRS | SMFIP_NOEOH | SMFIP_NR_HDR |      \
	    SMFIP_NOUNKNOWN | SMFIP_NODATA | SMFIP_SKIP | SMFIP_RCPT_REJ |  \
	    SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL | SMFIP_NR_RCPT | \
	    SMFIP_NR_DATA | SMFIP_NR_UNKN | SMFIP_NR_EOH | SMFIP_NR_BODY |  \
	    SMFIP_HDR_LEADSPC)

static int
begin(void **state)
{
	struct diag d = {0};

	(void)state;
	dialogue_config();
	under(FIRM);
	stand_in_reset();
	return !callbacks_register(&config, &d);
}

static int
end(void **state)
{
	(void)state;
	assert_int_equal(callbacks_running(), 0);
	assert_int_equal(callbacks_sessions(), 0);
	assert_int_equal(policies_held, 0);
	stand_in_policy(NULL);
	stand_in_reset();
	return 0;
}

static sfsistat
negotiate(SMFICTX *ctx, unsigned long actions, unsigned long steps,
    unsigned long *agreed)
{
	unsigned long taken_actions = 0, unused2 = 1, unused3 = 1;
	sfsistat status = milter.xxfi_negotiate(ctx, actions, steps, 0, 0,
	    &taken_actions, agreed, &unused2, &unused3);

	if (status == SMFIS_CONTINUE) {
		assert_int_equal(taken_actions & ~actions, 0);
		assert_int_equal(*agreed & ~steps, 0);
		assert_int_equal(unused2, 0);
		assert_int_equal(unused3, 0);
	}
	return status;
}

/* A session with everything the MTA can offer. */
static void
open_session(SMFICTX *ctx)
{
	unsigned long agreed = 0;

	memset(ctx, 0, sizeof(*ctx));
	ctx->mailer = "smtp";
	assert_int_equal(
	    negotiate(ctx, ~0ul, EVERY_STEP, &agreed), SMFIS_CONTINUE);
}

static sfsistat
say_mail(SMFICTX *ctx, const char *path)
{
	char *argv[] = {(char *)(uintptr_t)path, NULL};

	return milter.xxfi_envfrom(ctx, argv);
}

static sfsistat
say_rcpt(SMFICTX *ctx, const char *path)
{
	char *argv[] = {(char *)(uintptr_t)path, NULL};

	return milter.xxfi_envrcpt(ctx, argv);
}

static sfsistat
say_header(SMFICTX *ctx, const char *name, const char *value)
{
	return milter.xxfi_header(
	    ctx, (char *)(uintptr_t)name, (char *)(uintptr_t)value);
}

static sfsistat
hang_up(SMFICTX *ctx)
{
	return milter.xxfi_close(ctx);
}

/* --- what is negotiated -------------------------------------------------- */

static const struct steps {
	const char *name;
	unsigned long offered;
	sfsistat connect, helo, header;
} offers[] = {
    {"an MTA that offers nothing gets an answer to everything", 0,
	SMFIS_CONTINUE, SMFIS_CONTINUE, SMFIS_CONTINUE},
    {"an MTA that offers all gets no answer it needs not", EVERY_STEP,
	SMFIS_NOREPLY, SMFIS_NOREPLY, SMFIS_NOREPLY},
    {"connect alone may go without answer", SMFIP_NR_CONN, SMFIS_NOREPLY,
	SMFIS_CONTINUE, SMFIS_CONTINUE},
    {"helo alone may go without answer", SMFIP_NR_HELO, SMFIS_CONTINUE,
	SMFIS_NOREPLY, SMFIS_CONTINUE},
    {"headers alone may go without answer", SMFIP_NR_HDR, SMFIS_CONTINUE,
	SMFIS_CONTINUE, SMFIS_NOREPLY},
};

static void
steps_are_answered(void **state)
{
	const struct steps *row = *state;
	unsigned long agreed = ~0ul;
	struct smfi_str ctx = {.login = "alice", .mailer = "smtp"};

	begin(state);
	assert_int_equal(
	    negotiate(&ctx, 0, row->offered, &agreed), SMFIS_CONTINUE);
	assert_int_equal(ctx.symlists, 0);
	/* what decides is never left out, and never without an answer */
	assert_int_equal(agreed & (SMFIP_NOMAIL | SMFIP_NORCPT | SMFIP_NOHDRS |
				      SMFIP_NR_MAIL | SMFIP_NR_RCPT |
				      SMFIP_NOCONNECT | SMFIP_NOHELO),
	    0);
	assert_int_equal(
	    milter.xxfi_connect(&ctx, (char[]){"host"}, NULL), row->connect);
	assert_int_equal(milter.xxfi_helo(&ctx, (char[]){"helo"}), row->helo);
	assert_int_equal(say_mail(&ctx, "<alice@example.com>"), SMFIS_CONTINUE);
	assert_int_equal(say_rcpt(&ctx, "<x@example.org>"), SMFIS_CONTINUE);
	assert_int_equal(
	    say_header(&ctx, "From", "<alice@example.com>"), row->header);
	assert_int_equal(milter.xxfi_eom(&ctx), SMFIS_CONTINUE);
	assert_int_equal(ctx.replies, 0);
	assert_int_equal(hang_up(&ctx), SMFIS_CONTINUE);
	end(state);
}

static void
macros_are_asked_for_where_that_is_offered(void **state)
{
	unsigned long agreed;
	struct smfi_str ctx = {0};

	(void)state;
	assert_int_equal(
	    negotiate(&ctx, SMFIF_SETSYMLIST, 0, &agreed), SMFIS_CONTINUE);
	assert_int_equal(ctx.symlists, 5);
	hang_up(&ctx);
}

static void
no_callback_is_there_that_we_do_not_need(void **state)
{
	(void)state;
	assert_null(milter.xxfi_body);
	assert_null(milter.xxfi_data);
	assert_null(milter.xxfi_unknown);
	assert_null(milter.xxfi_eoh);
}

/* --- replies ------------------------------------------------------------- */

static void
a_refusal_has_reply_and_status_of_one_class(void **state)
{
	struct smfi_str ctx;

	(void)state;
	open_session(&ctx);
	ctx.login = "alice";
	assert_int_equal(say_mail(&ctx, "<bob@example.com>"), SMFIS_REJECT);
	assert_string_equal(ctx.code, "550");
	assert_string_equal(ctx.enhanced, "5.7.1");
	assert_non_null(strstr(ctx.text, "bob@example.com may not be used"));
	assert_non_null(strstr(ctx.text, record_value(record_at(0), "$.ref")));

	stand_in_policy(NULL);
	assert_int_equal(say_mail(&ctx, "<alice@example.com>"), SMFIS_TEMPFAIL);
	assert_string_equal(ctx.code, "451");
	assert_string_equal(ctx.enhanced, "4.3.0");
	hang_up(&ctx);
}

static void
a_percent_sign_is_doubled(void **state)
{
	static char many[400] = "<";
	struct smfi_str ctx;

	(void)state;
	open_session(&ctx);
	ctx.login = "alice";
	assert_int_equal(say_mail(&ctx, "<%s%n%%@example.com>"), SMFIS_REJECT);
	assert_non_null(strstr(ctx.text, "<%%s%%n%%%%@example.com>"));
	memset(many + 1, '%', sizeof(many) - 2);
	assert_int_equal(say_mail(&ctx, many), SMFIS_REJECT);
	assert_int_equal(ctx.replies, 2);
	hang_up(&ctx);
}

static void
a_long_reply_is_cut_with_its_reference_whole(void **state)
{
	static char path[600] = "<";
	struct smfi_str ctx;

	(void)state;
	open_session(&ctx);
	ctx.login = "alice";
	memset(path + 1, 'x', sizeof(path) - 2);
	assert_int_equal(say_mail(&ctx, path), SMFIS_REJECT);
	assert_in_range(strlen(ctx.text), 50, 500);
	assert_string_equal(ctx.text + strlen(ctx.text) - 1, "]");
	assert_non_null(strstr(ctx.text, record_value(record_at(0), "$.ref")));
	hang_up(&ctx);
}

/* --- sessions ------------------------------------------------------------ */

static void
close_may_come_twice_or_alone(void **state)
{
	struct smfi_str ctx = {0};

	(void)state;
	assert_int_equal(hang_up(&ctx), SMFIS_CONTINUE);
	open_session(&ctx);
	assert_int_equal(callbacks_sessions(), 1);
	assert_int_equal(hang_up(&ctx), SMFIS_CONTINUE);
	assert_int_equal(hang_up(&ctx), SMFIS_CONTINUE);
	assert_int_equal(callbacks_sessions(), 0);
}

static void
without_session_nothing_is_accepted(void **state)
{
	struct smfi_str ctx = {.login = "alice"};

	(void)state;
	assert_int_equal(
	    milter.xxfi_connect(&ctx, (char[]){"host"}, NULL), SMFIS_CONTINUE);
	assert_int_equal(milter.xxfi_helo(&ctx, (char[]){"x"}), SMFIS_CONTINUE);
	assert_int_equal(say_mail(&ctx, "<alice@example.com>"), SMFIS_TEMPFAIL);
	assert_int_equal(say_rcpt(&ctx, "<x@example.org>"), SMFIS_TEMPFAIL);
	assert_int_equal(say_header(&ctx, "From", "x"), SMFIS_CONTINUE);
	assert_int_equal(milter.xxfi_eom(&ctx), SMFIS_TEMPFAIL);
	assert_int_equal(milter.xxfi_abort(&ctx), SMFIS_CONTINUE);
}

static void
more_sessions_than_allowed_are_refused(void **state)
{
	struct smfi_str ctx[4] = {{0}};
	unsigned long agreed;

	(void)state;
	config.max_sessions = 2;
	open_session(&ctx[0]);
	open_session(&ctx[1]);
	assert_int_equal(
	    negotiate(&ctx[2], ~0ul, EVERY_STEP, &agreed), SMFIS_REJECT);
	assert_null(ctx[2].priv);
	assert_int_equal(hang_up(&ctx[2]), SMFIS_CONTINUE);
	assert_int_equal(callbacks_sessions(), 2);
	hang_up(&ctx[0]);
	open_session(&ctx[3]);
	hang_up(&ctx[1]);
	hang_up(&ctx[3]);
}

static void
more_callbacks_than_allowed_are_put_off(void **state)
{
	struct smfi_str ctx;

	(void)state;
	open_session(&ctx);
	ctx.login = "alice";
	config.max_callbacks = 0;
	assert_int_equal(say_mail(&ctx, "<alice@example.com>"), SMFIS_TEMPFAIL);
	assert_string_equal(ctx.code, "451");
	assert_string_equal(ctx.enhanced, "4.3.2");
	config.max_callbacks = 1;
	assert_int_equal(say_mail(&ctx, "<alice@example.com>"), SMFIS_CONTINUE);
	config.max_callbacks = 0;
	assert_int_equal(say_rcpt(&ctx, "<x@example.org>"), SMFIS_TEMPFAIL);
	assert_int_equal(milter.xxfi_eom(&ctx), SMFIS_TEMPFAIL);
	assert_string_equal(ctx.enhanced, "4.3.2");
	hang_up(&ctx);
}

static void
a_command_without_argument_is_no_crash(void **state)
{
	struct smfi_str ctx;
	char *none[] = {NULL};

	(void)state;
	open_session(&ctx);
	ctx.login = "alice";
	(void)milter.xxfi_envfrom(&ctx, none);
	assert_int_equal(say_mail(&ctx, "<alice@example.com>"), SMFIS_CONTINUE);
	assert_int_equal(milter.xxfi_envrcpt(&ctx, none), SMFIS_REJECT);
	assert_int_equal(milter.xxfi_abort(&ctx), SMFIS_CONTINUE);
	hang_up(&ctx);
}

static void
an_edit_that_is_refused_puts_off(void **state)
{
	struct smfi_str ctx;

	(void)state;
	config.authserv_id = "mx.example.com";
	open_session(&ctx);
	ctx.login = "alice";
	ctx.edits_refused = true;
	assert_int_equal(say_mail(&ctx, "<alice@example.com>"), SMFIS_CONTINUE);
	say_header(&ctx, "From", "<alice@example.com>");
	assert_int_equal(milter.xxfi_eom(&ctx), SMFIS_TEMPFAIL);
	assert_int_equal(ctx.edits, 1);
	hang_up(&ctx);
}

/* Any order of callbacks; the answers are only those that are meant. */
static void
no_order_of_callbacks_ends_filtering(void **state)
{
	static const char *const paths[] = {"<alice@example.com>",
	    "<bob@example.com>", "<>", "<a%b@example.com>", "",
	    "<x@y.example>"};
	struct smfi_str ctx;
	unsigned x = 1;

	(void)state;
	open_session(&ctx);
	for (int i = 0; i < 1500; i++) {
		const char *path;
		sfsistat status = SMFIS_CONTINUE;
		unsigned replies = ctx.replies;
		bool decides = false;

		x = x * 1103515245 + 12345;
		path = paths[(x >> 24) % COUNT(paths)];
		ctx.login = (x >> 22 & 1) != 0 ? "alice" : NULL;
		switch ((x >> 16) % 8) {
		case 0:
			status = milter.xxfi_connect(&ctx, (char[]){"h"}, NULL);
			break;
		case 1:
			status = milter.xxfi_helo(&ctx, (char[]){"h"});
			break;
		case 2:
		case 3:
			status = say_mail(&ctx, path);
			decides = true;
			break;
		case 4:
			status = say_rcpt(&ctx, path);
			decides = true;
			break;
		case 5:
			status = say_header(&ctx, "From", path);
			break;
		case 6:
			status = milter.xxfi_eom(&ctx);
			decides = true;
			break;
		default:
			status = milter.xxfi_abort(&ctx);
			if (i % 50 == 0) {
				hang_up(&ctx);
				open_session(&ctx);
				replies = 0;
			}
			break;
		}
		assert_int_not_equal(status, SMFIS_ACCEPT);
		assert_int_not_equal(status, SMFIS_DISCARD);
		if (!decides) {
			assert_true(status == SMFIS_CONTINUE ||
				    status == SMFIS_NOREPLY);
			continue;
		}
		assert_true(status == SMFIS_CONTINUE ||
			    status == SMFIS_REJECT || status == SMFIS_TEMPFAIL);
		assert_int_equal(
		    ctx.replies - replies, status != SMFIS_CONTINUE);
		if (status != SMFIS_CONTINUE)
			assert_int_equal(
			    ctx.code[0], status == SMFIS_REJECT ? '5' : '4');
	}
	hang_up(&ctx);
}

static void
the_socket_is_handed_on(void **state)
{
	struct diag d = {0};

	(void)state;
	assert_true(callbacks_open(&d));
	assert_int_equal(callbacks_run(), 0);
	assert_true(callbacks_drain(10));
	config.socket = "";
	assert_false(callbacks_register(&config, &d));
	assert_int_equal(d.count, 1);
	diag_clear(&d);
}

int
main(void)
{
	static struct suite suite;
	static const struct named_test tests[] = {
	    {"macros are asked for where that is offered",
		macros_are_asked_for_where_that_is_offered},
	    {"no callback is there that is not needed",
		no_callback_is_there_that_we_do_not_need},
	    {"a refusal has reply and status of one class",
		a_refusal_has_reply_and_status_of_one_class},
	    {"a percent sign is doubled", a_percent_sign_is_doubled},
	    {"a long reply is cut with its reference whole",
		a_long_reply_is_cut_with_its_reference_whole},
	    {"close may come twice, or alone", close_may_come_twice_or_alone},
	    {"without a session nothing is accepted",
		without_session_nothing_is_accepted},
	    {"more sessions than max_sessions are refused",
		more_sessions_than_allowed_are_refused},
	    {"more callbacks than max_callbacks are put off",
		more_callbacks_than_allowed_are_put_off},
	    {"a command without argument is no crash",
		a_command_without_argument_is_no_crash},
	    {"an edit that the MTA refuses puts the message off",
		an_edit_that_is_refused_puts_off},
	    {"no order of callbacks ends filtering",
		no_order_of_callbacks_ends_filtering},
	    /* the last: behind it no callback decides any more */
	    {"the socket is handed on", the_socket_is_handed_on},
	};

	SUITE_ROWS(&suite, offers, steps_are_answered);
	SUITE_TESTS(&suite, tests);
	for (size_t i = COUNT(offers); i < suite.count; i++) {
		suite.tests[i].setup_func = begin;
		suite.tests[i].teardown_func = end;
	}
	return suite_run(&suite, "callbacks");
}
