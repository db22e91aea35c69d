/* A writer of JSON whose output is safe wherever text is. */
#include "json.h"

#include <stdlib.h>
#include <string.h>
#include <unistr.h>

#define ESCAPE_MAX 6 /* bytes that one byte may become */

/* Makes room for so many bytes and a NUL; false when there is none. */
static bool
reserve(struct json *j, size_t len)
{
	size_t cap = j->cap * 2 + len + 2000;
	char *larger;

	if (j->failed)
		return false;
	if (j->cap - j->len > len)
		return true;
	larger = realloc(j->text, cap);
	if (larger == NULL) {
		j->failed = true;
		return false;
	}
	j->text = larger;
	j->cap = cap;
	return true;
}

static void
add(struct json *j, const char *text, size_t len)
{
	if (!reserve(j, len))
		return;
	memcpy(j->text + j->len, text, len);
	j->len += len;
	j->text[j->len] = '\0';
}

static void
add_byte(struct json *j, char c)
{
	if (!reserve(j, 1))
		return;
	j->text[j->len++] = c;
	j->text[j->len] = '\0';
}

/* The writers below write at `to`, where there is room, and return behind. */

static char *
put_escape(char *to, unsigned unit)
{
	static const char digits[] = "0123456789abcdef";

	*to++ = '\\';
	*to++ = 'u';
	for (int shift = 12; shift >= 0; shift -= 4)
		*to++ = digits[unit >> shift & 15];
	return to;
}

/* The character at `*text`, which it moves on, as its escape. */
static char *
put_special(char *to, const char **text)
{
	ucs4_t c = (unsigned char)**text;
	int n = 1;

	if (c == '"' || c == '\\') {
		*to++ = '\\';
		*to++ = (char)c;
	} else if (c < 0x80) {
		to = put_escape(to, c);
	} else if ((n = u8_strmbtouc(&c, (const uint8_t *)*text)) <= 0) {
		to = put_escape(to, 0xdc00u + (unsigned char)**text);
		n = 1;
	} else if (c >= 0x10000) {
		to = put_escape(to, 0xd800u + ((c - 0x10000) >> 10));
		to = put_escape(to, 0xdc00u + ((c - 0x10000) & 0x3ff));
	} else {
		to = put_escape(to, c);
	}
	*text += n;
	return to;
}

/* Which bytes do not stand for themselves. */
static const bool special[256] = {[0 ... ' ' - 1] = true,
    ['"'] = true,
    ['\\'] = true,
    [0x7f ... 0xff] = true};

static char *
put_quoted(char *to, const char *text)
{
	*to++ = '"';
	for (;;) {
		const char *from = text;

		while (!special[(unsigned char)*text])
			text++;
		memcpy(to, from, (size_t)(text - from));
		to += text - from;
		if (*text == '\0')
			break;
		to = put_special(to, &text);
	}
	*to++ = '"';
	return to;
}

/* Makes room for a text in quotes and four bytes; NULL when there is none. */
static char *
room_for(struct json *j, const char *text)
{
	size_t len = text == NULL ? 0 : strlen(text);

	return reserve(j, ESCAPE_MAX * len + 6) ? j->text + j->len : NULL;
}

/* What was put ends at `to`. */
static void
put_end(struct json *j, char *to)
{
	*to = '\0';
	j->len = (size_t)(to - j->text);
}

static void
begin(struct json *j, const char *key)
{
	char *to = room_for(j, key);

	if (to == NULL)
		return;
	if (j->comma)
		*to++ = ',';
	j->comma = true;
	if (key != NULL) {
		to = put_quoted(to, key);
		*to++ = ':';
	}
	put_end(j, to);
}

static void
open_with(struct json *j, const char *key, char bracket)
{
	begin(j, key);
	add_byte(j, bracket);
	j->comma = false;
}

static void
close_with(struct json *j, char bracket)
{
	add_byte(j, bracket);
	j->comma = true;
}

void
json_object(struct json *j, const char *key)
{
	open_with(j, key, '{');
}

void
json_object_end(struct json *j)
{
	close_with(j, '}');
}

void
json_array(struct json *j, const char *key)
{
	open_with(j, key, '[');
}

void
json_array_end(struct json *j)
{
	close_with(j, ']');
}

void
json_string(struct json *j, const char *key, const char *text)
{
	char *to;

	begin(j, key);
	to = room_for(j, text);
	if (to == NULL)
		return;
	if (text == NULL)
		to = mempcpy(to, "null", 4);
	else
		to = put_quoted(to, text);
	put_end(j, to);
}

void
json_integer(struct json *j, const char *key, int64_t number)
{
	uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
	char text[24], *digits = text + sizeof(text);

	do
		*--digits = (char)('0' + left % 10);
	while ((left /= 10) > 0);
	if (number < 0)
		*--digits = '-';
	begin(j, key);
	add(j, digits, (size_t)(text + sizeof(text) - digits));
}

void
json_bool(struct json *j, const char *key, bool value)
{
	begin(j, key);
	add(j, value ? "true" : "false", value ? 4 : 5);
}

void
json_newline(struct json *j)
{
	add_byte(j, '\n');
	j->comma = false;
}

void
json_free(struct json *j)
{
	free(j->text);
	memset(j, 0, sizeof(*j));
}
