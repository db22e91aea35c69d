/* Dates of the policy: UTC, two spellings, nothing else. */
#include "when.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FIRST (-62162035200) /* 0000-03-01T00:00:00Z */
#define LAST 253402300799    /* 9999-12-31T23:59:59Z */

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

/* `width` digits, and what stands behind them. */
static char *
put(char *to, int64_t number, int width, char behind)
{
	for (int i = width; i-- > 0; number /= 10)
		to[i] = (char)('0' + number % 10);
	to[width] = behind;
	return to + width + 1;
}

/*
 * The proleptic Gregorian calendar, in years that begin in March, so that the
 * leap day is the last; gmtime_r() and strftime() would cost a record more
 * than anything else of it, and all threads one lock.
 */
void
when_format(int64_t seconds, char out[WHEN_TEXT_SIZE])
{
	int64_t second, day, era, year, month;

	if (seconds < FIRST || seconds > LAST) {
		memcpy(out, "-", 2);
		return;
	}
	second = (seconds - FIRST) % 86400;
	day = (seconds - FIRST) / 86400;
	era = day / 146097; /* of 400 years */
	day %= 146097;
	year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	day -= year * 365 + year / 4 - year / 100;
	month = (day * 5 + 2) / 153; /* 0: March */
	day -= (month * 153 + 2) / 5;
	year += era * 400 + (month >= 10);
	month += month < 10 ? 3 : -9;
	out = put(out, year, 4, '-');
	out = put(out, month, 2, '-');
	out = put(out, day + 1, 2, 'T');
	out = put(out, second / 3600, 2, ':');
	out = put(out, second / 60 % 60, 2, ':');
	out = put(out, second % 60, 2, 'Z');
	*out = '\0';
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
