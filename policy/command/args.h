#ifndef POLICY_COMMAND_ARGS_H
#define POLICY_COMMAND_ARGS_H

/*
 * The command line.  A subcommand's synopsis, as the help prints it, is also
 * what the command line is read by, so that the two cannot differ:
 *
 *   NAME ADDRESS... [--scope any|envelope|header] [--on-behalf] [--rcpt A]...
 *
 * Words in capitals stand for arguments, optional in brackets, any number of
 * them before `...`.  An option followed by a word takes a value, of a choice
 * where the word has `|`; outside brackets it has to be given.  A switch may be
 * one letter with one dash.
 */

#include "policy/command/output.h"

#include <stdbool.h>
#include <stddef.h>

struct command;

/* What main() does before and after the subcommand itself. */
enum access {
	ACCESS_NONE = 0, /* it looks after the file itself */
	ACCESS_READ,	 /* a read transaction */
	ACCESS_WRITE,	 /* a transaction, and the daemon has it in force */
	ACCESS_SET,	 /* ACCESS_READ, or ACCESS_WRITE with a second word */
	ACCESS_UNDO,	 /* ACCESS_READ, or ACCESS_WRITE with --undo */
	ACCESS_MAKE /* it writes the file itself; the daemon is waited for */
};

struct subcommand {
	const char *name;
	const char *verb; /* NULL: none */
	enum access access;
	enum status (*run)(struct command *c);
	const char *synopsis;
	const char *summary;
	const char *example; /* what may follow it; also in the manual */
};

struct given {
	const char *name; /* without the dashes; borrowed from the synopsis */
	size_t name_len;
	const char *value; /* NULL: a switch */
};

struct args {
	const struct subcommand *subcommand; /* NULL: none was named */
	const char *topic;		     /* the first word, for help */
	const char **words;		     /* what follows the subcommand */
	size_t word_count;
	struct given *given;
	size_t given_count;
	size_t own_count; /* of them, the subcommand's own */
};

/*
 * Reads the command line.  `table` ends in a row without name; `global` is
 * the synopsis of the options that may stand anywhere.  STATUS_USAGE, said on
 * standard error with the mend, when something is wrong; with --help nothing
 * is.  All strings are borrowed; free with args_free().
 */
enum status args_read(struct args *a, int argc, char **argv,
    const struct subcommand *table, const char *global);
void args_free(struct args *a);

/* Was the option given? */
bool args_has(const struct args *a, const char *name);

/* The value of an option, or `otherwise`. */
const char *args_value(
    const struct args *a, const char *name, const char *otherwise);

/* The values of a repeated option: the one after `*at`, which begins at 0 and
 * is moved on; NULL when there is no more. */
const char *args_next(const struct args *a, const char *name, size_t *at);

#endif
