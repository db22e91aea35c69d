/* Dates of the policy: UTC, two spellings, nothing else. */
#include "when.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Does `text` have the shape of `pattern`, in which 0 stands for a digit? */
static bool
has_shape(const char *text, const char *pattern)
{
	for (; *pattern != '\0'; text++, pattern++)
		if (*pattern == '0' ? !isdigit((unsigned char)*text)
				    : *text != *pattern)
			return false;
	return *text == '\0';
}

bool
when_parse(const char *text, enum when_edge edge, int64_t *out)
{
	struct tm tm = {0}, back;
	bool day = has_shape(text, "0000-00-00");
	time_t t;

	if (!day && !has_shape(text, "0000-00-00T00:00:00Z"))
		return false;
	sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d", &tm.tm_year, &tm.tm_mon,
	    &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec);
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	back = tm;
	t = timegm(&back); /* normalises, so 02-30 comes back as another day */
	if (back.tm_mon != tm.tm_mon || back.tm_mday != tm.tm_mday ||
	    back.tm_hour != tm.tm_hour || back.tm_min != tm.tm_min ||
	    back.tm_sec != tm.tm_sec)
		return false;
	*out = (int64_t)t + (day && edge == WHEN_UNTIL ? 24 * 3600 - 1 : 0);
	return true;
}

void
when_format(int64_t seconds, char out[WHEN_TEXT_SIZE])
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(out, WHEN_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		strcpy(out, "-");
}

static const struct unit {
	char letter;
	int64_t seconds;
} units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};

bool
when_parse_period(const char *text, int64_t *out)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (text[0] < '1' || text[0] > '9' || n > 1000000 || end[0] == '\0' ||
	    end[1] != '\0')
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (units[i].letter != *end)
			continue;
		*out = n * units[i].seconds;
		return true;
	}
	return false;
}

void
when_format_period(int64_t seconds, char out[WHEN_PERIOD_SIZE])
{
	const struct unit *u = units;

	while (u->seconds > 1 && (seconds == 0 || seconds % u->seconds != 0))
		u++;
	snprintf(out, WHEN_PERIOD_SIZE, "%" PRId64 "%c", seconds / u->seconds,
	    u->letter);
}
