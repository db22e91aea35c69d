/*
 * policy/decide: that it is pure, what it does without a policy, and a few
 * decisions that must never change.  The case corpus covers the rest.
 */
#include "policy/decide.h"

#include "policy/load.h"

#include "tests/unit/database.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char firm[] =
    "UPDATE setting SET value = 'enforce' WHERE name = 'mode';"
    "INSERT INTO local_domain (name, owner) VALUES ('example.com', NULL),"
    " ('tenant.example', '@tenant.example');"
    "INSERT INTO principal (name, kind, state) VALUES"
    " ('alice', 'login', 'active'), ('bob', 'login', 'suspended'),"
    " ('staff', 'group', 'active'), ('quiet', 'login', 'active');"
    "UPDATE principal SET mode = 'monitor' WHERE name = 'quiet';"
    "UPDATE setting SET value = 'submission 587' WHERE name ="
    " 'login_required';"
    "INSERT INTO principal (name, kind, originators) VALUES"
    " ('a-off', 'group', 'off'), ('b-strict', 'group', 'strict'),"
    " ('c-off', 'group', 'off');"
    "INSERT INTO principal (name, kind) VALUES"
    " ('erin', 'login'), ('faye', 'login'), ('gus', 'login');"
    "INSERT INTO membership (group_name, login) VALUES ('staff', 'alice'),"
    " ('a-off', 'erin'), ('b-strict', 'erin'),"
    " ('b-strict', 'faye'), ('c-off', 'faye'), ('a-off', 'gus');"
    "INSERT INTO send_as (principal, address) VALUES"
    " ('alice', 'alice@example.com'), ('staff', 'info@example.com'),"
    " ('alice', 'x@tenant.example'), ('everyone', '{login}');"
    "INSERT INTO deny_as (principal, address) VALUES"
    " ('everyone', 'ceo@example.com');"
    "UPDATE setting SET value = 'header' WHERE name ="
    " 'protect_local_senders';"
    "INSERT INTO principal (name, kind) VALUES ('many', 'login'),"
    " ('team@example.com', 'group');"
    "INSERT INTO principal (name, kind, originators) VALUES"
    " ('lina', 'login', 'aligned');"
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
    " WHERE i < 30) INSERT INTO send_as (principal, address) SELECT 'many',"
    " i || CASE WHEN i > 5 THEN '@example.com' ELSE '@b.example' END FROM n;"
    "INSERT INTO send_as (principal, address) VALUES ('many', '<>'),"
    " ('lina', 'lina@example.com'), ('lina', 'ceo@example.com'),"
    " ('lina', 'alice+lina@example.com'), ('everyone', '{user}@a.example');"
    "INSERT INTO send_as (principal, address, scope, manner) VALUES"
    " ('alice', 'boss@example.com', 'header', 'on-behalf');"
    "INSERT INTO trusted_peer (login, client, asserts) VALUES"
    " ('alice', 'any', '@example.com');"
    "INSERT INTO rule (seq, recipient, mechanism, verdict, mode) VALUES"
    " (4, '@weak.example', 'plain', 'accept', NULL),"
    " (5, '@weak.example', 'none', 'reject', 'monitor'),"
    " (6, '@weak.example', 'none', 'reject', NULL);";

static struct policy *policy;

static int
make(void **state)
{
	struct load_report r = {0};
	struct database db;

	(void)state;
	database_make(&db);
	database_run(&db, firm);
	policy = policy_load_file(db.path, 2000, &r);
	load_report_clear(&r);
	database_remove(&db);
	return policy == NULL;
}

static int
discard(void **state)
{
	(void)state;
	policy_free(policy);
	return 0;
}

struct decided {
	const char *name;
	enum stage stage;
	struct facts facts;
	enum reason reason; /* REASON_NONE: accepted */
	enum reason would;
};

#define BY(who, address)                                                \
	{                                                               \
		.time = 1000000000, .mta = MTA_POSTFIX, .login = (who), \
		.mechanism = "PLAIN", .sender = (address)               \
	}
#define TO(who, address)                                                \
	{                                                               \
		.time = 1000000000, .mta = MTA_POSTFIX, .login = (who), \
		.sender = "<x@a.example>", .recipient = (address)       \
	}

