/* Header fields and the names of those that say who a message is from. */
#include "header.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

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

enum originator_kind
originator_kind(const char *name, bool *odd)
{
	char plain[sizeof("Resent-Sender")];
	size_t n = 0;

	*odd = false;
	for (; *name != '\0'; name++) {
		if (*name <= ' ' || *name > '~') { /* signed: 8-bit as well */
			*odd = true;
			continue;
		}
		if (n + 1 == sizeof(plain))
			return ORIGINATOR_NONE;
		plain[n++] = *name;
	}
	plain[n] = '\0';
	for (enum originator_kind kind = ORIGINATOR_FROM;
	     kind <= ORIGINATOR_RESENT_SENDER; kind++)
		if (strcasecmp(plain, originator_name(kind)) == 0)
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

bool
originators_write(
    const struct originator *o, char *out, size_t size, size_t *len)
{
	bool whole = true;

	*len = 0;
	out[0] = '\0';
	for (; o != NULL; o = o->next) {
		int n = snprintf(out + *len, size - *len, "%s%s: %s\r\n",
		    originator_name(o->kind), o->odd_name ? " " : "", o->value);

		/* a field that is cut would be another */
		if (n < 0 || (size_t)n >= size - *len ||
		    strstr(o->value, "\r\n") != NULL) {
			out[*len] = '\0';
			whole = false;
		} else
			*len += (size_t)n;
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
