#ifndef POLICY_WHEN_H
#define POLICY_WHEN_H

#include <stdbool.h>
#include <stdint.h>

#define WHEN_EVER INT64_MAX /* no end */
#define WHEN_TEXT_SIZE 21   /* room for 2026-01-31T12:00:00Z */

enum when_edge { WHEN_FROM, WHEN_UNTIL };

/*
 * Reads a date of the policy, UTC: `YYYY-MM-DD` or `YYYY-MM-DDTHH:MM:SSZ`.
 * A date alone is its first second as an edge FROM and its last as an edge
 * UNTIL, so that an end date includes its day.  `out` is in seconds since
 * 1970; the last second of validity for UNTIL.  False if it is neither.
 */
bool when_parse(const char *text, enum when_edge edge, int64_t *out);

/* Writes `seconds` as `YYYY-MM-DDTHH:MM:SSZ`; `-` what is not of the years up
 * to 9999. */
void when_format(int64_t seconds, char out[WHEN_TEXT_SIZE]);

/*
 * Reads a period of the policy, a number and `s`, `m`, `h` or `d` like `15m`,
 * as seconds.  False if it is none, or longer than 1,000,000 of its unit.
 */
bool when_parse_period(const char *text, int64_t *out);

/* Writes a period in the largest unit that shows it whole: 90 is `90s`, 7200
 * is `2h`. */
#define WHEN_PERIOD_SIZE 24
void when_format_period(int64_t seconds, char out[WHEN_PERIOD_SIZE]);

#endif
