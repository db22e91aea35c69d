/* authpolicy suspend and resume: the emergency stop, by hand. */
#include "policy/command/clock.h"
#include "policy/command/command.h"
#include "policy/command/daemon.h"
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

/* What limits suspended, by the daemon's answer; how many of the principal's
 * own the pardon ends. */
static int
tell_automatic(struct command *c, struct db *db, const char *json)
{
	sqlite3_stmt *s = db_query(db, SQL_USAGE_SUSPENDED, json);
	int ended = 0;

	while (db_step(db, s)) {
		const char *who = (const char *)sqlite3_column_text(s, 0);
		const char *limit = (const char *)sqlite3_column_text(s, 1);
		const char *until = (const char *)sqlite3_column_text(s, 2);

		if (sqlite3_column_int(s, 3) == 0)
			diag_add(&c->changes,
			    "still suspended through %s: see authpolicy "
			    "resume %s",
			    who, who);
		else if (limit != NULL) {
			ended++;
			diag_add(&c->changes,
			    "%s is active again: the limit %s had suspended "
			    "it until %s",
			    who, limit, until);
		}
	}
	return ended;
}

/* Asks the daemon whom its limits suspended.  False: it could not be asked. */
static bool
ask_automatic(struct command *c, const char *name, int *ended)
{
	char question[LOGIN_MAX + 8], *json = NULL;
	struct diag why = {0};
	struct db db = {0};
	bool told;

	snprintf(question, sizeof(question), "usage %s", name);
	told = daemon_question(c->control, question, &db, &json, &why) ==
	       DAEMON_ANSWERED;
	*ended = told ? tell_automatic(c, &db, json) : 0;
	free(json);
	db_close(&db);
	diag_clear(&why);
	return told;
}

/* The pardon ends what limits did, for whom they did it: a login without a row
 * as well, and a group whose members were counted together. */
enum status
run_resume(struct command *c)
{
	const char *typed = c->args.words[0];
	char name[LOGIN_MAX + 1], *kind;
	bool by_hand, told;
	int ended;

	if (!names_principal(c, typed, NAMES_MAYBE, name) ||
	    !db_run(&c->db, SQL_PRINCIPAL_RESUME, name))
		return c->db.status;
	by_hand = c->db.changed > 0;
	if (by_hand)
		diag_add(&c->changes, "%s is active again", name);
	told = ask_automatic(c, name, &ended);
	kind = db_text(&c->db, SQL_PRINCIPAL_KIND, name);
	if (kind == NULL && name[0] != '@' && ended == 0)
		db_fail(&c->db, STATUS_REFUSED,
		    "there is no login or group %s%s", name,
		    told ? ", nor did a limit suspend it"
			 : ", and without a daemon it cannot be told whether a "
			   "limit suspended it");
	else if (strcmp(name, "anonymous") != 0)
		db_run(&c->db, SQL_PARDON, name);
	if (!by_hand && ended == 0)
		diag_add(&c->changes, "%s was not suspended%s", name,
		    told ? "" : " by hand");
	free(kind);
	return c->db.status;
}
