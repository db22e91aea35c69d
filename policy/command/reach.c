/*
 * Rules that another decides before, and networks that say nothing new.  Only
 * what can be told from the rows alone: that a rule covers another is said
 * where each of its conditions is any, the same, or plainly the wider one.
 */
#include "policy/cidr.h"
#include "policy/command/condition.h"
#include "policy/command/lint.h"
#include "policy/form.h"

#include <stdlib.h>
#include <string.h>

struct reach_rule {
	char *seq, *kind; /* kind: of the principal, "" for none */
	char *text[CONDITIONS];
	bool decides; /* in all modes that may be in force */
};

/* A row of a named set. */
struct member {
	char *name, *text;
	struct cidr cidr; /* of a network */
};

/* The rows of one name, or one alone. */
struct slice {
	const struct member *at;
	size_t count;
};

/* The rows of all names; those of networks by name and cidr. */
struct sets {
	struct member *at;
	size_t count;
};

struct reach {
	struct db *db;
	struct reach_rule *rules;
	size_t rule_count;
	struct sets networks, addresses;
};

/* --- reading ------------------------------------------------------------ */

/* A copy of the column, "" for NULL.  NULL, said: no memory. */
static char *
column(struct db *db, sqlite3_stmt *s, int i)
{
	const char *text = (const char *)sqlite3_column_text(s, i);
	char *copy = strdup(text != NULL ? text : "");

	if (copy == NULL)
		db_fail(db, STATUS_UNKNOWN, "out of memory");
	return copy;
}

static void
read_rules(struct reach *r)
{
	sqlite3_stmt *s = db_query(r->db, SQL_LINT_RULES);

	while (db_step(r->db, s)) {
		struct reach_rule *more =
		    realloc(r->rules, (r->rule_count + 1) * sizeof(*r->rules));
		struct reach_rule *rule;

		if (more == NULL) {
			db_fail(r->db, STATUS_UNKNOWN, "out of memory");
			return;
		}
		r->rules = more;
		rule = &more[r->rule_count++];
		rule->seq = column(r->db, s, 0);
		rule->kind = column(r->db, s, 1);
		rule->decides = sqlite3_column_int(s, 2) != 0;
		for (int i = 0; i < CONDITIONS; i++)
			rule->text[i] = column(r->db, s, 3 + i);
	}
}

static void
read_sets(struct reach *r, enum statement list, struct sets *sets)
{
	sqlite3_stmt *s = db_query(r->db, list);

	while (db_step(r->db, s)) {
		struct member *more =
		    realloc(sets->at, (sets->count + 1) * sizeof(*sets->at));
		struct member *member;

		if (more == NULL) {
			db_fail(r->db, STATUS_UNKNOWN, "out of memory");
			return;
		}
		sets->at = more;
		member = &more[sets->count++];
		member->name = column(r->db, s, 0);
		member->text = column(r->db, s, 1);
		if (list == SQL_NETWORK_LIST && member->text != NULL)
			cidr_parse(member->text, &member->cidr);
	}
}

static void
free_sets(struct sets *sets)
{
	for (size_t i = 0; i < sets->count; i++) {
		free(sets->at[i].name);
		free(sets->at[i].text);
	}
	free(sets->at);
}

static void
free_rules(struct reach *r)
{
	for (size_t i = 0; i < r->rule_count; i++) {
		free(r->rules[i].seq);
		free(r->rules[i].kind);
		for (int k = 0; k < CONDITIONS; k++)
			free(r->rules[i].text[k]);
	}
	free(r->rules);
}

/* --- sets --------------------------------------------------------------- */

static int
compare_networks(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int name = strcasecmp(x->name, y->name);

	return name != 0 ? name : cidr_compare(&x->cidr, &y->cidr);
}

/* The rows that a condition names: those of a set, or `alone`. */
static struct slice
slice_of(const struct sets *sets, const char *text, struct member *alone)
{
	struct slice slice = {alone, 1};
	size_t low, high;

	memset(alone, 0, sizeof(*alone));
	alone->text = (char *)(uintptr_t)text;
	if (cidr_parse(text, &alone->cidr) || strpbrk(text, "@*<") != NULL)
		return slice;
	low = 0;
	high = sets->count;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcasecmp(sets->at[mid].name, text) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	slice.at = sets->at + low;
	while (high < sets->count && strcasecmp(sets->at[high].name, text) == 0)
		high++;
	slice.count = high - low;
	return slice;
}

