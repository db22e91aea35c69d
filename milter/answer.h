#ifndef MILTER_ANSWER_H
#define MILTER_ANSWER_H

/*
 * The one way to a verdict: the policy in force is asked, the verdict is
 * recorded, and only then may it be spoken.
 */

#include "milter/session.h"

/*
 * Decides a stage from the facts of the session.  A policy that came into force
 * since MAIL decides all of the message anew.  The reply ends in the reference
 * of the record.
 */
void answer(struct session *s, enum stage stage, struct verdict *v);

/*
 * Records a verdict that needed no decision, and adds the reference.  What
 * can't be recorded becomes `internal`, unless mail is to go on without.
 */
void answer_record(struct session *s, struct verdict *v);

#endif
