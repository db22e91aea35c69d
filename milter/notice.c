/*
 * Notices: a callback copies what tripped into the queue; all else happens in
 * one thread, which starts the command and attends to those that run.
 */
#include "milter/notice.h"

#include "milter/field.h"
#include "milter/job.h"
#include "milter/log.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#define A_MINUTE 10 /* that are taken, of suspensions and of others */
#define AT_ONCE 4
#define QUEUE_MAX 64
#define TICK_MS 100    /* how often running ones are attended to */
#define KILLED_MS 1000 /* for the killed to be gone, at the end */

static struct {
	pthread_mutex_t lock; /* guards all down to the empty line */
	bool open;	      /* takes notices */
	struct job *queue, **queue_end;
	struct notice_figures figures;
	struct ring {
		int64_t at[A_MINUTE]; /* when they were taken */
		size_t oldest;
	} suspensions, others; /* so that no others hide a suspension */
	uint64_t untold;       /* of those dropped */
	int64_t tell_at;

	/* set before the thread runs */
	char *const *command;
	struct notice_bounds bounds;
	int wake; /* an eventfd */
	bool running;
	pthread_t thread;

	/* the thread's own */
	struct job *jobs[AT_ONCE]; /* that run; NULL: a free place */
} notices = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Interrupts the thread's poll(); never blocks. */
static void
wake_thread(void)
{
	(void)!write(notices.wake, &(uint64_t){1}, sizeof(uint64_t));
}

/* May one more be taken?  With the lock. */
static bool
has_room(const struct ring *taken, int64_t now)
{
	return notices.figures.queued < QUEUE_MAX &&
	       now - taken->at[taken->oldest] >= notices.bounds.minute;
}

/* Counts those that are not run.  With the lock. */
static void
drop(unsigned count)
{
	if (notices.untold == 0)
		notices.tell_at = program_clock() + notices.bounds.minute;
	notices.untold += count;
	notices.figures.dropped += count;
}

void
notice_send(const struct notice *n)
{
	int64_t now = program_clock();
	struct ring *taken =
	    n->action != NULL && strcmp(n->action, "suspend") == 0
		? &notices.suspensions
		: &notices.others;
	struct job *job;

	pthread_mutex_lock(&notices.lock);
	if (notices.open) {
		job = has_room(taken, now) ? job_make(n) : NULL;
		if (job != NULL) {
			*notices.queue_end = job;
			notices.queue_end = &job->next;
			notices.figures.queued++;
			taken->at[taken->oldest] = now;
			taken->oldest = (taken->oldest + 1) % A_MINUTE;
		} else {
			drop(1);
		}
		wake_thread();
	}
	pthread_mutex_unlock(&notices.lock);
}

void
notice_figures(struct notice_figures *out)
{
	pthread_mutex_lock(&notices.lock);
	*out = notices.figures;
	pthread_mutex_unlock(&notices.lock);
}

/* --- the thread --- */

/* The first of the queue, which counts as running from now on, or NULL. */
static struct job *
take_job(void)
{
	struct job *job;

	pthread_mutex_lock(&notices.lock);
	job = notices.queue;
	if (job != NULL) {
		notices.queue = job->next;
		if (notices.queue == NULL)
			notices.queue_end = &notices.queue;
		notices.figures.queued--;
		notices.figures.running++;
		notices.figures.run++;
	}
	pthread_mutex_unlock(&notices.lock);
	return job;
}

/* Counts it as over, and logs a failure, which `how` tells of. */
static void
finish_job(struct job *job, const char *how)
{
	const struct program *p = &job->program;

	if (how != NULL)
		log_line(LOG_WARNING,
		    "notice_command %s%s; limit=%s login=%s%s%s", how,
		    p->late ? ", its time was over" : "",
		    field(job->limit).text, field(job->login).text,
		    p->said_len > 0 ? ": " : "", p->said);
	pthread_mutex_lock(&notices.lock);
	notices.figures.running--;
	notices.figures.failed += how != NULL;
	pthread_mutex_unlock(&notices.lock);
	job_free(job);
}

/* Fills the free places from the queue. */
static void
start_jobs(void)
{
	for (size_t i = 0; i < AT_ONCE;) {
		struct job *job = notices.jobs[i] == NULL ? take_job() : NULL;
		char how[128];
		int error;

		if (job == NULL) {
			i++;
			continue;
		}
		error = program_start(&job->program, notices.command, job->env,
		    notices.bounds.run, notices.bounds.grace);
		if (error == 0) {
			notices.jobs[i++] = job;
			continue;
		}
		snprintf(how, sizeof(how), "can't be run: %s", strerror(error));
		finish_job(job, how);
	}
}

