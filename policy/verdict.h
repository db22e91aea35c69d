#ifndef POLICY_VERDICT_H
#define POLICY_VERDICT_H

#include "address.h"
#include "facts.h"

#define LOGIN_MAX 255 /* octets of a login or any principal's name */
#define ROW_MAX (LOGIN_MAX + ADDRESS_MAX + 40)
#define REPLY_MAX \
	480 /* with REFERENCE_MAX below the 512 of RFC 5321 4.5.3.1.5 */
#define REFERENCE_MAX 17 /* ` [ref 7K2M-9QXD]` */

enum verdict_kind {
	VERDICT_TEMPFAIL = 0, /* the zero value fails closed */
	VERDICT_ACCEPT,
	VERDICT_REJECT,
	VERDICT_HOLD
};

/* Why.  The printed name is the constant in lower case with dashes. */
enum reason {
	REASON_NONE = 0,
	REASON_INTERNAL,
	REASON_POLICY_UNAVAILABLE,
	REASON_OVERLOADED,
	REASON_LOGIN_SUSPENDED,
	REASON_LOGIN_UNKNOWN,
	REASON_LOGIN_REQUIRED,
	REASON_SENDER_MALFORMED,
	REASON_SENDER_NOT_GRANTED,
	REASON_SENDER_DENIED,
	REASON_LOCAL_SENDER_PROTECTED,
	REASON_RECIPIENT_MALFORMED,
	REASON_RELAY_DENIED,
	REASON_RULE,
	REASON_TLS_REQUIRED,
	REASON_MECHANISM_WEAK,
	REASON_AUTHOR_MISSING,
	REASON_AUTHOR_REPEATED,
	REASON_AUTHOR_MALFORMED,
	REASON_AUTHOR_NOT_GRANTED,
	REASON_AUTHOR_DENIED,
	REASON_AUTHOR_NOT_ALIGNED,
	REASON_SENDER_HEADER_MALFORMED,
	REASON_SENDER_HEADER_NOT_GRANTED,
	REASON_RESENT_NOT_GRANTED,
	REASON_DISPLAY_NAME_SPOOF,
	REASON_LIMIT_EXCEEDED,
	REASON_COUNT
};

/* How the client came to be a login. */
enum identified {
	BY_NOTHING = 0,
	BY_SASL,
	BY_CERTIFICATE,
	BY_NETWORK,
	BY_AUTH_PARAM, /* a trusted peer's MAIL AUTH= */
	BY_LOCAL       /* it did not come by SMTP */
};

enum mode { MODE_INHERIT = 0, MODE_ENFORCE, MODE_MONITOR };

/* One refusal, whether spoken or passed over in monitor mode. */
struct finding {
	enum stage stage;
	enum reason reason;
	char row[ROW_MAX + 1]; /* `send_as(alice, bob@example.com)`, or "" */
};

/* What is kept of one question: each step of a stage may find something; of
 * rules in mode monitor these are the first. */
#define VERDICT_FINDINGS_MAX 8

/*
 * The answer to one question.  A zeroed verdict is tempfail `none`, which no
 * decision returns; replies are ASCII and hold no control byte, but `%` is not
 * yet doubled.  On accept `reply` is empty.
 */
struct verdict {
	enum verdict_kind kind;
	enum reason reason; /* REASON_NONE on accept */
	enum stage stage;
	enum mode mode; /* the one in force for this client */
	enum identified identified;
	unsigned passed_count;
	char row[ROW_MAX + 1]; /* that decided, accept or refusal; or "" */
	char reply[REPLY_MAX + REFERENCE_MAX + 1]; /* `550 5.7.1 text` */
	char login[LOGIN_MAX + 1]; /* canonical; "" for anonymous clients */
	char peer[LOGIN_MAX + 1];  /* who said so, BY_AUTH_PARAM; or "" */
	struct finding passed[VERDICT_FINDINGS_MAX]; /* over, in order */
};

const char *verdict_name(enum verdict_kind kind); /* `accept` */
const char *reason_name(enum reason reason);	  /* `sender-denied`; "none" */
const char *stage_name(enum stage stage);	  /* `mail` */
const char *mode_name(enum mode mode);		  /* `enforce` */
const char *identified_name(enum identified by);  /* `auth-param` */

/* Reply code and enhanced code of a reason: `550 5.7.1`.  RFC 6409 section 6,
 * RFC 3463 and the IANA registry of enhanced status codes. */
const char *reason_codes(enum reason reason);

/* reject or tempfail? */
bool verdict_is_refusal(enum verdict_kind kind);

/*
 * Makes `v` a refusal for `reason`, which `row` decided ("" for none); `text`
 * follows the codes in the reply.
 */
void verdict_refuse(
    struct verdict *v, enum reason reason, const char *row, const char *text);

/* The same with other codes, by which it is a reject or a tempfail. */
void verdict_refuse_with(struct verdict *v, const char *codes,
    enum reason reason, const char *row, const char *text);

/* tempfail for reasons whose codes begin with 4, else reject. */
enum verdict_kind reason_verdict(enum reason reason);

#endif
