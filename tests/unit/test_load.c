/*
 * policy/load: what a database must be to come into force.  Nothing in it is
 * believed because a trigger should have kept it out.
 */
#include "policy/load.h"

#include "policy/when.h"

#include "tests/unit/database.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char firm[] =
    "INSERT INTO local_domain (name) VALUES ('example.com');"
    "INSERT INTO principal (name, kind) VALUES ('alice', 'login'),"
    " ('bob', 'login'), ('staff', 'group');"
    "INSERT INTO membership (group_name, login) VALUES ('staff', 'alice');"
    "INSERT INTO send_as (principal, address) VALUES"
    " ('alice', 'alice@example.com'), ('staff', 'info@example.com');"
    "INSERT INTO deny_as (principal, address) VALUES"
    " ('everyone', 'ceo@example.com');";

struct broken {
	const char *name;
	const char *sql;
	const char *error;   /* a part of a line; NULL: it is loaded */
	const char *warning; /* likewise; NULL: there is none */
};

/* Rows of a quota and a rule with something wrong. */
#define QUOTA(values)                                                      \
	"INSERT INTO quota (name, principal, metric, amount, period, per," \
	" counting, on_exceed, suspend_for, mode) VALUES ('q', " values ")"
#define RULE(column, value)                                  \
	"INSERT INTO rule (seq, verdict, " column ") VALUES" \
	" (7, 'reject', " value ")"
#define VERDICT(values)                                       \
	"INSERT INTO rule (seq, verdict, reply, mode) VALUES" \
	" (7, " values ")"

