/*
 * milter/notice: what the command gets, how it is bounded, and how its failure
 * is told.  The commands are real programs; what they write is in a folder.
 */
#include "milter/notice.h"

#include "milter/log.h"
#include "milter/program.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define PATIENCE_MS 30000

static char dir[] = "/tmp/test_notice.XXXXXX";

/* --- the daemon's log, as the notices see it --- */

static struct {
	pthread_mutex_t lock;
	char lines[64][1024];
	size_t count;
} log_seen = {.lock = PTHREAD_MUTEX_INITIALIZER};

void
log_line(int priority, const char *fmt, ...)
{
	va_list ap;

	(void)priority;
	pthread_mutex_lock(&log_seen.lock);
	va_start(ap, fmt);
	if (log_seen.count < COUNT(log_seen.lines))
		vsnprintf(log_seen.lines[log_seen.count++],
		    sizeof(*log_seen.lines), fmt, ap);
	va_end(ap);
	pthread_mutex_unlock(&log_seen.lock);
}

void
log_diag(int priority, const struct diag *d)
{
	for (size_t i = 0; i < diag_kept(d); i++)
		log_line(priority, "%s", d->lines[i]);
}

/* --- helpers --- */

static const struct notice trip = {
    .principal = "@example.com",
    .login = "alice@example.com",
    .limit = "mail an hour",
    .metric = "messages",
    .action = "suspend",
    .amount = 100,
    .used = 101,
    .period = 3600,
    .until = 1795608000,
    .time = 1795521600,
    .client = "192.0.2.1",
    .sender = "alice@example.com",
    .ref = "7K2M-9QXD",
};

static const struct notice_bounds usual = {
    .run = 30000, .grace = 2000, .minute = 60000, .stop = 30000};

