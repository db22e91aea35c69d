#ifndef MILTER_COPIES_H
#define MILTER_COPIES_H

/*
 * The policy copy in force, and those before it that a callback still holds.
 * Callbacks take and give back; the loader and the state thread put copies in
 * force, one at a time, and free what nobody holds any more.
 */

#include "policy/policy.h"

/*
 * The copy in force, or NULL when there is none.  The caller may use it until
 * copies_give(), which it must call before its callback returns: copies are
 * never held between callbacks.
 */
const struct policy *copies_take(void);
void copies_give(const struct policy *policy); /* NULL is fine */

/*
 * Puts a policy in force, with the automatic suspensions, and takes it over.
 * The next generation is its.  False: out of memory, the old one stays.
 */
bool copies_put(struct policy *policy);

/* What was put last, without automatic suspensions; NULL before.  For the
 * thread that puts. */
const struct policy *copies_plain(void);

/*
 * Puts automatic suspensions in force, in place of those given before, now and
 * with every policy put later; those that are over or pardoned are without
 * effect.  Copies what it is given.  What it replaced is to be freed by
 * copies_free_unused().
 */
void copies_contain(const struct suspension *automatic, size_t count);

/* Frees copies that were replaced and that no callback holds.  That of a large
 * policy takes long: no lock that a callback may want is to be held. */
void copies_free_unused(void);

/* Lets go of everything; what callbacks still hold stays valid. */
void copies_clear(void);

#endif
