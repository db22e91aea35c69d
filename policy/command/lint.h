#ifndef POLICY_COMMAND_LINT_H
#define POLICY_COMMAND_LINT_H

/*
 * What is allowed but odd, and what names nothing.  A finding is one line:
 * the table, the key, what is wrong, the mend.
 */

#include "policy/command/db.h"
#include "policy/diag.h"

/* Looks at all of the policy that `db` is open on.  `errors` has what the
 * loader refused; only then what names nothing is looked for.  `mta` is
 * postfix, sendmail or "": any. */
void lint_policy(
    struct db *db, const char *mta, struct diag *errors, struct diag *warnings);

/* Only what asks for something that `mta` never tells; with "unknown" what
 * none does. */
void lint_mta(struct db *db, const char *mta, struct diag *warnings);

/* Rules that are never reached, and networks within others of their name. */
void lint_rules(struct db *db, struct diag *warnings);

#endif
