#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

/*
 * What every unit test needs: cmocka, and suites made of tables.  Each row of
 * a table is a test of its own, whose name is a sentence.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <unistd.h>

#include <cmocka.h>

/* A row of a table leaves out what it has none of. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define SUITE_MAX 250

struct suite {
	struct CMUnitTest tests[SUITE_MAX];
	size_t count;
};

/* Adds a test; `row` is what it is called with as its state. */
static inline void
suite_add(
    struct suite *s, const char *name, CMUnitTestFunction test, const void *row)
{
	if (s->count == SUITE_MAX)
		_exit(99);
	s->tests[s->count++] = (struct CMUnitTest){.name = name,
	    .test_func = test,
	    .initial_state = (void *)(uintptr_t)row};
}

/* Adds a test for each row of a table whose rows begin with `name`. */
#define SUITE_ROWS(s, table, test)                                        \
	do {                                                              \
		for (size_t i_ = 0; i_ < COUNT(table); i_++)              \
			suite_add(                                        \
			    (s), (table)[i_].name, (test), &(table)[i_]); \
	} while (0)

/* A test that needs no row. */
struct named_test {
	const char *name;
	CMUnitTestFunction test;
};
#define SUITE_TESTS(s, table)                                               \
	do {                                                                \
		for (size_t i_ = 0; i_ < COUNT(table); i_++)                \
			suite_add(                                          \
			    (s), (table)[i_].name, (table)[i_].test, NULL); \
	} while (0)

/* The number of tests that failed. */
static inline int
suite_run(const struct suite *s, const char *name)
{
	return _cmocka_run_group_tests(name, s->tests, s->count, NULL, NULL);
}

#endif
