/* authpolicy sql: the sqlite3 shell on the policy. */
#include "policy/command/command.h"
#include "policy/command/daemon.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The shell names nobody to the history, so whatever it leaves unnamed gets a
 * name as it is written.  NULL without memory. */
static char *
name_editor(struct command *c)
{
	return sqlite3_mprintf(
	    "CREATE TEMP TRIGGER editor AFTER INSERT ON history"
	    " WHEN NEW.editor IS NULL BEGIN"
	    " DELETE FROM history WHERE id = NEW.id;"
	    " INSERT INTO history(id, at, editor, tbl, op, old, new) VALUES"
	    " (NEW.id, NEW.at, %Q, NEW.tbl, NEW.op, NEW.old, NEW.new); END;",
	    c->editor != NULL ? c->editor : "sql");
}

/* Runs the shell to its end; its wait status, or -1. */
static int
run_shell(struct command *c)
{
	char *editor = name_editor(c);
	const char *statement =
	    c->args.word_count > 0 ? c->args.words[0] : NULL;
	int code = -1;
	pid_t pid = editor != NULL ? fork() : -1;

	if (pid == 0) {
		execlp("sqlite3", "sqlite3", "-cmd", ".timeout 5000", "-cmd",
		    editor, c->json ? "-json" : "-list", c->path, statement,
		    NULL);
		fail(STATUS_UNKNOWN, "sqlite3: %s; install the sqlite3 shell",
		    strerror(errno));
		_exit(STATUS_UNKNOWN);
	}
	signal(SIGINT, SIG_IGN); /* it is the shell's to handle */
	while (pid > 0 && waitpid(pid, &code, 0) < 0 && errno == EINTR)
		;
	sqlite3_free(editor);
	return code;
}

enum status
run_sql(struct command *c)
{
	struct source_stamp before = {0}, after = {0};
	struct diag why = {0};
	int code;

	if (!db_open(&c->db, c->path, false))
		return c->db.status;
	db_close(&c->db);
	daemon_stamp_file(c->path, &before, &why);
	code = run_shell(c);
	daemon_stamp_file(c->path, &after, &why);
	diag_clear(&why);
	if (before.ino != after.ino ||
	    before.change_counter != after.change_counter)
		diag_add(&c->changes, "the policy was changed");
	if (code == -1 || !WIFEXITED(code) ||
	    WEXITSTATUS(code) == STATUS_UNKNOWN)
		return STATUS_UNKNOWN;
	return WEXITSTATUS(code) == 0 ? STATUS_OK : STATUS_REFUSED;
}
