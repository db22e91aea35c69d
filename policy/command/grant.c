/* authpolicy grant, revoke, deny and undeny: who may use which address. */
#include "policy/command/command.h"
#include "policy/command/names.h"
#include "policy/when.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The date of an option, or NULL; as typed, for a day alone has a meaning. */
static const char *
date(struct command *c, const char *option, enum when_edge edge, int64_t *out)
{
	const char *text = args_value(&c->args, option, NULL);

	if (text != NULL && !when_parse(text, edge, out))
		db_fail(&c->db, STATUS_USAGE,
		    "--%s: \"%s\" is no date: write 2026-12-31 or "
		    "2026-12-31T18:00:00Z (UTC)",
		    option, text);
	return text;
}

enum status
run_grant(struct command *c)
{
	bool on_behalf = args_has(&c->args, "on-behalf");
	const char *scope =
	    args_value(&c->args, "scope", on_behalf ? "header" : "any");
	const char *note = args_value(&c->args, "note", NULL);
	int64_t begins = INT64_MIN, ends = WHEN_EVER;
	const char *from = date(c, "from", WHEN_FROM, &begins);
	const char *until = date(c, "until", WHEN_UNTIL, &ends);
	bool over = ends < (int64_t)time(NULL);
	char who[LOGIN_MAX + 1];
	struct form form;

	if (c->db.status != STATUS_OK)
		return c->db.status;
	if (on_behalf && strcmp(scope, "header") != 0)
		return fail(STATUS_USAGE,
		    "--on-behalf is for the header: leave --scope %s out",
		    scope);
	if (begins > ends)
		return fail(STATUS_USAGE, "--until %s is before --from %s",
		    until, from);
	for (size_t i = 1; i < c->args.word_count; i++)
		if (!names_form(c, c->args.words[i], true, &form))
			return c->db.status;
	if (!names_principal(c, c->args.words[0], NAMES_CREATE, who))
		return c->db.status;
	for (size_t i = 1; i < c->args.word_count; i++)
		if (names_form(c, c->args.words[i], true, &form) &&
		    db_run(&c->db, SQL_GRANT, who, form.text, scope,
			on_behalf ? "on-behalf" : "as", from, until, note))
			diag_add(&c->changes, "%s may use %s%s%s%s%s%s%s", who,
			    form.text, on_behalf ? " on behalf" : "",
			    from != NULL ? " from " : "",
			    from != NULL ? from : "",
			    until != NULL ? " until " : "",
			    until != NULL ? until : "",
			    over ? ", which is over" : "");
	return c->db.status;
}

/* The spelling a row may have: canonical if it is a form at all, since what
 * the shell wrote wrongly has to be removable too. */
static const char *
spelling(const char *typed, bool templates, struct form *form)
{
	return form_parse(typed, templates, form) == ADDRESS_OK ? form->text
								: typed;
}

enum status
run_revoke(struct command *c)
{
	const char *scope = args_value(&c->args, "scope", NULL);
	const char *manner =
	    args_has(&c->args, "on-behalf") ? "on-behalf" : NULL;
	char who[LOGIN_MAX + 1];
	struct form form;

	if (!names_principal(c, c->args.words[0], NAMES_ANY, who))
		return c->db.status;
	for (size_t i = 1; i < c->args.word_count; i++) {
		const char *typed = c->args.words[i];
		const char *text = spelling(typed, true, &form);

		if (!db_run(
			&c->db, SQL_REVOKE, who, text, typed, scope, manner))
			break;
		if (c->db.changed == 0)
			return fail(STATUS_REFUSED,
			    "%s has no such grant of "
			    "its own: %s; nothing was changed",
			    who, text);
		diag_add(&c->changes, "%s has lost the grant of %s", who, text);
	}
	return c->db.status;
}

enum status
run_deny(struct command *c)
{
	const char *note = args_value(&c->args, "note", NULL);
	char who[LOGIN_MAX + 1];
	struct form form;

	for (size_t i = 1; i < c->args.word_count; i++)
		if (!names_form(c, c->args.words[i], false, &form))
			return c->db.status;
	if (!names_principal(c, c->args.words[0], NAMES_CREATE, who))
		return c->db.status;
	for (size_t i = 1; i < c->args.word_count; i++)
		if (names_form(c, c->args.words[i], false, &form) &&
		    db_run(&c->db, SQL_DENY, who, form.text, note))
			diag_add(
			    &c->changes, "%s may not use %s", who, form.text);
	return c->db.status;
}

enum status
run_undeny(struct command *c)
{
	char who[LOGIN_MAX + 1];
	struct form form;

	if (!names_principal(c, c->args.words[0], NAMES_ANY, who))
		return c->db.status;
	for (size_t i = 1; i < c->args.word_count; i++) {
		const char *typed = c->args.words[i];
		const char *text = spelling(typed, false, &form);

		if (!db_run(&c->db, SQL_UNDENY, who, text, typed))
			break;
		if (c->db.changed == 0)
			return fail(STATUS_REFUSED,
			    "%s has no such deny of "
			    "its own: %s; nothing was changed",
			    who, text);
		diag_add(&c->changes, "%s is no longer denied %s", who, text);
	}
	return c->db.status;
}
