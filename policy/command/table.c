/* Rows as aligned columns or as JSON. */
#include "policy/command/table.h"

#include <assert.h>

#define COLUMNS_MAX 16

static const char *
text(sqlite3_stmt *s, int column)
{
	const char *value = (const char *)sqlite3_column_text(s, column);

	return value != NULL ? value : "";
}

static void
write_json(struct command *c, const char *title, sqlite3_stmt *s)
{
	json_array(&c->out, title);
	while (db_step(&c->db, s)) {
		json_object(&c->out, NULL);
		for (int i = 0; i < sqlite3_column_count(s); i++) {
			const char *name = sqlite3_column_name(s, i);

			if (sqlite3_column_type(s, i) == SQLITE_INTEGER)
				json_integer(
				    &c->out, name, sqlite3_column_int64(s, i));
			else
				json_string(&c->out, name,
				    (const char *)sqlite3_column_text(s, i));
		}
		json_object_end(&c->out);
	}
	json_array_end(&c->out);
}

static void
widen(size_t *width, const char *value)
{
	size_t needed = output_text(NULL, value);

	if (needed > *width)
		*width = needed;
}

/* One line; the last column that holds something is not padded. */
static void
print_line(sqlite3_stmt *s, const char *(*value)(sqlite3_stmt *, int),
    const size_t *widths, int columns)
{
	size_t gap = 0;

	for (int i = 0; i < columns; i++) {
		if (widths[i] == 0)
			continue;
		if (value(s, i)[0] != '\0') {
			printf("%*s", (int)gap, "");
			gap = widths[i] - output_text(stdout, value(s, i));
		} else
			gap += widths[i];
		gap += 2;
	}
	putchar('\n');
}

void
table_print(struct command *c, const char *title, sqlite3_stmt *s)
{
	size_t widths[COLUMNS_MAX] = {0}, rows = 0;
	int columns = sqlite3_column_count(s);

	if (c->json) {
		write_json(c, title, s);
		return;
	}
	assert(columns <= COLUMNS_MAX);
	for (; db_step(&c->db, s); rows++)
		for (int i = 0; i < columns; i++)
			widen(&widths[i], text(s, i));
	/* Columns in which no row has anything are left out. */
	for (int i = 0; i < columns; i++)
		if (widths[i] > 0)
			widen(&widths[i], sqlite3_column_name(s, i));
	if (title != NULL)
		printf("\n%s%s\n", title, rows == 0 ? ": none" : "");
	if (rows > 0)
		print_line(s, sqlite3_column_name, widths, columns);
	while (rows > 0 && db_step(&c->db, s))
		print_line(s, text, widths, columns);
}