#define AT(where, address)                                                   \
	{                                                                    \
		.time = 1000000000, .mta = MTA_POSTFIX, .listener = (where), \
		.sender = (address)                                          \
	}

#define HEADED(who, fields)                                             \
	{                                                               \
		.time = 1000000000, .mta = MTA_POSTFIX, .login = (who), \
		.sender = "<alice@example.com>", .has_header = true,    \
		.originators = (fields)                                 \
	}

#define MADE_BY_SENDMAIL(address)                                          \
	{                                                                  \
		.time = 1000000000, .mta = MTA_SENDMAIL, .login = "alice", \
		.sender = (address), .has_header = true                    \
	}

static const struct originator odd_sender = {
    ORIGINATOR_SENDER, true, "alice@example.com", NULL};
static const struct originator of_alice = {
    ORIGINATOR_FROM, false, "alice@example.com", NULL};
static const struct originator of_alice_odd_sender = {ORIGINATOR_FROM, false,
    "alice@example.com", (struct originator *)(uintptr_t)&odd_sender};
static const struct originator odd_from = {
    ORIGINATOR_FROM, true, "alice@example.com", NULL};

static const struct originator odd_resent = {
    ORIGINATOR_RESENT_FROM, true, "alice@example.com", NULL};
static const struct originator of_alice_odd_resent = {ORIGINATOR_FROM, false,
    "alice@example.com", (struct originator *)(uintptr_t)&odd_resent};
static const struct originator of_boss_odd_sender = {ORIGINATOR_FROM, false,
    "boss@example.com", (struct originator *)(uintptr_t)&odd_sender};

#define X10 "xxxxxxxxxx"
#define X100 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10
#define X500 X100 X100 X100 X100 X100

#define CERTIFIED(subject, issuer)                                  \
	{                                                           \
		.time = 1000000000, .mta = MTA_POSTFIX,             \
		.cert_subject = (subject), .cert_issuer = (issuer), \
		.sender = "<x@b.example>"                           \
	}

#define FOR(who, param, address)                                        \
	{                                                               \
		.time = 1000000000, .mta = MTA_POSTFIX, .login = (who), \
		.auth_param = (param), .sender = (address)              \
	}