static const struct broken brokens[] = {
    {"the policy as it is made is loaded", "SELECT 1"},
    {"a grant to nobody is skipped",
	"INSERT INTO send_as (principal, address) VALUES ('zed', 'a@b')", NULL,
	"send_as (zed, a@b): skipped: there is no such principal"},
    {"a grant of no address is skipped",
	"INSERT INTO send_as (principal, address) VALUES ('bob', 'a b@c')",
	NULL, "send_as (bob, a b@c): skipped: is not of the form"},
    {"a grant of an odd scope is skipped",
	"INSERT INTO send_as (principal, address, scope)"
	" VALUES ('bob', 'b@example.com', 'all')",
	NULL, "skipped: scope, manner or dates"},
    {"a grant of an odd manner is skipped",
	"INSERT INTO send_as (principal, address, manner)"
	" VALUES ('bob', 'b@example.com', 'like')",
	NULL, "skipped: scope, manner or dates"},
    {"a grant on behalf of the envelope is skipped",
	"INSERT INTO send_as (principal, address, manner)"
	" VALUES ('bob', 'b@example.com', 'on-behalf')",
	NULL, "skipped: scope, manner or dates"},
    {"a grant from no date is skipped",
	"INSERT INTO send_as (principal, address, valid_from)"
	" VALUES ('bob', 'b@example.com', '2026-02-30')",
	NULL, "skipped: scope, manner or dates"},
    {"a grant until no date is skipped",
	"INSERT INTO send_as (principal, address, valid_until)"
	" VALUES ('bob', 'b@example.com', 'soon')",
	NULL, "skipped: scope, manner or dates"},
    {"a deny of nobody refuses the policy",
	"INSERT INTO deny_as (principal, address) VALUES ('zed', 'a@b')",
	"deny_as (zed, a@b): there is no such principal"},
    {"a deny of no address refuses the policy",
	"INSERT INTO deny_as (principal, address) VALUES ('bob', 'a@')",
	"deny_as (bob, a@): the address has no domain"},
    {"a deny of a template refuses the policy",
	"INSERT INTO deny_as (principal, address) VALUES ('bob', '{login}')",
	"deny_as (bob, {login}): the address"},
    {"a member that is nobody refuses the policy",
	"INSERT INTO membership (group_name, login) VALUES ('staff', 'zed')",
	"membership (staff, zed): no such group or no such login"},
    {"a group that is none refuses the policy",
	"INSERT INTO membership (group_name, login) VALUES ('zed', 'bob')",
	"membership (zed, bob): no such group or no such login"},
    {"a login for a group refuses the policy",
	"INSERT INTO membership (group_name, login) VALUES ('alice', 'bob')",
	"membership (alice, bob)"},
    {"a group in a group refuses the policy",
	"INSERT INTO membership (group_name, login)"
	" VALUES ('staff', 'staff')",
	"membership (staff, staff)"},
    {"a member of everyone refuses the policy",
	"INSERT INTO membership (group_name, login)"
	" VALUES ('everyone', 'bob')",
	"membership (everyone, bob)"},
    {"a member of a domain refuses the policy",
	"INSERT INTO membership (group_name, login)"
	" VALUES ('@example.com', 'bob')",
	"membership (@example.com, bob)"},
    {"a limit of nobody refuses the policy",
	QUOTA("'zed', 'messages', 1, '1h', 'login', 'leaky', 'reject', NULL, "
	      "NULL"),
	"there is no such principal"},
    {"a limit of those without login refuses the policy",
	QUOTA("'anonymous', 'messages', 1, '1h', 'login', 'leaky', 'reject', "
	      "NULL, NULL"),
	"limits are for logins"},
    {"a limit of an odd metric refuses the policy",
	QUOTA(
	    "'bob', 'bytes', 1, '1h', 'login', 'leaky', 'reject', NULL, NULL"),
	"metric is none"},
    {"a limit below nothing refuses the policy",
	QUOTA("'bob', 'messages', -1, '1h', 'login', 'leaky', 'reject', NULL, "
	      "NULL"),
	"amount is not"},
    {"a limit beyond a thousand million refuses the policy",
	QUOTA("'bob', 'messages', 1000000001, '1h', 'login', 'leaky', "
	      "'reject', NULL, NULL"),
	"amount is not"},
    {"a limit of more senders than are kept refuses the policy",
	QUOTA("'bob', 'senders', 1001, '1h', 'login', 'leaky', 'reject', NULL, "
	      "NULL"),
	"amount of senders"},
    {"a limit without a period refuses the policy",
	QUOTA("'bob', 'messages', 1, NULL, 'login', 'leaky', 'reject', NULL, "
	      "NULL"),
	"period is NULL"},
    {"a limit of a message with a period refuses the policy",
	QUOTA("'bob', 'recipients_per_message', 1, '1h', 'login', 'leaky', "
	      "'reject', NULL, NULL"),
	"period is NULL"},
    {"a limit of an odd period refuses the policy",
	QUOTA("'bob', 'messages', 1, '1w', 'login', 'leaky', 'reject', NULL, "
	      "NULL"),
	"period is not a number"},
    {"a limit of more than a year refuses the policy",
	QUOTA("'bob', 'messages', 1, '367d', 'login', 'leaky', 'reject', NULL, "
	      "NULL"),
	"period is not a number"},
    {"a limit per something else refuses the policy",
	QUOTA("'bob', 'messages', 1, '1h', 'host', 'leaky', 'reject', NULL, "
	      "NULL"),
	"per is not login or group"},
    {"a cap of a login refuses the policy",
	QUOTA("'bob', 'messages', 1, '1h', 'group', 'leaky', 'reject', NULL, "
	      "NULL"),
	"per is group"},
    {"a limit that counts oddly refuses the policy",
	QUOTA(
	    "'bob', 'messages', 1, '1h', 'login', 'odd', 'reject', NULL, NULL"),
	"counting is not"},
    {"a limit that does something else refuses the policy",
	QUOTA(
	    "'bob', 'messages', 1, '1h', 'login', 'leaky', 'drop', NULL, NULL"),
	"on_exceed is not"},
    {"a suspension for no time refuses the policy",
	QUOTA("'bob', 'messages', 1, '1h', 'login', 'leaky', 'suspend', NULL, "
	      "NULL"),
	"suspend_for is set"},
    {"a time without a suspension refuses the policy",
	QUOTA("'bob', 'messages', 1, '1h', 'login', 'leaky', 'reject', '1h', "
	      "NULL"),
	"suspend_for is set"},
    {"a suspension for an odd time refuses the policy",
	QUOTA("'bob', 'messages', 1, '1h', 'login', 'leaky', 'suspend', '0h', "
	      "NULL"),
	"suspend_for is not a number"},
    {"a limit of an odd mode refuses the policy",
	QUOTA("'bob', 'messages', 1, '1h', 'login', 'leaky', 'reject', NULL, "
	      "'off'"),
	"mode is not NULL"},
    {"a rule for nobody refuses the policy", RULE("principal", "'zed'"),
	"rule 7: its principal can't be understood"},
    {"a rule for no network refuses the policy", RULE("client", "'300.1.2.3'"),
	"rule 7: its client can't be understood"},
    {"a rule for no sender refuses the policy", RULE("sender", "'a b'"),
	"rule 7: its sender can't be understood"},
    {"a rule for no recipient refuses the policy",
	RULE("recipient", "'nowhere'"),
	"rule 7: its recipient can't be understood"},
    {"a rule for odd TLS refuses the policy", RULE("tls", "'some'"),
	"rule 7: its tls can't be understood"},
    {"a rule for odd bits refuses the policy", RULE("tls", "'128 bytes'"),
	"rule 7: its tls can't be understood"},
    {"a rule for no bits refuses the policy", RULE("tls", "'0 bits'"),
	"rule 7: its tls can't be understood"},
    {"a rule for any mechanism and one refuses the policy",
	RULE("mechanism", "'any plain'"),
	"rule 7: its mechanism can't be understood"},
    {"a rule for no day refuses the policy",
	RULE("hours", "'Mon-Xyz 08:00-18:00'"),
	"rule 7: its hours can't be understood"},
    {"a rule for hours of no day refuses the policy",
	RULE("hours", "'08:00-18:00'"),
	"rule 7: its hours can't be understood"},
    {"a rule for hours that end before they begin refuses the policy",
	RULE("hours", "'Mon 18:00-08:00'"),
	"rule 7: its hours can't be understood"},
    {"a rule for a minute that is none refuses the policy",
	RULE("hours", "'Mon 08:60-18:00'"),
	"rule 7: its hours can't be understood"},
    {"a rule for two times refuses the policy",
	RULE("hours", "'Mon 08:00 18:00'"),
	"rule 7: its hours can't be understood"},
    {"a rule for days that nothing parts refuses the policy",
	RULE("hours", "'Mon 08:00-18:00; Tue 08:00-18:00'"),
	"rule 7: its hours can't be understood"},
    {"a rule for more than a day refuses the policy",
	RULE("hours", "'Mon 08:00-24:01'"),
	"rule 7: its hours can't be understood"},
    {"a rule with an odd verdict refuses the policy",
	VERDICT("'drop', NULL, NULL"),
	"rule 7: its verdict can't be understood"},
    {"a rule that holds and replies refuses the policy",
	VERDICT("'hold', '550 5.7.1 no', NULL"),
	"rule 7: its reply can't be understood"},
    {"a reply that accepts refuses the policy",
	VERDICT("'reject', '250 2.0.0 yes', NULL"),
	"rule 7: its reply can't be understood"},
    {"a reply of the other kind refuses the policy",
	VERDICT("'reject', '450 4.7.1 later', NULL"),
	"rule 7: its reply can't be understood"},
    {"a reply without a text refuses the policy",
	VERDICT("'reject', '550 5.7.1 ', NULL"),
	"rule 7: its reply can't be understood"},
    {"a reply with a control byte refuses the policy",
	VERDICT("'reject', '550 5.7.1 a' || char(10), NULL"),
	"rule 7: its reply can't be understood"},
    {"a reply that ends the session refuses the policy",
	VERDICT("'tempfail', '421 4.7.1 bye', NULL"),
	"rule 7: its reply can't be understood"},
    {"a rule with an odd mode refuses the policy",
	VERDICT("'reject', NULL, 'off'"),
	"rule 7: its mode can't be understood"},
    {"a network that is none refuses the policy",
	"INSERT INTO network (name, cidr) VALUES ('x', '300.0.0.0/8')",
	"network (x, 300.0.0.0/8)"},
    {"an address in a set that is none refuses the policy",
	"INSERT INTO address_set (name, pattern) VALUES ('x', 'a b')",
	"address_set (x, a b)"},
    {"a pardon of no date is skipped",
	"INSERT INTO pardon (login, at) VALUES ('bob', 'soon')", NULL,
	"pardon (bob, soon): skipped"},
    {"a pardon is loaded", "INSERT INTO pardon (login, at) VALUES ('bob', "
			   "'2026-01-01T00:00:00Z')"},
    {"a domain that is none refuses the policy",
	"INSERT INTO local_domain (name) VALUES ('exa mple.com')",
	"local_domain exa mple.com: the name has no valid domain name"},
    {"a domain of nobody refuses the policy",
	"INSERT INTO local_domain (name, owner) VALUES ('d.example', 'zed')",
	"local_domain d.example: no such principal as its owner zed"},
    {"a kind that is none refuses the policy",
	"INSERT INTO principal (name, kind) VALUES ('x', 'robot')",
	"principal x: kind robot is not login or group"},
    {"a login named everyone refuses the policy",
	"INSERT OR REPLACE INTO principal (name, kind)"
	" VALUES ('everyone', 'login')",
	"principal everyone: a login can't have the name of a group"},
    {"a login named like a domain refuses the policy",
	"INSERT INTO principal (name, kind) VALUES ('@d.example', 'login')",
	"principal @d.example: a login can't have the name of a group"},
    {"a name with a control byte refuses the policy",
	"INSERT INTO principal (name, kind)"
	" VALUES ('a' || char(10) || 'b', 'login')",
	"principal a\\x0Ab: the name is empty, longer than"},
    {"a name without end refuses the policy",
	"INSERT INTO principal (name, kind)"
	" VALUES (printf('%0300d', 1), 'login')",
	"the name is empty, longer than 255 bytes"},
    {"an empty name refuses the policy",
	"INSERT INTO principal (name, kind) VALUES ('', 'login')",
	"the name is empty"},
    {"a domain as principal that is none refuses the policy",
	"INSERT INTO principal (name, kind) VALUES ('@a b', 'group')",
	"principal @a b: the name"},
    {"a state that is none refuses the policy",
	"UPDATE principal SET state = 'asleep' WHERE name = 'bob'",
	"principal bob: state asleep is not active or suspended"},
    {"a suspension until no date refuses the policy",
	"UPDATE principal SET state = 'suspended', suspended_until = 'soon'"
	" WHERE name = 'bob'",
	"principal bob: suspended_until soon is not a date"},
    {"a mode that is none refuses the policy",
	"UPDATE principal SET mode = 'loud' WHERE name = 'bob'",
	"principal bob: mode loud is not enforce or monitor"},
    {"originators that are none refuse the policy",
	"UPDATE principal SET originators = 'lax' WHERE name = 'bob'",
	"principal bob: originators lax is not strict, aligned or off"},
    {"a setting that is none refuses the policy",
	"INSERT INTO setting VALUES ('colour', 'red')",
	"setting colour: there is no such setting"},
    {"a wrong setting mode refuses the policy",
	"UPDATE setting SET value = 'off' WHERE name = 'mode'",
	"setting mode: off is not one of: enforce monitor"},
    {"a wrong setting unknown_login refuses the policy",
	"UPDATE setting SET value = '' WHERE name = 'unknown_login'",
	"setting unknown_login:  is not one of: accept reject"},
    {"a wrong setting null_sender refuses the policy",
	"UPDATE setting SET value = 'own' WHERE name = 'null_sender'",
	"setting null_sender: own is not one of: own-author reject"},
    {"a wrong setting anonymous_relay refuses the policy",
	"UPDATE setting SET value = 'all' WHERE name = 'anonymous_relay'",
	"setting anonymous_relay: all is not one of: local-domains mta"},
    {"a wrong setting originators refuses the policy",
	"UPDATE setting SET value = 'off' WHERE name = 'originators'",
	"setting originators: off is not one of: strict aligned"},
    {"a wrong setting protect_local_senders refuses the policy",
	"UPDATE setting SET value = 'on'"
	" WHERE name = 'protect_local_senders'",
	"setting protect_local_senders: on is not one of"},
    {"a wrong setting display_name refuses the policy",
	"UPDATE setting SET value = 'on' WHERE name = 'display_name'",
	"setting display_name: on is not one of: refuse log off"},
    {"a value with a NUL byte refuses the policy",
	"INSERT INTO deny_as (principal, address)"
	" VALUES ('bob', 'a@b.example' || char(0) || 'x')",
	"a value with a NUL byte"},
    {"another program's file is refused", "PRAGMA application_id = 1",
	"the database is not a policy"},
    {"a newer schema is refused", "PRAGMA user_version = 99",
	"the policy has schema 99, made by a newer version"},
    {"an older schema is refused", "PRAGMA user_version = 0",
	"upgrade it with: authpolicy migrate"},
    {"64 limits for everyone are taken",
	"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE "
	"i < 64) INSERT INTO quota(name, principal, metric, amount, period) "
	"SELECT 'q' || i, 'everyone', 'messages', 1, i || 'm' FROM n"},
    {"65 limits for everyone are too many",
	"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE "
	"i < 65) INSERT INTO quota(name, principal, metric, amount, period) "
	"SELECT 'q' || i, 'everyone', 'messages', 1, i || 'm' FROM n",
	"quota: more than 64 limits hold for everyone"},
    {"65 limits for a domain are too many",
	"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE "
	"i < 65) INSERT INTO quota(name, principal, metric, amount, period) "
	"SELECT 'q' || i, '@many.example', 'messages', 1, i || 'm' FROM n",
	"quota: more than 64 limits hold for @many.example"},
    {"a missing table refuses the policy", "DROP TABLE deny_as",
	"no such table: deny_as"},
    {"missing settings are the documented ones", "DELETE FROM setting"},
};

