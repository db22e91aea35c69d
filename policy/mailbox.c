/*
 * A strict parser of mailbox lists.  The rule guarded here: every byte of the
 * field belongs to something the grammar names, or the field is refused.
 */
#include "mailbox.h"

#include "encoded.h"

#include <string.h>
#include <unictype.h>
#include <unistr.h>

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

const char *
mailbox_strerror(enum mailbox_status status)
{
	switch (status) {
	case MAILBOX_NO_MEMORY:
		return "could not be read for lack of memory";
	case MAILBOX_OK:
		return "is good";
	case MAILBOX_EMPTY:
		return "has no address";
	case MAILBOX_CONTROL:
		return "has a control character";
	case MAILBOX_BAD_UTF8:
		return "has bytes that are not UTF-8";
	case MAILBOX_SYNTAX:
		return "is not a list of addresses as RFC 5322 has them";
	case MAILBOX_UNBALANCED:
		return "has a quote, comment or bracket without its end";
	case MAILBOX_GROUP:
		return "has group syntax";
	case MAILBOX_ROUTE:
		return "has a source route";
	case MAILBOX_ENCODED:
		return "has an encoded word in an address";
	case MAILBOX_BAD_ADDRESS:
		return "has an address that is not of the form user@domain";
	case MAILBOX_NOT_CANONICAL:
		return "has an address with needless quotes";
	case MAILBOX_UNCLEAR:
		return "can be read in more than one way";
	case MAILBOX_TOO_MANY:
		return "is too long, or has too many addresses";
	}
	return "can't be read";
}

/* --- bytes ---------------------------------------------------------------- */

/* Are all bytes ones that a field may have, wherever they stand? */
static enum mailbox_status
check_bytes(const char *value, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)value[i];
		unsigned char next = (unsigned char)value[i + 1];

		if (c == '\n' && next != ' ' && next != '\t')
			return MAILBOX_CONTROL;
		if ((c < ' ' && c != '\t' && c != '\n') || c == 0x7f)
			return MAILBOX_CONTROL;
		if (c == 0xc2 && next >= 0x80 && next < 0xa0) /* C1 */
			return MAILBOX_CONTROL;
	}
	return u8_check((const uint8_t *)value, len) == NULL ? MAILBOX_OK
							     : MAILBOX_BAD_UTF8;
}

static bool
at(const struct reader *r, char c)
{
	return r->at < r->end && *r->at == c;
}

static bool
at_blank(const struct reader *r)
{
	return at(r, ' ') || at(r, '\t') || at(r, '\n');
}

static bool
at_atext(const struct reader *r)
{
	return r->at < r->end && address_is_atext((unsigned char)*r->at);
}

static void
skip_blanks(struct reader *r)
{
	while (at_blank(r))
		r->at++;
}

/* `shown` has room for three times the value. */
static void
show_byte(struct reader *r, char c)
{
	r->shown[r->shown_len++] = c;
}

/*
 * Follows encoded words byte by byte.  Some readers look for these first, some
 * for quotes and comments: none may begin or end within an encoded word.
 */
static void
follow_word(struct reader *r)
{
	if (r->at < r->after_mark)
		return;
	if (r->marks == 0 && r->at[0] == '=' && r->at[1] == '?') {
		r->marks = 1;
		r->after_mark = r->at + 2;
	} else if (r->marks >= 3 && r->at[0] == '?' && r->at[1] == '=') {
		r->marks = 0;
		r->after_mark = r->at + 2;
	} else if (r->marks > 0 && r->at[0] == '?') {
		r->marks++;
	}
}

/* No encoded word goes on here. */
static void
end_word(struct reader *r)
{
	r->unclear = r->unclear || r->marks != 0;
	r->marks = 0;
}

/* --- comments and quotes ----------------------------------------------------
 */

/*
 * What readers end too early or too late: a backslash before the end of a quote
 * or comment.  It is itself escaped, or that were no end.
 */
static bool
is_odd_end(const struct reader *r)
{
	return r->at[-1] == '\\';
}

static bool
at_alnum(const struct reader *r)
{
	char c = (char)(*r->at | 0x20);

	return (*r->at >= '0' && *r->at <= '9') || (c >= 'a' && c <= 'z');
}

