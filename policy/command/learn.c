/*
 * authpolicy learn: what mode monitor passed over, as proposals.  The policy
 * itself says which addresses a login may not use: each message that went
 * through is decided once more.  The rule guarded here: nothing is proposed
 * that lets one person be another without a word.
 */
#include "policy/command/learn.h"
#include "policy/command/texts.h"
#include "policy/command/names.h"
#include "policy/command/records.h"
#include "policy/form.h"
#include "policy/load.h"
#include "policy/mailbox.h"

#include <string.h>

#define LOAD_MS 5000

/* Was it found for this reason, spoken or passed over?  Then the row of it. */
static const char *
found(const struct verdict *v, enum reason reason)
{
	if (v->reason == reason)
		return v->row;
	for (unsigned i = 0; i < v->passed_count; i++)
		if (v->passed[i].reason == reason)
			return v->passed[i].row;
	return NULL;
}

/* Can a row say just this address?  `a*b@d` would say more. */
static bool
is_sayable(const struct address *a)
{
	struct form form;

	return a->kind == ADDRESS_NULL ||
	       (form_parse(a->text, true, &form) == ADDRESS_OK &&
		   form.kind == FORM_ADDRESS &&
		   strcmp(form.text, a->text) == 0);
}

/* Would a grant of the base let the login use its sub-address `a`? */
static bool
is_covered(const struct learn *l, const char *login, const struct address *a,
    const struct address *base)
{
	const struct policy *p = l->policy;

	return policy_local_domain(p, address_domain(a)) != NULL &&
	       is_sayable(base) &&
	       policy_granted_by_name(p, a, policy_principal(p, login),
		   l->message.play.facts.time) == NULL;
}

/* An address the message's login used without a grant. */
static void
keep(struct learn *l, const char *login, const struct address *a,
    const char *scope, const char *manner, const char *row)
{
	const struct recorded *m = &l->message;
	struct address base = *a;
	char number[24], local[ADDRESS_MAX + 1];
	bool mailbox = a->kind != ADDRESS_NULL, covered;

	if (!is_sayable(a))
		return;
	covered = address_base(a,
		      policy_settings(l->policy)->recipient_delimiter, &base) &&
		  is_covered(l, login, a, &base);
	snprintf(number, sizeof(number), "%lld", (long long)l->messages);
	snprintf(local, sizeof(local), "%.*s", (int)base.local_len, base.text);
	db_run(&l->db, SQL_LEARN_USED, number, login, mailbox ? a->text : "<>",
	    !mailbox  ? "<>"
	    : covered ? base.text
		      : a->text,
	    mailbox ? local : NULL, mailbox ? address_domain(a) : NULL, scope,
	    manner, strncmp(row, "local_domain(", 13) == 0 ? "1" : "0", m->time,
	    m->play.facts.client);
}

/* May the login not use it as the only author?  Then the row that says so. */
static const char *
refused_author(
    const struct learn *l, const struct address *a, struct verdict *v)
{
	struct facts facts = l->message.play.facts;
	struct originator from = {
	    .kind = ORIGINATOR_FROM, .value = a->text, .next = NULL};

	facts.originators = &from;
	facts.originators_lost = false;
	policy_decide(l->policy, &facts, STAGE_EOM, NULL, v);
	return found(v, REASON_AUTHOR_NOT_GRANTED);
}

/* Has it a Sender that is the login's own? */
static bool
has_own_sender(const struct learn *l, struct arena *arena)
{
	const struct originator *o = l->message.play.facts.originators;
	struct verdict v;

	for (; o != NULL; o = o->next) {
		struct mailbox *m = NULL;

		if (o->kind == ORIGINATOR_SENDER &&
		    mailbox_parse(o->value, arena, &m) == MAILBOX_OK)
			return m->next == NULL &&
			       refused_author(l, &m->address, &v) == NULL;
	}
	return false;
}

/* The addresses in the header, each by itself. */
static void
learn_header(struct learn *l, const char *login)
{
	struct arena arena = {0};
	const struct originator *o = l->message.play.facts.originators;
	bool own_sender = has_own_sender(l, &arena);
	struct verdict v;

	for (; o != NULL; o = o->next) {
		bool on_behalf = o->kind == ORIGINATOR_FROM && own_sender;
		struct mailbox *m = NULL;

		(void)mailbox_parse(o->value, &arena, &m);
		for (; m != NULL; m = m->next) {
			const char *row = refused_author(l, &m->address, &v);

			if (row != NULL)
				keep(l, login, &m->address, "header",
				    on_behalf ? "on-behalf" : "as", row);
		}
	}
	arena_reset(&arena);
}

