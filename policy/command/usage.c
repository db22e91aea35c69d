/* authpolicy usage: how the limits stand, as the running daemon counts. */
#include "policy/command/command.h"
#include "policy/command/daemon.h"
#include "policy/command/names.h"
#include "policy/command/table.h"

#include <stdlib.h>

static void
print(struct command *c, const char *json)
{
	sqlite3_stmt *s = db_query(&c->db, SQL_USAGE_FIELDS, json);

	while (db_step(&c->db, s))
		output_field((const char *)sqlite3_column_text(s, 0),
		    (const char *)sqlite3_column_text(s, 1));
	table_print(c, "limits", db_query(&c->db, SQL_USAGE_LIMITS, json));
	table_print(
	    c, "suspensions", db_query(&c->db, SQL_USAGE_SUSPENSIONS, json));
}

enum status
run_usage(struct command *c)
{
	char name[LOGIN_MAX + 1], question[LOGIN_MAX + 8] = "usage";
	struct diag why = {0};
	enum daemon_status answered;
	char *json = NULL;

	if (c->args.word_count > 0) {
		if (!names_canonical(c, c->args.words[0], name))
			return c->db.status;
		snprintf(question, sizeof(question), "usage %s", name);
	}
	answered = daemon_question(c->control, question, &c->db, &json, &why);
	if (answered == DAEMON_NONE)
		fail(STATUS_UNKNOWN,
		    "no daemon runs, and it alone counts: systemctl start "
		    "authpolicyd");
	else if (answered == DAEMON_SILENT)
		fail(STATUS_UNKNOWN, "the daemon cannot tell: %s",
		    diag_first(&why));
	else if (c->json)
		fputs(json, stdout);
	else
		print(c, json);
	free(json);
	diag_clear(&why);
	return answered == DAEMON_ANSWERED ? c->db.status : STATUS_UNKNOWN;
}
