#ifndef POLICY_COMMAND_NAMES_H
#define POLICY_COMMAND_NAMES_H

/*
 * What an administrator types, made canonical, and looked up.  A failure is
 * said and sticks in c->db.status; after one, nothing is done.
 */

#include "policy/address.h"
#include "policy/command/command.h"
#include "policy/form.h"
#include "policy/verdict.h"

#define NAMES_CIDR_MAX                                        \
	49 /* octets of an IPv6 address and its prefix length \
	    */

enum names_want {
	NAMES_ANY = 0, /* a login, a group or @domain, which has to be there */
	NAMES_MAYBE,   /* as NAMES_ANY, but it need not be there */
	NAMES_LOGIN,   /* a login that is there */
	NAMES_GROUP,   /* a group that is there */
	NAMES_CREATE,  /* as NAMES_ANY, but a login may be made a row */
	NAMES_CREATE_LOGIN /* as NAMES_LOGIN, likewise */
};

/*
 * The canonical name of the principal that `typed` means.  With default_realm
 * a login may have its row with the realm or without: the one that is there
 * is meant.  A name that is nowhere gets a row as a login where that may be
 * and changes nothing else: while unknown logins are accepted, and when its
 * realm may log in.
 */
bool names_principal(struct command *c, const char *typed, enum names_want want,
    char out[LOGIN_MAX + 1]);

/* The canonical name that `typed` is, there or not. */
bool names_canonical(
    struct command *c, const char *typed, char out[LOGIN_MAX + 1]);

/* The same for a principal to be made: not there, and not built in. */
bool names_new(struct command *c, const char *typed, char out[LOGIN_MAX + 1]);

/* Reads an address form; templates only where `templates`. */
bool names_form(
    struct command *c, const char *typed, bool templates, struct form *out);

/* Reads a network; `out` is its canonical text. */
bool names_cidr(
    struct command *c, const char *typed, char out[NAMES_CIDR_MAX + 1]);

bool names_domain(
    struct command *c, const char *typed, char out[ADDRESS_DOMAIN_MAX + 1]);

/* A number of at most nine digits; `what` names it. */
bool names_number(struct command *c, const char *what, const char *typed);

#endif
