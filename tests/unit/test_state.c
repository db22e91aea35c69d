/*
 * milter/state with a real file: what was counted and who is suspended is the
 * same after a restart, whatever happened to the file or the process.
 */
#include "milter/state.h"

#include "milter/contained.h"
#include "milter/copies.h"
#include "milter/limits.h"
#include "milter/log.h"
#include "policy/build.h"

#include "tests/unit/unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>

#include <sqlite3.h>

#define HOUR 3600
#define PATIENCE_MS 60000

static struct {
	pthread_mutex_t lock;
	struct policy *policy; /* in force, and asked for limits */
	char given[4000];      /* names as the keeper got them, sorted */
	size_t given_count;
	char errors[20000]; /* lines of LOG_ERR */
	unsigned error_count, notice_count;
} world = {.lock = PTHREAD_MUTEX_INITIALIZER};

const struct policy *
copies_take(void)
{
	return world.policy;
}

void
copies_give(const struct policy *policy)
{
	assert_ptr_equal(policy, world.policy);
}

void
copies_contain(const struct suspension *automatic, size_t count)
{
	size_t len = 0;

	pthread_mutex_lock(&world.lock);
	world.given[0] = '\0';
	world.given_count = count;
	for (size_t i = 0; i < count && len < sizeof(world.given) - 600; i++)
		len += (size_t)sprintf(world.given + len, "%s%s",
		    len > 0 ? " " : "", automatic[i].name);
	pthread_mutex_unlock(&world.lock);
}

void
copies_free_unused(void)
{
}

void
limits_open(struct ledger *ledger)
{
	assert_ptr_equal(ledger, state_ledger());
}

void
log_line(int priority, const char *fmt, ...)
{
	char line[1000];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	pthread_mutex_lock(&world.lock);
	if (priority == LOG_ERR) {
		world.error_count++;
		strncat(world.errors, line,
		    sizeof(world.errors) - strlen(world.errors) - 2);
		strcat(world.errors, "\n");
	}
	world.notice_count += priority == LOG_NOTICE;
	pthread_mutex_unlock(&world.lock);
}

static bool
was_logged(const char *text)
{
	bool found;

	pthread_mutex_lock(&world.lock);
	found = strstr(world.errors, text) != NULL;
	pthread_mutex_unlock(&world.lock);
	return found;
}

static void
assert_given(const char *names)
{
	char given[sizeof(world.given)];

	pthread_mutex_lock(&world.lock);
	strcpy(given, world.given);
	pthread_mutex_unlock(&world.lock);
	assert_string_equal(given, names);
}

static struct {
	char folder[64], away[80], state[96], log[96], older[96];
	struct config config;
} place;

static struct policy *
new_policy(void)
{
	struct policy *p = build_new();
	struct limit like = {.period = 24 * HOUR, .amount = 1000000000};

	assert_non_null(p);
	p->t->settings.realms.text = strdup("");
	p->t->settings.login_required.text = strdup("");
	p->t->settings.default_realm = strdup("");
	p->t->settings.recipient_delimiter = strdup("+");
	like.principal = build_principal(p->t, "everyone", PRINCIPAL_GROUP);
	for (int m = METRIC_MESSAGES; m <= METRIC_SENDERS; m++) {
		like.metric = (enum metric)m;
		like.name = strdup(metric_name(like.metric));
		if (m == METRIC_SENDERS)
			like.amount = LIMIT_DISTINCT_MAX;
		build_limit(p->t, &like);
	}
	return p;
}

static int
make(void **unused)
{
	(void)unused;
	memset(&place, 0, sizeof(place));
	strcpy(place.folder, "/tmp/test-state-XXXXXX");
	assert_non_null(mkdtemp(place.folder));
	sprintf(place.away, "%s.away", place.folder);
	sprintf(place.state, "%s/state.db", place.folder);
	sprintf(place.log, "%s/audit.log", place.folder);
	sprintf(place.older, "%s/audit.log.1", place.folder);
	place.config =
	    (struct config){.state = place.state, .audit_log = place.log};
	world.errors[0] = world.given[0] = '\0';
	world.error_count = world.notice_count = 0;
	world.given_count = 0;
	world.policy = new_policy();
	assert_true(build_finish(world.policy));
	return 0;
}

