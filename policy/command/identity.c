/* authpolicy identity and peer: logins without SASL, and whose word counts. */
#include "policy/command/command.h"
#include "policy/command/condition.h"
#include "policy/command/table.h"

#include <stdlib.h>
#include <string.h>

/* The key of an identity: what is known of the client. */
struct known {
	const char *kind; /* NULL: none was given */
	const char *subject, *issuer;
	char cidr[NAMES_CIDR_MAX + 1];
	const char *word, *value; /* for messages: `network`, `192.0.2.7` */
};

/* Three arguments of a message. */
#define SHOWN(known) \
	(known).word, (known).value[0] != '\0' ? " " : "", (known).value

/* Reads the options that say how the client is known. */
static bool
read_known(struct command *c, struct known *known)
{
	const char *cidr = args_value(&c->args, "network", NULL);
	bool local = args_has(&c->args, "local");

	memset(known, 0, sizeof(*known));
	known->subject = args_value(&c->args, "certificate-subject", "");
	known->issuer = args_value(&c->args, "certificate-issuer", "");
	if ((known->subject[0] == '\0') != (known->issuer[0] == '\0'))
		return db_fail(&c->db, STATUS_USAGE,
		    "--certificate-subject and --certificate-issuer go "
		    "together: anybody can make a certificate of one subject");
	if ((known->subject[0] != '\0') + (cidr != NULL) + local > 1)
		return db_fail(&c->db, STATUS_USAGE,
		    "give one of --certificate-subject, --network and --local");
	known->value = known->subject;
	if (local)
		known->kind = "local";
	else if (known->subject[0] != '\0')
		known->kind = "certificate";
	else if (cidr != NULL) {
		known->kind = "network";
		known->value = known->cidr;
	}
	known->word = local ? "mail that does not come by SMTP" : known->kind;
	c->db.about = "--network";
	if (cidr != NULL && !names_cidr(c, cidr, known->cidr))
		known->kind = NULL;
	c->db.about = NULL;
	return c->db.status == STATUS_OK;
}

enum status
run_identity_add(struct command *c)
{
	const char *typed = args_value(&c->args, "login", "");
	char login[LOGIN_MAX + 1], *other;
	struct known known;

	if (!read_known(c, &known))
		return c->db.status;
	if (known.kind == NULL)
		return fail(STATUS_USAGE,
		    "how is it known? give --network, --local, or "
		    "--certificate-subject and --certificate-issuer");
	if (!names_principal(c, typed, NAMES_CREATE_LOGIN, login))
		return c->db.status;
	other = db_text(&c->db, SQL_IDENTITY_LOGIN, known.kind, known.subject,
	    known.issuer, known.cidr);
	if (other != NULL && strcasecmp(other, login) != 0)
		db_fail(&c->db, STATUS_REFUSED,
		    "%s%s%s is %s already: first authpolicy identity remove",
		    SHOWN(known), other);
	else if (db_run(&c->db, SQL_IDENTITY_ADD, known.kind, known.subject,
		     known.issuer, known.cidr, login,
		     args_value(&c->args, "note", NULL)))
		diag_add(&c->changes, "%s%s%s is %s", SHOWN(known), login);
	free(other);
	return c->db.status;
}

enum status
run_identity_remove(struct command *c)
{
	const char *typed = args_value(&c->args, "login", NULL);
	char login[LOGIN_MAX + 1];
	struct known known;

	if (!read_known(c, &known) ||
	    (typed != NULL && !names_principal(c, typed, NAMES_LOGIN, login)))
		return c->db.status;
	if (known.kind == NULL && typed == NULL)
		return fail(STATUS_USAGE,
		    "which one? give --login, --network, --local, or "
		    "--certificate-subject and --certificate-issuer");
	if (!db_run(&c->db, SQL_IDENTITY_REMOVE, typed != NULL ? login : NULL,
		known.kind, known.subject, known.issuer, known.cidr,
		args_value(&c->args, "network", "")))
		return c->db.status;
	if (c->db.changed == 0)
		return fail(STATUS_REFUSED,
		    "there is no such identity: see authpolicy identity list");
	if (known.kind != NULL)
		diag_add(&c->changes, "%s%s%s is nobody now", SHOWN(known));
	else
		diag_add(&c->changes, "%s lost all its identities", login);
	return c->db.status;
}

enum status
run_identity_list(struct command *c)
{
	table_print(c, NULL, db_query(&c->db, SQL_IDENTITY_LIST));
	return c->db.status;
}

/* Reads --client, which may be left out. */
static bool
read_client(struct command *c, const char *otherwise,
    char buffer[CONDITION_MAX + 1], const char **out)
{
	const char *typed = args_value(&c->args, "client", NULL);
	bool good = true;

	*out = otherwise;
	if (typed == NULL)
		return true;
	c->db.about = "--client";
	if (typed[0] == '!')
		good = db_fail(&c->db, STATUS_USAGE,
		    "a peer is known by where it is: write a network without "
		    "!");
	else
		good = condition_client(c, typed, buffer);
	c->db.about = NULL;
	*out = buffer;
	return good;
}

enum status
run_peer_add(struct command *c)
{
	char login[LOGIN_MAX + 1], buffer[CONDITION_MAX + 1];
	const char *client, *note = args_value(&c->args, "note", NULL);
	struct form form;

	if (!read_client(c, "any", buffer, &client))
		return c->db.status;
	for (size_t i = 1; i < c->args.word_count; i++) {
		if (!names_form(c, c->args.words[i], false, &form))
			return c->db.status;
		if (strcmp(form.text, "<>") == 0)
			return fail(STATUS_USAGE,
			    "AUTH=<> names nobody: write an address form other "
			    "than <>");
	}
	if (!names_principal(c, c->args.words[0], NAMES_CREATE_LOGIN, login))
		return c->db.status;
	for (size_t i = 1; i < c->args.word_count; i++)
		if (names_form(c, c->args.words[i], false, &form) &&
		    db_run(
			&c->db, SQL_PEER_ADD, login, client, form.text, note))
			diag_add(&c->changes, "%s is believed AUTH=%s%s%s",
			    login, form.text,
			    strcmp(client, "any") == 0 ? "" : " from ",
			    strcmp(client, "any") == 0 ? "" : client);
	return c->db.status;
}

enum status
run_peer_remove(struct command *c)
{
	char login[LOGIN_MAX + 1], buffer[CONDITION_MAX + 1];
	const char *client;
	struct form form;
	size_t i = 1;

	if (!read_client(c, NULL, buffer, &client) ||
	    !names_principal(c, c->args.words[0], NAMES_LOGIN, login))
		return c->db.status;
	do {
		const char *typed =
		    i < c->args.word_count ? c->args.words[i] : NULL;
		const char *text = typed;

		if (typed != NULL &&
		    form_parse(typed, false, &form) == ADDRESS_OK)
			text = form.text;
		if (!db_run(
			&c->db, SQL_PEER_REMOVE, login, text, typed, client))
			break;
		if (c->db.changed == 0)
			return fail(STATUS_REFUSED,
			    "%s is no such peer: see authpolicy peer list; "
			    "nothing was changed",
			    login);
		diag_add(&c->changes, "%s is no longer believed%s%s", login,
		    text != NULL ? " AUTH=" : "", text != NULL ? text : "");
	} while (++i < c->args.word_count);
	return c->db.status;
}

enum status
run_peer_list(struct command *c)
{
	table_print(c, NULL, db_query(&c->db, SQL_PEER_LIST));
	return c->db.status;
}
