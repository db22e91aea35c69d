#ifndef POLICY_COMMAND_PERIOD_H
#define POLICY_COMMAND_PERIOD_H

/*
 * --since and --until: dates and times, UTC, or how long ago, as 2h or 3d.  A
 * date alone includes its day.
 */

#include "policy/command/command.h"
#include "policy/when.h"

/*
 * As text that the `time` of a record is compared with: not before `since` and
 * before `until`.  Without an end it is all that a record's time can be.
 */
struct period {
	char since[WHEN_TEXT_SIZE], until[WHEN_TEXT_SIZE];
};

/* False, said, when an option is neither or nothing lies between. */
bool period_read(struct command *c, struct period *out);

#endif
