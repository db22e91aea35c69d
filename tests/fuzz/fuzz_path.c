/* The sender path: what is an address has one canonical form. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void
check(const struct address *a)
{
	struct address again, base;
	const char *at = a->text + a->local_len;

	REQUIRE(a->kind == ADDRESS_MAILBOX || a->kind == ADDRESS_LITERAL);
	REQUIRE(a->len <= ADDRESS_MAX && a->len == strlen(a->text));
	REQUIRE(a->local_len > 0 && a->local_len < a->len && *at == '@');
	REQUIRE(strrchr(a->text, '@') == at && strchr(a->text, '@') == at);
	for (const char *c = a->text; *c != '\0'; c++) {
		REQUIRE((unsigned char)*c >= ' ' && *c != 0x7f);
		REQUIRE(*c < 'A' || *c > 'Z');
		REQUIRE(*c != '%' && *c != '!');
		REQUIRE(c <= at || (unsigned char)*c < 0x80);
	}
	REQUIRE(address_parse(a->text, a->len, &again) == ADDRESS_OK);
	REQUIRE(address_equal(a, &again) && again.local_len == a->local_len);
	REQUIRE(address_equal_folded(a, &again) == 1);
	if (!address_base(a, "+-", &base))
		return;
	REQUIRE(
	    base.len < a->len && strcmp(address_domain(&base), at + 1) == 0);
	REQUIRE(address_parse(base.text, base.len, &again) == ADDRESS_OK);
	REQUIRE(address_equal(&base, &again));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *typed = fuzz_text(data, size);
	char domain[ADDRESS_DOMAIN_MAX + 1], again[ADDRESS_DOMAIN_MAX + 1];
	struct address a;

	if (address_parse_path(typed, &a) != ADDRESS_OK)
		REQUIRE(a.kind == ADDRESS_NOBODY && a.len == 0);
	else if (a.kind != ADDRESS_NULL)
		check(&a);
	if (address_parse((const char *)data, size, &a) == ADDRESS_OK)
		check(&a);
	if (address_parse_domain((const char *)data, size, domain) ==
	    ADDRESS_OK) {
		REQUIRE(address_parse_domain(domain, strlen(domain), again) ==
			ADDRESS_OK);
		REQUIRE(strcmp(domain, again) == 0);
	}
	free(typed);
	return 0;
}
