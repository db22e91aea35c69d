/*
 * The parser of originator fields: what it accepts is canonical, and the list
 * of its canonical addresses reads as itself.
 */
#include "policy/mailbox.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <unistr.h>

/* The addresses alone, with commas between. */
static char *
canonical_list(const struct mailbox *list, struct arena *arena)
{
	size_t count = 0;
	char *text, *to;

	for (const struct mailbox *m = list; m != NULL; m = m->next)
		count++;
	REQUIRE(count <= MAILBOXES_MAX);
	to = text = arena_alloc(arena, count * (ADDRESS_MAX + 4) + 1);
	REQUIRE(text != NULL);
	for (const struct mailbox *m = list; m != NULL; m = m->next) {
		*to++ = '<';
		memcpy(to, m->address.text, m->address.len);
		to += m->address.len;
		*to++ = '>';
		if (m->next != NULL)
			*to++ = ',';
	}
	return text;
}

/* The same addresses, whatever the names. */
static void
require_same(const struct mailbox *a, const struct mailbox *b)
{
	for (; a != NULL && b != NULL; a = a->next, b = b->next)
		REQUIRE(address_equal(&a->address, &b->address));
	REQUIRE(a == NULL && b == NULL);
}

static void
check_mailbox(const struct mailbox *m, size_t size)
{
	const struct address *a = &m->address;
	struct address again;
	size_t shown = strlen(m->shown);

	REQUIRE(a->kind == ADDRESS_MAILBOX || a->kind == ADDRESS_LITERAL);
	REQUIRE(strlen(a->text) == a->len && a->len > a->local_len);
	REQUIRE(address_parse(a->text, a->len, &again) == ADDRESS_OK);
	REQUIRE(address_equal(a, &again));
	REQUIRE(shown <= 3 * size);
	REQUIRE(u8_check((const uint8_t *)m->shown, shown) == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = {0};
	char *value = fuzz_text(data, size);
	struct mailbox *list, *again;
	enum mailbox_status status = mailbox_parse(value, &arena, &list);

	REQUIRE(status != MAILBOX_NO_MEMORY);
	REQUIRE(strlen(mailbox_strerror(status)) > 0);
	REQUIRE((list != NULL) ==
		(status == MAILBOX_OK || status == MAILBOX_UNCLEAR));
	for (const struct mailbox *m = list; m != NULL; m = m->next)
		check_mailbox(m, size);
	if (list != NULL) {
		enum mailbox_status second =
		    mailbox_parse(canonical_list(list, &arena), &arena, &again);

		/* clear addresses stay so without their names */
		REQUIRE(second == MAILBOX_OK || (second == MAILBOX_UNCLEAR &&
						    status == MAILBOX_UNCLEAR));
		require_same(list, again);
	}
	free(value);
	arena_reset(&arena);
	return 0;
}
