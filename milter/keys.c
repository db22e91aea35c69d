/*
 * What each key of the configuration takes.  Nothing is used that was not
 * checked here; a configuration with one wrong value is never used at all.
 */
#include "milter/keys.h"

#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

struct word {
	const char *name; /* NULL ends the list */
	int value;
};

/* Where the value of the key goes. */
static void *
field(const struct taking *t)
{
	return (char *)t->config + t->key->field;
}

static bool
take_string(const struct taking *t)
{
	memcpy(field(t), &t->text, sizeof(t->text));
	return true;
}

static bool
take_path(const struct taking *t)
{
	return take_string(t) && t->text[0] == '/' &&
	       t->text[strlen(t->text) - 1] != '/';
}

static bool
take_path_or_none(const struct taking *t)
{
	return take_path(t) || t->text[0] == '\0';
}

static bool
take_state(const struct taking *t)
{
	return take_path(t) && strcmp(t->text, t->config->database) != 0;
}

static bool
take_choice(const struct taking *t)
{
	const struct word *w = t->key->words;

	while (w->name != NULL && strcmp(w->name, t->text) != 0)
		w++;
	memcpy(field(t), &w->value, sizeof(w->value));
	return w->name != NULL;
}

static bool
take_bool(const struct taking *t)
{
	bool value = strcmp(t->text, "true") == 0;

	memcpy(field(t), &value, sizeof(value));
	return value || strcmp(t->text, "false") == 0;
}

static bool
take_audit_failure(const struct taking *t)
{
	t->config->audit_continue = strcmp(t->text, "continue") == 0;
	return t->config->audit_continue || strcmp(t->text, "tempfail") == 0;
}

static bool
is_number(const char *text, int base, unsigned long *out)
{
	char *end;

	errno = 0;
	*out = strtoul(text, &end, base);
	return isdigit((unsigned char)text[0]) && *end == '\0' && errno == 0;
}

static bool
take_number(const struct taking *t)
{
	unsigned long n;
	unsigned value;

	if (!is_number(t->text, 10, &n) || n < t->key->min || n > t->key->max)
		return false;
	value = (unsigned)n;
	memcpy(field(t), &value, sizeof(value));
	return true;
}

static bool
take_socket(const struct taking *t)
{
	return take_string(t) && endpoint_parse(t->text, &t->config->endpoint);
}

static bool
take_mode(const struct taking *t)
{
	unsigned long mode;

	if (!is_number(t->text, 8, &mode) || mode > 0777 ||
	    (mode & 0600) != 0600)
		return false;
	t->config->socket_mode = (mode_t)mode;
	return true;
}

/* Started by anybody but root, it stays who it is. */
static bool
take_user(const struct taking *t)
{
	const struct passwd *pw = getpwnam(t->text);
	struct config *c = t->config;

	take_string(t);
	c->uid = geteuid();
	c->gid = getegid();
	if (c->uid != 0) {
		if (pw != NULL && pw->pw_uid != c->uid)
			diag_add(&c->advice,
			    "user: %s is ignored: only root can become "
			    "another user",
			    t->text);
		return pw != NULL || !t->given;
	}
	if (pw == NULL || pw->pw_uid == 0)
		return false;
	c->uid = pw->pw_uid;
	c->gid = pw->pw_gid;
	return true;
}

/* Comes after `user`, whose group it is when there is no other. */
static bool
take_group(const struct taking *t)
{
	const struct group *gr = getgrnam(t->text);
	struct config *c = t->config;

	c->socket_gid = gr != NULL ? gr->gr_gid : c->gid;
	if (gr == NULL && !t->given && c->endpoint.kind == ENDPOINT_UNIX)
		diag_add(&c->advice,
		    "socket_group: this host has no group %s: name the group "
		    "of the mail server; without it only root can connect",
		    t->text);
	return gr != NULL || t->text[0] == '\0' || !t->given;
}

static bool
take_control(const struct taking *t)
{
	char path[ENDPOINT_PATH_MAX + 1];

	return take_string(t) && endpoint_parse_path(t->text, path) &&
	       strcmp(path, t->config->endpoint.path) != 0;
}

