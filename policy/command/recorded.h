#ifndef POLICY_COMMAND_RECORDED_H
#define POLICY_COMMAND_RECORDED_H

/*
 * A record of the audit log, read back: the facts its message was decided by,
 * to be played again, and what was decided then.
 */

#include "policy/arena.h"
#include "policy/command/db.h"
#include "policy/command/play.h"

/* What a record can be asked for. */
enum recorded_kind {
	RECORDED_NONE = 0, /* it is no record */
	RECORDED_MESSAGE,  /* decided once more it should come out the same */
	RECORDED_AGAIN,	   /* a recipient: the record of its message has it */
	RECORDED_COUNTED,  /* refusals that were only counted */
	RECORDED_FAULT,	   /* refused for what is no policy */
	RECORDED_LIMIT,	   /* refused for what others had sent before */
	RECORDED_OLD,	   /* written before records had all facts */
	RECORDED_KINDS
};

/* What was said then: names, as in the record.  `reason` may be NULL. */
struct recorded_verdict {
	const char *verdict, *reason;
};

struct recorded {
	struct play play; /* without policy; the header is there at STAGE_EOM */
	enum stage stage; /* it came to; MAIL, EOM or ABORT */
	bool cut;	  /* it had a header, which can't be read back */
	struct recorded_verdict was;
	const char *would; /* the first reason passed over then, or NULL */
	struct recorded_verdict *recipients; /* as play.recipients */
	const char *time, *ref, *login;	     /* `login` NULL: anonymous */
	unsigned repeated; /* how many refusals it stands for */

	struct arena arena;
};

/*
 * Reads a line.  `db` is of records_database(); an error of it sticks there.
 * All is borrowed from `r`, `db` and the line until the next call.
 * Zero-initialise; release with recorded_clear().
 */
enum recorded_kind recorded_read(
    struct recorded *r, struct db *db, const char *line);
void recorded_clear(struct recorded *r);

#endif
