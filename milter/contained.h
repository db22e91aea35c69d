#ifndef MILTER_CONTAINED_H
#define MILTER_CONTAINED_H

/*
 * Whom limits suspended, as long as it is not over.  Callbacks add and wait;
 * the thread of milter/state commits and then tells them.  Knows no file.
 *
 * Of two suspensions of one principal and limit one is enough when it neither
 * began nor ends earlier: a pardon voids the one that began earlier first.
 */

#include "policy/json.h"
#include "policy/policy.h"

void contained_start(void);
void contained_stop(void); /* forgets all */

/* Adds one that was read from a file; `ctx` is nothing. */
void contained_find(void *ctx, const struct suspension *s);

/*
 * Adds a new one and sets the ticket to wait for; what is the same already has
 * one.  False when memory is out.
 */
bool contained_add(const struct suspension *s, uint64_t *ticket);

/* Waits until it is committed, for some seconds at most; false: it is not. */
bool contained_wait(uint64_t ticket, int seconds);

/* The last ticket given, and whether it waits. */
bool contained_waits(uint64_t *ticket);

/* Copies of all, by name, or of those that wait; to be freed with
 * contained_free(). False when memory is out. */
bool contained_copy(bool all, struct suspension **out, size_t *count);
void contained_free(struct suspension *copies, size_t count);

/* All up to this ticket were dealt with. */
void contained_serve(uint64_t ticket);

/* Puts all in force (copies_contain), but those that are over. */
void contained_enforce(void);

/* How many are in force: neither over nor pardoned. */
uint64_t contained_count(void);

/* Writes the array `suspensions`, 100 of them at most. */
void contained_status(struct json *j);

#endif
