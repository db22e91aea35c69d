/*
 * milter/process: signals become events, rights are really gone, and whoever
 * started the daemon hears how it went.
 */
#include "milter/process.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

/*
 * Each test runs in a process of its own, which it may change for good.  The
 * functions return what went wrong, or 0.
 */
typedef int child_fn(void);

#define CHECK(condition)                 \
	do {                             \
		if (!(condition))        \
			return __LINE__; \
	} while (0)

static int
run_in_child(child_fn *f)
{
	int status, fds[2], line = 0;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		line = f();
		_exit(write(fds[1], &line, sizeof(line)) != sizeof(line));
	}
	close(fds[1]);
	if (read(fds[0], &line, sizeof(line)) == sizeof(line) && line != 0)
		fail_msg("line %d of the child", line);
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static struct diag diag;

/* --- signals --- */

static int
hup_is_a_reload(void)
{
	CHECK(process_catch_signals(&diag));
	kill(getpid(), SIGHUP);
	CHECK(process_wait(-1) == PROCESS_RELOAD);
	kill(getpid(), SIGHUP);
	CHECK(process_wait(-1) == PROCESS_RELOAD);
	return 0;
}

static int
term_is_a_stop(void)
{
	CHECK(process_catch_signals(&diag));
	kill(getpid(), SIGTERM);
	CHECK(process_wait(-1) == PROCESS_STOP);
	return 0;
}

static int
int_is_a_stop(void)
{
	CHECK(process_catch_signals(&diag));
	kill(getpid(), SIGINT);
	CHECK(process_wait(-1) == PROCESS_STOP);
	return 0;
}

static int
no_signal_is_an_event_too(void)
{
	CHECK(process_catch_signals(&diag));
	CHECK(process_wait(0) == PROCESS_TIME);
	CHECK(process_wait(10) == PROCESS_TIME);
	kill(getpid(), SIGHUP);
	CHECK(process_wait(0) == PROCESS_RELOAD);
	return 0;
}

static int
ignored_signals_are_heard(void)
{
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	CHECK(process_catch_signals(&diag));
	kill(getpid(), SIGHUP);
	CHECK(process_wait(-1) == PROCESS_RELOAD);
	kill(getpid(), SIGTERM);
	CHECK(process_wait(-1) == PROCESS_STOP);
	return 0;
}

static int
children_are_waited_for(void)
{
	int status;
	pid_t pid;

	signal(SIGCHLD, SIG_IGN);
	CHECK(process_catch_signals(&diag));
	pid = fork();
	if (pid == 0)
		_exit(7);
	CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 7);
	return 0;
}

static int
a_second_term_kills(void)
{
	CHECK(process_catch_signals(&diag));
	kill(getpid(), SIGTERM);
	CHECK(process_wait(-1) == PROCESS_STOP);
	kill(getpid(), SIGTERM);
	return __LINE__;
}

static int
a_closed_pipe_is_an_error_only(void)
{
	int fds[2];

	CHECK(process_catch_signals(&diag));
	CHECK(pipe(fds) == 0);
	close(fds[0]);
	CHECK(write(fds[1], "", 1) < 0 && errno == EPIPE);
	return 0;
}

static int
end_at_once(void)
{
	return 0;
}

/* As libmilter does it: whatever it hears would stop the milter. */
static int
listen_for_signals(void)
{
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	return sigwait(&set, &sig);
}

static int
the_end_of_the_service_is_an_event(void)
{
	CHECK(process_catch_signals(&diag));
	CHECK(process_serve(end_at_once, &diag));
	CHECK(process_wait(-1) == PROCESS_ENDED);
	return 0;
}

static int
another_sigwait_gets_no_signal(void)
{
	CHECK(process_catch_signals(&diag));
	CHECK(process_serve(listen_for_signals, &diag));
	for (int i = 0; i < 1000; i++) {
		kill(getpid(), SIGHUP);
		CHECK(process_wait(-1) == PROCESS_RELOAD);
	}
	kill(getpid(), SIGTERM);
	CHECK(process_wait(-1) == PROCESS_STOP);
	return 0;
}

