/*
 * authpolicy replay: decides what was recorded once more, under another policy,
 * by the very function the daemon uses, and shows what comes out otherwise.
 */
#include "policy/command/command.h"
#include "policy/command/records.h"
#include "policy/command/replay.h"
#include "policy/load.h"

#include <string.h>

#define LOAD_MS 5000
#define SAID_MAX 160 /* bytes of a verdict in words */

/* What became of a message or a recipient, for people. */
struct said {
	char text[SAID_MAX];
};

/* How bad that is. */
enum severity {
	SEVERITY_NONE = 0,
	SEVERITY_HOLD,
	SEVERITY_WOULD,
	SEVERITY_REFUSED
};

static struct said
say(const char *verdict, const char *reason, const char *would,
    const char *more)
{
	struct said s;

	snprintf(s.text, sizeof(s.text), "%.20s%s%.40s%s%.40s%s",
	    verdict != NULL ? verdict : "?", reason != NULL ? " " : "",
	    reason != NULL ? reason : "", would != NULL ? ", would " : "",
	    would != NULL ? would : "", more);
	return s;
}

static const char *
name_of(enum reason reason)
{
	return reason != REASON_NONE ? reason_name(reason) : NULL;
}

static enum severity
severity(const char *verdict, const char *would)
{
	if (verdict == NULL || strcmp(verdict, "reject") == 0 ||
	    strcmp(verdict, "tempfail") == 0)
		return SEVERITY_REFUSED;
	if (would != NULL)
		return SEVERITY_WOULD;
	return strcmp(verdict, "hold") == 0 ? SEVERITY_HOLD : SEVERITY_NONE;
}

static bool
same(const char *a, const char *b)
{
	return (a == NULL || b == NULL) ? a == b : strcmp(a, b) == 0;
}

/* Keeps a change of the message in hand, or of one of its recipients. */
static void
keep_change(struct replay *r, const struct said *before,
    const struct said *after, bool worse, bool refused, const char *row,
    const char *recipient)
{
	const struct recorded *m = &r->message;

	if (refused || !r->refusals)
		db_run(&r->db, SQL_CHANGES_ADD, worse ? "1" : "0", m->login,
		    before->text, after->text, row, m->time, m->ref,
		    m->play.facts.sender, recipient);
	r->changed = true;
	r->refused = r->refused || worse;
}

/* Refused before and now, for the same reason. */
static void
keep_refusal(struct replay *r, const struct said *both, const char *row,
    const char *recipient)
{
	const struct recorded *m = &r->message;

	r->stays = true;
	if (r->refusals)
		db_run(&r->db, SQL_CHANGES_ADD, "0", m->login, both->text,
		    both->text, row, m->time, m->ref, m->play.facts.sender,
		    recipient);
}

/*
 * What was not decided then can't be compared now: the stages behind a refusal,
 * and a header that can't be read back.  "" when there is nothing like that.
 */
static const char *
unknown_beyond(const struct recorded *m, bool accepted)
{
	bool refused = severity(m->was.verdict, NULL) == SEVERITY_REFUSED;

	if (!accepted)
		return "";
	if (m->stage == STAGE_MAIL)
		return ", unknown beyond MAIL";
	return m->stage == STAGE_ABORT && refused ? ", unknown beyond RCPT"
						  : "";
}

/* A recipient, as it is decided now. */
static void
compare_recipient(
    void *ctx, const struct recipient *now, const struct verdict *v)
{
	struct replay *r = ctx;
	const struct recorded_verdict *was =
	    &r->message.recipients[now - r->message.play.recipients];
	bool accepted = !verdict_is_refusal(v->kind);
	struct said before = say(was->verdict, was->reason, NULL, "");
	struct said after = say(verdict_name(v->kind), name_of(v->reason), NULL,
	    unknown_beyond(&r->message, accepted));

	if (same(was->verdict, verdict_name(v->kind)) &&
	    same(was->reason, name_of(v->reason))) {
		if (!accepted)
			keep_refusal(r, &before, v->row, now->rcpt);
		return;
	}
	keep_change(r, &before, &after,
	    !accepted && severity(was->verdict, NULL) < SEVERITY_REFUSED,
	    !accepted, v->row, now->rcpt);
}

