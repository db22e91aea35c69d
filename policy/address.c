/*
 * One canonical form for every mail address.  The rule guarded here: a text
 * that two parsers could read as different mailboxes never becomes an address.
 */
#include "address.h"

#include "ascii.h"

#include <arpa/inet.h>
#include <idn2.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>

/* What a byte is, read for every byte of every address. */
enum {
	CONTROL = 1,
	ATEXT = 2, /* RFC 5322 3.2.3, RFC 6531 3.3 */
	ROUTE = 4, /* parts a local part for some: RFC 5321 C, UUCP, "at" */
	ALNUM = 8,
	DIGIT = 16,
	WIDE = 32 /* part of a character beyond ASCII */
};

static const unsigned char traits[256] = {[0 ... 0x1f] = CONTROL,
    [0x7f] = CONTROL,
    [0x80 ... 0xff] = ATEXT | WIDE,
    ['0' ... '9'] = ATEXT | ALNUM | DIGIT,
    ['A' ... 'Z'] = ATEXT | ALNUM,
    ['a' ... 'z'] = ATEXT | ALNUM,
    ['!'] = ATEXT | ROUTE,
    ['%'] = ATEXT | ROUTE,
    ['@'] = ROUTE,
    ['#' ... '$'] = ATEXT,
    ['&' ... '\''] = ATEXT,
    ['*' ... '+'] = ATEXT,
    ['-'] = ATEXT,
    ['/'] = ATEXT,
    ['='] = ATEXT,
    ['?'] = ATEXT,
    ['^' ... '`'] = ATEXT,
    ['{' ... '~'] = ATEXT};

static unsigned
traits_of(char c)
{
	return traits[(unsigned char)c];
}

bool
address_is_atext(unsigned char c)
{
	return (traits[c] & ATEXT) != 0;
}

const char *
address_strerror(enum address_status status)
{
	switch (status) {
	case ADDRESS_NO_MEMORY:
		return "out of memory";
	case ADDRESS_OK:
		return "is an address";
	case ADDRESS_EMPTY:
		return "is empty";
	case ADDRESS_CONTROL:
		return "holds a control character";
	case ADDRESS_BAD_UTF8:
		return "is not valid UTF-8";
	case ADDRESS_SYNTAX:
		return "is not of the form user@domain";
	case ADDRESS_NO_DOMAIN:
		return "has no domain";
	case ADDRESS_ROUTED:
		return "holds a route, '%', '!' or a quoted '@'";
	case ADDRESS_TOO_LONG:
		return "is too long";
	case ADDRESS_BAD_DOMAIN:
		return "has no valid domain name";
	}
	return "is not an address";
}

/* Checks what holds for every address before it is taken apart.  `seen` is
 * what its bytes are. */
static enum address_status
check_bytes(const char *text, size_t len, unsigned *seen)
{
	*seen = 0;
	for (size_t i = 0; i < len; i++)
		*seen |= traits_of(text[i]);
	if (len == 0)
		return ADDRESS_EMPTY;
	if ((*seen & CONTROL) != 0)
		return ADDRESS_CONTROL;
	if ((*seen & WIDE) != 0 && u8_check((const uint8_t *)text, len) != NULL)
		return ADDRESS_BAD_UTF8;
	return ADDRESS_OK;
}

/*
 * The plain form of a local part, quoted string or dot-atom, in `plain`
 * (room for ADDRESS_LOCAL_MAX bytes).  `used` is the length of its text.
 */
static enum address_status
read_local(
    const char *text, size_t len, char *plain, size_t *plain_len, size_t *used)
{
	bool quoted = text[0] == '"';
	bool closed = !quoted;
	size_t i = quoted ? 1 : 0, n = 0;

	for (; i < len; i++) {
		char c = text[i];

		if (quoted && c == '"') {
			closed = true;
			i++;
			break;
		}
		if (quoted && c == '\\') {
			if (++i == len)
				return ADDRESS_SYNTAX;
			c = text[i];
			if ((traits_of(c) & WIDE) != 0) /* quoted-pairSMTP */
				return ADDRESS_SYNTAX;
		}
		if (!quoted && c == '@')
			break;
		if ((traits_of(c) & ROUTE) != 0)
			return ADDRESS_ROUTED;
		if (!quoted && c != '.' && (traits_of(c) & ATEXT) == 0)
			return ADDRESS_SYNTAX;
		if (n == ADDRESS_LOCAL_MAX)
			return ADDRESS_TOO_LONG;
		plain[n++] = ascii_lower(c);
	}
	if (!closed || n == 0)
		return ADDRESS_SYNTAX;
	*plain_len = n;
	*used = i;
	return ADDRESS_OK;
}

