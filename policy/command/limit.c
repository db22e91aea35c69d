/*
 * authpolicy limit: how much a principal may send.  A row that the loader would
 * not understand refuses the whole policy, so it is asked before.
 */
#include "policy/command/command.h"
#include "policy/command/names.h"
#include "policy/command/table.h"
#include "policy/limit.h"
#include "policy/loader.h"

#include <stdlib.h>
#include <string.h>

/* Columns of a limit, in the order of the loader's query. */
enum column {
	COLUMN_NAME = 0,
	COLUMN_PRINCIPAL,
	COLUMN_METRIC,
	COLUMN_AMOUNT,
	COLUMN_PERIOD,
	COLUMN_PER,
	COLUMN_COUNTING,
	COLUMN_ON_EXCEED,
	COLUMN_SUSPEND_FOR,
	COLUMN_MODE
};

/* Is what was typed a limit at all?  Says it in the words of the command. */
static bool
words_are_right(struct command *c, const struct row *row)
{
	const char *metric = row->at[COLUMN_METRIC];
	const char *amount = row->at[COLUMN_AMOUNT];
	const char *period = row->at[COLUMN_PERIOD];
	enum metric known;

	if (!metric_parse(metric, &known))
		return db_fail(&c->db, STATUS_USAGE,
		    "there is no metric \"%s\": write messages, recipients, "
		    "new_recipients, senders, networks, refusals or "
		    "recipients_per_message",
		    metric);
	if (amount != NULL &&
	    (amount[0] == '\0' ||
		strspn(amount, "0123456789") != strlen(amount)))
		return db_fail(&c->db, STATUS_USAGE,
		    "AMOUNT is a number or unlimited, not \"%s\"", amount);
	if (known == METRIC_RECIPIENTS_PER_MESSAGE && period != NULL)
		return db_fail(&c->db, STATUS_USAGE,
		    "recipients_per_message takes no PERIOD");
	if (known != METRIC_RECIPIENTS_PER_MESSAGE && period == NULL)
		return db_fail(&c->db, STATUS_USAGE,
		    "%s are counted in a PERIOD: write 15m, 1h or 7d behind "
		    "the amount",
		    metric);
	return true;
}

/* Would the loader take the row? */
static bool
loads(struct command *c, const struct row *row)
{
	char *kind =
	    db_text(&c->db, SQL_PRINCIPAL_KIND, row->at[COLUMN_PRINCIPAL]);
	bool login = kind != NULL && strcmp(kind, "login") == 0;
	struct load_report report = {0};
	struct loader l = {.policy = build_new(), .report = &report};
	const char *wrong = "out of memory";
	struct limit limit = {0};

	if (l.policy != NULL) {
		default_settings(&l);
		build_principal(l.policy->t, row->at[COLUMN_PRINCIPAL],
		    login ? PRINCIPAL_LOGIN : PRINCIPAL_GROUP);
		wrong = read_limit(&l, row, &limit);
	}
	policy_free(l.policy);
	load_report_clear(&report);
	free(kind);
	return wrong == NULL || db_fail(&c->db, STATUS_USAGE, "%s", wrong);
}

/* `limit hourly: everyone, 100 messages in 1h, then tempfail`. */
static void
tell(struct command *c, const struct row *row)
{
	const char *period = row->at[COLUMN_PERIOD];
	const char *length = row->at[COLUMN_SUSPEND_FOR];
	bool cap = strcmp(row->at[COLUMN_PER], "group") == 0;

	if (row->at[COLUMN_AMOUNT] == NULL) {
		diag_add(&c->changes, "limit %s: %s%s, unlimited %s%s%s",
		    row->at[COLUMN_NAME], row->at[COLUMN_PRINCIPAL],
		    cap ? " together" : "", row->at[COLUMN_METRIC],
		    period != NULL ? " in " : "", period != NULL ? period : "");
		return;
	}
	diag_add(&c->changes, "limit %s: %s%s, %s %s%s%s, then %s%s%s",
	    row->at[COLUMN_NAME], row->at[COLUMN_PRINCIPAL],
	    cap ? " together" : "", row->at[COLUMN_AMOUNT],
	    row->at[COLUMN_METRIC], period != NULL ? " in " : "",
	    period != NULL ? period : "", row->at[COLUMN_ON_EXCEED],
	    length != NULL ? " for " : "", length != NULL ? length : "");
}

enum status
run_limit_set(struct command *c)
{
	const char *const *words = c->args.words;
	const char *amount = words[3];
	const char *suspend = args_value(&c->args, "suspend", NULL);
	const char *on_exceed = args_value(&c->args, "on-exceed", NULL);
	const char *mode = args_value(&c->args, "mode", "inherit");
	char who[LOGIN_MAX + 1];
	struct row row = {
	    .at = {
		[COLUMN_NAME] = words[0],
		[COLUMN_PRINCIPAL] = who,
		[COLUMN_METRIC] = words[2],
		[COLUMN_AMOUNT] =
		    strcmp(amount, "unlimited") != 0 ? amount : NULL,
		[COLUMN_PERIOD] = c->args.word_count > 4 ? words[4] : NULL,
		[COLUMN_PER] = args_has(&c->args, "cap") ? "group" : "login",
		[COLUMN_COUNTING] =
		    args_has(&c->args, "strict") ? "strict" : "leaky",
		[COLUMN_ON_EXCEED] = suspend != NULL	 ? "suspend"
				     : on_exceed != NULL ? on_exceed
							 : "tempfail",
		[COLUMN_SUSPEND_FOR] = suspend,
		[COLUMN_MODE] = strcmp(mode, "inherit") != 0 ? mode : NULL,
	    }};

	if (suspend != NULL && on_exceed != NULL)
		return fail(STATUS_USAGE, "give --suspend or --on-exceed");
	if (words_are_right(c, &row) &&
	    names_principal(c, words[1], NAMES_CREATE, who) && loads(c, &row) &&
	    db_run(&c->db, SQL_LIMIT_SET, row.at[COLUMN_NAME], who,
		row.at[COLUMN_METRIC], row.at[COLUMN_AMOUNT],
		row.at[COLUMN_PERIOD], row.at[COLUMN_PER],
		row.at[COLUMN_COUNTING], row.at[COLUMN_ON_EXCEED], suspend,
		row.at[COLUMN_MODE], args_value(&c->args, "note", NULL)))
		tell(c, &row);
	return c->db.status;
}

enum status
run_limit_list(struct command *c)
{
	bool one = c->args.word_count > 0;
	char who[LOGIN_MAX + 1];

	if (!one || names_principal(c, c->args.words[0], NAMES_ANY, who))
		table_print(c, NULL,
		    db_query(&c->db, SQL_LIMIT_LIST, one ? who : NULL,
			c->json ? "json" : "text"));
	return c->db.status;
}

enum status
run_limit_remove(struct command *c)
{
	for (size_t i = 0; i < c->args.word_count; i++) {
		const char *name = c->args.words[i];

		if (!db_run(&c->db, SQL_LIMIT_REMOVE, name))
			break;
		if (c->db.changed == 0)
			db_fail(&c->db, STATUS_REFUSED,
			    "there is no limit %s: see authpolicy limit list; "
			    "nothing was changed",
			    name);
		diag_add(&c->changes, "limit %s removed", name);
	}
	return c->db.status;
}
