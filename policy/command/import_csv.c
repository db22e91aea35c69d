/* authpolicy import csv: logins, groups with their members, and grants. */
#include "policy/command/csv.h"
#include "policy/command/import.h"

#include <stdlib.h>
#include <string.h>

#define RECORD_MAX 65536 /* bytes: a quote that never closes ends here */

/* The field, or NULL where it is missing or empty. */
static const char *
field(const struct csv *csv, size_t at)
{
	return at < csv->count && csv->fields[at][0] != '\0' ? csv->fields[at]
							     : NULL;
}

static bool
read_grant(struct import *i, const struct csv *csv)
{
	struct import_grant g = {.principal = field(csv, 1),
	    .address = field(csv, 2),
	    .scope = field(csv, 3),
	    .manner = field(csv, 4),
	    .from = field(csv, 5),
	    .until = field(csv, 6),
	    .note = field(csv, 7)};

	return import_grant(i, &g);
}

static bool
read_login(struct import *i, const struct csv *csv)
{
	return import_principal(
	    i, csv->fields[0], csv->fields[1], field(csv, 2), false);
}

static bool
read_member(struct import *i, const struct csv *csv)
{
	return import_member(i, csv->fields[1], csv->fields[2]);
}

static const struct type {
	const char *name;
	bool (*read)(struct import *i, const struct csv *csv);
	size_t least, most; /* fields, the type included */
	const char *fields;
} types[] = {
    {"login", read_login, 2, 3, "login,NAME[,NOTE]"},
    {"group", read_login, 2, 3, "group,NAME[,NOTE]"},
    {"member", read_member, 3, 3, "member,GROUP,LOGIN"},
    {"grant", read_grant, 3, 8,
	"grant,PRINCIPAL,ADDRESS[,SCOPE[,MANNER[,FROM[,UNTIL[,NOTE]]]]]"},
};

static void
read_record(struct import *i, const struct csv *csv)
{
	const char *name = csv->fields[0];

	if (csv->wrong != NULL) {
		import_bad(i, "%s", csv->wrong);
		return;
	}
	if (i->line == 1 && strcmp(name, "type") == 0)
		return; /* names of columns */
	for (size_t n = 0; n < sizeof(types) / sizeof(*types); n++) {
		const struct type *t = &types[n];

		if (strcmp(name, t->name) != 0)
			continue;
		if (csv->count >= t->least && csv->count <= t->most &&
		    field(csv, t->least - 1) != NULL && field(csv, 1) != NULL)
			t->read(i, csv);
		else
			import_bad(i, "write %s", t->fields);
		return;
	}
	import_bad(i,
	    "\"%s\" is no type: a line begins with login, group, member or "
	    "grant",
	    name);
}

/* Is there nothing in the line to be read? */
static bool
is_empty(const char *line)
{
	return line[0] == '#' || line[strspn(line, " \t\r")] == '\0';
}

/* Adds a line to the record; false when that is bad or memory is out. */
static bool
append(char **record, const char *line)
{
	size_t had = *record != NULL ? strlen(*record) + 1 : 0;
	size_t size = strlen(line) + 1;
	char *more =
	    had + size < RECORD_MAX ? realloc(*record, had + size) : NULL;

	if (more == NULL)
		return false;
	if (had > 0)
		more[had - 1] = '\n';
	memcpy(more + had, line, size);
	*record = more;
	return true;
}

/* Reads the rest of a record whose first line ends within quotes. */
static void
read_long_record(struct import *i, const char *first)
{
	size_t begin = i->line, end;
	char *record = NULL, *line;
	bool whole = false, good = append(&record, first);
	struct csv csv;

	while (good && !whole && (line = import_line(i)) != NULL) {
		good = append(&record, line);
		whole = good && csv_split(&csv, record);
	}
	end = i->line;
	i->line = begin;
	if (whole)
		read_record(i, &csv);
	else
		import_bad(i, "a quote that is not closed");
	i->line = end;
	free(record);
}

static void
read_csv(struct import *i)
{
	char *line;
	struct csv csv;

	while ((line = import_line(i)) != NULL) {
		if (i->line == 1 && strncmp(line, "\xef\xbb\xbf", 3) == 0)
			line += 3;
		if (is_empty(line))
			continue;
		if (csv_split(&csv, line))
			read_record(i, &csv);
		else
			read_long_record(i, line);
	}
}

enum status
run_import_csv(struct command *c)
{
	const char *origin = args_value(&c->args, "origin", NULL);
	bool exact = args_has(&c->args, "exact");
	struct import i;

	if (exact && origin == NULL)
		return fail(STATUS_USAGE,
		    "--exact needs --origin NAME: the rows that are to be as "
		    "in the file");
	if (import_begin(&i, c, origin != NULL ? origin : "csv", exact) &&
	    import_open(&i, c->args.words[0]))
		read_csv(&i);
	return import_end(&i);
}
