/*
 * Memory runs out, or SQLite fails, at each place in turn, in what keeps the
 * counts and the suspensions: nobody sends beyond a limit, counting goes on in
 * memory, and when the failure is over all is written.  The clock is ours: the
 * state thread waits for the test and not for seconds.
 */
#include "milter/state.h"

#include "milter/copies.h"
#include "milter/limits.h"
#include "milter/log.h"
#include "policy/build.h"
#include "policy/limited.h"

#include "tests/unit/shortage.h"
#include "tests/unit/unit.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sqlite3.h>

#define MOST 3	       /* messages a login may send */
#define TURNS_MAX 1000 /* until the file is well again */

/* --- the clock ----------------------------------------------------------- */

static atomic_long passed; /* seconds, besides the real ones */
static atomic_ulong waits; /* of any thread */

int __real_clock_gettime(clockid_t id, struct timespec *out);
int __wrap_clock_gettime(clockid_t id, struct timespec *out);
int __real_pthread_cond_timedwait(
    pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *until);
int __wrap_pthread_cond_timedwait(
    pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *until);

int
__wrap_clock_gettime(clockid_t id, struct timespec *out)
{
	int rc = __real_clock_gettime(id, out);

	out->tv_sec += atomic_load(&passed);
	return rc;
}

static bool
is_over(const struct timespec *until)
{
	struct timespec now;

	(void)__wrap_clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec > until->tv_sec ||
	       (now.tv_sec == until->tv_sec && now.tv_nsec >= until->tv_nsec);
}

/* Looks at the clock again soon. */
int
__wrap_pthread_cond_timedwait(
    pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *until)
{
	struct timespec soon;

	atomic_fetch_add(&waits, 1);
	(void)__real_clock_gettime(CLOCK_MONOTONIC, &soon);
	soon.tv_nsec += 200000;
	if (soon.tv_nsec >= 1000000000) {
		soon.tv_nsec -= 1000000000;
		soon.tv_sec++;
	}
	(void)__real_pthread_cond_timedwait(c, m, &soon);
	return is_over(until) ? ETIMEDOUT : 0;
}

/* Lets seconds pass, and the state thread do what it then does. */
static void
turn(long seconds)
{
	const struct timespec pause = {0, 50000};
	unsigned long seen = atomic_load(&waits);

	atomic_fetch_add(&passed, seconds);
	/* of two waits begun since the first may be the one under way */
	while (atomic_load(&waits) < seen + 2)
		nanosleep(&pause, NULL);
}

/* --- the daemon ---------------------------------------------------------- */

static struct {
	pthread_mutex_t lock;
	char lines[20000];
} said = {.lock = PTHREAD_MUTEX_INITIALIZER};

void
log_line(int priority, const char *fmt, ...)
{
	size_t len;
	va_list ap;

	(void)priority;
	pthread_mutex_lock(&said.lock);
	len = strlen(said.lines);
	va_start(ap, fmt);
	vsnprintf(said.lines + len, sizeof(said.lines) - len - 1, fmt, ap);
	va_end(ap);
	strcat(said.lines, "\n");
	pthread_mutex_unlock(&said.lock);
}

static bool
was_said(const char *text)
{
	bool was;

	pthread_mutex_lock(&said.lock);
	was = strstr(said.lines, text) != NULL;
	pthread_mutex_unlock(&said.lock);
	return was;
}

void
limits_open(struct ledger *ledger)
{
	assert_ptr_equal(ledger, state_ledger());
}

static struct {
	char folder[64], state[96], log[96];
	struct config config;
} place;

static struct policy *
new_policy(void)
{
	struct policy *p = build_new();
	struct limit limit = {.name = strdup("daily"),
	    .metric = METRIC_MESSAGES,
	    .amount = MOST,
	    .period = 86400,
	    .on_exceed = EXCEED_SUSPEND,
	    .suspend_for = 3600};

	assert_non_null(p);
	p->t->settings.realms.text = strdup("");
	p->t->settings.login_required.text = strdup("");
	p->t->settings.default_realm = strdup("");
	p->t->settings.recipient_delimiter = strdup("+");
	limit.principal = build_principal(p->t, "everyone", PRINCIPAL_GROUP);
	build_limit(p->t, &limit);
	assert_true(build_finish(p));
	return p;
}

/* False: memory is out, and the daemon says so and ends. */
static bool
start(void)
{
	struct diag d = {0};
	bool done = state_start(&place.config, &d);

	diag_clear(&d);
	return done;
}

/* As milter/record has it in the audit log before it is in force. */
static void
record_suspension(const char *login)
{
	FILE *log;

	shortage_hold();
	log = fopen(place.log, "a");
	assert_non_null(log);
	fprintf(log,
	    "{\"suspension\":{\"principal\":\"%s\",\"limit\":\"daily\",\"at\":"
	    "\"2026-01-01T00:00:00Z\",\"until\":\"2090-01-01T00:00:00Z\","
	    "\"why\":\"\"}}\n",
	    login);
	assert_int_equal(fclose(log), 0);
	shortage_go_on();
}

/* The end of a message: is it sent? */
static bool
sends(const char *login)
{
	const struct policy *p = copies_take();
	const struct charge charge = {
	    .now = time(NULL), .login = login, .messages = 1};
	char why[LIMIT_WHY_MAX];
	struct suspension s;
	struct limits limits;
	struct ruling r = {.outcome = OUTCOME_UNKNOWN};

	if (policy_suspension(p, login, charge.now) == NULL &&
	    limits_of(p, login, "", MODE_ENFORCE, &limits))
		ledger_admit(state_ledger(), &limits, &charge, &r);
	if (r.outcome == OUTCOME_SUSPEND) {
		limit_suspend(
		    &limits.at[r.by], &r.at[r.by], charge.now, why, &s);
		record_suspension(login);
		state_suspend(&s);
	}
	copies_give(p);
	return r.outcome == OUTCOME_PASS;
}

