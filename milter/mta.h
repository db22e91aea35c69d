#ifndef MILTER_MTA_H
#define MILTER_MTA_H

/*
 * What differs between the MTAs, and nowhere else: who xtext-encodes logins,
 * what a MAIL argument looks like, what mail that did not come by SMTP is.
 */

#include "policy/arena.h"
#include "policy/facts.h"

/* Which MTA does {v} name?  Postfix says `Postfix 3.7.11`, Sendmail 8.17.1. */
enum mta mta_detect(const char *version);

/* `postfix`, `sendmail` or "" when unknown. */
const char *mta_name(enum mta mta);

/*
 * Sets the login of `f` from {auth_authen}: Sendmail xtext-encodes it, Postfix
 * does not.  Where neither is known and the value could be encoded, the login
 * is ambiguous; what Sendmail can't have sent is malformed, and kept raw.
 * Empty macros are absent ones.  False: out of memory.
 */
bool mta_set_login(struct facts *f, const char *auth_authen, struct arena *a);

/*
 * Sets the sender of `f` from MAIL's argument.  Sendmail builds with EAI put
 * the ESMTP parameters behind the path: cut where a blank follows the `>`.
 * False: out of memory.
 */
bool mta_set_sender(struct facts *f, const char *argument, struct arena *a);

/*
 * Did the message not come by SMTP?  Postfix, for non_smtpd_milters, shows a
 * queue id at MAIL, no {mail_mailer}, and addresses without brackets.
 */
bool mta_is_local(enum mta mta, const char *queue_id, const char *mail_mailer,
    const char *argument);

#endif
