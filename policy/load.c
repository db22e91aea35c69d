/*
 * From the rows of an image to a policy copy: the database as a whole.  The
 * other files policy/load_… read the rows.
 */
#include "loader.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

enum query {
	QUERY_QUICK_CHECK,
	QUERY_APPLICATION_ID,
	QUERY_USER_VERSION,
	QUERY_SETTING,
	QUERY_GROUP,
	QUERY_PRINCIPAL,
	QUERY_MEMBERSHIP,
	QUERY_LOCAL_DOMAIN,
	QUERY_SEND_AS,
	QUERY_DENY_AS,
	QUERY_NETWORK,
	QUERY_ADDRESS_SET,
	QUERY_RULE,
	QUERY_IDENTITY,
	QUERY_TRUSTED_PEER,
	QUERY_QUOTA,
	QUERY_PARDON
};

#define PRINCIPAL                                                   \
	"name, kind, state, suspended_until, suspended_why, mode, " \
	"originators FROM principal"

static const char *const queries[] = {
    [QUERY_QUICK_CHECK] = "PRAGMA quick_check(1)",
    [QUERY_APPLICATION_ID] = "PRAGMA application_id",
    [QUERY_USER_VERSION] = "PRAGMA user_version",
    [QUERY_SETTING] = "SELECT name, value FROM setting",
    [QUERY_GROUP] = "SELECT " PRINCIPAL " WHERE kind = 'group'",
    [QUERY_PRINCIPAL] = "SELECT " PRINCIPAL,
    [QUERY_MEMBERSHIP] = "SELECT group_name, login FROM membership",
    [QUERY_LOCAL_DOMAIN] = "SELECT name, owner FROM local_domain",
    [QUERY_SEND_AS] = "SELECT principal, address, scope, manner, valid_from, "
		      "valid_until FROM send_as",
    [QUERY_DENY_AS] = "SELECT principal, address FROM deny_as",
    [QUERY_NETWORK] = "SELECT name, cidr FROM network",
    [QUERY_ADDRESS_SET] = "SELECT name, pattern FROM address_set",
    [QUERY_RULE] = "SELECT CAST(seq AS TEXT), principal, client, sender, "
		   "recipient, tls, mechanism, hours, verdict, reply, mode "
		   "FROM rule",
    [QUERY_IDENTITY] = "SELECT kind, subject, issuer, cidr, CAST(uid AS TEXT), "
		       "login FROM identity",
    [QUERY_TRUSTED_PEER] = "SELECT login, client, asserts FROM trusted_peer",
    [QUERY_QUOTA] = "SELECT name, principal, metric, CAST(amount AS TEXT), "
		    "period, per, counting, on_exceed, suspend_for, mode "
		    "FROM quota",
    [QUERY_PARDON] = "SELECT login, at FROM pardon",
};

typedef void row_fn(struct loader *l, const struct row *row);

void
load_report_clear(struct load_report *r)
{
	diag_clear(&r->errors);
	diag_clear(&r->warnings);
}

struct diag *
loader_errors(struct loader *l)
{
	return &l->report->errors;
}

bool
is(const char *value, const char *word)
{
	return value != NULL && strcmp(value, word) == 0;
}

const char *
shown(const char *value)
{
	return value == NULL ? "NULL" : value;
}

enum address_status
noted(struct loader *l, enum address_status status)
{
	if (status == ADDRESS_NO_MEMORY && l->policy == NULL)
		diag_add(loader_errors(l), "out of memory");
	else if (status == ADDRESS_NO_MEMORY)
		l->policy->t->failed = true;
	return status;
}

/* Reads a row; false when a column holds what no trigger lets in. */
static bool
read_row(struct loader *l, enum query query, sqlite3_stmt *s, struct row *row)
{
	int columns = sqlite3_column_count(s);

	for (int i = 0; i < columns; i++) {
		const char *text;

		if (sqlite3_column_type(s, i) == SQLITE_NULL)
			continue;
		text = (const char *)sqlite3_column_text(s, i);
		if (text == NULL) {
			(void)noted(l, ADDRESS_NO_MEMORY);
			return false;
		}
		if (strlen(text) != (size_t)sqlite3_column_bytes(s, i)) {
			diag_add(loader_errors(l),
			    "a value with a NUL byte in: %s; delete that row",
			    queries[query]);
			return false;
		}
		row->at[i] = text;
	}
	return true;
}

/* Calls `each` for every row of the query.  False: these are not all. */
static bool
for_rows(struct loader *l, enum query query, row_fn *each)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(l->db, queries[query], -1, &s, NULL);

	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		struct row row = {{NULL}};

		rc = sqlite3_step(s);
		if (rc != SQLITE_ROW)
			break;
		if (read_row(l, query, s, &row))
			each(l, &row);
	}
	if (rc != SQLITE_DONE)
		diag_add(loader_errors(l), "%s: %s", queries[query],
		    sqlite3_errmsg(l->db));
	sqlite3_finalize(s);
	return rc == SQLITE_DONE;
}

static void
on_quick_check(struct loader *l, const struct row *row)
{
	if (!is(row->at[0], "ok"))
		diag_add(loader_errors(l),
		    "the database is damaged: %s; restore it from a backup",
		    shown(row->at[0]));
}

