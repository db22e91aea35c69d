/* Asking Postfix' own programs; no shell is between. */
#include "policy/command/postfix.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SEPARATORS ", \t\r\n"
#define DEPTH_MAX 8 /* files that name files */
#define ARGS_MAX 6

/* Starts the program, found as the shell would or where Postfix has it; what
 * it prints is read from `*out`.  0, or errno. */
static int
start(const char *const argv[], FILE **out, pid_t *pid)
{
	char *args[ARGS_MAX + 1] = {NULL}, path[64];
	posix_spawn_file_actions_t actions;
	int ends[2], error;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return errno;
	for (size_t n = 0; n < ARGS_MAX && argv[n] != NULL; n++)
		args[n] = strdup(argv[n]);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_addopen(
	    &actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	error = posix_spawnp(pid, argv[0], &actions, NULL, args, environ);
	if (error == ENOENT) {
		snprintf(path, sizeof(path), "/usr/sbin/%s", argv[0]);
		error = posix_spawn(pid, path, &actions, NULL, args, environ);
	}
	posix_spawn_file_actions_destroy(&actions);
	for (size_t n = 0; n < ARGS_MAX; n++)
		free(args[n]);
	close(ends[1]);
	*out = error == 0 ? fdopen(ends[0], "r") : NULL;
	if (*out == NULL)
		close(ends[0]);
	return error;
}

/* Did the program end well? */
static bool
ended_well(FILE *out, pid_t pid)
{
	int code = -1;

	if (out != NULL)
		fclose(out);
	while (waitpid(pid, &code, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(code) && WEXITSTATUS(code) == 0;
}

char *
postfix_setting(struct command *c, const char *dir, const char *name)
{
	const char *in[] = {"postconf", "-c", dir, "-xh", name, NULL};
	const char *plain[] = {"postconf", "-xh", name, NULL};
	char *line = NULL;
	size_t size = 0;
	FILE *out;
	pid_t pid;
	int error = start(dir != NULL ? in : plain, &out, &pid);
	bool good;

	if (error != 0) {
		db_fail(&c->db, STATUS_UNKNOWN,
		    "postconf: %s; is Postfix installed?", strerror(error));
		return NULL;
	}
	good = out != NULL && getline(&line, &size, out) >= 0;
	if (!ended_well(out, pid) || !good) {
		free(line);
		db_fail(&c->db, STATUS_UNKNOWN,
		    "postconf cannot tell %s%s%s: run postconf%s%s -xh %s to "
		    "see why",
		    name, dir != NULL ? " of " : "", dir != NULL ? dir : "",
		    dir != NULL ? " -c " : "", dir != NULL ? dir : "", name);
		return NULL;
	}
	line[strcspn(line, "\n")] = '\0';
	return line;
}

/* Is the table one whose keys can be listed? */
static bool
is_listable(const char *table)
{
	static const char *const types[] = {
	    "hash", "btree", "lmdb", "dbm", "sdbm", "texthash", "inline"};
	size_t len = strcspn(table, ":");

	for (size_t n = 0; n < sizeof(types) / sizeof(*types); n++)
		if (strlen(types[n]) == len &&
		    memcmp(types[n], table, len) == 0)
			return true;
	return false;
}

static void
take_table(const struct postfix_list *list, const char *table)
{
	const char *in[] = {"postmap", "-c", list->dir, "-s", table, NULL};
	const char *plain[] = {"postmap", "-s", table, NULL};
	char *line = NULL;
	size_t size = 0;
	FILE *out = NULL;
	pid_t pid = -1;

	if (!is_listable(table)) {
		list->left(list->ctx, table, "its keys cannot be listed");
		return;
	}
	if (start(list->dir != NULL ? in : plain, &out, &pid) != 0) {
		list->left(list->ctx, table, "there is no postmap");
		return;
	}
	while (out != NULL && getline(&line, &size, out) >= 0) {
		line[strcspn(line, "\t\n")] = '\0';
		list->take(list->ctx, line);
	}
	free(line);
	if (!ended_well(out, pid))
		list->left(list->ctx, table, "postmap -s cannot read it");
}

/* A file may name files, DEPTH_MAX deep.  NOLINTBEGIN(misc-no-recursion) */
static bool take_all(
    const struct postfix_list *list, const char *value, int depth);

/* A file of patterns. */
static bool
take_file(const struct postfix_list *list, const char *path, int depth)
{
	FILE *in = depth < DEPTH_MAX ? fopen(path, "re") : NULL;
	char *line = NULL;
	size_t size = 0;
	bool good = true;

	if (in == NULL) {
		list->left(list->ctx, path,
		    depth < DEPTH_MAX ? strerror(errno)
				      : "too many files name files");
		return true;
	}
	while (good && getline(&line, &size, in) >= 0)
		if (line[strspn(line, " \t")] != '#')
			good = take_all(list, line, depth + 1);
	free(line);
	fclose(in);
	return good;
}

static bool
take_pattern(const struct postfix_list *list, const char *pattern, int depth)
{
	if (pattern[0] == '!')
		list->left(list->ctx, pattern, "it excludes");
	else if (pattern[0] == '/')
		return take_file(list, pattern, depth);
	else if (strncmp(pattern, "proxy:", 6) == 0)
		take_table(list, pattern + 6);
	else if (pattern[0] != '[' && strchr(pattern, ':') != NULL)
		take_table(list, pattern);
	else
		list->take(list->ctx, pattern);
	return true;
}

/* Takes the patterns of a list, which blanks or commas part outside braces. */
static bool
take_all(const struct postfix_list *list, const char *value, int depth)
{
	bool good = true;

	while (good && *(value += strspn(value, SEPARATORS)) != '\0') {
		size_t n = 0;
		int braces = 0;
		char *pattern;

		for (; value[n] != '\0' &&
		       (braces > 0 || strchr(SEPARATORS, value[n]) == NULL);
		     n++)
			braces += (value[n] == '{') - (value[n] == '}');
		pattern = strndup(value, n);
		good = pattern != NULL && take_pattern(list, pattern, depth);
		free(pattern);
		value += n;
	}
	return good;
}
/* NOLINTEND(misc-no-recursion) */

bool
postfix_list(const struct postfix_list *list, const char *value)
{
	return take_all(list, value, 0);
}
