#ifndef POLICY_COMMAND_WINDOWS_H
#define POLICY_COMMAND_WINDOWS_H

#include "policy/command/db.h"
#include "policy/command/sent.h"

/*
 * Fills the table `busiest` of sql/sent.sql: for each login the most it had
 * in any window, both of whose ends are in it, as in the ledger.  `sent` is
 * sorted.  An error sticks in `db`.
 */
void windows_find(struct db *db, const struct sent *sent);

#endif