/* Is it told of the recipients, or can't it be told? */
static bool
is_told(const struct recorded *m, const struct verdict *v)
{
	bool accepted = !verdict_is_refusal(v->kind);
	bool was = severity(m->was.verdict, NULL) < SEVERITY_REFUSED;

	return v->stage == STAGE_RCPT ||
	       (accepted && (m->cut || (m->stage == STAGE_ABORT && !was)));
}

static const char *
first_recipient(const struct recorded *m)
{
	return m->play.recipient_count > 0 ? m->play.recipients[0].rcpt : NULL;
}

/* The message as a whole: is it refused, and what was passed over? */
static void
compare(struct replay *r, const struct outcome *out)
{
	const struct recorded *m = &r->message;
	const struct verdict *v = &out->verdict;
	const char *verdict = verdict_name(v->kind);
	const char *reason = name_of(v->reason), *would = name_of(out->would);
	enum severity was = severity(m->was.verdict, m->would);
	enum severity is = severity(verdict, would);
	bool alike = was < SEVERITY_WOULD && is < SEVERITY_WOULD;
	struct said before = say(m->was.verdict, m->was.reason, m->would, "");
	struct said after;

	if (is_told(m, v) || alike)
		return;
	if (same(m->was.verdict, verdict) && same(m->was.reason, reason) &&
	    same(m->would, would)) {
		keep_refusal(r, &before, v->row, first_recipient(m));
		return;
	}
	after = say(verdict, reason, would,
	    unknown_beyond(m, !verdict_is_refusal(v->kind)));
	keep_change(r, &before, &after, is >= SEVERITY_WOULD && is > was,
	    is >= SEVERITY_WOULD, v->row, first_recipient(m));
}

static void
play_once_more(struct replay *r, const struct policy *policy)
{
	struct play *p = &r->message.play;
	struct outcome out;

	p->policy = policy;
	p->told = compare_recipient;
	p->ctx = r;
	r->changed = r->refused = r->stays = false;
	play_message(p, &out);
	compare(r, &out);
	r->other += r->changed;
	r->worse += r->refused;
	r->still += r->stays && !r->changed;
	r->cut += r->message.cut;
}

static enum status
read_all(struct replay *r, struct records *records, const struct policy *policy)
{
	while (r->db.status == STATUS_OK && records_next(records)) {
		enum recorded_kind kind =
		    recorded_read(&r->message, &r->db, records->line);

		r->records[kind] += r->message.repeated;
		if (kind == RECORDED_NONE)
			records_reject(
			    records, "not a record of the audit log");
		else if (kind == RECORDED_MESSAGE)
			play_once_more(r, policy);
	}
	progress_end(&records->progress);
	return r->db.status;
}

static enum status
replay(struct command *c, const struct policy *policy)
{
	struct replay r = {.refusals = args_has(&c->args, "refused")};
	struct records records;
	enum status status = STATUS_UNKNOWN, read;

	if (records_open(&records, c->args.words, c->args.word_count, false) &&
	    records_database(&r.db) && db_run(&r.db, SQL_CHANGES_MAKE) &&
	    db_exec(&r.db, "BEGIN"))
		status = read_all(&r, &records, policy);
	read = records_close(&records);
	if (status == STATUS_OK && !db_run(&r.db, SQL_CHANGES_SORT))
		status = r.db.status;
	if (status == STATUS_OK) {
		if (c->json)
			replay_write_json(&r, &c->out);
		else
			replay_print(&r);
		status = r.db.status;
	}
	recorded_clear(&r.message);
	db_close(&r.db);
	if (status == STATUS_OK && r.worse > 0)
		status = STATUS_REFUSED;
	return read != STATUS_OK ? read : status;
}

enum status
run_replay(struct command *c)
{
	const char *path = args_value(&c->args, "against", c->path);
	struct load_report report = {0};
	struct policy *policy = policy_load_file(path, LOAD_MS, &report);
	enum status status = STATUS_UNKNOWN;

	for (size_t i = 0; i < diag_kept(&report.errors); i++)
		fail(STATUS_UNKNOWN, "%s", report.errors.lines[i]);
	load_report_clear(&report);
	if (policy != NULL)
		status = replay(c, policy);
	policy_free(policy);
	return status;
}
