#ifndef POLICY_MAILBOX_H
#define POLICY_MAILBOX_H

/*
 * The mailboxes of an originator field, read so strictly that no two parsers
 * can differ about them: RFC 5322 mailbox-list with RFC 6532 UTF-8 and a `.`
 * in names (obs-phrase, which is everywhere).  Refused are all other obsolete
 * forms, groups (RFC 6854), routes, blanks or comments beside an `@`, needless
 * quotes around a local part, and whatever is left over.  Unclear is what RFC
 * 5322 allows and parsers in common use are known to get wrong: special
 * characters in a quoted local part or in comments within comments, `\\` before
 * the end of a quote, escaped letters, addresses in folded quotes, broken
 * encoded words, blanks beyond ASCII.
 */

#include "address.h"
#include "arena.h"

#define MAILBOXES_MAX 200     /* in one field */
#define COMMENT_DEPTH_MAX 10  /* comments in comments */
#define FIELD_MAX (64 * 1024) /* octets; MTAs cut or refuse longer ones */

struct mailbox {
	struct address address;
	/*
	 * What a reader may be shown beside the address: the display name,
	 * unquoted, without comments and again with them and its words
	 * apart, then the other comments, a line feed between each two.
	 * UTF-8, encoded words as they are; "" for none.
	 */
	const char *shown;
	struct mailbox *next;
};

enum mailbox_status {
	MAILBOX_NO_MEMORY = 0, /* could not tell */
	MAILBOX_OK,
	MAILBOX_EMPTY,
	MAILBOX_CONTROL,
	MAILBOX_BAD_UTF8,
	MAILBOX_SYNTAX,
	MAILBOX_UNBALANCED, /* a quote, comment or bracket without its end */
	MAILBOX_GROUP,
	MAILBOX_ROUTE,
	MAILBOX_ENCODED, /* an encoded word where an address should be */
	MAILBOX_BAD_ADDRESS,
	MAILBOX_NOT_CANONICAL,
	MAILBOX_UNCLEAR, /* well-formed, and read otherwise by some readers */
	MAILBOX_TOO_MANY /* or too long, or too deep */
};

/* A short English phrase, such as `has group syntax`. */
const char *mailbox_strerror(enum mailbox_status status);

/*
 * Reads the value of a field as a milter sees it: folds are a line feed and
 * white space.  `list` is in `arena`, in order; NULL unless MAILBOX_OK or
 * MAILBOX_UNCLEAR. Memory and time grow with the length of the value and no
 * faster.
 */
enum mailbox_status mailbox_parse(
    const char *value, struct arena *arena, struct mailbox **list);

#endif
