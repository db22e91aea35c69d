/*
 * authpolicy: shows and changes the policy.  Every change is one transaction,
 * and is reported only when the daemon, if one runs, has it in force.
 */
#include "build-config.h"

#include "policy/command/command.h"
#include "policy/command/daemon.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GLOBAL                                                    \
	"[--db FILE] [--json] [--control SOCKET] [--editor NAME]" \
	" [--help] [--version]"
#define DB "/var/lib/authpolicy/policy.db"
#define CONTROL "/run/authpolicy/control.sock"

static const struct subcommand subcommands[] = {
    {"init", NULL, ACCESS_MAKE, run_init,
	"[DOMAIN...] [--mode enforce|monitor]",
	"make a policy: all may send as themselves from these domains"},
    {"migrate", NULL, ACCESS_MAKE, run_migrate, "",
	"bring the policy to this program's version, after a backup"},
    {"status", NULL, ACCESS_NONE, run_status, "",
	"is the policy as it is now in force?"},
    {"lint", NULL, ACCESS_NONE, run_lint,
	"[FILE] [--mta postfix|sendmail] [--postfix]",
	"what is wrong or odd in the policy"},
    {"login", "add", ACCESS_WRITE, run_principal_add, "NAME... [--note TEXT]",
	"give logins a row of their own"},
    {"login", "remove", ACCESS_WRITE, run_principal_remove, "NAME...",
	"remove logins with all their rows"},
    {"login", "rename", ACCESS_WRITE, run_principal_rename, "NAME NEW-NAME",
	"rename a login and its rows"},
    {"login", "list", ACCESS_READ, run_principal_list, "", "all logins"},
    {"login", "show", ACCESS_READ, run_principal_show, "NAME",
	"a login, its groups, grants and denies"},
    {"login", "mode", ACCESS_WRITE, run_principal_mode, "NAME MODE",
	"enforce, monitor or inherit for one login"},
    {"group", "add", ACCESS_WRITE, run_principal_add, "NAME... [--note TEXT]",
	"make groups"},
    {"group", "remove", ACCESS_WRITE, run_principal_remove, "NAME...",
	"remove groups with all their rows"},
    {"group", "rename", ACCESS_WRITE, run_principal_rename, "NAME NEW-NAME",
	"rename a group and its rows"},
    {"group", "list", ACCESS_READ, run_principal_list, "", "all groups"},
    {"group", "show", ACCESS_READ, run_principal_show, "NAME",
	"a group, its members, grants and denies"},
    {"group", "mode", ACCESS_WRITE, run_principal_mode, "NAME MODE",
	"enforce, monitor or inherit for a group or @domain"},
    {"group", "join", ACCESS_WRITE, run_group_join, "GROUP LOGIN...",
	"let logins join a group"},
    {"group", "leave", ACCESS_WRITE, run_group_leave, "GROUP LOGIN...",
	"let logins leave a group"},
    {"grant", NULL, ACCESS_WRITE, run_grant,
	"PRINCIPAL ADDRESS... [--scope any|envelope|header] [--on-behalf]"
	" [--from DATE] [--until DATE] [--note TEXT]",
	"let a login, group or @domain use addresses"},
    {"revoke", NULL, ACCESS_WRITE, run_revoke,
	"PRINCIPAL ADDRESS... [--scope any|envelope|header] [--on-behalf]",
	"take grants away"},
    {"deny", NULL, ACCESS_WRITE, run_deny, "PRINCIPAL ADDRESS... [--note TEXT]",
	"forbid addresses"},
    {"undeny", NULL, ACCESS_WRITE, run_undeny, "PRINCIPAL ADDRESS...",
	"take denies away"},
    {"domain", "add", ACCESS_WRITE, run_domain_add,
	"DOMAIN... [--owner PRINCIPAL]",
	"domains mail is received for; --owner '' removes the owner"},
    {"domain", "remove", ACCESS_WRITE, run_domain_remove, "DOMAIN...",
	"remove domains"},
    {"domain", "list", ACCESS_READ, run_domain_list, "",
	"all domains and their owners"},
    {"rule", "add", ACCESS_WRITE, run_rule_add,
	"--verdict accept|reject|tempfail|hold [--seq NUMBER]"
	" [--principal PRINCIPAL] [--client NETWORK] [--sender ADDRESS]"
	" [--recipient ADDRESS] [--tls VERSION] [--mechanism NAMES]"
	" [--hours HOURS] [--reply TEXT] [--mode enforce|monitor|inherit]"
	" [--note TEXT]",
	"who may send to whom; behind the last unless told"},
    {"rule", "list", ACCESS_READ, run_rule_list, "",
	"all rules, in the order in which they are tried"},
    {"rule", "move", ACCESS_WRITE, run_rule_move, "SEQ NEW-SEQ",
	"give a rule another number"},
    {"rule", "remove", ACCESS_WRITE, run_rule_remove, "SEQ...", "remove rules"},
    {"network", "add", ACCESS_WRITE, run_set_add, "NAME CIDR...",
	"name networks, for rules and peers"},
    {"network", "remove", ACCESS_WRITE, run_set_remove, "NAME [CIDR...]",
	"take networks out of a named one, or remove it"},
    {"network", "list", ACCESS_READ, run_set_list, "", "all named networks"},
    {"address-set", "add", ACCESS_WRITE, run_set_add, "NAME ADDRESS...",
	"name addresses, for rules"},
    {"address-set", "remove", ACCESS_WRITE, run_set_remove, "NAME [ADDRESS...]",
	"take addresses out of a set, or remove it"},
    {"address-set", "list", ACCESS_READ, run_set_list, "", "all address-sets"},
    {"identity", "add", ACCESS_WRITE, run_identity_add,
	"--login NAME [--certificate-subject NAME] [--certificate-issuer NAME]"
	" [--network CIDR] [--local] [--note TEXT]",
	"who a client is that does not log in"},
    {"identity", "remove", ACCESS_WRITE, run_identity_remove,
	"[--login NAME] [--certificate-subject NAME]"
	" [--certificate-issuer NAME] [--network CIDR] [--local]",
	"let it be nobody again"},
    {"identity", "list", ACCESS_READ, run_identity_list, "",
	"all who are known without logging in"},
    {"peer", "add", ACCESS_WRITE, run_peer_add,
	"LOGIN ADDRESS... [--client NETWORK] [--note TEXT]",
	"believe a login when it says AUTH= for these addresses"},
    {"peer", "remove", ACCESS_WRITE, run_peer_remove,
	"LOGIN [ADDRESS...] [--client NETWORK]", "believe it no longer"},
    {"peer", "list", ACCESS_READ, run_peer_list, "",
	"all whose AUTH= is believed"},
    {"limit", "set", ACCESS_WRITE, run_limit_set,
	"NAME PRINCIPAL METRIC AMOUNT [PERIOD] [--cap] [--strict]"
	" [--on-exceed tempfail|reject|hold] [--suspend 2d]"
	" [--mode enforce|monitor|inherit] [--note TEXT]",
	"how much a principal may send; AMOUNT may be unlimited"},
    {"limit", "list", ACCESS_READ, run_limit_list, "[PRINCIPAL]",
	"all limits, or those that may count for a principal"},
    {"limit", "suggest", ACCESS_NONE, run_limit_suggest,
	"[LOG...] [--since TIME] [--until TIME]",
	"limits that would have let all but a few send as they did"},
    {"limit", "remove", ACCESS_WRITE, run_limit_remove, "NAME...",
	"remove limits"},
    {"usage", NULL, ACCESS_NONE, run_usage, "[NAME]",
	"how the limits of a login stand, or who is nearest to any"},
    {"set", NULL, ACCESS_SET, run_set, "[NAME] [VALUE...]",
	"show all settings or one, or change one"},
    {"suspend", NULL, ACCESS_WRITE, run_suspend,
	"NAME [--for 2d] [--reason TEXT]",
	"stop a login, a group, a @domain, everyone or anonymous"},
    {"resume", NULL, ACCESS_WRITE, run_resume, "NAME",
	"end a suspension, automatic ones too"},
    {"history", NULL, ACCESS_UNDO, run_history,
	"[--table NAME] [--editor NAME] [--since DATE] [--limit NUMBER]"
	" [--undo NUMBER]...",
	"who changed what, and changes taken back"},
    {"sql", NULL, ACCESS_MAKE, run_sql, "[STATEMENT]",
	"the sqlite3 shell on the policy"},
    {"import", "postfix-main", ACCESS_WRITE, run_import_main,
	"[FILE] [--dry-run]", "domains and networks of a main.cf"},
    {"import", "postfix-login-maps", ACCESS_WRITE, run_import_login_maps,
	"FILE [--domain DOMAIN]... [--scope any|envelope] [--origin NAME]"
	" [--exact] [--yes] [--dry-run]",
	"grants from the source of smtpd_sender_login_maps"},
    {"import", "postfix-aliases", ACCESS_WRITE, run_import_aliases,
	"FILE [--domain DOMAIN]... [--local-part] [--scope any|envelope]"
	" [--origin NAME] [--exact] [--yes] [--dry-run]",
	"grants from the source of virtual_alias_maps"},
    {"import", "csv", ACCESS_WRITE, run_import_csv,
	"FILE [--origin NAME] [--exact] [--yes] [--dry-run]",
	"logins, groups, members and grants"},
    {"log", NULL, ACCESS_NONE, run_log,
	"[LOG...] [--login NAME] [--address ADDRESS] [--reason REASON]"
	" [--verdict accept|reject|tempfail|hold] [--ref REF]"
	" [--client NETWORK] [--since TIME] [--until TIME] [-f]",
	"search the audit log; -f follows it"},
    {"report", NULL, ACCESS_NONE, run_report,
	"[LOG...] [--by day|week] [--since TIME] [--until TIME]"
	" [--limit NUMBER] [--html FILE]",
	"what happened, counted from the audit log; also as a page"},
    {"export", NULL, ACCESS_NONE, run_export, "[postfix-login-maps]",
	"the policy as SQL, or its senders as a table for Postfix"},
    {"check", NULL, ACCESS_NONE, run_check,
	"[--login NAME] [--mail-from ADDRESS] [--rcpt ADDRESS]..."
	" [--client IP] [--tls VERSION] [--cipher-bits NUMBER]"
	" [--mechanism NAME] [--listener NAME] [--mta postfix|sendmail]"
	" [--auth-param TEXT] [--cert-subject NAME] [--cert-issuer NAME]"
	" [--verify TEXT] [--local]"
	" [--mail-addr ADDRESS] [--message FILE] [--header LINE]..."
	" [--time TIME] [--explain] [--batch]",
	"what would be decided, and why"},
    {"learn", NULL, ACCESS_NONE, run_learn,
	"[LOG...] [--min-count NUMBER] [--sql]",
	"propose grants for what mode monitor passed over"},
    {"replay", NULL, ACCESS_NONE, run_replay, "[LOG...] [--against FILE]",
	"what another policy would have decided"},
    {0}};

