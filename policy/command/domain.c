/* authpolicy domain: the domains mail is received for, and whose they are. */
#include "policy/command/command.h"
#include "policy/command/names.h"
#include "policy/command/table.h"

#include <stdlib.h>
#include <string.h>

/* A new domain is easily forgotten in the list of realms. */
static void
remind_of_realms(struct command *c, const char *domain)
{
	char *realms = db_text(&c->db, SQL_REALMS_LACK, domain);

	if (realms != NULL)
		diag_add(&c->changes,
		    "note: logins @%s stay refused; to let them in: "
		    "authpolicy set realms %s %s",
		    domain, realms, domain);
	free(realms);
}

enum status
run_domain_add(struct command *c)
{
	const char *typed = args_value(&c->args, "owner", NULL);
	char name[ADDRESS_DOMAIN_MAX + 1], owner[LOGIN_MAX + 1] = "";

	if (typed != NULL && typed[0] != '\0' &&
	    !names_principal(c, typed, NAMES_ANY, owner))
		return c->db.status;
	for (size_t i = 0; i < c->args.word_count; i++) {
		if (!names_domain(c, c->args.words[i], name) ||
		    !db_run(&c->db, SQL_DOMAIN_ADD, name))
			break;
		diag_add(&c->changes,
		    c->db.changed > 0 ? "domain %s added"
				      : "domain %s was there already",
		    name);
		if (typed != NULL &&
		    db_run(&c->db, SQL_DOMAIN_OWNER, owner, name))
			diag_add(&c->changes, "domain %s: %s", name,
			    owner[0] != '\0' ? owner : "no owner");
		remind_of_realms(c, name);
	}
	return c->db.status;
}

enum status
run_domain_remove(struct command *c)
{
	char name[ADDRESS_DOMAIN_MAX + 1];

	for (size_t i = 0; i < c->args.word_count; i++) {
		const char *typed = c->args.words[i];

		if (address_parse_domain(typed, strlen(typed), name) !=
		    ADDRESS_OK)
			name[0] = '\0';
		if (!db_run(&c->db, SQL_DOMAIN_REMOVE, name, typed))
			break;
		if (c->db.changed == 0)
			return fail(STATUS_REFUSED,
			    "there is no domain %s; "
			    "nothing was changed",
			    typed);
		diag_add(&c->changes, "domain %s removed", typed);
	}
	return c->db.status;
}

enum status
run_domain_list(struct command *c)
{
	table_print(c, NULL, db_query(&c->db, SQL_DOMAIN_LIST));
	return c->db.status;
}
