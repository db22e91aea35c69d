/*
 * The daemon as a process.  Each step towards fewer rights is verified after
 * it was taken: a daemon that only believes it has dropped them must not run.
 */
#include "milter/process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int ready_fd = -1; /* to the process that was started */

static struct {
	char *path;
	int fd; /* locked; 0: there is none */
} pid_file;

/* What runs beside the main thread. */
static struct {
	int (*run)(void);
	pthread_t main;
	atomic_bool ended;
} service;

void
process_open_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

/* The process that was started: waits for the daemon's word, then ends. */
static void
wait_until_ready(int fd)
{
	char byte;
	ssize_t n;

	while ((n = read(fd, &byte, 1)) < 0 && errno == EINTR)
		;
	_exit(n == 1 ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* A second fork, so that it can never get a terminal again. */
bool
process_detach(struct diag *d)
{
	int fds[2], null = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid_t pid = -1;

	if (null >= 0 && pipe2(fds, O_CLOEXEC) == 0)
		pid = fork();
	if (pid > 0) {
		close(fds[1]);
		wait_until_ready(fds[0]);
	}
	if (pid == 0 && setsid() >= 0)
		pid = fork();
	else
		pid = -1;
	if (pid > 0)
		_exit(EXIT_SUCCESS);
	if (pid < 0 || chdir("/") != 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(null, STDOUT_FILENO) < 0) {
		diag_add(d, "can't go to the background: %s", strerror(errno));
		return false;
	}
	close(null);
	close(fds[0]);
	ready_fd = fds[1];
	return true;
}

void
process_ready(void)
{
	ssize_t n;

	if (ready_fd < 0)
		return;
	dup2(STDIN_FILENO, STDERR_FILENO);
	n = write(ready_fd, "", 1);
	(void)n; /* whoever waited may be gone */
	close(ready_fd);
	ready_fd = -1;
}

size_t
process_raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 1024;
	if (limit.rlim_cur < limit.rlim_max) {
		rlim_t before = limit.rlim_cur;

		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
			limit.rlim_cur = before;
	}
	return (size_t)limit.rlim_cur;
}

/* The lock goes with the process, so a stale file never stops a start. */
bool
process_write_pid(const char *path, struct diag *d)
{
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0) {
		diag_add(d, "pid_file %s: %s", path, strerror(errno));
	} else if (!S_ISREG(st.st_mode) || st.st_nlink != 1) {
		diag_add(d, "pid_file %s: is not a file of its own", path);
	} else if (fcntl(fd, F_SETLK, &lock) != 0) {
		if (fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
			diag_add(d, "pid_file %s: process %ld runs with it",
			    path, (long)lock.l_pid);
		else
			diag_add(d, "pid_file %s: can't be locked", path);
	} else if (fchmod(fd, 0644) != 0 || ftruncate(fd, 0) != 0 ||
		   dprintf(fd, "%ld\n", (long)getpid()) < 0) {
		diag_add(d, "pid_file %s: %s", path, strerror(errno));
	} else if ((pid_file.path = strdup(path)) != NULL) {
		pid_file.fd = fd;
		return true;
	}
	if (fd >= 0)
		close(fd);
	return false;
}

void
process_remove_pid(void)
{
	if (pid_file.path == NULL)
		return;
	/* After the privileges are gone the folder may be closed to us. */
	if (unlink(pid_file.path) != 0 && ftruncate(pid_file.fd, 0) != 0)
		return;
	free(pid_file.path);
	pid_file.path = NULL;
	close(pid_file.fd);
}

/* Is the thread without any capability? */
static bool
has_no_capability(void)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	memset(data, 0xff, sizeof(data));
	if (syscall(SYS_capget, &head, data) != 0)
		return false;
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		if (data[i].effective != 0 || data[i].permitted != 0)
			return false;
	return true;
}

