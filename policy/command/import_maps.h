#ifndef POLICY_COMMAND_IMPORT_MAPS_H
#define POLICY_COMMAND_IMPORT_MAPS_H

#include "policy/command/import.h"

/* The source of a table of Postfix, while it is read. */
struct map {
	struct import i;
	char *entry; /* a logical line, its parts joined with a blank */
	size_t len, size;
	size_t first; /* its first line */
	/* Takes who is listed for an address or @domain. */
	bool (*take)(struct map *m, const char *address, const char *who);
	/* Is a key without domain to be passed over?  May be NULL. */
	bool (*passes)(struct map *m, const char *key);
	const char *scope; /* of the grants; NULL: any */
};

/*
 * Begins the import and reads the file that the command names, with the options
 * that login maps and aliases both have; `origin` unless one is typed.  False
 * when something failed; bad lines are counted.
 */
bool import_maps_run(struct map *m, struct command *c, const char *origin);

#endif