/*
 * The byte at hand within a quote or comment, or the one its backslash is for;
 * notes what is_odd_fold() asks.  Nobody escapes letters, and some readers
 * drop those.
 */
static enum mailbox_status
read_pair(struct reader *r)
{
	bool escaped = at(r, '\\');

	if (escaped && ++r->at == r->end)
		return MAILBOX_UNBALANCED;
	r->unclear = r->unclear || (escaped && at_alnum(r));
	follow_word(r);
	r->fold_inside = r->fold_inside || at(r, '\n');
	r->address_inside =
	    r->address_inside || at(r, '@') || at(r, '<') || at(r, '>');
	return MAILBOX_OK;
}

/*
 * Some readers end a quote or comment at a fold, and take the next quote for
 * its beginning: nothing in any of them must be able to pass for an address.
 */
static bool
is_odd_fold(const struct reader *r)
{
	return r->fold_inside && r->address_inside;
}

/* What an address or an encoded word is made with, `@` in its three widths. */
static bool
at_special(const struct reader *r)
{
	return strchr("<>@,;:\"", *r->at) != NULL ||
	       strncmp(r->at, "=?", 2) == 0 ||
	       strncmp(r->at, "\357\271\253", 3) == 0 ||
	       strncmp(r->at, "\357\274\240", 3) == 0;
}

/*
 * One comment; what it holds is shown.  Some readers end it at its first `)`,
 * some take all brackets out: what is nested must not pass for an address.
 */
static enum mailbox_status
skip_comment(struct reader *r)
{
	size_t shown_len = r->shown_len;
	enum mailbox_status status;
	unsigned depth = 0;
	bool nested = false, special = false;

	end_word(r);
	show_byte(r, '\n');
	for (; r->at < r->end; r->at++) {
		if (at(r, '(') && ++depth > COMMENT_DEPTH_MAX)
			return MAILBOX_TOO_MANY;
		nested = nested || depth > 1;
		if (at(r, ')') && --depth == 0) {
			end_word(r);
			r->unclear =
			    r->unclear || is_odd_end(r) || (nested && special);
			r->at++;
			if (r->hide_comments)
				r->shown_len = shown_len;
			else
				r->comments++;
			return MAILBOX_OK;
		}
		status = read_pair(r);
		if (status != MAILBOX_OK)
			return status;
		special = special || at_special(r);
		nested = nested || at(r, ')'); /* escaped: the same to some */
		r->word_in_comment = r->word_in_comment || r->marks > 0;
		show_byte(r, at_blank(r) ? ' ' : *r->at);
	}
	return MAILBOX_UNBALANCED;
}

/* CFWS: blanks, folds and comments. */
static enum mailbox_status
skip_cfws(struct reader *r)
{
	enum mailbox_status status = MAILBOX_OK;

	for (skip_blanks(r); status == MAILBOX_OK && at(r, '('); skip_blanks(r))
		status = skip_comment(r);
	return status;
}

/* Moves behind a quoted string; `show` keeps what it says. */
static enum mailbox_status
skip_quoted(struct reader *r, bool show)
{
	enum mailbox_status status;

	end_word(r);
	for (r->at++; r->at < r->end; r->at++) {
		if (at(r, '"')) {
			end_word(r);
			r->unclear = r->unclear || is_odd_end(r);
			r->at++;
			return MAILBOX_OK;
		}
		status = read_pair(r);
		if (status != MAILBOX_OK)
			return status;
		if (show)
			show_byte(r, at_blank(r) ? ' ' : *r->at);
	}
	return MAILBOX_UNBALANCED;
}

/* --- addresses
 * ------------------------------------------------------------------ */

/* Moves behind a local part, if there is one. */
static enum mailbox_status
skip_local(struct reader *r)
{
	if (at(r, '"'))
		return skip_quoted(r, false);
	while (at_atext(r) || at(r, '.'))
		r->at++;
	return MAILBOX_OK;
}

/* Moves behind a domain or an address literal. */
static void
skip_domain(struct reader *r)
{
	if (at(r, '['))
		while (r->at < r->end && *r->at != ']' && !at_blank(r))
			r->at++;
	while (at_atext(r) || at(r, '.') || at(r, ']'))
		r->at++;
}