static const char *
find_line(const struct diag *d, const char *part)
{
	for (size_t i = 0; i < diag_kept(d); i++)
		if (d->lines[i] != NULL && strstr(d->lines[i], part) != NULL)
			return d->lines[i];
	return NULL;
}

/* Reads the file as bytes, then loads it. */
static struct policy *
load(const struct database *db, struct load_report *r)
{
	return policy_load_file(db->path, 2000, r);
}

/* A policy that must load. */
static struct policy *
load_well(const struct database *db)
{
	struct load_report r = {0};
	struct policy *p = load(db, &r);

	if (p == NULL)
		fail_msg("%s", diag_first(&r.errors));
	load_report_clear(&r);
	return p;
}

static struct image
read_image(const struct database *db)
{
	struct diag d = {0};
	struct image image;

	assert_int_equal(
	    source_read_within(db->path, 2000, &image, &d), SOURCE_OK);
	diag_clear(&d);
	return image;
}

static void
database_is_judged(void **state)
{
	const struct broken *row = *state;
	struct load_report r = {0};
	struct database db;
	struct policy *p;

	database_make(&db);
	database_run(&db, firm);
	database_force(&db, row->sql);
	p = load(&db, &r);
	if (row->error != NULL) {
		assert_null(p);
		if (find_line(&r.errors, row->error) == NULL)
			fail_msg("%s", diag_first(&r.errors));
	} else {
		if (p == NULL)
			fail_msg("%s", diag_first(&r.errors));
		assert_int_equal(r.errors.count, 0);
		assert_int_equal(r.warnings.count, row->warning != NULL);
		assert_int_equal(policy_grant_count(p), 2);
	}
	if (row->warning != NULL &&
	    find_line(&r.warnings, row->warning) == NULL)
		fail_msg("%s", diag_first(&r.warnings));
	policy_free(p);
	load_report_clear(&r);
	database_remove(&db);
}

