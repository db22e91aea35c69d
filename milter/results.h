#ifndef MILTER_RESULTS_H
#define MILTER_RESULTS_H

/*
 * Authentication-Results, RFC 8601: which fields of a message claim to be ours
 * and what we say ourselves.
 */

#include "policy/verdict.h"

#include <stdbool.h>
#include <stddef.h>

#define RESULTS_FIELD "Authentication-Results"
#define RESULTS_MAX (2 * LOGIN_MAX + 320)

/*
 * Must the field with this value go, so that nobody takes it for ours?  Yes
 * when its authserv-id, comments and quotes removed, is `authserv_id` in any
 * case, and when it can't be read (section 5).
 */
bool results_claims(const char *value, const char *authserv_id);

/*
 * Writes `ID; auth=pass smtp.auth="login"`.  False for a login that a field
 * can't hold, beyond ASCII: then nothing is said.
 */
bool results_write(
    const char *authserv_id, const char *login, char out[RESULTS_MAX]);

#endif
