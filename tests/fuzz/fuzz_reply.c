/*
 * A whole session behind libmilter's interface: replies, records and syslog
 * lines are safe whatever the client types.  Lines: login, HELO, sender,
 * recipient, header field, value.
 */
#include "milter/callbacks.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/libmilter.h"
#include "tests/unit/stand_ins.h"

#include <string.h>

static void
check(struct smfi_str *ctx, sfsistat status, unsigned *replies)
{
	REQUIRE(status == SMFIS_CONTINUE || status == SMFIS_REJECT ||
		status == SMFIS_TEMPFAIL);
	REQUIRE(ctx->replies - *replies == (status != SMFIS_CONTINUE));
	*replies = ctx->replies;
	if (status == SMFIS_CONTINUE)
		return;
	REQUIRE(ctx->code[0] == (status == SMFIS_REJECT ? '5' : '4'));
	REQUIRE(ctx->text[strlen(ctx->text) - 1] == ']' ||
		strstr(ctx->text, "out of step") != NULL);
}

static char *
line_or(char **rest, char *other)
{
	char *line = fuzz_line(rest);

	return line == NULL ? other : line;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config config = {
	    .socket = "unix:/nowhere",
	    .max_callbacks = 1,
	    .max_sessions = 1,
	    .authserv_id = "mx.example.com",
	};
	static bool in_force;
	struct diag d = {0};
	char *text = fuzz_text(data, size), *rest = text;
	char *argv[2] = {NULL, NULL};
	struct smfi_str ctx = {.login = fuzz_line(&rest), .mailer = "smtp"};
	unsigned long taken, agreed, unused2, unused3;
	unsigned replies = 0;
	char empty[] = "", *name;

	if (!in_force)
		stand_in_policy((struct policy *)(uintptr_t)fuzz_policy());
	in_force = true;
	config.mta = (enum mta)(size % 3);
	REQUIRE(callbacks_register(&config, &d));
	REQUIRE(milter.xxfi_negotiate(&ctx, ~0ul, 0, 0, 0, &taken, &agreed,
		    &unused2, &unused3) == SMFIS_CONTINUE);
	REQUIRE(
	    milter.xxfi_helo(&ctx, line_or(&rest, empty)) == SMFIS_CONTINUE);
	argv[0] = line_or(&rest, empty);
	check(&ctx, milter.xxfi_envfrom(&ctx, argv), &replies);
	argv[0] = line_or(&rest, empty);
	check(&ctx, milter.xxfi_envrcpt(&ctx, argv), &replies);
	name = line_or(&rest, empty);
	REQUIRE(milter.xxfi_header(&ctx, name, rest == NULL ? empty : rest) ==
		SMFIS_CONTINUE);
	check(&ctx, milter.xxfi_eom(&ctx), &replies);
	REQUIRE(milter.xxfi_close(&ctx) == SMFIS_CONTINUE);
	REQUIRE(callbacks_sessions() == 0 && callbacks_running() == 0);
	stand_in_reset();
	free(text);
	return 0;
}
