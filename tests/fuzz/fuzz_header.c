/* Raw headers: every field kept is one of ours, within its bounds, and the same
 * when it is read from a record. */
#include "policy/header.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

/* What was written and read again is what it was, but for what was left out. */
static void
check_reread(const struct originator_list *list, size_t size)
{
	struct arena arena = {0};
	struct originator_list again = {0};
	size_t room = size + 100 * (ORIGINATORS_MAX + 1), len;
	char *written = malloc(room);
	const struct originator *o = list->first;

	REQUIRE(written != NULL);
	if (originators_write(o, written, room, &len)) {
		originators_reread(&again, written, len, &arena);
		REQUIRE(again.count == list->count && !again.failed);
		for (const struct originator *p = again.first; p != NULL;
		     p = p->next, o = o->next)
			REQUIRE(p->kind == o->kind &&
				p->odd_name == o->odd_name &&
				strcmp(p->value, o->value) == 0);
	}
	free(written);
	arena_reset(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = {0};
	struct originator_list list = {0};
	struct facts facts = {0};
	char *raw = malloc(size + 1); /* a copy that ends where it ends */
	unsigned count = 0;
	size_t bytes = 0;

	REQUIRE(raw != NULL);
	memcpy(raw, data, size);
	originators_read(&list, raw, size, &arena);
	REQUIRE(!list.failed);
	originators_use(&list, &facts);
	REQUIRE(facts.has_header);
	for (const struct originator *o = facts.originators; o != NULL;
	     o = o->next) {
		REQUIRE(originator_name(o->kind)[0] != '\0');
		count++;
		bytes += strlen(o->value);
	}
	REQUIRE(count == list.count && bytes == list.bytes);
	REQUIRE(count <= ORIGINATORS_MAX && bytes <= size);
	REQUIRE(bytes <= ORIGINATOR_BYTES_MAX);
	check_reread(&list, size);
	free(raw);
	arena_reset(&arena);
	return 0;
}