/* A message that went through. */
static void
learn_message(struct learn *l)
{
	static const enum reason mended[] = {REASON_AUTHOR_NOT_GRANTED,
	    REASON_SENDER_HEADER_NOT_GRANTED, REASON_RESENT_NOT_GRANTED};
	struct facts *facts = &l->message.play.facts;
	struct facts mail = *facts;
	struct verdict v;
	struct address sender;
	char login[LOGIN_MAX + 1];
	const char *row;

	if (l->message.play.mail_time != 0)
		facts_set_time(&mail, l->message.play.mail_time);
	policy_decide(l->policy, &mail, STAGE_MAIL, NULL, &v);
	memcpy(login, v.login, sizeof(login));
	if (login[0] == '\0')
		return;
	l->messages++;
	db_run(&l->db, SQL_LEARN_SENDER, login);
	row = found(&v, REASON_SENDER_NOT_GRANTED);
	(void)facts_sender(facts, &sender);
	if (row != NULL && sender.kind != ADDRESS_NOBODY)
		keep(l, login, &sender, "envelope", "as", row);
	if (!facts->has_header)
		return;
	policy_decide(l->policy, facts, STAGE_EOM, NULL, &v);
	for (size_t i = 0; i < sizeof(mended) / sizeof(*mended); i++)
		if (found(&v, mended[i]) != NULL) {
			learn_header(l, login);
			break;
		}
}

static void
read_all(struct learn *l, struct records *records)
{
	while (l->db.status == STATUS_OK && records_next(records)) {
		struct recorded *m = &l->message;
		enum recorded_kind kind =
		    recorded_read(m, &l->db, records->line);

		if (kind == RECORDED_NONE)
			records_reject(
			    records, "not a record of the audit log");
		if (kind != RECORDED_MESSAGE ||
		    (strcmp(m->was.verdict, "accept") != 0 &&
			strcmp(m->was.verdict, "hold") != 0))
			continue;
		learn_message(l);
		if (m->would != NULL)
			db_run(&l->db, SQL_LEARN_UNMENDED, records->line);
	}
	progress_end(&records->progress);
}

/* Only now is the policy looked at as a file: nobody waits for our lock. */
static void
propose(struct learn *l)
{
	struct command *c = l->c;

	db_run(
	    &l->db, SQL_LEARN_WANTED, args_value(&c->args, "min-count", "3"));
	db_run(&l->db, SQL_LEARN_ATTACH, c->path);
	db_exec(&l->db, propose_sql);
	if (l->db.status != STATUS_OK)
		return;
	if (c->json)
		learn_write_json(l, &c->out);
	else
		learn_print(l);
}

static enum status
learn(struct learn *l)
{
	struct command *c = l->c;
	struct records records;
	enum status status;

	if (records_open(&records, c->args.words, c->args.word_count, false) &&
	    records_database(&l->db) && db_exec(&l->db, learn_sql) &&
	    db_exec(&l->db, "BEGIN")) {
		read_all(l, &records);
		db_exec(&l->db, "COMMIT");
		propose(l);
	}
	status = records_close(&records);
	return status != STATUS_OK ? status : l->db.status;
}

enum status
run_learn(struct command *c)
{
	struct load_report report = {0};
	struct learn l = {.c = c, .sql = args_has(&c->args, "sql")};
	struct policy *policy;
	enum status status = STATUS_UNKNOWN;

	if (!names_number(
		c, "--min-count", args_value(&c->args, "min-count", "3")))
		return c->db.status;
	policy = policy_load_file(c->path, LOAD_MS, &report);
	for (size_t i = 0; i < diag_kept(&report.errors); i++)
		fail(STATUS_UNKNOWN, "%s", report.errors.lines[i]);
	load_report_clear(&report);
	l.policy = policy;
	if (policy != NULL)
		status = learn(&l);
	recorded_clear(&l.message);
	db_close(&l.db);
	policy_free(policy);
	return status;
}
