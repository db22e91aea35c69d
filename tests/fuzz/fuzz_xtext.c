/* xtext: what is decoded encodes to the same again, in place or not. */
#include "policy/login.h"
#include "policy/xtext.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Encodes as Sendmail does: everything that xtext does not take as it is. */
static void
encode(const char *plain, char *out)
{
	for (; *plain != '\0'; plain++) {
		unsigned char c = (unsigned char)*plain;

		if (c > ' ' && c < 0x7f && c != '+' && c != '=')
			*out++ = *plain;
		else
			out += snprintf(out, 4, "+%02X", c);
	}
	*out = '\0';
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	char *plain = malloc(size + 1), *same = strdup(text);
	char *encoded = malloc(3 * size + 1), *again = malloc(3 * size + 1);
	char login[LOGIN_MAX + 1], folded[LOGIN_MAX + 1];
	bool whole;

	REQUIRE(
	    plain != NULL && same != NULL && encoded != NULL && again != NULL);
	whole = xtext_decode(text, plain);
	REQUIRE(xtext_decode(same, same) == whole);
	REQUIRE(strcmp(same, plain) == 0);
	REQUIRE(whole || plain[0] == '\0');
	for (const char *c = plain; *c != '\0'; c++)
		REQUIRE((unsigned char)*c >= ' ' && *c != 0x7f);
	encode(plain, encoded);
	REQUIRE(xtext_decode(encoded, again) && strcmp(again, plain) == 0);
	if (login_canonical(plain, "", login)) {
		REQUIRE(login_canonical(login, "", folded));
		REQUIRE(strcmp(login, folded) == 0);
		REQUIRE(strlen(login) == strlen(plain));
	} else {
		REQUIRE(login[0] == '\0');
	}
	free(text);
	free(plain);
	free(same);
	free(encoded);
	free(again);
	return 0;
}
