/*
 * authpolicy export postfix-login-maps.  Each login that some form could let
 * use an address is a candidate; the decision says whether it may.
 */
#include "policy/command/export.h"
#include "policy/decide.h"
#include "policy/form.h"
#include "policy/load.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unicase.h>

#define LOAD_MS 5000
/* Nobody's login, for a key that must be found and let nobody in. */
#define NOBODY "!nobody"
/* A local part that no row names: may all of the domain be used? */
#define ANY_LOCAL "authpolicy-export-asks"

struct export
{
	struct command *c;
	const struct policy *policy;
	const char *realm;
	struct facts facts;
	char key[FORM_TEXT_MAX + 1]; /* whose line is being written */
	bool listed;		     /* somebody is on it */
};

/* Can it stand in such a table?  A value ends at blanks and commas. */
static bool
is_word(const char *login)
{
	return output_is_plain(login, strlen(login)) &&
	       strpbrk(login, " ,") == NULL;
}

static void
comment(const char *what, const char *text)
{
	printf("# %s", what);
	output_text(stdout, text);
	putchar('\n');
}

/* What a template is for this login; "" for nothing. */
static void
fill(const struct export *e, enum form_kind kind, const char *form,
    const char *login, char out[FORM_TEXT_MAX + 1])
{
	const char *at = strrchr(login, '@');
	const char *domain = at != NULL ? at + 1 : e->realm;
	int user = at != NULL ? (int)(at - login) : (int)strlen(login);

	out[0] = '\0';
	if (kind == FORM_USER)
		snprintf(out, FORM_TEXT_MAX + 1, "%.*s%s", user, login,
		    strchr(form, '@'));
	else if (domain[0] != '\0' && kind == FORM_LOGIN)
		snprintf(
		    out, FORM_TEXT_MAX + 1, "%.*s@%s", user, login, domain);
	else if (domain[0] != '\0')
		snprintf(out, FORM_TEXT_MAX + 1, "@%s", domain);
}

/* Of whose address it may be a sub-address; NULL for none. */
static const char *
find_base(const struct export *e, const char *key, struct address *base)
{
	struct address a;

	return address_parse(key, strlen(key), &a) == ADDRESS_OK &&
		       policy_local_domain(e->policy, address_domain(&a)) !=
			   NULL &&
		       address_base(&a,
			   policy_settings(e->policy)->recipient_delimiter,
			   base)
		   ? base->text
		   : NULL;
}

/* Postfix folds the case of all letters, and takes no key twice. */
static void
add_key(struct export *e, const char *login, const char *key)
{
	char folded[4 * FORM_TEXT_MAX];
	size_t len = sizeof(folded) - 1;
	struct address base;

	if (u8_casefold((const uint8_t *)key, strlen(key), NULL, NULL,
		(uint8_t *)folded, &len) != (uint8_t *)folded) {
		db_fail(&e->c->db, STATUS_UNKNOWN, "out of memory");
		return;
	}
	folded[len] = '\0';
	db_run(&e->c->db, SQL_EXPORT_COVER, key, login,
	    find_base(e, key, &base), folded);
}

/* Keeps a candidate: an address or @domain, or "" for any, and a login. */
static void
add_candidate(struct export *e, const char *login, const char *address)
{
	char text[FORM_TEXT_MAX + 1];
	struct form form;

	if (form_parse(address, true, &form) != ADDRESS_OK)
		return;
	if (form.kind == FORM_LOGIN || form.kind == FORM_USER ||
	    form.kind == FORM_LOGIN_DOMAIN) {
		fill(e, form.kind, form.text, login, text);
		if (form_parse(text, false, &form) != ADDRESS_OK)
			return;
	}
	if (form.kind == FORM_ADDRESS || form.kind == FORM_DOMAIN)
		add_key(e, login, form.text);
	else if (form.kind != FORM_NULL && login[0] != '\0')
		db_run(&e->c->db, SQL_EXPORT_COVER, "", login, NULL, NULL);
}