static const struct decided decisions[] = {
    {"a login uses its own address", STAGE_MAIL,
	BY("alice", "<alice@example.com>"), REASON_NONE, REASON_NONE},
    {"a login uses a sub-address of its own", STAGE_MAIL,
	BY("alice", "<alice+x@example.com>"), REASON_NONE, REASON_NONE},
    {"a login uses the address of its group", STAGE_MAIL,
	BY("ALICE", "<info@example.com>"), REASON_NONE, REASON_NONE},
    {"a login may not use another's address", STAGE_MAIL,
	BY("carol", "<alice@example.com>"), REASON_SENDER_NOT_GRANTED,
	REASON_NONE},
    {"a login uses itself by template", STAGE_MAIL,
	BY("dave@example.com", "<dave@example.com>"), REASON_NONE, REASON_NONE},
    {"a template is not filled for a domain that is not ours", STAGE_MAIL,
	BY("dave@evil.example", "<dave@evil.example>"),
	REASON_SENDER_NOT_GRANTED, REASON_NONE},
    {"a deny wins", STAGE_MAIL, BY("alice", "<ceo@example.com>"),
	REASON_SENDER_DENIED, REASON_NONE},
    {"the wall between tenants wins over a grant", STAGE_MAIL,
	BY("alice", "<x@tenant.example>"), REASON_SENDER_NOT_GRANTED,
	REASON_NONE},
    {"a suspended login sends nothing", STAGE_MAIL,
	BY("bob", "<bob@example.com>"), REASON_LOGIN_SUSPENDED, REASON_NONE},
    {"the name of a group is nobody's login", STAGE_MAIL,
	BY("staff", "<info@example.com>"), REASON_LOGIN_UNKNOWN, REASON_NONE},
    {"everyone is nobody's login", STAGE_MAIL,
	BY("everyone", "<info@example.com>"), REASON_LOGIN_UNKNOWN,
	REASON_NONE},
    {"a domain is nobody's login", STAGE_MAIL,
	BY("@example.com", "<info@example.com>"), REASON_LOGIN_UNKNOWN,
	REASON_NONE},
    {"a route is no sender", STAGE_MAIL,
	BY("alice", "<@a.example:alice@example.com>"), REASON_SENDER_MALFORMED,
	REASON_NONE},
    {"a sender that is not told is not decided", STAGE_MAIL, BY("alice", NULL),
	REASON_INTERNAL, REASON_NONE},
    {"a recipient that is not told is not decided", STAGE_RCPT,
	TO("alice", NULL), REASON_INTERNAL, REASON_NONE},
    {"a login sends to anyone", STAGE_RCPT, TO("alice", "<x@b.example>"),
	REASON_NONE, REASON_NONE},
    {"without login one sends to local domains", STAGE_RCPT,
	TO(NULL, "<x@example.com>"), REASON_NONE, REASON_NONE},
    {"without login nothing is relayed", STAGE_RCPT, TO(NULL, "<x@b.example>"),
	REASON_RELAY_DENIED, REASON_NONE},
    {"an empty recipient is malformed", STAGE_RCPT, TO("alice", "<>"),
	REASON_RECIPIENT_MALFORMED, REASON_NONE},
    {"the postmaster needs no domain", STAGE_RCPT, TO(NULL, "<PostMaster>"),
	REASON_NONE, REASON_NONE},
    {"a listener is known by its port, whatever its name", STAGE_MAIL,
	AT("mx:587", "<x@b.example>"), REASON_LOGIN_REQUIRED, REASON_NONE},
    {"a listener is known by its name, whatever its port", STAGE_MAIL,
	AT("submission:25", "<x@b.example>"), REASON_LOGIN_REQUIRED,
	REASON_NONE},
    {"a listener that is not named takes mail of strangers", STAGE_MAIL,
	AT("mx:25", "<x@b.example>"), REASON_NONE, REASON_NONE},
    {"a client whose address can't be read has none", STAGE_MAIL,
	{.time = 1000000000,
	    .mta = MTA_POSTFIX,
	    .login = "alice",
	    .client = "300.1.2.3",
	    .sender = "<alice@example.com>"},
	REASON_NONE, REASON_NONE},
    {"AUTH= of a login nobody knows is not believed", STAGE_MAIL,
	{.time = 1000000000,
	    .mta = MTA_POSTFIX,
	    .login = "carol",
	    .auth_param = "alice@example.com",
	    .sender = "<alice@example.com>"},
	REASON_SENDER_NOT_GRANTED, REASON_NONE},
    {"AUTH= that is too long is not believed", STAGE_MAIL,
	FOR("alice", X500 "@example.com", "<alice@example.com>"), REASON_NONE,
	REASON_NONE},
    {"AUTH= of a group is not believed", STAGE_MAIL,
	FOR("alice", "team@example.com", "<alice@example.com>"), REASON_NONE,
	REASON_NONE},
    {"AUTH= of a login without a realm is not believed", STAGE_MAIL,
	FOR("alice", "alice@example.com", "<alice@example.com>"), REASON_NONE,
	REASON_NONE},
    {"the name of a group hands nothing on", STAGE_MAIL,
	FOR("staff", "alice@example.com", "<alice@example.com>"),
	REASON_LOGIN_UNKNOWN, REASON_NONE},
    {"a certificate of a subject too long is nobody's", STAGE_MAIL,
	CERTIFIED(X500 X500 "x", "CA"), REASON_NONE, REASON_NONE},
    {"a certificate of an issuer too long is nobody's", STAGE_MAIL,
	CERTIFIED("x", X500 X500 "x"), REASON_NONE, REASON_NONE},
    {"a quoted login fills no template", STAGE_MAIL,
	BY("\"al ice\"", "<\"al ice\"@a.example>"), REASON_SENDER_NOT_GRANTED,
	REASON_NONE},
    {"a login of many addresses may not use another", STAGE_MAIL,
	BY("many", "<x@example.com>"), REASON_SENDER_NOT_GRANTED, REASON_NONE},
    {"a sender that is not told, without a login, is not decided", STAGE_MAIL,
	BY(NULL, NULL), REASON_INTERNAL, REASON_NONE},
    {"a login that may be xtext is not decided", STAGE_MAIL,
	{.time = 1000000000,
	    .login = "alice",
	    .login_ambiguous = true,
	    .sender = "<alice@example.com>"},
	REASON_INTERNAL, REASON_NONE},
    {"a sender that would go elsewhere is malformed", STAGE_MAIL,
	{.time = 1000000000,
	    .mta = MTA_POSTFIX,
	    .login = "alice",
	    .sender = "<alice@example.com>",
	    .mail_addr = "bob@example.com"},
	REASON_SENDER_MALFORMED, REASON_NONE},
    {"a recipient that would go elsewhere is malformed", STAGE_RCPT,
	{.time = 1000000000,
	    .mta = MTA_POSTFIX,
	    .login = "alice",
	    .sender = "<alice@example.com>",
	    .recipient = "<x@b.example>",
	    .rcpt_addr = "y@b.example"},
	REASON_RECIPIENT_MALFORMED, REASON_NONE},
    {"a grant by name overrules the deny of a group", STAGE_MAIL,
	BY("lina", "<ceo@example.com>"), REASON_NONE, REASON_NONE},
    {"an address granted by name is nobody's sub-address", STAGE_MAIL,
	BY("alice", "<alice+lina@example.com>"), REASON_SENDER_NOT_GRANTED,
	REASON_NONE},
    {"the postmaster needs no brackets", STAGE_RCPT, TO(NULL, "postmaster"),
	REASON_NONE, REASON_NONE},
    {"a rule that is recorded goes before one that acts", STAGE_RCPT,
	{.time = 1000000000,
	    .mta = MTA_POSTFIX,
	    .login = "alice",
	    .mechanism = "",
	    .sender = "<x@a.example>",
	    .recipient = "<x@weak.example>"},
	REASON_MECHANISM_WEAK, REASON_MECHANISM_WEAK},
    {"aligned, Sendmail makes a From of the own sender", STAGE_EOM,
	{.time = 1000000000,
	    .mta = MTA_SENDMAIL,
	    .login = "lina",
	    .sender = "<lina@example.com>",
	    .has_header = true},
	REASON_NONE, REASON_NONE},
    {"Sendmail makes no From of another's sender", STAGE_EOM,
	MADE_BY_SENDMAIL("<bob@example.com>"), REASON_AUTHOR_MISSING,
	REASON_NONE},
    {"a Resent-From that only some take for one is refused", STAGE_EOM,
	HEADED("alice", &of_alice_odd_resent), REASON_AUTHOR_MALFORMED,
	REASON_NONE},
    {"on behalf, a Sender that only some take for one is none", STAGE_EOM,
	HEADED("alice", &of_boss_odd_sender), REASON_AUTHOR_NOT_GRANTED,
	REASON_NONE},
    {"without login a From that only some take for one is refused", STAGE_EOM,
	{.time = 1000000000,
	    .mta = MTA_POSTFIX,
	    .sender = "<x@b.example>",
	    .has_header = true,
	    .originators = &odd_from},
	REASON_AUTHOR_MALFORMED, REASON_NONE},
    {"the own address is an author", STAGE_EOM, HEADED("alice", &of_alice),
	REASON_NONE, REASON_NONE},
    {"a group may be let off", STAGE_EOM, HEADED("gus", &of_alice), REASON_NONE,
	REASON_NONE},
    {"of two groups the strict one binds, come last", STAGE_EOM,
	HEADED("erin", &of_alice), REASON_AUTHOR_NOT_GRANTED, REASON_NONE},
    {"of two groups the strict one binds, come first", STAGE_EOM,
	HEADED("faye", &of_alice), REASON_AUTHOR_NOT_GRANTED, REASON_NONE},
    {"Sendmail makes a From of the own sender", STAGE_EOM,
	MADE_BY_SENDMAIL("<alice@example.com>"), REASON_NONE, REASON_NONE},
    {"Sendmail makes no From of no sender", STAGE_EOM, MADE_BY_SENDMAIL("<>"),
	REASON_AUTHOR_MISSING, REASON_NONE},
    {"Sendmail's From of a sender nobody can read is nobody's", STAGE_EOM,
	MADE_BY_SENDMAIL("alice"), REASON_AUTHOR_MISSING, REASON_NONE},
    {"a From that only some take for one is refused", STAGE_EOM,
	HEADED("alice", &odd_from), REASON_AUTHOR_MALFORMED, REASON_NONE},
    {"a Sender that only some take for one is refused", STAGE_EOM,
	HEADED("alice", &of_alice_odd_sender), REASON_SENDER_HEADER_MALFORMED,
	REASON_NONE},
    {"monitor passes over what it found", STAGE_MAIL,
	BY("quiet", "<alice@example.com>"), REASON_NONE,
	REASON_SENDER_NOT_GRANTED},
};