/* The row of the slice, sorted, that holds all of the network, of `bits` at
 * most. */
static const struct member *
holder(struct slice in, const struct cidr *cidr, int bits)
{
	for (; bits >= 0; bits--) {
		struct cidr wider = cidr_of(&cidr->ip, (uint8_t)bits);
		size_t low = 0, high = in.count;

		while (low < high) {
			size_t mid = low + (high - low) / 2;

			if (cidr_compare(&in.at[mid].cidr, &wider) < 0)
				low = mid + 1;
			else
				high = mid;
		}
		if (low < in.count &&
		    cidr_compare(&in.at[low].cidr, &wider) == 0)
			return &in.at[low];
	}
	return NULL;
}

/* Does the address form cover all that the other does? */
static bool
form_holds(const char *wide, const char *narrow)
{
	const char *domain = strchr(narrow, '@');

	if (strcasecmp(wide, narrow) == 0)
		return true;
	if (strcmp(wide, "*") == 0)
		return strcmp(narrow, "<>") != 0;
	if (wide[0] != '@' || domain == NULL)
		return false;
	if (wide[1] != '.')
		return strcasecmp(domain, wide) == 0;
	return strlen(domain) > strlen(wide) &&
	       strcasecmp(
		   domain + strlen(domain) - strlen(wide + 1), wide + 1) == 0;
}

/* --- conditions --------------------------------------------------------- */

static bool
client_covers(const struct reach *r, const char *wide, const char *narrow)
{
	struct member one, other;
	struct slice outer = slice_of(&r->networks, wide, &one);
	struct slice inner = slice_of(&r->networks, narrow, &other);

	for (size_t i = 0; i < inner.count; i++)
		if (holder(outer, &inner.at[i].cidr, inner.at[i].cidr.bits) ==
		    NULL)
			return false;
	return inner.count > 0;
}

static bool
addresses_cover(const struct reach *r, const char *wide, const char *narrow)
{
	struct member one, other;
	struct slice outer = slice_of(&r->addresses, wide, &one);
	struct slice inner = slice_of(&r->addresses, narrow, &other);

	for (size_t i = 0; i < inner.count; i++) {
		size_t k = 0;

		while (k < outer.count &&
		       !form_holds(outer.at[k].text, inner.at[i].text))
			k++;
		if (k == outer.count)
			return false;
	}
	return inner.count > 0;
}

static bool
principal_covers(const struct reach *r, const struct reach_rule *early,
    const struct reach_rule *late)
{
	const char *wide = early->text[CONDITION_PRINCIPAL];
	const char *narrow = late->text[CONDITION_PRINCIPAL];
	char *member;
	bool found;

	if (strcasecmp(wide, "everyone") == 0)
		return strcasecmp(narrow, "anonymous") != 0;
	if (strcmp(late->kind, "login") != 0)
		return false;
	if (wide[0] == '@') {
		const char *domain = strrchr(narrow, '@');

		return domain != NULL && strcasecmp(domain, wide) == 0;
	}
	if (strcmp(early->kind, "group") != 0)
		return false;
	member = db_text(r->db, SQL_LINT_MEMBER, wide, narrow);
	found = member != NULL;
	free(member);
	return found;
}

/* Is at least `wide` asked where at least `narrow` is? */
static bool
tls_covers(const char *wide, const char *narrow)
{
	bool bits = strchr(wide, ' ') != NULL;

	return strcasecmp(narrow, "none") != 0 &&
	       strcasecmp(wide, "none") != 0 &&
	       bits == (strchr(narrow, ' ') != NULL) &&
	       (bits ? strtol(wide, NULL, 10) <= strtol(narrow, NULL, 10)
		     : strcmp(wide, narrow) <= 0);
}

