/*
 * policy/ledger under a simulated clock: weeks of traffic, compared with a log
 * of every single message.
 */
#include "policy/build.h"
#include "policy/limited.h"

#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define START 1900000000 /* a moment in 2030 */
#define HOUR 3600
#define DAY 86400

/* --- a policy of limits, and what is sent under it ----------------------- */

static struct policy *
new_policy(void)
{
	struct policy *p = build_new();

	assert_non_null(p);
	p->t->settings.realms.text = strdup("");
	p->t->settings.login_required.text = strdup("");
	p->t->settings.default_realm = strdup("");
	p->t->settings.recipient_delimiter = strdup("+");
	build_principal(p->t, "everyone", PRINCIPAL_GROUP);
	return p;
}

/* A limit for everyone, as far as `like` does not say otherwise. */
static void
add_limit(struct policy *p, const char *principal, struct limit like)
{
	like.name = strdup(like.name);
	like.principal = build_principal(p->t, principal,
	    principal[0] == '@' || strcmp(principal, "everyone") == 0 ||
		    strncmp(principal, "group", 5) == 0
		? PRINCIPAL_GROUP
		: PRINCIPAL_LOGIN);
	build_limit(p->t, &like);
}

static void
add_member(struct policy *p, const char *login, const char *group)
{
	build_member(p->t, build_principal(p->t, login, PRINCIPAL_LOGIN),
	    build_principal(p->t, group, PRINCIPAL_GROUP));
}

/* One test's ledger and policy. */
struct world {
	struct policy *policy;
	struct ledger *ledger;
	struct ruling ruling; /* the last */
	struct limits limits;
	enum mode mode;
};

static struct world
new_world(struct policy *p)
{
	struct world w = {.policy = p, .mode = MODE_ENFORCE};

	assert_true(build_finish(p));
	w.ledger = ledger_new();
	assert_non_null(w.ledger);
	return w;
}

static void
end_world(struct world *w)
{
	ledger_free(w->ledger);
	policy_free(w->policy);
}

static void
apply(struct world *w, const char *login, const char *peer)
{
	assert_true(limits_of(w->policy, login, peer, w->mode, &w->limits));
}

static enum outcome
admit(struct world *w, const char *login, int64_t now, unsigned recipients)
{
	const struct charge c = {.now = now,
	    .login = login,
	    .messages = 1,
	    .recipients = recipients};

	apply(w, login, "");
	ledger_admit(w->ledger, &w->limits, &c, &w->ruling);
	return w->ruling.outcome;
}

/* A message to the recipients of a text, parted by blanks. */
static enum outcome
write_to(
    struct world *w, const char *login, int64_t now, const char *recipients)
{
	struct prints written = {0};
	struct charge c = {.now = now, .login = login, .messages = 1};
	char copy[2000], *next = copy, *one;

	assert_true(strlen(recipients) < sizeof(copy));
	strcpy(copy, recipients);
	while ((one = strsep(&next, " ")) != NULL) {
		assert_true(prints_add(&written, ledger_print(w->ledger, one)));
		c.recipients++;
	}
	c.written = &written;
	apply(w, login, "");
	ledger_admit(w->ledger, &w->limits, &c, &w->ruling);
	prints_clear(&written);
	return w->ruling.outcome;
}

static enum outcome
mail_from(struct world *w, const char *login, int64_t now, const char *client)
{
	char network[COUNTED_NETWORK_SIZE];
	struct charge c = {.now = now, .login = login, .messages = 1};

	assert_true(counted_network(client, network));
	c.network = ledger_print(w->ledger, network);
	apply(w, login, "");
	ledger_judge(w->ledger, &w->limits, &c, &w->ruling);
	return w->ruling.outcome;
}

static void
refuse_at_mail(struct world *w, const char *login, int64_t now, bool by_limit)
{
	const struct charge c = {
	    .now = now, .login = login, .messages = 1, .by_limit = by_limit};

	apply(w, login, "");
	ledger_refuse(w->ledger, &w->limits, &c, &w->ruling);
}

