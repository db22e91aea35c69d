/*
 * A strict parser of mailbox lists.  The rule guarded here: every byte of the
 * field belongs to something the grammar names, or the field is refused.
 */
#include "mailbox.h"

#include "ascii.h"
#include "encoded.h"
#include "reader.h"

#include <string.h>
#include <unictype.h>
#include <unistr.h>

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

/* --- addresses ----------------------------------------------------------- */

/* Moves behind a local part, if there is one. */
static enum mailbox_status
skip_local(struct reader *r)
{
	if (reader_at(r, '"'))
		return reader_skip_quoted(r, false);
	while (reader_at_atext(r) || reader_at(r, '.'))
		r->at++;
	return MAILBOX_OK;
}

/* Moves behind a domain or an address literal. */
static void
skip_domain(struct reader *r)
{
	if (reader_at(r, '['))
		while (r->at < r->end && *r->at != ']' && !reader_at_blank(r))
			r->at++;
	while (reader_at_atext(r) || reader_at(r, '.') || reader_at(r, ']'))
		r->at++;
}

static bool
equal_ignoring_case(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (ascii_lower(a[i]) != b[i])
			return false;
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
	reader_skip_blanks(r);
	if (reader_at(r, '@'))
		return MAILBOX_ROUTE;
	if (reader_at(r, '>'))
		return MAILBOX_EMPTY;
	start = r->at;
	status = skip_local(r);
	if (status != MAILBOX_OK)
		return status;
	if (!reader_at(r, '@'))
		return r->at == r->end ? MAILBOX_UNBALANCED
				       : MAILBOX_BAD_ADDRESS;
	status = read_addr_spec(r, start, out);
	if (status != MAILBOX_OK)
		return status;
	reader_skip_blanks(r);
	if (!reader_at(r, '>'))
		return r->at == r->end ? MAILBOX_UNBALANCED : MAILBOX_SYNTAX;
	r->at++;
	return MAILBOX_OK;
}

/* --- mailboxes ----------------------------------------------------------- */

/* What stands where a display name can't go on. */
static enum mailbox_status
unexpected(const struct reader *r)
{
	if (r->at == r->end || reader_at(r, ','))
		return MAILBOX_BAD_ADDRESS; /* a name alone */
	if (reader_at(r, ':'))
		return MAILBOX_GROUP;
	return reader_at(r, ')') || reader_at(r, '>') ? MAILBOX_UNBALANCED
						      : MAILBOX_SYNTAX;
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
	while (status == MAILBOX_OK && !reader_at(r, '<')) {
		if (reader_at(r, '"') || reader_at(r, '(')) {
			status = reader_at(r, '"') ? reader_skip_quoted(r, true)
						   : reader_skip_comment(r);
			if (apart)
				reader_show(r, '\n');
		} else if (reader_at_blank(r)) {
			reader_skip_blanks(r);
			reader_show(r, ' ');
		} else if (reader_at_atext(r) || reader_at(r, '.')) {
			reader_follow_word(r);
			reader_show(r, *r->at++);
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
	reader_show(r, '\n');
	r->at = start;
	return read_words(r, true);
}

/* One mailbox, the comments around it included. */
static enum mailbox_status
read_mailbox(struct reader *r, struct mailbox *m)
{
	enum mailbox_status status = reader_skip_cfws(r);
	const char *start = r->at;

	if (status != MAILBOX_OK)
		return status;
	if (r->at == r->end || reader_at(r, ',')) /* an empty element */
		return MAILBOX_EMPTY;
	status = skip_local(r);
	if (status != MAILBOX_OK)
		return status;
	if (r->at > start && reader_at(r, '@')) {
		status = read_addr_spec(r, start, &m->address);
	} else {
		r->at = start;
		if (reader_at(r, '.'))
			return MAILBOX_SYNTAX;
		status = read_phrase(r);
		if (status == MAILBOX_OK)
			status = read_angle_addr(r, &m->address);
	}
	return status == MAILBOX_OK ? reader_skip_cfws(r) : status;
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
		reader_show(r, '\0');
		/* some join comments, and so the words in them */
		r->unclear = r->unclear || !encoded_is_clear(m->shown) ||
			     (r->comments > 1 && r->word_in_comment);
		r->shown += r->shown_len;
		*next = m;
		next = &m->next;
		if (r->at == r->end)
			return r->unclear || reader_has_odd_fold(r)
				   ? MAILBOX_UNCLEAR
				   : MAILBOX_OK;
		if (!reader_at(r, ','))
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
	status = reader_check(value, len);
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
