#ifndef POLICY_COMMAND_TABLE_H
#define POLICY_COMMAND_TABLE_H

#include "policy/command/command.h"

/*
 * Writes the rows of a query: aligned columns under their names, those
 * of numbers to the right, or with --json an array of objects, named `title` in
 * an object.  In text the title, which may be NULL, stands above.
 */
void table_print(struct command *c, const char *title, sqlite3_stmt *s);

#endif
