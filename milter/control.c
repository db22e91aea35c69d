/*
 * The control socket: one thread, one question at a time, each with a time
 * limit, so that nobody who may connect can keep the others waiting for long.
 */
#include "milter/control.h"

#include "build-config.h"
#include "milter/audit.h"
#include "milter/callbacks.h"
#include "milter/keeper.h"
#include "milter/listen.h"
#include "milter/mta.h"
#include "milter/notice.h"
#include "milter/state.h"
#include "milter/tally.h"
#include "milter/usage.h"
#include "policy/json.h"
#include "policy/verdict.h"
#include "policy/when.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 2000
#define QUESTION_MAX (LOGIN_MAX + 64)

static struct {
	const struct config *config;
	int fd;
	int stop[2]; /* a byte written to it ends the thread */
	struct listen_file file;
	pthread_t thread;
	bool running;
	time_t started;
} control = {.fd = -1, .stop = {-1, -1}};

static void
write_last_hour(struct json *j)
{
	uint64_t counts[TALLY_KINDS];

	tally_last_hour(tally_now(), counts);
	json_object(j, "verdicts_last_hour");
	for (int kind = 0; kind < TALLY_KINDS; kind++)
		json_integer(j, verdict_name((enum verdict_kind)kind),
		    (int64_t)counts[kind]);
	json_object_end(j);
	json_integer(j, "limits_tripped_last_hour",
	    (int64_t)tally_trips_last_hour(tally_now()));
}

/* Refusals that mode monitor passed over since the start. */
static uint64_t
passed_over(void)
{
	uint64_t n = 0;

	for (enum stage s = STAGE_MAIL; s <= STAGE_EOM; s++)
		for (enum reason r = REASON_NONE + 1; r < REASON_COUNT; r++)
			n += tally_passed(s, r);
	return n;
}

static void
write_notices(struct json *j)
{
	struct notice_figures f;

	notice_figures(&f);
	json_object(j, "notices");
	json_integer(j, "queued", f.queued);
	json_integer(j, "running", f.running);
	json_integer(j, "run", (int64_t)f.run);
	json_integer(j, "failed", (int64_t)f.failed);
	json_integer(j, "dropped", (int64_t)f.dropped);
	json_object_end(j);
}

static void
write_status(struct json *j)
{
	const struct config *c = control.config;
	enum mta mta = c->mta != MTA_UNKNOWN ? c->mta : callbacks_mta();
	char started[WHEN_TEXT_SIZE], last[WHEN_TEXT_SIZE];
	int64_t recorded = audit_last();

	when_format(control.started, started);
	when_format(recorded, last);
	json_object(j, NULL);
	json_integer(j, "pid", getpid());
	json_string(j, "version", PACKAGE_VERSION);
	json_string(j, "started", started);
	json_string(j, "socket", c->socket);
	if (mta != MTA_UNKNOWN)
		json_string(j, "mta", mta_name(mta));
	keeper_status(j);
	json_integer(j, "sessions", callbacks_sessions());
	json_integer(j, "callbacks", callbacks_running());
	json_integer(j, "passed_over", (int64_t)passed_over());
	json_string(j, "audit_log", c->audit_log);
	json_string(j, "audit_last", recorded > 0 ? last : NULL);
	json_integer(j, "audit_failures", (int64_t)audit_failures());
	state_status(j);
	write_last_hour(j);
	write_notices(j);
	json_array(j, "advice");
	for (size_t i = 0; i < diag_kept(&c->advice); i++)
		json_string(j, NULL, c->advice.lines[i]);
	json_array_end(j);
	json_object_end(j);
}

/* Reads a line; false when none comes in time, or it holds a NUL. */
static bool
read_question(int fd, char question[QUESTION_MAX])
{
	size_t n = 0;

	while (n < QUESTION_MAX) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t got;

		if (poll(&p, 1, PATIENCE_MS) <= 0)
			return false;
		got = recv(fd, question + n, QUESTION_MAX - n, MSG_DONTWAIT);
		if (got <= 0)
			return false;
		n += (size_t)got;
		if (question[n - 1] == '\n') {
			question[n - 1] = '\0';
			return strlen(question) == n - 1;
		}
	}
	return false;
}

static void
send_whole(int fd, const char *text, size_t len)
{
	while (len > 0) {
		struct pollfd p = {.fd = fd, .events = POLLOUT};
		ssize_t n;

		if (poll(&p, 1, PATIENCE_MS) <= 0)
			return;
		n = send(fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n <= 0)
			return;
		text += n;
		len -= (size_t)n;
	}
}

static void
answer(int fd)
{
	char question[QUESTION_MAX];
	struct json j = {0};

	if (!read_question(fd, question))
		return;
	if (strcmp(question, "status") == 0)
		write_status(&j);
	else if (strcmp(question, "usage") == 0)
		usage_top(&j);
	else if (strncmp(question, "usage ", 6) == 0)
		usage_of(&j, question + 6);
	else if (strcmp(question, "suspensions") == 0)
		usage_suspensions(&j);
	else {
		json_object(&j, NULL);
		json_string(&j, "error",
		    "the questions are: status, usage, usage NAME, "
		    "suspensions");
		json_object_end(&j);
	}
	json_newline(&j);
	if (!j.failed)
		send_whole(fd, j.text, j.len);
	json_free(&j);
}

static void *
run(void *unused)
{
	struct pollfd p[2] = {
	    {.fd = control.fd, .events = POLLIN},
	    {.fd = control.stop[0], .events = POLLIN},
	};

	(void)unused;
	for (;;) {
		int fd;

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return NULL;
		if (p[1].revents != 0)
			return NULL;
		fd = accept4(control.fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0) { /* out of descriptors: don't spin on it */
			(void)poll(p + 1, 1, errno == EMFILE ? 1000 : 10);
			continue;
		}
		answer(fd);
		close(fd);
	}
}

bool
control_open(const struct config *c, struct diag *d)
{
	control.config = c;
	control.started = time(NULL);
	if (c->control[0] == '\0')
		return true;
	control.fd = listen_open(
	    c->control, 0660, c->uid, c->socket_gid, &control.file, d);
	return control.fd >= 0;
}

time_t
control_started(void)
{
	return control.started;
}

bool
control_run(struct diag *d)
{
	int rc;

	if (control.fd < 0)
		return true;
	if (pipe2(control.stop, O_CLOEXEC) != 0) {
		diag_add(d, "can't make a pipe: %s", strerror(errno));
		return false;
	}
	rc = pthread_create(&control.thread, NULL, run, NULL);
	if (rc != 0)
		diag_add(d, "can't start the control thread: %s", strerror(rc));
	control.running = rc == 0;
	return control.running;
}

void
control_stop(void)
{
	if (control.running) {
		(void)!write(control.stop[1], "", 1);
		pthread_join(control.thread, NULL);
		control.running = false;
	}
	if (control.stop[0] >= 0) {
		close(control.stop[0]);
		close(control.stop[1]);
		control.stop[0] = control.stop[1] = -1;
	}
	if (control.fd >= 0)
		close(control.fd);
	control.fd = -1;
	listen_remove(&control.file);
}