static int
discard(void **unused)
{
	char command[200];

	(void)unused;
	state_stop();
	policy_free(world.policy);
	world.policy = NULL;
	snprintf(command, sizeof(command), "rm -rf '%s' '%s'", place.folder,
	    place.away);
	return system(command);
}

static void
start(void)
{
	struct diag d = {0};

	if (!state_start(&place.config, &d))
		fail_msg("%s", diag_first(&d));
	diag_clear(&d);
}

/* As a daemon does that is restarted. */
static void
restart(void)
{
	state_stop();
	start();
}

/* With a file that has been written as a whole: what follows is appended. */
static void
start_to_append(void)
{
	start();
	restart();
}

static void
limits_for(const char *login, struct limits *limits)
{
	assert_true(limits_of(world.policy, login, "", MODE_ENFORCE, limits));
}

static void
send_from(const char *login, unsigned recipients, const char *sender)
{
	struct ledger *l = state_ledger();
	uint32_t print = ledger_print(l, sender);
	const struct charge c = {.now = time(NULL),
	    .login = login,
	    .messages = 1,
	    .recipients = recipients,
	    .senders = &print,
	    .sender_count = 1};
	struct limits limits;
	struct ruling r;

	limits_for(login, &limits);
	ledger_admit(l, &limits, &c, &r);
	assert_int_equal(r.outcome, OUTCOME_PASS);
}

static void
send_many(const char *login, unsigned messages)
{
	for (unsigned i = 0; i < messages; i++)
		send_from(login, 2, "a@b.example");
}

/* Of the login's own account. */
static int64_t
used(const char *login, enum metric metric)
{
	struct limits limits;
	struct ruling r;

	limits_for(login, &limits);
	ledger_look(state_ledger(), &limits, time(NULL), &r);
	for (size_t i = 0; i < limits.count; i++)
		if (limits.at[i].limit->metric == metric &&
		    !limits.at[i].limit->cap)
			return r.at[i].used;
	fail();
	return -1;
}

static void
assert_sent(const char *login, unsigned messages)
{
	assert_int_equal(used(login, METRIC_MESSAGES), messages);
	assert_int_equal(used(login, METRIC_RECIPIENTS), 2 * messages);
}

static void
suspend(const char *login, const char *limit, int64_t since, int64_t until)
{
	const struct suspension s = {login, until, "too much", limit, since};

	state_suspend(&s);
}

static bool
is_healthy(void)
{
	struct state_figures f;

	state_figures(&f);
	return f.healthy;
}

/* It may be well again already. */
static bool
has_failed(void)
{
	struct state_figures f;

	state_figures(&f);
	return f.failures > 0;
}

static void
rest(void)
{
	const struct timespec pause = {0, 10000000};

	nanosleep(&pause, NULL);
}

static void
await(bool (*holds)(void))
{
	for (int ms = 0; ms < PATIENCE_MS; ms += 10) {
		if (holds())
			return;
		rest();
	}
	fail_msg("waited in vain: %s", world.errors);
}

/* One value, read as the sqlite3 shell would; -1 when there is none. */
static int64_t
ask(const char *sql)
{
	int64_t value = -1;
	sqlite3_stmt *s = NULL;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(place.state, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 5000);
	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW)
		value = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return value;
}

