/*
 * The decision: no facts make it accept a sender that is not granted.  Lines:
 * flags, login, sender, {mail_addr}, recipient, {rcpt_addr}, listener.
 */
#include "policy/decide.h"
#include "policy/login.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void
check_reply(const struct verdict *v)
{
	REQUIRE(v->kind == reason_verdict(v->reason));
	REQUIRE(v->reason != REASON_NONE);
	REQUIRE(fuzz_is_printable(v->reply));
	REQUIRE(strlen(v->reply) > 10 && strlen(v->reply) <= REPLY_MAX);
	REQUIRE(strncmp(v->reply, reason_codes(v->reason), 9) == 0);
}

static void
check_mail(const struct facts *f, const struct verdict *v)
{
	struct address a;

	if (f->login == NULL || f->login[0] == '\0')
		return;
	REQUIRE(!f->login_malformed && !f->login_ambiguous);
	REQUIRE(f->sender != NULL);
	REQUIRE(address_parse_path(f->sender, &a) == ADDRESS_OK);
	REQUIRE(fuzz_may_use(f->login, &a));
	REQUIRE(strcmp(a.text, "ceo@example.com") != 0);
	REQUIRE(login_canonical(f->login, "", (char[LOGIN_MAX + 1]){0}));
	REQUIRE(v->row[0] != '\0');
}

static void
check_recipient(const struct facts *f)
{
	const char *domain;
	struct address a;

	REQUIRE(f->recipient != NULL);
	if (address_parse_path(f->recipient, &a) != ADDRESS_OK)
		return; /* postmaster, as the corpus tells */
	REQUIRE(a.kind != ADDRESS_NULL);
	domain = address_domain(&a);
	if (f->login == NULL || f->login[0] == '\0')
		REQUIRE(strcmp(domain, "example.com") == 0 ||
			strcmp(domain, "example.org") == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *rest = text;
	const char *flags = fuzz_line(&rest);
	struct facts f = {.time = 1000000000};
	struct verdict v, again;

	f.mta = (enum mta)(flags[0] & 3);
	f.mta = f.mta > MTA_SENDMAIL ? MTA_UNKNOWN : f.mta;
	f.login_malformed = (flags[0] & 4) != 0;
	f.login_ambiguous = (flags[0] & 8) != 0;
	f.login = fuzz_line(&rest);
	f.sender = fuzz_line(&rest);
	f.mail_addr = fuzz_line(&rest);
	f.recipient = fuzz_line(&rest);
	f.rcpt_addr = fuzz_line(&rest);
	f.listener = fuzz_line(&rest);
	for (enum stage stage = STAGE_MAIL; stage <= STAGE_RCPT; stage++) {
		policy_decide(fuzz_policy(), &f, stage, NULL, &v);
		policy_decide(fuzz_policy(), &f, stage, NULL, &again);
		REQUIRE(
		    memcmp(&v, &again, offsetof(struct verdict, passed)) == 0);
		REQUIRE(v.passed_count == 0);
		if (v.kind != VERDICT_ACCEPT)
			check_reply(&v);
		else if (stage == STAGE_MAIL)
			check_mail(&f, &v);
		else
			check_recipient(&f);
	}
	free(text);
	return 0;
}
