/* Asking the daemon: one line to its control socket, one JSON object back. */
#include "policy/command/daemon.h"
#include "policy/verdict.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_S 5 /* how long it may take to answer */
#define ANSWER_MAX (1 << 28)
#define ANSWER_STEP 65536
#define QUESTION_MAX (LOGIN_MAX + 64)
#define LOOK_MS 50
#define STILL_MS 10000

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* A connected socket; -1 with errno. */
static int
connect_to(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct timeval limit = {.tv_sec = ANSWER_S};
	int fd, saved;

	if (strlen(path) >= sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/* Reads to the end; NULL with errno. */
static char *
read_answer(int fd)
{
	char *answer = NULL, *larger;
	size_t len = 0, room = 0;
	ssize_t n;

	do {
		if (room - len < ANSWER_STEP + 1) {
			room = room * 2 + ANSWER_STEP + 1;
			errno = EMSGSIZE;
			larger =
			    room < ANSWER_MAX ? realloc(answer, room) : NULL;
			if (larger == NULL) {
				free(answer);
				return NULL;
			}
			answer = larger;
		}
		n = read(fd, answer + len, ANSWER_STEP);
		len += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	if (n < 0) {
		free(answer);
		return NULL;
	}
	answer[len] = '\0';
	return answer;
}

/* Puts the question and reads to the end; NULL with errno. */
static char *
converse(int fd, const char *question)
{
	char line[QUESTION_MAX];
	int len = snprintf(line, sizeof(line), "%s\n", question);

	if (len >= (int)sizeof(line)) {
		errno = EMSGSIZE;
		return NULL;
	}
	return send(fd, line, (size_t)len, MSG_NOSIGNAL) == len
		   ? read_answer(fd)
		   : NULL;
}

/* Is it an object?  What it says is wrong is said. */
static bool
is_answer(
    struct db *db, const char *json, const char *socket, struct diag *diag)
{
	char *is = NULL, *error = NULL;

	if (db_open_any(db, ":memory:"))
		is = db_text(db, SQL_IS_OBJECT, json);
	if (is != NULL && strcmp(is, "1") == 0)
		error = db_text(db, SQL_ERROR, json);
	if (is == NULL || strcmp(is, "1") != 0)
		diag_add(
		    diag, "%s: what answers there is no authpolicyd", socket);
	else if (error != NULL)
		diag_add(diag, "%s", error);
	free(is);
	free(error);
	return diag->count == 0;
}

enum daemon_status
daemon_question(const char *socket, const char *question, struct db *db,
    char **json, struct diag *diag)
{
	int fd = connect_to(socket);

	*json = NULL;
	if (fd < 0 && (errno == ENOENT || errno == ECONNREFUSED))
		return DAEMON_NONE;
	if (fd >= 0)
		*json = converse(fd, question);
	if (*json == NULL)
		diag_add(diag, "%s: %s%s", socket, strerror(errno),
		    errno == EACCES ? "; ask as root" : "");
	if (fd >= 0)
		close(fd);
	return *json != NULL && is_answer(db, *json, socket, diag)
		   ? DAEMON_ANSWERED
		   : DAEMON_SILENT;
}

static char *
column(sqlite3_stmt *s, int i)
{
	const char *text = (const char *)sqlite3_column_text(s, i);

	return strdup(text != NULL ? text : "");
}

/* Reads what the command goes by; false when it is no answer of a daemon. */
static bool
parse(struct daemon *d)
{
	sqlite3_stmt *s = db_query(&d->db, SQL_DAEMON, d->json);

	if (!db_step(&d->db, s))
		return false;
	d->database = column(s, 0);
	d->problem = column(s, 1);
	d->seen.dev = (dev_t)sqlite3_column_int64(s, 2);
	d->seen.ino = (ino_t)sqlite3_column_int64(s, 3);
	d->seen.size = (off_t)sqlite3_column_int64(s, 4);
	d->seen.mtime_ns = sqlite3_column_int64(s, 5);
	d->seen.change_counter = (uint32_t)sqlite3_column_int64(s, 6);
	d->generation = sqlite3_column_int64(s, 7);
	d->available = sqlite3_column_int(s, 8) != 0;
	d->fallback = sqlite3_column_int(s, 9) != 0;
	d->suspensions_taken = sqlite3_column_int(s, 10);
	d->error = column(s, 11);
	sqlite3_reset(s);
	return d->database != NULL && d->problem != NULL && d->error != NULL;
}

enum daemon_status
daemon_ask(const char *socket, struct daemon *d, struct diag *diag)
{
	enum daemon_status answered;

	memset(d, 0, sizeof(*d));
	answered = daemon_question(socket, "status", &d->db, &d->json, diag);
	if (answered != DAEMON_ANSWERED || parse(d))
		return answered;
	diag_add(diag, "%s: what answers there is no authpolicyd", socket);
	return DAEMON_SILENT;
}

void
daemon_free(struct daemon *d)
{
	db_close(&d->db);
	free(d->json);
	free(d->database);
	free(d->problem);
	free(d->error);
	memset(d, 0, sizeof(*d));
}

bool
daemon_serves(const struct daemon *d, const struct source_stamp *file)
{
	struct stat st;

	return stat(d->database, &st) == 0 && st.st_dev == file->dev &&
	       st.st_ino == file->ino;
}

bool
daemon_has_seen(const struct daemon *d, const struct source_stamp *file)
{
	return d->seen.dev == file->dev && d->seen.ino == file->ino &&
	       (int32_t)(d->seen.change_counter - file->change_counter) >= 0;
}

bool
daemon_stamp_file(
    const char *path, struct source_stamp *stamp, struct diag *diag)
{
	unsigned char b[4];
	int fd;

	if (!source_stat(path, stamp, diag))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || pread(fd, b, sizeof(b), 24) != (ssize_t)sizeof(b)) {
		diag_add(diag, "%s: %s", path,
		    fd < 0 ? strerror(errno) : "not a database");
		if (fd >= 0)
			close(fd);
		return false;
	}
	close(fd);
	stamp->change_counter = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
				(uint32_t)b[2] << 8 | b[3];
	return true;
}

/* What one look at the daemon gave. */
enum look {
	LOOK_NOT_YET = 0,
	LOOK_NO_DAEMON, /* or it has another policy */
	LOOK_IN_FORCE,
	LOOK_BLOCKED, /* said */
	LOOK_SILENT   /* said */
};

/* The row in the way, for the file as the daemon has seen it. */
static enum look
blocked(const struct daemon *d)
{
	if (d->error[0] != '\0')
		fail(STATUS_UNKNOWN, "%s", d->error);
	if (d->suspensions_taken > 0)
		fail(STATUS_UNKNOWN,
		    "what the file newly suspends is in force all the same");
	fail(STATUS_UNKNOWN, "the change is committed but not in force: %s",
	    d->problem);
	return LOOK_BLOCKED;
}

static enum look
look(struct command *c, struct daemon *d)
{
	struct source_stamp file = {0};
	struct diag why = {0};
	enum daemon_status answered = daemon_ask(c->control, d, &why);
	enum look found = LOOK_NOT_YET;

	if (answered == DAEMON_NONE)
		found = LOOK_NO_DAEMON;
	else if (answered == DAEMON_SILENT ||
		 !daemon_stamp_file(c->path, &file, &why)) {
		fail(STATUS_UNKNOWN,
		    "the change is committed; whether it is in force cannot "
		    "be told: %s",
		    diag_first(&why));
		found = LOOK_SILENT;
	} else if (!daemon_serves(d, &file))
		found = LOOK_NO_DAEMON;
	else if (daemon_has_seen(d, &file))
		found = d->problem[0] == '\0' ? LOOK_IN_FORCE : blocked(d);
	diag_clear(&why);
	return found;
}

enum status
daemon_wait(struct command *c, bool *told)
{
	int64_t since = now_ms(), generation = -1;
	uint32_t change_counter = 0;
	char problem[1024] = "";
	enum look found;

	for (;;) {
		struct daemon d;

		found = look(c, &d);
		if (d.generation != generation ||
		    d.seen.change_counter != change_counter)
			since = now_ms();
		generation = d.generation;
		change_counter = d.seen.change_counter;
		snprintf(problem, sizeof(problem), "%s",
		    d.problem != NULL ? d.problem : "");
		daemon_free(&d);
		if (found != LOOK_NOT_YET || now_ms() - since > STILL_MS)
			break;
		nanosleep(
		    &(struct timespec){.tv_nsec = LOOK_MS * 1000000L}, NULL);
	}
	*told = found == LOOK_IN_FORCE;
	if (found == LOOK_NOT_YET)
		fail(STATUS_UNKNOWN,
		    "the change is committed, but for %d s the daemon has not "
		    "looked at it%s%s",
		    STILL_MS / 1000, problem[0] != '\0' ? ": " : "", problem);
	return found == LOOK_IN_FORCE || found == LOOK_NO_DAEMON
		   ? STATUS_OK
		   : STATUS_UNKNOWN;
}
