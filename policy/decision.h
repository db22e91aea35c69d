#ifndef POLICY_DECISION_H
#define POLICY_DECISION_H

/*
 * A decision under way: shared by policy/decide and the files of its steps,
 * and by nobody else.
 *
 * A step asks one question.  It answers false when the client may go on, with
 * the row it went by, if any; or calls refuse() and returns what that returns.
 * "Could not tell" is refuse_internal(), never false.
 */

#include "arena.h"
#include "decide.h"

#define SHOWN_MAX 120 /* bytes of a client's text in a reply */
#define REFUSAL_MAX (REPLY_MAX - 16)
#define PRINCIPALS_MAX 1000 /* of one login that rules look at; more: 451 */

struct decision {
	const struct policy *policy;
	const struct settings *settings;
	const struct facts *facts;
	const struct trace *trace;
	struct verdict *verdict;

	struct client *client; /* only identify() changes it */
	bool failed;	       /* memory is out: it can't be told */

	/* the originator fields, read: see policy/author */
	struct arena arena;
	struct field *fields;
	bool fields_read;

	/* what the step in hand found */
	enum reason reason;
	const char
	    *reply;	/* a rule's own; NULL: codes of the reason and text */
	enum mode mode; /* of what found it; MODE_INHERIT: the client's */
	bool hold;

	/* from here on nothing is read before it is written: not zeroed */
	char row[ROW_MAX + 1];
	char text[REFUSAL_MAX + 1];
	char reply_text[REPLY_MAX + 1];
};

/* Tells the explanation a line; what it would say is not looked at when nobody
 * listens. */
#define say(d, ...) ((d)->trace == NULL ? (void)0 : say_so(d, __VA_ARGS__))
void say_so(const struct decision *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Names the row a step went by: `table(one)` or `table(one, two)`. */
void set_row(
    struct decision *d, const char *table, const char *one, const char *two);

/* Text from outside, fit for a reply: printable ASCII, not without end. */
struct shown {
	char text[SHOWN_MAX + 4];
};
struct shown show(const char *text);

/* How the client is named to itself. */
struct shown show_client(const struct decision *d);

/* Adds a refusal that is recorded and nothing more. */
void pass_over(struct decision *d, enum reason reason);

/* An address and, in local domains, its base, each with its keys. */
struct names {
	size_t count;
	struct lookup at[2];
};
void names_init(
    const struct decision *d, struct names *n, const struct address *a);

/* The suspension of a login, of any of its groups, its domain or everyone. */
const struct suspension *find_suspension(
    const struct decision *d, const char *login, const struct principals *of);

/* Both return true, so that a step ends with `return refuse(…)`.  The text
 * follows the codes of the reason in the reply. */
bool refuse(struct decision *d, enum reason reason, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool refuse_internal(struct decision *d);

/* Step 1.  The login in its one form and the principals it is, or `anonymous`
 * alone; and its mode, that of the most specific principal that has one, else
 * the setting. */
void identify(struct decision *d);

/*
 * May the client use the address?  Sets the row that says so, if one does.
 * USE_ON_BEHALF, in headers only: as author, beside a Sender of its own.
 */
enum use {
	USE_NOT_GRANTED = 0,
	USE_DENIED,
	USE_WALLED,
	USE_ON_BEHALF,
	USE_GRANTED
};
enum use may_use(struct decision *d, const struct address *a, enum scope scope);

/*
 * Do the address `a`, read from what was `typed`, and the macro in which the
 * MTA shows what it made of it agree?  They differ where Postfix would route
 * elsewhere: `<"a@b"@d>`, `<a%b@d>`.  0 no, 1 yes or the MTA did not tell, -1
 * could not tell.
 */
int mta_agrees(const struct facts *f, const char *typed,
    const struct address *a, const char *macro);

/*
 * Step 8: does a rule refuse the recipient?  `ruled` tells whether any rule
 * decided; else the default does.
 */
bool rule_refuses(struct decision *d, const struct address *a, bool *ruled);

/* The steps, in the order in which policy/decide takes them. */
bool login_is_ambiguous(struct decision *d);
bool is_suspended(struct decision *d);
bool login_is_unknown(struct decision *d);
bool login_is_required(struct decision *d);
bool sender_is_refused(struct decision *d);
bool local_sender_is_protected(struct decision *d);
bool recipient_is_refused(struct decision *d);
bool author_is_unreadable(struct decision *d);
bool author_is_not_granted(struct decision *d);
bool author_is_not_aligned(struct decision *d);
bool sender_header_is_refused(struct decision *d);
bool resent_is_refused(struct decision *d);
bool display_name_is_spoof(struct decision *d);
bool field_is_unclear(struct decision *d);
bool local_author_is_protected(struct decision *d);

#endif