static void
rows_are_loaded(void **state)
{
	struct database db;
	const principal_id *groups;
	const struct grant *rows;
	const struct settings *s;
	struct policy *p;

	(void)state;
	database_make(&db);
	database_run(&db, firm);
	database_run(&db,
	    "UPDATE setting SET value = 'enforce' WHERE name = 'mode';"
	    "UPDATE setting SET value = 'example.com EXAMPLE.org'"
	    " WHERE name = 'realms';");
	p = load_well(&db);
	s = policy_settings(p);
	assert_int_equal(s->mode, MODE_ENFORCE);
	assert_string_equal(s->realms.text, "example.com example.org");
	assert_string_equal(s->login_required.text, "465 587");
	assert_string_equal(s->recipient_delimiter, "+");
	assert_int_equal(policy_grant_count(p), 2);
	assert_int_equal(
	    policy_grants(p, policy_principal(p, "alice"), &rows), 1);
	assert_string_equal(
	    policy_grant_text(p, &rows[0]), "alice@example.com");
	assert_int_equal(
	    policy_groups(p, policy_principal(p, "alice"), &groups), 1);
	assert_string_equal(policy_name(p, groups[0]), "staff");
	assert_non_null(policy_local_domain(p, "example.com"));
	policy_free(p);
	database_remove(&db);
}

