/* The period that an audit log is asked about. */
#include "policy/command/period.h"
#include "policy/command/clock.h"

#include <string.h>
#include <time.h>

/* An edge as text; what `moved` adds makes the last second the first behind. */
static bool
read_edge(struct command *c, const char *option, enum when_edge edge, int moved,
    char out[WHEN_TEXT_SIZE])
{
	const char *typed = args_value(&c->args, option, NULL);
	int64_t seconds = 0, span;

	if (typed == NULL)
		return true;
	span = clock_parse_span(typed);
	if (span > 0)
		seconds = (int64_t)time(NULL) - span;
	else if (!when_parse(typed, edge, &seconds) &&
		 (strspn(typed, "0123456789") == strlen(typed) ||
		     !clock_parse(typed, &seconds)))
		return db_fail(&c->db, STATUS_USAGE,
		    "--%s: \"%s\" is no time: write 2026-12-31 or "
		    "2026-12-31T18:00:00Z (UTC), or how long ago, like 2h or "
		    "3d",
		    option, typed);
	when_format(seconds + moved, out);
	/* a fraction may follow in a record */
	out[strcspn(out, "Z")] = '\0';
	return true;
}

bool
period_read(struct command *c, struct period *out)
{
	*out = (struct period){.since = "0", .until = "A"};
	if (!read_edge(c, "since", WHEN_FROM, 0, out->since) ||
	    !read_edge(c, "until", WHEN_UNTIL, 1, out->until))
		return false;
	return strcmp(out->since, out->until) < 0 ||
	       db_fail(&c->db, STATUS_USAGE,
		   "--until is before --since: nothing lies between");
}
