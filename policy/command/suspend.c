/* authpolicy suspend and resume: the emergency stop, by hand. */
#include "policy/command/clock.h"
#include "policy/command/command.h"
#include "policy/command/names.h"
#include "policy/when.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum status
run_suspend(struct command *c)
{
	const char *length = args_value(&c->args, "for", NULL);
	const char *reason = args_value(&c->args, "reason", NULL);
	char name[LOGIN_MAX + 1], until[WHEN_TEXT_SIZE];
	int64_t n = length != NULL ? clock_parse_span(length) : 0;

	if (length != NULL && n == 0)
		return fail(STATUS_USAGE,
		    "--for takes a number and s, m, h, d "
		    "or w, like 2d, not \"%s\"",
		    length);
	if (!names_principal(c, c->args.words[0], NAMES_CREATE, name) ||
	    (name[0] == '@' && !db_run(&c->db, SQL_DOMAIN_ROW, name)))
		return c->db.status;
	if (length != NULL)
		when_format((int64_t)time(NULL) + n, until);
	if (db_run(&c->db, SQL_PRINCIPAL_SUSPEND, length != NULL ? until : NULL,
		reason, name))
		diag_add(&c->changes, "%s is suspended %s%s", name,
		    length != NULL ? "until " : "until it is resumed",
		    length != NULL ? until : "");
	return c->db.status;
}

enum status
run_resume(struct command *c)
{
	char name[LOGIN_MAX + 1], *kind;
	bool by_hand;

	if (!names_principal(c, c->args.words[0], NAMES_ANY, name) ||
	    !db_run(&c->db, SQL_PRINCIPAL_RESUME, name))
		return c->db.status;
	by_hand = c->db.changed > 0;
	kind = db_text(&c->db, SQL_PRINCIPAL_KIND, name);
	if (kind != NULL && strcmp(kind, "login") == 0)
		db_run(&c->db, SQL_PARDON, name);
	free(kind);
	diag_add(&c->changes,
	    by_hand ? "%s is active again" : "%s was not suspended by hand",
	    name);
	return c->db.status;
}
