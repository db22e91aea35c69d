/*
 * Which limits hold for a client.  The rule guarded here: a milder row never
 * hides a stricter one, unless it is the more specific principal's.
 */
#include "limit.h"

#include "build.h"
#include "principals.h"

#include <string.h>

static const char *const metric_names[METRIC_COUNT] = {
    [METRIC_NONE] = "none",
    [METRIC_MESSAGES] = "messages",
    [METRIC_RECIPIENTS] = "recipients",
    [METRIC_NEW_RECIPIENTS] = "new_recipients",
    [METRIC_SENDERS] = "senders",
    [METRIC_NETWORKS] = "networks",
    [METRIC_REFUSALS] = "refusals",
    [METRIC_RECIPIENTS_PER_MESSAGE] = "recipients_per_message",
};

static const char *const on_exceed_names[EXCEED_COUNT] = {
    [EXCEED_HOLD] = "hold",
    [EXCEED_TEMPFAIL] = "tempfail",
    [EXCEED_REJECT] = "reject",
    [EXCEED_SUSPEND] = "suspend",
};

const char *
metric_name(enum metric metric)
{
	return metric_names[metric];
}

const char *
on_exceed_name(enum on_exceed action)
{
	return on_exceed_names[action];
}

bool
metric_parse(const char *text, enum metric *out)
{
	for (int m = METRIC_MESSAGES; m < METRIC_COUNT; m++) {
		*out = (enum metric)m;
		if (strcmp(text, metric_names[m]) == 0)
			return true;
	}
	return false;
}

bool
on_exceed_parse(const char *text, enum on_exceed *out)
{
	for (int e = EXCEED_HOLD; e < EXCEED_COUNT; e++) {
		*out = (enum on_exceed)e;
		if (strcmp(text, on_exceed_names[e]) == 0)
			return true;
	}
	return false;
}

size_t
policy_limits(
    const struct policy *p, principal_id id, const struct limit **rows)
{
	const struct tables *t = p->t;
	uint32_t low = 0, high = t->limit_count, first;

	*rows = NULL;
	if (id == PRINCIPAL_NONE)
		return 0;
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (t->limits[mid].principal < id)
			low = mid + 1;
		else
			high = mid;
	}
	first = low;
	while (low < t->limit_count && t->limits[low].principal == id)
		low++;
	*rows = t->limits + first;
	return low - first;
}

size_t
policy_limit_count(const struct policy *p)
{
	return p->t->limit_count;
}

int64_t
policy_pardon(const struct policy *p, const char *name, int64_t now)
{
	const struct tables *t = p->t;
	uint32_t low = 0, high = t->pardon_count;

	/* the first row behind (name, now) */
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		const struct pardon *row = &t->pardons[mid];
		int order = strcmp(t->text + row->name, name);

		if (order < 0 || (order == 0 && row->at <= now))
			low = mid + 1;
		else
			high = mid;
	}
	if (low == 0 || strcmp(t->text + t->pardons[low - 1].name, name) != 0)
		return INT64_MIN;
	return t->pardons[low - 1].at;
}

/* The limits of a client while they are gathered. */
struct gathering {
	const struct policy *policy;
	enum mode mode;
	struct limits *out;
	size_t most;	 /* that may be gathered */
	size_t first;	 /* of the account in hand */
	bool spoken_for; /* a peer speaks for it */
	bool failed;	 /* too many, or memory is out */
};

static bool
is_monitor(const struct limit *l)
{
	return l->mode == MODE_MONITOR;
}

static void
add(struct gathering *g, const struct limit *l, const char *account)
{
	if (g->out->count == g->most) {
		g->failed = true;
		return;
	}
	g->out->at[g->out->count++] = (struct applied){
	    .limit = l,
	    .account = account,
	    .acts =
		(l->mode == MODE_INHERIT ? g->mode : l->mode) == MODE_ENFORCE,
	    .rests = g->spoken_for && l->metric == METRIC_REFUSALS,
	};
}

static bool
is_smaller(const struct limit *a, const struct limit *b)
{
	return a->amount != LIMIT_UNLIMITED &&
	       (b->amount == LIMIT_UNLIMITED || a->amount < b->amount);
}