/* RFC 5321 Dot-string: atoms of at least one byte between single dots. */
static bool
is_dot_atom(const char *s, size_t len)
{
	char before = '.';

	for (size_t i = 0; i < len; before = s[i++])
		if ((traits_of(s[i]) & ATEXT) == 0 &&
		    (s[i] != '.' || before == '.'))
			return false;
	return before != '.';
}

/*
 * The length of a character whose NFC is ASCII: the Kelvin sign, the Greek
 * question mark, varia; else 0.  Composed they would be another's `K`, `;` or
 * grave accent.
 */
static size_t
ascii_twin(const char *text, size_t len)
{
	if (len >= 2 && memcmp(text, "\315\276", 2) == 0)
		return 2;
	return len >= 3 && (memcmp(text, "\342\204\252", 3) == 0 ||
			       memcmp(text, "\341\277\257", 3) == 0)
		   ? 3
		   : 0;
}

/* Appends the NFC of `text`, which holds no such character, to `out`. */
static enum address_status
add_nfc(const char *text, size_t len, uint8_t out[ADDRESS_LOCAL_MAX], size_t *n)
{
	size_t out_len = ADDRESS_LOCAL_MAX - *n;
	uint8_t *nfc;

	if (len == 0)
		return ADDRESS_OK;
	if (out_len == 0)
		return ADDRESS_TOO_LONG;
	nfc = u8_normalize(
	    UNINORM_NFC, (const uint8_t *)text, len, out + *n, &out_len);
	if (nfc == NULL)
		return ADDRESS_NO_MEMORY;
	if (nfc != out + *n) { /* it did not fit, so it is too long for us */
		free(nfc);
		return ADDRESS_TOO_LONG;
	}
	*n += out_len;
	return ADDRESS_OK;
}

/*
 * Brings UTF-8 in place to NFC; ASCII, which nearly all of it is, is NFC.
 * Characters with an ASCII twin stay as they are, equal only to themselves.
 */
static enum address_status
normalize(char *plain, size_t *len)
{
	uint8_t out[ADDRESS_LOCAL_MAX];
	enum address_status status;
	size_t from = 0, i = 0, n = 0;

	while (i < *len && (unsigned char)plain[i] < 0x80)
		i++;
	if (i == *len)
		return ADDRESS_OK;
	while (i < *len) {
		size_t twin = ascii_twin(plain + i, *len - i);

		if (twin == 0) {
			i++;
			continue;
		}
		status = add_nfc(plain + from, i - from, out, &n);
		if (status == ADDRESS_OK && twin > sizeof(out) - n)
			status = ADDRESS_TOO_LONG;
		if (status != ADDRESS_OK)
			return status;
		memcpy(out + n, plain + i, twin);
		n += twin;
		from = i += twin;
	}
	status = add_nfc(plain + from, *len - from, out, &n);
	if (status != ADDRESS_OK)
		return status;
	memcpy(plain, out, n);
	*len = n;
	return ADDRESS_OK;
}

/* Writes the local part as canonical text: quoted only where it must be. */
static size_t
write_local(const char *plain, size_t len, char *out)
{
	size_t n = 0;

	if (is_dot_atom(plain, len)) {
		memcpy(out, plain, len);
		return len;
	}
	out[n++] = '"';
	for (size_t i = 0; i < len; i++) {
		if (plain[i] == '"' || plain[i] == '\\')
			out[n++] = '\\';
		out[n++] = plain[i];
	}
	out[n++] = '"';
	return n;
}

