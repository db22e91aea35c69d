/* Originator fields: what is read as mailboxes is canonical, each of them. */
#include "policy/header.h"
#include "policy/mailbox.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct arena arena = {0};
	struct mailbox *list = NULL;
	struct originator_list fields = {0};
	enum mailbox_status status = mailbox_parse(text, &arena, &list);
	unsigned count = 0;

	REQUIRE(status != MAILBOX_NO_MEMORY);
	REQUIRE((status == MAILBOX_OK || status == MAILBOX_UNCLEAR) ==
		(list != NULL));
	for (const struct mailbox *m = list; m != NULL; m = m->next) {
		struct address again;

		REQUIRE(m->address.kind == ADDRESS_MAILBOX ||
			m->address.kind == ADDRESS_LITERAL);
		REQUIRE(address_parse(m->address.text, m->address.len,
			    &again) == ADDRESS_OK);
		REQUIRE(address_equal(&m->address, &again));
		REQUIRE(m->shown != NULL);
		count++;
	}
	REQUIRE(count <= MAILBOXES_MAX);
	originators_read(&fields, (const char *)data, size, &arena);
	REQUIRE(!fields.failed && fields.count <= ORIGINATORS_MAX);
	REQUIRE(fields.bytes <= ORIGINATOR_BYTES_MAX);
	arena_reset(&arena);
	free(text);
	return 0;
}
