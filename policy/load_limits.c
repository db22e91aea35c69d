/*
 * Loading how much may be sent: limits, and what was pardoned.  A limit that
 * can't be understood refuses the load: a stolen account would not stop at it.
 */
#include "loader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An amount of the schema's CHECK; NULL is unlimited. */
static bool
read_amount(const char *text, int64_t *out)
{
	char *end;

	*out = LIMIT_UNLIMITED;
	if (text == NULL)
		return true;
	errno = 0;
	*out = strtoll(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && *out >= 0 &&
	       *out <= 1000000000;
}

const char *
read_limit(struct loader *l, const struct row *row, struct limit *out)
{
	const char *per = row->at[5], *counting = row->at[6];
	const char *action = row->at[7], *mode = row->at[9];

	out->principal = find_principal(l, row->at[1]);
	out->cap = is(per, "group");
	out->strict = is(counting, "strict");
	if (out->principal == PRINCIPAL_NONE)
		return "there is no such principal";
	if (is(row->at[1], "anonymous"))
		return "limits are for logins: anonymous has none";
	if (!metric_parse(shown(row->at[2]), &out->metric))
		return "metric is none that is known";
	if (!read_amount(row->at[3], &out->amount))
		return "amount is not NULL or 0 to 1000000000";
	if ((out->metric == METRIC_SENDERS || out->metric == METRIC_NETWORKS) &&
	    out->amount > LIMIT_DISTINCT_MAX)
		return "amount of senders or networks is over 1000";
	if ((out->metric == METRIC_RECIPIENTS_PER_MESSAGE) !=
	    (row->at[4] == NULL))
		return "period is NULL for recipients_per_message and only "
		       "for it";
	if (row->at[4] != NULL &&
	    (!when_parse_period(row->at[4], &out->period) ||
		out->period > LIMIT_PERIOD_MAX))
		return "period is not a number and s, m, h or d, up to 366d";
	if (!out->cap && !is(per, "login"))
		return "per is not login or group";
	if (out->cap &&
	    l->policy->t->principals[out->principal].kind == PRINCIPAL_LOGIN)
		return "per is group and the principal a login";
	if (!out->strict && !is(counting, "leaky"))
		return "counting is not leaky or strict";
	if (!on_exceed_parse(shown(action), &out->on_exceed))
		return "on_exceed is not tempfail, reject, hold or suspend";
	if ((out->on_exceed == EXCEED_SUSPEND) != (row->at[8] != NULL))
		return "suspend_for is set with suspend and only with it";
	if (row->at[8] != NULL &&
	    !when_parse_period(row->at[8], &out->suspend_for))
		return "suspend_for is not a number and s, m, h or d";
	if (mode != NULL && !is(mode, "enforce") && !is(mode, "monitor"))
		return "mode is not NULL, enforce or monitor";
	out->mode = mode == NULL	  ? MODE_INHERIT
		    : is(mode, "enforce") ? MODE_ENFORCE
					  : MODE_MONITOR;
	return NULL;
}

void
on_quota(struct loader *l, const struct row *row)
{
	struct limit limit = {0};
	const char *wrong =
	    row->at[0] == NULL ? "it has no name" : read_limit(l, row, &limit);

	if (wrong != NULL) {
		diag_add(loader_errors(l),
		    "quota %s: %s; mend or delete the row", shown(row->at[0]),
		    wrong);
		return;
	}
	limit.name = strdup(row->at[0]);
	build_limit(l->policy->t, &limit);
}

void
on_pardon(struct loader *l, const struct row *row)
{
	char name[LOGIN_MAX + 1];
	int64_t at;

	if (!canonical_name(l, row->at[0], name) ||
	    !when_parse(shown(row->at[1]), WHEN_FROM, &at))
		diag_add(&l->report->warnings,
		    "pardon (%s, %s): skipped: is no login and UTC like "
		    "2026-12-31T18:00:00Z; mend or delete the row",
		    shown(row->at[0]), shown(row->at[1]));
	else
		build_pardon(l->policy->t, name, at);
}

/* Do no more limits hold for the login than can be told? */
static bool
fits(const struct policy *p, const char *login)
{
	struct limits limits;

	return limits_of(p, login, "", MODE_ENFORCE, &limits);
}

/*
 * Logins for whom too many limits hold would be answered 451.  Those without a
 * row have the limits of their domain and everyone's.
 */
void
check_limits(struct loader *l)
{
	const struct tables *t = l->policy->t;
	char other[LOGIN_MAX + 2];

	if (t->limit_count <= LIMITS_MAX)
		return;
	for (principal_id id = 0; id < t->principal_count; id++) {
		const char *name = policy_name(l->policy, id);
		const char *login = name;

		if (name[0] == '@') {
			snprintf(other, sizeof(other), "x%s", name);
			login = other;
		} else if (t->principals[id].kind != PRINCIPAL_LOGIN) {
			continue;
		}
		if (!fits(l->policy, login))
			diag_add(loader_errors(l),
			    "quota: more than %d limits hold for %s; remove "
			    "some, or set them for fewer principals",
			    LIMITS_MAX, name);
	}
	if (!fits(l->policy, "x"))
		diag_add(loader_errors(l),
		    "quota: more than %d limits hold for everyone; remove some",
		    LIMITS_MAX);
}