static void
ignore(void *context, const char *text)
{
	*(size_t *)context += strlen(text);
}

static void
assert_reply(const struct verdict *v)
{
	size_t codes = strlen(reason_codes(v->reason));

	assert_memory_equal(v->reply, reason_codes(v->reason), codes);
	assert_int_equal(v->reply[codes], ' ');
	assert_in_range(strlen(v->reply), codes + 10, REPLY_MAX);
	for (const char *c = v->reply; *c != '\0'; c++)
		assert_in_range(*c, ' ', '~');
}

/* Decided three times, once with an explanation: always the same. */
static void
it_is_decided(void **state)
{
	const struct decided *row = *state;
	struct verdict v, again;
	size_t told = 0;
	const struct trace trace = {ignore, &told};

	memset(&v, 0x55, sizeof(v));
	policy_decide(policy, &row->facts, row->stage, NULL, &v);
	assert_string_equal(reason_name(v.reason), reason_name(row->reason));
	assert_int_equal(v.kind, row->reason == REASON_NONE
				     ? VERDICT_ACCEPT
				     : reason_verdict(row->reason));
	assert_int_equal(v.passed_count, row->would != REASON_NONE);
	if (row->would != REASON_NONE)
		assert_int_equal(v.passed[0].reason, row->would);
	if (v.kind == VERDICT_ACCEPT)
		assert_string_equal(v.reply, "");
	else
		assert_reply(&v);
	/* of the findings what is counted counts */
	memset(&again, 0xaa, sizeof(again));
	policy_decide(policy, &row->facts, row->stage, NULL, &again);
	assert_memory_equal(&v, &again, offsetof(struct verdict, passed));
	policy_decide(policy, &row->facts, row->stage, &trace, &again);
	assert_memory_equal(&v, &again, offsetof(struct verdict, passed));
	assert_true(told > 0);
}