/* All subcommands, or those of the topic. */
static void
help(const char *topic)
{
	bool known = false;

	for (const struct subcommand *s = subcommands; s->name != NULL; s++)
		known = known || (topic != NULL && strcmp(s->name, topic) == 0);
	printf("usage: authpolicy %s SUBCOMMAND\n\n", GLOBAL);
	for (const struct subcommand *s = subcommands; s->name != NULL; s++) {
		if (known && strcmp(s->name, topic) != 0)
			continue;
		printf("%s%s%s%s%s\n    %s\n", s->name,
		    s->verb != NULL ? " " : "", s->verb != NULL ? s->verb : "",
		    s->synopsis[0] != '\0' ? " " : "", s->synopsis, s->summary);
	}
	printf(
	    "\nExit status: 0 yes, 1 refused, 2 usage, 75 could not tell.\n");
}

/* Is all to be as it was in the end? */
static bool
is_rehearsal(const struct command *c)
{
	return args_has(&c->args, "dry-run");
}

/* Says what was done and waits until it counts. */
static enum status
finish(struct command *c)
{
	enum status status = STATUS_OK;
	bool told = false;

	if (!c->json)
		output_lines("", &c->changes);
	if (!c->json && is_rehearsal(c))
		puts("dry run: nothing was changed");
	fflush(stdout);
	if (!is_rehearsal(c))
		status = daemon_wait(c, &told);
	if (c->json) {
		if (c->out.text == NULL) /* else it was begun */
			json_object(&c->out, NULL);
		output_json_lines(&c->out, "changes", &c->changes);
		if (told || status != STATUS_OK)
			json_bool(&c->out, "in_force", told);
		else
			json_string(&c->out, "in_force", NULL);
		json_object_end(&c->out);
	}
	return status;
}

