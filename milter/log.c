/* The daemon's own log, for people; verdicts are in the audit log. */
#include "milter/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

static atomic_bool stderr_too;

/* Is standard error the journal, which has all from syslog already? */
static bool
stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM"); /* systemd.exec(5) */
	char ours[64];
	struct stat st;

	if (stream == NULL || fstat(STDERR_FILENO, &st) != 0)
		return false;
	snprintf(ours, sizeof(ours), "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	return strcmp(stream, ours) == 0;
}

void
log_open(int facility, bool to_stderr)
{
	openlog("authpolicyd", LOG_PID | LOG_NDELAY, facility);
	atomic_store(&stderr_too, to_stderr && !stderr_is_journal());
}

/* Copies `text`, making control bytes visible; `out` has room for all. */
static void
make_visible(const char *text, char *out)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f)
			out += sprintf(out, "\\x%02X", c);
		else
			*out++ = (char)c;
	}
	*out = '\0';
}

void
log_line(int priority, const char *fmt, ...)
{
	char text[2048], visible[4 * sizeof(text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	make_visible(text, visible);
	syslog(priority, "%s", visible);
	if (atomic_load(&stderr_too))
		fprintf(stderr, "authpolicyd: %s\n", visible);
}

void
log_diag(int priority, const struct diag *d)
{
	size_t kept = diag_kept(d);

	for (size_t i = 0; i < kept; i++)
		if (d->lines[i] != NULL)
			log_line(priority, "%s", d->lines[i]);
	if (d->count > kept)
		log_line(priority, "and %zu more", d->count - kept);
}
