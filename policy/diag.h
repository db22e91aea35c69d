#ifndef POLICY_DIAG_H
#define POLICY_DIAG_H

#include <stddef.h>

#define DIAG_KEPT 50 /* lines kept; the rest are only counted */

/*
 * Text for the administrator: what is wrong, where, and the mend.  Used by
 * whatever runs at start, in the loader or in the command; never by a verdict.
 * Initialise with { 0 }; release with diag_clear().
 */
struct diag {
	char *lines[DIAG_KEPT];
	size_t count; /* of all lines added, kept or not */
};

/*
 * Adds a line.  Control bytes in what the format brings in are shown as
 * `\xHH`, so a hostile row can't forge log lines.
 */
void diag_add(struct diag *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The first line, or "" when there is none.  Borrowed until diag_clear(). */
const char *diag_first(const struct diag *d);

/* How many entries of `lines` may be read. */
size_t diag_kept(const struct diag *d);

/* Moves all of `from`, which is empty afterwards, to the end of `to`. */
void diag_move(struct diag *to, struct diag *from);

void diag_clear(struct diag *d);

#endif
