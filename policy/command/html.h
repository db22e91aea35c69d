#ifndef POLICY_COMMAND_HTML_H
#define POLICY_COMMAND_HTML_H

/* Values in a page of HTML, for people. */

#include "policy/command/db.h"

#include <stdint.h>

/*
 * Text as on a terminal, so that it shows what it holds, and with what HTML
 * reads escaped.  It can't turn what stands beside it around.
 */
void html_text(FILE *out, const char *text);

/* A column's text; `-` for NULL. */
void html_column(FILE *out, sqlite3_stmt *s, int column);

/* A moment, to the minute. */
void html_moment(FILE *out, sqlite3_stmt *s, int column);

/* A number in groups of three digits. */
void html_number(FILE *out, int64_t number);

/* The same with its name behind, unless it is 0; `*more`: one stands before. */
void html_count(FILE *out, int64_t number, const char *name, bool *more);

#endif