static char *
in_dir(const char *name)
{
	static char path[sizeof(dir) + 32];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

/* The file as text, zero bytes as newlines; "" when it is not there. */
static const char *
text_of(const char *name)
{
	static char text[8192];
	int fd = open(in_dir(name), O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[n < 0 ? 0 : n] = '\0';
	for (ssize_t i = 0; i < n; i++)
		if (text[i] == '\0')
			text[i] = '\n';
	return text;
}

/* Starts notices whose command is `sh -c SCRIPT sh DIR`. */
static void
start_script(const char *script, const struct notice_bounds *b)
{
	static char *command[6];
	static struct config c;
	struct diag d = {0};

	command[0] = (char *)(uintptr_t) "/bin/sh";
	command[1] = (char *)(uintptr_t) "-c";
	command[2] = (char *)(uintptr_t)script;
	command[3] = (char *)(uintptr_t) "sh";
	command[4] = dir;
	c.notice_command = command;
	log_seen.count = 0;
	if (!notice_start_within(&c, b, &d))
		fail_msg("%s", diag_first(&d));
}

static struct notice_figures
figures(void)
{
	struct notice_figures f;

	notice_figures(&f);
	return f;
}

typedef bool seen_fn(void);

/* Waits until it is so. */
static void
until(seen_fn *seen, const char *what)
{
	int64_t end = program_clock() + PATIENCE_MS;

	while (!seen()) {
		if (program_clock() > end)
			fail_msg("not in time: %s", what);
		poll(NULL, 0, 5);
	}
}
#define UNTIL(seen) until(seen, #seen)

static bool
all_are_over(void)
{
	struct notice_figures f = figures();

	return f.queued == 0 && f.running == 0;
}

static bool
four_run(void)
{
	return figures().running == 4;
}

/* Sends it, lets it end and stops. */
static void
run_script(const char *script, const struct notice *n)
{
	start_script(script, &usual);
	notice_send(n);
	UNTIL(all_are_over);
	notice_stop();
}

/* The same for a command without a shell. */
static void
run_command(const struct config *c)
{
	struct diag d = {0};

	log_seen.count = 0;
	assert_true(notice_start_within(c, &usual, &d));
	notice_send(&trip);
	UNTIL(all_are_over);
	notice_stop();
}

/* How many lines of the log hold `text`. */
static size_t
told(const char *text)
{
	size_t count = 0;

	for (size_t i = 0; i < log_seen.count; i++)
		count += strstr(log_seen.lines[i], text) != NULL;
	return count;
}

#define assert_told(text)                                                   \
	do {                                                                \
		if (told(text) != 1)                                        \
			fail_msg("\"%s\" is in %zu lines of %zu: %s", text, \
			    told(text), log_seen.count, log_seen.lines[0]); \
	} while (0)

static void
assert_figures(unsigned run, unsigned failed, unsigned dropped)
{
	struct notice_figures f = figures();

	assert_int_equal(f.queued, 0);
	assert_int_equal(f.running, 0);
	assert_int_equal(f.run, run);
	assert_int_equal(f.failed, failed);
	assert_int_equal(f.dropped, dropped);
}

/* --- what the command gets --- */

static void
the_environment_is_exact(void **state)
{
	(void)state;
	setenv("PATH", "/usr/bin:/bin", 1);
	setenv("TZ", "Europe/Berlin", 1);
	setenv("LANG", "de_DE.UTF-8", 1);
	setenv("LD_PRELOAD_OF_OURS", "secret", 1);
	run_script("cat /proc/$$/environ >$1/out", &trip);
	assert_string_equal(text_of("out"),
	    "AUTHPOLICY_PRINCIPAL=@example.com\n"
	    "AUTHPOLICY_LOGIN=alice@example.com\n"
	    "AUTHPOLICY_LIMIT=mail an hour\n"
	    "AUTHPOLICY_METRIC=messages\n"
	    "AUTHPOLICY_ACTION=suspend\n"
	    "AUTHPOLICY_AMOUNT=100\n"
	    "AUTHPOLICY_USED=101\n"
	    "AUTHPOLICY_PERIOD=1h\n"
	    "AUTHPOLICY_UNTIL=2026-11-25T12:00:00Z\n"
	    "AUTHPOLICY_TIME=2026-11-24T12:00:00Z\n"
	    "AUTHPOLICY_CLIENT=192.0.2.1\n"
	    "AUTHPOLICY_SENDER=alice@example.com\n"
	    "AUTHPOLICY_REF=7K2M-9QXD\n"
	    "PATH=/usr/bin:/bin\n"
	    "TZ=Europe/Berlin\n"
	    "LANG=C\n");
	assert_figures(1, 0, 0);
	assert_int_equal(log_seen.count, 0);
}

static void
what_is_not_there_is_empty(void **state)
{
	(void)state;
	unsetenv("TZ");
	run_script("cat /proc/$$/environ >$1/out",
	    &(struct notice){.login = "a", .time = 1795521600});
	assert_string_equal(text_of("out"),
	    "AUTHPOLICY_PRINCIPAL=\nAUTHPOLICY_LOGIN=a\nAUTHPOLICY_LIMIT=\n"
	    "AUTHPOLICY_METRIC=\nAUTHPOLICY_ACTION=\nAUTHPOLICY_AMOUNT=0\n"
	    "AUTHPOLICY_USED=0\nAUTHPOLICY_PERIOD=\nAUTHPOLICY_UNTIL=\n"
	    "AUTHPOLICY_TIME=2026-11-24T12:00:00Z\nAUTHPOLICY_CLIENT=\n"
	    "AUTHPOLICY_SENDER=\nAUTHPOLICY_REF=\n"
	    "PATH=/usr/bin:/bin\nLANG=C\n");
}

static void
beyond_printable_ascii_is_a_question_mark(void **state)
{
	struct notice n = trip;

	(void)state;
	n.login = "\xc3\xa4\n\x1b[2J\x7f~ $(id)`id`'\"";
	run_script("printf %s \"$AUTHPOLICY_LOGIN\" >$1/out", &n);
	assert_string_equal(text_of("out"), "????[2J?~ $(id)`id`'\"");
}

static void
a_long_value_is_whole(void **state)
{
	char *sender = calloc(1, 60001);
	struct notice n = trip;

	(void)state;
	assert_non_null(sender);
	memset(sender, 's', 60000);
	n.sender = sender;
	run_script("echo ${#AUTHPOLICY_SENDER} >$1/out", &n);
	assert_string_equal(text_of("out"), "60000\n");
	free(sender);
}

struct period_row {
	const char *name;
	int64_t seconds;
	const char *text;
};

static const struct period_row periods[] = {
    {"a period of seconds", 90, "90s"},
    {"a period of minutes", 900, "15m"},
    {"a period of hours", 7200, "2h"},
    {"a period of days", 604800, "7d"},
};

static void
a_period_is_as_in_the_row(void **state)
{
	const struct period_row *row = *state;
	struct notice n = trip;

	n.period = row->seconds;
	run_script("printf %s $AUTHPOLICY_PERIOD >$1/out", &n);
	assert_string_equal(text_of("out"), row->text);
}

#define OWN_OF_LIBC 0x180000000ULL /* signals 32 and 33, in no sigset_t */

/* A number of the copy of /proc/self/status. */
static unsigned long long
status_of(const char *name, int base)
{
	const char *at = strstr(text_of("out"), name);

	if (at == NULL)
		fail_msg("no %s in: %s", name, text_of("out"));
	return strtoull(at + strlen(name), NULL, base);
}

/* Signals, session and process group; no shell, which would clear the mask. */
static void
signals_are_those_of_a_new_process(void **state)
{
	char *command[] = {(char *)(uintptr_t) "/bin/cp",
	    (char *)(uintptr_t) "/proc/self/status", in_dir("out"), NULL};
	struct config c = {.notice_command = command};
	unsigned long long pid;
	sigset_t set, before;

	(void)state;
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, &before);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTTOU, SIG_IGN);
	run_command(&c);
	sigprocmask(SIG_SETMASK, &before, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGTTOU, SIG_DFL);
	assert_int_equal(status_of("\nSigBlk:", 16), 0);
	assert_int_equal(status_of("\nSigIgn:", 16) & ~OWN_OF_LIBC, 0);
	pid = status_of("\nPid:", 10);
	assert_int_equal(status_of("\nNSpgid:", 10), pid);
	assert_int_equal(status_of("\nNSsid:", 10), pid);
}

