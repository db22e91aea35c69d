/* Raw headers: every field kept is one of ours, within its bounds. */
#include "policy/header.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

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
	free(raw);
	arena_reset(&arena);
	return 0;
}
