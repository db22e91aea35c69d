#ifndef POLICY_HEADER_H
#define POLICY_HEADER_H

/*
 * Header fields: which of them name originators, and how a raw header becomes
 * fields the way Postfix and Sendmail show them to a milter.
 */

#include "arena.h"
#include "facts.h"

#define ORIGINATORS_MAX 50		  /* fields kept of a message */
#define ORIGINATOR_BYTES_MAX (256 * 1024) /* of their values, in all */

/*
 * Which originator field does the name name?  `odd` is set when it holds bytes
 * that an MTA drops or a reader does not see (blanks, control bytes, anything
 * beyond ASCII) and names one without them: such a field is seen by some.
 */
enum originator_kind originator_kind(const char *name, bool *odd);

/* `From` and so on. */
const char *originator_name(enum originator_kind kind);

/* The originator fields of one message, as they come. */
struct originator_list {
	struct originator *first, **next;
	unsigned count;
	size_t bytes;
	bool lost;   /* there were more */
	bool failed; /* out of memory: nothing is known */
};

/* Keeps the field, copied into `arena`, if it names an originator. */
void originators_add(struct originator_list *o, const char *name,
    const char *value, struct arena *arena);

/* Makes them the header of `f`, which borrows them. */
void originators_use(const struct originator_list *o, struct facts *f);

/*
 * Writes the fields, each `Name: value` and CRLF, so that originators_reread()
 * makes the same of them: an odd name has a blank before its colon.  Ends with
 * a NUL; `*len` is what was written.  False when some were left out: they did
 * not fit, or had a CRLF within.
 */
bool originators_write(
    const struct originator *o, char *out, size_t size, size_t *len);

/* Takes the fields that originators_write() wrote. */
void originators_reread(struct originator_list *o, const char *written,
    size_t len, struct arena *arena);

/*
 * Takes the originator fields from a raw header of `len` bytes, lines ending
 * in CRLF or LF; it ends at an empty line or at one that is no field, as the
 * MTAs end it.  A NUL is kept as the control byte 01, so that the field is
 * malformed: the MTAs differ on what they make of it.
 */
void originators_read(struct originator_list *o, const char *raw, size_t len,
    struct arena *arena);

#endif
