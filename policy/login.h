#ifndef POLICY_LOGIN_H
#define POLICY_LOGIN_H

/*
 * Names of principals.  A login is opaque text: compared with ASCII letters
 * folded and every other byte as it is.
 */

#include "verdict.h"

/*
 * Folds `name` into `out`; with `realm` not empty and no `@` in the name,
 * `@realm` is appended, so that a login has one form.  False, `out` empty,
 * when it is empty, holds a control byte, or does not fit: it is never cut.
 */
bool login_canonical(
    const char *name, const char *realm, char out[LOGIN_MAX + 1]);

/*
 * The domain of a folded login, what follows its last `@`, canonical.  1 it has
 * one; 0 and "" when it has none, or one that only maps to a domain name: a
 * login is opaque, and one with fullwidth letters in its realm is not of that
 * domain; -1 and "" could not tell (no memory).
 */
int login_domain(const char *login, char out[ADDRESS_DOMAIN_MAX + 1]);

/* Is the name `everyone`, `anonymous` or of the form `@d`?  Takes the folded.
 */
bool login_is_reserved(const char *login);

#endif
