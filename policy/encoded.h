#ifndef POLICY_ENCODED_H
#define POLICY_ENCODED_H

/*
 * RFC 2047 encoded words, decoded the way mail readers do rather than the way
 * the RFC asks: wherever `=?charset?B or Q?text?=` stands, inside quotes and
 * without blanks around it too.  Only for finding out what a reader is shown,
 * never to find an address to send from.
 */

#include "arena.h"

/*
 * A copy of `text` with every encoded word replaced by what it says, in UTF-8.
 * Blanks between two encoded words vanish, and the bytes of neighbours in the
 * same charset are joined before they are converted, so that a character cut
 * in two comes out whole.  An unknown charset is read as Latin-1; bytes that
 * can't be converted become `?`; control characters stay.  NULL: no memory.
 */
char *encoded_decode(const char *text, struct arena *arena);

#endif
