/* Step 8: what the rules say of one recipient. */
#include "decision.h"

#include "rule.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* All that rules ask about, and where it is kept. */
struct asked {
	struct rule_query query;
	struct names senders, recipients;
	principal_id principals[PRINCIPALS_MAX];
};

/* False: could not tell. */
static bool
ask(const struct decision *d, const struct address *recipient, struct asked *a)
{
	const struct facts *f = d->facts;
	struct rule_query *q = &a->query;
	struct address sender;

	if (!facts_sender(f, &sender))
		return false;
	memset(q, 0, sizeof(*q));
	q->policy = d->policy;
	q->principals = a->principals;
	for (size_t i = 0; i < principals_count(&d->client->principals); i++)
		a->principals[q->principal_count++] =
		    principals_at(&d->client->principals, i);
	q->client = d->client->has_ip ? &d->client->ip : NULL;
	a->senders.count = 0;
	if (sender.kind != ADDRESS_NOBODY)
		names_init(d, &a->senders, &sender);
	q->senders = a->senders.at;
	q->sender_count = a->senders.count;
	names_init(d, &a->recipients, recipient);
	q->recipients = a->recipients.at;
	q->recipient_count = a->recipients.count;
	q->tls_unknown = f->tls_unknown;
	q->tls_version = rule_tls_version(f->tls);
	q->cipher_bits = f->cipher_bits;
	q->mechanism = f->mechanism == NULL || f->mechanism[0] == '\0'
			   ? "none"
			   : f->mechanism;
	q->week_minute = f->week_minute;
	return true;
}

/* Tells of each rule before the one that decides why it does not match. */
static void
explain(const struct decision *d, const struct rule_query *q, int64_t from,
    const struct rule *found)
{
	const struct rule *rules;
	size_t count = policy_rules(d->policy, &rules);

	for (size_t i = 0; d->trace != NULL && i < count; i++) {
		const char *fails;

		if (&rules[i] == found)
			break;
		if (rules[i].seq < from)
			continue;
		fails = rule_fails(q, &rules[i]);
		say(d, "rule %" PRId64 " does not match: %s", rules[i].seq,
		    fails == NULL ? "" : fails);
	}
}

static enum reason
reason_of(const struct rule *r)
{
	if (r->verdict != VERDICT_REJECT || r->reply != NULL)
		return REASON_RULE;
	if (r->tls != TLS_ANY)
		return REASON_TLS_REQUIRED;
	return r->mechanisms.text[0] != '\0' ? REASON_MECHANISM_WEAK
					     : REASON_RULE;
}

static bool
refuse_by_rule(
    struct decision *d, const struct rule *r, const struct address *a)
{
	enum reason reason = reason_of(r);

	d->reply = r->reply;
	if (reason == REASON_TLS_REQUIRED)
		return refuse(d, reason,
		    "mail to %s needs other TLS: use STARTTLS, and a program "
		    "that is up to date",
		    show(a->text).text);
	if (reason == REASON_MECHANISM_WEAK)
		return refuse(d, reason,
		    "mail to %s needs another way to log in; change the "
		    "authentication method",
		    show(a->text).text);
	if (r->verdict == VERDICT_TEMPFAIL && r->reply == NULL) {
		snprintf(d->reply_text, sizeof(d->reply_text),
		    "451 4.7.1 mail to %s can't be sent now; try again later",
		    show(a->text).text);
		d->reply = d->reply_text;
	}
	return refuse(d, reason,
	    "mail to %s is not allowed for %s; ask the postmaster",
	    show(a->text).text, show_client(d).text);
}

/* Does the search go on behind the rule, which is only recorded?  What accepts
 * counts also for a client in mode monitor. */
static bool
is_passed(const struct decision *d, const struct rule *r)
{
	return r->mode == MODE_MONITOR ||
	       (r->mode == MODE_INHERIT && d->verdict->mode == MODE_MONITOR &&
		   r->verdict != VERDICT_ACCEPT);
}

bool
rule_refuses(struct decision *d, const struct address *a, bool *ruled)
{
	const struct rule *r, *rules;
	struct asked asked;
	char seq[24];

	*ruled = false;
	if (policy_rules(d->policy, &rules) == 0)
		return false;
	/* a rule for one that is left out would not match */
	if (principals_count(&d->client->principals) > PRINCIPALS_MAX ||
	    !ask(d, a, &asked))
		return refuse_internal(d);
	for (int64_t from = 0;; from = r->seq + 1) {
		const char *unknown;

		r = rule_find(&asked.query, from);
		explain(d, &asked.query, from, r);
		if (r == NULL)
			break;
		snprintf(seq, sizeof(seq), "%" PRId64, r->seq);
		unknown = rule_unknown(&asked.query, r);
		set_row(d, "rule", seq, unknown == NULL ? "" : unknown);
		say(d, "rule %s matches: %s", seq, verdict_name(r->verdict));
		d->mode = r->mode;
		if (!is_passed(d, r))
			break;
		if (r->verdict != VERDICT_ACCEPT)
			pass_over(d, reason_of(r));
		if (r->seq == INT64_MAX) {
			r = NULL;
			break;
		}
	}
	if (r == NULL) { /* what was passed over says nothing of the default */
		d->row[0] = '\0';
		d->mode = MODE_INHERIT;
		return false;
	}
	*ruled = true;
	d->hold = r->verdict == VERDICT_HOLD;
	if (r->verdict == VERDICT_ACCEPT || d->hold)
		return false;
	return refuse_by_rule(d, r, a);
}
