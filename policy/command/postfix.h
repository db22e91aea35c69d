#ifndef POLICY_COMMAND_POSTFIX_H
#define POLICY_COMMAND_POSTFIX_H

/*
 * What Postfix' main.cf says, asked of postconf(1) and postmap(1), so that it
 * is what Postfix itself would read.
 */

#include "policy/command/command.h"

/*
 * The value of a parameter with all $names filled in, malloc'ed; of the main.cf
 * in the folder `dir`, or of the system's for NULL.  NULL, said, when postconf
 * cannot tell.
 */
char *postfix_setting(struct command *c, const char *dir, const char *name);

/* Takes what a list of patterns holds. */
struct postfix_list {
	const char *dir;
	/* A plain pattern, or the key of a table. */
	void (*take)(void *ctx, const char *pattern);
	/* A pattern of which it cannot be told what it matches. */
	void (*left)(void *ctx, const char *pattern, const char *why);
	void *ctx;
};

/*
 * Goes through a list as mydestination or mynetworks are: patterns, files of
 * them, and tables whose keys can be listed (hash, btree, lmdb, dbm, sdbm,
 * texthash, inline; through proxy: too).  Values of tables are not looked at.
 * False: out of memory.
 */
bool postfix_list(const struct postfix_list *list, const char *value);

#endif
