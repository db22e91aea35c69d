/*
 * A whole session behind libmilter's interface: replies, records and syslog
 * lines are safe whatever the client types.  Lines: login, HELO, sender,
 * recipient, header field, value.
 */
#include <stdbool.h> /* before mfapi.h, which defines bool otherwise */

#include "milter/audit.h"
#include "milter/callbacks.h"
#include "milter/copies.h"
#include "milter/log.h"
#include "milter/notice.h"
#include "milter/state.h"
#include "tests/fuzz/fuzz.h"

#include <libmilter/mfapi.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct smfi_str {
	void *priv;
	const char *login;
	unsigned replies;
	char class;
};

static struct smfiDesc milter;

int
smfi_register(struct smfiDesc d)
{
	milter = d;
	return MI_SUCCESS;
}

int
smfi_setconn(char *name)
{
	(void)name;
	return MI_SUCCESS;
}

int
smfi_opensocket(bool remove)
{
	(void)remove;
	return MI_FAILURE;
}

int
smfi_main(void)
{
	return MI_FAILURE;
}

int
smfi_setpriv(SMFICTX *ctx, void *priv)
{
	ctx->priv = priv;
	return MI_SUCCESS;
}

void *
smfi_getpriv(SMFICTX *ctx)
{
	return ctx->priv;
}

char *
smfi_getsymval(SMFICTX *ctx, char *name)
{
	const char *value = strcmp(name, "{auth_authen}") == 0	 ? ctx->login
			    : strcmp(name, "{mail_mailer}") == 0 ? "smtp"
								 : NULL;

	return (char *)(uintptr_t)value;
}

int
smfi_setreply(SMFICTX *ctx, char *code, char *enhanced, char *text)
{
	size_t spoken = strlen(code) + 1 + strlen(enhanced) + 1;

	REQUIRE(strlen(code) == 3 && code[0] == enhanced[0]);
	REQUIRE(code[0] == '4' || code[0] == '5');
	REQUIRE(fuzz_is_printable(text) && text[0] != '\0');
	for (const char *c = text; *c != '\0'; c++, spoken++)
		if (*c == '%')
			REQUIRE(*++c == '%');
	REQUIRE(spoken + 2 <= 512);
	REQUIRE(text[strlen(text) - 1] == ']' ||
		strstr(text, "out of step") != NULL);
	ctx->class = code[0];
	ctx->replies++;
	return MI_SUCCESS;
}

int
smfi_setsymlist(SMFICTX *ctx, int stage, char *names)
{
	(void)ctx;
	(void)stage;
	(void)names;
	return MI_SUCCESS;
}

int
smfi_chgheader(SMFICTX *ctx, char *name, int index, char *value)
{
	(void)ctx;
	(void)name;
	REQUIRE(index > 0 && value == NULL);
	return MI_SUCCESS;
}

int
smfi_quarantine(SMFICTX *ctx, char *reason)
{
	(void)ctx;
	REQUIRE(fuzz_is_printable(reason) && reason[0] != '\0');
	return MI_SUCCESS;
}

int
smfi_insheader(SMFICTX *ctx, int index, char *name, char *value)
{
	(void)ctx;
	(void)name;
	REQUIRE(index == 0);
	for (const char *c = value; *c != '\0'; c++)
		REQUIRE(*c == '\n' || (unsigned char)*c >= ' ');
	return MI_SUCCESS;
}

const struct policy *
copies_take(void)
{
	return fuzz_policy();
}

void
copies_give(const struct policy *policy)
{
	(void)policy;
}

bool
audit_has_room(void)
{
	return true;
}

bool
audit_write(const char *record, size_t len)
{
	REQUIRE(strlen(record) == len && record[len - 1] == '\n');
	for (size_t i = 0; i + 1 < len; i++)
		REQUIRE(record[i] >= ' ' && record[i] <= '~');
	REQUIRE(record[0] == '{' && record[len - 2] == '}');
	return true;
}

bool
audit_write_soon(const char *record, size_t len)
{
	return audit_write(record, len);
}

void
state_suspend(const struct suspension *s)
{
	(void)s;
}

void
notice_send(const struct notice *n)
{
	(void)n;
}

void
log_line(int priority, const char *fmt, ...)
{
	char line[4096];
	va_list ap;

	(void)priority;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	REQUIRE(fuzz_is_printable(line));
}

static void
check(struct smfi_str *ctx, sfsistat status, unsigned *replies)
{
	REQUIRE(status == SMFIS_CONTINUE || status == SMFIS_REJECT ||
		status == SMFIS_TEMPFAIL);
	REQUIRE(ctx->replies - *replies == (status != SMFIS_CONTINUE));
	if (status != SMFIS_CONTINUE)
		REQUIRE(ctx->class == (status == SMFIS_REJECT ? '5' : '4'));
	*replies = ctx->replies;
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
	struct diag d = {0};
	char *text = fuzz_text(data, size), *rest = text;
	char *argv[2] = {NULL, NULL};
	struct smfi_str ctx = {.login = fuzz_line(&rest)};
	unsigned long taken, agreed, unused2, unused3;
	unsigned replies = 0;
	char empty[] = "", *name;

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
	free(text);
	return 0;
}
