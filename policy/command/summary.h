#ifndef POLICY_COMMAND_SUMMARY_H
#define POLICY_COMMAND_SUMMARY_H

/*
 * What `authpolicy status` says beside the state: how much is in the policy,
 * what is odd in it for this MTA, who is suspended, and what to do next.
 */

#include "policy/command/command.h"
#include "policy/command/daemon.h"

#define SUMMARY_COUNTS 7

struct summary {
	struct {
		char name[16]; /* `logins` */
		int64_t number;
	} counts[SUMMARY_COUNTS];
	size_t count;
	struct diag suspended; /* by hand: a name with its end and why */
	struct diag warnings;
	struct diag next; /* commands, with what they are for */
};

/*
 * Reads it of the policy file, as far as that can be read, and of the daemon's
 * answer, NULL when none serves the file.  `loads`: a daemon takes the file as
 * it is.  Initialise with { 0 }; release with summary_clear().
 */
void summary_read(
    struct command *c, struct daemon *d, bool loads, struct summary *s);
void summary_clear(struct summary *s);

/* Fields for people, and lines at the end; members of a JSON object, without
 * the warnings. */
void summary_print_fields(const struct summary *s);
void summary_print_lines(const struct summary *s);
void summary_write_json(struct json *j, const struct summary *s);

#endif
