#ifndef POLICY_COMMAND_OUTPUT_H
#define POLICY_COMMAND_OUTPUT_H

/*
 * What the command prints: for people, or as JSON.  Whatever comes from
 * outside is escaped, so that no row and no client reaches the terminal.
 */

#include "policy/diag.h"
#include "policy/json.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The exit status. */
enum status {
	STATUS_OK = 0,
	STATUS_REFUSED = 1,
	STATUS_USAGE = 2,
	STATUS_UNKNOWN = 75 /* could not tell */
};

/* Says what is wrong on standard error, escaped; returns `status`. */
enum status fail(enum status status, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
enum status vfail(enum status status, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

/*
 * Writes text for a terminal: control, format and unassigned characters and
 * bytes that are no UTF-8 are shown by their number.  Returns how many columns
 * it takes; with `out` NULL only that.
 */
size_t output_text(FILE *out, const char *text);

/* The same for the name of a verdict, on standard output and in its colour,
 * where that is a terminal and nobody asked for none. */
size_t output_verdict(const char *name);

/* Is it UTF-8 of which output_text() would show every character itself? */
bool output_is_plain(const char *text, size_t len);

/* Writes a word for the shell, in quotes unless it needs none; as it is, so ask
 * output_is_plain() first. */
void output_word(const char *word);

/* What makes the word for what there are `n` of a plural: `s`, for one nothing.
 */
const char *output_s(int64_t n);

/* Writes a line with a name before the value. */
void output_field(const char *name, const char *value);

/* Writes lines, each after `lead`; or as an array of strings. */
void output_lines(const char *lead, const struct diag *lines);
void output_json_lines(
    struct json *j, const char *key, const struct diag *lines);

#endif
