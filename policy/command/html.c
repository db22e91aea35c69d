/* Values in a page.  Whatever came from a client is text, never markup. */
#include "policy/command/html.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Text for people, as on a terminal, but with what HTML reads escaped.  It
 * reads in its own direction. */
void
html_text(FILE *out, const char *text)
{
	char *visible = NULL;
	size_t size;
	FILE *memory = open_memstream(&visible, &size);

	if (memory == NULL) {
		fputs("out of memory", out);
		return;
	}
	output_text(memory, text);
	fclose(memory);
	fputs("<bdi dir=\"ltr\">", out);
	for (const char *at = visible; at != NULL && *at != '\0'; at++)
		switch (*at) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			putc(*at, out);
		}
	fputs("</bdi>", out);
	free(visible);
}

void
html_column(FILE *out, sqlite3_stmt *s, int column)
{
	const char *text = (const char *)sqlite3_column_text(s, column);

	html_text(out, text != NULL ? text : "-");
}

void
html_moment(FILE *out, sqlite3_stmt *s, int column)
{
	const char *text = (const char *)sqlite3_column_text(s, column);
	char moment[17];

	snprintf(moment, sizeof(moment), "%s", text != NULL ? text : "-");
	if (strlen(moment) > 10 && moment[10] == 'T')
		moment[10] = ' ';
	html_text(out, moment);
}

void
html_number(FILE *out, int64_t number)
{
	char digits[24];
	int n = snprintf(digits, sizeof(digits), "%" PRId64, number);

	for (int i = 0; i < n; i++) {
		if (i > 0 && (n - i) % 3 == 0 && digits[i - 1] != '-')
			putc(',', out);
		putc(digits[i], out);
	}
}

void
html_count(FILE *out, int64_t number, const char *name, bool *more)
{
	if (number == 0)
		return;
	fputs(*more ? " &middot; " : "", out);
	html_number(out, number);
	fprintf(out, " %s", name);
	*more = true;
}
