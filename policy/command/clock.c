/* The time a question is put at. */
#include "policy/command/clock.h"
#include "policy/when.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* `Z`, `+02:00`: how far it is ahead of UTC. */
static bool
parse_offset(const char *text, int64_t *out)
{
	int sign = text[0] == '-' ? -1 : 1;
	int hours, minutes;

	*out = 0;
	if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0)
		return true;
	if ((text[0] != '+' && text[0] != '-') || strlen(text) != 6 ||
	    !is_digit(text[1]) || !is_digit(text[2]) || text[3] != ':' ||
	    !is_digit(text[4]) || !is_digit(text[5]))
		return false;
	hours = (text[1] - '0') * 10 + text[2] - '0';
	minutes = (text[4] - '0') * 10 + text[5] - '0';
	*out = sign * (hours * 3600 + minutes * 60);
	return hours < 24 && minutes < 60;
}

bool
clock_parse(const char *text, int64_t *out)
{
	char utc[WHEN_TEXT_SIZE];
	int64_t offset;
	size_t digits = strspn(text, "0123456789");

	if (digits > 0 && digits < 16 && text[digits] == '\0') {
		*out = strtoll(text, NULL, 10);
		return true;
	}
	if (strlen(text) < sizeof(utc) - 1)
		return false;
	memcpy(utc, text, sizeof(utc) - 2);
	strcpy(utc + sizeof(utc) - 2, "Z");
	utc[10] = (char)toupper((unsigned char)utc[10]);
	text += sizeof(utc) - 2;
	if (text[0] == '.' && is_digit(text[1]))
		text += 1 + strspn(text + 1, "0123456789");
	if (!when_parse(utc, WHEN_FROM, out) || !parse_offset(text, &offset))
		return false;
	*out -= offset;
	return true;
}

int64_t
clock_parse_span(const char *text)
{
	static const char units[] = "smhdw";
	static const int64_t worth[] = {1, 60, 3600, 86400, 604800};
	char *end;
	long n = strtol(text, &end, 10);
	const char *unit = *end != '\0' ? strchr(units, *end) : NULL;

	if (text[0] < '1' || text[0] > '9' || unit == NULL || end[1] != '\0' ||
	    n > 1000000)
		return 0;
	return n * worth[unit - units];
}
