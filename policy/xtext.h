#ifndef POLICY_XTEXT_H
#define POLICY_XTEXT_H

#include <stdbool.h>

/*
 * Decodes xtext (RFC 3461 section 4, RFC 4954 section 5): bytes `!` to `~`
 * stand for themselves except `+` and `=`; `+HH` with upper-case hex digits is
 * any byte.  Writes at most strlen(text) + 1 bytes to `out`, NUL-terminated;
 * `out` may be `text`.  False, `out` empty, for anything else: other bytes, a
 * broken escape, or an escape that decodes to a control byte or DEL, which no
 * login and no address holds.
 */
bool xtext_decode(const char *text, char *out);

#endif
