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

static int wake[2]; /* a byte is written for each event */
static atomic_bool stop_wanted, reload_wanted, ended;

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
	if (ready_fd < 0)
		return;
	dup2(STDIN_FILENO, STDERR_FILENO);
	if (write(ready_fd, "", 1) != 1)
		_exit(EXIT_FAILURE);
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

/* Async-signal-safe.  A full pipe is as good as a byte more. */
static void
wake_up(void)
{
	int saved = errno;

	if (write(wake[1], "", 1) < 0)
		errno = saved;
}

static void
on_signal(int sig)
{
	if (sig == SIGHUP) {
		reload_wanted = true;
	} else {
		if (atomic_exchange(&stop_wanted, true))
			_exit(EXIT_FAILURE);
	}
	wake_up();
}

bool
process_catch_signals(struct diag *d)
{
	/* Deferred, a signal would be libmilter's: hence SA_NODEFER. */
	struct sigaction catch = {
	    .sa_handler = on_signal, .sa_flags = SA_RESTART | SA_NODEFER};
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t ours;

	sigemptyset(&ours);
	sigaddset(&ours, SIGHUP);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGINT);
	if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) == 0 &&
	    fcntl(wake[0], F_SETFL, 0) == 0 &&
	    sigaction(SIGPIPE, &ignore, NULL) == 0 &&
	    sigaction(SIGHUP, &catch, NULL) == 0 &&
	    sigaction(SIGTERM, &catch, NULL) == 0 &&
	    sigaction(SIGINT, &catch, NULL) == 0 &&
	    pthread_sigmask(SIG_UNBLOCK, &ours, NULL) == 0)
		return true;
	diag_add(d, "can't catch signals: %s", strerror(errno));
	return false;
}

static void *
serve(void *arg)
{
	int (**run)(void) = arg;

	(*run)();
	ended = true;
	wake_up();
	return NULL;
}

bool
process_serve(int (*run)(void), struct diag *d)
{
	static int (*running)(void);
	pthread_t thread;
	int error;

	running = run;
	error = pthread_create(&thread, NULL, serve, &running);
	if (error != 0) {
		diag_add(d, "can't start a thread: %s", strerror(error));
		return false;
	}
	pthread_detach(thread);
	return true;
}

enum process_event
process_wait(void)
{
	char byte;

	for (;;) {
		if (stop_wanted)
			return PROCESS_STOP;
		if (ended)
			return PROCESS_ENDED;
		if (atomic_exchange(&reload_wanted, false))
			return PROCESS_RELOAD;
		/* A signal or the end that comes now leaves a byte. */
		if (read(wake[0], &byte, 1) < 0 && errno != EINTR)
			return PROCESS_ENDED;
	}
}
