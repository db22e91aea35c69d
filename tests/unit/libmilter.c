/* A stand-in for libmilter. */
#include "tests/unit/libmilter.h"

#include "tests/unit/require.h"

#include <stdint.h>
#include <string.h>

struct smfiDesc milter;

int
smfi_register(struct smfiDesc d)
{
	milter = d;
	return MI_SUCCESS;
}

int
smfi_setconn(char *name)
{
	return name[0] == '\0' ? MI_FAILURE : MI_SUCCESS;
}

int
smfi_opensocket(bool remove)
{
	return remove ? MI_FAILURE : MI_SUCCESS;
}

int
smfi_main(void)
{
	return MI_SUCCESS;
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
	const char *value = strcmp(name, "{auth_authen}") == 0 ? ctx->login
			    : strcmp(name, "{mail_addr}") == 0 ? ctx->mail_addr
			    : strcmp(name, "{mail_mailer}") == 0 ? ctx->mailer
			    : strcmp(name, "i") == 0		 ? ctx->queue_id
								 : NULL;

	return (char *)(uintptr_t)value;
}

/* Codes agree, `%` must be doubled; with what RFC 5321 4.5.3.1.5 leaves of a
 * line. */
int
smfi_setreply(SMFICTX *ctx, char *code, char *enhanced, char *text)
{
	size_t spoken = strlen(code) + 1 + strlen(enhanced) + 1;

	REQUIRE(strlen(code) == 3 && code[0] == enhanced[0]);
	REQUIRE(code[0] == '4' || code[0] == '5');
	REQUIRE(strcmp(code, "421") != 0 && text[0] != '\0');
	for (const char *c = text; *c != '\0'; c++, spoken++) {
		REQUIRE(*c >= ' ' && *c <= '~');
		if (*c == '%')
			REQUIRE(*++c == '%');
	}
	REQUIRE(spoken + 2 <= 512);
	snprintf(ctx->code, sizeof(ctx->code), "%s", code);
	snprintf(ctx->enhanced, sizeof(ctx->enhanced), "%s", enhanced);
	snprintf(ctx->text, sizeof(ctx->text), "%s", text);
	ctx->replies++;
	return MI_SUCCESS;
}

int
smfi_setsymlist(SMFICTX *ctx, int stage, char *names)
{
	REQUIRE(stage >= SMFIM_FIRST && stage <= SMFIM_LAST);
	REQUIRE(names[0] != '\0');
	ctx->symlists++;
	return MI_SUCCESS;
}

static int
edit(SMFICTX *ctx)
{
	ctx->edits++;
	return ctx->edits_refused ? MI_FAILURE : MI_SUCCESS;
}

int
smfi_chgheader(SMFICTX *ctx, char *name, int index, char *value)
{
	REQUIRE(name[0] != '\0' && index > 0 && value == NULL);
	return edit(ctx);
}

int
smfi_insheader(SMFICTX *ctx, int index, char *name, char *value)
{
	REQUIRE(name[0] != '\0' && index == 0);
	for (const char *c = value; *c != '\0'; c++)
		REQUIRE(*c == '\n' || (unsigned char)*c >= ' ');
	return edit(ctx);
}

int
smfi_quarantine(SMFICTX *ctx, char *reason)
{
	REQUIRE(reason[0] != '\0');
	for (const char *c = reason; *c != '\0'; c++)
		REQUIRE(*c >= ' ' && *c <= '~');
	return edit(ctx);
}
