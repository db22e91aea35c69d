/* What the fuzzers share. */
#include "tests/fuzz/fuzz.h"

#include "policy/build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

char *
fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	REQUIRE(text != NULL);
	for (size_t i = 0; i < size; i++)
		text[i] = data[i] == '\0' ? ' ' : (char)data[i];
	text[size] = '\0';
	return text;
}

char *
fuzz_line(char **rest)
{
	char *line = *rest;

	if (line == NULL)
		return NULL;
	*rest = strchr(line, '\n');
	if (*rest != NULL)
		*(*rest)++ = '\0';
	return line;
}

bool
fuzz_is_printable(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

static void
grant(struct policy *p, const char *login, const char *text)
{
	struct form form;

	REQUIRE(form_parse(text, true, &form) == ADDRESS_OK);
	build_grant(p->t, build_principal(p->t, login, PRINCIPAL_LOGIN), &form,
	    SCOPE_ANY, MANNER_AS, INT64_MIN, WHEN_EVER);
}

static struct policy *
make_policy(void)
{
	struct policy *p = build_new();
	struct form form;

	REQUIRE(p != NULL);
	p->t->settings = (struct settings){
	    .mode = MODE_ENFORCE,
	    .null_sender_reject = true,
	    .originators = ORIGINATORS_STRICT,
	    .realms.text = strdup(""),
	    .login_required.text = strdup("587"),
	    .default_realm = strdup(""),
	    .recipient_delimiter = strdup("+"),
	};
	build_principal(p->t, "everyone", PRINCIPAL_GROUP);
	build_principal(p->t, "anonymous", PRINCIPAL_GROUP);
	build_domain(p->t, "example.com", "");
	build_domain(p->t, "example.org", "");
	grant(p, "alice", "alice@example.com");
	grant(p, "bob", "dev-*@example.com");
	grant(p, "carol", "@example.org");
	REQUIRE(form_parse("ceo@example.com", false, &form) == ADDRESS_OK);
	build_deny(p->t, build_find(p->t, "everyone"), &form);
	REQUIRE(build_finish(p));
	return p;
}

const struct policy *
fuzz_policy(void)
{
	static struct policy *made;

	if (made == NULL)
		made = make_policy();
	return made;
}

bool
fuzz_may_use(const char *login, const struct address *a)
{
	const char *domain = address_domain(a);
	size_t base = strcspn(a->text, "+@");

	if (a->kind != ADDRESS_MAILBOX)
		return false;
	if (strcasecmp(login, "alice") == 0)
		return strcmp(domain, "example.com") == 0 && base == 5 &&
		       memcmp(a->text, "alice", 5) == 0;
	if (strcasecmp(login, "bob") == 0)
		return strcmp(domain, "example.com") == 0 &&
		       strncmp(a->text, "dev-", 4) == 0;
	return strcasecmp(login, "carol") == 0 &&
	       strcmp(domain, "example.org") == 0;
}
