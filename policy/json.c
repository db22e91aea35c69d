/* A writer of JSON whose output is safe wherever text is. */
#include "json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

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

static void
add_escape(struct json *j, unsigned unit)
{
	char text[12];

	snprintf(text, sizeof(text), "\\u%04x", unit);
	add(j, text, 6);
}

/* One character beyond printable ASCII; returns how many bytes it took. */
static size_t
add_special(struct json *j, const char *text)
{
	ucs4_t c;
	int n;

	if (*text == '"' || *text == '\\') {
		add_byte(j, '\\');
		add_byte(j, *text);
		return 1;
	}
	if ((unsigned char)*text < 0x80) {
		add_escape(j, (unsigned char)*text);
		return 1;
	}
	n = u8_strmbtouc(&c, (const uint8_t *)text);
	if (n <= 0) {
		add_escape(j, 0xdc00u + (unsigned char)*text);
		return 1;
	}
	if (c >= 0x10000) {
		add_escape(j, 0xd800u + ((c - 0x10000) >> 10));
		add_escape(j, 0xdc00u + ((c - 0x10000) & 0x3ff));
	} else {
		add_escape(j, c);
	}
	return (size_t)n;
}

static void
add_quoted(struct json *j, const char *text)
{
	add_byte(j, '"');
	while (*text != '\0') {
		size_t plain = 0;

		while (text[plain] >= ' ' && text[plain] <= '~' &&
		       text[plain] != '"' && text[plain] != '\\')
			plain++;
		add(j, text, plain);
		text += plain;
		if (*text != '\0')
			text += add_special(j, text);
	}
	add_byte(j, '"');
}

static void
begin(struct json *j, const char *key)
{
	if (j->comma)
		add_byte(j, ',');
	j->comma = true;
	if (key != NULL) {
		add_quoted(j, key);
		add_byte(j, ':');
	}
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
	begin(j, key);
	if (text == NULL)
		add(j, "null", 4);
	else
		add_quoted(j, text);
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
