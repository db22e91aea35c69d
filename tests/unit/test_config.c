/*
 * milter/config: what authpolicyd.conf may say, and that each fault is told
 * with its line, its key and what is allowed.
 */
#include "milter/config.h"

#include "tests/unit/unit.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>

/* Everywhere the first line, so that a text of a test begins at line 2. */
#define USER "user = \"nobody\"\n"

static char path[] = "/tmp/test_config.XXXXXX";

static struct config *
read_text(const char *text, struct diag *d)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(USER, f) >= 0 && fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	return config_read(path, d);
}

static bool
has_line(const struct diag *d, const char *part)
{
	for (size_t i = 0; i < diag_kept(d); i++)
		if (strstr(d->lines[i], part) != NULL)
			return true;
	return false;
}

struct refused {
	const char *name;
	const char *text;
	const char *said[3];
};

static const struct refused refused[] = {
    {"an unknown key is named with all that are known", "sokcet = x\n",
	{":2: no such option 'sokcet'", "socket_mode", "notice_command"}},
    {"a key is known by its exact name", "Socket = \"unix:/x\"\n",
	{":2: no such option"}},
    {"a second value is refused", "mta = \"auto\"\nmta = \"auto\"\n",
	{":3: mta: is set in line 2 already"}},
    {"a second list is refused",
	"notice_command = {\"/a\", \"b\"}\nnotice_command = {\"/c\"}\n",
	{":3: notice_command: is set in line 2 already"}},
    {"no other file is included", "include(\"/etc/passwd\")\n",
	{":2: no such option 'include'"}},
    {"a variable is refused", "audit_log = \"${HOME}/audit.log\"\n",
	{":2: ${ has no meaning here"}},
    {"a variable is refused behind a value", "mta = \"auto\" # ${HOME}\n",
	{":2: ${ has no meaning here"}},
    {"an unterminated string is refused", "mta = \"auto\n",
	{"premature end of file"}},
    {"a value must follow", "mta =\n", {"premature end of file"}},
    {"an equal sign must follow", "mta \"auto\"\n",
	{":2: missing equal sign after option 'mta'"}},
    {"a list for a word is refused", "mta = {\"auto\"}\n",
	{":2: unexpected token"}},
    {"appending to a word is refused", "mta += \"auto\"\n",
	{":2: attempt to append"}},
    {"faults are told together",
	"mta = \"exim\"\nmax_callbacks = 0\naudit_failure = \"\"\n",
	{":2: mta:", ":3: max_callbacks:", ":4: audit_failure:"}},
    {"what is allowed is said", "mta = \"exim\"\n",
	{":2: mta: \"exim\" is not allowed: it must be auto, postfix or "
	 "sendmail"}},

    {"a socket needs a scheme", "socket = \"/run/x\"\n", {":2: socket:"}},
    {"port 0 is none", "socket = \"inet:0@127.0.0.1\"\n", {":2: socket:"}},
    {"a network address must be allowed", "socket = \"inet:1@0.0.0.0\"\n",
	{":2: socket: inet:1@0.0.0.0 is not a loopback address",
	    "can claim any login", "allow_network = true"}},
    {"any address must be allowed", "socket = \"inet6:8893\"\n",
	{":2: socket:", "allow_network"}},
    {"a mode is octal", "socket_mode = \"0680\"\n", {":2: socket_mode:"}},
    {"a mode has no more than nine bits", "socket_mode = \"4660\"\n",
	{":2: socket_mode:"}},
    {"the owner must be able to connect", "socket_mode = \"0060\"\n",
	{":2: socket_mode:"}},
    {"a mode is no word", "socket_mode = \"u=rw\"\n", {":2: socket_mode:"}},
    {"a group must exist", "socket_group = \"no-such-group\"\n",
	{":2: socket_group:"}},
    {"true or false, and no number", "allow_network = 1\n",
	{":2: allow_network:", "true or false"}},
    {"the control socket is absolute", "control = \"x\"\n", {":2: control:"}},
    {"the control socket must be somewhere", "control = \"\"\n",
	{":2: control:"}},
    {"a path must fit a socket",
	"control = \"/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"\n",
	{":2: control:", "107"}},
    {"two sockets need two paths",
	"socket = \"unix:/run/x\"\ncontrol = \"/run/x\"\n", {":3: control:"}},
    {"the database is absolute", "database = \"policy.db\"\n",
	{":2: database:"}},
    {"a folder is no database", "database = \"/var/lib/\"\n",
	{":2: database:"}},
    {"policy and state are two files", "database = \"/x\"\nstate = \"/x\"\n",
	{":3: state:"}},
    {"the audit log is absolute", "audit_log = \"\"\n", {":2: audit_log:"}},
    {"audit_failure is one of two words", "audit_failure = \"ignore\"\n",
	{":2: audit_failure:", "tempfail or continue"}},
    {"the facility must be known", "syslog_facility = \"kern\"\n",
	{":2: syslog_facility:"}},
    {"the pid file is absolute", "pid_file = \"pid\"\n", {":2: pid_file:"}},
    {"no callbacks are too few", "max_callbacks = 0\n", {":2: max_callbacks:"}},
    {"4097 callbacks are too many", "max_callbacks = 4097\n",
	{":2: max_callbacks:"}},
    {"a number has no sign", "max_callbacks = \"+64\"\n", {":2:"}},
    {"a number has no unit", "max_callbacks = 64k\n", {":2: max_callbacks:"}},
    {"a number has no end beyond its type",
	"max_sessions = 18446744073709551617\n", {":2: max_sessions:"}},
    {"an authserv_id has no blank", "authserv_id = \"a b\"\n",
	{":2: authserv_id:"}},
    {"an authserv_id has no line break", "authserv_id = \"a\\nb\"\n",
	{":2: authserv_id:"}},
    {"metrics need an address", "metrics = \":9893\"\n", {":2: metrics:"}},
    {"metrics need a port", "metrics = \"127.0.0.1:http\"\n", {":2: metrics:"}},
    {"metrics have one port", "metrics = \"127.0.0.1:9893@::1\"\n",
	{":2: metrics:"}},
    {"metrics in IPv6 need brackets", "metrics = \"::1:9893\"\n",
	{":2: metrics:"}},
    {"metrics are for loopback", "metrics = \"0.0.0.0:9893\"\n",
	{":2: metrics:", "allow_network"}},
    {"metrics are for loopback in IPv6 too", "metrics = \"[::]:9893\"\n",
	{":2: metrics:", "allow_network"}},
    {"a notice is an absolute program", "notice_command = {\"mail\"}\n",
	{":2: notice_command:"}},
    {"a notice without a program is none", "notice_command = {\"\"}\n",
	{":2: notice_command:"}},
};