/* Would the daemon let the login use the key? */
static bool
may_use(struct export *e, const char *login, const char *key)
{
	char path[FORM_TEXT_MAX + sizeof(ANY_LOCAL) + 2];
	struct facts facts = e->facts;
	struct verdict v;

	snprintf(
	    path, sizeof(path), "<%s%s>", key[0] == '@' ? ANY_LOCAL : "", key);
	facts.login = login;
	facts.sender = path;
	policy_decide(e->policy, &facts, STAGE_MAIL, NULL, &v);
	return v.kind == VERDICT_ACCEPT && v.passed_count == 0;
}

/* Postfix tells a login as the client typed it, with its realm or without. */
static void
write_login(struct export *e, const char *login)
{
	const char *at = strrchr(login, '@');

	printf("%s%s", e->listed ? ", " : "", login);
	if (e->realm[0] != '\0' && at == NULL)
		printf(", %s@%s", login, e->realm);
	else if (e->realm[0] != '\0' && strcasecmp(at + 1, e->realm) == 0)
		printf(", %.*s", (int)(at - login), login);
	e->listed = true;
}

static void
end_line(struct export *e)
{
	if (e->key[0] != '\0' && !e->listed)
		fputs(NOBODY, stdout);
	if (e->key[0] != '\0')
		putchar('\n');
	e->key[0] = '\0';
}

/* A pair of a key and a login that may be allowed to use it. */
static void
write_pair(struct export *e, const char *key, const char *login)
{
	if (key[0] == '#' || !output_is_plain(key, strlen(key)))
		return;
	if (strcmp(key, e->key) != 0) {
		end_line(e);
		snprintf(e->key, sizeof(e->key), "%s", key);
		e->listed = false;
		printf("%s ", key);
	}
	if (login[0] != '\0' && is_word(login) && may_use(e, login, key))
		write_login(e, login);
}

static void
write_maps(struct export *e)
{
	struct db *db = &e->c->db;
	sqlite3_stmt *s = db_query(db, SQL_EXPORT_CANNOT);

	puts("# smtpd_sender_login_maps of a policy of authpolicy-milter, as "
	     "of now.");
	while (db_step(db, s))
		comment(
		    "not expressed: ", (const char *)sqlite3_column_text(s, 0));
	db_run(db, SQL_EXPORT_BEGIN);
	s = db_query(db, SQL_EXPORT_GRANTS);
	while (db_step(db, s))
		add_candidate(e, (const char *)sqlite3_column_text(s, 0),
		    (const char *)sqlite3_column_text(s, 1));
	s = db_query(db, SQL_EXPORT_ALIKE);
	while (db_step(db, s))
		comment("not expressed: addresses that are one to Postfix: ",
		    (const char *)sqlite3_column_text(s, 0));
	s = db_query(db, SQL_EXPORT_KEYS);
	while (db_step(db, s))
		write_pair(e, (const char *)sqlite3_column_text(s, 0),
		    (const char *)sqlite3_column_text(s, 1));
	end_line(e);
}

enum status
export_login_maps(struct command *c)
{
	struct load_report report = {0};
	struct policy *policy = policy_load_file(c->path, LOAD_MS, &report);
	struct export e = {
	    .c = c, .policy = policy, .facts = {.mta = MTA_POSTFIX}};

	facts_set_time(&e.facts, time(NULL));
	if (policy == NULL)
		fail(STATUS_UNKNOWN, "%s; authpolicy lint has all",
		    diag_first(&report.errors));
	/* Only now: the loader wants no connection on the file. */
	else if (db_open(&c->db, c->path, false)) {
		e.realm = policy_settings(policy)->default_realm;
		write_maps(&e);
	}
	load_report_clear(&report);
	if (policy == NULL)
		return STATUS_UNKNOWN;
	policy_free(policy);
	return c->db.status;
}
