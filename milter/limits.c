/*
 * Limits in the life of a message.  The rule guarded here: a client is counted
 * under one name, however it writes itself, and whatever it does in between.
 */
#include "milter/limits.h"

#include "milter/notice.h"
#include "milter/state.h"
#include "milter/tally.h"
#include "policy/limited.h"
#include "policy/mailbox.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define NEAR_PERCENT 80 /* of its amount: told in the record of a message */

static struct ledger *ledger;

void
limits_open(struct ledger *l)
{
	ledger = l;
}

/* One stage under the limits of its client. */
struct stage_limits {
	struct session *s;
	const struct policy *policy;
	struct verdict *v;
	const struct limits *limits;
	struct charge charge;
	uint32_t senders[CHARGE_SENDERS_MAX];
	struct ruling ruling;
};

static bool
asks_for(const struct stage_limits *l, enum metric metric)
{
	for (size_t i = 0; i < l->limits->count; i++)
		if (l->limits->at[i].limit->metric == metric)
			return true;
	return false;
}

/* The fingerprint of an address as it is counted; of what can't be read, as it
 * was typed. */
static uint32_t
print_of_path(struct stage_limits *l, const char *typed)
{
	struct address a, counted;
	enum address_status status;

	if (typed == NULL)
		return 0;
	status = address_parse_path(typed, &a);
	if (status == ADDRESS_NO_MEMORY)
		l->s->message.failed = true;
	if (status != ADDRESS_OK)
		return ledger_print(ledger, typed);
	counted_address(l->policy, &a, &counted);
	return ledger_print(ledger, counted.text);
}

static void
add_sender(struct stage_limits *l, uint32_t print)
{
	struct charge *c = &l->charge;

	for (size_t i = 0; i < c->sender_count; i++)
		if (l->senders[i] == print)
			return;
	if (c->sender_count < CHARGE_SENDERS_MAX)
		l->senders[c->sender_count++] = print;
}

/* The sender, and at the end the authors; the null sender is nobody's. */
static void
add_senders(struct stage_limits *l)
{
	const struct facts *f = &l->s->facts;
	struct arena arena = {0};
	struct address a;

	l->charge.senders = l->senders;
	if (!facts_sender(f, &a))
		l->s->message.failed = true;
	if (a.kind != ADDRESS_NULL)
		add_sender(l, print_of_path(l, f->sender));
	for (const struct originator *o =
		 l->v->stage == STAGE_EOM ? f->originators : NULL;
	     o != NULL; o = o->next) {
		struct mailbox *m = NULL;

		if (o->kind == ORIGINATOR_FROM &&
		    mailbox_parse(o->value, &arena, &m) == MAILBOX_NO_MEMORY)
			l->s->message.failed = true;
		for (; m != NULL; m = m->next) {
			counted_address(l->policy, &m->address, &a);
			add_sender(l, ledger_print(ledger, a.text));
		}
	}
	arena_reset(&arena);
}

/* The recipient in question: is it one the login never wrote to? */
static void
look_at_recipient(struct stage_limits *l)
{
	struct message *m = &l->s->message;

	m->print = print_of_path(l, l->s->facts.recipient);
	m->print_fresh = !prints_have(&m->written, m->print) &&
			 !ledger_knows(ledger, l->charge.login, m->print);
	l->charge.fresh = m->fresh + m->print_fresh;
}

/* At the end all recipients are at hand, those accepted before the limit was
 * made as well. */
static void
look_at_recipients(struct stage_limits *l)
{
	struct message *m = &l->s->message;

	l->charge.written = &m->written;
	if (m->printed == m->accepted_count)
		return;
	for (const struct recipient *r = m->recipients; r != NULL; r = r->next)
		if (!verdict_is_refusal(r->kind) &&
		    !prints_add(&m->written, print_of_path(l, r->typed)))
			m->failed = true;
	m->printed = m->accepted_count;
}