static void
without_policy_all_is_put_off(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(decisions); i++) {
		struct verdict v;

		policy_decide(
		    NULL, &decisions[i].facts, decisions[i].stage, NULL, &v);
		assert_int_equal(v.kind, VERDICT_TEMPFAIL);
		assert_int_equal(v.reason, REASON_POLICY_UNAVAILABLE);
		assert_reply(&v);
	}
}

static void
what_did_not_come_by_smtp_goes(void **state)
{
	struct facts f = TO(NULL, "<x@b.example>");
	struct verdict v;

	(void)state;
	f.local = true;
	policy_decide(policy, &f, STAGE_RCPT, NULL, &v);
	assert_int_equal(v.kind, VERDICT_ACCEPT);
	policy_decide(NULL, &f, STAGE_MAIL, NULL, &v);
	assert_int_equal(v.kind, VERDICT_ACCEPT);
}

static void
who_exceeded_a_limit_is_told(void **state)
{
	const struct suspension s = {.name = "alice",
	    .until = 1000003600,
	    .why = "4 of 3 messages in 1d",
	    .limit = "daily",
	    .since = 1000000000};
	const struct facts f = BY("alice", "<alice@example.com>");
	struct policy *with = policy_suspend(policy, &s, 1);
	const struct suspension *next;
	size_t told = 0;
	const struct trace trace = {ignore, &told};
	struct verdict v;

	(void)state;
	assert_non_null(with);
	next = policy_next_suspension(with, NULL, s.since);
	assert_string_equal(next->name, "alice");
	next = policy_next_suspension(with, next, s.since);
	assert_string_equal(next->name, "bob");
	assert_null(policy_next_suspension(with, next, s.since));
	next = policy_next_suspension(with, NULL, s.until + 1);
	assert_string_equal(next->name, "bob");
	policy_decide(with, &f, STAGE_MAIL, NULL, &v);
	assert_int_equal(v.reason, REASON_LOGIN_SUSPENDED);
	policy_decide(with, &f, STAGE_MAIL, &trace, &v);
	assert_string_equal(v.reply,
	    "550 5.7.13 alice exceeded the limit daily at 2001-09-09T01:46:40Z "
	    "and is suspended until 2001-09-09T02:46:40Z; ask the postmaster");
	assert_string_equal(v.row, "quota(daily)");
	policy_free(with);
}