/* One that has ended gives its place free. */
static void
attend_to(struct job **place)
{
	struct job *job = *place;
	char how[128];
	int status;

	if (job == NULL || !program_attend(&job->program, program_clock()))
		return;
	*place = NULL;
	status = job->program.status;
	if (status != -1 && WIFEXITED(status))
		snprintf(how, sizeof(how), "failed with exit status %d",
		    WEXITSTATUS(status));
	else if (status != -1 && WIFSIGNALED(status))
		snprintf(how, sizeof(how), "was ended by signal %d (%s)",
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(how, sizeof(how), "has ended, nobody knows how");
	finish_job(job, status == 0 ? NULL : how);
}

/* Tells of those dropped, once a minute, or when it is `due` anyway. */
static void
tell_dropped(bool due)
{
	uint64_t count = 0;

	pthread_mutex_lock(&notices.lock);
	if (due || program_clock() >= notices.tell_at) {
		count = notices.untold;
		notices.untold = 0;
	}
	pthread_mutex_unlock(&notices.lock);
	if (count > 0)
		log_line(LOG_WARNING,
		    "%" PRIu64
		    " notices were not run: more than %d a minute of "
		    "suspensions or of others, "
		    "%d waiting, or the end of the daemon",
		    count, A_MINUTE, QUEUE_MAX);
}

/* How long nothing may happen by itself: milliseconds for poll(). */
static int
idle_time(void)
{
	int64_t ms = -1;

	for (size_t i = 0; i < AT_ONCE; i++)
		if (notices.jobs[i] != NULL)
			return TICK_MS;
	pthread_mutex_lock(&notices.lock);
	if (notices.untold > 0)
		ms = notices.tell_at - program_clock();
	if (notices.untold > 0 && ms < 0)
		ms = 0;
	pthread_mutex_unlock(&notices.lock);
	return (int)ms;
}

/* Returns when something may have happened, or after `ms`; -1: no limit. */
static void
wait_for_news(int ms)
{
	struct pollfd fds[1 + AT_ONCE] = {
	    {.fd = notices.wake, .events = POLLIN}};
	uint64_t count;

	for (size_t i = 0; i < AT_ONCE; i++)
		fds[1 + i] = notices.jobs[i] == NULL
				 ? (struct pollfd){.fd = -1}
				 : program_watch(&notices.jobs[i]->program);
	if (poll(fds, 1 + AT_ONCE, ms) > 0 && fds[0].revents != 0)
		(void)!read(notices.wake, &count, sizeof(count));
}

/* Lets those running end.  What can't even be killed is left behind. */
static void
wait_for_last(void)
{
	int64_t end = program_clock() + notices.bounds.stop + KILLED_MS;
	bool any = true;

	for (size_t i = 0; i < AT_ONCE; i++)
		if (notices.jobs[i] != NULL)
			program_hurry(
			    &notices.jobs[i]->program, notices.bounds.stop);
	while (any && program_clock() < end) {
		any = false;
		for (size_t i = 0; i < AT_ONCE; i++) {
			attend_to(&notices.jobs[i]);
			any = any || notices.jobs[i] != NULL;
		}
		if (any)
			wait_for_news(TICK_MS);
	}
}

static bool
is_open(void)
{
	bool open;

	pthread_mutex_lock(&notices.lock);
	open = notices.open;
	pthread_mutex_unlock(&notices.lock);
	return open;
}

static void *
run(void *unused)
{
	(void)unused;
	while (is_open()) {
		for (size_t i = 0; i < AT_ONCE; i++)
			attend_to(&notices.jobs[i]);
		start_jobs();
		tell_dropped(false);
		wait_for_news(idle_time());
	}
	wait_for_last();
	tell_dropped(true);
	return NULL;
}

/* --- start and end --- */

void
notice_check(const struct config *c, struct diag *d)
{
	const char *path;
	struct stat st;

	if (c->notice_command == NULL)
		return;
	path = c->notice_command[0];
	if (access(path, X_OK) != 0 || stat(path, &st) != 0)
		diag_add(d,
		    "notice_command: %s: %s; the daemon's user must be able to "
		    "run it",
		    path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		diag_add(d, "notice_command: %s is not a program", path);
}

bool
notice_start(const struct config *c, struct diag *d)
{
	static const struct notice_bounds bounds = {
	    .run = 30000, .grace = 2000, .minute = 60000, .stop = 2000};

	return notice_start_within(c, &bounds, d);
}

bool
notice_start_within(
    const struct config *c, const struct notice_bounds *b, struct diag *d)
{
	struct diag advice = {0};
	int rc;

	if (c->notice_command == NULL)
		return true;
	notice_check(c, &advice);
	log_diag(LOG_WARNING, &advice);
	diag_clear(&advice);
	notices.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (notices.wake < 0) {
		diag_add(d, "can't make an eventfd: %s", strerror(errno));
		return false;
	}
	notices.command = c->notice_command;
	notices.bounds = *b;
	notices.queue_end = &notices.queue;
	notices.figures = (struct notice_figures){0};
	for (size_t i = 0; i < A_MINUTE; i++)
		notices.suspensions.at[i] = notices.others.at[i] =
		    program_clock() - b->minute;
	notices.open = true;
	rc = pthread_create(&notices.thread, NULL, run, NULL);
	notices.running = rc == 0;
	if (rc == 0)
		return true;
	diag_add(d, "can't start the thread of notices: %s", strerror(rc));
	notices.open = false;
	close(notices.wake);
	return false;
}

void
notice_stop(void)
{
	struct job *left;

	if (!notices.running)
		return;
	pthread_mutex_lock(&notices.lock);
	notices.open = false;
	left = notices.queue;
	notices.queue = NULL;
	drop(notices.figures.queued);
	notices.figures.queued = 0;
	wake_thread();
	pthread_mutex_unlock(&notices.lock);
	pthread_join(notices.thread, NULL);
	notices.running = false;
	close(notices.wake);
	while (left != NULL) {
		struct job *next = left->next;

		job_free(left);
		left = next;
	}
}
