#ifndef TESTS_UNIT_SHORTAGE_H
#define TESTS_UNIT_SHORTAGE_H

/*
 * Memory runs out, or a library fails, at each place in turn.  The linker puts
 * our functions before those of the C library, SQLite, libunistring and libidn2
 * (`shortage_flags` in tests.am).
 */

#include <stdbool.h>

enum shortage {
	SHORTAGE_OURS,	/* what our code calls */
	SHORTAGE_SQLITE /* the memory that SQLite asks for by itself */
};

/* Once, before SQLite is used. */
void shortage_prepare(void);

/*
 * Plays with each call failing in turn, it alone or all after it as well, until
 * none is left; how many there are.  Behind the first `all` a growing share is
 * left out: every second, third and so on is played.
 */
unsigned long shortage_play(
    enum shortage of, bool lasting, unsigned long all, void (*play)(void));

/* The call that fails in the play under way; 0: none does. */
unsigned long shortage_call(void);

/* From here on nothing fails in the play under way. */
void shortage_end(void);

/* Nothing fails until shortage_go_on(), which is called as often; what is
 * called is not counted. */
void shortage_hold(void);
void shortage_go_on(void);

#endif
