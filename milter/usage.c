/*
 * Usage of limits.  The rule guarded here: names are collected under the lock
 * of a shard, and asked about without it, so that mail never waits.
 */
#include "milter/usage.h"

#include "milter/copies.h"
#include "milter/state.h"
#include "policy/decide.h"
#include "policy/ledger.h"
#include "policy/login.h"
#include "policy/principals.h"
#include "policy/when.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A principal, as the decision sees it. */
struct whose {
	char name[LOGIN_MAX + 1]; /* "": it is no name */
	principal_id id;
	bool login;
	enum mode mode;
};

static struct whose
whose(const struct policy *p, const char *name, int64_t now)
{
	struct facts facts = {.login = name};
	struct whose w = {0};
	struct verdict v;

	facts_set_time(&facts, now);
	policy_decide(p, &facts, STAGE_MAIL, NULL, &v);
	w.mode = v.mode;
	w.login = true;
	memcpy(w.name, v.login, sizeof(w.name));
	if (login_canonical(name, "", v.login) &&
	    (w.id = policy_principal(p, v.login)) != PRINCIPAL_NONE &&
	    policy_kind(p, w.id) == PRINCIPAL_GROUP) {
		memcpy(w.name, v.login, sizeof(w.name));
		w.login = false;
		if (policy_mode(p, w.id) != MODE_INHERIT)
			w.mode = policy_mode(p, w.id);
	} else {
		w.id = policy_principal(p, w.name);
	}
	return w;
}

static void
write_time(struct json *j, const char *key, int64_t seconds)
{
	char text[WHEN_TEXT_SIZE];

	when_format(seconds, text);
	json_string(j, key, seconds != WHEN_EVER ? text : NULL);
}

static void
write_suspension(struct json *j, const struct suspension *s)
{
	bool by_hand = s->limit[0] == '\0';

	json_object(j, NULL);
	json_string(j, "principal", s->name);
	json_string(j, "limit", by_hand ? NULL : s->limit);
	write_time(j, "since", by_hand ? WHEN_EVER : s->since);
	write_time(j, "until", s->until);
	json_string(j, "why", s->why);
	json_object_end(j);
}

/* Does what is said of `name` hold for `w`? */
static bool
holds_for(const struct policy *p, const struct whose *w, const char *name)
{
	struct principals of;

	if (strcmp(name, w->name) == 0)
		return true;
	if (!w->login)
		return false;
	(void)principals_of(p, w->name, &of);
	for (size_t i = 0; i < of.group_count; i++)
		if (strcmp(name, policy_name(p, of.groups[i])) == 0)
			return true;
	return strcmp(name, "everyone") == 0 ||
	       strcmp(name, of.domain_name) == 0;
}

/* The suspensions in force: of `w`, or the automatic ones of all. */
static void
write_suspensions(
    struct json *j, const struct policy *p, const struct whose *w, int64_t now)
{
	const struct suspension *s = NULL;

	json_array(j, "suspensions");
	while ((s = policy_next_suspension(p, s, now)) != NULL)
		if (w != NULL ? holds_for(p, w, s->name) : s->limit[0] != '\0')
			write_suspension(j, s);
	json_array_end(j);
}

/* How much of an amount is used: 1 is all of it. */
static double
share(const struct applied *a, const struct measure *m)
{
	if (a->limit->amount > 0)
		return (double)m->used / (double)a->limit->amount;
	return m->used > 0 ? (double)m->used * LEDGER_ACCOUNTS_MAX : 0;
}

static void
write_limit(struct json *j, const struct applied *a, const struct measure *m)
{
	const struct limit *l = a->limit;
	char period[WHEN_PERIOD_SIZE], length[WHEN_PERIOD_SIZE];

	when_format_period(l->period, period);
	when_format_period(l->suspend_for, length);
	json_object(j, NULL);
	json_string(j, "account", a->account);
	json_string(j, "limit", l->name);
	json_string(j, "metric", metric_name(l->metric));
	json_string(j, "period", l->period != 0 ? period : NULL);
	json_integer(j, "used", m->used);
	json_integer(j, "amount", l->amount);
	json_integer(
	    j, "percent", l->amount > 0 ? m->used * 100 / l->amount : 100);
	json_integer(j, "relief_s", m->relief);
	json_bool(j, "tripped", m->tripped);
	json_string(j, "on_exceed", on_exceed_name(l->on_exceed));
	json_string(
	    j, "suspend_for", l->on_exceed == EXCEED_SUSPEND ? length : NULL);
	json_string(j, "mode", a->acts ? "enforce" : "monitor");
	json_object_end(j);
}

static void
write_error(struct json *j, const char *text)
{
	json_object(j, NULL);
	json_string(j, "error", text);
	json_object_end(j);
}

/* The ledger and the policy to look with; NULL, and why, when there is none. */
static const struct policy *
begin(struct json *j)
{
	const struct policy *p = NULL;

	if (state_ledger() == NULL)
		write_error(j, "nothing is counted yet");
	else if ((p = copies_take()) == NULL)
		write_error(j, "no policy is in force");
	return p;
}

