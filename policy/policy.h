#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

/*
 * The policy copy: immutable, private, canonical; every question is answered
 * from it.  Built by policy/load from an image of the database, read by
 * policy/decide.  Any number of threads may read one at once; nothing in it
 * ever changes.  No look-up scans by the number of logins, and none can fail.
 */

#include "form.h"
#include "verdict.h"

struct policy;

/* Who a question is about: an index, or PRINCIPAL_NONE for a name with no
 * row. */
typedef uint32_t principal_id;
#define PRINCIPAL_NONE UINT32_MAX

enum principal_kind {
	PRINCIPAL_LOGIN = 1,
	PRINCIPAL_GROUP,
	PRINCIPAL_SET /* a set of networks or addresses: nobody */
};
enum originators {
	ORIGINATORS_INHERIT = 0,
	ORIGINATORS_STRICT,
	ORIGINATORS_ALIGNED,
	ORIGINATORS_OFF
};
enum protect { PROTECT_OFF = 0, PROTECT_ENVELOPE, PROTECT_HEADER };
enum display_name {
	DISPLAY_NAME_REFUSE = 0,
	DISPLAY_NAME_LOG,
	DISPLAY_NAME_OFF
};

/* A list of words in lower case, one blank between each two. */
struct words {
	char *text;
};

struct settings {
	enum mode mode;
	bool unknown_login_reject;
	bool null_sender_reject;
	bool anonymous_relay_mta;
	enum protect protect_local_senders;
	enum originators originators;
	enum display_name display_name;
	struct words realms;	     /* empty: any */
	struct words login_required; /* listener names and ports */
	char *default_realm;	     /* "" for none; folded */
	char *recipient_delimiter;
};

/* Is `word`, of `len` bytes without blanks, in the list?  ASCII case ignored.
 */
bool words_have(struct words words, const char *word, size_t len);

enum scope { SCOPE_ENVELOPE = 1, SCOPE_HEADER = 2, SCOPE_ANY = 3 };
enum manner { MANNER_AS = 0, MANNER_ON_BEHALF };

/* A row of send_as or deny_as.  Sorted by principal, then by key. */
struct grant {
	uint32_t hash; /* of the form's key */
	uint32_t text; /* offset of the form's canonical text */
	principal_id principal;
	uint32_t validity; /* index; 0: always */
	uint8_t form;	   /* enum form_kind */
	uint8_t scope;	   /* enum scope */
	uint8_t manner;	   /* enum manner */
};

struct local_domain {
	const char *name;
	const char *owner; /* a principal's canonical name, or "" */
};

/* By hand, a row of principal; or automatic, by a limit that was exceeded. */
struct suspension {
	const char *name;  /* canonical name of the principal */
	int64_t until;	   /* the last second of it, or WHEN_EVER */
	const char *why;   /* may be "" */
	const char *limit; /* the name of the limit; "" by hand */
	int64_t since;	   /* when it was exceeded; a later pardon voids it */
	struct suspension_text *text; /* owns the strings; NULL: borrowed */
};

/* A copy that owns its strings, together with other copies of it; false when
 * memory is out. */
bool suspension_copy(const struct suspension *s, struct suspension *out);
void suspension_free(struct suspension *s); /* of a copy */

const struct settings *policy_settings(const struct policy *p);

/* The number of the copy: each load that changes something counts up. */
uint64_t policy_generation(const struct policy *p);
void policy_set_generation(struct policy *p, uint64_t generation);

/* Finds a principal by canonical name (login_canonical, or `@d`). */
principal_id policy_principal(const struct policy *p, const char *name);
principal_id policy_everyone(const struct policy *p);
principal_id policy_anonymous(const struct policy *p);
const char *policy_name(const struct policy *p, principal_id id);
enum principal_kind policy_kind(const struct policy *p, principal_id id);
enum mode policy_mode(const struct policy *p, principal_id id);
enum originators policy_originators(const struct policy *p, principal_id id);

/* The groups of a login, in the order of their names.  Returns how many. */
size_t policy_groups(
    const struct policy *p, principal_id login, const principal_id **groups);

/* NULL when the name is not suspended at `now`; one by hand comes first. */
const struct suspension *policy_suspension(
    const struct policy *p, const char *name, int64_t now);

/* The next of those in force at `now`, by name, after `last`, which is NULL for
 * the first; NULL when there is no more. */
const struct suspension *policy_next_suspension(
    const struct policy *p, const struct suspension *last, int64_t now);

/* NULL when the canonical domain is not one of ours. */
const struct local_domain *policy_local_domain(
    const struct policy *p, const char *domain);

/* The first local domain by name order; NULL when there is none. */
const struct local_domain *policy_first_domain(const struct policy *p);

/* An address and the keys under which rows may cover it.  Made once a
 * question; holds no memory of its own. */
struct lookup {
	struct address address;
	size_t count;
	struct form_key keys[FORM_KEYS_MAX];
	uint32_t hashes[FORM_KEYS_MAX];
};
void lookup_init(struct lookup *l, const struct address *a);

/* Who a login is, for templates: filled by decide. */
struct who {
	const char *user;    /* template {user}: "" yields nothing */
	const char *domain;  /* canonical domain of the login, or "" */
	bool domain_local;   /* it is in local_domain */
	bool address;	     /* the login is itself an address */
	struct address self; /* then this one */
};

/*
 * Does a row of `id` cover the address?  The first that does, most exact
 * first; NULL for none.  Grants count only while valid at `now`, for any bit
 * of `scope` and with `manner`.  `who` fills templates and may be NULL where
 * rows have none.
 */
const struct grant *policy_grant(const struct policy *p, principal_id id,
    const struct lookup *l, const struct who *who, enum scope scope,
    enum manner manner, int64_t now);
/* A row of deny_as; for a set, whatever is in it. */
const struct grant *policy_deny(
    const struct policy *p, principal_id id, const struct lookup *l);

/* Is any grant a template, so that it matters who asks? */
bool policy_has_templates(const struct policy *p);

/* The same for an exact row FORM_ADDRESS only. */
const struct grant *policy_grant_exact(const struct policy *p, principal_id id,
    const struct address *a, enum scope scope, enum manner manner, int64_t now);

/*
 * Is the address, which has a sub-address, granted by name to somebody else
 * than `id` at `now`?  Then it is nobody's sub-address.
 */
const struct grant *policy_granted_by_name(const struct policy *p,
    const struct address *a, principal_id id, int64_t now);

/* For explanations: the rows of a principal, in key order. */
size_t policy_grants(
    const struct policy *p, principal_id id, const struct grant **rows);
const char *policy_grant_text(const struct policy *p, const struct grant *g);

/* Counts, for status: principals and grants. */
size_t policy_principal_count(const struct policy *p);
size_t policy_grant_count(const struct policy *p);

/*
 * A copy that shares all tables with `base` and has automatic suspensions
 * besides.  NULL when memory is out.
 */
struct policy *policy_suspend(const struct policy *base,
    const struct suspension *automatic, size_t count);

void policy_free(struct policy *p); /* NULL is fine */

#endif
