#ifndef POLICY_LOADER_H
#define POLICY_LOADER_H

/*
 * A load under way: shared by policy/load and the files that read its rows,
 * and by the command, which asks the readers before it writes.
 *
 * Two rules.  A row whose absence only permits less (send_as, trusted_peer,
 * identity) is skipped with a warning when it can't be understood; any other
 * such row refuses the whole image, and the last good copy stays.  And nothing
 * in the file is believed because a trigger should have kept it out: files are
 * restored, renamed and edited without triggers.
 */

#include "build.h"
#include "load.h"

struct loader {
	struct sqlite3 *db;
	struct policy *policy;
	struct load_report *report;
	principal_id found; /* the last principal that a row referred to */
};

#define COLUMNS_MAX 11

/* A row: NULL for an SQL NULL.  Borrowed until the next row. */
struct row {
	const char *at[COLUMNS_MAX];
};

struct diag *loader_errors(struct loader *l);

/* Returns the status; when memory is out, the tables have failed, and what else
 * is said of rows does not count. */
enum address_status noted(struct loader *l, enum address_status status);

/* Is the value, which may be NULL, this word? */
bool is(const char *value, const char *word);

/* The value, or `NULL`, for messages. */
const char *shown(const char *value);

/* Fills in the documented defaults, for rows that somebody removed. */
void default_settings(struct loader *l);

/* One row of a table each; columns as in the query of policy/load. */
void on_setting(struct loader *l, const struct row *row);
void on_group(struct loader *l, const struct row *row);
void on_login(struct loader *l, const struct row *row);
void on_membership(struct loader *l, const struct row *row);
void on_local_domain(struct loader *l, const struct row *row);
void on_send_as(struct loader *l, const struct row *row);
void on_deny_as(struct loader *l, const struct row *row);
void on_network(struct loader *l, const struct row *row);
void on_address_set(struct loader *l, const struct row *row);
void on_rule(struct loader *l, const struct row *row);
void on_identity(struct loader *l, const struct row *row);
void on_trusted_peer(struct loader *l, const struct row *row);
void on_quota(struct loader *l, const struct row *row);
void on_pardon(struct loader *l, const struct row *row);

/* Once the copy is built: may all limits of each login be judged? */
void check_limits(struct loader *l);

/* The kinds of sets (build_set) that rows name. */
#define NETWORK_SETS "network"
#define ADDRESS_SETS "addresses"

/* A malloc'ed copy in lower case, words parted by one blank each; NULL: no
 * memory. */
char *fold_words(const char *text);

/* `any`, a CIDR or the name of a network.  False: it is none of these. */
bool read_client(
    struct loader *l, const char *text, struct client_condition *out);

/* `any` (PRINCIPAL_NONE), an address form or the name of an address_set, as a
 * set.  False: it is none of these. */
bool read_addresses(struct loader *l, const char *text, principal_id *out);

/* What is wrong with a row of quota; NULL, and the limit but its name, when
 * nothing is. */
const char *read_limit(
    struct loader *l, const struct row *row, struct limit *out);

/*
 * The canonical name of a principal as rows refer to it: a domain `@d`, a
 * group, else a login, with the default realm where it has none.  False when
 * it can't be a name, or memory is out: then the tables have failed.
 */
bool canonical_name(
    struct loader *l, const char *name, char out[LOGIN_MAX + 1]);

/* The principal a row refers to; PRINCIPAL_NONE when there is none. */
principal_id find_principal(struct loader *l, const char *name);

#endif
