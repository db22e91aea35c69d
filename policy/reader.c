/*
 * Bytes, comments and quotes of an originator field.  The rule guarded here:
 * what readers end at different places is unclear, or refused.
 */
#include "reader.h"

#include <string.h>
#include <unistr.h>

enum mailbox_status
reader_check(const char *value, size_t len)
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

void
reader_follow_word(struct reader *r)
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
 * notes what reader_has_odd_fold() asks.  Nobody escapes letters, and some
 * readers drop those.
 */
static enum mailbox_status
read_pair(struct reader *r)
{
	bool escaped = reader_at(r, '\\');

	if (escaped && ++r->at == r->end)
		return MAILBOX_UNBALANCED;
	r->unclear = r->unclear || (escaped && at_alnum(r));
	reader_follow_word(r);
	r->fold_inside = r->fold_inside || reader_at(r, '\n');
	r->address_inside = r->address_inside || reader_at(r, '@') ||
			    reader_at(r, '<') || reader_at(r, '>');
	return MAILBOX_OK;
}

bool
reader_has_odd_fold(const struct reader *r)
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
enum mailbox_status
reader_skip_comment(struct reader *r)
{
	size_t shown_len = r->shown_len;
	enum mailbox_status status;
	unsigned depth = 0;
	bool nested = false, special = false;

	end_word(r);
	reader_show(r, '\n');
	for (; r->at < r->end; r->at++) {
		if (reader_at(r, '(') && ++depth > COMMENT_DEPTH_MAX)
			return MAILBOX_TOO_MANY;
		nested = nested || depth > 1;
		if (reader_at(r, ')') && --depth == 0) {
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
		nested =
		    nested || reader_at(r, ')'); /* escaped: the same to some */
		r->word_in_comment = r->word_in_comment || r->marks > 0;
		reader_show(r, reader_at_blank(r) ? ' ' : *r->at);
	}
	return MAILBOX_UNBALANCED;
}

enum mailbox_status
reader_skip_cfws(struct reader *r)
{
	enum mailbox_status status = MAILBOX_OK;

	for (reader_skip_blanks(r); status == MAILBOX_OK && reader_at(r, '(');
	     reader_skip_blanks(r))
		status = reader_skip_comment(r);
	return status;
}

enum mailbox_status
reader_skip_quoted(struct reader *r, bool show)
{
	enum mailbox_status status;

	end_word(r);
	for (r->at++; r->at < r->end; r->at++) {
		if (reader_at(r, '"')) {
			end_word(r);
			r->unclear = r->unclear || is_odd_end(r);
			r->at++;
			return MAILBOX_OK;
		}
		status = read_pair(r);
		if (status != MAILBOX_OK)
			return status;
		if (show)
			reader_show(r, reader_at_blank(r) ? ' ' : *r->at);
	}
	return MAILBOX_UNBALANCED;
}
