#ifndef POLICY_COMMAND_COMMAND_H
#define POLICY_COMMAND_COMMAND_H

/*
 * authpolicy, the administrator's command: what its subcommands share.
 *
 * A subcommand only says what to read or change.  main() opens the policy,
 * begins and commits the transaction, tells what was changed, and waits until
 * the daemon has it in force.
 */

#include "policy/command/args.h"
#include "policy/command/db.h"
#include "policy/command/output.h"
#include "policy/diag.h"

struct command {
	struct args args;
	const char *path;    /* of the policy */
	const char *control; /* the daemon's socket */
	const char *editor;  /* --editor; NULL: the user */
	bool json;	     /* asked for */
	struct db db;	     /* open for subcommands that read or write it */
	struct diag changes; /* what was done, a sentence each */
	struct json out;     /* the answer, with --json */
};

/* One function for each row of the table in subcommands.c. */
enum status run_init(struct command *c);
enum status run_migrate(struct command *c);
enum status run_status(struct command *c);
enum status run_lint(struct command *c);
enum status run_sql(struct command *c);
enum status run_principal_add(struct command *c);
enum status run_principal_remove(struct command *c);
enum status run_principal_rename(struct command *c);
enum status run_principal_list(struct command *c);
enum status run_principal_show(struct command *c);
enum status run_principal_mode(struct command *c);
enum status run_group_join(struct command *c);
enum status run_group_leave(struct command *c);
enum status run_grant(struct command *c);
enum status run_revoke(struct command *c);
enum status run_deny(struct command *c);
enum status run_undeny(struct command *c);
enum status run_domain_add(struct command *c);
enum status run_domain_remove(struct command *c);
enum status run_domain_list(struct command *c);
enum status run_rule_add(struct command *c);
enum status run_rule_list(struct command *c);
enum status run_rule_move(struct command *c);
enum status run_rule_remove(struct command *c);
enum status run_set_add(struct command *c);
enum status run_set_remove(struct command *c);
enum status run_set_list(struct command *c);
enum status run_identity_add(struct command *c);
enum status run_identity_remove(struct command *c);
enum status run_identity_list(struct command *c);
enum status run_peer_add(struct command *c);
enum status run_peer_remove(struct command *c);
enum status run_peer_list(struct command *c);
enum status run_limit_set(struct command *c);
enum status run_limit_list(struct command *c);
enum status run_limit_remove(struct command *c);
enum status run_limit_suggest(struct command *c);
enum status run_set(struct command *c);
enum status run_usage(struct command *c);
enum status run_suspend(struct command *c);
enum status run_resume(struct command *c);
enum status run_history(struct command *c);
enum status run_log(struct command *c);
enum status run_report(struct command *c);
enum status run_check(struct command *c);
enum status run_export(struct command *c);
enum status run_import_main(struct command *c);
enum status run_import_login_maps(struct command *c);
enum status run_import_aliases(struct command *c);
enum status run_import_csv(struct command *c);
enum status run_replay(struct command *c);
enum status run_learn(struct command *c);

#endif
