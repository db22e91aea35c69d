/*
 * authpolicy import postfix-login-maps, and how the sources of Postfix' tables
 * are read: as postmap(1) and texthash do.  What Postfix would never look up is
 * left out and said.
 */
#include "policy/command/import_maps.h"
#include "policy/command/names.h"

#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r\n\v\f"
#define SEPARATORS ", \t\r\n"

static bool
append(struct map *m, const char *line)
{
	size_t n = strlen(line);

	if (m->len + n + 2 > m->size) {
		size_t size = 2 * (m->len + n + 2);
		char *more = realloc(m->entry, size);

		if (more == NULL)
			return db_fail(
			    &m->i.c->db, STATUS_UNKNOWN, "out of memory");
		m->entry = more;
		m->size = size;
	}
	if (m->len > 0)
		m->entry[m->len++] = ' ';
	memcpy(m->entry + m->len, line, n + 1);
	m->len += n;
	return true;
}

/* Ends the key, which may be quoted, and returns where the value begins; NULL
 * when a quote stays open. */
static char *
split(char *key)
{
	char *at = key;
	bool quoted = false;

	for (; *at != '\0' && (quoted || strchr(BLANKS, *at) == NULL); at++)
		if (*at == '\\' && at[1] != '\0')
			at++;
		else if (*at == '"')
			quoted = !quoted;
	if (quoted)
		return NULL;
	if (*at != '\0')
		*at++ = '\0';
	return at + strspn(at, BLANKS);
}

/*
 * Is the key one that Postfix would look up for a sender?  It reads `*` and
 * the dot of `@.d` as they stand, where a grant would read a form.
 */
static bool
is_looked_up(struct map *m, const char *key)
{
	size_t len = strlen(key);
	struct form form;

	if (strcmp(key, "<>") == 0 || key[len - 1] == '@' ||
	    (form_parse(key, false, &form) == ADDRESS_OK &&
		form.kind != FORM_ADDRESS && form.kind != FORM_DOMAIN)) {
		import_note(&m->i,
		    "%s: Postfix finds no sender by this key; left out", key);
		return false;
	}
	return true;
}

/* The same key again: Postfix goes by the first. */
static bool
is_first(struct map *m, const char *key)
{
	struct db *db = &m->i.c->db;
	char line[24], *first;

	snprintf(line, sizeof(line), "%zu", m->i.line);
	if (!db_run(db, SQL_MAP_KEY, key, line) || db->changed > 0)
		return db->status == STATUS_OK;
	first = db_text(db, SQL_MAP_LINE, key);
	if (first == NULL)
		return false;
	import_note(&m->i,
	    "the key %s is on line %s already, by which Postfix goes; left out",
	    key, first);
	free(first);
	return false;
}

/* All who are listed. */
static void
take_list(struct map *m, const char *address, const char *list)
{
	char *copy = strdup(list), *next = NULL;

	if (copy == NULL)
		db_fail(&m->i.c->db, STATUS_UNKNOWN, "out of memory");
	else if (is_looked_up(m, address))
		for (char *who = strtok_r(copy, SEPARATORS, &next); who != NULL;
		     who = strtok_r(NULL, SEPARATORS, &next))
			if (!m->take(m, address, who))
				break;
	free(copy);
}

/* A key without domain is that name in each domain of --domain. */
static void
take_entry(struct map *m, const char *key, const char *value)
{
	struct args *args = &m->i.c->args;
	char address[2 * ADDRESS_MAX];
	const char *domain;
	size_t at = 0;

	if (!is_first(m, key))
		return;
	if (strchr(key, '@') != NULL || strcmp(key, "<>") == 0)
		take_list(m, key, value);
	else if (m->passes != NULL && m->passes(m, key))
		return;
	else if (!args_has(args, "domain"))
		import_bad(&m->i,
		    "\"%s\" has no domain: say with --domain which Postfix "
		    "adds, those of mydestination and myorigin",
		    key);
	else if (strlen(key) > ADDRESS_LOCAL_MAX)
		import_bad(&m->i, "\"%s\" is no address: %s", key,
		    address_strerror(ADDRESS_TOO_LONG));
	else
		while ((domain = args_next(args, "domain", &at)) != NULL) {
			snprintf(
			    address, sizeof(address), "%s@%s", key, domain);
			take_list(m, address, value);
		}
}

