/* Lines of text for the administrator, bounded in number and safe to print. */
#include "diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A copy of `text` with control bytes made visible. */
static char *
visible(const char *text)
{
	char *copy = malloc(4 * strlen(text) + 1), *to = copy;

	if (copy == NULL)
		return NULL;
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f)
			to += sprintf(to, "\\x%02X", c);
		else
			*to++ = (char)c;
	}
	*to = '\0';
	return copy;
}

void
diag_add(struct diag *d, const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (d->count < DIAG_KEPT)
		d->lines[d->count] = visible(text);
	d->count++;
}

const char *
diag_first(const struct diag *d)
{
	return d->count > 0 && d->lines[0] != NULL ? d->lines[0] : "";
}

size_t
diag_kept(const struct diag *d)
{
	return d->count < DIAG_KEPT ? d->count : DIAG_KEPT;
}

void
diag_move(struct diag *to, struct diag *from)
{
	for (size_t i = 0; i < from->count; i++) {
		char *line = i < DIAG_KEPT ? from->lines[i] : NULL;

		if (to->count < DIAG_KEPT)
			to->lines[to->count] = line;
		else
			free(line);
		to->count++;
	}
	memset(from, 0, sizeof(*from));
}

void
diag_clear(struct diag *d)
{
	for (size_t i = 0; i < diag_kept(d); i++)
		free(d->lines[i]);
	memset(d, 0, sizeof(*d));
}