/* What is asked for; a refusal is charged with what it refused alone. */
static void
make_charge(struct stage_limits *l, bool refused)
{
	const struct message *m = &l->s->message;
	char network[COUNTED_NETWORK_SIZE];
	struct charge *c = &l->charge;

	*c = (struct charge){
	    .now = l->s->facts.time,
	    .login = l->v->login,
	    .messages = !refused || l->v->stage != STAGE_RCPT,
	    .by_limit = refused && reason_is_containment(l->v->reason),
	    .suspended = refused && l->v->reason == REASON_LOGIN_SUSPENDED,
	};
	if (l->v->stage == STAGE_MAIL)
		c->recipients = !refused;
	else if (l->v->stage == STAGE_RCPT)
		c->recipients = refused ? 1 : m->accepted_count + 1;
	else
		c->recipients = m->accepted_count;
	if (asks_for(l, METRIC_NEW_RECIPIENTS)) {
		if (l->v->stage == STAGE_RCPT)
			look_at_recipient(l);
		else if (l->v->stage == STAGE_EOM)
			look_at_recipients(l);
		if (refused && l->v->stage == STAGE_RCPT)
			c->fresh = m->print_fresh;
	}
	if (asks_for(l, METRIC_SENDERS))
		add_senders(l);
	if (l->v->stage != STAGE_RCPT && asks_for(l, METRIC_NETWORKS) &&
	    counted_network(l->s->facts.client, network))
		c->network = ledger_print(ledger, network);
}

/* Keeps what monitor mode passes over, as a finding. */
static void
pass_over(struct stage_limits *l, const struct limit *limit)
{
	struct finding f = {
	    .stage = l->v->stage, .reason = REASON_LIMIT_EXCEEDED};

	snprintf(f.row, sizeof(f.row), "quota(%s)", limit->name);
	session_pass_over(l->s, &f);
}

/* Keeps a limit that an accepted message brought near its amount. */
static void
keep_near(struct stage_limits *l, const struct applied *a, int64_t used)
{
	struct message *m = &l->s->message;
	struct near *near = arena_alloc(&m->arena, sizeof(*near));

	if (near == NULL)
		return;
	near->limit = arena_strdup(&m->arena, a->limit->name);
	near->used = used;
	near->amount = a->limit->amount;
	near->next = m->near;
	m->near = near;
}

static void
keep_trip(struct stage_limits *l, const struct applied *a,
    const struct measure *measure)
{
	struct message *m = &l->s->message;
	struct tripped *t = arena_alloc(&m->arena, sizeof(*t));
	const struct limit *limit = a->limit;

	tally_trip(limit, tally_now());
	if (t == NULL)
		return;
	t->notice = (struct notice){
	    .principal = arena_strdup(&m->arena, a->account),
	    .login = arena_strdup(&m->arena, l->v->login),
	    .limit = arena_strdup(&m->arena, limit->name),
	    .metric = metric_name(limit->metric),
	    .action = on_exceed_name(limit->on_exceed),
	    .amount = limit->amount,
	    .used = measure->used,
	    .period = limit->period,
	    .until = limit->on_exceed == EXCEED_SUSPEND
			 ? l->charge.now + limit->suspend_for
			 : 0,
	    .time = l->charge.now,
	};
	t->next = m->tripped;
	m->tripped = t;
}

/* Of two for one message the longer is kept. */
static void
keep_suspension(struct stage_limits *l, size_t i)
{
	struct message *m = &l->s->message;
	struct suspension *kept = arena_alloc(&m->arena, sizeof(*kept)), s;
	char why[LIMIT_WHY_MAX];

	if (kept == NULL) {
		m->failed = true;
		return;
	}
	limit_suspend(
	    &l->limits->at[i], &l->ruling.at[i], l->charge.now, why, &s);
	if (m->suspension != NULL && m->suspension->until >= s.until)
		return;
	*kept = s;
	kept->name = arena_strdup(&m->arena, s.name);
	kept->why = arena_strdup(&m->arena, s.why);
	kept->limit = arena_strdup(&m->arena, s.limit);
	if (kept->name == NULL || kept->why == NULL || kept->limit == NULL)
		m->failed = true;
	else
		m->suspension = kept;
}