/* Is each word of `narrow` one of `wide`? */
static bool
words_cover(const char *wide, const char *narrow)
{
	while (*narrow != '\0') {
		size_t n = strcspn(narrow, " ");
		const char *at = wide;

		while (*at != '\0' && (strcspn(at, " ") != n ||
					  strncasecmp(at, narrow, n) != 0)) {
			at += strcspn(at, " ");
			at += strspn(at, " ");
		}
		if (*at == '\0')
			return false;
		narrow += n + strspn(narrow + n, " ");
	}
	return true;
}

static bool
covers(const struct reach *r, enum condition which,
    const struct reach_rule *early, const struct reach_rule *late)
{
	const char *wide = early->text[which], *narrow = late->text[which];

	if (strcasecmp(wide, "any") == 0 || strcasecmp(wide, narrow) == 0)
		return true;
	if (strcasecmp(wide, "!none") == 0 && which == CONDITION_TLS)
		return narrow[0] != '!' && strcasecmp(narrow, "none") != 0 &&
		       strcasecmp(narrow, "any") != 0;
	if (wide[0] == '!' || narrow[0] == '!' ||
	    strcasecmp(narrow, "any") == 0)
		return false;
	switch (which) {
	case CONDITION_PRINCIPAL:
		return principal_covers(r, early, late);
	case CONDITION_CLIENT:
		return client_covers(r, wide, narrow);
	case CONDITION_SENDER:
	case CONDITION_RECIPIENT:
		return addresses_cover(r, wide, narrow);
	case CONDITION_TLS:
		return tls_covers(wide, narrow);
	case CONDITION_MECHANISM:
		return words_cover(wide, narrow);
	case CONDITION_HOURS:
	case CONDITIONS:
		break;
	}
	return false;
}

/* --- findings ----------------------------------------------------------- */

/* Does the first rule match whatever the second does?  The conditions that
 * cost most to compare are asked last. */
static bool
hides(const struct reach *r, const struct reach_rule *early,
    const struct reach_rule *late)
{
	static const enum condition order[CONDITIONS] = {CONDITION_TLS,
	    CONDITION_MECHANISM, CONDITION_HOURS, CONDITION_PRINCIPAL,
	    CONDITION_RECIPIENT, CONDITION_SENDER, CONDITION_CLIENT};

	for (int i = 0; i < CONDITIONS; i++)
		if (!covers(r, order[i], early, late))
			return false;
	return true;
}

static void
find_hidden(const struct reach *r, struct diag *warnings)
{
	for (size_t late = 1; late < r->rule_count; late++)
		for (size_t early = 0; early < late; early++) {
			if (!r->rules[early].decides ||
			    !hides(r, &r->rules[early], &r->rules[late]))
				continue;
			diag_add(warnings,
			    "rule(%s): is never reached: rule %s decides all "
			    "it could; authpolicy rule move %s to before it, "
			    "or authpolicy rule remove %s",
			    r->rules[late].seq, r->rules[early].seq,
			    r->rules[late].seq, r->rules[late].seq);
			break;
		}
}

static void
find_overlaps(const struct reach *r, struct diag *warnings)
{
	const struct member *m = r->networks.at;
	size_t from = 0;

	for (size_t i = 0; i < r->networks.count; i++) {
		const struct member *wider;

		if (i > 0 && strcasecmp(m[i].name, m[i - 1].name) != 0)
			from = i;
		/* those before it are wider, or the same in other words */
		wider = holder((struct slice){m + from, i - from}, &m[i].cidr,
		    m[i].cidr.bits);
		if (wider != NULL)
			diag_add(warnings,
			    "network(%s, %s): is within %s of the same name; "
			    "authpolicy network remove %s %s",
			    m[i].name, m[i].text, wider->text, m[i].name,
			    m[i].text);
	}
}

void
lint_rules(struct db *db, struct diag *warnings)
{
	struct reach r = {.db = db};

	read_rules(&r);
	read_sets(&r, SQL_NETWORK_LIST, &r.networks);
	read_sets(&r, SQL_ADDRESS_SET_LIST, &r.addresses);
	if (db->status == STATUS_OK && r.networks.count > 0)
		qsort(r.networks.at, r.networks.count, sizeof(*r.networks.at),
		    compare_networks);
	if (db->status == STATUS_OK) {
		find_hidden(&r, warnings);
		find_overlaps(&r, warnings);
	}
	free_rules(&r);
	free_sets(&r.networks);
	free_sets(&r.addresses);
}
