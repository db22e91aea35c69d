#ifndef POLICY_FACTS_H
#define POLICY_FACTS_H

/*
 * What is known of the session and the message when a question is put, time
 * included.  All strings are borrowed, NUL-terminated and raw: as hostile as
 * the client that sent them.  NULL means the MTA did not tell; the empty
 * string is told apart from it.
 */

#include <stdbool.h>
#include <stdint.h>

enum mta { MTA_UNKNOWN = 0, MTA_POSTFIX, MTA_SENDMAIL };

enum stage {
	STAGE_NONE = 0,
	STAGE_MAIL,
	STAGE_RCPT,
	STAGE_EOM,  /* end of message */
	STAGE_ABORT /* only in records: accepted at MAIL, never delivered */
};

/* The fields that say who a message is from, RFC 5322 3.6.2 and 3.6.6. */
enum originator_kind {
	ORIGINATOR_NONE = 0,
	ORIGINATOR_FROM,
	ORIGINATOR_SENDER,
	ORIGINATOR_RESENT_FROM,
	ORIGINATOR_RESENT_SENDER
};

/* One of them, as the MTA delivered it: folds are a line feed and blanks. */
struct originator {
	enum originator_kind kind;
	bool odd_name; /* spelled so that only some would take it for one */
	const char *value;
	struct originator *next;
};

struct facts {
	int64_t time;	 /* seconds since 1970, UTC */
	int week_minute; /* since Monday 00:00 in the host's zone; -1: not told
			  */
	enum mta mta;
	bool local; /* did not come by SMTP (Postfix: non_smtpd_milters) */

	/* the session */
	const char *login;     /* SASL login, xtext already decoded */
	bool login_malformed;  /* it could not be decoded: nobody's login */
	bool login_ambiguous;  /* whether it is encoded could not be told */
	const char *mechanism; /* as typed */
	const char *tls;       /* `TLSv1.3`; NULL: no TLS */
	int cipher_bits;       /* 0: not told */
	bool tls_unknown;      /* the MTA can't be asked about TLS */
	const char *cert_subject, *cert_issuer, *verify;
	const char *client; /* IP address as text, no prefix */
	const char *client_name, *helo;
	const char *listener; /* `name:port`, or either of them */

	/* the message */
	const char *sender;	/* MAIL FROM as typed, brackets and all */
	const char *mail_addr;	/* {mail_addr} */
	const char *auth_param; /* the value of MAIL's AUTH=, raw */

	/* its header, at STAGE_EOM */
	bool has_header; /* false: nobody asked about the header */
	const struct originator *originators; /* in order */
	bool originators_lost; /* there were more than anybody needs */

	/* the recipient in question, at STAGE_RCPT */
	const char *recipient; /* RCPT TO as typed */
	const char *rcpt_addr; /* {rcpt_addr} */
};

/* Sets the time and what follows from it; the host's zone is that of TZ. */
void facts_set_time(struct facts *f, int64_t seconds);

#endif
