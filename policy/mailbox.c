/*
 * A strict parser of mailbox lists.  The rule guarded here: every byte of the
 * field belongs to something the grammar names, or the field is refused.
 */
#include "mailbox.h"

#include <string.h>
#include <unistr.h>

struct reader {
	const char *at, *end;
	struct arena *arena;
	char *shown; /* of the mailbox in hand; room for all of the value */
	size_t shown_len;
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
	return u8_check((const uint8_t *)value, len) == NULL
	    ? MAILBOX_OK
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

/* `shown` has room for the value and one byte for each of its bytes. */
static void
show_byte(struct reader *r, char c)
{
	r->shown[r->shown_len++] = c;
}

/* --- comments and quotes ---------------------------------------------------- */

/* One comment; what it holds is shown. */
static enum mailbox_status
skip_comment(struct reader *r)
{
	unsigned depth = 0;

	show_byte(r, '\n');
	for (; r->at < r->end; r->at++) {
		if (at(r, '(') && ++depth > COMMENT_DEPTH_MAX)
			return MAILBOX_TOO_MANY;
		if (at(r, ')') && --depth == 0) {
			r->at++;
			return MAILBOX_OK;
		}
		if (at(r, '\\') && ++r->at == r->end)
			break;
		show_byte(r, at_blank(r) ? ' ' : *r->at);
	}
	return MAILBOX_UNBALANCED;
}

/* CFWS: blanks, folds and comments. */
static enum mailbox_status
skip_cfws(struct reader *r)
{
	enum mailbox_status status = MAILBOX_OK;

	for (skip_blanks(r); status == MAILBOX_OK && at(r, '(');
	     skip_blanks(r))
		status = skip_comment(r);
	return status;
}

/* Moves behind a quoted string; `show` keeps what it says. */
static enum mailbox_status
skip_quoted(struct reader *r, bool show)
{
	for (r->at++; r->at < r->end; r->at++) {
		if (at(r, '"')) {
			r->at++;
			return MAILBOX_OK;
		}
		if (at(r, '\\') && ++r->at == r->end)
			break;
		if (show)
			show_byte(r, at_blank(r) ? ' ' : *r->at);
	}
	return MAILBOX_UNBALANCED;
}

/* --- addresses ------------------------------------------------------------------ */

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
		char c = a[i] >= 'A' && a[i] <= 'Z'
		    ? (char)(a[i] - 'A' + 'a')
		    : a[i];

		if (c != b[i])
			return false;
	}
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
	status = address_parse(start, (size_t)(r->at - start), out);
	if (status == ADDRESS_NO_MEMORY)
		return MAILBOX_NO_MEMORY;
	if (status != ADDRESS_OK)
		return MAILBOX_BAD_ADDRESS;
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

/* --- mailboxes -------------------------------------------------------------------- */

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

/* The display name, up to the `<`; its words are shown as they stand. */
static enum mailbox_status
read_phrase(struct reader *r)
{
	enum mailbox_status status = MAILBOX_OK;

	while (status == MAILBOX_OK && !at(r, '<')) {
		if (at(r, '"')) {
			status = skip_quoted(r, true);
		} else if (at(r, '(')) {
			status = skip_comment(r);
			show_byte(r, '\n');
		} else if (at_blank(r)) {
			skip_blanks(r);
			show_byte(r, ' ');
		} else if (at_atext(r) || at(r, '.')) {
			show_byte(r, *r->at++);
		} else {
			status = unexpected(r);
		}
	}
	return status;
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
		status = read_mailbox(r, m);
		if (status != MAILBOX_OK)
			return status;
		show_byte(r, '\0');
		r->shown += r->shown_len;
		*next = m;
		next = &m->next;
		if (r->at == r->end)
			return MAILBOX_OK;
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
	struct reader r = {
	    .at = value, .end = value + len, .arena = arena};

	*list = NULL;
	if (len > FIELD_MAX)
		return MAILBOX_TOO_MANY;
	status = check_bytes(value, len);
	if (status != MAILBOX_OK)
		return status;
	/* at most two bytes are shown for one, and a NUL for each mailbox */
	r.shown = arena_alloc(arena, 2 * len + 2);
	if (r.shown == NULL)
		return MAILBOX_NO_MEMORY;
	status = read_list(&r, list);
	if (status != MAILBOX_OK)
		*list = NULL;
	return status;
}