static void
no_descriptor_is_inherited(void **state)
{
	static const char begin[] = "/\n/dev/null\n/dev/null\npipe:[";
	int fd = dup(STDIN_FILENO); /* which exec() would leave open */
	const char *text;

	(void)state;
	assert_true(fd > STDERR_FILENO);
	/* a subshell, or the redirection is the shell's own for a while */
	run_script("(readlink /proc/$$/cwd /proc/$$/fd/0 /proc/$$/fd/1 "
		   "/proc/$$/fd/2; ls /proc/$$/fd) >$1/out; :",
	    &trip);
	close(fd);
	text = text_of("out");
	assert_memory_equal(text, begin, strlen(begin));
	assert_string_equal(strstr(text, "]\n"), "]\n0\n1\n2\n");
}

static void
arguments_are_as_configured(void **state)
{
	char *command[] = {(char *)(uintptr_t) "/bin/sh",
	    (char *)(uintptr_t) "-c",
	    (char *)(uintptr_t) "printf '%s|' \"$0\" \"$@\" >$1/out", dir, dir,
	    (char *)(uintptr_t) "a b; $(id) \"*", (char *)(uintptr_t) "", NULL};
	struct config c = {.notice_command = command};
	char expected[256];

	(void)state;
	run_command(&c);
	snprintf(
	    expected, sizeof(expected), "%s|%s|a b; $(id) \"*||", dir, dir);
	assert_string_equal(text_of("out"), expected);
}

/* --- failures --- */

static void
a_failure_is_told(void **state)
{
	struct notice n = trip;

	(void)state;
	n.login = "a\nlogin=b";
	run_script("echo no such user >&2; exit 3", &n);
	assert_figures(1, 1, 0);
	assert_told("notice_command failed with exit status 3; "
		    "limit=mail\\x20an\\x20hour login=a\\x0Alogin\\x3Db: "
		    "no such user");
	assert_int_equal(log_seen.count, 1);
}

static void
a_signal_is_told(void **state)
{
	(void)state;
	run_script("kill -SEGV $$", &trip);
	assert_figures(1, 1, 0);
	assert_told("notice_command was ended by signal 11 (Segmentation "
		    "fault); limit=");
	assert_false(told("time was over"));
}

