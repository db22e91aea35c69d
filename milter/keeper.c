/*
 * The loader: from the database file to the policy copy in force.  The rule
 * guarded here: whatever is wrong with the file, mail goes on, and it is loud.
 */
#include "milter/keeper.h"

#include "milter/copies.h"
#include "milter/log.h"
#include "milter/saved.h"
#include "policy/limit.h"
#include "policy/load.h"
#include "policy/when.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#define TICK_MS 250
#define READ_MS 2000 /* its second half with SQLite's read lock */
#define BUSY_TICKS 4 /* a lock held this long is worth telling */

static struct {
	pthread_mutex_t lock; /* guards all down to the empty line */
	struct source_stamp in_force, seen;
	bool is_seen;		   /* `seen` holds something */
	struct diag missing;	   /* why the file can't be read now */
	struct diag locked;	   /* who has held it for a while */
	struct load_report report; /* of the file as seen */
	bool fallback; /* serving the image kept in the state folder */
	unsigned suspensions_taken;
	uint64_t refused; /* images */
	int64_t loaded;	  /* when what is in force was read */

	/* the loader's own */
	const char *database;
	unsigned busy_ticks;

	atomic_uint_fast64_t looks;

	pthread_t thread;
	bool running, stop;
	pthread_cond_t wake; /* by the monotonic clock: the other one steps */
} keeper = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Publishes what the loader found, under the lock, in one step. */
static void
publish_report(const struct image *image, struct load_report *r, bool loaded,
    unsigned suspensions)
{
	pthread_mutex_lock(&keeper.lock);
	load_report_clear(&keeper.report);
	keeper.report = *r;
	keeper.seen = image->stamp;
	keeper.is_seen = true;
	if (loaded) {
		keeper.loaded = time(NULL);
		keeper.in_force = image->stamp;
		keeper.fallback = false;
		keeper.suspensions_taken = 0;
	} else {
		keeper.refused++;
		keeper.suspensions_taken += suspensions;
	}
	pthread_mutex_unlock(&keeper.lock);
	memset(r, 0, sizeof(*r));
}

static void
set_diag(struct diag *kept, struct diag *now)
{
	pthread_mutex_lock(&keeper.lock);
	diag_clear(kept);
	diag_move(kept, now);
	pthread_mutex_unlock(&keeper.lock);
}

/*
 * An image that is refused as a whole still suspends: a stolen account must
 * not wait until somebody has mended an unrelated row.
 */
static bool
take_suspensions(const struct image *image)
{
	struct policy *with =
	    copies_plain() == NULL
		? NULL
		: policy_load_suspensions(copies_plain(), image);

	if (with == NULL || !copies_put(with))
		return false;
	log_line(LOG_WARNING,
	    "policy: new suspensions of the refused file are in force");
	return true;
}

/* A good image is taken over. */
static void
load_image(struct image *image)
{
	struct load_report r = {0};
	struct policy *policy = policy_load(image, &r);
	bool loaded;

	log_diag(LOG_WARNING, &r.warnings);
	loaded = policy != NULL && copies_put(policy);
	if (!loaded && r.errors.count == 0)
		diag_add(&r.errors, "out of memory");
	if (loaded) {
		log_line(LOG_INFO, "policy: generation %" PRIu64 " in force",
		    policy_generation(policy));
		publish_report(image, &r, true, 0);
		saved_put(image);
		return;
	}
	log_line(LOG_ERR, "policy: %s is refused, the last good one stays",
	    keeper.database);
	log_diag(LOG_ERR, &r.errors);
	publish_report(image, &r, false, take_suspensions(image) ? 1 : 0);
}

/* Tells, once, that the file can't be read; or that it can again. */
static void
set_missing(struct diag *now)
{
	if (now->count > 0 &&
	    strcmp(diag_first(now), diag_first(&keeper.missing)) != 0)
		log_diag(LOG_ERR, now);
	set_diag(&keeper.missing, now);
}

