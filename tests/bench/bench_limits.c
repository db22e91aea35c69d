/*
 * What limits cost: processor time a message, beside the decision of the same
 * message without them, and memory for a million logins that all send.
 */
#include "policy/build.h"
#include "policy/decide.h"
#include "policy/ledger.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOGINS 1000000
#define MESSAGES 8 /* a login and day */
#define START 1900000000
#define MEMORY_MOST 512 /* MB */
#define COST_MOST 3.0	/* microseconds a message */
#define TIMED 300000	/* messages */
#define TIMED_LOGINS 20000
#define ROUNDS 5

static void
require(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "bench_limits: %s\n", what);
	exit(1);
}

static struct policy *
new_policy(void)
{
	struct policy *p = build_new();

	require(p != NULL, "out of memory");
	p->t->settings.realms.text = strdup("");
	p->t->settings.login_required.text = strdup("");
	p->t->settings.default_realm = strdup("");
	p->t->settings.recipient_delimiter = strdup("+");
	p->t->settings.mode = MODE_ENFORCE;
	build_principal(p->t, "everyone", PRINCIPAL_GROUP);
	return p;
}

static void
add_limit(struct policy *p, enum metric metric, int64_t period)
{
	struct limit l = {
	    .metric = metric,
	    .amount = metric == METRIC_NETWORKS ? 1000 : 1000000,
	    .period = period,
	    .on_exceed = EXCEED_TEMPFAIL,
	    .principal = build_find(p->t, "everyone"),
	};
	char name[40];

	snprintf(
	    name, sizeof(name), "%s-%" PRId64, metric_name(metric), period);
	l.name = strdup(name);
	build_limit(p->t, &l);
}

/* A grant of anything to everyone, and eight limits where they are asked for.
 */
static struct policy *
make_policy(bool limits)
{
	struct policy *p = new_policy();
	struct form any;

	require(form_parse("*", false, &any) == ADDRESS_OK, "form");
	build_grant(p->t, build_find(p->t, "everyone"), &any, SCOPE_ANY,
	    MANNER_AS, INT64_MIN, WHEN_EVER);
	for (int day = 0; limits && day < 2; day++) {
		add_limit(p, METRIC_MESSAGES, day ? 86400 : 3600);
		add_limit(p, METRIC_RECIPIENTS, day ? 86400 : 3600);
		add_limit(p, METRIC_NEW_RECIPIENTS, day ? 86400 : 3600);
		add_limit(p, METRIC_NETWORKS, day ? 86400 : 3600);
	}
	require(build_finish(p), "out of memory");
	return p;
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Judges and counts one message as the daemon does: MAIL, one RCPT, end. */
static void
count_message(struct ledger *l, const struct policy *p, const char *login,
    int64_t now, uint32_t recipient)
{
	struct prints written = {0};
	struct charge c = {.now = now,
	    .login = login,
	    .messages = 1,
	    .recipients = 1,
	    /* the two lowest bits of a fingerprint are not kept */
	    .network = (recipient % 5 + 1) << 2};
	struct limits limits;
	struct ruling r;

	require(limits_of(p, login, "", MODE_ENFORCE, &limits), "limits");
	ledger_judge(l, &limits, &c, &r);
	require(limits_of(p, login, "", MODE_ENFORCE, &limits), "limits");
	c.fresh = !ledger_knows(l, login, recipient);
	ledger_judge(l, &limits, &c, &r);
	require(limits_of(p, login, "", MODE_ENFORCE, &limits), "limits");
	require(prints_add(&written, recipient), "out of memory");
	c.written = &written;
	ledger_admit(l, &limits, &c, &r);
	require(r.outcome == OUTCOME_PASS, "a message did not pass");
	prints_clear(&written);
}

/* What the writer of the state does once a second. */
static void
take_postings(struct ledger *l)
{
	struct postings out;

	for (unsigned s = 0; s < LEDGER_SHARDS; s++) {
		(void)ledger_take(l, s, &out);
		postings_clear(&out);
	}
}

static double
time_counting(const struct policy *p)
{
	struct ledger *l = ledger_new();
	double start, best = 1e9;
	char login[40];

	require(l != NULL, "out of memory");
	for (unsigned round = 0; round < ROUNDS; round++) {
		start = seconds();
		for (unsigned i = 0; i < TIMED; i++) {
			snprintf(login, sizeof(login), "user%u@example.com",
			    i * 7919u % TIMED_LOGINS);
			count_message(l, p, login,
			    START + round * 600 + i / 1000, i % 3001 + 1);
			if (i % 1000 == 0)
				take_postings(l);
		}
		if ((seconds() - start) / TIMED < best)
			best = (seconds() - start) / TIMED;
	}
	ledger_free(l);
	return best;
}

static double
time_deciding(const struct policy *p)
{
	struct originator from = {.kind = ORIGINATOR_FROM};
	struct facts f = {.time = START,
	    .week_minute = 0,
	    .sender = "<someone@example.com>",
	    .recipient = "<another@example.net>",
	    .client = "192.0.2.1",
	    .has_header = true,
	    .originators = &from};
	double start, best = 1e9;
	struct verdict v;
	char login[40];

	from.value = "Some One <someone@example.com>";
	for (unsigned round = 0; round < ROUNDS; round++) {
		start = seconds();
		for (unsigned i = 0; i < TIMED; i++) {
			snprintf(login, sizeof(login), "user%u@example.com",
			    i * 7919u % TIMED_LOGINS);
			f.login = login;
			policy_decide(p, &f, STAGE_MAIL, NULL, &v);
			policy_decide(p, &f, STAGE_RCPT, NULL, &v);
			policy_decide(p, &f, STAGE_EOM, NULL, &v);
			require(v.kind == VERDICT_ACCEPT, v.reply);
		}
		if ((seconds() - start) / TIMED < best)
			best = (seconds() - start) / TIMED;
	}
	return best;
}

/* Resident memory, in MB. */
static long
resident(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long pages = 0;

	require(f != NULL && fscanf(f, "%*d %ld", &pages) == 1, "statm");
	fclose(f);
	return pages / 256;
}

/* A day of a million logins. */
static long
fill(const struct policy *p)
{
	struct ledger *l = ledger_new();
	long before = resident(), used;
	char login[40];

	require(l != NULL, "out of memory");
	for (unsigned m = 0; m < MESSAGES; m++)
		for (unsigned i = 0; i < LOGINS; i++) {
			snprintf(login, sizeof(login), "user%u@example.com", i);
			count_message(l, p, login,
			    START + m * (86400 / MESSAGES) + i % 3600,
			    (i * 31 + m % 6 + 1) | 1);
			if (i % 10000 == 0)
				take_postings(l);
		}
	used = resident() - before;
	require(ledger_accounts(l) == LOGINS, "accounts");
	ledger_free(l);
	return used;
}

int
main(void)
{
	struct policy *with = make_policy(true), *without = make_policy(false);
	double counting = time_counting(with) * 1e6;
	double deciding = time_deciding(without) * 1e6;
	long used = fill(with);

	printf("limits: 8 a login cost %.2f us a message (at most %g), %.2f of "
	       "its decision without them\n",
	    counting, COST_MOST, counting / deciding);
	printf("limits: %d logins with %d messages each take %ld MB (at most "
	       "%d), %ld bytes a login\n",
	    LOGINS, MESSAGES, used, MEMORY_MOST, used * 1048576 / LOGINS);
	policy_free(with);
	policy_free(without);
	return used <= MEMORY_MOST && counting <= COST_MOST ? EXIT_SUCCESS
							    : EXIT_FAILURE;
}
