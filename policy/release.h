#ifndef POLICY_RELEASE_H
#define POLICY_RELEASE_H

#include <stddef.h>

/*
 * free() for a block of `size` bytes that may be large.  The memory is given
 * back in pieces: the kernel takes tens of milliseconds for hundreds of
 * megabytes at once, in which no other thread has that processor.
 */
void release(void *block, size_t size);

#endif
