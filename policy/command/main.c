/*
 * authpolicy: shows and changes the policy.  Every change is one transaction,
 * and is reported only when the daemon, if one runs, has it in force.
 */
#include "build-config.h"

#include "policy/command/command.h"
#include "policy/command/daemon.h"
#include "policy/command/subcommands.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GLOBAL                                                    \
	"[--db FILE] [--json] [--control SOCKET] [--editor NAME]" \
	" [--help] [--version]"
#define DB "/var/lib/authpolicy/policy.db"
#define CONTROL "/run/authpolicy/control.sock"

/* A line with what may follow the subcommand. */
static void
print_with_name(const char *lead, const struct subcommand *s, const char *rest)
{
	printf("%s%s%s%s%s%s\n", lead, s->name, s->verb != NULL ? " " : "",
	    s->verb != NULL ? s->verb : "", rest[0] != '\0' ? " " : "", rest);
}

/* All subcommands, or those of the topic with an example each. */
static void
help(const char *topic)
{
	bool known = false;

	for (const struct subcommand *s = subcommands; s->name != NULL; s++)
		known = known || (topic != NULL && strcmp(s->name, topic) == 0);
	printf("usage: authpolicy %s SUBCOMMAND\n\n", GLOBAL);
	for (const struct subcommand *s = subcommands; s->name != NULL; s++) {
		if (known && strcmp(s->name, topic) != 0)
			continue;
		print_with_name("", s, s->synopsis);
		printf("    %s\n", s->summary);
		if (known)
			print_with_name("    authpolicy ", s, s->example);
	}
	printf(
	    "\nExit status: 0 yes, 1 refused, 2 usage, 75 could not tell.\n");
}

/* Is all to be as it was in the end? */
static bool
is_rehearsal(const struct command *c)
{
	return args_has(&c->args, "dry-run");
}

/* Says what was done and waits until it counts. */
static enum status
finish(struct command *c)
{
	enum status status = STATUS_OK;
	bool told = false;

	if (!c->json)
		output_lines("", &c->changes);
	if (!c->json && is_rehearsal(c))
		puts("dry run: nothing was changed");
	fflush(stdout);
	if (!is_rehearsal(c))
		status = daemon_wait(c, &told);
	if (c->json) {
		if (c->out.text == NULL) /* else it was begun */
			json_object(&c->out, NULL);
		output_json_lines(&c->out, "changes", &c->changes);
		if (told || status != STATUS_OK)
			json_bool(&c->out, "in_force", told);
		else
			json_string(&c->out, "in_force", NULL);
		json_object_end(&c->out);
	}
	return status;
}

/* Runs the subcommand in the transaction it needs. */
static enum status
run(struct command *c)
{
	const struct subcommand *s = c->args.subcommand;
	bool writes = s->access == ACCESS_WRITE ||
		      (s->access == ACCESS_SET && c->args.word_count > 1) ||
		      (s->access == ACCESS_UNDO && args_has(&c->args, "undo"));
	bool reads = s->access == ACCESS_READ || s->access == ACCESS_SET ||
		     s->access == ACCESS_UNDO;
	enum status status;

	if ((writes || reads) && !db_open(&c->db, c->path, writes))
		return c->db.status;
	if (writes && !db_editor(&c->db, c->editor))
		return c->db.status;
	status = s->run(c);
	if (status == STATUS_OK && writes && !is_rehearsal(c) &&
	    !db_commit(&c->db))
		status = c->db.status;
	/* Before any descriptor of the file is closed: see daemon.h. */
	db_close(&c->db);
	if (status == STATUS_OK && (writes || s->access == ACCESS_MAKE) &&
	    c->changes.count > 0)
		status = finish(c);
	return status;
}

/* The daemon names its file by its whole path; NULL without memory. */
static char *
absolute(const char *path)
{
	char *here = path[0] != '/' ? getcwd(NULL, 0) : NULL;
	size_t size = strlen(path) + (here != NULL ? strlen(here) + 2 : 1);
	char *whole = malloc(size);

	if (whole != NULL)
		snprintf(whole, size, "%s%s%s", here != NULL ? here : "",
		    here != NULL ? "/" : "", path);
	free(here);
	return whole;
}

int
main(int argc, char **argv)
{
	struct command c = {0};
	char *path;
	enum status status =
	    args_read(&c.args, argc, argv, subcommands, GLOBAL);

	c.path = path = absolute(args_value(&c.args, "db", DB));
	c.control = args_value(&c.args, "control", CONTROL);
	c.editor = args_value(&c.args, "editor", NULL);
	c.json = args_has(&c.args, "json");
	if (status == STATUS_OK && path == NULL)
		status = fail(STATUS_UNKNOWN, "out of memory");
	if (status == STATUS_OK && c.editor != NULL && c.editor[0] == '\0')
		status = fail(STATUS_USAGE, "--editor needs a name");
	if (status == STATUS_OK) {
		if (args_has(&c.args, "help"))
			help(c.args.topic);
		else if (args_has(&c.args, "version"))
			puts("authpolicy " PACKAGE_VERSION);
		else
			status = run(&c);
	}
	if (c.out.failed)
		status = fail(STATUS_UNKNOWN, "out of memory");
	else if (c.out.text != NULL && c.db.status == STATUS_OK)
		puts(c.out.text);
	db_close(&c.db);
	json_free(&c.out);
	diag_clear(&c.changes);
	args_free(&c.args);
	free(path);
	if (fflush(stdout) != 0 && status == STATUS_OK)
		status = STATUS_UNKNOWN;
	return (int)status;
}
