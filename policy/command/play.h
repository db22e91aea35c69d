#ifndef POLICY_COMMAND_PLAY_H
#define POLICY_COMMAND_PLAY_H

/*
 * Plays one message against a policy copy, as the daemon would: MAIL, each
 * recipient, the end of the message.
 */

#include "policy/decide.h"
#include "policy/json.h"

struct recipient {
	const char *rcpt, *rcpt_addr; /* as typed; as {rcpt_addr} */
	int64_t time;		      /* it was put at; 0: that of the facts */
};

struct play {
	const struct policy *policy;
	struct facts facts;
	const struct recipient *recipients;
	size_t recipient_count;
	bool more;	   /* there were recipients that nobody knows now */
	int64_t mail_time; /* MAIL was put at; 0: that of the facts */
	const struct trace *trace; /* may be NULL */

	/* Told each recipient's verdict; may be NULL. */
	void (*told)(
	    void *ctx, const struct recipient *r, const struct verdict *v);
	void *ctx;
};

/* What became of the message. */
struct outcome {
	struct verdict verdict; /* of the first stage that refused it */
	enum reason would;	/* first refusal passed over by monitor */
	size_t refused;		/* recipients */
	struct verdict held;	/* of the first recipient that holds it */
};

/*
 * The verdict is that of MAIL if it refuses or there is nothing else; that of
 * the first recipient when all are refused; else that of the end of message,
 * with the row of MAIL where it has none.
 */
void play_message(const struct play *p, struct outcome *out);

/* The same, written as the members of a JSON object. */
void play_write_json(const struct play *p, struct json *j, struct outcome *out);

/* The reason of the first refusal passed over; REASON_NONE for none. */
enum reason play_would(const struct verdict *v);

#endif