#define LIMIT(what, n, seconds, does)                                          \
	(struct limit)                                                         \
	{                                                                      \
		.name = (char[]){#what}, .metric = METRIC_##what,              \
		.amount = (n), .period = (seconds), .on_exceed = EXCEED_##does \
	}

/* --- windows ------------------------------------------------------------- */

/* A log of everything that was accepted: the truth. */
struct log {
	int64_t at[200000];
	size_t count;
};

static size_t
in_window(const struct log *l, int64_t from, int64_t to)
{
	size_t n = 0;

	for (size_t i = l->count; i-- > 0 && l->at[i] >= from;)
		n += l->at[i] <= to;
	return n;
}

static uint64_t
random_number(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

struct traffic {
	const char *name;
	int64_t period;
	int64_t amount;
	int64_t days;
	int64_t most; /* seconds between two messages */
};

static const struct traffic traffics[] = {
    {"no minute holds more than its amount", 60, 7, 1, 10},
    {"no hour holds more than its amount", HOUR, 100, 7, 60},
    {"no day holds more than its amount", DAY, 50, 42, 2 * HOUR},
    {"no week holds more than its amount", 7 * DAY, 1000, 42, 1200},
    {"no second holds more than its amount", 1, 2, 1, 2},
    {"no ten seconds hold more than their amount", 10, 3, 1, 5},
};

/* Weeks of messages at random moments; each decision against the log: never
 * more than the amount in any window, nor refused with room to spare. */
static void
windows_hold(void **state)
{
	const struct traffic *t = *state;
	static struct log log;
	struct policy *p = new_policy();
	struct world w;
	uint64_t seed = (uint64_t)t->period;
	int64_t now = START;
	size_t early = 0;

	add_limit(
	    p, "everyone", LIMIT(MESSAGES, t->amount, t->period, TEMPFAIL));
	/* others, so that entries are of several grains */
	add_limit(p, "everyone", LIMIT(RECIPIENTS, 1000000, 30 * DAY, REJECT));
	add_limit(p, "everyone", LIMIT(REFUSALS, 1000000, 90, REJECT));
	w = new_world(p);
	log.count = 0;
	while (now < START + t->days * DAY) {
		size_t used = in_window(&log, now - t->period, now);
		enum outcome outcome = admit(&w, "alice", now, 1);

		if (outcome == OUTCOME_PASS) {
			assert_true(used < (size_t)t->amount);
			assert_true(log.count < COUNT(log.at));
			log.at[log.count++] = now;
		} else {
			/* what is a fifteenth older may still count */
			size_t wide = in_window(&log,
			    now - t->period - t->period / SERIES_SPAN - 1, now);

			assert_int_equal(outcome, OUTCOME_TEMPFAIL);
			assert_true(wide >= (size_t)t->amount);
			early += used < (size_t)t->amount;
		}
		now +=
		    (int64_t)(random_number(&seed) % (uint64_t)(t->most + 1));
	}
	assert_true(log.count > (size_t)t->amount);
	assert_true(early < log.count);
	end_world(&w);
}

/* --- the edge of a window ------------------------------------------------ */

/* Asks for one more of a metric, which was not there before. */
static enum outcome
one_more(struct world *w, enum metric metric, int64_t now)
{
	static unsigned number;
	struct charge c = {.now = now, .login = "a", .messages = 1};
	char name[40];
	uint32_t print;

	snprintf(name, sizeof(name), "%u@example.net", ++number);
	print = ledger_print(w->ledger, name);
	switch (metric) {
	case METRIC_NEW_RECIPIENTS:
		return write_to(w, "a", now, name);
	case METRIC_REFUSALS:
		refuse_at_mail(w, "a", now, false);
		return w->ruling.outcome;
	case METRIC_SENDERS:
		c.senders = &print;
		c.sender_count = 1;
		apply(w, "a", "");
		ledger_admit(w->ledger, &w->limits, &c, &w->ruling);
		return w->ruling.outcome;
	case METRIC_NETWORKS:
		snprintf(name, sizeof(name), "10.%u.%u.1", number / 250 % 250,
		    number % 250);
		return mail_from(w, "a", now, name);
	case METRIC_NONE:
	case METRIC_MESSAGES:
	case METRIC_RECIPIENTS:
	case METRIC_RECIPIENTS_PER_MESSAGE:
	case METRIC_COUNT:
		break;
	}
	return admit(w, "a", now, 1);
}

static const struct edge {
	const char *name;
	enum metric metric;
} edges[] = {
    {"a window of messages ends to the second", METRIC_MESSAGES},
    {"a window of recipients ends to the second", METRIC_RECIPIENTS},
    {"a window of new recipients ends to the second", METRIC_NEW_RECIPIENTS},
    {"a window of senders ends to the second", METRIC_SENDERS},
    {"a window of networks ends to the second", METRIC_NETWORKS},
    {"a window of refusals ends to the second", METRIC_REFUSALS},
};

/* A burst as large as may be counts up to the last second of its window, and
 * no longer; so does it for a group's. */
static void
a_window_ends_to_the_second(void **state)
{
	static const int64_t periods[] = {
	    1, 15, 60, HOUR, DAY, 7 * DAY, LIMIT_PERIOD_MAX};
	const struct edge *e = *state;

	for (size_t i = 0; i < 2 * COUNT(periods); i++) {
		struct policy *p = new_policy();
		struct limit l = LIMIT(NONE, 2, periods[i / 2], TEMPFAIL);
		int64_t last = START + l.period;
		struct world w;

		l.metric = e->metric;
		l.cap = i % 2 == 1;
		add_limit(p, "everyone", l);
		w = new_world(p);
		for (int k = 0; k < 2; k++)
			assert_int_equal(
			    one_more(&w, l.metric, START), OUTCOME_PASS);
		assert_int_equal(
		    one_more(&w, l.metric, START), OUTCOME_TEMPFAIL);
		assert_int_equal(w.ruling.at[0].relief, l.period + 1);
		assert_int_equal(
		    one_more(&w, l.metric, last), OUTCOME_TEMPFAIL);
		assert_int_equal(
		    one_more(&w, l.metric, last + 1), OUTCOME_PASS);
		end_world(&w);
	}
}

/* How long to wait: until what is asked for fits; refused attempts of strict
 * limits are waited out as well. */
static void
the_wait_is_for_what_was_asked(void **state)
{
	struct policy *p = new_policy();
	struct limit strict = LIMIT(MESSAGES, 2, HOUR, TEMPFAIL);
	struct world w;

	(void)state;
	strict.strict = true;
	add_limit(p, "everyone", LIMIT(RECIPIENTS, 10, HOUR, TEMPFAIL));
	add_limit(p, "strict", strict);
	w = new_world(p);
	assert_int_equal(admit(&w, "a", START, 11), OUTCOME_TEMPFAIL);
	assert_int_equal(w.ruling.at[0].relief, HOUR);
	assert_int_equal(admit(&w, "a", START, 5), OUTCOME_PASS);
	assert_int_equal(admit(&w, "a", START + 300, 3), OUTCOME_PASS);
	assert_int_equal(admit(&w, "a", START + 600, 7), OUTCOME_TEMPFAIL);
	assert_int_equal(w.ruling.at[0].relief, HOUR + 1 - 600);
	assert_int_equal(admit(&w, "a", START + 600, 8), OUTCOME_TEMPFAIL);
	assert_int_equal(w.ruling.at[0].relief, HOUR + 301 - 600);

	refuse_at_mail(&w, "strict", START, true);
	refuse_at_mail(&w, "strict", START, true);
	assert_int_equal(admit(&w, "strict", START + 9, 1), OUTCOME_TEMPFAIL);
	assert_int_equal(w.ruling.at[w.ruling.by].relief, HOUR + 1 - 9);
	end_world(&w);
}

/* Times are UTC: a day of 23 or 25 hours is none, nor the hour that is missing
 * or repeated another. */
static void
summer_time_changes_nothing(void **state)
{
	static const char *const zones[] = {
	    "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"};
	/* midnights of 2030-03-10, 03-31, 04-07, 10-06, 10-27 and 11-03 */
	static const int64_t days[] = {1899331200, 1901145600, 1901750400,
	    1917475200, 1919289600, 1919894400};

	(void)state;
	for (size_t i = 0; i < COUNT(days) * COUNT(zones); i++) {
		int64_t midnight = days[i / COUNT(zones)];
		struct policy *p = new_policy();
		struct world w;
		int accepted = 0;

		setenv("TZ", zones[i % COUNT(zones)], 1);
		tzset();
		add_limit(p, "everyone", LIMIT(MESSAGES, 10, HOUR, TEMPFAIL));
		add_limit(p, "everyone", LIMIT(MESSAGES, 99, DAY, TEMPFAIL));
		w = new_world(p);
		for (int64_t t = midnight; t <= midnight + DAY; t += 60) {
			accepted += admit(&w, "a", t, 1) == OUTCOME_PASS;
			if (t == midnight + HOUR)
				assert_int_equal(accepted, 10);
		}
		assert_int_equal(accepted, 99);
		end_world(&w);
	}
	unsetenv("TZ");
	tzset();
}

/* What was sent in a future that is no more is as good as sent now. */
static void
a_clock_set_back_lets_nothing_pass(void **state)
{
	struct policy *p = new_policy();
	struct world w;

	(void)state;
	add_limit(p, "everyone", LIMIT(MESSAGES, 5, HOUR, TEMPFAIL));
	add_limit(p, "everyone", LIMIT(NETWORKS, 1, HOUR, TEMPFAIL));
	w = new_world(p);
	assert_int_equal(
	    mail_from(&w, "a", START + DAY, "192.0.2.1"), OUTCOME_PASS);
	for (int i = 0; i < 5; i++)
		assert_int_equal(admit(&w, "a", START + DAY, 1), OUTCOME_PASS);
	assert_int_equal(admit(&w, "a", START, 1), OUTCOME_TEMPFAIL);
	assert_int_equal(
	    mail_from(&w, "a", START, "198.51.100.1"), OUTCOME_TEMPFAIL);
	assert_int_equal(admit(&w, "a", START + HOUR, 1), OUTCOME_TEMPFAIL);
	/* nor is it kept for longer than its window */
	assert_int_equal(admit(&w, "a", START + HOUR + 1, 1), OUTCOME_PASS);
	assert_int_equal(
	    mail_from(&w, "a", START + HOUR + 1, "198.51.100.1"), OUTCOME_PASS);
	end_world(&w);
}

/* Threads take the time and then wait for the account: one that was overtaken
 * does not move what the other counted. */
static void
one_that_was_overtaken_moves_nothing(void **state)
{
	struct policy *p = new_policy();
	struct world w;

	(void)state;
	add_limit(p, "everyone", LIMIT(MESSAGES, 3, 10, TEMPFAIL));
	add_limit(p, "everyone", LIMIT(NETWORKS, 1, 10, TEMPFAIL));
	w = new_world(p);
	assert_int_equal(
	    mail_from(&w, "a", START + 10, "192.0.2.1"), OUTCOME_PASS);
	for (int i = 0; i < 3; i++)
		assert_int_equal(admit(&w, "a", START + 10, 1), OUTCOME_PASS);
	assert_int_equal(admit(&w, "a", START + 9, 1), OUTCOME_TEMPFAIL);
	assert_int_equal(admit(&w, "a", START + 20, 1), OUTCOME_TEMPFAIL);
	assert_int_equal(w.ruling.at[0].relief, 1);
	assert_int_equal(
	    mail_from(&w, "a", START + 20, "198.51.100.1"), OUTCOME_TEMPFAIL);
	assert_int_equal(admit(&w, "a", START + 21, 1), OUTCOME_PASS);
	end_world(&w);
}

static void
a_clock_that_jumps_about_lets_nothing_pass(void **state)
{
	struct policy *p = new_policy();
	struct world w;
	uint64_t seed = 1;
	unsigned accepted = 0;

	(void)state;
	add_limit(p, "everyone", LIMIT(MESSAGES, 20, HOUR, TEMPFAIL));
	w = new_world(p);
	/* all within less than an hour of the true clock */
	for (int i = 0; i < 2000; i++) {
		int64_t wrong = (int64_t)(random_number(&seed) % (HOUR / 2));

		accepted += admit(&w, "a", START + wrong, 1) == OUTCOME_PASS;
	}
	assert_int_equal(accepted, 20);
	end_world(&w);
}

/* --- what is judged is bounded -------------------------------------------- */

static void
of_several_that_suspend_the_longest_does(void **state)
{
	static const int64_t lengths[][3] = {
	    {HOUR, 7 * DAY, DAY}, {7 * DAY, DAY, HOUR}, {HOUR, DAY, 7 * DAY}};

	(void)state;
	for (size_t i = 0; i < COUNT(lengths); i++) {
		struct policy *p = new_policy();
		struct limit l = LIMIT(MESSAGES, 2, HOUR, SUSPEND);
		struct world w;

		for (int k = 0; k < 3; k++) {
			l.period = HOUR + k;
			l.suspend_for = lengths[i][k];
			add_limit(p, "everyone", l);
		}
		w = new_world(p);
		assert_int_equal(admit(&w, "a", START, 1), OUTCOME_PASS);
		assert_int_equal(admit(&w, "a", START, 1), OUTCOME_PASS);
		assert_int_equal(admit(&w, "a", START, 1), OUTCOME_SUSPEND);
		assert_int_equal(
		    w.limits.at[w.ruling.by].limit->suspend_for, 7 * DAY);
		end_world(&w);
	}
}

/* Clients that only say MAIL, and what they were refused for, fill nothing. */
static void
who_counts_nothing_has_no_account(void **state)
{
	struct charge c = {.now = START, .messages = 1, .recipients = 1};
	struct policy *p = new_policy();
	struct world w;
	char login[20];

	(void)state;
	add_limit(p, "everyone", LIMIT(MESSAGES, 5, HOUR, TEMPFAIL));
	add_limit(p, "everyone", LIMIT(NEW_RECIPIENTS, 5, HOUR, TEMPFAIL));
	w = new_world(p);
	c.login = login;
	for (int i = 0; i < 1000; i++) {
		snprintf(login, sizeof(login), "user%d", i);
		apply(&w, login, "");
		ledger_judge(w.ledger, &w.limits, &c, &w.ruling);
		assert_int_equal(w.ruling.outcome, OUTCOME_PASS);
		ledger_refuse(w.ledger, &w.limits, &c, &w.ruling);
	}
	assert_int_equal(ledger_accounts(w.ledger), 0);
	assert_int_equal(admit(&w, "user1", START, 1), OUTCOME_PASS);
	assert_int_equal(ledger_accounts(w.ledger), 1);
	end_world(&w);
}

/* Processor seconds to judge 300 MAILs of one that was refused from `count`
 * networks. */
static double
time_networks(unsigned count)
{
	struct policy *p = new_policy();
	struct limit l = LIMIT(NETWORKS, 1, DAY, TEMPFAIL);
	struct charge c = {.now = START, .login = "a", .by_limit = true};
	struct timespec from, to;
	struct world w;

	l.strict = true;
	add_limit(p, "everyone", l);
	w = new_world(p);
	apply(&w, "a", "");
	for (c.network = 4; c.network < 4 + 4 * count; c.network += 4) {
		ledger_refuse(w.ledger, &w.limits, &c, &w.ruling);
		c.now++;
	}
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
	for (int i = 0; i < 300; i++)
		ledger_judge(w.ledger, &w.limits, &c, &w.ruling);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
	assert_int_equal(w.ruling.outcome, OUTCOME_TEMPFAIL);
	assert_int_equal(w.ruling.at[0].relief, DAY);
	end_world(&w);
	return (double)(to.tv_sec - from.tv_sec) +
	       (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

/* A botnet with the password must not hold the lock that others wait for. */
static void
many_networks_are_judged_about_as_fast_as_few(void **state)
{
	double few, many;

	(void)state;
	few = time_networks(100);
	many = time_networks(1000);
	/* ten times as many: squared, it would be a hundred times as long */
	assert_true(many < 40 * few);
}

/* --- which limits hold --------------------------------------------------- */

struct inheritance {
	const char *name;
	int64_t login, group1, group2, domain,
	    everyone;	  /* 0: none; -1: lifts */
	int64_t expected; /* messages accepted of 100 */
};

static const struct inheritance inheritances[] = {
    {"everyone's holds", 0, 0, 0, 0, 9, 9},
    {"the domain's comes before everyone's", 0, 0, 0, 8, 5, 8},
    {"a group's comes before the domain's", 0, 7, 0, 3, 2, 7},
    {"the smallest of several groups holds", 0, 7, 6, 8, 9, 6},
    {"in whatever order they come", 0, 6, 7, 8, 9, 6},
    {"the login's own comes before all", 11, 1, 2, 3, 4, 11},
    {"its own may lift all others", -1, 1, 2, 3, 4, 100},
    {"a group's may lift the domain's", 0, -1, 0, 3, 4, 100},
    {"of two groups the one that limits holds", 0, -1, 6, 3, 4, 6},
    {"none at all", 0, 0, 0, 0, 0, 100},
};

static void
the_most_specific_limit_holds(void **state)
{
	const struct inheritance *t = *state;
	const struct {
		const char *principal;
		int64_t amount;
	} rows[] = {{"alice@example.com", t->login}, {"group1", t->group1},
	    {"group2", t->group2}, {"@example.com", t->domain},
	    {"everyone", t->everyone}};
	struct policy *p = new_policy();
	struct world w;
	int64_t accepted = 0;

	add_member(p, "alice@example.com", "group1");
	add_member(p, "alice@example.com", "group2");
	for (size_t i = 0; i < COUNT(rows); i++)
		if (rows[i].amount != 0)
			add_limit(p, rows[i].principal,
			    LIMIT(MESSAGES, rows[i].amount, HOUR, REJECT));
	w = new_world(p);
	for (int i = 0; i < 100; i++)
		accepted +=
		    admit(&w, "alice@example.com", START, 1) == OUTCOME_PASS;
	assert_int_equal(accepted, t->expected);
	end_world(&w);
}

static void
a_cap_holds_for_the_sum_of_a_group(void **state)
{
	struct policy *p = new_policy();
	struct limit cap = LIMIT(RECIPIENTS, 10, HOUR, REJECT);
	struct world w;

	(void)state;
	cap.cap = true;
	add_member(p, "alice", "group1");
	add_member(p, "bob", "group1");
	add_limit(p, "group1", cap);
	add_limit(p, "alice", LIMIT(RECIPIENTS, 7, HOUR, TEMPFAIL));
	w = new_world(p);
	assert_int_equal(admit(&w, "alice", START, 6), OUTCOME_PASS);
	assert_int_equal(admit(&w, "alice", START, 2), OUTCOME_TEMPFAIL);
	assert_int_equal(admit(&w, "bob", START, 5), OUTCOME_REJECT);
	assert_string_equal(w.limits.at[w.ruling.by].account, "group1");
	assert_int_equal(admit(&w, "bob", START, 4), OUTCOME_PASS);
	assert_int_equal(admit(&w, "bob", START, 1), OUTCOME_REJECT);
	assert_int_equal(admit(&w, "carol", START, 50), OUTCOME_PASS);
	end_world(&w);
}

static void
several_windows_hold_at_once(void **state)
{
	struct policy *p = new_policy();
	struct world w;
	int accepted = 0;

	(void)state;
	add_limit(p, "everyone", LIMIT(MESSAGES, 5, 60, TEMPFAIL));
	add_limit(p, "everyone", LIMIT(MESSAGES, 20, HOUR, REJECT));
	w = new_world(p);
	for (int64_t t = START; t < START + HOUR; t++)
		accepted += admit(&w, "a", t, 1) == OUTCOME_PASS;
	assert_int_equal(accepted, 20);
	assert_int_equal(w.ruling.outcome, OUTCOME_REJECT);
	end_world(&w);
}

static void
a_monitored_limit_never_stands_in_for_another(void **state)
{
	struct policy *p = new_policy();
	struct limit monitored = LIMIT(MESSAGES, 2, HOUR, SUSPEND);
	struct world w;
	int accepted = 0;

	(void)state;
	monitored.mode = MODE_MONITOR;
	add_limit(p, "alice", monitored);
	add_limit(p, "everyone", LIMIT(MESSAGES, 5, HOUR, TEMPFAIL));
	w = new_world(p);
	for (int i = 0; i < 9; i++)
		accepted += admit(&w, "alice", START, 1) == OUTCOME_PASS;
	assert_int_equal(accepted, 5);
	assert_int_equal(w.ruling.outcome, OUTCOME_TEMPFAIL);
	assert_int_equal(w.limits.count, 2);
	assert_true(w.ruling.at[0].exceeded && !w.limits.at[0].acts);
	assert_false(w.ruling.at[0].trips);
	end_world(&w);
}

static void
monitor_mode_counts_and_lets_pass(void **state)
{
	struct policy *p = new_policy();
	struct limit own = LIMIT(MESSAGES, 2, HOUR, REJECT);
	struct world w;

	(void)state;
	add_limit(p, "everyone", own);
	w = new_world(p);
	w.mode = MODE_MONITOR;
	for (int i = 0; i < 4; i++)
		assert_int_equal(admit(&w, "a", START, 1), OUTCOME_PASS);
	assert_true(w.ruling.at[0].exceeded);
	assert_int_equal(w.ruling.at[0].used, 4);
	w.mode = MODE_ENFORCE;
	assert_int_equal(admit(&w, "a", START, 1), OUTCOME_REJECT);
	end_world(&w);
}

/* In mode monitor such a login gets as far as here: it must not count, or be
 * suspended, in the name of others. */
static void
the_name_of_a_group_is_nobody(void **state)
{
	static const char *const names[] = {
	    "group1", "everyone", "anonymous", "@example.com"};
	struct policy *p = new_policy();
	struct limit own = LIMIT(MESSAGES, 1, HOUR, SUSPEND);
	struct world w;

	(void)state;
	own.mode = MODE_ENFORCE;
	add_member(p, "alice", "group1");
	add_limit(p, "everyone", own);
	own.cap = true;
	add_limit(p, "group1", own);
	w = new_world(p);
	w.mode = MODE_MONITOR;
	apply(&w, "alice", "");
	assert_int_equal(w.limits.count, 2);
	for (size_t i = 0; i < COUNT(names); i++) {
		apply(&w, names[i], "");
		assert_int_equal(w.limits.count, 0);
	}
	end_world(&w);
}

static void
too_many_limits_are_not_told(void **state)
{
	struct policy *p = new_policy();
	struct limits limits;

	(void)state;
	for (int i = 0; i <= LIMITS_MAX; i++)
		add_limit(p, "everyone", LIMIT(MESSAGES, 5, 60 + i, REJECT));
	assert_true(build_finish(p));
	assert_false(limits_of(p, "alice", "", MODE_ENFORCE, &limits));
	policy_free(p);
}

/* --- what is counted ----------------------------------------------------- */

static void
only_what_was_accepted_is_counted(void **state)
{
	struct policy *p = new_policy();
	struct world w;

	(void)state;
	add_limit(p, "everyone", LIMIT(RECIPIENTS, 10, HOUR, TEMPFAIL));
	w = new_world(p);
	for (int i = 0; i < 50; i++)
		assert_int_equal(admit(&w, "a", START, 11), OUTCOME_TEMPFAIL);
	for (int i = 0; i < 50; i++)
		refuse_at_mail(&w, "a", START, false);
	assert_int_equal(admit(&w, "a", START, 10), OUTCOME_PASS);
	end_world(&w);
}

static void
strict_limits_count_what_was_refused(void **state)
{
	struct policy *p = new_policy();
	struct limit strict = LIMIT(MESSAGES, 10, HOUR, TEMPFAIL);
	struct world w;

	(void)state;
	strict.strict = true;
	add_limit(p, "everyone", strict);
	w = new_world(p);
	for (int i = 0; i < 6; i++)
		refuse_at_mail(&w, "a", START, false);
	for (int i = 0; i < 4; i++)
		assert_int_equal(admit(&w, "a", START, 1), OUTCOME_PASS);
	assert_int_equal(admit(&w, "a", START, 1), OUTCOME_TEMPFAIL);
	end_world(&w);
}

static void
refusals_stop_a_login_that_has_too_many(void **state)
{
	struct policy *p = new_policy();
	struct limit limit = LIMIT(REFUSALS, 3, HOUR, SUSPEND);
	struct world w;

	(void)state;
	limit.suspend_for = DAY;
	add_limit(p, "everyone", limit);
	w = new_world(p);
	for (int i = 0; i < 3; i++) {
		refuse_at_mail(&w, "a", START + i, false);
		assert_int_equal(w.ruling.outcome, OUTCOME_PASS);
	}
	refuse_at_mail(&w, "a", START + 3, true); /* by a limit: no more */
	assert_int_equal(w.ruling.outcome, OUTCOME_PASS);
	assert_int_equal(admit(&w, "a", START + 4, 1), OUTCOME_PASS);
	refuse_at_mail(&w, "a", START + 5, false);
	assert_int_equal(w.ruling.outcome, OUTCOME_SUSPEND);
	assert_true(w.ruling.at[0].trips);
	assert_int_equal(admit(&w, "a", START + 6, 1), OUTCOME_SUSPEND);
	end_world(&w);
}

static void
new_recipients_are_those_never_written_to(void **state)
{
	struct policy *p = new_policy();
	struct world w;

	(void)state;
	add_limit(p, "everyone", LIMIT(NEW_RECIPIENTS, 3, DAY, TEMPFAIL));
	w = new_world(p);
	assert_int_equal(write_to(&w, "a", START, "x y"), OUTCOME_PASS);
	assert_int_equal(write_to(&w, "a", START, "x y y x"), OUTCOME_PASS);
	assert_int_equal(write_to(&w, "a", START, "x v w"), OUTCOME_TEMPFAIL);
	assert_int_equal(write_to(&w, "a", START, "x v"), OUTCOME_PASS);
	assert_int_equal(write_to(&w, "a", START, "q"), OUTCOME_TEMPFAIL);
	assert_int_equal(write_to(&w, "b", START, "x y v"), OUTCOME_PASS);
	/* a day later they are known still, and three may be new */
	assert_int_equal(
	    write_to(&w, "a", START + 2 * DAY, "x y v q r s"), OUTCOME_PASS);
	end_world(&w);
}

/* Whom only a held message was to reach stays unknown. */
static void
a_held_message_makes_nobody_known(void **state)
{
	struct policy *p = new_policy();
	struct world w;

	(void)state;
	add_limit(p, "everyone", LIMIT(NEW_RECIPIENTS, 2, DAY, HOLD));
	w = new_world(p);
	assert_int_equal(write_to(&w, "a", START, "x y"), OUTCOME_PASS);
	assert_int_equal(write_to(&w, "a", START, "v w"), OUTCOME_HOLD);
	assert_int_equal(write_to(&w, "a", START, "v w"), OUTCOME_HOLD);
	/* no more than the amount are held */
	assert_int_equal(write_to(&w, "a", START, "v"), OUTCOME_TEMPFAIL);
	assert_int_equal(write_to(&w, "a", START, "x"), OUTCOME_PASS);
	end_world(&w);
}

/* Remembering is bounded: what is forgotten counts as new, never as known. */
static void
recipients_are_remembered_within_bounds(void **state)
{
	struct policy *p = new_policy();
	struct world w;
	char name[40];
	int known = 0;

	(void)state;
	add_limit(p, "everyone", LIMIT(NEW_RECIPIENTS, 1000000, DAY, TEMPFAIL));
	w = new_world(p);
	for (int i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "user%d@example.net", i);
		write_to(&w, "a", START + i, name);
	}
	for (int i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "user%d@example.net", i);
		known +=
		    ledger_knows(w.ledger, "a", ledger_print(w.ledger, name));
	}
	assert_in_range(known, LEDGER_KNOWN, 2 * LEDGER_KNOWN);
	for (int i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "other%d@example.net", i);
		assert_false(
		    ledger_knows(w.ledger, "a", ledger_print(w.ledger, name)));
	}
	end_world(&w);
}

static void
networks_count_when_first_seen(void **state)
{
	struct policy *p = new_policy();
	struct world w;

	(void)state;
	add_limit(p, "everyone", LIMIT(NETWORKS, 2, HOUR, TEMPFAIL));
	w = new_world(p);
	assert_int_equal(mail_from(&w, "a", START, "192.0.2.1"), OUTCOME_PASS);
	assert_int_equal(
	    mail_from(&w, "a", START, "192.0.2.250"), OUTCOME_PASS);
	assert_int_equal(
	    mail_from(&w, "a", START, "2001:db8:1::1"), OUTCOME_PASS);
	assert_int_equal(
	    mail_from(&w, "a", START, "2001:db8:1:ffff::2"), OUTCOME_PASS);
	assert_int_equal(
	    mail_from(&w, "a", START, "198.51.100.1"), OUTCOME_TEMPFAIL);
	assert_int_equal(
	    mail_from(&w, "a", START, "198.51.100.1"), OUTCOME_TEMPFAIL);
	assert_int_equal(mail_from(&w, "a", START, "192.0.2.9"), OUTCOME_PASS);
	/* an hour without the first makes room */
	assert_int_equal(
	    mail_from(&w, "a", START + HOUR + 1, "198.51.100.1"), OUTCOME_PASS);
	end_world(&w);
}

/* Refused attempts count: no second try from the network that was too many. */
static void
strict_networks_stop_them_all(void **state)
{
	struct policy *p = new_policy();
	struct limit strict = LIMIT(NETWORKS, 1, HOUR, REJECT);
	struct charge c = {.now = START, .login = "a", .messages = 1};
	struct world w;

	(void)state;
	strict.strict = true;
	add_limit(p, "everyone", strict);
	w = new_world(p);
	assert_int_equal(mail_from(&w, "a", START, "192.0.2.1"), OUTCOME_PASS);
	assert_int_equal(
	    mail_from(&w, "a", START, "198.51.100.1"), OUTCOME_REJECT);
	c.network = ledger_print(w.ledger, "c63364");
	ledger_refuse(w.ledger, &w.limits, &c, &w.ruling);
	assert_int_equal(
	    mail_from(&w, "a", START, "198.51.100.1"), OUTCOME_REJECT);
	assert_int_equal(
	    mail_from(&w, "a", START, "192.0.2.1"), OUTCOME_REJECT);
	end_world(&w);
}

static void
peer_and_login_are_both_counted(void **state)
{
	struct policy *p = new_policy();
	struct charge c = {
	    .now = START, .login = "alice", .messages = 1, .recipients = 1};
	struct world w;

	(void)state;
	add_limit(p, "alice", LIMIT(MESSAGES, 2, HOUR, TEMPFAIL));
	add_limit(p, "alice", LIMIT(REFUSALS, 0, HOUR, REJECT));
	add_limit(p, "relay", LIMIT(MESSAGES, 3, HOUR, REJECT));
	add_limit(p, "relay", LIMIT(REFUSALS, 0, HOUR, REJECT));
	w = new_world(p);
	apply(&w, "alice", "relay");
	for (size_t i = 0; i < w.limits.count; i++) /* the peer's */
		assert_int_equal(w.limits.at[i].rests,
		    w.limits.at[i].limit->metric == METRIC_REFUSALS &&
			strcmp(w.limits.at[i].account, "relay") != 0);
	ledger_admit(w.ledger, &w.limits, &c, &w.ruling);
	ledger_admit(w.ledger, &w.limits, &c, &w.ruling);
	assert_int_equal(w.ruling.outcome, OUTCOME_PASS);
	ledger_admit(w.ledger, &w.limits, &c, &w.ruling);
	assert_int_equal(w.ruling.outcome, OUTCOME_TEMPFAIL);
	c.login = "bob";
	apply(&w, "bob", "relay");
	ledger_admit(w.ledger, &w.limits, &c, &w.ruling);
	assert_int_equal(w.ruling.outcome, OUTCOME_PASS);
	ledger_admit(w.ledger, &w.limits, &c, &w.ruling);
	assert_int_equal(w.ruling.outcome, OUTCOME_REJECT);
	end_world(&w);
}

/* Everyone's limits hold for the login, and for the peer that speaks for it. */
static void
as_many_limits_hold_for_a_peer_as_well(void **state)
{
	struct policy *p = new_policy();
	struct limit cap = LIMIT(MESSAGES, 1000, HOUR, REJECT);
	struct limits limits;
	struct world w;

	(void)state;
	cap.cap = true;
	for (int i = 0; i < 4; i++)
		add_limit(p, "other", LIMIT(RECIPIENTS, 9, HOUR + i, REJECT));
	for (int i = 0; i < 60; i++)
		add_limit(
		    p, "everyone", LIMIT(MESSAGES, 1000, HOUR + i, REJECT));
	add_limit(p, "everyone", cap);
	for (int i = 0; i < 3; i++)
		add_limit(p, "relay", LIMIT(RECIPIENTS, 9, HOUR + i, REJECT));
	w = new_world(p);
	apply(&w, "alice", "");
	assert_int_equal(w.limits.count, 61);
	apply(&w, "alice", "relay");
	assert_int_equal(w.limits.count, 60 + 63 + 1);
	assert_false(limits_of(p, "other", "", MODE_ENFORCE, &limits));
	end_world(&w);
}

/* Refusals are counted over a day, all else over an hour: what a peer says for
 * the login hours later is no reason to forget them. */
static void
a_peer_makes_no_refusals_forgotten(void **state)
{
	struct policy *p = new_policy();
	struct limit cap = LIMIT(REFUSALS, 0, DAY, REJECT);
	struct charge c = {
	    .now = START, .login = "alice", .messages = 1, .recipients = 1};
	struct world w;

	(void)state;
	cap.cap = true;
	add_member(p, "alice", "group1");
	add_limit(p, "group1", cap);
	add_limit(p, "alice", LIMIT(MESSAGES, 9, HOUR, TEMPFAIL));
	add_limit(p, "alice", LIMIT(REFUSALS, 1, DAY, REJECT));
	w = new_world(p);
	apply(&w, "alice", "relay");
	ledger_refuse(w.ledger, &w.limits, &c, &w.ruling);
	assert_int_equal(w.ruling.outcome, OUTCOME_PASS);
	refuse_at_mail(&w, "alice", START, false);
	refuse_at_mail(&w, "alice", START, false);
	c.now = START + 3 * HOUR;
	apply(&w, "alice", "relay");
	ledger_admit(w.ledger, &w.limits, &c, &w.ruling);
	assert_int_equal(w.ruling.outcome, OUTCOME_PASS);
	assert_int_equal(
	    admit(&w, "alice", START + 3 * HOUR, 1), OUTCOME_REJECT);
	for (size_t i = 0; i < w.limits.count; i++)
		if (w.limits.at[i].limit->metric == METRIC_REFUSALS)
			assert_int_equal(w.ruling.at[i].used, 2);
	end_world(&w);
}

static void
a_pardon_restarts_the_count(void **state)
{
	struct policy *p = new_policy();
	struct world w;

	(void)state;
	add_limit(p, "everyone", LIMIT(MESSAGES, 3, DAY, REJECT));
	build_pardon(p->t, "alice", START + 100);
	build_pardon(p->t, "alice", START + DAY / 2);
	build_pardon(p->t, "bob", START - 5);
	w = new_world(p);
	for (int i = 0; i < 3; i++)
		admit(&w, "alice", START + i, 1);
	for (int i = 0; i < 3; i++)
		admit(&w, "bob", START + i, 1);
	/* the pardon has not come yet */
	assert_int_equal(admit(&w, "alice", START + 99, 1), OUTCOME_REJECT);
	assert_true(w.ruling.at[0].trips);
	for (int i = 0; i < 3; i++)
		assert_int_equal(
		    admit(&w, "alice", START + 101 + i, 1), OUTCOME_PASS);
	assert_int_equal(admit(&w, "alice", START + 200, 1), OUTCOME_REJECT);
	assert_true(w.ruling.at[0].trips); /* for the first time since */
	assert_int_equal(admit(&w, "bob", START + 200, 1), OUTCOME_REJECT);
	end_world(&w);
}

static void
a_limit_trips_once_in_its_window(void **state)
{
	struct policy *p = new_policy();
	struct world w;
	int trips = 0;

	(void)state;
	add_limit(p, "everyone", LIMIT(MESSAGES, 1, HOUR, TEMPFAIL));
	w = new_world(p);
	for (int64_t t = START; t < START + 3 * HOUR; t += 60) {
		admit(&w, "a", t, 1);
		trips += w.ruling.at[0].trips;
	}
	assert_int_equal(trips, 3);
	end_world(&w);
}

static void
the_strictest_of_what_is_exceeded_acts(void **state)
{
	struct policy *p = new_policy();
	struct world w;

	(void)state;
	add_limit(p, "everyone", LIMIT(MESSAGES, 1, HOUR, HOLD));
	add_limit(p, "everyone", LIMIT(RECIPIENTS, 3, HOUR, SUSPEND));
	add_limit(p, "everyone", LIMIT(RECIPIENTS_PER_MESSAGE, 5, 0, REJECT));
	w = new_world(p);
	assert_int_equal(admit(&w, "a", START, 6), OUTCOME_SUSPEND);
	assert_int_equal(admit(&w, "a", START, 1), OUTCOME_PASS);
	assert_int_equal(admit(&w, "a", START, 1), OUTCOME_HOLD);
	assert_int_equal(admit(&w, "a", START, 1), OUTCOME_TEMPFAIL);
	assert_int_equal(admit(&w, "a", START, 2), OUTCOME_SUSPEND);
	end_world(&w);
}

/* --- races --------------------------------------------------------------- */

#define RACERS 8
#define ATTEMPTS 10000

struct race {
	struct policy *policy;
	struct ledger *ledger;
	atomic_int admitted;
};

static void *
run_race(void *ctx)
{
	struct race *race = ctx;
	struct limits limits;
	struct ruling ruling;
	const struct charge c = {
	    .now = START, .login = "alice", .messages = 1, .recipients = 1};

	for (int i = 0; i < ATTEMPTS / RACERS; i++) {
		limits_of(race->policy, "alice", "", MODE_ENFORCE, &limits);
		ledger_admit(race->ledger, &limits, &c, &ruling);
		atomic_fetch_add(
		    &race->admitted, ruling.outcome == OUTCOME_PASS);
	}
	return NULL;
}

static void
racing_messages_pass_as_many_as_may(void **state)
{
	struct policy *p = new_policy();
	struct limit cap = LIMIT(RECIPIENTS, 100, DAY, REJECT);
	struct race race = {.policy = p};
	struct world w;
	pthread_t threads[RACERS];

	(void)state;
	cap.cap = true;
	add_limit(p, "everyone", LIMIT(MESSAGES, 100, HOUR, TEMPFAIL));
	add_limit(p, "everyone", cap);
	w = new_world(p);
	race.ledger = w.ledger;
	for (size_t i = 0; i < RACERS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, run_race, &race), 0);
	for (size_t i = 0; i < RACERS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&race.admitted), 100);
	end_world(&w);
}

