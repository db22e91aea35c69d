/*
 * Records back to facts: the counterpart of milter/record.  The rule guarded
 * here: a fact that is not in the record is never taken for one that was not
 * told; such a record is not played.
 */
#include "policy/command/recorded.h"
#include "policy/base64.h"
#include "policy/command/clock.h"
#include "policy/header.h"

#include <stdlib.h>
#include <string.h>

/* The columns of SQL_RECORDED. */
enum column {
	COLUMN_STAGE,
	COLUMN_VERDICT,
	COLUMN_REASON,
	COLUMN_WOULD,
	COLUMN_TIME,
	COLUMN_MAIL_TIME,
	COLUMN_REF,
	COLUMN_LOGIN,
	COLUMN_REPEATED,
	COLUMN_FLAGS,
	COLUMN_RECIPIENTS,
	COLUMN_RECIPIENT_COUNT,
	COLUMN_NOT_NAMED,
	COLUMN_ORIGINATORS,
	COLUMN_ORIGINATORS_CUT,
	COLUMN_MTA,
	COLUMN_CIPHER_BITS,
	COLUMN_CONTAINED,
	COLUMN_TEXTS /* as `texts`, from here on */
};

static const size_t texts[] = {
    offsetof(struct facts, login),
    offsetof(struct facts, mechanism),
    offsetof(struct facts, tls),
    offsetof(struct facts, cert_subject),
    offsetof(struct facts, cert_issuer),
    offsetof(struct facts, verify),
    offsetof(struct facts, client),
    offsetof(struct facts, client_name),
    offsetof(struct facts, helo),
    offsetof(struct facts, listener),
    offsetof(struct facts, sender),
    offsetof(struct facts, mail_addr),
    offsetof(struct facts, auth_param),
};

static const char *
text(sqlite3_stmt *s, int column)
{
	return (const char *)sqlite3_column_text(s, column);
}

static bool
is(const char *text, const char *name)
{
	return text != NULL && strcmp(text, name) == 0;
}

/* Is the flag, in quotes, in the JSON array? */
static bool
has_flag(sqlite3_stmt *s, const char *quoted)
{
	const char *flags = text(s, COLUMN_FLAGS);

	return flags != NULL && strstr(flags, quoted) != NULL;
}

static bool
read_stage(struct recorded *r, const char *name)
{
	static const enum stage stages[] = {
	    STAGE_MAIL, STAGE_RCPT, STAGE_EOM, STAGE_ABORT};

	r->stage = STAGE_NONE;
	for (size_t i = 0; i < sizeof(stages) / sizeof(*stages); i++)
		if (is(name, stage_name(stages[i])))
			r->stage = stages[i];
	return r->stage != STAGE_NONE;
}

/* The facts but the header and the recipients. */
static bool
read_facts(struct recorded *r, sqlite3_stmt *s)
{
	struct facts *f = &r->play.facts;
	const char *mta = text(s, COLUMN_MTA);
	const char *mail_time = text(s, COLUMN_MAIL_TIME);
	int64_t time;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		*(const char **)(void *)((char *)f + texts[i]) =
		    text(s, COLUMN_TEXTS + (int)i);
	f->mta = is(mta, "postfix")    ? MTA_POSTFIX
		 : is(mta, "sendmail") ? MTA_SENDMAIL
				       : MTA_UNKNOWN;
	f->cipher_bits = sqlite3_column_int(s, COLUMN_CIPHER_BITS);
	f->local = has_flag(s, "\"local\"");
	f->login_malformed = has_flag(s, "\"login-malformed\"");
	f->login_ambiguous = has_flag(s, "\"login-ambiguous\"");
	f->tls_unknown = has_flag(s, "\"tls-unknown\"");
	if (!clock_parse(r->time, &time) ||
	    (mail_time != NULL && !clock_parse(mail_time, &r->play.mail_time)))
		return false;
	facts_set_time(f, time);
	return true;
}

/* The originator fields, as they were decided on. */
static bool
read_header(struct recorded *r, sqlite3_stmt *s)
{
	const char *base64 = text(s, COLUMN_ORIGINATORS);
	size_t len = base64 != NULL ? strlen(base64) : 0;
	char *written = arena_alloc(&r->arena, len + 1);
	struct originator_list list = {0};

	r->cut = sqlite3_column_int(s, COLUMN_ORIGINATORS_CUT) != 0;
	if (written == NULL)
		return false;
	if (r->cut)
		return true;
	if (len > 0)
		originators_reread(&list, written,
		    base64_decode(base64, len, written), &r->arena);
	originators_use(&list, &r->play.facts);
	r->play.facts.originators_lost = has_flag(s, "\"originators-lost\"");
	return !list.failed;
}