static void
on_application_id(struct loader *l, const struct row *row)
{
	if (atol(shown(row->at[0])) != POLICY_APPLICATION_ID)
		diag_add(loader_errors(l),
		    "the database is not a policy; make one with: "
		    "authpolicy init");
}

static void
on_user_version(struct loader *l, const struct row *row)
{
	long version = atol(shown(row->at[0]));

	if (version < POLICY_SCHEMA_VERSION)
		diag_add(loader_errors(l),
		    "the policy has schema %ld and this program needs %d; "
		    "upgrade it with: authpolicy migrate",
		    version, POLICY_SCHEMA_VERSION);
	else if (version > POLICY_SCHEMA_VERSION)
		diag_add(loader_errors(l),
		    "the policy has schema %ld, made by a newer version, and "
		    "this program knows %d; upgrade the program",
		    version, POLICY_SCHEMA_VERSION);
}

/* In the order in which each needs what went before. */
static const struct {
	enum query query;
	row_fn *each;
} passes[] = {
    {QUERY_SETTING, on_setting},
    {QUERY_GROUP, on_group},
    {QUERY_PRINCIPAL, on_login},
    {QUERY_MEMBERSHIP, on_membership},
    {QUERY_LOCAL_DOMAIN, on_local_domain},
    {QUERY_SEND_AS, on_send_as},
    {QUERY_DENY_AS, on_deny_as},
    {QUERY_NETWORK, on_network},
    {QUERY_ADDRESS_SET, on_address_set},
    {QUERY_RULE, on_rule},
    {QUERY_IDENTITY, on_identity},
    {QUERY_TRUSTED_PEER, on_trusted_peer},
    {QUERY_QUOTA, on_quota},
    {QUERY_PARDON, on_pardon},
};

/* Opens the image, which SQLite only reads, without a copy. */
static bool
open_image(struct loader *l, const struct image *image)
{
	int rc = sqlite3_open_v2(":memory:", &l->db,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_deserialize(l->db, "main", image->data,
		    (sqlite3_int64)image->len, (sqlite3_int64)image->len,
		    SQLITE_DESERIALIZE_READONLY);
	/* CHECKs are asked again below, row by row, with better words */
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(l->db, "PRAGMA ignore_check_constraints = 1",
		    NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_db_config(
		    l->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (rc == SQLITE_OK)
		return true;
	diag_add(loader_errors(l), "can't read the database: %s",
	    l->db == NULL ? "out of memory" : sqlite3_errmsg(l->db));
	return false;
}

static void
load_all(struct loader *l, const struct image *image)
{
	static const struct {
		enum query query;
		row_fn *each;
	} first[] = {
	    {QUERY_QUICK_CHECK, on_quick_check},
	    {QUERY_APPLICATION_ID, on_application_id},
	    {QUERY_USER_VERSION, on_user_version},
	};

	if (!open_image(l, image))
		return;
	for (size_t i = 0; i < sizeof(first) / sizeof(*first); i++)
		if (!for_rows(l, first[i].query, first[i].each) ||
		    loader_errors(l)->count > 0)
			return;
	l->policy = build_new();
	if (l->policy == NULL) {
		diag_add(loader_errors(l), "out of memory");
		return;
	}
	default_settings(l);
	if (loader_errors(l)->count > 0)
		return;
	build_principal(l->policy->t, "everyone", PRINCIPAL_GROUP);
	build_principal(l->policy->t, "anonymous", PRINCIPAL_GROUP);
	for (size_t i = 0; i < sizeof(passes) / sizeof(*passes); i++)
		if (!for_rows(l, passes[i].query, passes[i].each))
			return;
	if (l->policy->t->failed) /* and what rows refer to is not there */
		load_report_clear(l->report);
	if (loader_errors(l)->count > 0)
		return;
	if (build_finish(l->policy))
		check_limits(l);
	else
		diag_add(loader_errors(l), "out of memory");
}

struct policy *
policy_load(const struct image *image, struct load_report *r)
{
	struct loader l = {.report = r};

	load_all(&l, image);
	sqlite3_close(l.db);
	if (r->errors.count > 0) {
		policy_free(l.policy);
		return NULL;
	}
	return l.policy;
}

struct policy *
policy_load_suspensions(const struct policy *base, const struct image *image)
{
	struct load_report ignored = {0};
	struct loader l = {.report = &ignored};
	struct policy *with = NULL;
	bool more = false;

	load_all(&l, image);
	sqlite3_close(l.db);
	load_report_clear(&ignored);
	if (l.policy != NULL)
		with = build_share(base);
	for (size_t i = 0; with != NULL && i < l.policy->suspension_count;
	     i++) {
		const struct suspension *s = &l.policy->suspensions[i];
		const struct suspension *has =
		    policy_suspension(base, s->name, s->until);

		if (has != NULL && has->limit[0] == '\0')
			continue;
		build_suspension(with, s);
		more = true;
	}
	policy_free(l.policy);
	if (with == NULL || !more || !build_finish(with)) {
		policy_free(with);
		return NULL;
	}
	return with;
}

struct policy *
policy_load_file(const char *path, int ms, struct load_report *r)
{
	struct image image;
	struct policy *policy;

	if (source_read_within(path, ms, &image, &r->errors) != SOURCE_OK) {
		if (r->errors.count == 0)
			diag_add(&r->errors, "%s: is being written", path);
		return NULL;
	}
	policy = policy_load(&image, r);
	image_free(&image);
	return policy;
}
