/*
 * policy/ledger against a model that forgets nothing: random limits, clients
 * and messages, each measure compared with a log of every single event.
 */
#include "policy/build.h"
#include "policy/ledger.h"
#include "policy/series.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START 1900000000 /* a moment in 2030 */
#define DAY 86400
#define LIMITS 14    /* of a world */
#define EVENTS 40000 /* in a world */
#ifndef WORLDS
#define WORLDS 30
#endif

static uint64_t seed;

static unsigned
below(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

#define PICK(array) ((array)[below(COUNT(array))])

static const char *const logins[] = {"alice@example.com", "bob@example.com",
    "carol@example.com", "dave", "relay"};
static const char *const groups[] = {
    "group1", "group2", "@example.com", "everyone"};

/* --- the model: what each limit counted in each account ------------------ */

struct event {
	const struct limit *limit;
	const char *account;
	int64_t at;
	unsigned accepted, tried; /* how many, or */
	uint32_t print;		  /* what it was */
	bool held, tripped;
};

struct world {
	struct policy *policy;
	struct ledger *ledger, *mirror;
	int64_t now;
	struct limits limits;
	struct charge charge;
	struct ruling ruling;
	struct event *events;
	size_t event_count;
	bool known[COUNT(logins)][200]; /* recipients of each login */
};

/* How often each thing happened in all worlds: none may be rare. */
static unsigned passed, refused, held, suspended, tripped, early;

static bool
is_of(const struct event *e, const struct applied *a)
{
	return e->limit == a->limit && strcmp(e->account, a->account) == 0;
}

/* The first moment that counts in the window of a limit, or in one that is
 * longer by the part that may be told too high. */
static int64_t
from(const struct world *w, const struct applied *a, bool wide)
{
	int64_t pardon = policy_pardon(w->policy, a->account, w->charge.now);
	int64_t at = w->now - a->limit->period -
		     (wide ? a->limit->period / SERIES_SPAN : 0);

	return at > pardon ? at : pardon + 1;
}

/* Is the same thing in the window told by a later event? */
static bool
is_repeated(const struct world *w, const struct applied *a, size_t i)
{
	for (size_t k = i + 1; k < w->event_count; k++)
		if (w->events[k].print == w->events[i].print &&
		    is_of(&w->events[k], a))
			return true;
	return false;
}

enum what { USED, HELD, TRIPPED };

static int64_t
total(const struct world *w, const struct applied *a, enum what what, bool wide)
{
	int64_t since = from(w, a, wide), sum = 0;

	for (size_t i = w->event_count; i-- > 0 && w->events[i].at >= since;) {
		const struct event *e = &w->events[i];

		if (!is_of(e, a))
			continue;
		if (what == HELD)
			sum += e->held;
		else if (what == TRIPPED)
			sum += e->tripped;
		else if (e->print != 0)
			sum += !is_repeated(w, a, i);
		else
			sum += e->accepted + e->tried;
	}
	return sum;
}

static bool
has_seen(const struct world *w, const struct applied *a, uint32_t print)
{
	int64_t since = from(w, a, false);

	for (size_t i = w->event_count; i-- > 0 && w->events[i].at >= since;)
		if (w->events[i].print == print && is_of(&w->events[i], a))
			return true;
	return false;
}

static struct event *
note(struct world *w, const struct applied *a)
{
	struct event *e = &w->events[w->event_count++];

	assert_true(w->event_count < EVENTS);
	*e = (struct event){
	    .limit = a->limit, .account = a->account, .at = w->now};
	return e;
}

static int
login_number(const char *login)
{
	int i = 0;

	while (strcmp(logins[i], login) != 0)
		i++;
	return i;
}

static unsigned
fresh(const struct world *w)
{
	const struct prints *p = w->charge.written;
	unsigned n = 0;

	if (p == NULL)
		return w->charge.fresh;
	for (uint32_t i = 0; i < p->size; i++)
		n += p->slots[i] != 0 &&
		     !w->known[login_number(w->charge.login)][p->slots[i]];
	return n;
}

/* What the charge adds to a limit. */
static unsigned
added(const struct world *w, const struct applied *a)
{
	const struct charge *c = &w->charge;
	unsigned n = 0;

	switch (a->limit->metric) {
	case METRIC_MESSAGES:
		return c->messages;
	case METRIC_RECIPIENTS:
	case METRIC_RECIPIENTS_PER_MESSAGE:
		return c->recipients;
	case METRIC_NEW_RECIPIENTS:
		return fresh(w);
	case METRIC_SENDERS:
		for (size_t i = 0; i < c->sender_count; i++)
			n += !has_seen(w, a, c->senders[i]);
		return n;
	case METRIC_NETWORKS:
		return c->network != 0 && !has_seen(w, a, c->network);
	case METRIC_REFUSALS: /* counted already */
	case METRIC_NONE:
	case METRIC_COUNT:
		break;
	}
	return 0;
}

static bool
is_distinct(const struct limit *l)
{
	return l->metric == METRIC_SENDERS || l->metric == METRIC_NETWORKS;
}

/* Does as much pass after `relief` seconds, and not before? */
static void
check_relief(
    struct world *w, const struct applied *a, unsigned more, int64_t relief)
{
	const struct limit *l = a->limit;
	int64_t now = w->now;

	if (more > l->amount || l->period == 0) {
		assert_int_equal(relief, l->period);
		return;
	}
	w->now = now + relief;
	assert_true(total(w, a, USED, false) + more <= l->amount);
	w->now--;
	assert_true(total(w, a, USED, !is_distinct(l)) + more > l->amount);
	w->now = now;
}

/* Is what the ledger found within the bounds that the log of all allows?
 * Returns the outcome that follows. */
static enum outcome
check_measure(struct world *w, size_t i)
{
	static const enum outcome outcomes[] = {
	    [EXCEED_HOLD] = OUTCOME_HOLD,
	    [EXCEED_TEMPFAIL] = OUTCOME_TEMPFAIL,
	    [EXCEED_REJECT] = OUTCOME_REJECT,
	    [EXCEED_SUSPEND] = OUTCOME_SUSPEND,
	};
	const struct applied *a = &w->limits.at[i];
	const struct limit *l = a->limit;
	const struct measure *m = &w->ruling.at[i];
	unsigned more = added(w, a);
	int64_t least = more, most = more;
	bool stands =
	    l->metric == METRIC_REFUSALS || (l->strict && is_distinct(l));

	if (l->period != 0) {
		least += total(w, a, USED, false);
		most += total(w, a, USED, !is_distinct(l));
	}
	if (m->used < least || m->used > most)
		fail_msg("%s of %s, %s %s%sin %d s: %d is not %d to %d",
		    l->name, a->account, metric_name(l->metric),
		    l->cap ? "cap " : "", l->strict ? "strict " : "",
		    (int)l->period, (int)m->used, (int)least, (int)most);
	early += m->used > l->amount && least <= l->amount;
	assert_int_equal(
	    m->exceeded, m->used > l->amount && (more > 0 || stands));
	if (!m->exceeded || !a->acts)
		return OUTCOME_PASS;
	check_relief(w, a, more, m->relief);
	if (l->on_exceed != EXCEED_HOLD || l->period == 0)
		return outcomes[l->on_exceed];
	/* between the bounds either will do */
	if (total(w, a, HELD, true) < l->amount)
		return OUTCOME_HOLD;
	if (total(w, a, HELD, false) >= l->amount)
		return OUTCOME_TEMPFAIL;
	return w->ruling.outcome == OUTCOME_HOLD ? OUTCOME_HOLD
						 : OUTCOME_TEMPFAIL;
}

/* Checks a ruling whole: for refusals, the limits on refusals alone. */
static void
check_ruling(struct world *w, bool refusals)
{
	enum outcome outcome = OUTCOME_PASS;

	for (size_t i = 0; i < w->limits.count; i++) {
		enum outcome one = OUTCOME_PASS;

		if (!w->limits.at[i].rests &&
		    (!refusals ||
			w->limits.at[i].limit->metric == METRIC_REFUSALS))
			one = check_measure(w, i);
		outcome = one > outcome ? one : outcome;
	}
	assert_int_equal(w->ruling.outcome, outcome);
}

/* A limit that acted tells so, once in its window. */
static void
note_trips(struct world *w, bool counting)
{
	size_t count = w->event_count;

	for (size_t i = 0; i < w->limits.count; i++) {
		const struct applied *a = &w->limits.at[i];
		const struct measure *m = &w->ruling.at[i];
		struct limit hourly = *a->limit;
		struct applied in = {&hourly, a->account, true};
		bool before = false;

		if (hourly.period == 0)
			hourly.period = TRIP_WITHOUT_PERIOD;
		for (size_t k = 0; k < count; k++)
			before |= w->events[k].tripped &&
				  is_of(&w->events[k], a) &&
				  w->events[k].at >= from(w, &in, false);
		assert_int_equal(
		    m->trips, counting && m->exceeded && a->acts && !before);
		if (m->trips)
			note(w, a)->tripped = true;
		tripped += m->trips;
	}
}

/* --- what happens -------------------------------------------------------- */

static void
note_prints(struct world *w, const struct applied *a)
{
	const struct charge *c = &w->charge;

	if (a->limit->metric == METRIC_NETWORKS && c->network != 0)
		note(w, a)->print = c->network;
	for (size_t i = 0;
	     a->limit->metric == METRIC_SENDERS && i < c->sender_count; i++)
		note(w, a)->print = c->senders[i];
}

/* Did a limit of this metric that acts find too much in this account? */
static bool
is_beyond(const struct world *w, const struct applied *like)
{
	for (size_t i = 0; i < w->limits.count; i++) {
		const struct applied *a = &w->limits.at[i];

		if (a->limit->metric == like->limit->metric && a->acts &&
		    strcmp(a->account, like->account) == 0 &&
		    w->ruling.at[i].exceeded)
			return true;
	}
	return false;
}

static void
note_refusal(struct world *w)
{
	const bool by_limit = w->charge.by_limit;

	for (size_t i = 0; i < w->limits.count; i++) {
		const struct applied *a = &w->limits.at[i];
		struct event *e;

		if (a->rests)
			continue;
		if (a->limit->metric == METRIC_REFUSALS) {
			e = note(w, a);
			e->accepted = !by_limit;
			e->tried = by_limit && a->limit->strict;
		} else if (is_distinct(a->limit)) {
			if (a->limit->strict)
				note_prints(w, a);
		} else if (a->limit->strict) {
			unsigned tried = added(w, a);

			note(w, a)->tried = tried;
		}
	}
}

static void
refuse(struct world *w, bool by_limit)
{
	w->charge.by_limit = by_limit;
	ledger_refuse(w->ledger, &w->limits, &w->charge, &w->ruling);
	/* what the refusal adds is counted before it is looked at */
	note_refusal(w);
	check_ruling(w, true);
	note_trips(w, w->ruling.outcome > OUTCOME_PASS);
	suspended += w->ruling.outcome == OUTCOME_SUSPEND;
	refused++;
}

static bool
mail(struct world *w)
{
	ledger_judge(w->ledger, &w->limits, &w->charge, &w->ruling);
	check_ruling(w, false);
	note_trips(w, w->ruling.outcome > OUTCOME_HOLD);
	if (w->ruling.outcome > OUTCOME_HOLD) {
		refuse(w, true);
		return false;
	}
	for (size_t i = 0; i < w->limits.count; i++) {
		const struct applied *a = &w->limits.at[i];

		if (a->limit->metric == METRIC_NETWORKS &&
		    (a->limit->strict || !is_beyond(w, a)))
			note_prints(w, a);
	}
	return true;
}

static void
note_message(struct world *w)
{
	const bool hold = w->ruling.outcome == OUTCOME_HOLD;

	for (size_t i = 0; i < w->limits.count; i++) {
		const struct applied *a = &w->limits.at[i];
		const struct limit *l = a->limit;

		if (l->metric == METRIC_SENDERS &&
		    (l->strict || !is_beyond(w, a)))
			note_prints(w, a);
		if (l->period != 0) {
			unsigned n = is_distinct(l) ? 0 : added(w, a);
			struct event *e = note(w, a);

			e->accepted = n;
			e->held = hold && l->on_exceed == EXCEED_HOLD;
			/* the rule: never more than its amount, unless held */
			if (a->acts && !hold && !is_distinct(l))
				assert_true(n == 0 || total(w, a, USED,
							  false) <= l->amount);
		}
	}
	held += hold;
	passed += !hold;
}

static void
know(struct world *w)
{
	const struct prints *p = w->charge.written;
	bool asked = false;

	for (size_t i = 0; i < w->limits.count; i++)
		asked |= w->limits.at[i].limit->metric == METRIC_NEW_RECIPIENTS;
	for (uint32_t i = 0; asked && i < p->size; i++)
		if (p->slots[i] != 0)
			w->known[login_number(w->charge.login)][p->slots[i]] =
			    true;
}

static void
end_of_message(struct world *w)
{
	ledger_admit(w->ledger, &w->limits, &w->charge, &w->ruling);
	check_ruling(w, false);
	note_trips(w, w->ruling.outcome > OUTCOME_PASS);
	if (w->ruling.outcome > OUTCOME_HOLD) {
		refuse(w, true);
		return;
	}
	note_message(w);
	if (w->ruling.outcome == OUTCOME_PASS)
		know(w);
}

/* A client comes: a login, now and then through a peer. */
static void
one_message(struct world *w)
{
	const char *peer = below(3) == 0 ? "relay" : "";
	struct prints written = {0};
	uint32_t senders[3];

	w->charge = (struct charge){
	    .now = w->now,
	    .login = logins[below(peer[0] == '\0' ? 5 : 4)],
	    .messages = 1,
	    .recipients = 1,
	    .senders = senders,
	    .network = 4 * (1 + below(6)),
	    .sender_count = below(3),
	};
	for (size_t i = 0; i < w->charge.sender_count; i++)
		senders[i] = 4 * (uint32_t)(1 + i * 5 + below(5));
	assert_true(limits_of(
	    w->policy, w->charge.login, peer, MODE_ENFORCE, &w->limits));
	if (below(8) == 0) {
		refuse(w, false);
		return;
	}
	if (!mail(w) || below(10) == 0)
		return;
	w->charge.recipients = below(4);
	for (unsigned i = 0; i < w->charge.recipients; i++)
		assert_true(prints_add(&written, 1 + below(199)));
	w->charge.written = &written;
	end_of_message(w);
	prints_clear(&written);
}

/* --- what is kept -------------------------------------------------------- */

/* A second ledger reads what the first posts, and what it folds. */
static void
copy(struct world *w, bool fold)
{
	struct print_key key = ledger_key(w->ledger);
	struct postings out;

	if (fold) {
		ledger_free(w->mirror);
		w->mirror = ledger_new();
		ledger_set_key(w->mirror, &key);
	}
	for (unsigned s = 0; s < LEDGER_SHARDS; s++) {
		assert_true(fold ? ledger_fold(w->ledger, s, w->now, &out)
				 : ledger_take(w->ledger, s, &out));
		assert_true(ledger_replay(w->mirror, out.data, out.len));
		postings_clear(&out);
	}
}

/* The first dies, and the second goes on in its place. */
static void
restart(struct world *w)
{
	copy(w, false);
	ledger_free(w->ledger);
	w->ledger = w->mirror;
	w->mirror = NULL;
	copy(w, true);
}

/* --- a world ------------------------------------------------------------- */

static void
add_limit(struct policy *p, int number)
{
	static const int64_t periods[] = {
	    1, 10, 60, 90, 900, 3600, 3600, DAY, 7 * DAY};
	static const enum mode modes[] = {
	    MODE_INHERIT, MODE_INHERIT, MODE_ENFORCE, MODE_MONITOR};
	bool group = below(3) != 0;
	struct limit l = {
	    .principal = build_find(p->t, group ? PICK(groups) : PICK(logins)),
	    .metric = (enum metric)(1 + below(METRIC_COUNT - 1)),
	    .amount = 1 + below(below(2) == 0 ? 6 : 60),
	    .period = PICK(periods),
	    .cap = group && below(2) == 0,
	    .strict = below(3) == 0,
	    .on_exceed = (enum on_exceed)below(EXCEED_COUNT),
	    .suspend_for = 60,
	    .mode = PICK(modes),
	};

	assert_true(asprintf(&l.name, "limit%d", number) > 0);
	if (l.metric == METRIC_RECIPIENTS_PER_MESSAGE) {
		l.period = 0;
		l.amount = 1 + below(3);
	}
	build_limit(p->t, &l);
}

static struct policy *
random_policy(void)
{
	struct policy *p = build_new();
	principal_id id[COUNT(logins)];

	assert_non_null(p);
	p->t->settings.realms.text = strdup("");
	p->t->settings.login_required.text = strdup("");
	p->t->settings.default_realm = strdup("");
	p->t->settings.recipient_delimiter = strdup("+");
	for (size_t i = 0; i < COUNT(logins); i++)
		id[i] = build_principal(p->t, logins[i], PRINCIPAL_LOGIN);
	for (size_t i = 0; i < COUNT(groups); i++)
		build_principal(p->t, groups[i], PRINCIPAL_GROUP);
	for (size_t i = 0; i < 3; i++) {
		build_member(p->t, id[i], build_find(p->t, "group1"));
		build_member(p->t, id[i + 1], build_find(p->t, "group2"));
	}
	for (int i = 0; i < LIMITS; i++)
		add_limit(p, i);
	for (int i = 0; i < 4; i++)
		build_pardon(p->t, PICK(logins), START + below(3 * DAY));
	assert_true(build_finish(p));
	return p;
}

/* Mostly seconds, now and then minutes, hours, days. */
static int64_t
random_pause(void)
{
	unsigned kind = below(100);

	return kind < 80   ? below(4)
	       : kind < 94 ? below(120)
	       : kind < 99 ? below(2 * 3600)
			   : below(2 * DAY);
}

static void
measures_are_within_bounds(void **state)
{
	struct print_key key = {{1, 2}};
	struct world w = {.now = START};

	seed = *(const uint64_t *)*state;
	w.policy = random_policy();
	w.ledger = ledger_new();
	w.events = calloc(EVENTS, sizeof(*w.events));
	assert_non_null(w.events);
	ledger_set_key(w.ledger, &key);
	copy(&w, true);
	for (int i = 0; i < 1000; i++) {
		w.now += random_pause();
		one_message(&w);
		if (below(100) == 0)
			copy(&w, below(2) == 0);
		if (below(200) == 0)
			restart(&w);
	}
	free(w.events);
	ledger_free(w.mirror);
	ledger_free(w.ledger);
	policy_free(w.policy);
}

/* The worlds above had all of it, often. */
static void
all_of_it_happened(void **state)
{
	(void)state;
	print_message("# passed %u refused %u held %u suspended %u tripped %u"
		      " early %u\n",
	    passed, refused, held, suspended, tripped, early);
	assert_true(passed > 1000 && refused > 1000 && held > 100);
	assert_true(suspended > 10 && tripped > 100 && early > 10);
}

int
main(void)
{
	static uint64_t seeds[WORLDS];
	static char names[COUNT(seeds)][60];
	static struct suite s;

	for (size_t i = 0; i < COUNT(seeds); i++) {
		seeds[i] = i;
		snprintf(names[i], sizeof(names[i]),
		    "measures are within bounds in world %zu", i);
		suite_add(&s, names[i], measures_are_within_bounds, &seeds[i]);
	}
	suite_add(&s, "all of it happened", all_of_it_happened, NULL);
	return suite_run(&s, "model");
}
