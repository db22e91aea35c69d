/*
 * The life of the state database: restored at the start, written by one
 * thread, begun anew when it is lost.  The rule guarded here: what is in
 * memory is the truth, and no fault of the file stops the counting.
 */
#include "milter/state.h"

#include "milter/contained.h"
#include "milter/limits.h"
#include "milter/log.h"
#include "milter/state_ledger.h"
#include "milter/state_log.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <syslog.h>
#include <time.h>

#define TICK 1	/* seconds from one writing to the next */
#define RETRY 3 /* seconds after a failure */
#define WAIT 2	/* seconds a callback waits for its suspension */
#define STILL 5 /* seconds without a turn of the thread that are too many */
#define FOLDS_A_TICK 4
#define KEPT_FOR (90 * 86400) /* seconds after a suspension is over */

static struct {
	pthread_mutex_t lock; /* guards all down to the empty line */
	pthread_cond_t wake;  /* the thread: there is something to do */
	bool wanted, stop, ill;
	char problem[300]; /* why it is ill */
	uint64_t failures;
	time_t turned; /* monotonic; when the thread looked for work last */

	/* the thread's own */
	struct state_ledger writer;
	struct state_file file;
	bool lacking;	 /* suspensions that were to be in the file are not */
	time_t retry_at; /* monotonic; the file is not opened before */

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

/* Tells, once, that the file can't be written; NULL: that it is again. */
static void
tell(const char *why)
{
	bool was_ill;

	pthread_mutex_lock(&state.lock);
	was_ill = state.ill;
	state.ill = why != NULL;
	state.failures += why != NULL;
	snprintf(
	    state.problem, sizeof(state.problem), "%s", why == NULL ? "" : why);
	pthread_mutex_unlock(&state.lock);
	if (why != NULL && !was_ill)
		log_line(LOG_ERR,
		    "%s: what is counted can't be kept: %s; counting goes on "
		    "in memory",
		    state.file.path, why);
	else if (why == NULL && was_ill)
		log_line(LOG_NOTICE, "%s: what is counted is kept again",
		    state.file.path);
}

/* Moves a damaged file away.  False when that can't be done. */
static bool
set_aside(void)
{
	char why[sizeof(state.file.why)], name[STATE_ASIDE_SIZE];
	bool done;

	memcpy(why, state.file.why, sizeof(why));
	done = state_file_set_aside(&state.file, name);
	log_line(LOG_ERR, "%s: can't be used: %s; %s%s", state.file.path, why,
	    done ? "a new one is begun, it is kept as "
		 : "it can't be moved away: ",
	    done ? name : state.file.why);
	return done;
}

/* After a failure: whatever was wrong with the file, it is tried again. */
static void
give_up(void)
{
	enum state_fault fault = state.file.fault;

	tell(state.file.why);
	if (fault == STATE_BUSY)
		return;
	state.retry_at = after(RETRY).tv_sec;
	if (fault == STATE_DAMAGED && set_aside())
		state.retry_at = 0;
	state_file_close(&state.file);
}

/* One transaction: new suspensions, or all; `key` for a file without one.  All
 * have to be written after a failure. */
static bool
write_suspensions(bool all, const struct print_key *key)
{
	struct state_file *f = &state.file;
	struct suspension *copies = NULL;
	size_t count = 0;
	bool done = state_file_begin(f, true);

	if (done && key != NULL)
		done = state_file_put_key(f, key);
	if (done && !contained_copy(all, &copies, &count))
		done = state_file_fail(f, STATE_FAILED, "out of memory");
	for (size_t i = 0; done && i < count; i++)
		done = state_file_put_suspension(f, &copies[i]);
	if (done && all)
		done = state_file_drop_suspensions(f, time(NULL) - KEPT_FOR);
	if (done)
		done = state_file_commit(f);
	else
		state_file_rollback(f);
	state.lacking = !done;
	contained_free(copies, count);
	return done;
}

/* Opens the file, or makes one, for all that is in memory to be written to. */
static void
take_up(void)
{
	struct state_file *f = &state.file;
	struct print_key key, ours = ledger_key(state.ledger);
	bool there, good;

	state_ledger_anew(&state.writer);
	good = state_file_open(f) && state_file_key(f, &key, &there);
	if (good && there && memcmp(&key, &ours, sizeof(key)) != 0)
		good = state_file_fail(f, STATE_DAMAGED,
		    "it is not the file this daemon was counting in");
	if (good && state_file_prepare(f) &&
	    write_suspensions(true, there ? NULL : &ours))
		return;
	give_up();
	state_file_close(f);
}

/* Is the file open?  If not and it is time to, it is opened; a damaged one is
 * out of the way at the second try. */
static bool
is_open(void)
{
	struct state_file *f = &state.file;

	if (f->db != NULL && state_file_moved(f)) {
		state_file_fail(
		    f, STATE_FAILED, "it was removed, replaced or cut");
		give_up();
		state.retry_at = 0;
	}
	for (int i = 0; i < 2 && f->db == NULL; i++)
		if (after(0).tv_sec >= state.retry_at)
			take_up();
	return f->db != NULL;
}

/* Commits the suspensions that callbacks wait for and puts them in force. */
static void
serve(void)
{
	uint64_t ticket;

	if (!contained_waits(&ticket))
		return;
	if (!is_open())
		state.lacking = true;
	else if (!write_suspensions(state.lacking, NULL))
		give_up();
	if (state.lacking)
		log_line(LOG_ERR,
		    "%s: a suspension can't be kept; it is in force, and in "
		    "the audit log only",
		    state.file.path);
	contained_enforce();
	contained_serve(ticket);
}

/* Writes what there is to write. */
static void
tick(void)
{
	int shard;

	if (!is_open()) {
		state_ledger_forget(&state.writer);
		return;
	}
	if ((state.lacking && !write_suspensions(true, NULL)) ||
	    !state_ledger_append(&state.writer)) {
		give_up();
		return;
	}
	for (int n = 0;
	     (shard = state_ledger_next(&state.writer, n < FOLDS_A_TICK)) >= 0;
	     n++) {
		if (!state_ledger_fold(
			&state.writer, (unsigned)shard, time(NULL))) {
			give_up();
			return;
		}
		serve();
		if (state.file.db == NULL)
			return;
	}
	if (!state.lacking)
		tell(NULL);
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
			tick();
			due = after(TICK);
		}
	}
	return NULL;
}

