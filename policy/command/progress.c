/* A progress line, where there is a terminal to draw it on. */
#include "policy/command/progress.h"
#include "policy/command/output.h"

#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#define FIRST_MS 500
#define EVERY_MS 100
#define BAR 30 /* columns */

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
progress_begin(struct progress *p, const char *what, int64_t total)
{
	*p = (struct progress){.total = total};
	if (!isatty(STDERR_FILENO))
		return;
	p->what = what;
	p->began = now_ms();
	p->next = p->began + FIRST_MS;
}

/* A bar, the percentage and how long it will take. */
static void
draw_share(const struct progress *p, int64_t done, int64_t passed)
{
	double share = done < p->total ? (double)done / (double)p->total : 1;
	int filled = (int)(share * BAR);

	fputs(" [", stderr);
	for (int i = 0; i < BAR; i++)
		putc(i < filled ? '#' : '.', stderr);
	fprintf(stderr, "] %d %%", (int)(share * 100));
	if (share > 0)
		fprintf(stderr, ", %.0f s left",
		    (double)passed / 1000 * (1 - share) / share);
}

void
progress_step(struct progress *p, int64_t done)
{
	int64_t now;

	if (p->what == NULL || (now = now_ms()) < p->next)
		return;
	p->next = now + EVERY_MS;
	p->drawn = true;
	putc('\r', stderr);
	output_text(stderr, p->what);
	if (p->total > 0)
		draw_share(p, done, now - p->began);
	else
		fprintf(stderr, " %" PRId64, done);
	fputs("\033[K", stderr); /* the rest of what was drawn before */
	fflush(stderr);
}

void
progress_end(struct progress *p)
{
	if (p->drawn) {
		fputs("\r\033[K", stderr);
		fflush(stderr);
	}
	*p = (struct progress){0};
}