static void
the_last_of_much_output_is_told(void **state)
{
	const char *said;

	(void)state;
	run_script("i=0; while [ $i -lt 20000 ]; do echo line $i >&2; "
		   "i=$((i+1)); done; printf '\\303\\244\\000end\\n' >&2; "
		   "exit 1",
	    &trip);
	assert_told("line 19999\n???end");
	said = strstr(log_seen.lines[0], "alice@example.com: ");
	assert_non_null(said);
	assert_in_range(strlen(said), 200, 300);
	assert_false(told("line 100\n"));
}

static void
success_with_output_is_not_told(void **state)
{
	(void)state;
	run_script("echo done; echo careful >&2", &trip);
	assert_figures(1, 0, 0);
	assert_int_equal(log_seen.count, 0);
}

static void
a_missing_program_is_told(void **state)
{
	char *command[] = {in_dir("missing"), NULL};
	struct config c = {.notice_command = command};

	(void)state;
	run_command(&c);
	assert_figures(1, 1, 0);
	assert_told("missing: No such file or directory; the daemon's user");
	assert_told("notice_command can't be run: No such file or directory; "
		    "limit=mail");
}

static void
what_can_not_be_run_is_advised(void **state)
{
	char *command[] = {dir, NULL};
	struct config c = {.notice_command = command};
	struct diag d = {0};
	FILE *f;

	(void)state;
	notice_check(&c, &d);
	assert_non_null(strstr(diag_first(&d), "is not a program"));
	diag_clear(&d);
	command[0] = in_dir("data");
	f = fopen(command[0], "w");
	assert_non_null(f);
	fclose(f);
	notice_check(&c, &d);
	assert_non_null(strstr(diag_first(&d), "data: Permission denied"));
	diag_clear(&d);
	assert_int_equal(chmod(command[0], 0755), 0);
	notice_check(&c, &d);
	c.notice_command = NULL;
	notice_check(&c, &d);
	assert_int_equal(d.count, 0);
}

/* --- bounds in time --- */

static bool
child_is_known(void)
{
	return strchr(text_of("child"), '\n') != NULL;
}

static struct program program;

static bool
program_is_over(void)
{
	return program_attend(&program, program_clock());
}

/* Starts a shell that has written its number, or its child's, to `child`. */
static pid_t
start_program(const char *script)
{
	char *argv[] = {(char *)(uintptr_t) "/bin/sh", (char *)(uintptr_t) "-c",
	    (char *)(uintptr_t)script, (char *)(uintptr_t) "sh", dir, NULL};
	char *env[] = {(char *)(uintptr_t) "PATH=/usr/bin:/bin", NULL};

	unlink(in_dir("child"));
	assert_int_equal(program_start(&program, argv, env, 1000000, 1000), 0);
	UNTIL(child_is_known);
	return atoi(text_of("child"));
}

/* The time is the test's: a second program_attend() would be much later. */
static void
a_slow_one_gets_sigterm_then_sigkill(void **state)
{
	int64_t now = program_clock();

	(void)state;
	start_program("trap '' TERM; echo $$ >$1/child; while :; do sleep 1; "
		      "done");
	assert_false(program_attend(&program, now + 999000));
	assert_false(program.late);
	assert_false(program_attend(&program, now + 2000000));
	assert_true(program.late);
	assert_false(program_attend(&program, now + 2000999));
	assert_int_equal(program.next, SIGKILL);
	(void)program_attend(&program, now + 2001000);
	if (program.pid != 0)
		UNTIL(program_is_over);
	assert_true(WIFSIGNALED(program.status));
	assert_int_equal(WTERMSIG(program.status), SIGKILL);
}

static pid_t child;
static int child_status;

static bool
child_is_over(void)
{
	return waitpid(child, &child_status, WNOHANG) == child;
}

