#ifndef POLICY_SEEN_H
#define POLICY_SEEN_H

/*
 * Which distinct things an account used, and when last: sender addresses and
 * client networks, as fingerprints.
 */

#include "prints.h"

#define SEEN_MAX 1024 /* of one kind; beyond it the oldest is forgotten */

enum seen_kind {
	SEEN_SENDER,	  /* of accepted messages */
	SEEN_ANY_SENDER,  /* of refused ones too */
	SEEN_NETWORK,	  /* of accepted MAILs */
	SEEN_ANY_NETWORK, /* of refused ones too */
	SEEN_KINDS
};

/* The fingerprint with its kind in it, and the kind of one. */
uint32_t seen_print(enum seen_kind kind, uint32_t print);
enum seen_kind seen_kind_of(uint32_t print);

/* Zero-initialise; release with seen_clear(). */
struct seen {
	struct seen_item {
		uint32_t print; /* its two lowest bits are the kind */
		uint32_t last;	/* seconds since 1970 */
	} * items;
	uint16_t count, room;
};

/* False when memory is out. */
bool seen_add(struct seen *s, enum seen_kind kind, uint32_t print, int64_t now);

/* Was it seen from `from` on? */
bool seen_has(
    const struct seen *s, enum seen_kind kind, uint32_t print, int64_t from);

/* How many distinct ones were seen from `from` on. */
size_t seen_count(const struct seen *s, enum seen_kind kind, int64_t from);

/* When the last but `most` of those seen from `from` on were seen last: then,
 * and a window later, no more than `most` are left. */
int64_t seen_leaving(
    const struct seen *s, enum seen_kind kind, int64_t from, size_t most);

/* Forgets what was not seen from `from` on. */
void seen_expire(struct seen *s, int64_t from);

/* Moves what lies in the future to `now`: the clock was set back. */
void seen_set_back(struct seen *s, int64_t now);

void seen_clear(struct seen *s);

#endif