static void
is_refused(void **state)
{
	const struct refused *row = *state;
	struct diag d = {0};

	assert_null(read_text(row->text, &d));
	for (size_t i = 0; i < COUNT(row->said); i++)
		if (row->said[i] != NULL && !has_line(&d, row->said[i]))
			fail_msg("\"%s\" is not said, but: %s", row->said[i],
			    diag_first(&d));
	diag_clear(&d);
}

struct advised {
	const char *name;
	const char *text;
	const char *advice; /* NULL: none */
};

static const struct advised advised[] = {
    {"a unix socket with a group is nothing to talk of",
	"socket_group = \"\"\n", NULL},
    {"a local socket is a unix socket",
	"socket = \"local:/run/x\"\nsocket_group = \"\"\n", NULL},
    {"loopback is open to every user", "socket = \"inet:8893@127.0.0.1\"\n",
	"every user of this host"},
    {"all of 127/8 is loopback", "socket = \"inet:8893@127.9.9.9\"\n",
	"every user of this host"},
    {"IPv6 has a loopback address too", "socket = \"inet6:8893@[::1]\"\n",
	"every user of this host"},
    {"a mode may be open to every user",
	"socket_mode = \"0666\"\nsocket_group = \"\"\n",
	"every user of this host"},
    {"a network may be allowed",
	"socket = \"inet:8893@0.0.0.0\"\nallow_network = true\n",
	"over the network"},
    {"metrics on loopback are nothing to talk of",
	"metrics = \"[::1]:9893\"\nsocket_group = \"\"\n", NULL},
    {"metrics may be allowed on a network",
	"metrics = \"[::]:9893\"\nallow_network = true\n",
	"metrics: whoever can reach"},
    {"notices may have a command",
	"notice_command = {\"/bin/true\"}\nsocket_group = \"\"\n", NULL},
    {"notices may have none", "notice_command = {}\nsocket_group = \"\"\n",
	NULL},
};