static void
the_whole_group_is_killed(void **state)
{
	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	child = start_program("(trap '' TERM; sh -c 'echo $PPID' >$1/child.tmp;"
			      "mv $1/child.tmp $1/child; exec sleep 1000) &"
			      "wait");
	(void)program_attend(&program, program_clock() + 2000000);
	if (program.pid != 0)
		UNTIL(program_is_over);
	assert_int_equal(WTERMSIG(program.status), SIGTERM);
	UNTIL(child_is_over);
	assert_true(WIFSIGNALED(child_status));
	assert_int_equal(WTERMSIG(child_status), SIGKILL);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

static void
a_child_left_in_peace_goes_on(void **state)
{
	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	child = start_program("sleep 1000 & echo $! >$1/child");
	UNTIL(program_is_over);
	assert_int_equal(program.status, 0);
	assert_int_equal(kill(child, SIGTERM), 0);
	UNTIL(child_is_over);
	assert_int_equal(WTERMSIG(child_status), SIGTERM);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

static void
a_slow_notice_is_ended_and_told(void **state)
{
	struct notice_bounds b = usual;

	(void)state;
	b.run = 50;
	start_script("exec sleep 1000", &b);
	notice_send(&trip);
	UNTIL(all_are_over);
	notice_stop();
	assert_figures(1, 1, 0);
	assert_told("notice_command was ended by signal 15 (Terminated), its "
		    "time was over; limit=");
}

static void
the_end_does_not_wait_for_ever(void **state)
{
	struct notice_bounds b = usual;

	(void)state;
	b.stop = 50;
	b.minute = 0;
	start_script("trap '' TERM; while :; do sleep 1; done", &b);
	for (int i = 0; i < 6; i++)
		notice_send(&trip);
	UNTIL(four_run);
	notice_stop();
	assert_figures(4, 4, 2);
	assert_int_equal(told("ended by signal 9 (Killed)"), 4);
	assert_told("2 notices were not run");
}

static void
the_end_lets_running_ones_end(void **state)
{
	(void)state;
	start_script(": >$1/begun; while ! test -e $1/gate; do sleep 0.01;"
		     "done; echo well >$1/out",
	    &usual);
	unlink(in_dir("gate"));
	notice_send(&trip);
	while (access(in_dir("begun"), F_OK) != 0)
		poll(NULL, 0, 5);
	close(open(in_dir("gate"), O_CREAT | O_WRONLY, 0600));
	notice_stop();
	assert_string_equal(text_of("out"), "well\n");
	assert_figures(1, 0, 0);
}

/* --- bounds in number --- */

static void
a_flood_is_counted(void **state)
{
	(void)state;
	start_script("exit 0", &usual);
	for (int i = 0; i < 1000; i++)
		notice_send(&trip);
	UNTIL(all_are_over);
	assert_int_equal(log_seen.count, 0);
	notice_stop();
	assert_figures(10, 0, 990);
	assert_told("990 notices were not run");
}

/* Nor the other way round: each has its own ten. */
static void
no_flood_hides_a_suspension(void **state)
{
	struct notice mild = trip;

	(void)state;
	mild.action = "tempfail";
	start_script("echo $AUTHPOLICY_ACTION >>$1/out", &usual);
	for (int i = 0; i < 30; i++)
		notice_send(&mild);
	notice_send(&trip);
	UNTIL(all_are_over);
	notice_stop();
	assert_figures(11, 0, 20);
	assert_non_null(strstr(text_of("out"), "suspend\n"));
}

static bool
a_line_is_told(void)
{
	size_t count;

	pthread_mutex_lock(&log_seen.lock);
	count = log_seen.count;
	pthread_mutex_unlock(&log_seen.lock);
	return count > 0;
}

static void
the_next_minute_takes_ten_more(void **state)
{
	struct notice_bounds b = usual;
	int64_t end;

	(void)state;
	b.minute = 300;
	start_script("exit 0", &b);
	for (int i = 0; i < 12; i++)
		notice_send(&trip);
	end = program_clock() + b.minute;
	UNTIL(a_line_is_told); /* once the minute is over */
	UNTIL(all_are_over);
	assert_true(program_clock() >= end);
	notice_send(&trip);
	UNTIL(all_are_over);
	notice_stop();
	assert_figures(11, 0, 2);
	assert_told("2 notices were not run");
	assert_int_equal(log_seen.count, 1);
}

static void
four_run_and_sixty_four_wait(void **state)
{
	struct notice_bounds b = usual;
	struct notice_figures f;

	(void)state;
	b.minute = 0;
	unlink(in_dir("gate"));
	start_script("echo x >>$1/begun; while ! test -e $1/gate; do "
		     "sleep 0.01; done",
	    &b);
	for (int i = 0; i < 4; i++)
		notice_send(&trip);
	UNTIL(four_run);
	for (int i = 0; i < 70; i++)
		notice_send(&trip);
	f = figures();
	assert_int_equal(f.running, 4);
	assert_int_equal(f.queued, 64);
	assert_int_equal(f.dropped, 6);
	assert_in_range(strlen(text_of("begun")), 0, 8);
	close(open(in_dir("gate"), O_CREAT | O_WRONLY, 0600));
	UNTIL(all_are_over);
	notice_stop();
	assert_figures(68, 0, 6);
	assert_int_equal(strlen(text_of("begun")), 2 * 68);
}

/* --- beginning and end --- */

static void
without_a_command_nothing_happens(void **state)
{
	struct config c = {0};
	struct diag d = {0};

	(void)state;
	notice_send(&trip); /* before the start */
	assert_true(notice_start(&c, &d));
	notice_send(&trip);
	notice_stop();
	notice_send(&trip);
	notice_stop();
	assert_figures(0, 0, 0);
}

static void *
send_many(void *unused)
{
	(void)unused;
	for (int i = 0; i < 200; i++)
		notice_send(&trip);
	return NULL;
}

static void
callbacks_may_send_while_it_ends(void **state)
{
	struct notice_bounds b = usual;
	pthread_t threads[4];
	struct notice_figures f;

	(void)state;
	b.minute = 0;
	start_script("exit 0", &b);
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, send_many, NULL), 0);
	notice_send(&trip);
	notice_stop();
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	f = figures();
	assert_int_equal(f.queued, 0);
	assert_int_equal(f.running, 0);
	assert_in_range(f.run + f.dropped, 1, 801);
}

