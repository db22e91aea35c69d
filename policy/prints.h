#ifndef POLICY_PRINTS_H
#define POLICY_PRINTS_H

/*
 * Sets of fingerprints: which addresses were seen, in four bytes each.  A
 * fingerprint is a keyed hash (SipHash-2-4), so that nobody can make one
 * address look like another; that two share theirs by chance happens once in
 * 4,000,000,000 pairs, and only ever takes an address for one seen before.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct print_key {
	uint64_t k[2];
};

/* Of `len` bytes.  Never 0, which is no fingerprint. */
uint32_t print_of(const struct print_key *key, const void *data, size_t len);

/* Zero-initialise; release with prints_clear(). */
struct prints {
	uint32_t *slots; /* open addressing, 0 is free */
	uint32_t count, size;
};

bool prints_have(const struct prints *p, uint32_t print);

/* False when memory is out.  Adding again is fine. */
bool prints_add(struct prints *p, uint32_t print);

void prints_clear(struct prints *p);

#endif
