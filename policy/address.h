#ifndef POLICY_ADDRESS_H
#define POLICY_ADDRESS_H

/*
 * Mail addresses in the one canonical form that every comparison uses.
 *
 * Strict RFC 5321 Mailbox (section 4.1.2) with RFC 6531 UTF-8.  Canonical
 * means: local part unquoted where it can be, ASCII letters in lower case,
 * UTF-8 in NFC but never case-folded; the domain as lower-case A-labels.  Two
 * texts name the same mailbox exactly when their canonical texts are equal.
 *
 * What MTAs are known to read in more than one way is the address of nobody:
 * source routes, `%` and `!` and a quoted `@` in the local part, comments,
 * trailing dots, control bytes, an all-numeric last label.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ADDRESS_LOCAL_MAX 64   /* octets, RFC 5321 4.5.3.1.1, unquoted */
#define ADDRESS_DOMAIN_MAX 253 /* octets, as A-labels */
#define ADDRESS_MAX 254	       /* octets of a path without its brackets */

enum address_kind {
	ADDRESS_NOBODY = 0, /* the zero value: no address at all */
	ADDRESS_NULL,	    /* the null reverse-path `<>`, text "" */
	ADDRESS_MAILBOX,    /* local@domain */
	ADDRESS_LITERAL	    /* local@[192.0.2.1] or local@[ipv6:2001:db8::1] */
};

/* A value: copy it freely.  `text` is canonical and ends in NUL. */
struct address {
	enum address_kind kind;
	uint16_t len;	    /* of text */
	uint16_t local_len; /* bytes before the `@` */
	char text[ADDRESS_MAX + 1];
};

enum address_status {
	ADDRESS_NO_MEMORY = 0, /* could not tell */
	ADDRESS_OK,
	ADDRESS_EMPTY,
	ADDRESS_CONTROL, /* control byte or DEL */
	ADDRESS_BAD_UTF8,
	ADDRESS_SYNTAX,	   /* not an RFC 5321 Mailbox */
	ADDRESS_NO_DOMAIN, /* `<alice>`: unqualified */
	ADDRESS_ROUTED,	   /* source route, `%`, `!` or quoted `@` */
	ADDRESS_TOO_LONG,
	ADDRESS_BAD_DOMAIN
};

/* A short English phrase for `status`, fit for a reply or a log line. */
const char *address_strerror(enum address_status status);

/*
 * Reads `len` bytes of `text` as a mailbox without brackets and writes its
 * canonical form to `out`.  On any status but ADDRESS_OK `out` is zeroed.
 */
enum address_status address_parse(
    const char *text, size_t len, struct address *out);

/*
 * Reads the argument of MAIL or RCPT as the client typed it: `<path>`, blanks
 * around it or around the address in it, `<>` (kind ADDRESS_NULL), or a
 * dot-atom address without brackets, which is how Postfix shows mail that did
 * not come by SMTP (there the null sender is the empty string: ADDRESS_NULL
 * too).
 */
enum address_status address_parse_path(const char *typed, struct address *out);

/*
 * Brings a domain name to canonical form: lower-case A-labels, RFC 5891, with
 * no mapping but that of case and composition.  `out` is NUL-terminated and
 * empty on failure.
 */
enum address_status address_parse_domain(
    const char *text, size_t len, char out[ADDRESS_DOMAIN_MAX + 1]);

/* The part after the `@`; "" for the null address.  Borrowed from `a`. */
const char *address_domain(const struct address *a);

/*
 * Strips the sub-address: `alice+list@d` is `alice@d` for delimiter `+`.
 * False, `base` untouched, when there is none, when nothing would be left
 * before the first delimiter, or when the local part is quoted.
 */
bool address_base(
    const struct address *a, const char *delimiters, struct address *base);

bool address_equal(const struct address *a, const struct address *b);

/*
 * Are two addresses equal when full Unicode case folding is applied to both?
 * Only for the comparison with Postfix' {mail_addr} and {rcpt_addr}, which
 * come folded.  0 no, 1 yes, -1 could not tell (no memory).
 */
int address_equal_folded(const struct address *a, const struct address *b);

/* Is the byte one that an unquoted local part may hold (RFC 5321 atext)? */
bool address_is_atext(unsigned char c);

#endif