static void
is_allowed_with_advice(void **state)
{
	const struct advised *row = *state;
	struct diag d = {0};
	struct config *c = read_text(row->text, &d);

	if (c == NULL)
		fail_msg("%s", diag_first(&d));
	if (row->advice != NULL)
		assert_true(has_line(&c->advice, row->advice));
	else if (geteuid() == 0)
		assert_string_equal(diag_first(&c->advice), "");
	config_free(c);
}

static void
defaults_are_those_of_the_manual(void **state)
{
	struct diag d = {0};
	struct config *c = read_text("", &d);

	(void)state;
	assert_non_null(c);
	assert_string_equal(c->path, path);
	assert_string_equal(c->socket, "unix:/run/authpolicy/milter.sock");
	assert_int_equal(c->endpoint.kind, ENDPOINT_UNIX);
	assert_string_equal(c->endpoint.path, "/run/authpolicy/milter.sock");
	assert_int_equal(c->socket_mode, 0660);
	assert_false(c->allow_network);
	assert_string_equal(c->control, "/run/authpolicy/control.sock");
	assert_string_equal(c->database, "/var/lib/authpolicy/policy.db");
	assert_string_equal(c->state, "/var/lib/authpolicy/state/state.db");
	assert_string_equal(c->audit_log, "/var/log/authpolicy/audit.log");
	assert_false(c->audit_continue);
	assert_int_equal(c->mta, MTA_UNKNOWN);
	assert_int_equal(c->syslog_facility, LOG_MAIL);
	assert_string_equal(c->pid_file, "");
	assert_int_equal(c->max_callbacks, 64);
	assert_int_equal(c->max_sessions, 0);
	assert_string_equal(c->authserv_id, "");
	assert_string_equal(c->metrics, "");
	assert_null(c->notice_command);
	config_free(c);
}

static void
values_are_taken(void **state)
{
	struct diag d = {0};
	struct config *c =
	    read_text("# a comment with ${HOME} in it\n"
		      "socket = 'inet6:8893@[::1]' // in single quotes\n"
		      "socket_mode = \"600\"\n"
		      "allow_network = true /* never mind */\n"
		      "control = /run/control\n"
		      "audit_failure = continue\n"
		      "mta = \"sendmail\"\n"
		      "syslog_facility = \"local7\"\n"
		      "pid_file = \"/run/pid\"\n"
		      "max_callbacks = 4096\n"
		      "max_sessions = 1000000\n"
		      "authserv_id = \"mx1.example.com\"\n"
		      "notice_command = {\"/bin/mail\", \"-s\", \"a b\"}\n",
		&d);

	(void)state;
	if (c == NULL)
		fail_msg("%s", diag_first(&d));
	assert_int_equal(c->endpoint.kind, ENDPOINT_INET6);
	assert_string_equal(c->endpoint.host, "::1");
	assert_int_equal(c->endpoint.port, 8893);
	assert_int_equal(c->socket_mode, 0600);
	assert_true(c->allow_network);
	assert_string_equal(c->control, "/run/control");
	assert_true(c->audit_continue);
	assert_int_equal(c->mta, MTA_SENDMAIL);
	assert_int_equal(c->syslog_facility, LOG_LOCAL7);
	assert_string_equal(c->pid_file, "/run/pid");
	assert_int_equal(c->max_callbacks, 4096);
	assert_int_equal(c->max_sessions, 1000000);
	assert_string_equal(c->authserv_id, "mx1.example.com");
	assert_string_equal(c->notice_command[0], "/bin/mail");
	assert_string_equal(c->notice_command[1], "-s");
	assert_string_equal(c->notice_command[2], "a b");
	assert_null(c->notice_command[3]);
	config_free(c);
}