/* --- what is kept -------------------------------------------------------- */

/* Does a second ledger that reads what the first wrote rule as it does? */
static void
postings_make_the_same_ledger(void **state)
{
	bool fold = *(const bool *)*state;
	struct policy *p = new_policy();
	struct print_key key;
	struct world w, other;
	struct postings out;
	uint64_t seed = 3;

	add_limit(p, "everyone", LIMIT(MESSAGES, 30, HOUR, TEMPFAIL));
	add_limit(p, "everyone", LIMIT(NEW_RECIPIENTS, 20, DAY, REJECT));
	add_limit(p, "everyone", LIMIT(NETWORKS, 2, DAY, REJECT));
	w = new_world(p);
	other = w;
	other.ledger = ledger_new();
	key = ledger_key(w.ledger);
	ledger_set_key(other.ledger, &key);
	for (int i = 0; i < 3000; i++) {
		char login[20], to[40], client[40];

		snprintf(login, sizeof(login), "user%d",
		    (int)(random_number(&seed) % 50));
		snprintf(
		    to, sizeof(to), "r%d", (int)(random_number(&seed) % 99));
		snprintf(client, sizeof(client), "10.0.%d.1",
		    (int)(random_number(&seed) % 4));
		mail_from(&w, login, START + i, client);
		write_to(&w, login, START + i, to);
	}
	for (unsigned s = 0; s < LEDGER_SHARDS; s++) {
		assert_true(fold ? ledger_fold(w.ledger, s, START + 3000, &out)
				 : ledger_take(w.ledger, s, &out));
		assert_true(ledger_replay(other.ledger, out.data, out.len));
		/* cut anywhere it is no ledger, or less of one */
		for (size_t cut = 0; s < 3 && cut < out.len; cut++) {
			struct ledger *bad = ledger_new();

			(void)ledger_replay(bad, out.data, cut);
			ledger_free(bad);
		}
		postings_clear(&out);
	}
	assert_int_equal(
	    ledger_accounts(w.ledger), ledger_accounts(other.ledger));
	for (int i = 0; i < 50; i++) {
		struct ruling first;
		char login[20];

		snprintf(login, sizeof(login), "user%d", i);
		apply(&w, login, "");
		ledger_look(w.ledger, &w.limits, START + 3000, &first);
		ledger_look(
		    other.ledger, &w.limits, START + 3000, &other.ruling);
		for (size_t k = 0; k < w.limits.count; k++)
			assert_int_equal(
			    first.at[k].used, other.ruling.at[k].used);
		for (int r = 0; r < 99; r++) {
			char to[40];
			uint32_t print;

			snprintf(to, sizeof(to), "r%d", r);
			print = ledger_print(w.ledger, to);
			assert_int_equal(ledger_knows(w.ledger, login, print),
			    ledger_knows(other.ledger, login, print));
		}
	}
	ledger_free(other.ledger);
	end_world(&w);
}