/* As RFC 5321 has it; of which domain, nobody says. */
static void
a_postmaster_of_no_domain_is_malformed(void **state)
{
	const struct facts f = TO(NULL, "<postmaster>");
	struct load_report r = {0};
	struct database db;
	struct policy *bare;
	struct verdict v;

	(void)state;
	database_make(&db);
	bare = policy_load_file(db.path, 2000, &r);
	load_report_clear(&r);
	database_remove(&db);
	assert_non_null(bare);
	policy_decide(bare, &f, STAGE_RCPT, NULL, &v);
	policy_free(bare);
	assert_int_equal(v.passed_count > 0 ? v.passed[0].reason : v.reason,
	    REASON_RECIPIENT_MALFORMED);
}

static void
keep_lines(void *context, const char *text)
{
	size_t *told = context;

	if (strncmp(text, "does not cover it: ", 19) == 0) {
		told[0]++;
		told[1] += strstr(text, "@b.example)") != NULL;
	}
}

/* Of many grants those to the domain in question. */
static void
an_explanation_is_short(void **state)
{
	const struct facts f = BY("many", "<x@example.com>"),
			   other = BY("many", "<x@b.example>");
	size_t told[2] = {0, 0};
	const struct trace trace = {keep_lines, told};
	struct verdict v;

	(void)state;
	policy_decide(policy, &f, STAGE_MAIL, &trace, &v);
	assert_int_equal(told[0], 20);
	assert_int_equal(told[1], 0);
	told[0] = 0;
	policy_decide(policy, &other, STAGE_MAIL, &trace, &v);
	assert_int_equal(told[1], 5);
	assert_in_range(told[0], 5, 7);
}

/* The reasons of the manual, in its table: `.It Li NAME Ta STAGE Ta CODES`. */
static void
the_manual_lists_the_reasons(void **state)
{
	const char *folder = getenv("srcdir");
	bool listed[REASON_COUNT] = {false};
	char path[4096], line[400], name[60], codes[40];
	bool inside = false;
	FILE *manual;

	(void)state;
	snprintf(path, sizeof(path), "%s/docs/authpolicy-policy.5",
	    folder == NULL ? "." : folder);
	manual = fopen(path, "r");
	if (manual == NULL)
		skip();
	while (fgets(line, sizeof(line), manual) != NULL) {
		int r = REASON_NONE + 1;

		if (strncmp(line, ".It Sy reason Ta", 16) == 0)
			inside = true;
		else if (strncmp(line, ".El", 3) == 0)
			inside = false;
		if (!inside || sscanf(line, ".It Li %59s Ta %*[^0-9]%39[0-9. ]",
				   name, codes) != 2)
			continue;
		while (r < REASON_COUNT &&
		       strcmp(reason_name((enum reason)r), name) != 0)
			r++;
		if (r == REASON_COUNT)
			fail_msg("%s is in the manual only", name);
		assert_false(listed[r]);
		listed[r] = true;
		assert_string_equal(codes, reason_codes((enum reason)r));
	}
	fclose(manual);
	for (int r = REASON_NONE + 1; r < REASON_COUNT; r++)
		if (!listed[r])
			fail_msg("%s is not in the manual",
			    reason_name((enum reason)r));
}

int
main(void)
{
	static struct suite s;
	static const struct named_test tests[] = {
	    {"without a policy all is put off", without_policy_all_is_put_off},
	    {"what did not come by SMTP goes", what_did_not_come_by_smtp_goes},
	    {"who exceeded a limit is told", who_exceeded_a_limit_is_told},
	    {"a postmaster of no domain is malformed",
		a_postmaster_of_no_domain_is_malformed},
	    {"an explanation is short", an_explanation_is_short},
	    {"the manual lists the reasons and their codes",
		the_manual_lists_the_reasons},
	};

	SUITE_ROWS(&s, decisions, it_is_decided);
	SUITE_TESTS(&s, tests);
	return _cmocka_run_group_tests(
	    "decide", s.tests, s.count, make, discard);
}
