#ifndef POLICY_COMMAND_CSV_H
#define POLICY_COMMAND_CSV_H

/*
 * Records of comma-separated values, RFC 4180: a field in double quotes may
 * hold commas, line ends and, doubled, quotes.  Lines end in LF or CRLF.
 */

#include <stdbool.h>
#include <stddef.h>

#define CSV_FIELDS_MAX 16

struct csv {
	char *fields[CSV_FIELDS_MAX];
	size_t count;
	const char *wrong; /* why the record is none, or NULL */
};

/*
 * Splits the record in `text`, which becomes its fields' memory.  False when
 * it ends within quotes: then it goes on in the next line, and `text` is as it
 * was.
 */
bool csv_split(struct csv *csv, char *text);

#endif