/* A weekend without mail, and a restart on Monday. */
static void
recipients_stay_known_over_restarts(void **state)
{
	struct policy *p = new_policy();
	uint32_t shard, print;
	struct postings out;
	struct world w;

	(void)state;
	add_limit(p, "everyone", LIMIT(NEW_RECIPIENTS, 1, DAY, REJECT));
	w = new_world(p);
	assert_int_equal(write_to(&w, "a", START, "x"), OUTCOME_PASS);
	print = ledger_print(w.ledger, "x");
	for (int i = 1; i <= 3; i++) {
		struct print_key key = ledger_key(w.ledger);

		shard = build_hash("a", "") % LEDGER_SHARDS;
		assert_true(
		    ledger_fold(w.ledger, shard, START + 3 * i * DAY, &out));
		ledger_free(w.ledger);
		w.ledger = ledger_new();
		ledger_set_key(w.ledger, &key);
		assert_true(ledger_replay(w.ledger, out.data, out.len));
		postings_clear(&out);
		assert_true(ledger_knows(w.ledger, "a", print));
	}
	end_world(&w);
}

static void
what_nothing_needs_is_forgotten(void **state)
{
	struct policy *p = new_policy();
	struct postings out;
	struct world w;

	(void)state;
	add_limit(p, "everyone", LIMIT(MESSAGES, 30, HOUR, TEMPFAIL));
	w = new_world(p);
	for (int i = 0; i < 1000; i++) {
		char login[20];

		snprintf(login, sizeof(login), "user%d", i);
		admit(&w, login, START, 1);
	}
	assert_int_equal(ledger_accounts(w.ledger), 1000);
	for (unsigned s = 0; s < LEDGER_SHARDS; s++) {
		assert_true(ledger_fold(w.ledger, s, START + HOUR, &out));
		postings_clear(&out);
	}
	assert_int_equal(ledger_accounts(w.ledger), 1000);
	for (unsigned s = 0; s < LEDGER_SHARDS; s++) {
		assert_true(
		    ledger_fold(w.ledger, s, START + 3 * HOUR + 2, &out));
		assert_int_equal(out.len, 0);
		postings_clear(&out);
	}
	assert_int_equal(ledger_accounts(w.ledger), 0);
	end_world(&w);
}