/* Notices a lock that stays: verdicts don't care, but edits can't be seen. */
static void
watch_lock(void)
{
	struct diag now = {0};

	if (source_is_quiet(keeper.database, &now))
		keeper.busy_ticks = 0;
	else
		keeper.busy_ticks++;
	if (keeper.busy_ticks == BUSY_TICKS)
		log_diag(LOG_WARNING, &now);
	if (keeper.busy_ticks < BUSY_TICKS)
		diag_clear(&now);
	set_diag(&keeper.locked, &now);
}

/* Reads the file if it is another than the one seen last. */
static void
look(void)
{
	struct source_stamp stamp;
	struct diag now = {0};
	struct image image;
	enum source_status status;

	atomic_fetch_add(&keeper.looks, 1);
	if (source_stat(keeper.database, &stamp, &now) && keeper.is_seen &&
	    source_same(&stamp, &keeper.seen)) {
		set_missing(&now);
		watch_lock();
		return;
	}
	if (now.count == 0) {
		status =
		    source_read_within(keeper.database, READ_MS, &image, &now);
		if (status == SOURCE_OK) {
			load_image(&image);
			image_free(&image);
		}
	}
	set_missing(&now);
}

/* Nothing usable at the start: the image kept from an earlier run. */
static void
load_saved(void)
{
	struct load_report r = {0};
	struct image bad = {0};
	struct policy *policy;
	struct diag ignored = {0};

	policy = policy_load_file(saved_path(), READ_MS, &r);
	if (policy == NULL || !copies_put(policy)) {
		log_line(LOG_ERR,
		    "policy: there is no usable policy: mail is answered 451 "
		    "until %s is mended",
		    keeper.database);
		load_report_clear(&r);
		return;
	}
	load_report_clear(&r);
	pthread_mutex_lock(&keeper.lock);
	keeper.fallback = true;
	keeper.loaded = time(NULL);
	pthread_mutex_unlock(&keeper.lock);
	log_line(LOG_WARNING,
	    "policy: %s is not usable: the last good policy, kept in %s, is "
	    "in force",
	    keeper.database, saved_path());
	if (source_read_within(keeper.database, READ_MS, &bad, &ignored) ==
	    SOURCE_OK) {
		(void)take_suspensions(&bad);
		image_free(&bad);
	}
	diag_clear(&ignored);
}

static void *
run(void *unused)
{
	struct timespec until;

	(void)unused;
	pthread_mutex_lock(&keeper.lock);
	while (!keeper.stop) {
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += TICK_MS * 1000000L;
		if (until.tv_nsec >= 1000000000L) {
			until.tv_nsec -= 1000000000L;
			until.tv_sec++;
		}
		pthread_cond_timedwait(&keeper.wake, &keeper.lock, &until);
		if (keeper.stop)
			break;
		pthread_mutex_unlock(&keeper.lock);
		copies_free_unused();
		look();
		pthread_mutex_lock(&keeper.lock);
	}
	pthread_mutex_unlock(&keeper.lock);
	return NULL;
}

bool
keeper_start(const char *database, const char *state, struct diag *d)
{
	pthread_condattr_t monotonic;
	int rc;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&keeper.wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	keeper.database = database;
	if (!saved_start(state, d))
		return false;
	look();
	if (copies_plain() == NULL)
		load_saved();
	rc = pthread_create(&keeper.thread, NULL, run, NULL);
	if (rc != 0)
		diag_add(d, "can't start the policy thread: %s", strerror(rc));
	else
		pthread_setname_np(keeper.thread, "loader");
	keeper.running = rc == 0;
	return keeper.running;
}

void
keeper_stop(void)
{
	if (!keeper.running)
		return;
	pthread_mutex_lock(&keeper.lock);
	keeper.stop = true;
	pthread_cond_signal(&keeper.wake);
	pthread_mutex_unlock(&keeper.lock);
	pthread_join(keeper.thread, NULL);
	saved_stop();
	keeper.running = false;
	copies_clear();
	diag_clear(&keeper.missing);
	diag_clear(&keeper.locked);
	load_report_clear(&keeper.report);
}

