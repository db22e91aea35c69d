#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

/*
 * What the fuzzers share.  Each is built with libFuzzer, or with replay.c,
 * which runs it over the files of its corpus.
 */

#include "policy/policy.h"
#include "tests/unit/require.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A NUL-terminated copy, malloc'ed; NUL bytes within become blanks. */
char *fuzz_text(const uint8_t *data, size_t size);

/* Cuts the next line off a text; NULL when there is none. */
char *fuzz_line(char **rest);

/* Only printable ASCII? */
bool fuzz_is_printable(const char *text);

/*
 * A policy in mode enforce, made once: alice may use alice@example.com, bob
 * dev-*@example.com, carol @example.org; ceo@example.com is denied to all;
 * both domains are local.
 */
const struct policy *fuzz_policy(void);

/* May the login use the address by that policy?  Told without its code. */
bool fuzz_may_use(const char *login, const struct address *a);

#endif