/* --- rights --- */

static int
the_rights_of_root_are_gone(void)
{
	const struct passwd *nobody = getpwnam("nobody");
	gid_t groups[2] = {0, 1};

	CHECK(nobody != NULL && setgroups(2, groups) == 0);
	CHECK(process_become("nobody", nobody->pw_uid, nobody->pw_gid, &diag));
	CHECK(getuid() == nobody->pw_uid && geteuid() == nobody->pw_uid);
	CHECK(getgid() == nobody->pw_gid && getegid() == nobody->pw_gid);
	CHECK(setuid(0) != 0 && setgid(0) != 0);
	for (int n = getgroups(2, groups); n > 0; n--)
		CHECK(groups[n - 1] == nobody->pw_gid);
	CHECK(open("/etc/shadow", O_RDONLY) < 0);
	return 0;
}

static int
root_is_not_become(void)
{
	CHECK(!process_become("root", 0, 0, &diag));
	CHECK(strstr(diag_first(&diag), "does not run as root") != NULL);
	return 0;
}

static int
without_root_nothing_changes(void)
{
	CHECK(setgid(12345) == 0 && setuid(54321) == 0);
	CHECK(process_become("nobody", 65534, 65534, &diag));
	CHECK(geteuid() == 54321 && getegid() == 12345);
	return 0;
}

/* --- the pid file --- */

static char dir[] = "/tmp/test_process.XXXXXX";
static char pid_path[sizeof(dir) + 8];

static long
read_pid(void)
{
	FILE *f = fopen(pid_path, "r");
	long pid = -1;

	if (f == NULL)
		return -1;
	if (fscanf(f, "%ld", &pid) != 1)
		pid = 0;
	fclose(f);
	return pid;
}

static int
the_pid_is_written_and_removed(void)
{
	struct stat st;

	umask(077);
	CHECK(process_write_pid(pid_path, &diag));
	CHECK(stat(pid_path, &st) == 0 && (st.st_mode & 0777) == 0644);
	process_remove_pid();
	CHECK(stat(pid_path, &st) != 0);
	process_remove_pid(); /* and nothing more */
	return 0;
}

static int
a_stale_pid_is_replaced(void)
{
	FILE *f = fopen(pid_path, "w");

	CHECK(f != NULL && fputs("1234567890\n", f) >= 0 && fclose(f) == 0);
	CHECK(process_write_pid(pid_path, &diag));
	FILE *again = fopen(pid_path, "r");
	long pid;
	CHECK(again != NULL && fscanf(again, "%ld", &pid) == 1);
	CHECK(pid == (long)getpid());
	return 0;
}

static int
a_living_pid_is_refused(void)
{
	int ready[2], status;
	char byte = 0;
	pid_t holder;

	CHECK(pipe(ready) == 0);
	holder = fork();
	CHECK(holder >= 0);
	if (holder == 0) {
		byte = process_write_pid(pid_path, &diag) ? 'y' : 'n';
		if (write(ready[1], &byte, 1) == 1)
			pause();
		_exit(0);
	}
	CHECK(read(ready[0], &byte, 1) == 1 && byte == 'y');
	CHECK(!process_write_pid(pid_path, &diag));
	CHECK(strstr(diag_first(&diag), "runs with it") != NULL);
	kill(holder, SIGKILL);
	CHECK(waitpid(holder, &status, 0) == holder);
	CHECK(read_pid() == (long)holder);
	CHECK(process_write_pid(pid_path, &diag));
	return 0;
}

static int
a_link_is_refused(void)
{
	CHECK(symlink("/tmp/nowhere", pid_path) == 0);
	CHECK(!process_write_pid(pid_path, &diag));
	CHECK(access("/tmp/nowhere", F_OK) != 0);
	return 0;
}

