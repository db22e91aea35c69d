/*
 * Audit escaping: whatever the bytes, the record is one line of printable
 * ASCII whose quotes and brackets close, and nothing of it is lost.
 */
#include "policy/json.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One code point as UTF-8, or the raw byte a lone surrogate stands for. */
static char *
put(char *out, unsigned long c)
{
	if (c >= 0xdc80 && c <= 0xdcff) {
		*out++ = (char)(c - 0xdc00);
	} else if (c < 0x80) {
		*out++ = (char)c;
	} else if (c < 0x800) {
		*out++ = (char)(0xc0 | c >> 6);
		*out++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*out++ = (char)(0xe0 | c >> 12);
		*out++ = (char)(0x80 | (c >> 6 & 0x3f));
		*out++ = (char)(0x80 | (c & 0x3f));
	} else {
		*out++ = (char)(0xf0 | c >> 18);
		*out++ = (char)(0x80 | (c >> 12 & 0x3f));
		*out++ = (char)(0x80 | (c >> 6 & 0x3f));
		*out++ = (char)(0x80 | (c & 0x3f));
	}
	return out;
}

static unsigned long
unit(const char *text)
{
	char digits[5] = "";
	char *end;
	unsigned long c;

	memcpy(digits, text, 4);
	c = strtoul(digits, &end, 16);
	REQUIRE(end == digits + 4);
	return c;
}

/* Reads the string at the opening quote; returns what follows it. */
static const char *
read_back(const char *text, char *out)
{
	REQUIRE(*text++ == '"');
	while (*text != '"') {
		unsigned long c = (unsigned char)*text++;

		REQUIRE(c >= ' ' && c <= '~');
		if (c == '\\' && *text == 'u') {
			c = unit(text + 1);
			text += 5;
			if (c >= 0xd800 && c < 0xdc00) {
				REQUIRE(text[0] == '\\' && text[1] == 'u');
				c = 0x10000 + ((c - 0xd800) << 10) +
				    (unit(text + 2) - 0xdc00);
				text += 6;
			}
		} else if (c == '\\') {
			c = (unsigned char)*text++;
			REQUIRE(c == '"' || c == '\\');
		}
		out = put(out, c);
	}
	*out = '\0';
	return text + 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *back = malloc(4 * size + 1);
	struct json j = {0};
	const char *rest;

	REQUIRE(back != NULL);
	json_object(&j, NULL);
	json_string(&j, text, text);
	json_array(&j, "more");
	json_string(&j, NULL, text);
	json_array_end(&j);
	json_object_end(&j);
	json_newline(&j);
	REQUIRE(!j.failed && j.len == strlen(j.text));
	REQUIRE(j.text[0] == '{' && strcmp(j.text + j.len - 3, "]}\n") == 0);
	rest = read_back(j.text + 1, back);
	REQUIRE(strcmp(back, text) == 0 && *rest == ':');
	rest = read_back(rest + 1, back);
	REQUIRE(strcmp(back, text) == 0);
	REQUIRE(strncmp(rest, ",\"more\":[", 9) == 0);
	rest = read_back(rest + 9, back);
	REQUIRE(strcmp(back, text) == 0 && strcmp(rest, "]}\n") == 0);
	json_free(&j);
	free(back);
	free(text);
	return 0;
}
