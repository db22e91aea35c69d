/* authpolicy set: the policy-wide switches. */
#include "policy/command/command.h"
#include "policy/command/guess.h"
#include "policy/command/names.h"
#include "policy/command/table.h"

#include <stdlib.h>
#include <string.h>

/* Appends the words of `text`, domains made canonical. */
static void
append(struct command *c, FILE *out, const char *text, bool domains)
{
	char *words = strdup(text), *rest = NULL;

	if (words == NULL)
		db_fail(&c->db, STATUS_UNKNOWN, "out of memory");
	for (char *word = words != NULL ? strtok_r(words, " ", &rest) : NULL;
	     word != NULL; word = strtok_r(NULL, " ", &rest)) {
		char domain[ADDRESS_DOMAIN_MAX + 1];

		if (domains && !names_domain(c, word, domain))
			break;
		fprintf(out, "%s%s", ftell(out) > 0 ? " " : "",
		    domains ? domain : word);
	}
	free(words);
}

static void
change(struct command *c, const char *name)
{
	bool domains =
	    strcmp(name, "realms") == 0 || strcmp(name, "default_realm") == 0;
	char *value = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&value, &len);

	for (size_t i = 1; out != NULL && i < c->args.word_count; i++)
		append(c, out, c->args.words[i], domains);
	if (out == NULL || fclose(out) != 0)
		db_fail(&c->db, STATUS_UNKNOWN, "out of memory");
	if (db_run(&c->db, SQL_SETTING_SET, value, name))
		diag_add(&c->changes, "%s is \"%s\"", name, value);
	free(value);
}

/* Says that there is no such setting. */
static void
no_setting(struct command *c, const char *name)
{
	sqlite3_stmt *s = db_query(&c->db, SQL_SETTING_LIST, NULL);
	struct guess g;

	guess_begin(&g, name, strlen(name));
	while (db_step(&c->db, s)) {
		const char *known = (const char *)sqlite3_column_text(s, 0);

		guess_try(&g, known, strlen(known));
	}
	db_fail(&c->db, STATUS_USAGE,
	    "there is no setting %s: %sauthpolicy set lists all", name,
	    guess_hint(&g, ""));
}

enum status
run_set(struct command *c)
{
	const char *name = c->args.word_count > 0 ? c->args.words[0] : NULL;
	char *value = name != NULL ? db_text(&c->db, SQL_SETTING, name) : NULL;

	if (name != NULL && value == NULL)
		no_setting(c, name);
	else if (name != NULL && c->args.word_count > 1)
		change(c, name);
	else
		table_print(c, NULL, db_query(&c->db, SQL_SETTING_LIST, name));
	free(value);
	return c->db.status;
}
