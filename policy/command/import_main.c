/*
 * authpolicy import postfix-main, and lint --postfix: the domains that Postfix
 * receives mail for and the networks it trusts.
 */
#include "policy/cidr.h"
#include "policy/command/import.h"
#include "policy/command/lint.h"
#include "policy/command/names.h"
#include "policy/command/postfix.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ORIGIN "postfix-main"
#define NETWORKS "mynetworks"
#define ALIASES "virtual_alias_domains"

struct main_cf {
	struct import i;
	char *dir;	  /* NULL: the system's */
	const char *name; /* of the parameter that is read */
	size_t left;	  /* patterns that could not be told */
};

static void
leave(void *ctx, const char *pattern, const char *why)
{
	struct main_cf *m = ctx;

	m->left++;
	import_note(&m->i,
	    "%s: %s left out: %s; add by hand what it stands for", m->name,
	    pattern, why);
}

static void
want(struct main_cf *m, const char *tbl, const char *name, const char *other)
{
	import_want(&m->i, &(struct import_row){.tbl = tbl,
			       .name = name,
			       .other = other,
			       .scope = "",
			       .manner = "",
			       .implied = true});
}

/* A table of aliases has addresses and local names beside its domains. */
static void
take_domain(void *ctx, const char *pattern)
{
	struct main_cf *m = ctx;
	char name[ADDRESS_DOMAIN_MAX + 1];

	if (pattern[0] == '[' || strchr(pattern, '@') != NULL ||
	    (strcmp(m->name, ALIASES) == 0 && strchr(pattern, '.') == NULL))
		return;
	if (address_parse_domain(pattern, strlen(pattern), name) == ADDRESS_OK)
		want(m, "local_domain", name, "");
	else
		leave(m, pattern,
		    pattern[0] == '.' ? "it is all subdomains" : "no domain");
}

/* Postfix writes IPv6 in brackets. */
static void
take_network(void *ctx, const char *pattern)
{
	struct main_cf *m = ctx;
	char text[NAMES_CIDR_MAX + 1], canonical[NAMES_CIDR_MAX + 1];
	struct cidr cidr;
	size_t n = 0;

	for (const char *at = pattern; *at != '\0' && n < NAMES_CIDR_MAX; at++)
		if (strchr("[]", *at) == NULL)
			text[n++] = *at;
	text[n] = '\0';
	if (!cidr_parse(text, &cidr))
		leave(m, pattern, "no network");
	else if (names_cidr(m->i.c, text, canonical))
		want(m, "network", NETWORKS, canonical);
}

/* The value of a parameter, said when it cannot be told; once that is so no
 * other is asked for. */
static char *
setting(struct main_cf *m, const char *name)
{
	m->name = name;
	return m->i.c->db.status == STATUS_OK
		   ? postfix_setting(m->i.c, m->dir, name)
		   : NULL;
}

static void
read_list(struct main_cf *m, const char *name,
    void (*take)(void *ctx, const char *pattern))
{
	char *value = setting(m, name);
	struct postfix_list list = {
	    .dir = m->dir, .take = take, .left = leave, .ctx = m};

	if (value != NULL && !postfix_list(&list, value))
		db_fail(&m->i.c->db, STATUS_UNKNOWN, "out of memory");
	free(value);
}

/* Both have to take the same for a sub-address. */
static void
compare_delimiter(struct main_cf *m)
{
	char *theirs = setting(m, "recipient_delimiter");
	char *ours = db_text(&m->i.c->db, SQL_SETTING, "recipient_delimiter");

	if (theirs != NULL && ours != NULL && strcmp(theirs, ours) != 0)
		import_note(&m->i,
		    "recipient_delimiter is '%s' in main.cf and '%s' here; "
		    "authpolicy set recipient_delimiter '%s'",
		    theirs, ours, theirs);
	free(theirs);
	free(ours);
}

/* The folder of a main.cf, whether that or the file was named. */
static bool
find_folder(struct main_cf *m, const char *where)
{
	const char *slash = where != NULL ? strrchr(where, '/') : NULL;
	const char *name = slash != NULL ? slash + 1 : where;
	struct stat st;

	if (where == NULL)
		return true;
	if (stat(where, &st) == 0 && S_ISDIR(st.st_mode))
		m->dir = strdup(where);
	else if (strcmp(name, "main.cf") == 0)
		m->dir = slash == NULL ? strdup(".")
				       : strndup(where, (size_t)(name - where));
	else
		return db_fail(&m->i.c->db, STATUS_USAGE,
		    "%s is no folder and no main.cf, by which names postconf "
		    "finds it",
		    where);
	return m->dir != NULL ||
	       db_fail(&m->i.c->db, STATUS_UNKNOWN, "out of memory");
}

/* Collects what main.cf says. */
static void
read_main(struct main_cf *m, struct command *c, const char *where)
{
	static const char *const domains[] = {"mydestination", ALIASES,
	    "virtual_mailbox_domains", "relay_domains"};

	if (!import_begin(&m->i, c, ORIGIN, true) || !find_folder(m, where))
		return;
	m->i.file = "main.cf";
	for (size_t n = 0; n < sizeof(domains) / sizeof(*domains); n++)
		read_list(m, domains[n], take_domain);
	read_list(m, NETWORKS, take_network);
	compare_delimiter(m);
}

enum status
run_import_main(struct command *c)
{
	struct main_cf m = {0};
	enum status status;

	read_main(&m, c, c->args.word_count > 0 ? c->args.words[0] : NULL);
	status = import_end(&m.i);
	free(m.dir);
	return status;
}

void
lint_postfix(struct command *c, const char *where, struct diag *warnings)
{
	struct main_cf m = {0};
	sqlite3_stmt *s;

	read_main(&m, c, where);
	if (import_compare(&m.i)) {
		s = db_query(&c->db, SQL_DRIFT, m.left > 0 ? "1" : NULL);
		while (db_step(&c->db, s))
			diag_add(warnings, "%s",
			    (const char *)sqlite3_column_text(s, 0));
	}
	diag_move(warnings, &m.i.notes);
	import_forget(&m.i);
	free(m.dir);
}
