/* The facts that follow from others. */
#include "facts.h"

#include <time.h>

void
facts_set_time(struct facts *f, int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	f->time = seconds;
	f->week_minute = -1;
	if (localtime_r(&t, &tm) != NULL)
		f->week_minute = (tm.tm_wday + 6) % 7 * 24 * 60 +
				 tm.tm_hour * 60 + tm.tm_min;
}
