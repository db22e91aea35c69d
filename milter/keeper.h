#ifndef MILTER_KEEPER_H
#define MILTER_KEEPER_H

/*
 * Keeps the policy copy: a thread watches the database, loads what changed and
 * swaps it in.  Whatever happens to the file, the last good copy stays in
 * force, and the fault is loud.  The last good image is also kept beside the
 * state database, for a start without a usable policy.
 */

#include "policy/diag.h"
#include "policy/json.h"
#include "policy/policy.h"

/*
 * Loads the policy and starts the thread.  That no policy can be loaded is no
 * error: verdicts are `policy-unavailable` until one appears.  `state` is the
 * path of the state database; the last good image is kept in its folder.
 * False, with a line in `d`, only when the thread can't be started.
 */
bool keeper_start(const char *database, const char *state, struct diag *d);

/* Stops the thread and lets go of the policy. */
void keeper_stop(void);

/* How often the file was looked at: a thread that lives counts on. */
uint64_t keeper_looks(void);

/* What is in force, on one line; its length. */
size_t keeper_summary(char *text, size_t size);

/* Writes the members of `status` that tell of the policy into an object. */
void keeper_status(struct json *j);

/* The same in numbers; those that are yes or no are 1 or 0. */
struct keeper_figures {
	uint64_t available; /* a policy is in force */
	uint64_t current;   /* that of the file as it is now */
	uint64_t fallback;  /* the one kept from an earlier run */
	uint64_t generation;
	uint64_t loaded;  /* seconds since 1970; 0: never */
	uint64_t refused; /* images since the start */
	uint64_t errors, warnings;
	uint64_t principals, grants, limits;
};
void keeper_figures(struct keeper_figures *out);

#endif