static void
write_usage(
    struct json *j, const struct policy *p, const struct whose *w, int64_t now)
{
	struct limits limits;
	struct ruling r;

	if (w->login ? !limits_of(p, w->name, "", w->mode, &limits)
		     : !limits_of_account(p, w->name, w->mode, &limits)) {
		write_error(j, "more limits hold than can be judged: mail of "
			       "this login is answered 451");
		return;
	}
	ledger_look(state_ledger(), &limits, now, &r);
	json_object(j, NULL);
	json_string(j, "name", w->name);
	json_string(j, "mode", w->mode == MODE_MONITOR ? "monitor" : "enforce");
	json_array(j, "limits");
	for (size_t i = 0; i < limits.count; i++)
		write_limit(j, &limits.at[i], &r.at[i]);
	json_array_end(j);
	write_suspensions(j, p, w, now);
	json_object_end(j);
}

void
usage_of(struct json *j, const char *name)
{
	const struct policy *p = begin(j);
	int64_t now = time(NULL);
	struct whose w;

	if (p == NULL)
		return;
	w = whose(p, name, now);
	if (w.name[0] == '\0')
		write_error(j, "that is no name of a login or group");
	else
		write_usage(j, p, &w, now);
	copies_give(p);
}

/* An account and how much of its most used limit is used. */
struct contender {
	double share;
	char name[LOGIN_MAX + 1];
};

/* The accounts of a shard, name behind name, and the foremost so far. */
struct scan {
	char *names;
	size_t len, room;
	bool failed;
	int64_t now;
	size_t count;
	struct contender top[USAGE_TOP]; /* the foremost first */
};

static void
add_name(void *ctx, const char *name)
{
	struct scan *s = ctx;
	size_t size = strlen(name) + 1;
	char *larger;

	if (s->failed || size > LOGIN_MAX + 1)
		return;
	if (s->room - s->len < size) {
		larger = realloc(s->names, s->room * 2 + LOGIN_MAX + 1);
		if (larger == NULL) {
			s->failed = true;
			return;
		}
		s->names = larger;
		s->room = s->room * 2 + LOGIN_MAX + 1;
	}
	memcpy(s->names + s->len, name, size);
	s->len += size;
}

/* Looks at one account; sets the limit that is used most.  False: none is. */
static bool
look(const struct policy *p, const char *name, enum mode mode, int64_t now,
    struct limits *limits, struct ruling *r, size_t *most)
{
	if (!limits_of_account(p, name, mode, limits) || limits->count == 0)
		return false;
	ledger_look(state_ledger(), limits, now, r);
	*most = 0;
	for (size_t i = 1; i < limits->count; i++)
		if (share(&limits->at[i], &r->at[i]) >
		    share(&limits->at[*most], &r->at[*most]))
			*most = i;
	return r->at[*most].used > 0;
}

static void
contend(struct scan *s, const struct policy *p, const char *name)
{
	struct limits limits;
	struct ruling r;
	size_t most, at;
	double used;

	if (!look(p, name, MODE_ENFORCE, s->now, &limits, &r, &most))
		return;
	used = share(&limits.at[most], &r.at[most]);
	if (s->count == USAGE_TOP && used <= s->top[USAGE_TOP - 1].share)
		return;
	s->count += s->count < USAGE_TOP;
	for (at = s->count - 1; at > 0 && s->top[at - 1].share < used; at--)
		s->top[at] = s->top[at - 1];
	s->top[at].share = used;
	memcpy(s->top[at].name, name, strlen(name) + 1);
}

static void
scan_shard(struct scan *s, const struct policy *p, unsigned shard)
{
	s->len = 0;
	ledger_names(state_ledger(), shard, add_name, s);
	for (size_t at = 0; at < s->len; at += strlen(s->names + at) + 1)
		contend(s, p, s->names + at);
}

static void
write_top(struct json *j, const struct policy *p, const struct scan *s)
{
	struct limits limits;
	struct ruling r;
	size_t most;

	json_object(j, NULL);
	json_integer(j, "accounts", ledger_accounts(state_ledger()));
	json_array(j, "limits");
	for (size_t i = 0; i < s->count; i++)
		if (look(p, s->top[i].name,
			whose(p, s->top[i].name, s->now).mode, s->now, &limits,
			&r, &most))
			write_limit(j, &limits.at[most], &r.at[most]);
	json_array_end(j);
	write_suspensions(j, p, NULL, s->now);
	json_object_end(j);
}

void
usage_top(struct json *j)
{
	const struct policy *p = begin(j);
	struct scan s = {.now = time(NULL)};

	if (p == NULL)
		return;
	for (unsigned shard = 0; shard < LEDGER_SHARDS; shard++)
		scan_shard(&s, p, shard);
	if (s.failed)
		write_error(j, "out of memory");
	else
		write_top(j, p, &s);
	free(s.names);
	copies_give(p);
}

void
usage_suspensions(struct json *j)
{
	const struct policy *p = begin(j);

	if (p == NULL)
		return;
	json_object(j, NULL);
	write_suspensions(j, p, NULL, time(NULL));
	json_object_end(j);
	copies_give(p);
}
