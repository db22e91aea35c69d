/*
 * authpolicyd: starts everything in the order in which it depends on each
 * other, waits for signals, stops in the reverse order.
 */
#include "build-config.h"

#include "milter/audit.h"
#include "milter/callbacks.h"
#include "milter/config.h"
#include "milter/control.h"
#include "milter/keeper.h"
#include "milter/listen.h"
#include "milter/log.h"
#include "milter/metrics.h"
#include "milter/notice.h"
#include "milter/process.h"
#include "milter/state.h"
#include "milter/supervisor.h"
#include "policy/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#define EXIT_USAGE 2
#define DRAIN_MS 5000  /* for running callbacks, at the end */
#define ANSWER_MS 5000 /* for our own first question */
#define LOAD_MS 5000   /* for the policy, with -t */

static struct listen_file socket_file;

static int
usage(void)
{
	fprintf(stderr,
	    "usage: authpolicyd [-c FILE] [-f] [-t] [-V]\n"
	    "  -c FILE  configuration (" CONFIG_PATH ")\n"
	    "  -f       stay in the foreground, log to standard error too\n"
	    "  -t       check configuration and policy, then exit\n"
	    "  -V       print the version, then exit\n");
	return EXIT_USAGE;
}

static void
print_lines(const char *prefix, const struct diag *d)
{
	for (size_t i = 0; i < diag_kept(d); i++)
		fprintf(stderr, "%s%s\n", prefix,
		    d->lines[i] != NULL ? d->lines[i] : "");
	if (d->count > diag_kept(d))
		fprintf(stderr, "%sand %zu more\n", prefix,
		    d->count - diag_kept(d));
}

/* Can the daemon's user make files beside `path`? */
static bool
check_folder(const char *key, const char *path, struct diag *d)
{
	char folder[4096];

	snprintf(folder, sizeof(folder), "%.*s",
	    (int)(strrchr(path, '/') - path), path);
	if (access(folder[0] == '\0' ? "/" : folder, W_OK | X_OK) == 0)
		return true;
	diag_add(d,
	    "%s: the folder %s: %s; make it, and let the daemon's user write "
	    "there",
	    key, folder, strerror(errno));
	return false;
}

/* Can the daemon's user load the policy, and keep its log and state? */
static bool
check_policy(const struct config *c, struct diag *d)
{
	struct load_report report = {0};
	struct diag advice = {0};
	struct policy *p;
	bool good;

	if (!process_become(c->user, c->uid, c->gid, d))
		return false;
	notice_check(c, &advice);
	print_lines("warning: ", &advice);
	diag_clear(&advice);
	p = policy_load_file(c->database, LOAD_MS, &report);
	print_lines("warning: ", &report.warnings);
	diag_move(d, &report.errors);
	load_report_clear(&report);
	policy_free(p);
	good = p != NULL;
	good = check_folder("audit_log", c->audit_log, d) && good;
	return check_folder("state", c->state, d) && good;
}

