#ifndef POLICY_COMMAND_AUDIT_PAGE_H
#define POLICY_COMMAND_AUDIT_PAGE_H

#include "policy/command/command.h"

/*
 * Writes the report as one page of HTML that needs nothing else: no script, no
 * font, no network.  Its database is in c->db, after sql/report.sql; `limit` is
 * how many rows a list shows, `step` is `day` or `week`.
 */
void page_write(
    struct command *c, FILE *out, const char *step, const char *limit);

/* How many rows of a list of the report stand behind the first `limit`. */
int64_t page_left_out(struct db *db, enum statement list, const char *limit);

#endif