/* Lower-cases an all-ASCII domain into `out` and checks RFC 5321 Domain. */
static enum address_status
ascii_domain(const char *text, size_t len, char out[ADDRESS_DOMAIN_MAX + 1])
{
	size_t label = 0;	 /* where the one in hand begins */
	unsigned common = DIGIT; /* to its bytes */

	if (len > ADDRESS_DOMAIN_MAX)
		return ADDRESS_TOO_LONG;
	for (size_t i = 0; i < len; i++) {
		unsigned is = traits_of(text[i]);

		out[i] = ascii_lower(text[i]);
		if (text[i] == '.') {
			if (i == label || text[i - 1] == '-')
				return ADDRESS_BAD_DOMAIN;
			if (i - label > 63)
				return ADDRESS_TOO_LONG;
			label = i + 1;
			common = DIGIT;
		} else if ((is & ALNUM) != 0 || (text[i] == '-' && i > label)) {
			common &= is;
		} else {
			return ADDRESS_BAD_DOMAIN;
		}
	}
	if (len == label || text[len - 1] == '-')
		return ADDRESS_BAD_DOMAIN;
	if (len - label > 63)
		return ADDRESS_TOO_LONG;
	out[len] = '\0';
	return common != 0 ? ADDRESS_BAD_DOMAIN : ADDRESS_OK; /* 127.0.0.1 */
}

/*
 * A-labels of a domain with U-labels.  Only case and composition are brought
 * to one form: letters that UTS 46 would map, fullwidth ones say, or drop make
 * it a name that others read as another.
 */
static enum address_status
unicode_domain(const char *text, size_t len, char out[ADDRESS_DOMAIN_MAX + 1])
{
	uint8_t lower[4 * ADDRESS_DOMAIN_MAX + 1];
	size_t lower_len = sizeof(lower) - 1;
	enum address_status status;
	char *ascii = NULL;
	uint8_t *made = u8_tolower(
	    (const uint8_t *)text, len, NULL, UNINORM_NFC, lower, &lower_len);
	int rc;

	if (made == NULL)
		return ADDRESS_NO_MEMORY;
	if (made != lower) {
		free(made);
		return ADDRESS_TOO_LONG;
	}
	lower[lower_len] = '\0';
	rc = idn2_to_ascii_8z(
	    (const char *)lower, &ascii, IDN2_NFC_INPUT | IDN2_NO_TR46);
	if (rc == IDN2_MALLOC)
		status = ADDRESS_NO_MEMORY;
	else if (rc != IDN2_OK)
		status = ADDRESS_BAD_DOMAIN;
	else
		status = ascii_domain(ascii, strlen(ascii), out);
	idn2_free(ascii);
	return status;
}

enum address_status
address_parse_domain(
    const char *text, size_t len, char out[ADDRESS_DOMAIN_MAX + 1])
{
	unsigned seen;
	enum address_status status = check_bytes(text, len, &seen);

	out[0] = '\0';
	if (status != ADDRESS_OK)
		return status;
	status = (seen & WIDE) == 0 ? ascii_domain(text, len, out)
				    : unicode_domain(text, len, out);
	if (status != ADDRESS_OK)
		out[0] = '\0';
	return status;
}

/* An address literal, RFC 5321 4.1.3: IPv4 or IPv6, in inet_ntop()'s form. */
static enum address_status
read_literal(const char *text, size_t len, char out[ADDRESS_DOMAIN_MAX + 1])
{
	static const char tag[] = "ipv6:";
	char inside[INET6_ADDRSTRLEN + sizeof(tag)];
	char shown[INET6_ADDRSTRLEN];
	unsigned char ip[16];
	size_t n = 0;
	bool six;

	if (len < 2 || text[len - 1] != ']' || len - 2 >= sizeof(inside))
		return ADDRESS_BAD_DOMAIN;
	for (; n < len - 2; n++)
		inside[n] = ascii_lower(text[n + 1]);
	inside[n] = '\0';
	six = strncmp(inside, tag, sizeof(tag) - 1) == 0;
	if (inet_pton(six ? AF_INET6 : AF_INET,
		inside + (six ? sizeof(tag) - 1 : 0), ip) != 1 ||
	    inet_ntop(six ? AF_INET6 : AF_INET, ip, shown, sizeof(shown)) ==
		NULL)
		return ADDRESS_BAD_DOMAIN;
	n = 0;
	out[n++] = '[';
	if (six) {
		memcpy(out + n, tag, sizeof(tag) - 1);
		n += sizeof(tag) - 1;
	}
	memcpy(out + n, shown, strlen(shown));
	n += strlen(shown);
	out[n++] = ']';
	out[n] = '\0';
	return ADDRESS_OK;
}

