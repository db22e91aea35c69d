#ifndef POLICY_COMMAND_CHART_H
#define POLICY_COMMAND_CHART_H

/* Bars in a page, as SVG; what they mean is in text beside them. */

#include "policy/command/db.h"

#include <stdint.h>

/* A value that each row of a query has.  A list ends in one without name. */
struct series {
	int column;
	int minus; /* a column that is part of it and stands apart; 0: none */
	const char *class, *name;
};

int64_t chart_value(sqlite3_stmt *s, const struct series *one);
int64_t chart_sum(sqlite3_stmt *s, const struct series *series);

/* A section with stacked bars, one for each period of a report; nothing when
 * all are 0. */
void chart_write(
    struct db *db, FILE *out, const char *title, const struct series *series);

/* The values of a row in one bar; `whole` is its full length. */
void chart_bar(
    FILE *out, int64_t whole, sqlite3_stmt *s, const struct series *series);

#endif