static unsigned
send_some(const char *login, int messages)
{
	unsigned sent = 0;

	while (messages-- > 0)
		sent += sends(login);
	return sent;
}

static int64_t
counted(const char *login)
{
	const struct policy *p = copies_take();
	struct limits limits;
	struct ruling r;

	assert_true(limits_of(p, login, "", MODE_ENFORCE, &limits));
	ledger_look(state_ledger(), &limits, time(NULL), &r);
	copies_give(p);
	return r.at[0].used;
}

/* --- what is played ------------------------------------------------------ */

static void
empty_folder(void)
{
	DIR *d = opendir(place.folder);
	struct dirent *e;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			assert_int_equal(unlinkat(dirfd(d), e->d_name, 0), 0);
	closedir(d);
}

static void
begin(void)
{
	shortage_hold();
	empty_folder();
	said.lines[0] = '\0';
	assert_true(copies_put(new_policy()));
	shortage_go_on();
}

/*
 * The failure is over: what is counted is in the file, and so it is read again.
 */
static void
recover(void)
{
	struct state_figures f = {.healthy = false};
	int64_t alice, bob;

	shortage_end();
	for (int i = 0; !f.healthy; i++) {
		if (i == TURNS_MAX)
			fail_msg("call %lu: not well again: %s",
			    shortage_call(), said.lines);
		turn(4);
		state_figures(&f);
	}
	alice = counted("alice");
	bob = counted("bob");
	state_stop();
	assert_true(start());
	assert_int_equal(counted("alice"), alice);
	assert_int_equal(counted("bob"), bob);
	assert_false(sends("alice"));
	state_stop();
	copies_clear();
}

/* A run with an empty file. */
static void
play_run(void)
{
	unsigned alice, bob;

	begin();
	if (!start()) {
		shortage_end();
		assert_true(start());
	}
	alice = send_some("alice", MOST + 2);
	bob = send_some("bob", 1);
	turn(1);
	alice += send_some("alice", 1);
	bob += send_some("bob", 1);
	turn(1);
	assert_in_range(alice, 0, MOST);
	assert_in_range(counted("bob"), bob, 2);
	/* put off is not refused: what was not sent may be now */
	shortage_end();
	alice += send_some("alice", 2 * MOST);
	assert_in_range(alice, 0, MOST);
	recover();
}

/* What a run left is read; where it can't be, counts begin at zero and the
 * suspension is that of the audit log. */
static void
play_restart(void)
{
	int64_t bob;

	begin();
	shortage_hold();
	assert_true(start());
	assert_int_equal(send_some("alice", MOST + 1), MOST);
	assert_int_equal(send_some("bob", 2), 2);
	state_stop();
	said.lines[0] = '\0';
	shortage_go_on();
	if (!start()) {
		shortage_end();
		assert_true(start());
	}
	if (!was_said("is not suspended") && !was_said("can't search"))
		assert_false(sends("alice"));
	bob = counted("bob");
	if (bob != 2 && !was_said("can't be used") &&
	    !was_said("can't be kept"))
		fail_msg("%lu messages, and no word of it", (unsigned long)bob);
	assert_in_range(bob + send_some("bob", MOST), 0, MOST);
	turn(1);
	shortage_end();
	(void)send_some("alice", MOST + 1);
	recover();
}

/* --- tests --------------------------------------------------------------- */

static const struct row {
	const char *name;
	void (*play)(void);
	enum shortage of;
	bool lasting;
} rows[] = {
    {"a run, one call failing", play_run, SHORTAGE_OURS, false},
    {"a run, all calls failing from one on", play_run, SHORTAGE_OURS, true},
    {"a run, SQLite without memory once", play_run, SHORTAGE_SQLITE, false},
    {"a run, SQLite without memory from then on", play_run, SHORTAGE_SQLITE,
	true},
    {"a restart, one call failing", play_restart, SHORTAGE_OURS, false},
    {"a restart, all calls failing from one on", play_restart, SHORTAGE_OURS,
	true},
    {"a restart, SQLite without memory once", play_restart, SHORTAGE_SQLITE,
	false},
    {"a restart, SQLite without memory from then on", play_restart,
	SHORTAGE_SQLITE, true},
};

static void
nobody_sends_beyond_a_limit(void **state)
{
	const struct row *row = *state;

	assert_in_range(
	    shortage_play(row->of, row->lasting, 15, row->play), 50, 100000);
}

static int
make(void **unused)
{
	(void)unused;
	strcpy(place.folder, "/dev/shm/test-shortage-XXXXXX");
	if (mkdtemp(place.folder) == NULL) { /* no memory to sync so fast */
		strcpy(place.folder, "/tmp/test-shortage-XXXXXX");
		assert_non_null(mkdtemp(place.folder));
	}
	sprintf(place.state, "%s/state.db", place.folder);
	sprintf(place.log, "%s/audit.log", place.folder);
	place.config =
	    (struct config){.state = place.state, .audit_log = place.log};
	return 0;
}

static int
discard(void **unused)
{
	char command[200];

	(void)unused;
	snprintf(command, sizeof(command), "rm -rf '%s'", place.folder);
	return system(command);
}

int
main(void)
{
	static struct suite s;

	shortage_prepare();
	SUITE_ROWS(&s, rows, nobody_sends_beyond_a_limit);
	return _cmocka_run_group_tests(
	    "state_shortage", s.tests, s.count, make, discard);
}
