/*
 * The lines of `check --batch`: each is answered with one line, whatever is in
 * it.
 */
#include "policy/command/batch.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

/* getline()'s lines: the last may lack its end. */
static size_t
count_lines(const uint8_t *data, size_t size)
{
	size_t count = size > 0 && data[size - 1] != '\n' ? 1 : 0;

	for (size_t i = 0; i < size; i++)
		if (data[i] == '\n')
			count++;
	return count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = NULL;
	size_t len = 0;
	FILE *in, *out;
	enum status status;

	if (size == 0)
		return 0;
	out = open_memstream(&text, &len);
	in = fmemopen((void *)(uintptr_t)data, size, "r");
	REQUIRE(in != NULL && out != NULL);
	status = batch_run(fuzz_policy(), in, out);
	REQUIRE(status == STATUS_OK || status == STATUS_USAGE);
	fclose(in);
	fclose(out);
	REQUIRE(
	    count_lines((const uint8_t *)text, len) == count_lines(data, size));
	REQUIRE(len > 0 && text[len - 1] == '\n');
	free(text);
	return 0;
}