static enum address_status
parse_mailbox(const char *text, size_t len, struct address *out)
{
	char plain[ADDRESS_LOCAL_MAX];
	char local[2 * ADDRESS_LOCAL_MAX + 2];
	char domain[ADDRESS_DOMAIN_MAX + 1];
	size_t plain_len, used, local_len, domain_len;
	unsigned seen;
	enum address_status status = check_bytes(text, len, &seen);

	if (status != ADDRESS_OK)
		return status;
	if (text[0] == '@')
		return memchr(text, ':', len) ? ADDRESS_ROUTED : ADDRESS_SYNTAX;
	status = read_local(text, len, plain, &plain_len, &used);
	if (status != ADDRESS_OK)
		return status;
	if (used == len)
		return ADDRESS_NO_DOMAIN;
	if (text[used] != '@' || (text[0] != '"' && !is_dot_atom(text, used)))
		return ADDRESS_SYNTAX;
	status = normalize(plain, &plain_len);
	if (status != ADDRESS_OK)
		return status;
	text += used + 1;
	len -= used + 1;
	out->kind = ADDRESS_MAILBOX;
	if (len > 0 && text[0] == '[') {
		out->kind = ADDRESS_LITERAL;
		status = read_literal(text, len, domain);
	} else {
		status = address_parse_domain(text, len, domain);
	}
	if (status == ADDRESS_EMPTY)
		return ADDRESS_NO_DOMAIN;
	if (status != ADDRESS_OK)
		return status;
	local_len = write_local(plain, plain_len, local);
	domain_len = strlen(domain);
	if (local_len + 1 + domain_len > ADDRESS_MAX)
		return ADDRESS_TOO_LONG;
	memcpy(out->text, local, local_len);
	out->text[local_len] = '@';
	memcpy(out->text + local_len + 1, domain, domain_len + 1);
	out->local_len = (uint16_t)local_len;
	out->len = (uint16_t)(local_len + 1 + domain_len);
	return ADDRESS_OK;
}

enum address_status
address_parse(const char *text, size_t len, struct address *out)
{
	enum address_status status;

	memset(out, 0, sizeof(*out));
	status = parse_mailbox(text, len, out);
	if (status != ADDRESS_OK)
		memset(out, 0, sizeof(*out));
	return status;
}

/* Takes the blanks off both ends. */
static void
trim(const char **text, size_t *len)
{
	while (*len > 0 && (*text)[0] == ' ')
		(*text)++, (*len)--;
	while (*len > 0 && (*text)[*len - 1] == ' ')
		(*len)--;
}

enum address_status
address_parse_path(const char *typed, struct address *out)
{
	size_t len = strlen(typed);

	memset(out, 0, sizeof(*out));
	trim(&typed, &len);
	if (len == 0 || (len == 2 && memcmp(typed, "<>", 2) == 0)) {
		out->kind = ADDRESS_NULL;
		return ADDRESS_OK;
	}
	if (typed[0] == '<') {
		if (typed[len - 1] != '>')
			return ADDRESS_SYNTAX;
		typed++;
		len -= 2;
		trim(&typed, &len);   /* `< a@d >`: both MTAs read it as a@d */
	} else if (typed[0] == '"') { /* without brackets, dot-atoms only */
		return ADDRESS_SYNTAX;
	}
	return address_parse(typed, len, out);
}

const char *
address_domain(const struct address *a)
{
	return a->len == 0 ? "" : a->text + a->local_len + 1;
}

bool
address_base(
    const struct address *a, const char *delimiters, struct address *base)
{
	size_t cut = 0;

	if (a->len == 0 || a->text[0] == '"')
		return false;
	while (cut < a->local_len && strchr(delimiters, a->text[cut]) == NULL)
		cut++;
	if (cut == 0 || cut == a->local_len ||
	    !is_dot_atom(a->text, cut)) /* `a.+x@d` is not `a.@d` */
		return false;
	*base = *a;
	base->len = (uint16_t)(a->len - (a->local_len - cut));
	base->local_len = (uint16_t)cut;
	memmove(base->text + cut, a->text + a->local_len,
	    (size_t)(a->len - a->local_len) + 1);
	return true;
}

bool
address_equal(const struct address *a, const struct address *b)
{
	return a->kind == b->kind && a->len == b->len &&
	       memcmp(a->text, b->text, a->len) == 0;
}

int
address_equal_folded(const struct address *a, const struct address *b)
{
	int order;

	if (address_equal(a, b))
		return 1;
	if (a->kind != b->kind)
		return 0;
	if (u8_casecmp((const uint8_t *)a->text, a->len,
		(const uint8_t *)b->text, b->len, NULL, UNINORM_NFC,
		&order) != 0)
		return -1;
	return order == 0;
}
