#ifndef POLICY_COMMAND_GUESS_H
#define POLICY_COMMAND_GUESS_H

/*
 * What was meant by a word that is not known: of those that are, the one it is
 * typed most like, if it is like any.
 */

#include <stddef.h>

#define GUESS_MAX 31 /* bytes of a word; a longer one is like none */

struct guess {
	const char *word; /* borrowed */
	size_t len;
	size_t distance; /* letters by which `best` is another */
	char best[GUESS_MAX + 1];
	char hint[GUESS_MAX + 32];
};

void guess_begin(struct guess *g, const char *word, size_t len);

/* Is it this one? */
void guess_try(struct guess *g, const char *known, size_t len);

/* "did you mean X? " with `lead` before the word, or "" without a guess. */
const char *guess_hint(struct guess *g, const char *lead);

#endif
