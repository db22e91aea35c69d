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

struct column {
	size_t width;
	bool number; /* aligned to the right */
};

static void
widen(struct column *column, const char *value)
{
	size_t needed = output_text(NULL, value);

	if (needed > column->width)
		column->width = needed;
}

/* A column is one of numbers when there is one in it: what stands for none
 * or for any is aligned like them. */
static void
measure(sqlite3_stmt *s, struct column *columns, int count)
{
	for (int i = 0; i < count; i++) {
		widen(&columns[i], text(s, i));
		if (sqlite3_column_type(s, i) == SQLITE_INTEGER)
			columns[i].number = true;
	}
}

/* One line, without blanks at its end. */
static void
print_line(sqlite3_stmt *s, const char *(*value)(sqlite3_stmt *, int),
    const struct column *columns, int count)
{
	size_t gap = 0;

	for (int i = 0; i < count; i++) {
		const char *shown = value(s, i);
		size_t rest = columns[i].width;

		if (rest == 0)
			continue;
		if (shown[0] != '\0') {
			rest -= output_text(NULL, shown);
			printf("%*s",
			    (int)(gap + (columns[i].number ? rest : 0)), "");
			output_text(stdout, shown);
			gap = columns[i].number ? 0 : rest;
		} else
			gap += rest;
		gap += 2;
	}
	putchar('\n');
}

void
table_print(struct command *c, const char *title, sqlite3_stmt *s)
{
	struct column columns[COLUMNS_MAX] = {0};
	int count = sqlite3_column_count(s);
	size_t rows = 0;

	if (c->json) {
		write_json(c, title, s);
		return;
	}
	assert(count <= COLUMNS_MAX);
	for (; db_step(&c->db, s); rows++)
		measure(s, columns, count);
	/* Columns in which no row has anything are left out. */
	for (int i = 0; i < count; i++)
		if (columns[i].width > 0)
			widen(&columns[i], sqlite3_column_name(s, i));
	if (title != NULL)
		printf("\n%s%s\n", title, rows == 0 ? ": none" : "");
	if (rows > 0)
		print_line(s, sqlite3_column_name, columns, count);
	while (rows > 0 && db_step(&c->db, s))
		print_line(s, text, columns, count);
}
