/* Memory that is freed per unit of work, in one call. */
#include "arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE 4000 /* most messages need one */

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	alignas(max_align_t) char data[];
};

void *
arena_alloc(struct arena *a, size_t size)
{
	struct arena_block *b = a->blocks;
	void *piece;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (b == NULL || b->size - b->used < size) {
		size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;

		b = malloc(sizeof(*b) + room);
		if (b == NULL)
			return NULL;
		*b = (struct arena_block){.next = a->blocks, .size = room};
		a->blocks = b;
	}
	piece = b->data + b->used;
	b->used += size;
	return memset(piece, 0, size);
}

char *
arena_strdup(struct arena *a, const char *text)
{
	size_t size = text == NULL ? 0 : strlen(text) + 1;
	char *copy = text == NULL ? NULL : arena_alloc(a, size);

	return copy == NULL ? NULL : memcpy(copy, text, size);
}

void
arena_reset(struct arena *a)
{
	while (a->blocks != NULL) {
		struct arena_block *next = a->blocks->next;

		free(a->blocks);
		a->blocks = next;
	}
}
