/*
 * A word to the supervisor is a datagram to the socket it named.  The few lines
 * that takes are our own: libsystemd would bring its compressors and ciphers
 * into a process that reads what strangers write.
 */
#include "milter/supervisor.h"

#include "milter/callbacks.h"
#include "milter/keeper.h"
#include "milter/log.h"
#include "milter/state.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define TICK_MS 15000  /* between two words of how we are, at most */
#define ANSWER_MS 5000 /* of libmilter, of it; signals wait as long */
#define STATUS_MAX 256

static struct {
	const struct config *config;
	int fd;
	struct sockaddr_un to;
	socklen_t to_len;
	bool watched; /* it wants to hear that we live */
	int tick_ms;
	int64_t due_ms;
	uint64_t looks; /* of the keeper, when we said so last */
	bool ill;	/* it does not hear it, and the log was told */
	bool deaf;	/* it hears nothing, and the log was told */
} supervisor = {.fd = -1};

static uint64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static int64_t
now_ms(void)
{
	return (int64_t)(now_us() / 1000);
}

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* One datagram: assignments, a line each. */
static void
say(const char *fmt, ...)
{
	char text[STATUS_MAX + 128];
	va_list ap;
	bool failed;

	if (supervisor.fd < 0)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	failed = sendto(supervisor.fd, text, strlen(text), MSG_NOSIGNAL,
		     (struct sockaddr *)&supervisor.to, supervisor.to_len) < 0;
	if (failed && !supervisor.deaf)
		log_line(LOG_WARNING, "the supervisor can't be told: %s",
		    strerror(errno));
	supervisor.deaf = failed;
}

/* A path, or @ and an abstract name. */
static bool
read_address(const char *text)
{
	size_t n = strlen(text);

	if ((text[0] != '/' && text[0] != '@') || n < 2 ||
	    n >= sizeof(supervisor.to.sun_path))
		return false;
	supervisor.to.sun_family = AF_UNIX;
	memcpy(supervisor.to.sun_path, text, n);
	if (text[0] == '@')
		supervisor.to.sun_path[0] = '\0';
	supervisor.to_len =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	return true;
}

/* A number above 0, or 0 when the variable is missing or holds no such. */
static uint64_t
read_number(const char *name)
{
	const char *text = getenv(name);
	char *end;
	unsigned long long n;

	if (text == NULL || text[0] < '0' || text[0] > '9')
		return 0;
	errno = 0;
	n = strtoull(text, &end, 10);
	return *end == '\0' && errno == 0 ? n : 0;
}

/* How often it wants to hear of us, if it means this process. */
static void
read_watchdog(void)
{
	uint64_t period_ms = read_number("WATCHDOG_USEC") / 1000;

	supervisor.tick_ms = TICK_MS;
	supervisor.watched = period_ms > 0 && (getenv("WATCHDOG_PID") == NULL ||
						  read_number("WATCHDOG_PID") ==
						      (uint64_t)getpid());
	if (supervisor.watched && period_ms / 4 < TICK_MS)
		supervisor.tick_ms = period_ms < 4 ? 1 : (int)(period_ms / 4);
}

void
supervisor_open(const struct config *c)
{
	static const char *const ours[] = {"NOTIFY_SOCKET", "WATCHDOG_USEC",
	    "WATCHDOG_PID", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"};
	const struct timeval patience = {ANSWER_MS / 1000, 0};
	const char *text = getenv(ours[0]);

	supervisor.config = c;
	if (text != NULL && read_address(text))
		supervisor.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (text != NULL && supervisor.fd < 0)
		log_line(LOG_WARNING,
		    "NOTIFY_SOCKET: %s can't be used; the supervisor is told "
		    "nothing",
		    text);
	/* Should it be stuck with a full queue, we are not. */
	if (supervisor.fd >= 0)
		setsockopt(supervisor.fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
		    sizeof(patience));
	read_watchdog();
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		unsetenv(ours[i]);
}

/* How we are, on one line. */
static void
write_status(char text[STATUS_MAX])
{
	size_t n = keeper_summary(text, STATUS_MAX);
	unsigned sessions = callbacks_sessions();

	snprintf(text + n, STATUS_MAX - n, "; %u session%s", sessions,
	    sessions == 1 ? "" : "s");
}

void
supervisor_ready(void)
{
	char status[STATUS_MAX];

	write_status(status);
	say("READY=1\nSTATUS=%s", status);
}

void
supervisor_reloading(void)
{
	say("RELOADING=1\nMONOTONIC_USEC=%" PRIu64, now_us());
}

void
supervisor_stopping(void)
{
	say("STOPPING=1\nSTATUS=stopping");
}

int
supervisor_wait_ms(void)
{
	int64_t left = supervisor.due_ms - now_ms();

	if (supervisor.fd < 0)
		return -1;
	return left > 0 ? (int)left : 0;
}

/* Do the threads live without which no mail is decided, and none counted? */
static bool
lives(void)
{
	int limit =
	    supervisor.tick_ms < ANSWER_MS ? supervisor.tick_ms : ANSWER_MS;
	uint64_t looks = keeper_looks();
	const char *fault = NULL;

	if (looks == supervisor.looks)
		fault = "the policy thread stands still";
	else if (!endpoint_answers(&supervisor.config->endpoint, limit))
		fault = "libmilter does not answer";
	else if (state_stands_still())
		fault = "the state thread stands still";
	if (fault == NULL)
		supervisor.looks = looks;
	else if (!supervisor.ill)
		log_line(LOG_ERR, "%s: the watchdog is not told that we live",
		    fault);
	supervisor.ill = fault != NULL;
	return fault == NULL;
}

void
supervisor_tick(void)
{
	char status[STATUS_MAX];

	if (supervisor_wait_ms() != 0)
		return;
	write_status(status);
	say("STATUS=%s%s", status,
	    supervisor.watched && lives() ? "\nWATCHDOG=1" : "");
	supervisor.due_ms = now_ms() + supervisor.tick_ms;
}