/* The limit of this account that an inherited one would stand beside. */
static struct applied *
find_same(struct gathering *g, const struct limit *l)
{
	for (size_t i = g->first; i < g->out->count; i++) {
		const struct limit *has = g->out->at[i].limit;

		if (!has->cap && has->metric == l->metric &&
		    has->period == l->period &&
		    is_monitor(has) == is_monitor(l))
			return &g->out->at[i];
	}
	return NULL;
}

/* Adds the rows for one login of one principal: a group, or another. */
static void
inherit(
    struct gathering *g, principal_id id, const char *account, size_t decided)
{
	const struct limit *rows;
	size_t n = policy_limits(g->policy, id, &rows);

	for (size_t i = 0; i < n; i++) {
		struct applied *same;

		if (rows[i].cap)
			continue;
		same = find_same(g, &rows[i]);
		if (same == NULL)
			add(g, &rows[i], account);
		else if (same >= g->out->at + decided &&
			 is_smaller(&rows[i], same->limit))
			same->limit = &rows[i];
	}
}

/* Adds the caps of one principal, once. */
static void
add_caps(struct gathering *g, principal_id id)
{
	const struct limit *rows;
	size_t n = policy_limits(g->policy, id, &rows);

	for (size_t i = 0; i < n; i++) {
		size_t has = 0;

		while (has < g->out->count && g->out->at[has].limit != &rows[i])
			has++;
		if (rows[i].cap && has == g->out->count)
			add(g, &rows[i], policy_name(g->policy, id));
	}
}

static void
gather_own(struct gathering *g, const struct principals *of, const char *login,
    bool spoken_for)
{
	size_t groups;

	g->first = g->out->count;
	g->spoken_for = spoken_for;
	inherit(g, of->self, login, g->out->count);
	groups = g->out->count;
	for (size_t i = 0; i < of->group_count; i++)
		inherit(g, of->groups[i], login, groups);
	inherit(g, of->domain, login, g->out->count);
	inherit(g, of->everyone, login, g->out->count);
}

static void
gather_caps(struct gathering *g, const struct principals *of)
{
	for (size_t i = 0; i < of->group_count; i++)
		add_caps(g, of->groups[i]);
	add_caps(g, of->domain);
	add_caps(g, of->everyone);
}

/* Rows that lift a limit have done so. */
static void
drop_unlimited(struct gathering *g)
{
	size_t kept = 0;

	for (size_t i = 0; i < g->out->count; i++)
		if (g->out->at[i].limit->amount != LIMIT_UNLIMITED)
			g->out->at[kept++] = g->out->at[i];
	g->out->count = kept;
}

bool
limits_of(const struct policy *p, const char *login, const char *peer,
    enum mode mode, struct limits *out)
{
	struct gathering g = {.policy = p,
	    .mode = mode,
	    .out = out,
	    .most = peer[0] != '\0' ? APPLIED_MAX : LIMITS_MAX};
	struct principals own, peers;

	out->policy = p;
	out->count = 0;
	if (p->t->limit_count == 0 || !is_login_name(p, login))
		return true;
	g.failed = !principals_of(p, login, &own);
	gather_own(&g, &own, login, peer[0] != '\0');
	if (peer[0] != '\0') {
		g.failed = !principals_of(p, peer, &peers) || g.failed;
		gather_own(&g, &peers, peer, false);
		gather_caps(&g, &peers);
	}
	g.spoken_for = peer[0] != '\0';
	gather_caps(&g, &own);
	drop_unlimited(&g);
	return !g.failed;
}

bool
limits_of_account(const struct policy *p, const char *account, enum mode mode,
    struct limits *out)
{
	struct gathering g = {
	    .policy = p, .mode = mode, .out = out, .most = LIMITS_MAX};
	principal_id id = policy_principal(p, account);
	struct principals of;

	out->policy = p;
	out->count = 0;
	if (id != PRINCIPAL_NONE && policy_kind(p, id) == PRINCIPAL_GROUP)
		add_caps(&g, id);
	else if (p->t->limit_count > 0 && account[0] != '\0') {
		g.failed = !principals_of(p, account, &of);
		gather_own(&g, &of, account, false);
	}
	drop_unlimited(&g);
	return !g.failed;
}
