/* Header fields and the names of those that say who a message is from. */
#include "header.h"

#include "ascii.h"

#include <string.h>

const char *
originator_name(enum originator_kind kind)
{
	switch (kind) {
	case ORIGINATOR_NONE:
		break;
	case ORIGINATOR_FROM:
		return "From";
	case ORIGINATOR_SENDER:
		return "Sender";
	case ORIGINATOR_RESENT_FROM:
		return "Resent-From";
	case ORIGINATOR_RESENT_SENDER:
		return "Resent-Sender";
	}
	return "";
}

/* Is `typed` the name, bytes that some drop or don't see left out? */
static bool
is_spelling(const char *typed, const char *name, bool *odd)
{
	*odd = false;
	for (; *typed != '\0'; typed++)
		if (*typed <= ' ' || *typed > '~') /* signed: 8-bit as well */
			*odd = true;
		else if (ascii_lower(*typed) != ascii_lower(*name++))
			return false;
	return *name == '\0';
}

enum originator_kind
originator_kind(const char *name, bool *odd)
{
	for (enum originator_kind kind = ORIGINATOR_FROM;
	     kind <= ORIGINATOR_RESENT_SENDER; kind++)
		if (is_spelling(name, originator_name(kind), odd))
			return kind;
	return ORIGINATOR_NONE;
}

void
originators_add(struct originator_list *o, const char *name, const char *value,
    struct arena *arena)
{
	bool odd;
	enum originator_kind kind = originator_kind(name, &odd);
	struct originator *field;
	size_t len = strlen(value);

	if (kind == ORIGINATOR_NONE)
		return;
	if (o->count == ORIGINATORS_MAX ||
	    len > ORIGINATOR_BYTES_MAX - o->bytes) {
		o->lost = true;
		return;
	}
	field = arena_alloc(arena, sizeof(*field));
	if (field != NULL)
		field->value = arena_strdup(arena, value);
	if (field == NULL || field->value == NULL) {
		o->failed = true;
		return;
	}
	field->kind = kind;
	field->odd_name = odd;
	if (o->first == NULL)
		o->next = &o->first;
	*o->next = field;
	o->next = &field->next;
	o->count++;
	o->bytes += len;
}

void
originators_use(const struct originator_list *o, struct facts *f)
{
	f->has_header = true;
	f->originators = o->first;
	f->originators_lost = o->lost;
}

/* Adds a text with its NUL; false when there is no room for all of it. */
static bool
put(char *out, size_t size, size_t *len, const char *text)
{
	size_t n = strlen(text);

	if (n >= size - *len)
		return false;
	memcpy(out + *len, text, n + 1);
	*len += n;
	return true;
}

static bool
put_field(char *out, size_t size, size_t *len, const struct originator *o)
{
	return strstr(o->value, "\r\n") == NULL &&
	       put(out, size, len, originator_name(o->kind)) &&
	       put(out, size, len, o->odd_name ? " : " : ": ") &&
	       put(out, size, len, o->value) && put(out, size, len, "\r\n");
}

bool
originators_write(
    const struct originator *o, char *out, size_t size, size_t *len)
{
	bool whole = true;

	*len = 0;
	out[0] = '\0';
	for (; o != NULL; o = o->next) {
		size_t before = *len;

		if (put_field(out, size, len, o))
			continue;
		/* a field that is cut would be another */
		*len = before;
		out[before] = '\0';
		whole = false;
	}
	return whole;
}

void
originators_reread(struct originator_list *o, const char *written, size_t len,
    struct arena *arena)
{
	char *text = arena_alloc(arena, len + 1), *end, *colon;

	if (text == NULL) {
		o->failed = true;
		return;
	}
	memcpy(text, written, len);
	text[len] = '\0';
	for (; (end = strstr(text, "\r\n")) != NULL; text = end + 2) {
		*end = '\0';
		colon = strstr(text, ": ");
		if (colon == NULL)
			continue;
		*colon = '\0';
		originators_add(o, text, colon + 2, arena);
	}
}

/* The end of the line at `at`, without its CRLF or LF; `next` is behind it. */
static const char *
line_end(const char *at, const char *end, const char **next)
{
	const char *lf = memchr(at, '\n', (size_t)(end - at));

	*next = lf == NULL ? end : lf + 1;
	if (lf == NULL)
		return end;
	return lf > at && lf[-1] == '\r' ? lf - 1 : lf;
}

static bool
is_fold(const char *at, const char *end)
{
	return at < end && (*at == ' ' || *at == '\t');
}

/*
 * One field: the line at `*at` and its folds, joined by line feeds, one blank
 * behind the colon left out.  `text` becomes the name, `*value` its value;
 * NULL when the line is no field.
 */
static void
read_field(const char **at, const char *end, char *text, char **value)
{
	char *to = text, *colon;
	const char *next;

	for (const char *line = *at;; line = next) {
		const char *stop = line_end(line, end, &next);

		for (; line < stop; line++)
			*to++ = *line == '\0' ? '\1' : *line;
		if (!is_fold(next, end))
			break;
		*to++ = '\n';
	}
	*to = '\0';
	*at = next;
	*value = NULL;
	colon = strchr(text, ':');
	if (colon == NULL || colon == text || is_fold(text, text + 1))
		return;
	*colon = '\0';
	*value = colon + (colon[1] == ' ' ? 2 : 1);
	/* `From : x`: the MTAs show the name without the blank */
	while (colon > text && (colon[-1] == ' ' || colon[-1] == '\t'))
		*--colon = '\0';
}

void
originators_read(
    struct originator_list *o, const char *raw, size_t len, struct arena *arena)
{
	const char *at = raw, *end = raw + len;
	char *text = arena_alloc(arena, len + 2), *value;

	if (text == NULL) {
		o->failed = true;
		return;
	}
	while (at < end && *at != '\n' && *at != '\r') {
		read_field(&at, end, text, &value);
		if (value == NULL)
			break;
		originators_add(o, text, value, arena);
	}
}
