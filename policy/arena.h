#ifndef POLICY_ARENA_H
#define POLICY_ARENA_H

#include <stddef.h>

/*
 * Memory for one unit of work: given out piece by piece, taken back all at
 * once.  Zero-initialise; arena_reset() is all the cleanup there is.
 */
struct arena {
	struct arena_block *blocks; /* the one in use first */
};

/* Aligned for anything, zeroed.  NULL when memory is out. */
void *arena_alloc(struct arena *a, size_t size);

/* A copy; NULL stays NULL, and is the answer when memory is out. */
char *arena_strdup(struct arena *a, const char *text);

/* Gives everything back.  The arena may be used again. */
void arena_reset(struct arena *a);

#endif