/* What RFC 8601 calls a value, as far as it needs no quotes. */
static bool
take_authserv_id(const struct taking *t)
{
	size_t n = 0;

	while (isalnum((unsigned char)t->text[n]) ||
	       (t->text[n] != '\0' && strchr(".-_", t->text[n]) != NULL))
		n++;
	return take_string(t) && t->text[n] == '\0' && n <= 255;
}

/* Comes after `allow_network`. */
static bool
take_metrics(const struct taking *t)
{
	struct config *c = t->config;

	if (!take_string(t) || t->text[0] == '\0')
		return true;
	if (!endpoint_parse_web(t->text, &c->metrics_endpoint))
		return false;
	if (endpoint_is_local(&c->metrics_endpoint))
		return true;
	diag_add(&c->advice,
	    "metrics: whoever can reach %s over the network can read them",
	    t->text);
	return c->allow_network;
}

/* The first word of the list, all of which milter/config keeps. */
static bool
take_program(const struct taking *t)
{
	return t->text[0] == '/' || (t->text[0] == '\0' && !t->given);
}

static const struct word mtas[] = {
    {"auto", MTA_UNKNOWN},
    {"postfix", MTA_POSTFIX},
    {"sendmail", MTA_SENDMAIL},
    {NULL, MTA_UNKNOWN},
};

static const struct word facilities[] = {
    {"mail", LOG_MAIL},
    {"daemon", LOG_DAEMON},
    {"auth", LOG_AUTH},
    {"authpriv", LOG_AUTHPRIV},
    {"user", LOG_USER},
    {"local0", LOG_LOCAL0},
    {"local1", LOG_LOCAL1},
    {"local2", LOG_LOCAL2},
    {"local3", LOG_LOCAL3},
    {"local4", LOG_LOCAL4},
    {"local5", LOG_LOCAL5},
    {"local6", LOG_LOCAL6},
    {"local7", LOG_LOCAL7},
    {NULL, LOG_MAIL},
};

#define FIELD(f) .field = offsetof(struct config, f)

const struct key keys[CONFIG_KEYS] = {
    {"socket", "unix:/run/authpolicy/milter.sock",
	"unix:/PATH, local:/PATH, inet:PORT@HOST, inet6:PORT@[HOST] or fd:N",
	take_socket, FIELD(socket)},
    {"socket_mode", "0660", "an octal mode with 0600 in it, such as 0660",
	take_mode, FIELD(socket_mode)},
    {"allow_network", "false", "true or false", take_bool,
	FIELD(allow_network)},
    {"control", "/run/authpolicy/control.sock",
	"an absolute path of at most 107 bytes, not that of socket",
	take_control, FIELD(control)},
    {"user", "authpolicy", "a user of this host, not root", take_user,
	FIELD(user)},
    {"socket_group", "postfix", "a group of this host, or empty", take_group,
	FIELD(socket_gid)},
    {"database", "/var/lib/authpolicy/policy.db", "an absolute path", take_path,
	FIELD(database)},
    {"state", "/var/lib/authpolicy/state/state.db",
	"an absolute path, not that of database", take_state, FIELD(state)},
    {"audit_log", "/var/log/authpolicy/audit.log", "an absolute path",
	take_path, FIELD(audit_log)},
    {"audit_failure", "tempfail", "tempfail or continue", take_audit_failure,
	FIELD(audit_continue)},
    {"mta", "auto", "auto, postfix or sendmail", take_choice, FIELD(mta),
	.words = mtas},
    {"syslog_facility", "mail",
	"mail, daemon, auth, authpriv, user or local0 to local7", take_choice,
	FIELD(syslog_facility), .words = facilities},
    {"pid_file", "", "an absolute path, or empty", take_path_or_none,
	FIELD(pid_file)},
    {"max_callbacks", "64", "a number from 1 to 4096", take_number,
	FIELD(max_callbacks), .min = 1, .max = 4096},
    {"max_sessions", "0", "a number from 0 to 1000000", take_number,
	FIELD(max_sessions), .min = 0, .max = 1000000},
    {"authserv_id", "", "a host name, or empty", take_authserv_id,
	FIELD(authserv_id)},
    {"metrics", "",
	"ADDRESS:PORT or [ADDRESS]:PORT, on loopback unless allow_network is "
	"true, or empty",
	take_metrics, FIELD(metrics)},
    {"notice_command", "",
	"a list that begins with the absolute path of a program, or {}",
	take_program, FIELD(notice_command)},
};
