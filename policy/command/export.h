#ifndef POLICY_COMMAND_EXPORT_H
#define POLICY_COMMAND_EXPORT_H

#include "policy/command/command.h"

/*
 * Writes the grants of envelope senders as a table for smtpd_sender_login_maps,
 * and as comments what such a table cannot say.  Who may use an address is
 * asked of the decision, so that denies, walls and suspensions count.
 */
enum status export_login_maps(struct command *c);

#endif
