#ifndef POLICY_COMMAND_CLOCK_H
#define POLICY_COMMAND_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Reads a point in time as seconds since 1970: RFC 3339 with any fraction,
 * which is dropped, and any offset; or a number of seconds.
 */
bool clock_parse(const char *text, int64_t *out);

#endif
