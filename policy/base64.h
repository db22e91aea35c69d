#ifndef POLICY_BASE64_H
#define POLICY_BASE64_H

#include <stddef.h>

/* RFC 4648 section 4. */

/* How many bytes the text of `len` bytes takes, its NUL included. */
#define BASE64_SIZE(len) (((len) + 2) / 3 * 4 + 1)

/* Writes BASE64_SIZE(len) bytes to `out`. */
void base64_encode(const char *bytes, size_t len, char *out);

/*
 * Reads as mail readers do: bytes that are no digit are skipped, the first `=`
 * ends it.  Writes at most len * 3 / 4 bytes; returns how many.
 */
size_t base64_decode(const char *text, size_t len, char *out);

#endif
