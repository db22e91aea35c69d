/* What every step of a decision needs to say what it found. */
#include "decision.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
say_so(const struct decision *d, const char *fmt, ...)
{
	char text[2 * ROW_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(d->trace->say)(d->trace->ctx, text);
}

void
set_row(struct decision *d, const char *table, const char *one, const char *two)
{
	const char *const parts[] = {
	    table, "(", one, two[0] == '\0' ? "" : ", ", two, ")"};
	char *to = d->row, *end = d->row + ROW_MAX;

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		for (const char *c = parts[i]; *c != '\0' && to < end; c++)
			*to++ = *c;
	*to = '\0';
}

struct shown
show(const char *text)
{
	struct shown s;
	size_t n = 0;

	for (; *text != '\0' && n < SHOWN_MAX; text++)
		s.text[n++] = *text >= ' ' && *text <= '~' ? *text : '?';
	if (*text != '\0')
		for (int dots = 0; dots < 3; dots++)
			s.text[n++] = '.';
	s.text[n] = '\0';
	return s;
}

bool
refuse(struct decision *d, enum reason reason, const char *fmt, ...)
{
	va_list ap;

	d->reason = reason;
	va_start(ap, fmt);
	vsnprintf(d->text, sizeof(d->text), fmt, ap);
	va_end(ap);
	return true;
}

bool
refuse_internal(struct decision *d)
{
	return refuse(d, REASON_INTERNAL,
	    "this could not be decided now; try again later");
}

struct shown
show_client(const struct decision *d)
{
	return show(d->client->anonymous  ? "a client without login"
		    : d->client->login[0] ? d->client->login
					  : d->facts->login);
}