static bool
equal_ignoring_case(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = a[i] >= 'A' && a[i] <= 'Z' ? (char)(a[i] - 'A' + 'a')
						    : a[i];

		if (c != b[i])
			return false;
	}
	return true;
}

/* Is there a blank beyond ASCII, where some readers end the address? */
static bool
has_odd_blank(const char *text, const char *end)
{
	ucs4_t c;

	for (int n; text < end; text += n) {
		n = u8_mbtouc(&c, (const uint8_t *)text, (size_t)(end - text));
		if (c == 0xfeff ||
		    (c >= 0x80 && uc_is_general_category_withtable(
				      c, UC_CATEGORY_MASK_Z)))
			return true;
	}
	return false;
}

/*
 * Is the quoted local part one that all readers end at the same place?  In it
 * are only blanks and what could stand in it without quotes.
 */
static bool
is_plain_quoted(const char *start, size_t len)
{
	for (size_t i = 1; i + 1 < len; i++)
		if (start[i] != ' ' && start[i] != '.' &&
		    !address_is_atext((unsigned char)start[i]))
			return false;
	return true;
}

/*
 * The address that begins at `start` and whose `@` comes at `at`; the reader
 * ends behind it.  Sendmail takes quotes off after we have looked, so quotes
 * are only good where they must be.
 */
static enum mailbox_status
read_addr_spec(struct reader *r, const char *start, struct address *out)
{
	size_t local = (size_t)(r->at - start);
	enum address_status status;

	r->at++; /* the @ */
	skip_domain(r);
	for (size_t i = 0; i + 1 < local; i++)
		if (start[i] == '=' && start[i + 1] == '?')
			return MAILBOX_ENCODED;
		else if (start[i] == '?' && start[i + 1] == '=')
			r->unclear = r->unclear || r->has_words;
	status = address_parse(start, (size_t)(r->at - start), out);
	if (status == ADDRESS_NO_MEMORY)
		return MAILBOX_NO_MEMORY;
	if (status != ADDRESS_OK)
		return MAILBOX_BAD_ADDRESS;
	r->unclear = r->unclear || has_odd_blank(start, r->at) ||
		     (start[0] == '"' && !is_plain_quoted(start, local));
	if (start[0] == '"' &&
	    (out->local_len != local ||
		!equal_ignoring_case(start, out->text, local)))
		return MAILBOX_NOT_CANONICAL;
	return MAILBOX_OK;
}

/* `<addr-spec>`, blanks but no comments within. */
static enum mailbox_status
read_angle_addr(struct reader *r, struct address *out)
{
	enum mailbox_status status;
	const char *start;

	r->at++; /* the < */
	skip_blanks(r);
	if (at(r, '@'))
		return MAILBOX_ROUTE;
	if (at(r, '>'))
		return MAILBOX_EMPTY;
	start = r->at;
	status = skip_local(r);
	if (status != MAILBOX_OK)
		return status;
	if (!at(r, '@'))
		return r->at == r->end ? MAILBOX_UNBALANCED
				       : MAILBOX_BAD_ADDRESS;
	status = read_addr_spec(r, start, out);
	if (status != MAILBOX_OK)
		return status;
	skip_blanks(r);
	if (!at(r, '>'))
		return r->at == r->end ? MAILBOX_UNBALANCED : MAILBOX_SYNTAX;
	r->at++;
	return MAILBOX_OK;
}

/* --- mailboxes
 * -------------------------------------------------------------------- */

/* What stands where a display name can't go on. */
static enum mailbox_status
unexpected(const struct reader *r)
{
	if (r->at == r->end || at(r, ','))
		return MAILBOX_BAD_ADDRESS; /* a name alone */
	if (at(r, ':'))
		return MAILBOX_GROUP;
	return at(r, ')') || at(r, '>') ? MAILBOX_UNBALANCED : MAILBOX_SYNTAX;
}

/*
 * The words up to the `<`, as they stand.  Apart: the comments among them as
 * well, and an end of line after each of these and each quoted word.
 */
