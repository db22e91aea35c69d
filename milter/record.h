#ifndef MILTER_RECORD_H
#define MILTER_RECORD_H

/*
 * Audit records and the syslog line of a refusal, made from a session.
 */

#include "milter/session.h"

/*
 * Writes the record of a verdict: for a refusal, for a message at its end, or
 * (STAGE_ABORT) for one that was not delivered.  `ref` is what the reply
 * shows; `repeated` says how many refusals it stands for (1 for itself).
 * False: it is not in the log.
 */
bool record_write(const struct session *s, const struct verdict *v,
    const char *ref, unsigned repeated);

/*
 * `refused reason=R login=L client=IP sender=A ref=X`: one line, an interface
 * for fail2ban.  Whatever comes from outside is escaped as \xHH, blanks
 * included, so that fields can't be forged.
 */
void record_log_refusal(
    const struct session *s, const struct verdict *v, const char *ref);

/* A fresh reference, in Crockford's base 32: read out without mistakes. */
void record_new_ref(struct session *s, char out[REF_SIZE]);

#endif