/* Runs the subcommand in the transaction it needs. */
static enum status
run(struct command *c)
{
	const struct subcommand *s = c->args.subcommand;
	bool writes = s->access == ACCESS_WRITE ||
		      (s->access == ACCESS_SET && c->args.word_count > 1) ||
		      (s->access == ACCESS_UNDO && args_has(&c->args, "undo"));
	bool reads = s->access == ACCESS_READ || s->access == ACCESS_SET ||
		     s->access == ACCESS_UNDO;
	enum status status;

	if ((writes || reads) && !db_open(&c->db, c->path, writes))
		return c->db.status;
	if (writes && !db_editor(&c->db, c->editor))
		return c->db.status;
	status = s->run(c);
	if (status == STATUS_OK && writes && !is_rehearsal(c) &&
	    !db_commit(&c->db))
		status = c->db.status;
	/* Before any descriptor of the file is closed: see daemon.h. */
	db_close(&c->db);
	if (status == STATUS_OK && (writes || s->access == ACCESS_MAKE) &&
	    c->changes.count > 0)
		status = finish(c);
	return status;
}

/* The daemon names its file by its whole path; NULL without memory. */
static char *
absolute(const char *path)
{
	char *here = path[0] != '/' ? getcwd(NULL, 0) : NULL;
	size_t size = strlen(path) + (here != NULL ? strlen(here) + 2 : 1);
	char *whole = malloc(size);

	if (whole != NULL)
		snprintf(whole, size, "%s%s%s", here != NULL ? here : "",
		    here != NULL ? "/" : "", path);
	free(here);
	return whole;
}

