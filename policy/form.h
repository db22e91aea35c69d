#ifndef POLICY_FORM_H
#define POLICY_FORM_H

/*
 * Address forms: what a row of send_as, deny_as or address_set may hold.
 *
 * Every form has a key, a text made from the form alone; every address has a
 * short list of keys, one for each kind of form that could cover it.  A row is
 * found by comparing keys, so a look-up never scans.
 */

#include "address.h"

enum form_kind {
	FORM_NONE = 0,
	FORM_ADDRESS,	  /* a@d                  key a@d */
	FORM_DOMAIN,	  /* @d   any local part  key @d */
	FORM_SUBDOMAINS,  /* @.d  not d itself    key @.d */
	FORM_PATTERN,	  /* dev-*@d              key *@d, then the pattern */
	FORM_NULL,	  /* <>                   key <> */
	FORM_ANY,	  /* * any but <>         key * */
	FORM_LOGIN,	  /* {login}              key {login} */
	FORM_USER,	  /* {user}@d             key {user}@d */
	FORM_LOGIN_DOMAIN /* @{domain}            key @{domain} */
};

#define FORM_TEXT_MAX (ADDRESS_MAX + 8)

/* A value.  `text` is the canonical spelling of the whole form. */
struct form {
	enum form_kind kind;
	char text[FORM_TEXT_MAX + 1];
	char key[FORM_TEXT_MAX + 1];
};

/*
 * Reads a form.  Templates are known only where `templates` is true (send_as).
 * ADDRESS_OK, or why not, with `out` zeroed.
 */
enum address_status form_parse(
    const char *text, bool templates, struct form *out);

/*
 * The kinds of form that cover addresses of the kind of `a`, in the order in
 * which they are tried, most exact first.  `keys` has room for FORM_KEYS_MAX.
 * Each key's text is NUL-terminated.  Returns how many there are.
 *
 * An address literal is covered only by FORM_ADDRESS and FORM_ANY; the null
 * address only by FORM_NULL.
 */
#define FORM_KEYS_MAX 136 /* a domain has at most 127 labels */
struct form_key {
	enum form_kind kind;
	const char *head; /* the key is head and tail together */
	const char *tail;
};
size_t form_keys(const struct address *a, bool templates,
    struct form_key keys[FORM_KEYS_MAX]);

/* Does the local part of `a` match the pattern `dev-*@d` of the same domain? */
bool form_pattern_covers(const char *pattern, const struct address *a);

#endif
