#ifndef POLICY_DISPLAY_H
#define POLICY_DISPLAY_H

/*
 * Addresses that a display name or comment shows to a reader:
 * `"ceo@corp.example" <me@d>`.  A lone `@` is none.
 */

#include "address.h"
#include "arena.h"

struct displayed {
	const char *text;	/* as shown, folded: for messages */
	bool is_address;	/* it could be granted, */
	struct address address; /* and this is it */
	struct displayed *next;
};

/*
 * The addresses shown by `shown` (mailbox.h) once encoded words are decoded,
 * format characters dropped and look-alikes such as the fullwidth `@` folded
 * (NFKC).  An address is text around an `@` whose domain has a dot in it.
 * `list` is NULL when there are none.  False: no memory.
 */
bool display_addresses(
    const char *shown, struct arena *arena, struct displayed **list);

#endif