static void
stamp_status(struct json *j, const char *key, const struct source_stamp *s)
{
	json_object(j, key);
	json_integer(j, "dev", (int64_t)s->dev);
	json_integer(j, "ino", (int64_t)s->ino);
	json_integer(j, "size", (int64_t)s->size);
	json_integer(j, "mtime_ns", s->mtime_ns);
	json_integer(j, "change_counter", s->change_counter);
	json_object_end(j);
}

static void
lines_status(struct json *j, const char *key, const struct diag *d)
{
	json_array(j, key);
	for (size_t i = 0; i < diag_kept(d); i++)
		json_string(j, NULL, d->lines[i]);
	json_array_end(j);
}

/* Why the file as it is now is not in force; "" when it is. */
static const char *
problem(void)
{
	if (keeper.missing.count > 0)
		return diag_first(&keeper.missing);
	if (keeper.report.errors.count > 0)
		return diag_first(&keeper.report.errors);
	return diag_first(&keeper.locked);
}

uint64_t
keeper_looks(void)
{
	return atomic_load(&keeper.looks);
}

size_t
keeper_summary(char *text, size_t size)
{
	const struct policy *p = copies_take();
	const char *fault;
	int n;

	pthread_mutex_lock(&keeper.lock);
	fault = problem();
	if (p == NULL)
		n = snprintf(
		    text, size, "no usable policy, mail is answered 451");
	else
		n = snprintf(text, size,
		    "policy generation %" PRIu64 "%s, mode %s",
		    policy_generation(p),
		    keeper.fallback    ? " of an earlier run"
		    : fault[0] != '\0' ? " stays in force"
				       : " is in force",
		    mode_name(policy_settings(p)->mode));
	if (fault[0] != '\0')
		n += snprintf(text + n, size - (size_t)n, ": %s", fault);
	pthread_mutex_unlock(&keeper.lock);
	copies_give(p);
	return (size_t)n < size ? (size_t)n : size - 1;
}

void
keeper_status(struct json *j)
{
	const struct policy *p = copies_take();
	char loaded[WHEN_TEXT_SIZE] = "";

	pthread_mutex_lock(&keeper.lock);
	if (p != NULL)
		when_format(keeper.loaded, loaded);
	json_string(j, "database", keeper.database);
	json_bool(j, "available", p != NULL);
	json_integer(
	    j, "generation", p == NULL ? 0 : (int64_t)policy_generation(p));
	json_string(j, "loaded", loaded);
	json_string(
	    j, "mode", p == NULL ? NULL : mode_name(policy_settings(p)->mode));
	json_integer(j, "principals",
	    p == NULL ? 0 : (int64_t)policy_principal_count(p));
	json_integer(
	    j, "grants", p == NULL ? 0 : (int64_t)policy_grant_count(p));
	stamp_status(j, "in_force", &keeper.in_force);
	stamp_status(j, "seen", &keeper.seen);
	json_string(j, "problem", problem());
	lines_status(j, "errors", &keeper.report.errors);
	lines_status(j, "warnings", &keeper.report.warnings);
	json_bool(j, "fallback", keeper.fallback);
	json_integer(j, "suspensions_taken", keeper.suspensions_taken);
	pthread_mutex_unlock(&keeper.lock);
	copies_give(p);
}

void
keeper_figures(struct keeper_figures *out)
{
	const struct policy *p = copies_take();

	pthread_mutex_lock(&keeper.lock);
	*out = (struct keeper_figures){
	    .available = p != NULL,
	    .current = p != NULL && problem()[0] == '\0',
	    .fallback = keeper.fallback,
	    .generation = p == NULL ? 0 : policy_generation(p),
	    .loaded = (uint64_t)keeper.loaded,
	    .refused = keeper.refused,
	    .errors = keeper.missing.count + keeper.report.errors.count,
	    .warnings = keeper.report.warnings.count,
	    .principals = p == NULL ? 0 : policy_principal_count(p),
	    .grants = p == NULL ? 0 : policy_grant_count(p),
	    .limits = p == NULL ? 0 : policy_limit_count(p),
	};
	pthread_mutex_unlock(&keeper.lock);
	copies_give(p);
}
