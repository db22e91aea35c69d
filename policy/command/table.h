#ifndef POLICY_COMMAND_TABLE_H
#define POLICY_COMMAND_TABLE_H

#include "policy/command/db.h"

/*
 * Writes the rows of a query: aligned columns under their names, or a JSON
 * array of objects.  Returns how many rows there were.
 */
size_t table_print(struct db *db, sqlite3_stmt *s, bool json);

#endif
