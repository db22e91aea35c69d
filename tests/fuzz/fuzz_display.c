/* What names show: decoding gives UTF-8, and each address found is in it. */
#include "policy/display.h"
#include "policy/encoded.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <unistr.h>

static void
check_decoded(const char *text, bool doubt, struct arena *arena)
{
	const char *decoded = encoded_decode(text, doubt, arena);

	REQUIRE(decoded != NULL);
	REQUIRE(strlen(decoded) <= 4 * strlen(text));
	REQUIRE(u8_check((const uint8_t *)decoded, strlen(decoded)) == NULL);
}

/* It is only ever given what mailbox_parse() found to be UTF-8. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = {0};
	struct displayed *list;
	char *text;

	if (u8_check(data, size) != NULL)
		return 0;
	text = malloc(size + 1);
	REQUIRE(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	(void)encoded_is_clear(text);
	check_decoded(text, false, &arena);
	check_decoded(text, true, &arena);
	REQUIRE(display_addresses(text, &arena, &list));
	for (const struct displayed *d = list; d != NULL; d = d->next) {
		size_t len = strlen(d->text);

		REQUIRE(strchr(d->text, '@') != NULL && len <= 80 * size);
		REQUIRE(u8_check((const uint8_t *)d->text, len) == NULL);
		REQUIRE(!d->is_address || d->address.len > 0);
	}
	free(text);
	arena_reset(&arena);
	return 0;
}
