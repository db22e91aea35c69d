/*
 * Reads authpolicyd.conf.  To libconfuse each value is a string; what it may
 * be is the keys' business.  So every fault is told in the same way.
 */
#include "milter/config.h"

#include "milter/keys.h"

#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_LIMIT 65536 /* bytes; no honest configuration is larger */

/* libconfuse hands nothing of ours to its hooks, so this is static. */
static struct reader {
	const char *path;
	struct diag *diag;
	int lines[CONFIG_KEYS];	     /* where a key is set; 0: nowhere */
	unsigned times[CONFIG_KEYS]; /* values seen */
} reader;

static void complain(int line, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Says what is wrong at a line of the file; 0: none in particular. */
static void
complain(int line, const char *fmt, ...)
{
	char text[1024], where[16] = "";
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (line > 0)
		snprintf(where, sizeof(where), ":%d", line);
	diag_add(reader.diag, "%s%s: %s", reader.path, where, text);
}

static void on_error(cfg_t *cfg, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

/* libconfuse's own complaints: unknown keys and syntax. */
static void
on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	char text[512], names[512] = "";

	vsnprintf(text, sizeof(text), fmt, ap);
	if (strstr(fmt, "no such option") == NULL) {
		complain(cfg->line, "%s; a line is: key = \"value\"", text);
		return;
	}
	for (size_t i = 0, n = 0; i < CONFIG_KEYS; i++)
		n += (size_t)snprintf(
		    names + n, sizeof(names) - n, " %s", keys[i].name);
	complain(cfg->line, "%s; the keys are:%s", text, names);
}

/* Called after each value; values are looked at when all are known. */
static int
on_value(cfg_t *cfg, cfg_opt_t *opt)
{
	size_t i = 0;

	while (strcmp(keys[i].name, opt->name) != 0)
		i++;
	/* Of a list: each value, then once more at the closing brace. */
	if (reader.times[i]++ >=
	    (i == KEYS_NOTICE_COMMAND ? opt->nvalues + 1 : 1)) {
		complain(cfg->line, "%s: is set in line %d already", opt->name,
		    reader.lines[i]);
		reader.times[i] = 0; /* enough said */
	}
	if (reader.lines[i] == 0)
		reader.lines[i] = cfg->line;
	return 0;
}

/*
 * libconfuse would fill in `${NAME}` from the environment, and -t is run in
 * another one than the daemon.
 */
static bool
has_no_variables(const char *text)
{
	int line = 1;
	bool ok = true;

	for (const char *next; text != NULL; text = next, line++) {
		next = strchr(text, '\n');
		if (next != NULL)
			next++;
		text += strspn(text, " \t");
		const char *found = text[0] == '#' ? NULL : strstr(text, "${");
		if (found != NULL && (next == NULL || found < next)) {
			complain(line, "${ has no meaning here: variables of "
				       "the environment are not filled in");
			ok = false;
		}
	}
	return ok;
}

/* The whole file as text, or NULL; to be freed. */
static char *
slurp(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text = malloc(FILE_LIMIT + 1);
	struct stat st;
	ssize_t n = -1;

	if (fd >= 0 && fstat(fd, &st) == 0 && text != NULL) {
		if (!S_ISREG(st.st_mode))
			errno = EISDIR; /* or something odder still */
		else if (st.st_size > FILE_LIMIT)
			errno = EFBIG;
		else
			n = read(fd, text, FILE_LIMIT);
	}
	if (n < 0)
		complain(0, "can't be read: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	if (n >= 0) {
		text[n] = '\0';
		if (strlen(text) == (size_t)n)
			return text;
		complain(0, "is not a text file");
	}
	free(text);
	return NULL;
}

/* What libconfuse makes of the file, or NULL; to be released by cfg_free(). */
static cfg_t *
parse(const char *text)
{
	cfg_opt_t opts[CONFIG_KEYS + 1];
	size_t before = reader.diag->count;
	cfg_t *cfg;

	for (size_t i = 0; i < KEYS_NOTICE_COMMAND; i++)
		opts[i] = (cfg_opt_t)CFG_STR(keys[i].name, NULL, CFGF_NONE);
	opts[KEYS_NOTICE_COMMAND] = (cfg_opt_t)CFG_STR_LIST(
	    keys[KEYS_NOTICE_COMMAND].name, NULL, CFGF_NONE);
	opts[CONFIG_KEYS] = (cfg_opt_t)CFG_END();
	cfg = cfg_init(opts, CFGF_NONE);
	if (cfg == NULL)
		return NULL;
	cfg_set_error_function(cfg, on_error);
	for (size_t i = 0; i < CONFIG_KEYS; i++)
		cfg_set_validate_func(cfg, keys[i].name, on_value);
	if (cfg_parse_buf(cfg, text) == CFG_SUCCESS)
		return cfg;
	if (reader.diag->count == before)
		complain(cfg->line, "can't be understood");
	cfg_free(cfg);
	return NULL;
}

static bool
read_list(struct config *c, cfg_t *cfg)
{
	unsigned n = cfg_size(cfg, keys[KEYS_NOTICE_COMMAND].name);

	if (n == 0)
		return true;
	c->notice_command = calloc(n + 1, sizeof(*c->notice_command));
	for (unsigned i = 0; c->notice_command != NULL && i < n; i++) {
		c->notice_command[i] =
		    strdup(cfg_getnstr(cfg, keys[KEYS_NOTICE_COMMAND].name, i));
		if (c->notice_command[i] == NULL)
			return false;
	}
	return c->notice_command != NULL;
}

/* Takes all keys into the configuration.  False: out of memory. */
static bool
take_all(struct config *c, cfg_t *cfg)
{
	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		const struct key *k = &keys[i];
		bool given = reader.lines[i] != 0;

		c->texts[i] =
		    strdup(given ? cfg_getstr(cfg, k->name) : k->initial);
		if (c->texts[i] == NULL)
			return false;
		if (!k->take(&(struct taking){k, c, c->texts[i], given}))
			complain(reader.lines[i],
			    "%s: %s\"%s\" is not allowed: it must be %s",
			    k->name, given ? "" : "the default ", c->texts[i],
			    k->allowed);
	}
	return read_list(c, cfg);
}

