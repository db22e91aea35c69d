#ifndef MILTER_KEYS_H
#define MILTER_KEYS_H

/*
 * The keys of authpolicyd.conf: their names, their defaults and what they
 * take.  Of the file and its syntax milter/config knows.
 */

#include "milter/config.h"

#include <stdbool.h>
#include <stddef.h>

/* The text of a key on its way into a configuration, in which it stays. */
struct taking {
	const struct key *key;
	struct config *config;
	const char *text;
	bool given; /* in the file; else it is the default */
};

struct key {
	const char *name;
	const char *initial; /* the default */
	const char *allowed; /* for people, after "it must be" */

	/* True when the text may be so; may add advice to the configuration. */
	bool (*take)(const struct taking *t);

	/* For those that take several keys. */
	size_t field;		  /* offset in struct config */
	unsigned min, max;	  /* of a number */
	const struct word *words; /* of a choice */
};

/* In the order in which they are to be taken. */
extern const struct key keys[CONFIG_KEYS];

#define KEYS_SOCKET 0
#define KEYS_NOTICE_COMMAND (CONFIG_KEYS - 1) /* the only list */

#endif
