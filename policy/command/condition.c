/*
 * Conditions of rules.  What the loader would not understand refuses the whole
 * policy, so it is asked before the rule is written.
 */
#include "policy/command/condition.h"
#include "policy/loader.h"
#include "policy/login.h"

#include <stdlib.h>
#include <string.h>

/* The columns of a rule in the order of the loader's query. */
enum column { COLUMN_SEQ = 0, COLUMN_FIRST, COLUMN_VERDICT = 8, COLUMN_REPLY };

static const struct {
	const char *name;
	const char *mend; /* of what only the loader reads */
} conditions[CONDITIONS] = {
    [CONDITION_PRINCIPAL] = {"principal", NULL},
    [CONDITION_CLIENT] = {"client", NULL},
    [CONDITION_SENDER] = {"sender", NULL},
    [CONDITION_RECIPIENT] = {"recipient", NULL},
    [CONDITION_TLS] = {"tls", "write none, 1.2, 1.3 (at least) or '128 bits'"},
    [CONDITION_MECHANISM] = {"mechanism",
	"write none, or mechanisms like 'PLAIN LOGIN', of which one is used"},
    [CONDITION_HOURS] = {"hours",
	"write 'Mon-Fri 08:00-18:00', several with ', ' between, at most 70 "
	"days in all; each ends after it begins, at 24:00 at the latest"},
};

const char *
condition_name(enum condition which)
{
	return conditions[which].name;
}

/* Would the loader take a rule with these columns? */
static bool
loads(const struct row *row)
{
	struct load_report report = {0};
	struct loader l = {.policy = build_new(), .report = &report};
	bool good = false;

	if (l.policy != NULL) {
		default_settings(&l);
		on_rule(&l, row);
		good = report.errors.count == 0;
	}
	policy_free(l.policy);
	load_report_clear(&report);
	return good;
}

static bool
read_by_loader(struct command *c, enum condition which, const char *text,
    const char *typed)
{
	struct row row = {{NULL}};

	row.at[COLUMN_SEQ] = "0";
	row.at[COLUMN_FIRST + which] = text;
	row.at[COLUMN_VERDICT] = "reject";
	return loads(&row) ||
	       db_fail(&c->db, STATUS_USAGE, "\"%s\": %s; ! before it is not",
		   typed, conditions[which].mend);
}

bool
condition_client(
    struct command *c, const char *typed, char out[CONDITION_MAX + 1])
{
	char *there;
	bool found;

	if (strpbrk(typed, ":/") != NULL ||
	    (typed[0] >= '0' && typed[0] <= '9'))
		return names_cidr(c, typed, out);
	if (!names_canonical(c, typed, out))
		return false;
	if (strcmp(out, "any") == 0)
		return true;
	there = db_text(&c->db, SQL_NETWORK_THERE, out);
	found = there != NULL;
	free(there);
	return found ||
	       db_fail(&c->db, STATUS_REFUSED,
		   "there is no network %s: authpolicy network add %s CIDR, or "
		   "write a network like 192.0.2.0/24",
		   out, out);
}

/* `any`, an address form, or the name of a set. */
static bool
addresses(struct command *c, const char *typed, char out[CONDITION_MAX + 1])
{
	struct form form;
	char *there;
	bool found;

	if (strpbrk(typed, "@*<") != NULL || typed[0] == '\0') {
		if (!names_form(c, typed, false, &form))
			return false;
		snprintf(out, CONDITION_MAX + 1, "%s", form.text);
		return true;
	}
	if (!names_canonical(c, typed, out))
		return false;
	if (strcmp(out, "any") == 0)
		return true;
	there = db_text(&c->db, SQL_ADDRESS_SET_THERE, out);
	found = there != NULL;
	free(there);
	return found ||
	       db_fail(&c->db, STATUS_REFUSED,
		   "there is no address-set %s: authpolicy address-set add %s "
		   "ADDRESS, or write an address like a@d or @d",
		   out, out);
}

static bool
read_condition(struct command *c, enum condition which, const char *typed,
    char out[CONDITION_MAX + 1])
{
	switch (which) {
	case CONDITION_PRINCIPAL:
		if (strcasecmp(typed, "any") != 0)
			return names_principal(c, typed, NAMES_ANY, out);
		snprintf(out, CONDITION_MAX + 1, "%s", "any");
		return true;
	case CONDITION_CLIENT:
		return condition_client(c, typed, out);
	case CONDITION_SENDER:
	case CONDITION_RECIPIENT:
		return addresses(c, typed, out);
	case CONDITION_TLS:
	case CONDITION_MECHANISM:
	case CONDITION_HOURS:
	case CONDITIONS:
		break;
	}
	if (strlen(typed) >= CONDITION_MAX)
		return db_fail(&c->db, STATUS_USAGE,
		    "it is longer than %d bytes", CONDITION_MAX);
	snprintf(out, CONDITION_MAX + 1, "%s", typed);
	return read_by_loader(c, which, out, typed);
}

bool
condition_read(struct command *c, enum condition which, const char *typed,
    char out[CONDITION_MAX + 1])
{
	char option[32];
	bool negated = typed[0] == '!', good;

	snprintf(option, sizeof(option), "--%s", conditions[which].name);
	c->db.about = option;
	good = read_condition(c, which, typed + negated, out);
	if (good && negated && strcasecmp(out, "any") == 0)
		good = db_fail(&c->db, STATUS_USAGE,
		    "!any would never match; leave the option out for any");
	c->db.about = NULL;
	if (good && negated) {
		memmove(out + 1, out, strlen(out) + 1);
		out[0] = '!';
	}
	return good;
}

bool
condition_reply(struct command *c, const char *verdict, const char *reply)
{
	struct row row = {{NULL}};

	row.at[COLUMN_SEQ] = "0";
	row.at[COLUMN_VERDICT] = verdict;
	row.at[COLUMN_REPLY] = reply;
	return loads(&row) ||
	       db_fail(&c->db, STATUS_USAGE,
		   "--reply: \"%s\" cannot go with %s: write '550 5.7.1 text' "
		   "for reject, '451 4.7.1 text' for tempfail, printable "
		   "ASCII, "
		   "at most 400 characters, never 421; accept and hold take "
		   "none",
		   reply, verdict);
}
