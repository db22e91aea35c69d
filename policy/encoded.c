/* What a reader sees of encoded words. */
#include "encoded.h"

#include "base64.h"

#include <iconv.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <unistr.h>

#define CHARSET_MAX 40

static const char replacement[] = "\357\277\275"; /* U+FFFD */

/* An encoded word, taken apart.  Borrowed from the text. */
struct word {
	char charset[CHARSET_MAX + 1]; /* without RFC 2231's *language */
	char encoding;		       /* b or q */
	const char *text;
	size_t len;
	const char *end; /* behind the ?= */
};

static bool
read_charset(const char *from, size_t len, char out[CHARSET_MAX + 1])
{
	const char *star = memchr(from, '*', len);

	len = star == NULL ? len : (size_t)(star - from);
	if (len == 0 || len > CHARSET_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxy"
			   "z0123456789-_.:+()",
			from[i]) == NULL)
			return false;
	memcpy(out, from, len);
	out[len] = '\0';
	return true;
}

/*
 * Is there an encoded word at `at`?  `last` is the last `?=` of the text, or
 * NULL: without it, words that never end would be sought to the end each time.
 */
static bool
read_word(const char *at, const char *last, struct word *w)
{
	const char *charset, *encoding, *end;

	if (at[0] != '=' || at[1] != '?' || last == NULL || at > last)
		return false;
	charset = at + 2;
	encoding = strchr(charset, '?');
	if (encoding == NULL || encoding[1] == '\0' || encoding[2] != '?' ||
	    !read_charset(charset, (size_t)(encoding - charset), w->charset))
		return false;
	w->encoding = (char)(encoding[1] | 0x20);
	w->text = encoding + 3;
	end = w->text > last ? NULL : strstr(w->text, "?=");
	if (end == NULL || (w->encoding != 'b' && w->encoding != 'q'))
		return false;
	w->len = (size_t)(end - w->text);
	w->end = end + 2;
	return true;
}

/* The last `?=` of the text, or NULL. */
static const char *
last_end(const char *text)
{
	const char *last = NULL;

	for (const char *end = strstr(text, "?="); end != NULL;
	     end = strstr(end + 1, "?="))
		last = end;
	return last;
}

/* Converts, with U+FFFD for what can't be; false when there was such. */
static bool
convert_all(iconv_t cd, char *bytes, size_t len, char **out, size_t room)
{
	bool good = true;

	while (len > 0 && room > 0) {
		if (iconv(cd, &bytes, &len, out, &room) != (size_t)-1)
			break;
		if (len == 0 || room < 3)
			break;
		good = false;
		memcpy(*out, replacement, 3);
		*out += 3;
		room -= 3;
		bytes++;
		len--;
	}
	return good;
}

/*
 * glibc passes surrogates and what is beyond U+10FFFF, three bytes or more
 * each; the rest of us would call all of the text no UTF-8.
 */
static void
repair(char *text, size_t len)
{
	const char *end = text + len;
	char *bad;

	while ((bad = (char *)(uintptr_t)u8_check(
		    (uint8_t *)text, (size_t)(end - text))) != NULL) {
		if (end - bad >= 3)
			memcpy(bad, replacement, 3);
		else
			*bad = '?';
		text = bad;
	}
}

/* Do ASCII bytes mean ASCII in the charset?  Not in UTF-7, UTF-16, EBCDIC. */
static bool
holds_ascii(iconv_t cd)
{
	char probe[] = "+-a@.", result[sizeof(probe)], *out = result;

	if (!convert_all(cd, probe, strlen(probe), &out, sizeof(result)))
		return false;
	iconv(cd, NULL, NULL, NULL, NULL);
	return (size_t)(out - result) == strlen(probe) &&
	       memcmp(result, "+-a@.", strlen(probe)) == 0;
}

/* A charset that is unknown here is unknown to most. */
static bool
is_clear_charset(const char *charset)
{
	iconv_t cd;
	bool clear;

	if (strcasecmp(charset, "utf-8") == 0)
		return true;
	cd = iconv_open("UTF-8", charset);
	if (cd == (iconv_t)-1)
		return true;
	clear = holds_ascii(cd);
	iconv_close(cd);
	return clear;
}

/* Is it clear that a word ends where `at` follows it? */
static bool
is_clear_end(const char *at)
{
	return strchr(" \t\n,;:)>'\"", *at) != NULL;
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Base64 without its padding is cut by some and read to its end by others. */
static bool
is_whole_base64(const char *text, size_t len)
{
	if (len % 4 != 0)
		return false;
	for (int pad = 0; pad < 2 && len > 0 && text[len - 1] == '='; pad++)
		len--;
	for (size_t i = 0; i < len; i++)
		if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxy"
			   "z0123456789+/",
			text[i]) == NULL)
			return false;
	return true;
}

static bool
is_clear_text(const struct word *w)
{
	if (w->encoding == 'b')
		return is_whole_base64(w->text, w->len);
	for (size_t i = 0; i < w->len; i++)
		if (w->text[i] == '=' &&
		    (i + 2 >= w->len || hex(w->text[i + 1]) < 0 ||
			hex(w->text[i + 2]) < 0))
			return false;
	return true;
}