static int
a_closed_folder_leaves_an_empty_file(void)
{
	struct stat st;

	CHECK(process_write_pid(pid_path, &diag));
	CHECK(chmod(dir, 0711) == 0 && setuid(54321) == 0);
	process_remove_pid();
	CHECK(stat(pid_path, &st) == 0 && st.st_size == 0);
	return 0;
}

/* --- descriptors and background --- */

static int
all_descriptors_are_taken(void)
{
	struct rlimit limit;

	CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	limit.rlim_cur = 32;
	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	CHECK(process_raise_descriptors() == limit.rlim_max);
	CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	CHECK(limit.rlim_cur == limit.rlim_max);
	return 0;
}

static int
closed_descriptors_are_opened(void)
{
	CHECK(close(0) == 0 && close(2) == 0);
	process_open_standard();
	CHECK(fcntl(0, F_GETFD) == 0 && fcntl(2, F_GETFD) == 0);
	CHECK(open("/dev/null", O_RDONLY) > 2);
	return 0;
}

static int
a_daemon_that_serves(void)
{
	CHECK(process_detach(&diag));
	CHECK(getsid(0) != getpid());
	process_ready();
	_exit(7);
}

static int
a_daemon_that_fails(void)
{
	CHECK(process_detach(&diag));
	_exit(7);
}

struct process_test {
	const char *name;
	child_fn *run;
	bool root;  /* only root can run it */
	int status; /* how the process ends, as wait(2) has it */
};

#define EXITS(status) ((status) << 8)

static const struct process_test tests[] = {
    {"SIGHUP is a reload", hup_is_a_reload},
    {"SIGTERM is a stop", term_is_a_stop},
    {"SIGINT is a stop", int_is_a_stop},
    {"that none came in time is an event", no_signal_is_an_event_too},
    {"signals the parent ignored are heard", ignored_signals_are_heard},
    {"children are waited for though the parent ignored SIGCHLD",
	children_are_waited_for},
    {"a second SIGTERM kills", a_second_term_kills, .status = SIGTERM},
    {"a closed pipe does not kill", a_closed_pipe_is_an_error_only},
    {"the end of the service is an event", the_end_of_the_service_is_an_event},
    {"a thread in sigwait() takes no signal away",
	another_sigwait_gets_no_signal},
    {"the rights of root are gone", the_rights_of_root_are_gone, .root = true},
    {"root is nobody to become", root_is_not_become, .root = true},
    {"who is not root stays who he is", without_root_nothing_changes,
	.root = true},
    {"the pid is written and removed", the_pid_is_written_and_removed},
    {"the pid of a crash is replaced", a_stale_pid_is_replaced},
    {"the pid of a living process is refused", a_living_pid_is_refused},
    {"a pid is not written through a link", a_link_is_refused},
    {"where it can't be removed the pid file is emptied",
	a_closed_folder_leaves_an_empty_file, .root = true},
    {"all descriptors allowed are taken", all_descriptors_are_taken},
    {"closed standard descriptors are opened", closed_descriptors_are_opened},
    {"who starts a daemon that serves exits 0", a_daemon_that_serves,
	.status = EXITS(0)},
    {"who starts a daemon that fails exits 1", a_daemon_that_fails,
	.status = EXITS(1)},
};

static void
process_test(void **state)
{
	const struct process_test *t = *state;

	if (t->root && geteuid() != 0)
		skip();
	assert_int_equal(run_in_child(t->run), t->status);
}

static int
remove_pid_file(void **state)
{
	(void)state;
	unlink(pid_path);
	return 0;
}

int
main(void)
{
	static struct suite s;
	int failed;

	if (mkdtemp(dir) == NULL)
		return 99;
	snprintf(pid_path, sizeof(pid_path), "%s/pid", dir);
	for (size_t i = 0; i < COUNT(tests); i++) {
		suite_add(&s, tests[i].name, process_test, &tests[i]);
		s.tests[s.count - 1].teardown_func = remove_pid_file;
	}
	failed = suite_run(&s, "process");
	rmdir(dir);
	return failed;
}
