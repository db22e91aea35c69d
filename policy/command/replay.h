#ifndef POLICY_COMMAND_REPLAY_H
#define POLICY_COMMAND_REPLAY_H

/*
 * What `authpolicy replay` found, and how it is shown.
 */

#include "policy/command/command.h"
#include "policy/command/recorded.h"

struct replay {
	struct db db; /* the changes, beside the functions that read records */
	struct recorded message;
	int64_t records[RECORDED_KINDS];
	int64_t other, worse;  /* messages */
	int64_t still;	       /* refused before and now, alike */
	int64_t cut;	       /* messages whose header can't be read back */
	bool changed, refused; /* the one in hand */
	bool stays;	       /* the one in hand, refused alike */
	bool refusals;	       /* nothing but refusals is shown */
};

/* For people: each kind of change with examples, then the sums; or as one JSON
 * object.  An error sticks in r->db. */
void replay_print(struct replay *r);
void replay_write_json(struct replay *r, struct json *j);

#endif
