#ifndef POLICY_ENCODED_H
#define POLICY_ENCODED_H

/*
 * RFC 2047 encoded words, decoded the way mail readers do rather than the way
 * the RFC asks: wherever `=?charset?B or Q?text?=` stands, inside quotes and
 * without blanks around it too.  Only for finding out what a reader is shown,
 * never to find an address to send from.
 */

#include "arena.h"

#include <stdbool.h>

/*
 * Do all readers agree where the encoded words are?  Each `=?` begins a whole
 * one with none within and base64 whole, in a charset where ASCII is ASCII, and
 * nothing sticks to its end.
 * Time grows with the length of the text and no faster.
 */
bool encoded_is_clear(const char *text);

/*
 * A copy of `text` with every encoded word replaced by what it says, in UTF-8.
 * Blanks between two encoded words vanish, and the bytes of neighbours in the
 * same charset are joined before they are converted, so that a character cut
 * in two comes out whole.  An unknown charset is read as ASCII; what can't be
 * converted becomes U+FFFD; control characters stay, NUL as 01.  With `doubt`,
 * words of an unknown charset, or that are not what they claim, or of charsets
 * where ASCII bytes are something else (UTF-7, UTF-16, EBCDIC), which many
 * readers don't know, are UTF-8 if they can be, else Latin-1.  NULL: no memory.
 */
char *encoded_decode(const char *text, bool doubt, struct arena *arena);

#endif
