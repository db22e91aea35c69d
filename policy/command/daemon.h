#ifndef POLICY_COMMAND_DAEMON_H
#define POLICY_COMMAND_DAEMON_H

/*
 * What a running daemon says of itself, asked over its control socket.
 */

#include "policy/command/command.h"
#include "policy/source.h"

enum daemon_status {
	DAEMON_SILENT = 0, /* it may run, but could not be asked: see diag */
	DAEMON_ANSWERED,
	DAEMON_NONE /* none runs */
};

struct daemon {
	struct db db; /* in memory: what the JSON is read with */
	char *json, *database;
	char *problem;		  /* "": what it saw last is in force */
	char *error;		  /* the first, names the row; "" for none */
	struct source_stamp seen; /* without ctime */
	int64_t generation;
	bool available, fallback;
	int suspensions_taken;
};

/*
 * Puts a question, a line without its newline, and gives the answer, malloc'ed:
 * a JSON object, open in `db`, in memory, whose functions read it.  An answer
 * that is only an `error` is none.
 */
enum daemon_status daemon_question(const char *socket, const char *question,
    struct db *db, char **json, struct diag *diag);

/* Fills `d` when DAEMON_ANSWERED; free with daemon_free() in any case. */
enum daemon_status daemon_ask(
    const char *socket, struct daemon *d, struct diag *diag);
void daemon_free(struct daemon *d);

/* Does it serve the file of this stamp? */
bool daemon_serves(const struct daemon *d, const struct source_stamp *file);

/* Has it looked at the file as this stamp has it, or at a later state? */
bool daemon_has_seen(const struct daemon *d, const struct source_stamp *file);

/*
 * The state of the policy file.  Only where the process has no SQLite
 * connection on it: closing the file drops SQLite's locks.
 */
bool daemon_stamp_file(
    const char *path, struct source_stamp *stamp, struct diag *diag);

/*
 * Waits until the daemon, if one runs and serves c->path, has the file as it
 * is now in force.  STATUS_UNKNOWN, said, with the row that blocks it, when it
 * refuses it, stands still for 10 s, or may not be asked.  `*told` becomes
 * true when a daemon confirmed.
 */
enum status daemon_wait(struct command *c, bool *told);

#endif