int
main(int argc, char **argv)
{
	struct command c = {0};
	char *path;
	enum status status =
	    args_read(&c.args, argc, argv, subcommands, GLOBAL);

	c.path = path = absolute(args_value(&c.args, "db", DB));
	c.control = args_value(&c.args, "control", CONTROL);
	c.editor = args_value(&c.args, "editor", NULL);
	c.json = args_has(&c.args, "json");
	if (status == STATUS_OK && path == NULL)
		status = fail(STATUS_UNKNOWN, "out of memory");
	if (status == STATUS_OK && c.editor != NULL && c.editor[0] == '\0')
		status = fail(STATUS_USAGE, "--editor needs a name");
	if (status == STATUS_OK) {
		if (args_has(&c.args, "help"))
			help(c.args.topic);
		else if (args_has(&c.args, "version"))
			puts("authpolicy " PACKAGE_VERSION);
		else
			status = run(&c);
	}
	if (c.out.failed)
		status = fail(STATUS_UNKNOWN, "out of memory");
	else if (c.out.text != NULL && c.db.status == STATUS_OK)
		puts(c.out.text);
	db_close(&c.db);
	json_free(&c.out);
	diag_clear(&c.changes);
	args_free(&c.args);
	free(path);
	if (fflush(stdout) != 0 && status == STATUS_OK)
		status = STATUS_UNKNOWN;
	return (int)status;
}
