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

struct command;

/* What has drifted between the policy that is open and the main.cf at `where`,
 * a folder or file, or the system's for NULL.  Sticks when it cannot be told.
 */
void lint_postfix(struct command *c, const char *where, struct diag *warnings);

/* Rules that are never reached, and networks within others of their name. */
void lint_rules(struct db *db, struct diag *warnings);

#endif
