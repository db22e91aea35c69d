/*
 * The thread that keeps the state.  The rule guarded here: callbacks hand over
 * and never wait long for the file.
 */
#include "milter/state.h"

#include "milter/contained.h"
#include "milter/limits.h"
#include "milter/log.h"
#include "milter/state_store.h"

#include <pthread.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#define TICK 1	/* seconds from one writing to the next */
#define WAIT 2	/* seconds a callback waits for its suspension */
#define STILL 5 /* seconds without a turn of the thread that are too many */

static struct {
	pthread_mutex_t lock; /* guards all down to the empty line */
	pthread_cond_t wake;  /* the thread: there is something to do */
	bool wanted, stop;
	time_t turned; /* monotonic; when the thread looked for work last */

	const struct config *config;
	struct ledger *ledger;
	pthread_t thread;
	bool running;
} state = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct timespec
after(time_t seconds)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += seconds;
	return t;
}

static bool
is_past(const struct timespec *t)
{
	struct timespec now = after(0);

	return now.tv_sec > t->tv_sec ||
	       (now.tv_sec == t->tv_sec && now.tv_nsec >= t->tv_nsec);
}

/* Commits the suspensions that callbacks wait for and puts them in force. */
static void
serve(void)
{
	uint64_t ticket;

	if (!contained_waits(&ticket))
		return;
	state_store_suspend();
	contained_enforce();
	contained_serve(ticket);
}

/* Waits for the next tick, or for less if there is something to do. */
static bool
wait_until(const struct timespec *due)
{
	bool stop;
	int rc = 0;

	pthread_mutex_lock(&state.lock);
	while (!state.stop && !state.wanted && rc == 0)
		rc = pthread_cond_timedwait(&state.wake, &state.lock, due);
	state.turned = after(0).tv_sec;
	state.wanted = false;
	stop = state.stop;
	pthread_mutex_unlock(&state.lock);
	return stop;
}

static void *
run(void *unused)
{
	struct timespec due = after(TICK);
	bool stop = false;

	(void)unused;
	while (!stop) {
		stop = wait_until(&due);
		serve();
		if (stop || is_past(&due)) {
			state_store_write(serve);
			due = after(TICK);
		}
	}
	return NULL;
}

bool
state_start(const struct config *c, struct diag *d)
{
	pthread_condattr_t monotonic;
	int rc;

	state.config = c;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&state.wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	contained_start();
	state.ledger = state_store_open(c);
	if (state.ledger == NULL) {
		diag_add(d, "out of memory");
		return false;
	}
	contained_enforce();
	limits_open(state.ledger);
	state.turned = after(0).tv_sec;
	rc = pthread_create(&state.thread, NULL, run, NULL);
	if (rc != 0)
		diag_add(d, "can't start the state thread: %s", strerror(rc));
	else
		pthread_setname_np(state.thread, "state");
	state.running = rc == 0;
	return state.running;
}

void
state_stop(void)
{
	if (!state.running)
		return;
	pthread_mutex_lock(&state.lock);
	state.stop = true;
	pthread_cond_signal(&state.wake);
	pthread_mutex_unlock(&state.lock);
	pthread_join(state.thread, NULL);
	state_store_close();
	contained_stop();
	pthread_cond_destroy(&state.wake);
	state.ledger = NULL;
	state.running = state.stop = false;
}

struct ledger *
state_ledger(void)
{
	return state.ledger;
}

void
state_suspend(const struct suspension *s)
{
	uint64_t ticket;

	if (!contained_add(s, &ticket)) {
		log_line(
		    LOG_ERR, "out of memory: %s is not suspended", s->name);
		return;
	}
	pthread_mutex_lock(&state.lock);
	state.wanted = true;
	pthread_cond_signal(&state.wake);
	pthread_mutex_unlock(&state.lock);
	if (contained_wait(ticket, WAIT))
		return;
	log_line(LOG_ERR,
	    "%s: is slow: the suspension of %s is in force before it is kept",
	    state.config->state, s->name);
	contained_enforce();
}

bool
state_stands_still(void)
{
	time_t turned;

	pthread_mutex_lock(&state.lock);
	turned = state.turned;
	pthread_mutex_unlock(&state.lock);
	return after(0).tv_sec - turned > STILL;
}

void
state_figures(struct state_figures *out)
{
	struct state_health health;

	state_store_health(&health);
	*out = (struct state_figures){
	    .accounts = ledger_accounts(state.ledger),
	    .suspensions = contained_count(),
	    .failures = health.failures,
	    .healthy = !health.ill && !state_stands_still(),
	};
}

void
state_status(struct json *j)
{
	struct state_figures figures;
	struct state_health health;

	state_figures(&figures);
	state_store_health(&health);
	json_object(j, "state");
	json_string(j, "path", state.config->state);
	json_bool(j, "healthy", figures.healthy);
	json_string(j, "problem",
	    !figures.healthy && !health.ill ? "the state thread stands still"
					    : health.problem);
	json_integer(j, "failures", (int64_t)figures.failures);
	json_integer(j, "accounts", (int64_t)figures.accounts);
	json_integer(j, "suspended", (int64_t)figures.suspensions);
	contained_status(j);
	json_object_end(j);
}
