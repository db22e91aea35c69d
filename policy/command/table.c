/* Rows as aligned columns or as JSON. */
#include "policy/command/table.h"

#define COLUMNS_MAX 16

static const char *
text(sqlite3_stmt *s, int column)
{
	const char *value = (const char *)sqlite3_column_text(s, column);

	return value != NULL ? value : "";
}

static size_t
print_json(struct db *db, sqlite3_stmt *s)
{
	size_t rows = 0;

	putchar('[');
	while (db_step(db, s)) {
		fputs(rows++ > 0 ? ",\n {" : "{", stdout);
		for (int i = 0; i < sqlite3_column_count(s); i++) {
			if (i > 0)
				putchar(',');
			output_json(stdout, sqlite3_column_name(s, i));
			putchar(':');
			if (sqlite3_column_type(s, i) == SQLITE_INTEGER)
				fputs(text(s, i), stdout);
			else
				output_json(stdout, (const char *)
				    sqlite3_column_text(s, i));
		}
		putchar('}');
	}
	putchar(']');
	return rows;
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

size_t
table_print(struct db *db, sqlite3_stmt *s, bool json)
{
	size_t widths[COLUMNS_MAX] = {0}, rows = 0;
	int columns = sqlite3_column_count(s);

	if (json)
		return print_json(db, s);
	if (columns > COLUMNS_MAX)
		columns = COLUMNS_MAX;
	/* Columns in which no row has anything are left out. */
	for (; db_step(db, s); rows++)
		for (int i = 0; i < columns; i++) {
			size_t width = output_text(NULL, text(s, i));

			if (width > widths[i])
				widths[i] = width;
		}
	if (rows == 0)
		return 0;
	for (int i = 0; i < columns; i++) {
		size_t width = output_text(NULL, sqlite3_column_name(s, i));

		if (widths[i] > 0 && width > widths[i])
			widths[i] = width;
	}
	print_line(s, sqlite3_column_name, widths, columns);
	while (db_step(db, s))
		print_line(s, text, widths, columns);
	return rows;
}