static void
end_entry(struct map *m)
{
	size_t line = m->i.line;
	struct form form;
	char *value;

	if (m->len == 0)
		return;
	m->i.line = m->first;
	value = split(m->entry);
	if (value == NULL)
		import_bad(&m->i, "a quote that is not closed");
	else if (*value == '\0')
		import_bad(&m->i,
		    "there is nothing behind the key \"%s\": write KEY LOGIN, "
		    "LOGIN...",
		    m->entry);
	else if (m->entry[strlen(m->entry) - 1] == ':')
		import_bad(&m->i,
		    "\"%s\": a key ends without a colon; is this an aliases(5) "
		    "file?",
		    m->entry);
	else if (m->entry[0] == '/' &&
		 form_parse(m->entry, false, &form) != ADDRESS_OK)
		import_bad(&m->i,
		    "\"%s\": regexp and pcre tables cannot be imported; see "
		    "authpolicy grant for patterns like dev-*@example.com",
		    m->entry);
	else
		take_entry(m, m->entry, value);
	m->i.line = line;
	m->len = 0;
}

/* Comments and empty lines are left out, also within an entry; a line that
 * begins with a blank goes on. */
static void
read_map(struct map *m)
{
	char *line;

	while ((line = import_line(&m->i)) != NULL) {
		size_t blank = strspn(line, BLANKS);

		if (line[blank] == '\0' || line[blank] == '#')
			continue;
		if (blank == 0) {
			end_entry(m);
			m->first = m->i.line;
		} else if (m->len == 0) {
			import_bad(&m->i, "it goes on what is not there: begin "
					  "the line without a blank");
			continue;
		}
		if (!append(m, line + blank))
			break;
	}
	end_entry(m);
}

bool
import_maps_run(struct map *m, struct command *c, const char *origin)
{
	const struct args *args = &c->args;
	bool exact = args_has(args, "exact"), good;
	char domain[ADDRESS_DOMAIN_MAX + 1];
	const char *typed;
	size_t at = 0;

	good =
	    import_begin(&m->i, c, args_value(args, "origin", origin), exact);
	while (good && (typed = args_next(args, "domain", &at)) != NULL)
		good = names_domain(c, typed, domain);
	if (good && exact && !args_has(args, "origin"))
		good = db_fail(&c->db, STATUS_USAGE,
		    "--exact needs --origin NAME: the rows that are to be as "
		    "in the file");
	good = good && import_open(&m->i, c->args.words[0]);
	if (good)
		read_map(m);
	free(m->entry);
	return good && c->db.status == STATUS_OK;
}

static bool
take_login(struct map *m, const char *address, const char *who)
{
	struct import_grant g = {
	    .principal = who, .address = address, .scope = m->scope};

	return import_principal(&m->i, "login", who, NULL, true) &&
	       import_grant(&m->i, &g);
}

/* Grants add up, while Postfix goes by the first key that it finds. */
static void
note_overlaps(struct import *i)
{
	sqlite3_stmt *s = db_query(&i->c->db, SQL_MAP_OVERLAPS);

	i->line = 0;
	while (db_step(&i->c->db, s)) {
		const char *who = (const char *)sqlite3_column_text(s, 0);
		const char *address = (const char *)sqlite3_column_text(s, 1);
		const char *domain = (const char *)sqlite3_column_text(s, 2);

		import_note(i,
		    "%s may use %s by %s, where Postfix goes by %s alone; to "
		    "forbid it: authpolicy deny %s %s",
		    who, address, domain, address, who, address);
	}
}

enum status
run_import_login_maps(struct command *c)
{
	struct map m = {
	    .take = take_login, .scope = args_value(&c->args, "scope", NULL)};

	if (import_maps_run(&m, c, "postfix-login-maps"))
		note_overlaps(&m.i);
	return import_end(&m.i);
}
