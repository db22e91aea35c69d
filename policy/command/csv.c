/* Comma-separated values, one record at a time. */
#include "policy/command/csv.h"

#include <string.h>

/* Does every quoted field end? */
static bool
is_whole(const char *at)
{
	while (at != NULL) {
		if (*at == '"') {
			for (at++; *at != '"' || *++at == '"'; at++)
				if (*at == '\0')
					return false;
		}
		at = strchr(at, ',');
		at = at != NULL ? at + 1 : NULL;
	}
	return true;
}

/* Takes a quoted field, from behind its first quote; NULL when there is more
 * behind the last.  What ends the field is left in `*end`. */
static char *
take_quoted(char *from, char *end)
{
	char *to = from;

	for (;; *to++ = *from++)
		if (*from == '"' && *++from != '"')
			break;
	*end = *from;
	*to = '\0';
	return *from == ',' || *from == '\0' ? from : NULL;
}

bool
csv_split(struct csv *csv, char *text)
{
	char *at = text, end = ',';
	size_t len;

	*csv = (struct csv){0};
	if (!is_whole(text))
		return false;
	len = strlen(text);
	if (len > 0 && text[len - 1] == '\r')
		text[len - 1] = '\0';
	while (end == ',' && csv->wrong == NULL) {
		if (csv->count == CSV_FIELDS_MAX) {
			csv->wrong = "too many fields";
			break;
		}
		if (*at == '"') {
			csv->fields[csv->count++] = at + 1;
			at = take_quoted(at + 1, &end);
			if (at == NULL)
				csv->wrong = "there is text behind a quoted "
					     "field";
		} else {
			csv->fields[csv->count++] = at;
			at += strcspn(at, ",\"");
			end = *at;
			if (end == '"')
				csv->wrong = "a quote within a field: put the "
					     "field in quotes and double it";
			*at = '\0';
		}
		at = at != NULL ? at + 1 : NULL;
	}
	return true;
}
