#ifndef MILTER_CONFIG_H
#define MILTER_CONFIG_H

/*
 * authpolicyd.conf: how the daemon runs.  What is allowed is said by the
 * policy database and by nothing here.
 */

#include "milter/endpoint.h"
#include "policy/diag.h"
#include "policy/facts.h"

#include <stdbool.h>
#include <sys/types.h>

#define CONFIG_PATH SYSCONFDIR "/authpolicy/authpolicyd.conf"
#define CONFIG_KEYS 18

/*
 * Immutable once it is read.  Strings are never NULL; "" is "not set" where
 * the key may be empty.  Paths are absolute.
 */
struct config {
	char *path; /* of the file this was read from */

	const char *socket;	  /* as smfi_setconn() takes it */
	struct endpoint endpoint; /* the same, taken apart */
	mode_t socket_mode;
	gid_t socket_gid; /* socket_group; of the daemon's user when "" */
	bool allow_network;
	const char *control;
	const char *user; /* whom to become when started as root... */
	uid_t uid;	  /* ...and who the daemon is in the end, */
	gid_t gid;	  /* in either case */
	const char *database;
	const char *state;
	const char *audit_log;
	bool audit_continue;  /* audit_failure is "continue" */
	enum mta mta;	      /* MTA_UNKNOWN: "auto" */
	int syslog_facility;  /* LOG_MAIL and so on */
	const char *pid_file; /* "" for none */
	unsigned max_callbacks;
	unsigned max_sessions;	 /* 0: as many as descriptors allow, less 64 */
	const char *authserv_id; /* "" for none */
	const char *metrics;	 /* "" for none */
	struct endpoint metrics_endpoint;
	char **notice_command; /* ends with NULL; NULL for none */

	/* What is allowed but should be known: for -t, the log and status. */
	struct diag advice;

	char *texts[CONFIG_KEYS]; /* what was written, in the order of keys */
};

/*
 * Reads the file.  NULL when anything in it is wrong: `d` then has a line for
 * each fault with file, line, key and what is allowed.
 */
struct config *config_read(const char *path, struct diag *d);

/* Adds to `d` the name of each key whose value differs. */
void config_compare(
    const struct config *a, const struct config *b, struct diag *d);

void config_free(struct config *c); /* NULL is fine */

#endif
