/*
 * Runs a program.  It leads a session, so it can't leave its process group and
 * what is sent to that reaches it; it is reaped last, so that the number of the
 * group belongs to nobody else while signals are sent.
 */
#include "milter/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define READS_MAX 16 /* at a time: it may say more than we care to read */

int64_t
program_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Signals as a new process has them, and a session. */
static int
set_attributes(posix_spawnattr_t *a)
{
	sigset_t all, none;

	sigfillset(&all);
	sigemptyset(&none);
	if (posix_spawnattr_setsigdefault(a, &all) != 0 ||
	    posix_spawnattr_setsigmask(a, &none) != 0)
		return EINVAL;
	return posix_spawnattr_setflags(a, POSIX_SPAWN_SETSIGDEF |
					       POSIX_SPAWN_SETSIGMASK |
					       POSIX_SPAWN_SETSID);
}

/* Nothing to read, nowhere to write but `fd`, and `/`. */
static int
set_files(posix_spawn_file_actions_t *f, int fd)
{
	int error = posix_spawn_file_actions_adddup2(f, fd, STDERR_FILENO);

	for (int i = STDIN_FILENO; error == 0 && i <= STDOUT_FILENO; i++)
		error = posix_spawn_file_actions_addopen(f, i, "/dev/null",
		    i == STDIN_FILENO ? O_RDONLY : O_WRONLY, 0);
	if (error == 0)
		error = posix_spawn_file_actions_addclosefrom_np(
		    f, STDERR_FILENO + 1);
	if (error == 0)
		error = posix_spawn_file_actions_addchdir_np(f, "/");
	return error;
}

/* Starts it with `fd` as its standard error.  0, or an error number. */
static int
spawn(pid_t *pid, char *const argv[], char *const env[], int fd)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	int error;

	error = posix_spawn_file_actions_init(&files);
	if (error != 0)
		return error;
	error = posix_spawnattr_init(&attributes);
	if (error == 0) {
		error = set_files(&files, fd);
		if (error == 0)
			error = set_attributes(&attributes);
		if (error == 0)
			error = posix_spawn(
			    pid, argv[0], &files, &attributes, argv, env);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&files);
	return error;
}

int
program_start(struct program *p, char *const argv[], char *const env[],
    int limit_ms, int grace_ms)
{
	int fds[2], error;

	*p = (struct program){.next = SIGTERM, .grace_ms = grace_ms};
	if (pipe2(fds, O_CLOEXEC) != 0)
		return errno;
	error = fcntl(fds[0], F_SETFL, O_NONBLOCK) != 0
		    ? errno
		    : spawn(&p->pid, argv, env, fds[1]);
	close(fds[1]);
	p->fd = fds[0];
	p->until = program_clock() + limit_ms;
	if (error != 0) {
		close(fds[0]);
		p->pid = 0;
	}
	return error;
}

void
program_hurry(struct program *p, int ms)
{
	int64_t until = program_clock() + ms;

	if (p->next == SIGTERM || p->until > until)
		p->until = until;
	p->next = SIGKILL;
}

struct pollfd
program_watch(const struct program *p)
{
	return (struct pollfd){
	    .fd = p->pid != 0 ? p->fd : -1, .events = POLLIN};
}

/* Keeps the last bytes of what it said. */
static void
keep(struct program *p, const char *text, size_t len)
{
	size_t over;

	if (len > PROGRAM_SAID_MAX) {
		text += len - PROGRAM_SAID_MAX;
		len = PROGRAM_SAID_MAX;
	}
	over = p->said_len + len;
	over = over > PROGRAM_SAID_MAX ? over - PROGRAM_SAID_MAX : 0;
	memmove(p->said, p->said + over, p->said_len - over);
	p->said_len -= over;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		p->said[p->said_len++] = c == 0 || c > '~' ? '?' : (char)c;
	}
}

/* Reads what is there; after the end of file there is nothing to poll. */
static void
listen_to(struct program *p)
{
	char text[4096];
	ssize_t n = 0;

	for (int i = 0; p->fd >= 0 && i < READS_MAX; i++) {
		n = read(p->fd, text, sizeof(text));
		if (n <= 0)
			break;
		keep(p, text, (size_t)n);
	}
	if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

static void
send_due(struct program *p, int64_t now)
{
	if (now < p->until)
		return;
	kill(-p->pid, p->next);
	p->late = true;
	p->until = now + p->grace_ms;
	p->next = SIGKILL;
}

bool
program_attend(struct program *p, int64_t now)
{
	siginfo_t info = {0};

	listen_to(p);
	if (waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOHANG | WNOWAIT) ==
		0 &&
	    info.si_pid == 0) {
		send_due(p, now);
		return false;
	}
	listen_to(p); /* its last words */
	if (p->late)
		kill(-p->pid, SIGKILL); /* who did not hear SIGTERM */
	if (waitpid(p->pid, &p->status, 0) != p->pid)
		p->status = -1;
	if (p->fd >= 0)
		close(p->fd);
	while (p->said_len > 0 && p->said[p->said_len - 1] == '\n')
		p->said_len--;
	p->said[p->said_len] = '\0';
	p->pid = 0;
	return true;
}