static void
rows_of_one_login_are_merged(void **state)
{
	struct database db;
	const struct grant *rows;
	principal_id id;
	struct policy *p;

	(void)state;
	database_make(&db);
	database_run(&db, firm);
	database_run(&db,
	    "UPDATE setting SET value = 'example.com'"
	    " WHERE name = 'default_realm';"
	    "INSERT INTO principal (name, kind, state, suspended_until, mode)"
	    " VALUES ('Alice@Example.com', 'login', 'suspended',"
	    " '2026-01-31', 'monitor');"
	    "UPDATE principal SET mode = 'enforce' WHERE name = 'alice';"
	    "INSERT INTO send_as (principal, address) VALUES"
	    " ('alice@example.com', 'two@example.com');");
	p = load_well(&db);
	assert_int_equal(policy_principal(p, "alice"), PRINCIPAL_NONE);
	id = policy_principal(p, "alice@example.com");
	assert_int_not_equal(id, PRINCIPAL_NONE);
	assert_int_equal(policy_grants(p, id, &rows), 2);
	assert_int_equal(policy_mode(p, id), MODE_ENFORCE);
	assert_non_null(policy_suspension(p, "alice@example.com", 1769903999));
	assert_null(policy_suspension(p, "alice@example.com", 1769904000));
	policy_free(p);
	database_remove(&db);
}