/* What each limit found, whatever the verdict. */
static void
keep_measures(struct stage_limits *l)
{
	for (size_t i = 0; i < l->limits->count; i++) {
		const struct applied *a = &l->limits->at[i];
		const struct measure *m = &l->ruling.at[i];

		if (m->exceeded && !a->acts)
			pass_over(l, a->limit);
		if (m->trips)
			keep_trip(l, a, m);
		if (l->v->stage == STAGE_EOM && a->limit->period != 0 &&
		    !verdict_is_refusal(l->v->kind) && m->used > 0 &&
		    m->used * 100 >= a->limit->amount * NEAR_PERCENT)
			keep_near(l, a, m->used);
	}
}

/* Counts a refusal; it may itself be what a limit on refusals acts on. */
static void
refused(struct stage_limits *l)
{
	make_charge(l, true);
	ledger_refuse(ledger, l->limits, &l->charge, &l->ruling);
	keep_measures(l);
	if (l->ruling.outcome == OUTCOME_SUSPEND)
		keep_suspension(l, l->ruling.by);
}

/* Judges what the policy let pass. */
static void
passed(struct stage_limits *l)
{
	struct verdict *v = l->v;
	enum outcome outcome;
	size_t by;

	make_charge(l, false);
	if (v->stage == STAGE_EOM)
		ledger_admit(ledger, l->limits, &l->charge, &l->ruling);
	else
		ledger_judge(ledger, l->limits, &l->charge, &l->ruling);
	outcome = l->ruling.outcome;
	by = l->ruling.by;
	if (outcome == OUTCOME_UNKNOWN)
		l->s->message.failed = true;
	else if (outcome > OUTCOME_HOLD)
		limit_refuse(&l->limits->at[by], &l->ruling.at[by], outcome,
		    l->charge.now, v);
	else if (outcome == OUTCOME_HOLD && v->stage == STAGE_EOM) {
		v->kind = VERDICT_HOLD;
		v->reason = REASON_LIMIT_EXCEEDED;
		snprintf(v->row, sizeof(v->row), "quota(%s)",
		    l->limits->at[by].limit->name);
	}
	keep_measures(l);
	if (outcome == OUTCOME_SUSPEND)
		keep_suspension(l, by);
	if (outcome > OUTCOME_HOLD)
		refused(l);
}

/* Finds the limits of the client anew where it was identified anew. */
static bool
find_limits(struct session *s, const struct policy *policy, enum stage stage)
{
	if (stage != STAGE_MAIL &&
	    policy_generation(policy) == s->message.generation)
		return true;
	return limits_of(policy, s->client.login, s->client.peer,
	    s->client.mode, &s->limits);
}

void
limits_apply(struct session *s, const struct policy *policy, struct verdict *v)
{
	struct stage_limits l;

	s->message.print = 0;
	if (policy == NULL || policy_limit_count(policy) == 0 ||
	    v->login[0] == '\0' ||
	    (verdict_is_refusal(v->kind) && !reason_counts(v->reason)))
		return;
	if (!find_limits(s, policy, v->stage) ||
	    (s->limits.count > 0 && ledger == NULL)) {
		s->message.failed = true;
		return;
	}
	if (s->limits.count == 0)
		return;
	l.s = s;
	l.limits = &s->limits;
	l.policy = policy;
	l.v = v;
	/* unknown, as far as limits hold */
	memset(&l.ruling, 0,
	    offsetof(struct ruling, at) +
		s->limits.count * sizeof(*l.ruling.at));
	if (verdict_is_refusal(v->kind))
		refused(&l);
	else
		passed(&l);
}

void
limits_add_recipient(struct session *s)
{
	struct message *m = &s->message;

	if (m->print == 0)
		return;
	if (!prints_add(&m->written, m->print))
		m->failed = true;
	m->fresh += m->print_fresh;
	m->printed++;
	m->print = 0;
}

void
limits_suspend(const struct session *s)
{
	if (s->message.suspension != NULL)
		state_suspend(s->message.suspension);
}

void
limits_notify(struct session *s)
{
	struct message *m = &s->message;

	for (struct tripped *t = m->tripped; t != NULL; t = t->next) {
		t->notice.client = s->facts.client;
		t->notice.sender = s->facts.sender;
		t->notice.ref = m->ref;
		notice_send(&t->notice);
	}
	/* the message may go on: nothing is told twice */
	m->tripped = NULL;
	m->suspension = NULL;
}