/* The vector of SipHash-2-4's authors for 15 bytes, folded to 32 bits. */
static void
fingerprints_are_siphash(void **state)
{
	static const unsigned char in[15] = {
	    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};
	const struct print_key key = {{0x0706050403020100, 0x0f0e0d0c0b0a0908}};

	(void)state;
	assert_int_equal(print_of(&key, in, sizeof(in)),
	    (uint32_t)(0xa129ca61 ^ 0x49be45e5));
}

static void
an_account_has_its_own_limits(void **state)
{
	struct policy *p = new_policy();
	struct limits limits;

	(void)state;
	assert_true(limits_of_account(p, "alice", MODE_ENFORCE, &limits));
	assert_int_equal(limits.count, 0);
	add_limit(p, "everyone",
	    (struct limit){.name = (char[]){"daily"},
		.metric = METRIC_MESSAGES,
		.amount = 5,
		.period = DAY});
	add_limit(p, "group1",
	    (struct limit){.name = (char[]){"all"},
		.metric = METRIC_MESSAGES,
		.amount = 7,
		.period = DAY,
		.cap = true});
	add_member(p, "alice", "group1");
	assert_true(build_finish(p));
	assert_true(limits_of_account(p, "alice", MODE_ENFORCE, &limits));
	assert_int_equal(limits.count, 1);
	assert_string_equal(limits.at[0].limit->name, "daily");
	assert_true(limits_of_account(p, "nobody", MODE_ENFORCE, &limits));
	assert_int_equal(limits.count, 1);
	assert_true(limits_of_account(p, "group1", MODE_ENFORCE, &limits));
	assert_int_equal(limits.count, 1);
	assert_string_equal(limits.at[0].limit->name, "all");
	assert_true(limits_of_account(p, "", MODE_ENFORCE, &limits));
	assert_int_equal(limits.count, 0);
	assert_true(limits_of(p, "", "", MODE_ENFORCE, &limits));
	assert_int_equal(limits.count, 0);
	policy_free(p);
}