static void
suspensions_of_a_refused_image_are_taken(void **state)
{
	struct load_report r = {0};
	struct policy *base, *with;
	struct database db;
	struct image image;

	(void)state;
	database_make(&db);
	database_run(&db, firm);
	base = load_well(&db);
	database_force(&db,
	    "INSERT INTO deny_as (principal, address) VALUES ('zed', 'a@b')");
	image = read_image(&db);
	assert_null(policy_load(&image, &r));
	load_report_clear(&r);
	assert_null(policy_load_suspensions(base, &image));
	image_free(&image);

	database_run(&db, "UPDATE principal SET state = 'suspended',"
			  " suspended_until = '2026-01-31' WHERE name = 'bob'");
	image = read_image(&db);
	assert_null(policy_load(&image, &r));
	load_report_clear(&r);
	with = policy_load_suspensions(base, &image);
	assert_non_null(with);
	image_free(&image);
	policy_free(base);
	assert_non_null(policy_suspension(with, "bob", 0));
	assert_null(policy_suspension(with, "bob", 1769904000));
	assert_int_equal(policy_grant_count(with), 2);

	/* told again there is nothing new; a later end is new */
	image = read_image(&db);
	assert_null(policy_load_suspensions(with, &image));
	image_free(&image);
	database_run(&db,
	    "UPDATE principal SET suspended_until = NULL WHERE name = 'bob'");
	image = read_image(&db);
	base = with;
	with = policy_load_suspensions(base, &image);
	assert_non_null(with);
	assert_non_null(policy_suspension(with, "bob", WHEN_EVER));
	image_free(&image);
	policy_free(base);
	policy_free(with);
	database_remove(&db);
}