/*
 * A word that never ends, cut off by a client: many show it as it is, some
 * decode it.  Clear if it is quoted-printable and hides no ASCII.
 */
static bool
is_clear_tail(const char *at)
{
	const char *encoding = strchr(at + 2, '?');
	char charset[CHARSET_MAX + 1];

	if (encoding == NULL || (encoding[1] | 0x20) != 'q' ||
	    encoding[2] != '?' ||
	    !read_charset(at + 2, (size_t)(encoding - at - 2), charset) ||
	    strstr(encoding, "?=") != NULL || strstr(encoding, "=?") != NULL)
		return false;
	for (const char *c = strchr(encoding, '='); c != NULL;
	     c = strchr(c + 1, '='))
		if (hex(c[1]) < 8)
			return false;
	return true;
}

bool
encoded_is_clear(const char *text)
{
	const char *last = last_end(text);
	struct word w;

	for (const char *at = strstr(text, "=?"); at != NULL;
	     at = strstr(w.end, "=?")) {
		if (!read_word(at, last, &w))
			return is_clear_tail(at);
		if (!is_clear_text(&w) || !is_clear_end(w.end) ||
		    !is_clear_charset(w.charset))
			return false;
	}
	return true;
}

/* Quoted-printable as in RFC 2047 4.2; returns how many bytes it made. */
static size_t
decode_q(const struct word *w, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < w->len; i++) {
		char c = w->text[i];

		if (c == '=' && i + 2 < w->len && hex(w->text[i + 1]) >= 0 &&
		    hex(w->text[i + 2]) >= 0) {
			c = (char)(hex(w->text[i + 1]) << 4 |
				   hex(w->text[i + 2]));
			i += 2;
		} else if (c == '_') {
			c = ' ';
		}
		out[n++] = c;
	}
	return n;
}

/*
 * Bytes of a charset as UTF-8; `out` has room for four times as many.  With
 * `doubt`, what is not in its charset, or in one that not all know, is UTF-8 if
 * it can be, else Latin-1.
 */
static size_t
convert(const char *charset, char *bytes, size_t len, bool doubt, char *out)
{
	bool utf8 = u8_check((const uint8_t *)bytes, len) == NULL;
	char *to = out;
	iconv_t cd = (iconv_t)-1;

	if (!utf8 || strcasecmp(charset, "utf-8") != 0)
		cd = iconv_open("UTF-8", charset);
	if (cd == (iconv_t)-1 && !doubt && strcasecmp(charset, "utf-8") != 0)
		cd = iconv_open("UTF-8", "US-ASCII");
	if (cd != (iconv_t)-1) {
		bool good =
		    (!doubt || holds_ascii(cd)) &&
		    (convert_all(cd, bytes, len, &to, 4 * len) || !doubt);

		iconv_close(cd);
		repair(out, (size_t)(to - out));
		if (good)
			return (size_t)(to - out);
		to = out;
	}
	if (utf8) {
		memcpy(out, bytes, len);
		return len;
	}
	cd = iconv_open("UTF-8", "ISO-8859-1");
	if (cd == (iconv_t)-1)
		return 0;
	convert_all(cd, bytes, len, &to, 4 * len);
	iconv_close(cd);
	return (size_t)(to - out);
}

/*
 * Decodes the run of encoded words of one charset that begins at `*at`, which
 * moves behind it.
 */
static size_t
decode_run(const char **at, const char *last, const struct word *w, char *bytes,
    bool doubt, char *out)
{
	struct word next = *w;
	size_t len = 0;

	do {
		const char *gap;

		len += next.encoding == 'b'
			   ? base64_decode(next.text, next.len, bytes + len)
			   : decode_q(&next, bytes + len);
		*at = next.end;
		gap = *at + strspn(*at, " \t\n");
		if (!read_word(gap, last, &next))
			break;
		*at = gap;
	} while (strcasecmp(next.charset, w->charset) == 0);
	return convert(w->charset, bytes, len, doubt, out);
}

char *
encoded_decode(const char *text, bool doubt, struct arena *arena)
{
	size_t len = strlen(text), n = 0;
	const char *last = last_end(text);
	char *out, *bytes;
	struct word w;

	if (strstr(text, "=?") == NULL)
		return arena_strdup(arena, text);
	out = arena_alloc(arena, 4 * len + 1);
	bytes = arena_alloc(arena, len + 1);
	if (out == NULL || bytes == NULL)
		return NULL;
	while (*text != '\0') {
		if (read_word(text, last, &w))
			n += decode_run(&text, last, &w, bytes, doubt, out + n);
		else
			out[n++] = *text++;
	}
	out[n] = '\0';
	/* a NUL within would hide what follows from us, not from readers */
	for (size_t i = 0; i < n; i++)
		if (out[i] == '\0')
			out[i] = '\1';
	return out;
}
