/* Which addresses a reader believes to see in a name. */
#include "display.h"

#include "encoded.h"

#include <stdlib.h>
#include <string.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

/* Drops characters that a reader does not see, in place. */
static size_t
drop_invisible(uint8_t *text, size_t len)
{
	size_t to = 0;

	for (size_t from = 0; from < len;) {
		ucs4_t c;
		int n = u8_mbtouc(&c, text + from, len - from);
		bool hidden =
		    c != '\n' && uc_is_general_category_withtable(c,
				     UC_CATEGORY_MASK_Cf | UC_CATEGORY_MASK_Cc);

		/* combining grapheme joiner, variation selectors, fillers */
		hidden =
		    hidden || uc_is_property_default_ignorable_code_point(c);
		if (!hidden) {
			memmove(text + to, text + from, (size_t)n);
			to += (size_t)n;
		}
		from += (size_t)n;
	}
	return to;
}

/* The ideographic full stop ends a label, UTS 46 says, but NFKC leaves it. */
static void
plain_stops(char *text)
{
	static const char stop[] = "\343\200\202";
	char *to = text;

	for (; *text != '\0'; text++) {
		if (strncmp(text, stop, 3) == 0) {
			*to++ = '.';
			text += 2;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

/* What is shown, as plain as comparing needs it; NULL: no memory. */
static char *
plain_text(const char *shown, struct arena *arena)
{
	char *text = arena_strdup(arena, shown), *plain;
	size_t len = 0, plain_len;
	uint8_t *folded;

	if (text == NULL)
		return NULL;
	plain_len = drop_invisible((uint8_t *)text, strlen(text));
	folded =
	    u8_normalize(UNINORM_NFKC, (uint8_t *)text, plain_len, NULL, &len);
	if (folded == NULL && plain_len > 0)
		return NULL;
	plain = arena_alloc(arena, len + 1);
	if (plain != NULL && folded != NULL)
		memcpy(plain, folded, len);
	free(folded);
	if (plain != NULL)
		plain_stops(plain);
	return plain;
}

/* Does the byte belong to an address around it?  Quotes only surround one. */
static bool
is_local_byte(char c)
{
	return c == '.' || address_is_atext((unsigned char)c);
}

static bool
is_domain_byte(char c)
{
	return c == '.' || c == '-' || (unsigned char)c >= 0x80 ||
	       (c >= '0' && c <= '9') ||
	       ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/*
 * The text around the `@` at `at`, without the quotes, dots and dashes that
 * only surround it.  False: it is no address to anybody.
 */
static bool
surrounding(const char *text, const char *at, const char **from, size_t *len)
{
	const char *start = at, *end = at + 1, *dot;

	while (start > text && is_local_byte(start[-1]))
		start--;
	while (start < at && strchr("'`.*_=~", *start) != NULL)
		start++;
	while (is_domain_byte(*end))
		end++;
	while (end > at + 1 && (end[-1] == '.' || end[-1] == '-'))
		end--;
	dot = memchr(at + 1, '.', (size_t)(end - at - 1));
	*from = start;
	*len = (size_t)(end - start);
	return start < at && dot != NULL && dot > at + 1;
}

static bool
add(struct displayed ***next, struct arena *arena, const char *from, size_t len)
{
	struct displayed *d = arena_alloc(arena, sizeof(*d));
	char *text = arena_alloc(arena, len + 1);
	enum address_status status;

	if (d == NULL || text == NULL)
		return false;
	memcpy(text, from, len);
	d->text = text;
	status = address_parse(text, len, &d->address);
	d->is_address = status == ADDRESS_OK;
	**next = d;
	*next = &d->next;
	return status != ADDRESS_NO_MEMORY;
}

/* Adds what the text shows.  False: no memory. */
static bool
find_addresses(const char *text, struct displayed ***next, struct arena *arena)
{
	for (const char *at = strchr(text, '@'); at != NULL;
	     at = strchr(at + 1, '@')) {
		const char *from;
		size_t len;

		if (surrounding(text, at, &from, &len) &&
		    !add(next, arena, from, len))
			return false;
	}
	return true;
}

/*
 * Takes out quotes and backslashes, which many readers do after decoding and in
 * comments too: `"ceo"@corp.example`.  False: there were none.
 */
static bool
drop_quotes(char *text)
{
	char *to = text;
	const char *from = text;

	for (; *from != '\0'; from++)
		if (*from != '"' && *from != '\\')
			*to++ = *from;
	*to = '\0';
	return to != from;
}

/*
 * Takes out brackets and what is in them, as some do in quotes too; one without
 * its partner stays.  False: there were none.
 */
static bool
drop_brackets(char *text)
{
	const char *from = text;
	char *to = text;
	size_t open = 0;

	for (; *from != '\0'; from++) {
		if (*from == ')' && open > 0) {
			open--;
			while (*--to != '(')
				;
			continue;
		}
		if (*from == '(')
			open++;
		*to++ = *from;
	}
	*to = '\0';
	return to != from;
}

/* Adds what the text shows, with its quotes and without.  False: no memory. */
static bool
look(const char *shown, struct displayed ***next, struct arena *arena)
{
	char *text = plain_text(shown, arena);

	return text != NULL && find_addresses(text, next, arena) &&
	       (!drop_quotes(text) || find_addresses(text, next, arena)) &&
	       (!drop_brackets(text) || find_addresses(text, next, arena));
}

/*
 * Adds what encoded words show to those who can't decode them: a broken one
 * may hold a whole address.
 */
static bool
look_undecoded(const char *shown, struct displayed ***next, struct arena *arena)
{
	char *raw = arena_strdup(arena, shown);

	if (raw == NULL)
		return false;
	for (char *c = strchr(raw, '?'); c != NULL; c = strchr(c, '?'))
		*c = ' ';
	return look(raw, next, arena);
}

bool
display_addresses(
    const char *shown, struct arena *arena, struct displayed **list)
{
	struct displayed **next = list;
	bool encoded = strstr(shown, "=?") != NULL;
	const char *c = shown;

	*list = NULL;
	/* no @, no encoded word and nothing beyond ASCII: nearly every name */
	while (*c != '\0' && *c != '@' && (unsigned char)*c < 0x80)
		c++;
	if (*c == '\0' && !encoded)
		return true;
	if (!encoded)
		return look(shown, &next, arena);
	for (int doubt = 0; doubt <= 1; doubt++) {
		const char *decoded = encoded_decode(shown, doubt, arena);

		if (decoded == NULL || !look(decoded, &next, arena))
			return false;
	}
	return look_undecoded(shown, &next, arena);
}
