#ifndef POLICY_READER_H
#define POLICY_READER_H

/*
 * Reads on in an originator field, by bytes, comments and quoted strings: what
 * the grammar of policy/mailbox is made of.  Notes on its way what parsers in
 * common use are known to read in another way.
 */

#include "mailbox.h"

struct reader {
	const char *at, *end;
	struct arena *arena;
	char *shown; /* of the mailbox in hand; room for all of the value */
	size_t shown_len;
	bool has_words; /* encoded ones, whole or not */
	bool unclear;
	bool hide_comments;		  /* from what is shown */
	bool word_in_comment;		  /* of this mailbox, an encoded one */
	unsigned comments;		  /* of this mailbox */
	bool fold_inside, address_inside; /* a quote or comment */
	unsigned marks;		/* `?` of the encoded word in hand; 0: none */
	const char *after_mark; /* where the search for the next goes on */
};

/* Is the value of bytes that a field may have, wherever they stand? */
enum mailbox_status reader_check(const char *value, size_t len);

/* What is at hand; nothing is at the end. */
static inline bool
reader_at(const struct reader *r, char c)
{
	return r->at < r->end && *r->at == c;
}

static inline bool
reader_at_blank(const struct reader *r)
{
	return reader_at(r, ' ') || reader_at(r, '\t') || reader_at(r, '\n');
}

static inline bool
reader_at_atext(const struct reader *r)
{
	return r->at < r->end && address_is_atext((unsigned char)*r->at);
}

static inline void
reader_skip_blanks(struct reader *r)
{
	while (reader_at_blank(r))
		r->at++;
}

/* Shows a byte; `shown` has room for three times the value. */
static inline void
reader_show(struct reader *r, char c)
{
	r->shown[r->shown_len++] = c;
}

/*
 * Follows encoded words byte by byte, before each is passed.  Some readers look
 * for these first, some for quotes and comments: none may begin or end within
 * an encoded word.
 */
void reader_follow_word(struct reader *r);

/*
 * Move behind a comment, behind blanks, folds and comments (CFWS), and behind a
 * quoted string.  What comments hold is shown, unless `hide_comments`; what a
 * quoted string says is with `show`.
 */
enum mailbox_status reader_skip_comment(struct reader *r);
enum mailbox_status reader_skip_cfws(struct reader *r);
enum mailbox_status reader_skip_quoted(struct reader *r, bool show);

/*
 * Some readers end a quote or comment at a fold, and take the next quote for
 * its beginning: was there anything in any of them that could then pass for an
 * address?
 */
bool reader_has_odd_fold(const struct reader *r);

#endif
