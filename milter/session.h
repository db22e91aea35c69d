#ifndef MILTER_SESSION_H
#define MILTER_SESSION_H

/*
 * One SMTP session and the message under way in it: facts gathered from
 * callbacks, decisions asked for, records written.  Knows no libmilter.
 *
 * The callbacks of one session run one after another, on changing threads.
 * Each message of a session begins from nothing but the session's own facts.
 */

#include "milter/config.h"
#include "milter/notice.h"
#include "policy/arena.h"
#include "policy/decide.h"
#include "policy/header.h"
#include "policy/limit.h"
#include "policy/prints.h"

#include <sys/socket.h>
#include <time.h>

#define SESSION_ID_SIZE 17   /* 16 hex digits */
#define REF_SIZE 10	     /* `7K2M-9QXD` */
#define RECIPIENTS_MAX 10000 /* kept of one message */
#define RECIPIENTS_NAMED 100 /* named in a record */
#define FINDINGS_MAX 100     /* passed over, kept of one message */
#define REFUSALS_TOLD 20     /* recorded one by one in a session */
#define REFUSALS_BATCH 1000  /* then one record for so many */

struct recipient {
	const char *typed, *mta_addr;
	int64_t time; /* when it was decided */
	enum verdict_kind kind;
	enum reason reason;
	const char *row;
	struct recipient *next;
};

/* An Authentication-Results field that is not to leave as ours. */
struct claim {
	unsigned index; /* among the fields of that name, from 1 */
	struct claim *next;
};

/* A limit that an accepted message brought near its amount. */
struct near {
	const char *limit;
	int64_t used, amount;
	struct near *next;
};

/* A limit that tripped: told of once it is recorded. */
struct tripped {
	struct notice notice;
	struct tripped *next;
};

struct message {
	struct arena arena;
	bool open;	     /* MAIL was accepted, the end has not come */
	bool failed;	     /* memory ran out: nothing is known for sure */
	uint64_t generation; /* of the policy that decided MAIL */
	int64_t mail_time;   /* when MAIL was decided, seconds since 1970 */
	const char *queue_id, *message_id;
	char ref[REF_SIZE];
	enum reason would; /* the first refusal passed over */
	struct kept_finding {
		struct finding finding;
		struct kept_finding *next;
	} * findings, **findings_end;
	unsigned finding_count;
	struct recipient *recipients, **recipients_end;
	unsigned recipient_count, accepted_count;
	struct originator_list originators;
	unsigned results_count;
	struct claim *claims; /* the last one first */
	int64_t elapsed_us;
	const char *login; /* as MAIL was decided for */
	const char *peer;
	enum identified identified;
	const char *row; /* that decided MAIL */
	enum mode mode;

	/* for limits; see milter/limits */
	struct prints written; /* the recipients accepted */
	unsigned printed;      /* how many of them are in it */
	unsigned fresh;	       /* how many its login never wrote to */
	uint32_t print;	       /* of the recipient in question; 0: not asked */
	bool print_fresh;
	struct near *near;
	struct tripped *tripped;
	const struct suspension *suspension; /* that this message caused */
};

struct session {
	const struct config *config;
	struct arena arena;
	struct facts facts;    /* strings in either arena */
	struct timespec clock; /* as session_look_at_clock() saw it */
	struct client client;  /* of the message, under the policy last asked */
	struct limits limits;  /* that hold for it */
	struct message message;
	char id[SESSION_ID_SIZE];
	unsigned char random[64]; /* for references, 8 bytes each */
	size_t random_left;
	unsigned refusals;
	struct {
		unsigned count; /* refused since the last record that told so */
		char ref[REF_SIZE];
		enum stage stage; /* of the last of them, as the rest */
		enum reason reason;
		enum verdict_kind kind;
		enum identified identified;
		char login[LOGIN_MAX + 1];
	} repeated;
	unsigned long negotiated; /* protocol steps agreed with the MTA */
	bool asked;		  /* the MTA took our list of macros */
};

/* What a session is told when it begins; any may be NULL. */
struct session_origin {
	const char *client_name;
	const struct sockaddr *address;
	const char *mta_version; /* {v} */
	const char *daemon_name, *daemon_port;
};

/* What the MTA says with MAIL; any but the argument may be NULL. */
struct session_mail {
	char **argv; /* the argument, then ESMTP parameters, then NULL */
	const char *auth_authen, *auth_type;
	const char *tls_version, *cipher_bits;
	const char *cert_subject, *cert_issuer, *verify;
	const char *mail_addr, *mail_mailer, *queue_id;
	bool tls_unknown; /* the MTA did not take our list of macros */
	/* once more, for MTAs that tell nothing at the connection */
	const char *mta_version, *daemon_name, *daemon_port;
};

/* NULL: out of memory. */
struct session *session_new(const struct config *config);

void session_connect(struct session *s, const struct session_origin *origin);
void session_helo(struct session *s, const char *name);

/*
 * Each answers one command: the verdict, already recorded, with the reply and
 * its reference in verdict->reply.
 */
void session_mail(
    struct session *s, const struct session_mail *mail, struct verdict *v);
void session_recipient(struct session *s, const char *argument,
    const char *rcpt_addr, const char *queue_id, struct verdict *v);
void session_end(struct session *s, const char *queue_id, struct verdict *v);

/* Takes the time for what is decided or recorded next. */
void session_look_at_clock(struct session *s);

/* The message is over; session_end() leaves it for the edits of its header. */
void session_forget(struct session *s);

/* A header field of the message. */
void session_header(struct session *s, const char *name, const char *value);

/* The message under way will not come to its end: record it, forget it. */
void session_abort(struct session *s);

/* Keeps a refusal that is recorded and nothing more. */
void session_pass_over(struct session *s, const struct finding *f);

/* Answers without deciding: too many callbacks run at once. */
void session_overloaded(struct session *s, enum stage stage, struct verdict *v);

/* Records what is still to be told, and frees the session.  NULL is fine. */
void session_free(struct session *s);

#endif
