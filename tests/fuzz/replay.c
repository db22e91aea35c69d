/* Runs a fuzzer over files, where it is not built with libFuzzer. */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

static void
replay(const char *path)
{
	static uint8_t data[1 << 20];
	FILE *f = fopen(path, "rb");
	uint8_t *exact;
	size_t size;

	REQUIRE(f != NULL);
	size = fread(data, 1, sizeof(data), f);
	fclose(f);
	exact = malloc(size == 0 ? 1 : size); /* so that overruns show */
	REQUIRE(exact != NULL);
	for (size_t i = 0; i < size; i++)
		exact[i] = data[i];
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
}

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	return argc > 1 ? 0 : 1;
}
