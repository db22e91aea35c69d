/*
 * The state database while the daemon runs.  The rule guarded here: what is in
 * memory is the truth, and no fault of the file stops the counting.
 */
#include "milter/state_store.h"

#include "milter/contained.h"
#include "milter/log.h"
#include "milter/state_ledger.h"
#include "milter/state_log.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <syslog.h>
#include <time.h>

#define RETRY 3 /* seconds after a failure */
#define FOLDS_A_WRITE 4
#define KEPT_FOR (90 * 86400) /* seconds after a suspension is over */

static struct {
	pthread_mutex_t lock; /* guards the next line */
	struct state_health health;

	struct state_ledger writer;
	struct state_file file;
	bool lacking;	 /* suspensions that were to be in the file are not */
	time_t retry_at; /* monotonic; the file is not opened before */

	struct ledger *ledger;
} store = {.lock = PTHREAD_MUTEX_INITIALIZER};

static time_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* Tells, once, that the file can't be written; NULL: that it is again. */
static void
tell(const char *why)
{
	struct state_health *h = &store.health;
	bool was_ill;

	pthread_mutex_lock(&store.lock);
	was_ill = h->ill;
	h->ill = why != NULL;
	h->failures += why != NULL;
	snprintf(h->problem, sizeof(h->problem), "%s", why == NULL ? "" : why);
	pthread_mutex_unlock(&store.lock);
	if (why != NULL && !was_ill)
		log_line(LOG_ERR,
		    "%s: what is counted can't be kept: %s; counting goes on "
		    "in memory",
		    store.file.path, why);
	else if (why == NULL && was_ill)
		log_line(LOG_NOTICE, "%s: what is counted is kept again",
		    store.file.path);
}

/* Moves a damaged file away.  False when that can't be done. */
static bool
set_aside(void)
{
	char why[sizeof(store.file.why)], name[STATE_ASIDE_SIZE];
	bool done;

	memcpy(why, store.file.why, sizeof(why));
	done = state_file_set_aside(&store.file, name);
	log_line(LOG_ERR, "%s: can't be used: %s; %s%s", store.file.path, why,
	    done ? "a new one is begun, it is kept as "
		 : "it can't be moved away: ",
	    done ? name : store.file.why);
	return done;
}

/* After a failure: whatever was wrong with the file, it is tried again. */
static void
give_up(void)
{
	enum state_fault fault = store.file.fault;

	tell(store.file.why);
	if (fault == STATE_BUSY)
		return;
	store.retry_at = now() + RETRY;
	if (fault == STATE_DAMAGED && set_aside())
		store.retry_at = 0;
	state_file_close(&store.file);
}

/* One transaction: new suspensions, or all; `key` for a file without one.  All
 * have to be written after a failure. */
static bool
write_suspensions(bool all, const struct print_key *key)
{
	struct state_file *f = &store.file;
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
	store.lacking = !done;
	contained_free(copies, count);
	return done;
}

/* Opens the file, or makes one, for all that is in memory to be written to. */
static void
take_up(void)
{
	struct state_file *f = &store.file;
	struct print_key key, ours = ledger_key(store.ledger);
	bool there, good;

	state_ledger_anew(&store.writer);
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
	struct state_file *f = &store.file;

	if (f->db != NULL && state_file_moved(f)) {
		state_file_fail(
		    f, STATE_FAILED, "it was removed, replaced or cut");
		give_up();
		store.retry_at = 0;
	}
	for (int i = 0; i < 2 && f->db == NULL; i++)
		if (now() >= store.retry_at)
			take_up();
	return f->db != NULL;
}

/*
 * Reads what an earlier run left.  False when there is nothing; what can't be
 * read is moved out of the way.
 */
static bool
restore(void)
{
	struct state_file *f = &store.file;
	struct print_key key;
	bool there = false;
	bool good = state_file_open(f) && state_file_key(f, &key, &there);

	if (good && !there) {
		state_file_close(f);
		return false;
	}
	if (good) {
		ledger_set_key(store.ledger, &key);
		good =
		    state_ledger_restore(&store.writer) &&
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

	ledger_free(store.ledger);
	store.ledger = ledger_new();
	while (getrandom(&key, sizeof(key), 0) != sizeof(key))
		continue;
	if (store.ledger != NULL)
		ledger_set_key(store.ledger, &key);
	store.writer =
	    (struct state_ledger){.ledger = store.ledger, .file = &store.file};
	return store.ledger != NULL;
}

struct ledger *
state_store_open(const struct config *c)
{
	store.file.path = c->state;
	if (!renew())
		return NULL;
	if (restore()) {
		if (!state_file_prepare(&store.file) ||
		    !write_suspensions(true, NULL))
			give_up();
	} else if (renew()) {
		state_log_read(c->audit_log, time(NULL), contained_find, NULL);
		(void)is_open();
	}
	return store.ledger;
}

void
state_store_close(void)
{
	state_file_close(&store.file);
	ledger_free(store.ledger);
	store.ledger = NULL;
	store.health = (struct state_health){0};
	store.lacking = false;
	store.retry_at = 0;
}

void
state_store_suspend(void)
{
	if (!is_open())
		store.lacking = true;
	else if (!write_suspensions(store.lacking, NULL))
		give_up();
	if (store.lacking)
		log_line(LOG_ERR,
		    "%s: a suspension can't be kept; it is in force, and in "
		    "the audit log only",
		    store.file.path);
}

void
state_store_write(void (*between)(void))
{
	int shard;

	if (!is_open()) {
		state_ledger_forget(&store.writer);
		return;
	}
	if ((store.lacking && !write_suspensions(true, NULL)) ||
	    !state_ledger_append(&store.writer)) {
		give_up();
		return;
	}
	for (int n = 0;
	     (shard = state_ledger_next(&store.writer, n < FOLDS_A_WRITE)) >= 0;
	     n++) {
		if (!state_ledger_fold(
			&store.writer, (unsigned)shard, time(NULL))) {
			give_up();
			return;
		}
		between();
		if (store.file.db == NULL)
			return;
	}
	if (!store.lacking)
		tell(NULL);
}

void
state_store_health(struct state_health *out)
{
	pthread_mutex_lock(&store.lock);
	*out = store.health;
	pthread_mutex_unlock(&store.lock);
}