/* Whichever group comes first. */
static void
no_group_lifts_the_limit_of_another(void **state)
{
	struct limits limits;

	(void)state;
	for (int lifted = 1; lifted <= 2; lifted++) {
		struct policy *p = new_policy();
		struct limit like = {.name = (char[]){"daily"},
		    .metric = METRIC_MESSAGES,
		    .period = DAY};

		like.amount = lifted == 1 ? LIMIT_UNLIMITED : 3;
		add_limit(p, "group1", like);
		like.amount = lifted == 2 ? LIMIT_UNLIMITED : 3;
		add_limit(p, "group2", like);
		add_member(p, "alice", "group1");
		add_member(p, "alice", "group2");
		assert_true(build_finish(p));
		assert_true(limits_of(p, "alice", "", MODE_ENFORCE, &limits));
		assert_int_equal(limits.count, 1);
		assert_int_equal(limits.at[0].limit->amount, 3);
		policy_free(p);
	}
}

static void
a_limit_of_nothing_advises_no_wait(void **state)
{
	const struct limit nothing = {.name = (char[]){"none"},
	    .metric = METRIC_MESSAGES,
	    .amount = 0,
	    .period = HOUR};
	const struct applied by = {.limit = &nothing, .account = "alice"};
	const struct measure m = {.used = 1, .relief = HOUR};
	struct verdict v = {0};

	(void)state;
	limit_refuse(&by, &m, OUTCOME_TEMPFAIL, START, &v);
	assert_string_equal(v.reply,
	    "450 4.7.1 alice has reached the limit none (0 messages in 1h); "
	    "ask the postmaster");
}

