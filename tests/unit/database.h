#ifndef TESTS_UNIT_DATABASE_H
#define TESTS_UNIT_DATABASE_H

/* A policy database in a folder of its own, made by the migrations. */

#include <stdbool.h>

struct database {
	char folder[64];
	char path[96];
};

/* Fails the test when anything goes wrong. */
void database_make(struct database *d);
void database_remove(struct database *d);

/* Runs the statements as the plain shell would. */
void database_run(const struct database *d, const char *sql);

/* Runs them with no trigger and no CHECK in the way, as in a restored file. */
void database_force(const struct database *d, const char *sql);

/*
 * A child that runs the statements and then keeps its connection open until
 * database_release(), or until the test ends.
 */
struct holder {
	int pid;
	int end; /* closed, it ends the child */
};
struct holder database_hold(const struct database *d, const char *sql);
void database_release(struct holder *h);

#endif