/* Who can connect, beyond those the administrator had in mind? */
static void
judge_socket(struct config *c)
{
	bool unix_socket = c->endpoint.kind == ENDPOINT_UNIX;

	if (unix_socket && (c->socket_mode & 0002) != 0)
		diag_add(&c->advice,
		    "socket_mode: every user of this host can connect to %s "
		    "and claim any login",
		    c->socket);
	if (unix_socket || c->endpoint.kind == ENDPOINT_FD)
		return;
	if (endpoint_is_local(&c->endpoint))
		diag_add(&c->advice,
		    "socket: every user of this host can connect to %s and "
		    "claim any login: a unix socket has a mode and a group",
		    c->socket);
	else if (c->allow_network)
		diag_add(&c->advice,
		    "socket: whoever can reach %s over the network can claim "
		    "any login",
		    c->socket);
	else
		complain(reader.lines[KEYS_SOCKET],
		    "socket: %s is not a loopback address: whoever can write "
		    "to the socket can claim any login; allow_network = true "
		    "permits it",
		    c->socket);
}

struct config *
config_read(const char *path, struct diag *d)
{
	struct config *c = calloc(1, sizeof(*c));
	size_t before = d->count;
	char *text = NULL;
	cfg_t *cfg = NULL;
	bool complete;

	reader = (struct reader){.path = path, .diag = d};
	if (c != NULL && (c->path = strdup(path)) != NULL)
		text = slurp(path);
	if (text != NULL && has_no_variables(text))
		cfg = parse(text);
	complete = cfg != NULL && take_all(c, cfg);
	if (complete && d->count == before)
		judge_socket(c);
	if (cfg != NULL)
		cfg_free(cfg);
	free(text);
	if (complete && d->count == before)
		return c;
	if (d->count == before)
		complain(0, "out of memory");
	config_free(c);
	return NULL;
}

/* Are both lists the same?  NULL: there is none. */
static bool
same_list(char *const *a, char *const *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	while (*a != NULL && *b != NULL && strcmp(*a, *b) == 0)
		a++, b++;
	return *a == NULL && *b == NULL;
}

void
config_compare(const struct config *a, const struct config *b, struct diag *d)
{
	for (size_t i = 0; i < CONFIG_KEYS; i++)
		if (strcmp(a->texts[i], b->texts[i]) != 0 ||
		    (i == KEYS_NOTICE_COMMAND &&
			!same_list(a->notice_command, b->notice_command)))
			diag_add(d, "%s", keys[i].name);
}

void
config_free(struct config *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < CONFIG_KEYS; i++)
		free(c->texts[i]);
	for (char **word = c->notice_command; word != NULL && *word != NULL;)
		free(*word++);
	free(c->notice_command);
	free(c->path);
	diag_clear(&c->advice);
	free(c);
}