static void
an_unreadable_end_suspends_for_ever(void **state)
{
	struct load_report r = {0};
	struct policy *base, *with;
	struct database db;
	struct image image;

	(void)state;
	database_make(&db);
	database_run(&db, firm);
	base = load_well(&db);
	database_force(&db,
	    "UPDATE principal SET state = 'suspended',"
	    " suspended_until = '2026-02-30' WHERE name = 'bob'");
	image = read_image(&db);
	assert_null(policy_load(&image, &r));
	load_report_clear(&r);
	with = policy_load_suspensions(base, &image);
	assert_non_null(with);
	assert_non_null(policy_suspension(with, "bob", WHEN_EVER));
	policy_free(with);
	policy_free(base);
	image_free(&image);
	database_remove(&db);
}

/* --- images that are no database -------------------------------------------
 */

static void
refuse(const void *data, size_t len)
{
	struct load_report r = {0};
	struct image image = {.data = malloc(len + 1), .len = len};

	assert_non_null(image.data);
	memcpy(image.data, data, len);
	assert_null(policy_load(&image, &r));
	assert_true(r.errors.count > 0);
	load_report_clear(&r);
	image_free(&image);
}

static void
what_is_no_database_is_refused(void **state)
{
	static unsigned char garbage[8192];
	unsigned x = 1;

	(void)state;
	refuse("", 0);
	refuse("SQLite format 3", 16);
	refuse(garbage, sizeof(garbage));
	for (size_t i = 0; i < sizeof(garbage); i++)
		garbage[i] =
		    (unsigned char)((x = x * 1103515245 + 12345) >> 16);
	refuse(garbage, sizeof(garbage));
	memcpy(garbage, "SQLite format 3", 16);
	refuse(garbage, sizeof(garbage));
}

static void
a_cut_image_is_refused(void **state)
{
	struct database db;
	struct image image;

	(void)state;
	database_make(&db);
	database_run(&db, firm);
	image = read_image(&db);
	for (size_t part = 1; part < 8; part++)
		refuse(image.data, image.len * part / 8 / 4096 * 4096);
	image_free(&image);
	database_remove(&db);
}

static void
a_damaged_image_is_never_half_believed(void **state)
{
	struct load_report r = {0};
	struct database db;
	struct image image;
	unsigned refused = 0;

	(void)state;
	database_make(&db);
	database_run(&db, firm);
	image = read_image(&db);
	for (size_t page = 4096; page < image.len; page += 4096) {
		unsigned char saved = image.data[page];
		struct policy *p;

		image.data[page] ^= 0xff; /* the type of a b-tree page */
		p = policy_load(&image, &r);
		refused += p == NULL;
		assert_int_equal(p == NULL, r.errors.count > 0);
		policy_free(p);
		load_report_clear(&r);
		image.data[page] = saved;
	}
	assert_true(refused > 10);
	image_free(&image);
	database_remove(&db);
}

static void
a_file_that_is_gone_says_so(void **state)
{
	struct load_report r = {0};

	(void)state;
	assert_null(policy_load_file("/nonexistent/policy.db", 50, &r));
	assert_non_null(find_line(
	    &r.errors, "/nonexistent/policy.db: No such file or directory"));
	load_report_clear(&r);
}

static const struct named_test rest[] = {
    {"rows are loaded in canonical form", rows_are_loaded},
    {"rows that become one login are merged, the stricter word stays",
	rows_of_one_login_are_merged},
    {"suspensions of a refused image are taken over",
	suspensions_of_a_refused_image_are_taken},
    {"a suspension whose end can't be read has none",
	an_unreadable_end_suspends_for_ever},
    {"what is no database is refused", what_is_no_database_is_refused},
    {"a cut image is refused", a_cut_image_is_refused},
    {"a damaged image is never half believed",
	a_damaged_image_is_never_half_believed},
    {"a file that is gone says so", a_file_that_is_gone_says_so},
};

int
main(void)
{
	static struct suite s;

	SUITE_ROWS(&s, brokens, database_is_judged);
	SUITE_TESTS(&s, rest);
	return suite_run(&s, "load");
}