static const char *
keep(struct recorded *r, sqlite3_stmt *s, int column, bool *whole)
{
	const char *copy = arena_strdup(&r->arena, text(s, column));

	*whole &= copy != NULL || text(s, column) == NULL;
	return copy;
}

/* Those that are named; one that a limit refused is as one that is not. */
static bool
read_recipients(struct recorded *r, struct db *db, sqlite3_stmt *record)
{
	size_t room =
	    (size_t)sqlite3_column_int(record, COLUMN_RECIPIENT_COUNT);
	struct recipient *list =
	    arena_alloc(&r->arena, (room + 1) * sizeof(*list));
	sqlite3_stmt *s = db_query(
	    db, SQL_RECORDED_RECIPIENTS, text(record, COLUMN_RECIPIENTS));
	bool whole = list != NULL;

	r->recipients =
	    arena_alloc(&r->arena, (room + 1) * sizeof(*r->recipients));
	r->play.more = sqlite3_column_int64(record, COLUMN_NOT_NAMED) > 0;
	r->play.recipients = list;
	whole &= r->recipients != NULL;
	while (whole && db_step(db, s)) {
		size_t i = r->play.recipient_count;

		if (is(text(s, 4), "limit-exceeded")) {
			r->play.more = true;
			continue;
		}
		list[i] = (struct recipient){
		    .rcpt = keep(r, s, 0, &whole),
		    .rcpt_addr = keep(r, s, 1, &whole),
		    .time = r->play.mail_time + sqlite3_column_int64(s, 2),
		};
		r->recipients[i] = (struct recorded_verdict){
		    .verdict = keep(r, s, 3, &whole),
		    .reason = keep(r, s, 4, &whole),
		};
		r->play.recipient_count++;
	}
	return whole;
}

/* Is it one that can't be played, whatever its facts? */
static enum recorded_kind
sort(const struct recorded *r, sqlite3_stmt *s)
{
	static const char *const faults[] = {
	    "internal", "policy-unavailable", "overloaded"};

	if (r->repeated > 1)
		return RECORDED_COUNTED;
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
		if (is(r->was.reason, faults[i]))
			return RECORDED_FAULT;
	if (r->stage == STAGE_RCPT)
		return RECORDED_AGAIN;
	if (text(s, COLUMN_FLAGS) == NULL ||
	    (r->stage != STAGE_MAIL && text(s, COLUMN_MAIL_TIME) == NULL))
		return RECORDED_OLD;
	if (text(s, COLUMN_TEXTS + 10) == NULL)
		return RECORDED_COUNTED; /* one refusal, told at the end */
	if (is(r->was.reason, "limit-exceeded") ||
	    (is(r->was.reason, "login-suspended") &&
		sqlite3_column_int(s, COLUMN_CONTAINED) != 0))
		return RECORDED_LIMIT;
	return RECORDED_MESSAGE;
}

enum recorded_kind
recorded_read(struct recorded *r, struct db *db, const char *line)
{
	struct arena arena = r->arena;
	sqlite3_stmt *s = db_query(db, SQL_RECORDED, line);
	enum recorded_kind kind;

	arena_reset(&arena);
	*r = (struct recorded){.arena = arena};
	if (!db_step(db, s) || !read_stage(r, text(s, COLUMN_STAGE)))
		return RECORDED_NONE;
	r->was.verdict = text(s, COLUMN_VERDICT);
	r->was.reason = text(s, COLUMN_REASON);
	r->would = text(s, COLUMN_WOULD);
	r->time = text(s, COLUMN_TIME);
	r->ref = text(s, COLUMN_REF);
	r->login = text(s, COLUMN_LOGIN);
	r->repeated = (unsigned)sqlite3_column_int(s, COLUMN_REPEATED);
	kind = sort(r, s);
	if (kind != RECORDED_MESSAGE)
		return kind;
	if (!read_facts(r, s))
		return RECORDED_NONE;
	if (!read_recipients(r, db, s) ||
	    (r->stage == STAGE_EOM && !read_header(r, s)))
		db_fail(db, STATUS_UNKNOWN, "out of memory");
	return db->status == STATUS_OK ? RECORDED_MESSAGE : RECORDED_NONE;
}

void
recorded_clear(struct recorded *r)
{
	arena_reset(&r->arena);
	*r = (struct recorded){0};
}