/*
 * Reads what an earlier run left.  False when there is nothing; what can't be
 * read is moved out of the way.
 */
static bool
restore(void)
{
	struct state_file *f = &state.file;
	struct print_key key;
	bool there = false;
	bool good = state_file_open(f) && state_file_key(f, &key, &there);

	if (good && !there) {
		state_file_close(f);
		return false;
	}
	if (good) {
		ledger_set_key(state.ledger, &key);
		good =
		    state_ledger_restore(&state.writer) &&
		    state_file_suspensions(f, time(NULL), contained_find, NULL);
	}
	if (good)
		return true;
	tell(f->why);
	if (there || f->fault == STATE_DAMAGED)
		(void)set_aside();
	state_file_close(f);
	return false;
}

/* A new ledger, counting from zero, with a key of its own. */
static bool
renew(void)
{
	struct print_key key;

	ledger_free(state.ledger);
	state.ledger = ledger_new();
	while (getrandom(&key, sizeof(key), 0) != sizeof(key))
		continue;
	if (state.ledger != NULL)
		ledger_set_key(state.ledger, &key);
	state.writer =
	    (struct state_ledger){.ledger = state.ledger, .file = &state.file};
	return state.ledger != NULL;
}

/* The ledger and the suspensions: of the file, else of the audit log. */
static bool
begin(void)
{
	const struct config *c = state.config;

	if (!renew())
		return false;
	if (restore()) {
		if (!state_file_prepare(&state.file) ||
		    !write_suspensions(true, NULL))
			give_up();
	} else if (renew()) {
		state_log_read(c->audit_log, time(NULL), contained_find, NULL);
		(void)is_open();
	} else {
		return false;
	}
	contained_enforce();
	return true;
}

bool
state_start(const struct config *c, struct diag *d)
{
	pthread_condattr_t monotonic;
	int rc;

	state.config = c;
	state.file.path = c->state;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&state.wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	contained_start();
	if (!begin()) {
		diag_add(d, "out of memory");
		return false;
	}
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
	state_file_close(&state.file);
	ledger_free(state.ledger);
	contained_stop();
	pthread_cond_destroy(&state.wake);
	state.ledger = NULL;
	state.failures = 0;
	state.running = state.stop = state.ill = state.lacking = false;
	state.retry_at = 0;
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
	*out = (struct state_figures){
	    .accounts = ledger_accounts(state.ledger),
	    .suspensions = contained_count(),
	    .healthy = !state_stands_still(),
	};
	pthread_mutex_lock(&state.lock);
	out->failures = state.failures;
	out->healthy = out->healthy && !state.ill;
	pthread_mutex_unlock(&state.lock);
}

void
state_status(struct json *j)
{
	struct state_figures figures;

	state_figures(&figures);
	json_object(j, "state");
	json_string(j, "path", state.config->state);
	json_bool(j, "healthy", figures.healthy);
	pthread_mutex_lock(&state.lock);
	json_string(j, "problem",
	    !figures.healthy && !state.ill ? "the state thread stands still"
					   : state.problem);
	pthread_mutex_unlock(&state.lock);
	json_integer(j, "failures", (int64_t)figures.failures);
	json_integer(j, "accounts", (int64_t)figures.accounts);
	json_integer(j, "suspended", (int64_t)figures.suspensions);
	contained_status(j);
	json_object_end(j);
}
