/*
 * Address forms: each has one canonical text, and what it covers finds it by
 * one of its own keys.  Two lines: a form, an address.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static bool
has_key(const struct address *a, const struct form *f)
{
	struct form_key keys[FORM_KEYS_MAX];
	size_t n = form_keys(a, true, keys);

	REQUIRE(n > 0 && n <= FORM_KEYS_MAX);
	for (size_t i = 0; i < n; i++) {
		size_t head = strlen(keys[i].head);

		if (keys[i].kind == f->kind &&
		    strncmp(f->key, keys[i].head, head) == 0 &&
		    strcmp(f->key + head, keys[i].tail) == 0)
			return true;
	}
	return false;
}

/* Does the form cover the address?  Told the slow way. */
static bool
covers(const struct form *f, const struct address *a)
{
	const char *domain = address_domain(a);
	size_t len = strlen(domain), tail = strlen(f->text + 1);

	switch (f->kind) {
	case FORM_ADDRESS:
		return a->kind != ADDRESS_NULL && strcmp(f->text, a->text) == 0;
	case FORM_NULL:
		return a->kind == ADDRESS_NULL;
	case FORM_ANY:
		return a->kind != ADDRESS_NULL;
	case FORM_DOMAIN:
		return a->kind == ADDRESS_MAILBOX &&
		       strcmp(f->text + 1, domain) == 0;
	case FORM_SUBDOMAINS: /* its text goes on with a dot */
		return a->kind == ADDRESS_MAILBOX && len > tail &&
		       strcmp(domain + len - tail, f->text + 1) == 0;
	case FORM_PATTERN:
		return a->kind == ADDRESS_MAILBOX &&
		       strcmp(strrchr(f->text, '@') + 1, domain) == 0;
	case FORM_NONE:
	case FORM_LOGIN:
	case FORM_USER:
	case FORM_LOGIN_DOMAIN:
		return false;
	}
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *rest = text;
	char *first = fuzz_line(&rest), *second = fuzz_line(&rest);
	struct form f, again;
	struct address a;

	if (form_parse(first, true, &f) != ADDRESS_OK) {
		REQUIRE(f.kind == FORM_NONE && f.text[0] == '\0');
		free(text);
		return 0;
	}
	REQUIRE(form_parse(f.text, true, &again) == ADDRESS_OK);
	REQUIRE(again.kind == f.kind && strcmp(again.text, f.text) == 0 &&
		strcmp(again.key, f.key) == 0);
	if (f.kind == FORM_ADDRESS) {
		REQUIRE(
		    address_parse(f.text, strlen(f.text), &a) == ADDRESS_OK);
		REQUIRE(has_key(&a, &f));
	}
	if (second != NULL && address_parse_path(second, &a) == ADDRESS_OK) {
		if (covers(&f, &a))
			REQUIRE(has_key(&a, &f));
		else if (f.kind <= FORM_ANY)
			REQUIRE(!has_key(&a, &f));
		if (f.kind == FORM_PATTERN && a.kind == ADDRESS_MAILBOX)
			(void)form_pattern_covers(f.text, &a);
	}
	free(text);
	return 0;
}
