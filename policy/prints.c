/* Fingerprints, and sets of them. */
#include "prints.h"

#include <stdlib.h>

#define ROTATE(x, bits) (((x) << (bits)) | ((x) >> (64 - (bits))))

static void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = ROTATE(v[1], 13) ^ v[0];
	v[3] = ROTATE(v[3], 16) ^ v[2];
	v[0] = ROTATE(v[0], 32) + v[3];
	v[2] += v[1];
	v[3] = ROTATE(v[3], 21) ^ v[0];
	v[1] = ROTATE(v[1], 17) ^ v[2];
	v[2] = ROTATE(v[2], 32);
}

static void
sip_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	sip_round(v);
	v[0] ^= word;
}

/* SipHash-2-4 of Aumasson and Bernstein. */
static uint64_t
sip_hash(const struct print_key *key, const unsigned char *in, size_t len)
{
	uint64_t v[4] = {
	    key->k[0] ^ 0x736f6d6570736575,
	    key->k[1] ^ 0x646f72616e646f6d,
	    key->k[0] ^ 0x6c7967656e657261,
	    key->k[1] ^ 0x7465646279746573,
	};
	uint64_t word = 0;

	for (size_t i = 0; i < len; i++) {
		word |= (uint64_t)in[i] << (8 * (i % 8));
		if (i % 8 < 7)
			continue;
		sip_word(v, word);
		word = 0;
	}
	sip_word(v, word | (uint64_t)(len & 0xff) << 56);
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint32_t
print_of(const struct print_key *key, const void *data, size_t len)
{
	uint64_t h = sip_hash(key, data, len);
	uint32_t print = (uint32_t)(h ^ h >> 32);

	return print == 0 ? 1 : print;
}

/* The slot of a fingerprint, or the free one where it would be. */
static uint32_t *
slot_of(const struct prints *p, uint32_t print)
{
	uint32_t i = print;

	while (p->slots[i & (p->size - 1)] != 0 &&
	       p->slots[i & (p->size - 1)] != print)
		i++;
	return &p->slots[i & (p->size - 1)];
}

bool
prints_have(const struct prints *p, uint32_t print)
{
	return p->size > 0 && *slot_of(p, print) == print;
}

/* Keeps the table at most three quarters full. */
static bool
make_room(struct prints *p)
{
	struct prints larger = {.count = p->count};

	if (p->count < p->size / 4 * 3)
		return true;
	larger.size = p->size == 0 ? 8 : p->size * 2;
	larger.slots = calloc(larger.size, sizeof(*larger.slots));
	if (larger.slots == NULL)
		return false;
	for (uint32_t i = 0; i < p->size; i++)
		if (p->slots[i] != 0)
			*slot_of(&larger, p->slots[i]) = p->slots[i];
	free(p->slots);
	*p = larger;
	return true;
}

bool
prints_add(struct prints *p, uint32_t print)
{
	uint32_t *slot;

	if (!make_room(p))
		return false;
	slot = slot_of(p, print);
	p->count += *slot == 0;
	*slot = print;
	return true;
}

void
prints_clear(struct prints *p)
{
	free(p->slots);
	*p = (struct prints){0};
}