static enum mailbox_status
read_words(struct reader *r, bool apart)
{
	enum mailbox_status status = MAILBOX_OK;

	r->marks = 0;
	r->after_mark = r->at;
	r->hide_comments = !apart;
	while (status == MAILBOX_OK && !at(r, '<')) {
		if (at(r, '"') || at(r, '(')) {
			status =
			    at(r, '"') ? skip_quoted(r, true) : skip_comment(r);
			if (apart)
				show_byte(r, '\n');
		} else if (at_blank(r)) {
			skip_blanks(r);
			show_byte(r, ' ');
		} else if (at_atext(r) || at(r, '.')) {
			follow_word(r);
			show_byte(r, *r->at++);
		} else {
			status = unexpected(r);
		}
	}
	r->hide_comments = false;
	return status;
}

/*
 * The display name.  Some readers leave comments out and what stood around them
 * grows together, others keep all words apart: both are shown.
 */
static enum mailbox_status
read_phrase(struct reader *r)
{
	const char *start = r->at;
	enum mailbox_status status = read_words(r, false);
	size_t len = (size_t)(r->at - start);

	if (status != MAILBOX_OK || (memchr(start, '(', len) == NULL &&
					memchr(start, '"', len) == NULL))
		return status;
	show_byte(r, '\n');
	r->at = start;
	return read_words(r, true);
}

/* One mailbox, the comments around it included. */
static enum mailbox_status
read_mailbox(struct reader *r, struct mailbox *m)
{
	enum mailbox_status status = skip_cfws(r);
	const char *start = r->at;

	if (status != MAILBOX_OK)
		return status;
	if (r->at == r->end || at(r, ',')) /* an empty element */
		return MAILBOX_EMPTY;
	status = skip_local(r);
	if (status != MAILBOX_OK)
		return status;
	if (r->at > start && at(r, '@')) {
		status = read_addr_spec(r, start, &m->address);
	} else {
		r->at = start;
		if (at(r, '.'))
			return MAILBOX_SYNTAX;
		status = read_phrase(r);
		if (status == MAILBOX_OK)
			status = read_angle_addr(r, &m->address);
	}
	return status == MAILBOX_OK ? skip_cfws(r) : status;
}

static enum mailbox_status
read_list(struct reader *r, struct mailbox **list)
{
	struct mailbox **next = list;

	for (unsigned count = 0;; count++) {
		struct mailbox *m = arena_alloc(r->arena, sizeof(*m));
		enum mailbox_status status;

		if (m == NULL)
			return MAILBOX_NO_MEMORY;
		if (count == MAILBOXES_MAX)
			return MAILBOX_TOO_MANY;
		m->shown = r->shown;
		r->shown_len = 0;
		r->comments = 0;
		r->word_in_comment = false;
		status = read_mailbox(r, m);
		if (status != MAILBOX_OK)
			return status;
		show_byte(r, '\0');
		/* some join comments, and so the words in them */
		r->unclear = r->unclear || !encoded_is_clear(m->shown) ||
			     (r->comments > 1 && r->word_in_comment);
		r->shown += r->shown_len;
		*next = m;
		next = &m->next;
		if (r->at == r->end)
			return r->unclear || is_odd_fold(r) ? MAILBOX_UNCLEAR
							    : MAILBOX_OK;
		if (!at(r, ','))
			return unexpected(r);
		r->at++;
	}
}

enum mailbox_status
mailbox_parse(const char *value, struct arena *arena, struct mailbox **list)
{
	size_t len = strlen(value);
	enum mailbox_status status;
	struct reader r = {.at = value, .end = value + len, .arena = arena};

	*list = NULL;
	if (len > FIELD_MAX)
		return MAILBOX_TOO_MANY;
	status = check_bytes(value, len);
	if (status != MAILBOX_OK)
		return status;
	/* words are shown twice, `()` as three more, and a NUL a mailbox */
	r.has_words = strstr(value, "=?") != NULL;
	r.shown = arena_alloc(arena, 3 * len + 2);
	if (r.shown == NULL)
		return MAILBOX_NO_MEMORY;
	status = read_list(&r, list);
	if (status != MAILBOX_OK && status != MAILBOX_UNCLEAR)
		*list = NULL;
	return status;
}
