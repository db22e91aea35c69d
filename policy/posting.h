#ifndef POLICY_POSTING_H
#define POLICY_POSTING_H

/*
 * What happened to the accounts of a ledger, as bytes for a file: written
 * bit by bit as it happens, or all at once.  Read again they make the same
 * accounts.  Little-endian; each posting is a letter and what follows it:
 *
 *   N  length (1 byte), name   the account of all that follows
 *   W  seconds, last           how far back its limits look, when it was used
 *   E  t0, t1, counters, one number for each bit of counters
 *   S  fingerprint, last       something distinct was used (policy/seen)
 *   K  fingerprint             a recipient was written to
 *   O  fingerprint             the same, longer ago
 *   T  fingerprint, at         a limit tripped
 *
 * Numbers have four bytes.
 */

#include "series.h"

struct postings {
	unsigned char *data;
	size_t len, room;
	bool failed; /* memory was out: what is there is not all */
};

void posting_name(struct postings *p, const char *name);
void posting_entry(
    struct postings *p, int64_t t0, int64_t t1, const struct counts *counts);
/* W, S, K, O and T; K and O have no `value`. */
void posting_print(
    struct postings *p, char letter, uint32_t print, int64_t value);
void postings_clear(struct postings *p);

struct posting {
	char letter;
	const char *name; /* N; not NUL-terminated */
	size_t name_len;
	uint32_t t0, t1; /* E */
	struct counts counts;
	uint32_t print, value;
};

/*
 * Reads the posting at *at and moves behind it.  False at the end, or where
 * the bytes are none: then *at is less than `len`.
 */
bool posting_read(
    const unsigned char *data, size_t len, size_t *at, struct posting *out);

#endif