static void
force(const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(place.state, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	sqlite3_close(db);
}

/* How many files of the folder begin so and don't end in -wal or -shm. */
static unsigned
count_files(const char *head)
{
	DIR *d = opendir(place.folder);
	struct dirent *e;
	unsigned n = 0;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		const char *end = strrchr(e->d_name, '-');

		n += strncmp(e->d_name, head, strlen(head)) == 0 &&
		     (end == NULL || (strcmp(end, "-wal") != 0 &&
					 strcmp(end, "-shm") != 0));
	}
	closedir(d);
	return n;
}

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* Runs `act` in a process of its own, so that no lock of ours is dropped. */
static void
in_child(void (*act)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		act();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
what_was_counted_is_there_after_a_restart(void **unused)
{
	struct stat st;

	(void)unused;
	start();
	send_many("alice", 5);
	send_from("alice", 2, "other@b.example");
	send_many("bob", 3);
	assert_int_equal(used("alice", METRIC_SENDERS), 2);
	restart();
	assert_sent("alice", 6);
	assert_sent("bob", 3);
	assert_sent("carol", 0);
	assert_int_equal(used("alice", METRIC_SENDERS), 2);
	/* the fingerprints have the same key */
	send_from("alice", 2, "other@b.example");
	assert_int_equal(used("alice", METRIC_SENDERS), 2);
	restart();
	assert_sent("alice", 7);
	assert_int_equal(stat(place.state, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(world.error_count, 0);
}

static bool
is_appended(void)
{
	return ask("SELECT count(DISTINCT shard) FROM posting") == 2;
}

static void
nothing_waits_for_the_end(void **unused)
{
	(void)unused;
	start_to_append();
	send_many("alice", 5);
	send_many("bob", 1);
	await(is_appended);
}

static bool
is_folded(void)
{
	return ask("SELECT length(data) FROM snapshot WHERE shard IN "
		   "(SELECT shard FROM snapshot)") > 0 &&
	       ask("SELECT count(*) FROM posting") == 0;
}

static void
folding_keeps_the_sums(void **unused)
{
	(void)unused;
	start_to_append();
	send_many("alice", 4000); /* more than 64 kB of postings */
	await(is_folded);
	assert_sent("alice", 4000);
	send_many("alice", 10);
	restart();
	assert_sent("alice", 4010);
	assert_int_equal(ask("SELECT count(*) FROM posting"), 1);
	assert_true(ask("SELECT length(data) FROM snapshot") < 2000);
}

/* Everyone together has an account as well, in the shard of the login. */
static void
accounts_of_one_message_are_not_mixed_up(void **unused)
{
	struct policy *p = new_policy();
	struct limit cap = {.name = strdup("all"),
	    .principal = build_principal(p->t, "everyone", PRINCIPAL_GROUP),
	    .metric = METRIC_MESSAGES,
	    .amount = 1000,
	    .period = HOUR,
	    .cap = true};
	char name[40];
	int i = 0;

	(void)unused;
	do
		sprintf(name, "login%d", i++);
	while ((build_hash(name, "") - build_hash("everyone", "")) %
		   LEDGER_SHARDS !=
	       0);
	build_limit(p->t, &cap);
	assert_true(build_finish(p));
	policy_free(world.policy);
	world.policy = p;
	start_to_append();
	send_from(name, 2, "a@b.example");
	restart();
	assert_sent(name, 1);
	assert_int_equal(used(name, METRIC_SENDERS), 1);
	send_from(name, 2, "a@b.example");
	assert_int_equal(used(name, METRIC_SENDERS), 1);
}

static void
accounts_of_one_shard_are_not_mixed_up(void **unused)
{
	char name[40];

	(void)unused;
	start_to_append();
	for (int i = 0; i < 2000; i++) {
		sprintf(name, "login%d", i);
		send_many(name, 1 + (unsigned)i % 3);
	}
	restart();
	for (int i = 0; i < 2000; i++) {
		sprintf(name, "login%d", i);
		assert_sent(name, 1 + (unsigned)i % 3);
	}
}

/* What parent and child share. */
struct shared {
	_Atomic unsigned sent;
};

static void
be_killed(struct shared *shared)
{
	start();
	for (;;) {
		send_from("alice", 2, "a@b.example");
		atomic_fetch_add(&shared->sent, 1);
		if (shared->sent % 64 == 0)
			send_from("bob", 2, "b@b.example");
		rest();
	}
}

static void
kill_9_loses_a_second_at_most(void **unused)
{
	struct shared *shared = mmap(NULL, sizeof(*shared),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned before[130] = {0}, sent;
	pid_t pid;

	(void)unused;
	assert_ptr_not_equal(shared, MAP_FAILED);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		be_killed(shared);
	while (shared->sent == 0)
		rest();
	/* 1.3 s: the second, and time to write on a busy machine */
	for (int i = 0; i < 260; i++) {
		before[i % 130] = shared->sent;
		rest();
	}
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	sent = shared->sent;
	start();
	assert_in_range(used("alice", METRIC_MESSAGES), before[0], sent + 1);
	assert_true(before[0] > 10 && before[0] < sent);
	munmap(shared, sizeof(*shared));
}

struct bad_file {
	const char *name;
	const char *text; /* instead of the file, or */
	const char *sql;  /* done to it */
};

static const struct bad_file bad_files[] = {
    {"a file that is no database is moved aside", "This is a shopping list."},
    {"another program's database is moved aside", NULL,
	"PRAGMA application_id = 7"},
    {"a file without its tables is moved aside", NULL, "DROP TABLE posting"},
    {"a posting that is none moves the file aside", NULL,
	"INSERT INTO posting (shard, data) VALUES (0, x'4e05616c')"},
    {"a posting for no shard moves the file aside", NULL,
	"PRAGMA ignore_check_constraints = 1; PRAGMA writable_schema = 1; "
	"INSERT INTO posting (shard, data) VALUES (256, x'')"},
    {"a key that is none moves the file aside", NULL,
	"PRAGMA ignore_check_constraints = 1; UPDATE ledger_key SET key = "
	"x'00'"},
};

static void
is_moved_aside(void **row)
{
	const struct bad_file *bad = *row;

	start();
	send_many("alice", 5);
	suspend("mallory", "daily", time(NULL), time(NULL) + HOUR);
	state_stop();
	if (bad->text != NULL)
		write_file(place.state, bad->text);
	else
		force(bad->sql);
	start();
	assert_true(was_logged("can't be used"));
	assert_true(was_logged("state.db.damaged-2"));
	assert_int_equal(count_files("state.db.damaged-2"), 1);
	assert_sent("alice", 0);
	send_many("alice", 2);
	await(is_healthy);
	restart();
	assert_sent("alice", 2);
	assert_int_equal(count_files("state.db.damaged-2"), 1);
}

static void
a_newer_file_is_left_alone(void **unused)
{
	struct stat before, after;
	struct json j = {0};

	(void)unused;
	start();
	send_many("alice", 5);
	state_stop();
	force("PRAGMA user_version = 2");
	assert_int_equal(stat(place.state, &before), 0);
	start();
	assert_true(was_logged("upgrade the program, or move the file away"));
	send_many("alice", 1);
	suspend("mallory", "daily", time(NULL), time(NULL) + HOUR);
	assert_given("mallory");
	assert_sent("alice", 1);
	state_status(&j);
	assert_non_null(strstr(j.text, "\"healthy\":false"));
	assert_non_null(strstr(j.text, "schema 2"));
	json_free(&j);
	state_stop();
	assert_int_equal(stat(place.state, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	force("PRAGMA user_version = 1");
	start();
	assert_sent("alice", 5);
}

static void
garble(void)
{
	char bytes[4096];
	int fd = open(place.state, O_WRONLY);

	memset(bytes, 'x', sizeof(bytes));
	for (off_t page = 1; page < 8; page++)
		if (pwrite(fd, bytes, sizeof(bytes), page * 4096) < 0)
			_exit(1);
}

static void
damage_while_it_runs_loses_nothing(void **unused)
{
	(void)unused;
	start();
	send_many("alice", 5);
	suspend("mallory", "daily", time(NULL), time(NULL) + HOUR);
	/* what is in the log goes to the file, and caches are void */
	assert_int_equal(ask("PRAGMA wal_checkpoint(TRUNCATE)"), 0);
	force(
	    "INSERT INTO suspension (principal, limit_name, why, since, until)"
	    " VALUES ('x', 'y', '', '', '')");
	in_child(garble);
	send_many("alice", 2);
	await(has_failed);
	await(is_healthy);
	assert_int_equal(count_files("state.db.damaged-2"), 1);
	assert_sent("alice", 7);
	restart();
	assert_sent("alice", 7);
	assert_given("mallory");
}

static void
a_deleted_file_is_made_anew(void **unused)
{
	(void)unused;
	start();
	send_many("alice", 5);
	suspend("mallory", "daily", time(NULL), time(NULL) + HOUR);
	assert_int_equal(unlink(place.state), 0);
	send_many("alice", 2);
	suspend("eve", "daily", time(NULL), time(NULL) + HOUR);
	/* committed to the new file at once */
	assert_int_equal(ask("SELECT count(*) FROM suspension"), 2);
	await(is_healthy);
	restart();
	assert_sent("alice", 7);
	assert_given("eve mallory");
}

static void
a_file_put_in_its_place_is_moved_aside(void **unused)
{
	char other[120];

	(void)unused;
	sprintf(other, "%s/other", place.folder);
	write_file(other, "This is a shopping list.");
	start();
	send_many("alice", 5);
	assert_int_equal(rename(other, place.state), 0);
	await(has_failed);
	await(is_healthy);
	assert_int_equal(count_files("state.db.damaged-2"), 1);
	restart();
	assert_sent("alice", 5);
}

static void
a_folder_that_vanishes_for_a_while_does_no_harm(void **unused)
{
	(void)unused;
	start();
	send_many("alice", 5);
	assert_int_equal(rename(place.folder, place.away), 0);
	await(has_failed);
	send_many("alice", 2);
	suspend("mallory", "daily", time(NULL), time(NULL) + HOUR);
	assert_given("mallory");
	assert_true(was_logged("a suspension can't be kept"));
	send_many("bob", 1);
	assert_int_equal(rename(place.away, place.folder), 0);
	await(is_healthy);
	assert_int_equal(world.notice_count, 1);
	restart();
	assert_sent("alice", 7);
	assert_sent("bob", 1);
	assert_given("mallory");
	assert_int_equal(count_files("state.db.damaged-2"), 0);
}

static uint64_t failures_awaited;

static bool
has_failed_often(void)
{
	struct state_figures f;

	state_figures(&f);
	return f.failures >= failures_awaited;
}

/* A disk may be full for days: what all is written anew from is in memory, and
 * nothing else is gathered for it. */
static void
nothing_is_gathered_for_no_file(void **unused)
{
	struct state_figures f;
	size_t gathered = 0;

	(void)unused;
	start();
	assert_int_equal(rename(place.folder, place.away), 0);
	await(has_failed);
	send_many("alice", 500);
	state_figures(&f);
	failures_awaited = f.failures + 2;
	await(has_failed_often);
	for (unsigned i = 0; i < LEDGER_SHARDS; i++) {
		struct postings p;

		(void)ledger_take(state_ledger(), i, &p);
		gathered += p.len;
		postings_clear(&p);
	}
	assert_int_equal(gathered, 0);
	assert_int_equal(rename(place.away, place.folder), 0);
	await(is_healthy);
	restart();
	assert_sent("alice", 500);
}

/* No file may grow beyond `most` bytes. */
static void
limit_files(rlim_t most)
{
	struct rlimit r;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
	r.rlim_cur = most;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}

static void
send_from_many(unsigned logins)
{
	char name[40];

	for (unsigned i = 0; i < logins; i++) {
		sprintf(name, "login%u", i);
		send_many(name, 1);
	}
}

static void
a_full_disk_does_no_harm(void **unused)
{
	unsigned errors;

	(void)unused;
	start();
	send_many("alice", 5);
	limit_files(65536);
	send_from_many(3000);
	await(has_failed);
	send_many("alice", 2);
	suspend("mallory", "daily", time(NULL), time(NULL) + HOUR);
	errors = world.error_count;
	limit_files(RLIM_INFINITY);
	await(is_healthy);
	assert_int_equal(errors, 2); /* one for all, one for the suspension */
	assert_int_equal(world.notice_count, 1);
	restart();
	assert_sent("alice", 7);
	assert_sent("login2999", 1);
	assert_given("mallory");
}

static void
a_disk_that_is_full_at_the_start_does_no_harm(void **unused)
{
	(void)unused;
	start();
	send_many("alice", 5);
	suspend("mallory", "daily", time(NULL), time(NULL) + HOUR);
	state_stop();
	limit_files(1);
	start();
	assert_false(is_healthy());
	assert_sent("alice", 5);
	assert_given("mallory");
	send_many("alice", 2);
	limit_files(RLIM_INFINITY);
	await(is_healthy);
	restart();
	assert_sent("alice", 7);
	assert_given("mallory");
	assert_int_equal(count_files("state.db.damaged-2"), 0);
}

static void
a_lock_of_the_shell_is_waited_for(void **unused)
{
	sqlite3 *db;

	(void)unused;
	start();
	assert_int_equal(sqlite3_open(place.state, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	send_many("alice", 5);
	suspend("mallory", "daily", time(NULL), time(NULL) + HOUR);
	assert_given("mallory");
	assert_false(is_healthy());
	sqlite3_close(db);
	await(is_healthy);
	assert_int_equal(ask("SELECT count(*) FROM suspension"), 1);
	restart();
	assert_sent("alice", 5);
}

static void
a_suspension_is_committed_before_it_is_spoken(void **unused)
{
	int64_t now = time(NULL);

	(void)unused;
	start();
	suspend("mallory", "daily", now, now + HOUR);
	assert_int_equal(
	    ask("SELECT count(*) FROM suspension WHERE principal = 'mallory' "
		"AND limit_name = 'daily' AND why = 'too much' AND "
		"strftime('%s', until) - strftime('%s', since) = 3600"),
	    1);
	assert_given("mallory");
	suspend("mallory", "daily", now, now + HOUR);
	suspend("mallory", "daily", now - 1, now + HOUR - 1);
	assert_int_equal(ask("SELECT count(*) FROM suspension"), 1);
	suspend("mallory", "daily", now + 1, now + HOUR - 1);
	suspend("mallory", "daily", now + 1, now + HOUR + 1);
	assert_int_equal(ask("SELECT count(*) FROM suspension"), 3);
	assert_given("mallory");
	suspend("mallory", "hourly", now, now + HOUR);
	assert_given("mallory mallory");
}

static void
suspensions_that_are_not_over_are_restored(void **unused)
{
	int64_t now = time(NULL);
	char latin[] = "j\xfcrgen";

	(void)unused;
	start();
	suspend("mallory", "daily", now - HOUR, now + HOUR);
	suspend(latin, "daily", now - HOUR, now + HOUR);
	suspend("past", "daily", now - HOUR, now - 1);
	world.given[0] = '\0';
	restart();
	assert_given("j\xfcrgen mallory");
	state_stop();
	force("UPDATE suspension SET until = '2020-01-01T00:00:00Z' "
	      "WHERE principal = 'past'");
	start();
	assert_int_equal(
	    ask("SELECT count(*) FROM suspension WHERE principal = 'past'"), 0);
}

static void *
suspend_some(void *arg)
{
	const char *names = arg;
	int64_t now = time(NULL);

	for (int i = 0; names[i] != '\0'; i++) {
		const char name[2] = {names[i], '\0'};

		suspend(name, "daily", now, now + HOUR);
	}
	return NULL;
}

static void
callbacks_suspend_at_once(void **unused)
{
	static char names[4][4] = {"abc", "bcd", "cde", "def"};
	pthread_t threads[4];

	(void)unused;
	start();
	for (int i = 0; i < 4; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, suspend_some, names[i]),
		    0);
	for (int i = 0; i < 100; i++)
		send_many("alice", 10);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(
	    ask("SELECT count(DISTINCT principal) FROM suspension"), 6);
	assert_int_equal(world.given_count, 6);
	restart();
	assert_sent("alice", 1000);
	assert_int_equal(world.given_count, 6);
}

static void
nobody_waits_for_ever(void **unused)
{
	int64_t now = time(NULL);
	const struct suspension s = {"mallory", now + HOUR, "", "daily", now};
	uint64_t ticket, same;

	(void)unused;
	contained_start();
	assert_true(contained_add(&s, &ticket));
	assert_false(contained_wait(ticket, 1));
	contained_serve(ticket);
	assert_true(contained_wait(ticket, 1));
	assert_true(contained_add(&s, &same));
	assert_int_equal(same, ticket);
	assert_false(contained_waits(&same));
	contained_stop();
}

/* Processor seconds to add so many suspensions, as they are read from a file.
 */
static double
time_to_contain(unsigned count)
{
	struct suspension s = {.until = time(NULL) + HOUR,
	    .why = "101 of 100 messages in 1h",
	    .limit = "daily"};
	struct timespec from, to;
	uint64_t ticket;
	char name[40];

	s.name = name;
	contained_start();
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
	for (unsigned i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "user%06u@example.com", i);
		assert_true(contained_add(&s, &ticket));
	}
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
	contained_stop();
	return (double)(to.tv_sec - from.tv_sec) +
	       (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

static void
a_mass_of_suspensions_is_taken_in_stride(void **unused)
{
	double few, many;

	(void)unused;
	few = time_to_contain(4000);
	many = time_to_contain(16000);
	/* four times as many: squared, it would be sixteen times as long */
	assert_true(many < 10 * few);
}

static void
copies_of_a_suspension_share_its_strings(void **unused)
{
	const struct suspension s = {
	    .name = "mallory", .why = "too much", .limit = "daily"};
	struct suspension first, second;

	(void)unused;
	assert_true(suspension_copy(&s, &first));
	assert_ptr_not_equal(first.name, s.name);
	assert_true(suspension_copy(&first, &second));
	assert_ptr_equal(second.name, first.name);
	suspension_free(&first);
	assert_string_equal(second.name, "mallory");
	assert_string_equal(second.why, "too much");
	assert_string_equal(second.limit, "daily");
	suspension_free(&second);
}

static void
status_tells_what_is_in_force(void **unused)
{
	struct json j = {0};
	int64_t now = time(NULL);
	struct policy *p = new_policy();

	(void)unused;
	start();
	send_many("alice", 1);
	suspend("mallory", "daily", 1900000000, 1900003600);
	suspend("eve", "daily", now - 100, now + HOUR);
	build_pardon(p->t, "eve", now - 50);
	assert_true(build_finish(p));
	policy_free(world.policy);
	world.policy = p;
	json_object(&j, NULL);
	state_status(&j);
	json_object_end(&j);
	assert_non_null(strstr(j.text,
	    "\"healthy\":true,\"problem\":\"\",\"failures\":0,\"accounts\":1,"
	    "\"suspended\":1,\"suspensions\":[{\"principal\":\"mallory\","
	    "\"limit\":\"daily\",\"since\":\"2030-03-17T17:46:40Z\","
	    "\"until\":\"2030-03-17T18:46:40Z\"}]}}"));
	json_free(&j);
}

static FILE *audit;

/* A record as milter/record writes it, as far as matters. */
static void
record(const char *login, const char *principal, const char *limit,
    const char *at, const char *until)
{
	struct json j = {0};

	json_object(&j, NULL);
	json_string(&j, "stage", "eom");
	json_string(&j, "login", login);
	if (principal != NULL) {
		json_object(&j, "suspension");
		json_string(&j, "principal", principal);
		json_string(&j, "limit", limit);
		json_string(&j, "at", at);
		json_string(&j, "until", until);
		json_string(&j, "why", "too much");
		json_object_end(&j);
	}
	json_string(&j, "client", "192.0.2.1");
	json_object_end(&j);
	json_newline(&j);
	assert_false(j.failed);
	assert_true(fputs(j.text, audit) >= 0);
	json_free(&j);
}

#define AT "2026-01-01T00:00:00Z"
#define UNTIL "2090-01-01T00:00:00Z"
#define FORGED                                                                 \
	"\"suspension\":{\"principal\":\"victim\",\"limit\":\"daily\",\"at\":" \
	"\"" AT "\",\"until\":\"" UNTIL "\"}"

static void
write_logs(void)
{
	audit = fopen(place.older, "w");
	assert_non_null(audit);
	record("old", "old", "daily", AT, UNTIL);
	record("both", "both", "daily", AT, "2089-01-01T00:00:00Z");
	assert_int_equal(fclose(audit), 0);
	audit = fopen(place.log, "w");
	assert_non_null(audit);
	record("past", "past", "daily", AT, "2026-01-02T00:00:00Z");
	record("both", "both", "daily", "2026-01-02T00:00:00Z", UNTIL);
	record("j\xfcrgen", "j\xfcrgen", "daily", AT, UNTIL);
	record("j\xc3\xbcrgen", "j\xc3\xbcrgen", "daily", AT, UNTIL);
	/* nobody may be suspended by what he is called */
	record(FORGED, NULL, NULL, NULL, NULL);
	record("x\"," FORGED ",\"y\":\"", NULL, NULL, NULL, NULL);
	record("x\n{" FORGED "}\n", NULL, NULL, NULL, NULL);
	fputs("{\"cert\":{" FORGED "},\"login\":\"x\"}\n", audit);
	fputs("no record: " FORGED "\n", audit);
	fputs("{" FORGED "\n", audit);
	fputs("{\"suspension\":{\"principal\":\"victim\"}}\n", audit);
	fputs("{\"suspension\":{\"principal\":7,\"limit\":\"daily\",\"at\":"
	      "\"" AT "\",\"until\":\"" UNTIL "\"}}\n",
	    audit);
	record("Victim", "Victim", "daily", AT, UNTIL);
	record("victim", "victim", "daily", AT, "2090");
	record("victim", "victim", "daily", "soon", UNTIL);
	record("victim", "victim", "", AT, UNTIL);
	record("last", "last", "daily", AT, UNTIL);
	assert_int_equal(fclose(audit), 0);
}

static void
a_lost_file_is_rebuilt_from_the_log(void **unused)
{
	(void)unused;
	write_logs();
	start();
	assert_given("both j\xc3\xbcrgen j\xfcrgen last old");
	assert_int_equal(ask("SELECT count(*) FROM suspension"), 5);
	assert_int_equal(
	    ask("SELECT count(*) FROM suspension WHERE why = 'too much'"), 5);
	/* with its file it asks the log no more */
	state_stop();
	force("DELETE FROM suspension WHERE principal <> 'last'");
	start();
	assert_given("last");
}

static void
a_damaged_file_is_rebuilt_from_the_log(void **unused)
{
	(void)unused;
	write_logs();
	write_file(place.state, "This is a shopping list.");
	start();
	assert_given("both j\xc3\xbcrgen j\xfcrgen last old");
	assert_int_equal(ask("SELECT count(*) FROM suspension"), 5);
}

static const struct named_test tests[] = {
    {"what was counted is there after a restart",
	what_was_counted_is_there_after_a_restart},
    {"what is counted is appended while the daemon runs",
	nothing_waits_for_the_end},
    {"folding keeps the sums", folding_keeps_the_sums},
    {"accounts of one message are not mixed up",
	accounts_of_one_message_are_not_mixed_up},
    {"accounts of one shard are not mixed up",
	accounts_of_one_shard_are_not_mixed_up},
    {"kill -9 loses a second of counting at most",
	kill_9_loses_a_second_at_most},
    {"a file of a newer version is left alone", a_newer_file_is_left_alone},
    {"damage while the daemon runs loses nothing",
	damage_while_it_runs_loses_nothing},
    {"a deleted file is made anew", a_deleted_file_is_made_anew},
    {"a file put in the place of ours is moved aside",
	a_file_put_in_its_place_is_moved_aside},
    {"a folder that vanishes for a while does no harm",
	a_folder_that_vanishes_for_a_while_does_no_harm},
    {"a full disk does no harm", a_full_disk_does_no_harm},
    {"a disk that is full at the start does no harm",
	a_disk_that_is_full_at_the_start_does_no_harm},
    {"a lock of the shell is waited for", a_lock_of_the_shell_is_waited_for},
    {"a suspension is committed before it is spoken",
	a_suspension_is_committed_before_it_is_spoken},
    {"suspensions that are not over are restored",
	suspensions_that_are_not_over_are_restored},
    {"callbacks suspend at once", callbacks_suspend_at_once},
    {"nothing is gathered for no file", nothing_is_gathered_for_no_file},
    {"nobody waits for ever", nobody_waits_for_ever},
    {"a mass of suspensions is taken in stride",
	a_mass_of_suspensions_is_taken_in_stride},
    {"copies of a suspension share its strings",
	copies_of_a_suspension_share_its_strings},
    {"status tells what is in force", status_tells_what_is_in_force},
    {"the suspensions of a lost file are rebuilt from the audit log",
	a_lost_file_is_rebuilt_from_the_log},
    {"the suspensions of a damaged file are rebuilt from the audit log",
	a_damaged_file_is_rebuilt_from_the_log},
};

int
main(void)
{
	struct suite s = {.count = 0};

	signal(SIGXFSZ, SIG_IGN);
	SUITE_TESTS(&s, tests);
	SUITE_ROWS(&s, bad_files, is_moved_aside);
	for (size_t i = 0; i < s.count; i++) {
		s.tests[i].setup_func = make;
		s.tests[i].teardown_func = discard;
	}
	return suite_run(&s, "state");
}
