#ifndef POLICY_COMMAND_CLOCK_H
#define POLICY_COMMAND_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Reads a point in time as seconds since 1970: RFC 3339 with any fraction,
 * which is dropped, and any offset; or a number of seconds.
 */
bool clock_parse(const char *text, int64_t *out);

/* Reads a length of time, `90s`, `30m`, `12h`, `2d` or `1w`, as seconds; 0 if
 * it is none. */
int64_t clock_parse_span(const char *text);

#endif
