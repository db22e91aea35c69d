#ifndef POLICY_COMMAND_REPORT_H
#define POLICY_COMMAND_REPORT_H

#include "policy/command/command.h"
#include "policy/load.h"

/*
 * What a load found, as text or, ending it, as members of a JSON object.
 * STATUS_OK if `good`, else STATUS_REFUSED.
 */
enum status report_print(
    struct command *c, const struct load_report *report, bool good);

#endif