static void
a_suspension_is_for_what_was_sent_before(void **state)
{
	(void)state;
	assert_true(reason_is_containment(REASON_LIMIT_EXCEEDED));
	assert_true(reason_is_containment(REASON_LOGIN_SUSPENDED));
	assert_false(reason_is_containment(REASON_SENDER_NOT_GRANTED));
}

static void
a_network_is_that_of_an_address(void **state)
{
	char network[COUNTED_NETWORK_SIZE];

	(void)state;
	assert_false(counted_network(NULL, network));
	assert_false(counted_network("unknown", network));
	assert_true(counted_network("192.0.2.7", network));
	assert_string_equal(network, "c00002");
	assert_true(counted_network("2001:db8:1:2::3", network));
	assert_string_equal(network, "20010db80001");
}

static const struct named_test tests[] = {
    {"an account has its own limits", an_account_has_its_own_limits},
    {"no group lifts the limit of another",
	no_group_lifts_the_limit_of_another},
    {"a limit of nothing advises no wait", a_limit_of_nothing_advises_no_wait},
    {"a suspension is for what was sent before",
	a_suspension_is_for_what_was_sent_before},
    {"a network is that of an address", a_network_is_that_of_an_address},
    {"the wait is for what was asked", the_wait_is_for_what_was_asked},
    {"summer time changes nothing", summer_time_changes_nothing},
    {"a clock set back lets nothing pass", a_clock_set_back_lets_nothing_pass},
    {"one that was overtaken moves nothing",
	one_that_was_overtaken_moves_nothing},
    {"of several that suspend the longest does",
	of_several_that_suspend_the_longest_does},
    {"who counts nothing has no account", who_counts_nothing_has_no_account},
    {"many networks are judged about as fast as few",
	many_networks_are_judged_about_as_fast_as_few},
    {"a clock that jumps about lets nothing pass",
	a_clock_that_jumps_about_lets_nothing_pass},
    {"a cap holds for the sum of a group", a_cap_holds_for_the_sum_of_a_group},
    {"several windows hold at once", several_windows_hold_at_once},
    {"a monitored limit never stands in for another",
	a_monitored_limit_never_stands_in_for_another},
    {"monitor mode counts and lets pass", monitor_mode_counts_and_lets_pass},
    {"too many limits are not told", too_many_limits_are_not_told},
    {"only what was accepted is counted", only_what_was_accepted_is_counted},
    {"strict limits count what was refused",
	strict_limits_count_what_was_refused},
    {"refusals stop a login that has too many",
	refusals_stop_a_login_that_has_too_many},
    {"new recipients are those never written to",
	new_recipients_are_those_never_written_to},
    {"a held message makes nobody known", a_held_message_makes_nobody_known},
    {"recipients are remembered within bounds",
	recipients_are_remembered_within_bounds},
    {"networks count when first seen", networks_count_when_first_seen},
    {"strict networks stop them all", strict_networks_stop_them_all},
    {"peer and login are both counted", peer_and_login_are_both_counted},
    {"the name of a group is nobody", the_name_of_a_group_is_nobody},
    {"as many limits hold for a peer as well",
	as_many_limits_hold_for_a_peer_as_well},
    {"a peer makes no refusals forgotten", a_peer_makes_no_refusals_forgotten},
    {"a pardon restarts the count", a_pardon_restarts_the_count},
    {"a limit trips once in its window", a_limit_trips_once_in_its_window},
    {"the strictest of what is exceeded acts",
	the_strictest_of_what_is_exceeded_acts},
    {"racing messages pass as many as may",
	racing_messages_pass_as_many_as_may},
    {"recipients stay known over restarts",
	recipients_stay_known_over_restarts},
    {"what nothing needs is forgotten", what_nothing_needs_is_forgotten},
    {"fingerprints are SipHash", fingerprints_are_siphash},
};

int
main(void)
{
	static const bool take = false, fold = true;
	struct suite s = {.count = 0};

	SUITE_ROWS(&s, traffics, windows_hold);
	SUITE_ROWS(&s, edges, a_window_ends_to_the_second);
	SUITE_ROWS(&s, inheritances, the_most_specific_limit_holds);
	SUITE_TESTS(&s, tests);
	suite_add(&s, "what was posted makes the same ledger",
	    postings_make_the_same_ledger, &take);
	suite_add(&s, "what was folded makes the same ledger",
	    postings_make_the_same_ledger, &fold);
	return suite_run(&s, "ledger");
}