/* -t */
static int
check(const char *path)
{
	struct diag d = {0};
	struct config *c = config_read(path, &d);
	bool good = c != NULL;

	if (good) {
		print_lines("warning: ", &c->advice);
		good = check_policy(c, &d);
	}
	print_lines("", &d);
	if (good)
		printf("%s and %s are good\n", path, c->database);
	diag_clear(&d);
	config_free(c);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void
raise_limits(struct config *c)
{
	size_t most = process_raise_descriptors();

	most = most > 128 ? most - 64 : 64;
	if (c->max_sessions > most)
		log_line(LOG_WARNING,
		    "max_sessions: %u is more than the limit of descriptors "
		    "(RLIMIT_NOFILE) allows: %zu are taken",
		    c->max_sessions, most);
	if (c->max_sessions == 0 || c->max_sessions > most)
		c->max_sessions = most < 1000000 ? (unsigned)most : 1000000;
}

/* libmilter makes the socket, in the mode the umask leaves. */
static bool
open_socket(const struct config *c, struct diag *d)
{
	mode_t before;
	bool ok;

	if (!listen_prepare(&c->endpoint, d))
		return false;
	if (c->endpoint.kind == ENDPOINT_FD && !c->allow_network &&
	    !endpoint_is_local(&c->endpoint)) {
		diag_add(d,
		    "%s: is not on a loopback address: allow_network = true "
		    "permits it",
		    c->socket);
		return false;
	}
	before = umask(~c->socket_mode & 0777);
	ok = callbacks_register(c, d) && callbacks_open(d);
	umask(before);
	return ok && (c->endpoint.kind != ENDPOINT_UNIX ||
			 listen_adopt(c->endpoint.path, c->socket_mode, c->uid,
			     c->socket_gid, &socket_file, d));
}

static bool
write_pid(const struct config *c, struct diag *d)
{
	return c->pid_file[0] == '\0' || process_write_pid(c->pid_file, d);
}

static bool
answers(const struct config *c, struct diag *d)
{
	if (endpoint_answers(&c->endpoint, ANSWER_MS))
		return true;
	diag_add(d, "%s: libmilter does not serve it; syslog has its reason",
	    c->socket);
	return false;
}

/* What needs root comes before process_become(), all else after it. */
static bool
start(const struct config *c, struct diag *d)
{
	return process_catch_signals(d) && open_socket(c, d) &&
	       control_open(c, d) && write_pid(c, d) &&
	       process_become(c->user, c->uid, c->gid, d) &&
	       audit_open(c->audit_log, d) && notice_start(c, d) &&
	       state_start(c, d) && keeper_start(c->database, c->state, d) &&
	       control_run(d) && metrics_start(c, d) &&
	       process_serve(callbacks_run, d) && answers(c, d);
}

/* SIGHUP.  What is running stays as it is: a changed key needs a restart. */
static void
reload(const struct config *running)
{
	struct diag d = {0};
	struct config *c = config_read(running->path, &d);

	audit_reopen();
	if (c == NULL) {
		log_diag(LOG_ERR, &d);
		log_line(LOG_ERR,
		    "%s is wrong: the configuration in force stays",
		    running->path);
	} else {
		config_compare(running, c, &d);
		for (size_t i = 0; i < diag_kept(&d); i++)
			log_line(LOG_WARNING,
			    "%s has changed: restart to bring it in force",
			    d.lines[i]);
		log_line(LOG_NOTICE, "configuration read again, log reopened");
	}
	diag_clear(&d);
	config_free(c);
}

/*
 * No smfi_stop(): it can take five seconds, in which nobody is served.  The
 * end of the process closes the listener.
 */
static void
stop(void)
{
	bool drained;

	supervisor_stopping();
	listen_remove(&socket_file);
	drained = callbacks_drain(DRAIN_MS);
	notice_stop(); /* callbacks may go on sending */
	if (drained) {
		metrics_stop();
		control_stop();
		state_stop();
		keeper_stop();
		audit_close();
	} else {
		log_line(LOG_WARNING, "some callbacks did not end in %d ms",
		    DRAIN_MS);
	}
	process_remove_pid();
}

/* Until a signal, or the end of libmilter. */
static enum process_event
serve(const struct config *c)
{
	enum process_event event;

	supervisor_ready();
	while ((event = process_wait(supervisor_wait_ms())) == PROCESS_TIME ||
	       event == PROCESS_RELOAD) {
		if (event == PROCESS_RELOAD) {
			supervisor_reloading();
			reload(c);
			supervisor_ready();
		}
		supervisor_tick();
	}
	return event;
}

static int
run(struct config *c, bool foreground)
{
	enum process_event event;
	struct diag d = {0};

	umask(027);
	process_open_standard();
	if (!foreground && !process_detach(&d)) {
		log_diag(LOG_ERR, &d);
		return EXIT_FAILURE;
	}
	log_diag(LOG_WARNING, &c->advice);
	supervisor_open(c);
	raise_limits(c);
	if (!start(c, &d)) {
		log_diag(LOG_ERR, &d);
		stop();
		return EXIT_FAILURE;
	}
	log_line(
	    LOG_NOTICE, "version %s serves at %s", PACKAGE_VERSION, c->socket);
	if (!foreground)
		log_open(c->syslog_facility, false);
	process_ready();
	event = serve(c);
	if (event == PROCESS_ENDED)
		log_line(LOG_ERR, "libmilter has stopped by itself");
	else
		log_line(LOG_NOTICE, "stopping");
	stop();
	return event == PROCESS_STOP ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
	const char *path = CONFIG_PATH;
	bool foreground = false, test = false;
	struct config *c;
	struct diag d = {0};
	char *full;
	int opt;

	while ((opt = getopt(argc, argv, "c:ftV")) != -1) {
		switch (opt) {
		case 'c':
			path = optarg;
			break;
		case 'f':
			foreground = true;
			break;
		case 't':
			test = true;
			break;
		case 'V':
			printf("authpolicyd %s\n", PACKAGE_VERSION);
			return EXIT_SUCCESS;
		default:
			return usage();
		}
	}
	if (optind != argc)
		return usage();
	if (test)
		return check(path);
	log_open(LOG_MAIL, true);
	full = realpath(path, NULL); /* SIGHUP comes when we are in / */
	c = config_read(full != NULL ? full : path, &d);
	free(full);
	if (c == NULL) {
		log_diag(LOG_ERR, &d);
		return EXIT_FAILURE;
	}
	log_open(c->syslog_facility, true);
	process_exit(run(c, foreground));
}