/* Have we become `uid` and `gid`, for good? */
static bool
is_only(uid_t uid, gid_t gid)
{
	uid_t u[3];
	gid_t g[3];

	return getresuid(&u[0], &u[1], &u[2]) == 0 &&
	       getresgid(&g[0], &g[1], &g[2]) == 0 && u[0] == uid &&
	       u[1] == uid && u[2] == uid && g[0] == gid && g[1] == gid &&
	       g[2] == gid && setuid(0) != 0 && seteuid(0) != 0 &&
	       has_no_capability();
}

bool
process_become(const char *user, uid_t uid, gid_t gid, struct diag *d)
{
	if (geteuid() != 0)
		return true;
	if (uid == 0)
		diag_add(d, "user: the daemon does not run as root");
	else if (initgroups(user, gid) != 0 || setgid(gid) != 0 ||
		 setuid(uid) != 0)
		diag_add(d, "user %s: can't become this user: %s", user,
		    strerror(errno));
	else if (!is_only(uid, gid))
		diag_add(d, "user %s: the rights of root are not gone", user);
	else
		return true;
	return false;
}

/*
 * libmilter has a thread that calls sigwait() for the signals below and takes
 * each, SIGHUP too, for a wish to stop.  This stands in for libc's sigwait() in
 * the whole program, so that no signal is ever lost to it.
 */
__attribute__((visibility("default"))) int
sigwait(const sigset_t *set, int *sig)
{
	(void)set;
	(void)sig;
	for (;;)
		pause();
}

/* What process_wait() waits for; SIGUSR1 is our own. */
static void
fill_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGUSR1);
}

bool
process_catch_signals(struct diag *d)
{
	sigset_t set;

	/* What our parent ignored, as nohup(1) does, would never come; and how
	 * a child ended would not be told. */
	fill_signals(&set);
	if (signal(SIGPIPE, SIG_IGN) != SIG_ERR &&
	    signal(SIGXFSZ, SIG_IGN) != SIG_ERR &&
	    signal(SIGHUP, SIG_DFL) != SIG_ERR &&
	    signal(SIGTERM, SIG_DFL) != SIG_ERR &&
	    signal(SIGINT, SIG_DFL) != SIG_ERR &&
	    signal(SIGUSR1, SIG_DFL) != SIG_ERR &&
	    signal(SIGCHLD, SIG_DFL) != SIG_ERR &&
	    sigprocmask(SIG_BLOCK, &set, NULL) == 0)
		return true;
	diag_add(d, "can't catch signals: %s", strerror(errno));
	return false;
}

static void *
serve(void *arg)
{
	(void)arg;
	service.run();
	service.ended = true;
	pthread_kill(service.main, SIGUSR1);
	return NULL;
}

bool
process_serve(int (*run)(void), struct diag *d)
{
	pthread_t thread;
	int error;

	service.run = run;
	service.main = pthread_self();
	error = pthread_create(&thread, NULL, serve, NULL);
	if (error != 0) {
		diag_add(d, "can't start a thread: %s", strerror(error));
		return false;
	}
	pthread_detach(thread);
	return true;
}

enum process_event
process_wait(int ms)
{
	const struct timespec limit = {ms / 1000, ms % 1000 * 1000000L};
	sigset_t set;

	fill_signals(&set);
	for (;;) {
		switch (sigtimedwait(&set, NULL, ms >= 0 ? &limit : NULL)) {
		case -1:
			if (errno == EAGAIN)
				return PROCESS_TIME;
			break;
		case SIGHUP:
			return PROCESS_RELOAD;
		case SIGTERM:
		case SIGINT:
			sigdelset(&set, SIGHUP);
			sigdelset(&set, SIGUSR1);
			sigprocmask(SIG_UNBLOCK, &set, NULL);
			return PROCESS_STOP;
		case SIGUSR1:
			if (service.ended)
				return PROCESS_ENDED;
			break;
		default:
			break;
		}
	}
}

/* Sanitizers look for leaks in exit() only, so they are asked here. */
/* NOLINTNEXTLINE(bugprone-reserved-identifier): that is its name. */
extern void __lsan_do_leak_check(void) __attribute__((weak));

void
process_exit(int status)
{
	if (__lsan_do_leak_check != NULL)
		__lsan_do_leak_check();
	_exit(status);
}
