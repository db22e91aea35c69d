/* authpolicy set and history: the switches, and who changed what. */
#include "policy/command/command.h"
#include "policy/command/names.h"
#include "policy/command/table.h"

#include <stdlib.h>
#include <string.h>

#define VALUE_MAX 65536

/* The words of the value, domains made canonical, with a blank between. */
static bool
join(struct command *c, const char *name, char value[VALUE_MAX])
{
	bool domains =
	    strcmp(name, "realms") == 0 || strcmp(name, "default_realm") == 0;
	size_t len = 0;

	value[0] = '\0';
	for (size_t i = 1; i < c->args.word_count; i++) {
		char *words = strdup(c->args.words[i]), *rest, *word;

		for (word = words != NULL ? strtok_r(words, " ", &rest) : NULL;
		     word != NULL; word = strtok_r(NULL, " ", &rest)) {
			char domain[ADDRESS_DOMAIN_MAX + 1];

			if (domains && !names_domain(c, word, domain))
				break;
			len += (size_t)snprintf(value + len, VALUE_MAX - len,
			    "%s%s", len > 0 ? " " : "",
			    domains ? domain : word);
			if (len >= VALUE_MAX) {
				c->db.status =
				    fail(STATUS_USAGE, "the value is too long");
				break;
			}
		}
		free(words);
		if (c->db.status != STATUS_OK)
			return false;
	}
	return true;
}

enum status
run_set(struct command *c)
{
	const char *name = c->args.word_count > 0 ? c->args.words[0] : NULL;
	char value[VALUE_MAX], *is = NULL;

	if (name != NULL) {
		is = db_text(&c->db, SQL_SETTING, name);
		if (is == NULL && c->db.status == STATUS_OK)
			return fail(STATUS_USAGE,
			    "there is no setting %s: "
			    "authpolicy set lists all",
			    name);
		free(is);
	}
	if (c->args.word_count < 2)
		table_print(c, NULL, db_query(&c->db, SQL_SETTING_LIST, name));
	else if (join(c, name, value) &&
		 db_run(&c->db, SQL_SETTING_SET, value, name))
		diag_add(&c->changes, "%s is \"%s\"", name, value);
	return c->db.status;
}

enum status
run_history(struct command *c)
{
	const char *last = args_value(&c->args, "last", "50");

	if (last[0] == '\0' || strspn(last, "0123456789") != strlen(last) ||
	    strlen(last) > 9)
		return fail(
		    STATUS_USAGE, "--last takes a number, not \"%s\"", last);
	table_print(c, NULL, db_query(&c->db, SQL_HISTORY, last));
	return c->db.status;
}
