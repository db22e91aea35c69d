#ifndef TESTS_UNIT_REQUIRE_H
#define TESTS_UNIT_REQUIRE_H

/* For what is linked into fuzzers as well, where there is no cmocka. */

#include <stdio.h>
#include <stdlib.h>

/* Ends the program when what must hold does not. */
#define REQUIRE(condition)                                              \
	do {                                                            \
		if (!(condition))                                       \
			require_failed(__FILE__, __LINE__, #condition); \
	} while (0)

static inline _Noreturn void
require_failed(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}

#endif
