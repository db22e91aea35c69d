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

/* An encoded word, taken apart.  Borrowed from the text. */
struct word {
	char charset[CHARSET_MAX + 1]; /* without RFC 2231's *language */
	char encoding;                 /* b or q */
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

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
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

/* Bytes of a charset as UTF-8; `out` has room for four times as many. */
static size_t
convert(const char *charset, char *bytes, size_t len, char *out)
{
	char *to = out;
	size_t room = 4 * len;
	iconv_t cd;

	if (strcasecmp(charset, "utf-8") == 0 &&
	    u8_check((const uint8_t *)bytes, len) == NULL) {
		memcpy(out, bytes, len);
		return len;
	}
	cd = iconv_open("UTF-8", charset);
	if (cd == (iconv_t)-1)
		cd = iconv_open("UTF-8", "ISO-8859-1");
	if (cd == (iconv_t)-1)
		return 0;
	while (len > 0 && room > 0) {
		if (iconv(cd, &bytes, &len, &to, &room) != (size_t)-1)
			break;
		if (len == 0 || room == 0)
			break;
		*to++ = '?'; /* what can't be converted */
		room--;
		bytes++;
		len--;
	}
	iconv_close(cd);
	return (size_t)(to - out);
}

/*
 * Decodes the run of encoded words of one charset that begins at `*at`, which
 * moves behind it.
 */
static size_t
decode_run(const char **at, const char *last, const struct word *w,
    char *bytes, char *out)
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
	return convert(w->charset, bytes, len, out);
}

char *
encoded_decode(const char *text, struct arena *arena)
{
	size_t len = strlen(text), n = 0;
	const char *last = NULL;
	char *out, *bytes;
	struct word w;

	if (strstr(text, "=?") == NULL)
		return arena_strdup(arena, text);
	out = arena_alloc(arena, 4 * len + 1);
	bytes = arena_alloc(arena, len + 1);
	if (out == NULL || bytes == NULL)
		return NULL;
	for (const char *end = strstr(text, "?="); end != NULL;
	     end = strstr(end + 1, "?="))
		last = end;
	while (*text != '\0') {
		if (read_word(text, last, &w))
			n += decode_run(&text, last, &w, bytes, out + n);
		else
			out[n++] = *text++;
	}
	out[n] = '\0';
	/* a NUL within would hide what follows from us, not from readers */
	for (size_t i = 0; i < n; i++)
		if (out[i] == '\0')
			out[i] = ' ';
	return out;
}