static const struct named_test tests[] = {
    {"without a command nothing happens", without_a_command_nothing_happens},
    {"the environment is exact", the_environment_is_exact},
    {"what is not there is empty", what_is_not_there_is_empty},
    {"what is not printable ASCII is a question mark",
	beyond_printable_ascii_is_a_question_mark},
    {"a long value is whole", a_long_value_is_whole},
    {"signals are those of a new process", signals_are_those_of_a_new_process},
    {"no descriptor is inherited", no_descriptor_is_inherited},
    {"arguments are as configured", arguments_are_as_configured},
    {"a failure is told", a_failure_is_told},
    {"a signal is told", a_signal_is_told},
    {"the last of much output is told", the_last_of_much_output_is_told},
    {"a success is not told, whatever it says",
	success_with_output_is_not_told},
    {"a missing program is told", a_missing_program_is_told},
    {"what can't be run is advised of", what_can_not_be_run_is_advised},
    {"a slow one gets SIGTERM, then SIGKILL",
	a_slow_one_gets_sigterm_then_sigkill},
    {"the whole group of a slow one is killed", the_whole_group_is_killed},
    {"what a quick one leaves behind goes on", a_child_left_in_peace_goes_on},
    {"a slow notice is ended and told", a_slow_notice_is_ended_and_told},
    {"the end does not wait for ever", the_end_does_not_wait_for_ever},
    {"the end lets running ones end", the_end_lets_running_ones_end},
    {"a flood is counted and told in one line", a_flood_is_counted},
    {"no flood hides a suspension", no_flood_hides_a_suspension},
    {"the next minute takes ten more", the_next_minute_takes_ten_more},
    {"four run and sixty-four wait", four_run_and_sixty_four_wait},
    {"callbacks may send while it ends", callbacks_may_send_while_it_ends},
};

static int
empty_the_folder(void **state)
{
	static const char *const names[] = {
	    "out", "tmp", "child", "gate", "begun", "data"};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		unlink(in_dir(names[i]));
	return 0;
}

int
main(void)
{
	static struct suite s;
	int failed;

	if (mkdtemp(dir) == NULL)
		return 99;
	SUITE_TESTS(&s, tests);
	SUITE_ROWS(&s, periods, a_period_is_as_in_the_row);
	for (size_t i = 0; i < s.count; i++)
		s.tests[i].teardown_func = empty_the_folder;
	failed = suite_run(&s, "notice");
	rmdir(dir);
	return failed;
}
