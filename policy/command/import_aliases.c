/*
 * authpolicy import postfix-aliases: who receives the mail of an address in the
 * end may send as it.
 */
#include "policy/command/import_maps.h"

#include <stdlib.h>
#include <string.h>

/* Does the key say that mail is received for a domain, and nothing else?  So
 * virtual(5) has it; the value has no meaning. */
static bool
is_domain(struct map *m, const char *key)
{
	char domain[ADDRESS_DOMAIN_MAX + 2], *found;
	struct form form;
	bool is;

	if (strlen(key) > ADDRESS_DOMAIN_MAX)
		return false;
	snprintf(domain, sizeof(domain), "@%s", key);
	if (form_parse(domain, false, &form) != ADDRESS_OK ||
	    form.kind != FORM_DOMAIN)
		return false;
	found = db_text(&m->i.c->db, SQL_MAP_DOMAIN, form.text + 1);
	is = found != NULL && strcmp(found, "1") == 0;
	free(found);
	return is;
}

/* Remembers who is behind the alias; who that is, is known in the end. */
static bool
take_target(struct map *m, const char *address, const char *who)
{
	struct address a;
	struct form key;
	char line[24];
	enum address_status status = form_parse(address, false, &key);

	if (status != ADDRESS_OK)
		return import_bad(&m->i, "\"%s\" is no address: %s", address,
		    address_strerror(status));
	if (who[0] == '@') {
		import_note(&m->i, "%s is no login; left out", who);
		return true;
	}
	if (strchr(who, '@') != NULL) {
		status = address_parse(who, strlen(who), &a);
		if (status != ADDRESS_OK)
			return import_bad(&m->i, "\"%s\" is no address: %s",
			    who, address_strerror(status));
		who = a.text;
	}
	snprintf(line, sizeof(line), "%zu", m->i.line);
	return db_run(&m->i.c->db, SQL_ALIAS, key.text, who, line);
}

/* Grants the alias to the login that its target is, or with `local_part` the
 * one that is its local part. */
static void
take_alias(struct map *m, sqlite3_stmt *s, bool local_part)
{
	struct import_grant g = {
	    .address = (const char *)sqlite3_column_text(s, 0),
	    .scope = m->scope};
	const char *target = (const char *)sqlite3_column_text(s, 1);
	const char *at = strrchr(target, '@');
	char who[ADDRESS_MAX + 1];

	m->i.line = (size_t)sqlite3_column_int64(s, 2);
	if (sqlite3_column_int(s, 3) == 0) {
		import_note(&m->i,
		    "%s: %s is no login here and in no local domain; left out",
		    g.address, target);
		return;
	}
	snprintf(who, sizeof(who), "%.*s",
	    local_part && at != NULL ? (int)(at - target) : ADDRESS_MAX,
	    target);
	g.principal = who;
	if (import_principal(&m->i, "login", who, NULL, true))
		import_grant(&m->i, &g);
}

enum status
run_import_aliases(struct command *c)
{
	struct map m = {.take = take_target,
	    .scope = args_value(&c->args, "scope", NULL),
	    .passes = is_domain};
	bool local_part = args_has(&c->args, "local-part");

	if (import_maps_run(&m, c, "postfix-aliases")) {
		sqlite3_stmt *s = db_query(&c->db, SQL_ALIAS_LEAVES);

		while (db_step(&c->db, s))
			take_alias(&m, s, local_part);
	}
	return import_end(&m.i);
}
