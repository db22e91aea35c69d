/* Giving large memory back without holding up others. */
#include "release.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PIECE ((size_t)1 << 20)

void
release(void *block, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t at = -(uintptr_t)block & (page - 1);

	for (; block != NULL && size >= PIECE + at; at += PIECE)
		(void)madvise((char *)block + at, PIECE, MADV_DONTNEED);
	free(block);
}
