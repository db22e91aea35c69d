#ifndef MILTER_SAVED_H
#define MILTER_SAVED_H

/*
 * The last good policy, kept as a file in the state folder for a start at
 * which the database is not usable.
 */

#include "policy/source.h"

/* Where it is kept, given the path of the state database; malloc'ed. */
char *saved_path(const char *state);

/*
 * Replaces the file by `image`, at once or not at all, and syncs it.  A
 * failure is logged and changes nothing: verdicts don't depend on it.
 */
void saved_write(const char *path, const struct image *image);

#endif
