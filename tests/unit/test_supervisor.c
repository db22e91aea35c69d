/*
 * milter/supervisor: what it is told, and that it does not hear that we live
 * when one of our threads does not.  The keeper, the state, libmilter and the
 * socket that is asked are stand-ins.
 */
#include "milter/supervisor.h"

#include "milter/callbacks.h"
#include "milter/keeper.h"
#include "milter/log.h"
#include "milter/state.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t looks;
static bool answered, still;
static unsigned lines;

uint64_t
keeper_looks(void)
{
	return looks;
}

size_t
keeper_summary(char *text, size_t size)
{
	return (size_t)snprintf(text, size, "a policy");
}

unsigned
callbacks_sessions(void)
{
	return 7;
}

bool
endpoint_answers(const struct endpoint *e, int ms)
{
	(void)e;
	return answered && ms >= 1 && ms <= 5000;
}

bool
state_stands_still(void)
{
	return still;
}

void
log_line(int priority, const char *fmt, ...)
{
	(void)priority;
	(void)fmt;
	lines++;
}

/* The supervisor's own end. */
static int
listen_abstract(const char *name)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	memcpy(sun.sun_path + 1, name + 1, strlen(name) - 1);
	assert_int_equal(
	    bind(fd, (struct sockaddr *)&sun,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) +
			    strlen(name))),
	    0);
	return fd;
}

/* The next datagram, "" when there is none. */
static const char *
heard(int fd)
{
	static char text[1024];
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

struct watch {
	const char *name;
	const char *period; /* WATCHDOG_USEC */
	const char *pid;    /* WATCHDOG_PID; NULL: ours, "": none */
	bool looked, answered;
	bool soon;	/* it has to be told again in a millisecond */
	bool alive;	/* it is told that we live... */
	unsigned lines; /* ...or else the log, so often of two times */
	bool still;	/* the state thread */
};

static const struct watch watches[] = {
    {"it hears that we live", "4000", NULL, true, true, true, true},
    {"it may name no process", "4000", "", true, true, true, true},
    {"not when the policy thread stands still", "4000", NULL, false, true, true,
	false, 1},
    {"not when libmilter does not answer", "4000", NULL, true, false, true,
	false, 1},
    {"not when the state thread stands still", "4000", NULL, true, true, true,
	false, 1, true},
    {"not when it means another process", "4000", "1", true, true, false,
	false},
    {"not when it does not ask", NULL, NULL, true, true, false, false},
    {"not when it asks in words", "soon", NULL, true, true, false, false},
    {"not when it asks for no time", "0", NULL, true, true, false, false},
};

/* In a process of its own, whose environment it may change. */
static void
watch_in_child(const struct watch *w, int fd, const char *name)
{
	static struct config c;
	char pid[16];
	bool alive;

	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	setenv("NOTIFY_SOCKET", name, 1);
	if (w->period != NULL)
		setenv("WATCHDOG_USEC", w->period, 1);
	if (w->pid == NULL || w->pid[0] != '\0')
		setenv("WATCHDOG_PID", w->pid != NULL ? w->pid : pid, 1);
	looks = 1;
	answered = w->answered;
	still = w->still;
	supervisor_open(&c);
	if (getenv("NOTIFY_SOCKET") != NULL ||
	    getenv("WATCHDOG_USEC") != NULL || supervisor_wait_ms() != 0)
		_exit(1);
	if (!w->looked)
		looks = 0;
	for (int i = 0; i < 2; i++) {
		while (w->soon && supervisor_wait_ms() > 0)
			usleep(1000);
		supervisor_tick();
		alive = strcmp(heard(fd),
			    "STATUS=a policy; 7 sessions\nWATCHDOG=1") == 0;
		if (alive != w->alive)
			_exit(2);
		looks += w->looked;
	}
	_exit(lines == w->lines ? 0 : 3);
}

static void
watch_test(void **state)
{
	const struct watch *w = *state;
	char name[32];
	int status, fd;
	pid_t pid;

	snprintf(name, sizeof(name), "@supervisor-%ld", (long)getpid());
	fd = listen_abstract(name);
	pid = fork();
	if (pid == 0)
		watch_in_child(w, fd, name);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(fd);
}

static void
nobody_hears(void **state)
{
	static struct config c;

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	lines = 0;
	supervisor_open(&c);
	supervisor_ready();
	supervisor_tick();
	supervisor_stopping();
	assert_int_equal(supervisor_wait_ms(), -1);
	assert_int_equal(lines, 0);
}

static void
a_wrong_socket_is_told(void **state)
{
	static const char *const wrong[] = {"", "/", "notify", "@"};
	static struct config c;

	(void)state;
	lines = 0;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		setenv("NOTIFY_SOCKET", wrong[i], 1);
		supervisor_open(&c);
		assert_int_equal(supervisor_wait_ms(), -1);
		assert_int_equal(lines, i + 1);
	}
}

static const struct named_test others[] = {
    {"without a supervisor nothing is done", nobody_hears},
    {"a socket that is none is told to the log", a_wrong_socket_is_told},
};

int
main(void)
{
	static struct suite s;

	SUITE_ROWS(&s, watches, watch_test);
	SUITE_TESTS(&s, others);
	return suite_run(&s, "supervisor");
}