static void
the_user_becomes_ids(void **state)
{
	const struct passwd *nobody = getpwnam("nobody");
	struct diag d = {0};
	struct config *c = read_text("socket_group = \"\"\n", &d);

	(void)state;
	assert_non_null(nobody);
	assert_non_null(c);
	if (geteuid() == 0) {
		assert_int_equal(c->uid, nobody->pw_uid);
		assert_int_equal(c->gid, nobody->pw_gid);
	} else {
		assert_int_equal(c->uid, geteuid());
		assert_int_equal(has_line(&c->advice, "nobody is ignored"),
		    nobody->pw_uid != geteuid());
	}
	assert_int_equal(c->socket_gid, c->gid);
	config_free(c);
}

static void
what_changed_is_named(void **state)
{
	struct diag d = {0};
	struct config *a = read_text("mta = \"postfix\"\n", &d);
	struct config *b = read_text("mta = \"postfix\"\n", &d);
	struct config *c = read_text("notice_command = {\"/a\"}\n", &d);
	struct config *e = read_text("notice_command = {\"/a\", \"b\"}\n", &d);

	(void)state;
	config_compare(a, b, &d);
	assert_int_equal(d.count, 0);
	config_compare(a, c, &d);
	assert_int_equal(d.count, 2);
	assert_string_equal(d.lines[0], "mta");
	assert_string_equal(d.lines[1], "notice_command");
	diag_clear(&d);
	config_compare(c, e, &d);
	assert_int_equal(d.count, 1);
	assert_string_equal(d.lines[0], "notice_command");
	diag_clear(&d);
	config_compare(e, e, &d);
	assert_int_equal(d.count, 0);
	config_free(a);
	config_free(b);
	config_free(c);
	config_free(e);
}

static void
what_is_no_text_file_is_refused(void **state)
{
	char dir[] = "/tmp/test_config.XXXXXX";
	char *large = calloc(1, 70000);
	struct diag d = {0};
	FILE *f;

	(void)state;
	assert_null(config_read("/nonexistent/authpolicyd.conf", &d));
	assert_true(has_line(&d, "authpolicyd.conf: can't be read: No such"));
	assert_non_null(mkdtemp(dir));
	assert_null(config_read(dir, &d));
	assert_true(has_line(&d, "Is a directory"));
	rmdir(dir);

	assert_non_null(large);
	memset(large, '\n', 69999);
	assert_null(read_text(large, &d));
	assert_true(has_line(&d, "too large"));
	free(large);

	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(USER "\0", sizeof(USER), 1, f), 1);
	fclose(f);
	assert_null(config_read(path, &d));
	assert_true(has_line(&d, "is not a text file"));
	diag_clear(&d);
}

static void
a_fault_leaves_nothing_for_the_next_file(void **state)
{
	static const char *const broken[] = {"mta = \"auto\n", "mta = 'auto\n",
	    "/* auto\n", "notice_command = {\"/a\"\n", "mta\n"};

	(void)state;
	for (size_t i = 0; i < COUNT(broken); i++) {
		struct diag d = {0};

		config_free(read_text(broken[i], &d));
		diag_clear(&d);
		config_free(read_text("mta = \"auto\"\n", &d));
		assert_string_equal(diag_first(&d), "");
	}
}

int
main(void)
{
	static struct suite s;
	int fd = mkstemp(path), failed;

	if (fd < 0)
		return 99;
	close(fd);
	SUITE_ROWS(&s, refused, is_refused);
	SUITE_ROWS(&s, advised, is_allowed_with_advice);
	suite_add(&s, "without a key its default holds",
	    defaults_are_those_of_the_manual, NULL);
	suite_add(&s, "each key is taken as written", values_are_taken, NULL);
	suite_add(&s, "user and group become ids", the_user_becomes_ids, NULL);
	suite_add(&s, "what differs between two files is named",
	    what_changed_is_named, NULL);
	suite_add(&s, "what is no text file is refused",
	    what_is_no_text_file_is_refused, NULL);
	suite_add(&s, "a broken file leaves nothing for the next",
	    a_fault_leaves_nothing_for_the_next_file, NULL);
	failed = suite_run(&s, "config");
	unlink(path);
	return failed;
}
