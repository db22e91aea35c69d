/*
 * The library below the decision: memory, lines of text, JSON, and the policy
 * copy with its look-ups.
 */
#include "policy/arena.h"
#include "policy/build.h"
#include "policy/diag.h"
#include "policy/json.h"
#include "policy/verdict.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- arena ---------------------------------------------------------------- */

static void
arena_gives_aligned_zeroed_memory(void **state)
{
	struct arena a = {0};

	(void)state;
	for (size_t size = 0; size < 9000; size += 37) {
		unsigned char *p = arena_alloc(&a, size);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0x55, size);
	}
	arena_reset(&a);
	assert_null(a.blocks);
}

static void
arena_copies_text(void **state)
{
	struct arena a = {0};
	char text[] = "alice";
	char *copy = arena_strdup(&a, text);

	(void)state;
	text[0] = 'X';
	assert_string_equal(copy, "alice");
	assert_null(arena_strdup(&a, NULL));
	assert_string_equal(arena_strdup(&a, ""), "");
	arena_reset(&a);
	assert_string_equal(arena_strdup(&a, "again"), "again");
	arena_reset(&a);
}

static void
arena_refuses_what_no_memory_holds(void **state)
{
	struct arena a = {0};

	(void)state;
	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_null(arena_alloc(&a, SIZE_MAX / 2 + 1));
	arena_reset(&a);
}

/* --- diag ----------------------------------------------------------------- */

static void
diag_makes_control_bytes_visible(void **state)
{
	struct diag d = {0};

	(void)state;
	assert_string_equal(diag_first(&d), "");
	diag_add(&d, "row %s", "a\nb\033[0m\177\303\251");
	assert_string_equal(diag_first(&d), "row a\\x0Ab\\x1B[0m\\x7F\303\251");
	diag_clear(&d);
	assert_int_equal(d.count, 0);
}

static void
diag_keeps_some_and_counts_all(void **state)
{
	struct diag d = {0}, other = {0};

	(void)state;
	for (int i = 0; i < DIAG_KEPT + 7; i++)
		diag_add(&d, "line %d", i);
	assert_int_equal(d.count, DIAG_KEPT + 7);
	assert_int_equal(diag_kept(&d), DIAG_KEPT);
	diag_add(&other, "first");
	diag_move(&other, &d);
	assert_int_equal(d.count, 0);
	assert_int_equal(other.count, DIAG_KEPT + 8);
	assert_int_equal(diag_kept(&other), DIAG_KEPT);
	assert_string_equal(other.lines[0], "first");
	assert_string_equal(other.lines[1], "line 0");
	diag_clear(&other);
}

static void
diag_cuts_a_line_without_end(void **state)
{
	static char text[100000];
	struct diag d = {0};

	(void)state;
	memset(text, '\n', sizeof(text) - 1);
	diag_add(&d, "%s", text);
	assert_in_range(strlen(diag_first(&d)), 1000, 10000);
	diag_clear(&d);
}

/* --- json ----------------------------------------------------------------- */

struct json_row {
	const char *name;
	const char *text, *json;
};

static const struct json_row jsons[] = {
    {"plain text is quoted", "alice", "\"alice\""},
    {"NULL is null", NULL, "null"},
    {"quotes and backslashes are escaped", "a\"b\\c", "\"a\\\"b\\\\c\""},
    {"control bytes are escapes", "\001\n\r\t\033",
	"\"\\u0001\\u000a\\u000d\\u0009\\u001b\""},
    {"DEL is an escape", "\177", "\"\\u007f\""},
    {"a slash is plain", "a/b", "\"a/b\""},
    {"UTF-8 is an escape", "\303\251", "\"\\u00e9\""},
    {"beyond the BMP are two escapes", "\360\237\222\243",
	"\"\\ud83d\\udca3\""},
    {"the last code point is two escapes", "\364\217\277\277",
	"\"\\udbff\\udfff\""},
    {"beyond Unicode are bytes", "\364\220\200\200",
	"\"\\udcf4\\udc90\\udc80\\udc80\""},
    {"C1 controls are escapes", "\302\233", "\"\\u009b\""},
    {"line separators are escapes", "\342\200\250", "\"\\u2028\""},
    {"a byte that is no UTF-8 is a lone surrogate", "a\351b", "\"a\\udce9b\""},
    {"a surrogate in UTF-8 is three bytes", "\355\260\200",
	"\"\\udced\\udcb0\\udc80\""},
    {"overlong UTF-8 is two bytes", "\300\200", "\"\\udcc0\\udc80\""},
    {"cut UTF-8 is bytes", "\360\237\222", "\"\\udcf0\\udc9f\\udc92\""},
};

static void
json_escapes(void **state)
{
	const struct json_row *row = *state;
	struct json j = {0};

	json_string(&j, NULL, row->text);
	assert_false(j.failed);
	assert_string_equal(j.text, row->json);
	assert_int_equal(j.len, strlen(row->json));
	json_free(&j);
}

static void
json_puts_commas_where_they_belong(void **state)
{
	struct json j = {0};

	(void)state;
	json_object(&j, NULL);
	json_array(&j, "empty");
	json_array_end(&j);
	json_array(&j, "some");
	json_integer(&j, NULL, INT64_MIN);
	json_object(&j, NULL);
	json_object_end(&j);
	json_bool(&j, NULL, true);
	json_array_end(&j);
	json_bool(&j, "no\"", false);
	json_object_end(&j);
	json_newline(&j);
	json_object(&j, NULL);
	json_object_end(&j);
	json_newline(&j);
	assert_string_equal(j.text,
	    "{\"empty\":[],\"some\":[-9223372036854775808,{},true],"
	    "\"no\\\"\":false}\n{}\n");
	json_free(&j);
	assert_null(j.text);
}

/* --- verdicts ---------------------------------------------------------------
 */

static void
each_reason_has_name_and_codes(void **state)
{
	(void)state;
	for (int r = REASON_NONE; r < REASON_COUNT; r++) {
		enum reason reason = (enum reason)r;
		const char *codes = reason_codes(reason);
		int code, class, subject, detail, end = 0;

		assert_non_null(reason_name(reason));
		assert_int_equal(
		    strspn(reason_name(reason), "abcdefghijklmnopqrstuvwxyz-"),
		    strlen(reason_name(reason)));
		for (int other = 0; other < r; other++)
			assert_string_not_equal(reason_name(reason),
			    reason_name((enum reason)other));
		assert_int_equal(sscanf(codes, "%3d %1d.%1d.%2d%n", &code,
				     &class, &subject, &detail, &end),
		    4);
		assert_int_equal(codes[end], '\0');
		assert_true(class == 4 || class == 5);
		assert_int_equal(code / 100, class);
		assert_int_not_equal(code, 421);
		assert_int_equal(reason_verdict(reason),
		    class == 5 ? VERDICT_REJECT : VERDICT_TEMPFAIL);
	}
}

struct codes {
	const char *name; /* the reason's own */
	enum reason reason;
	const char *codes;
};

static const struct codes codes[] = {
    {"internal", REASON_INTERNAL, "451 4.3.0"},
    {"policy-unavailable", REASON_POLICY_UNAVAILABLE, "451 4.3.0"},
    {"overloaded", REASON_OVERLOADED, "451 4.3.2"},
    {"login-suspended", REASON_LOGIN_SUSPENDED, "550 5.7.13"},
    {"login-unknown", REASON_LOGIN_UNKNOWN, "550 5.7.1"},
    {"login-required", REASON_LOGIN_REQUIRED, "530 5.7.0"},
    {"sender-malformed", REASON_SENDER_MALFORMED, "553 5.1.7"},
    {"sender-not-granted", REASON_SENDER_NOT_GRANTED, "550 5.7.1"},
    {"sender-denied", REASON_SENDER_DENIED, "550 5.7.1"},
    {"local-sender-protected", REASON_LOCAL_SENDER_PROTECTED, "550 5.7.1"},
    {"recipient-malformed", REASON_RECIPIENT_MALFORMED, "553 5.1.3"},
    {"relay-denied", REASON_RELAY_DENIED, "550 5.7.1"},
    {"limit-exceeded", REASON_LIMIT_EXCEEDED, "450 4.7.1"},
};

static void
reason_is_an_interface(void **state)
{
	const struct codes *row = *state;

	assert_string_equal(reason_name(row->reason), row->name);
	assert_string_equal(reason_codes(row->reason), row->codes);
}

static void
a_zeroed_verdict_fails_closed(void **state)
{
	struct verdict v = {0};

	(void)state;
	assert_int_equal(v.kind, VERDICT_TEMPFAIL);
	assert_string_equal(verdict_name(v.kind), "tempfail");
	assert_string_equal(reason_name(v.reason), "none");
	assert_string_equal(verdict_name(VERDICT_ACCEPT), "accept");
	assert_string_equal(verdict_name(VERDICT_REJECT), "reject");
	assert_string_equal(verdict_name(VERDICT_HOLD), "hold");
}

static void
a_reply_is_cut_before_it_is_too_long(void **state)
{
	static char text[2000];
	struct verdict v = {0};

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	verdict_refuse(&v, REASON_SENDER_DENIED, text, text);
	assert_int_equal(v.kind, VERDICT_REJECT);
	assert_in_range(strlen(v.reply), 100, 509);
	assert_in_range(strlen(v.row), 100, ROW_MAX);
	assert_memory_equal(v.reply, "550 5.7.1 xxx", 13);
}

/* --- the policy copy
 * ----------------------------------------------------------
 */

static struct policy *
new_policy(const char *delimiter)
{
	struct policy *p = build_new();

	assert_non_null(p);
	p->t->settings.recipient_delimiter = strdup(delimiter);
	p->t->settings.default_realm = strdup("");
	p->t->settings.realms.text = strdup("");
	p->t->settings.login_required.text = strdup("");
	return p;
}

static principal_id
add(struct policy *p, const char *name)
{
	return build_principal(p->t, name, PRINCIPAL_LOGIN);
}

static void
add_grant(struct policy *p, const char *name, const char *text, int64_t from,
    int64_t until)
{
	struct form form;

	assert_int_equal(form_parse(text, true, &form), ADDRESS_OK);
	build_grant(
	    p->t, add(p, name), &form, SCOPE_ANY, MANNER_AS, from, until);
}

static void
add_deny(struct policy *p, const char *name, const char *text)
{
	struct form form;

	assert_int_equal(form_parse(text, false, &form), ADDRESS_OK);
	build_deny(p->t, add(p, name), &form);
}

static struct address
read_address(const char *path)
{
	struct address a;

	assert_int_equal(address_parse_path(path, &a), ADDRESS_OK);
	return a;
}

/* The text of the grant that covers, or NULL. */
static const char *
covering(
    const struct policy *p, const char *name, const char *path, int64_t now)
{
	struct address a = read_address(path);
	const struct grant *g;
	struct lookup l;

	lookup_init(&l, &a);
	g = policy_grant(p, policy_principal(p, name), &l, NULL, SCOPE_ENVELOPE,
	    MANNER_AS, now);
	return g == NULL ? NULL : policy_grant_text(p, g);
}

static void
many_principals_are_all_found(void **state)
{
	struct policy *p = new_policy("+");
	char name[40], address[60];

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "login%u", i * 7919 % 20000);
		snprintf(address, sizeof(address), "%s@d.example", name);
		add_grant(p, name, address, INT64_MIN, WHEN_EVER);
		assert_int_equal(add(p, name), i); /* a second time */
	}
	assert_true(build_finish(p));
	assert_int_equal(policy_principal_count(p), 20000);
	assert_int_equal(policy_grant_count(p), 20000);
	for (unsigned i = 0; i < 20000; i++) {
		principal_id id;

		snprintf(name, sizeof(name), "login%u", i);
		snprintf(address, sizeof(address), "%s@d.example", name);
		id = policy_principal(p, name);
		assert_int_not_equal(id, PRINCIPAL_NONE);
		assert_string_equal(policy_name(p, id), name);
		assert_string_equal(covering(p, name, address, 0), address);
		snprintf(name, sizeof(name), "login%u", (i + 1) % 20000);
		assert_null(covering(p, name, address, 0));
	}
	assert_int_equal(policy_principal(p, "login20000"), PRINCIPAL_NONE);
	assert_int_equal(policy_principal(p, ""), PRINCIPAL_NONE);
	policy_free(p);
}

static void
an_empty_copy_answers(void **state)
{
	struct policy *p = new_policy("+");
	struct address a = read_address("<a@d.example>");
	const struct grant *rows;
	const principal_id *groups;
	struct lookup l;

	(void)state;
	assert_true(build_finish(p));
	lookup_init(&l, &a);
	assert_int_equal(policy_principal(p, "a"), PRINCIPAL_NONE);
	assert_null(
	    policy_grant(p, PRINCIPAL_NONE, &l, NULL, SCOPE_ANY, MANNER_AS, 0));
	assert_null(policy_deny(p, PRINCIPAL_NONE, &l));
	assert_null(policy_granted_by_name(p, &a, PRINCIPAL_NONE, 0));
	assert_int_equal(policy_grants(p, PRINCIPAL_NONE, &rows), 0);
	assert_int_equal(policy_groups(p, PRINCIPAL_NONE, &groups), 0);
	assert_null(policy_suspension(p, "a", 0));
	assert_null(policy_local_domain(p, "d.example"));
	assert_null(policy_first_domain(p));
	assert_int_equal(policy_mode(p, PRINCIPAL_NONE), MODE_INHERIT);
	policy_free(p);
	policy_free(NULL);
}

/* Two mailboxes of one hash, and names of one: the suffix changes nothing. */
#define ONE "costarring@d.example"
#define TWO "liquid@d.example"

static void
some_texts_have_one_hash(void **state)
{
	(void)state;
	assert_int_equal(build_hash(ONE, ""), build_hash(TWO, ""));
	assert_int_equal(
	    build_hash("costarring", "@d.example"), build_hash(TWO, ""));
	assert_int_equal(build_hash("", ""), build_hash("", (char[]){""}));
}

static void
one_hash_does_not_make_one_address(void **state)
{
	struct policy *p = new_policy("+");

	(void)state;
	add_grant(p, "alice", ONE, INT64_MIN, WHEN_EVER);
	add_grant(p, "bob", ONE, INT64_MIN, WHEN_EVER);
	add_grant(p, "bob", TWO, INT64_MIN, WHEN_EVER);
	assert_true(build_finish(p));
	assert_null(covering(p, "alice", "<" TWO ">", 0));
	assert_string_equal(covering(p, "bob", "<" TWO ">", 0), TWO);
	assert_string_equal(covering(p, "alice", "<" ONE ">", 0), ONE);
	assert_string_equal(covering(p, "bob", "<" ONE ">", 0), ONE);
	policy_free(p);
}

static void
one_hash_does_not_make_one_deny(void **state)
{
	struct policy *p = new_policy("+");
	struct address one = read_address("<" ONE ">");
	struct address two = read_address("<" TWO ">");
	struct lookup l;

	(void)state;
	add_deny(p, "carol", ONE);
	assert_true(build_finish(p));
	lookup_init(&l, &two);
	assert_null(policy_deny(p, policy_principal(p, "carol"), &l));
	lookup_init(&l, &one);
	assert_non_null(policy_deny(p, policy_principal(p, "carol"), &l));
	policy_free(p);
}

static void
names_of_one_hash_are_told_apart(void **state)
{
	struct policy *p = new_policy("+");

	(void)state;
	add(p, ONE);
	assert_int_equal(policy_principal(p, TWO), PRINCIPAL_NONE);
	add(p, TWO);
	assert_true(build_finish(p));
	assert_string_equal(policy_name(p, policy_principal(p, ONE)), ONE);
	assert_string_equal(policy_name(p, policy_principal(p, TWO)), TWO);
	policy_free(p);
}

static void
the_most_exact_grant_is_found_first(void **state)
{
	static const char *const texts[] = {"*", "@.example", "@.d.example",
	    "@x.d.example", "a*@x.d.example", "al*@x.d.example",
	    "alice@x.d.example"};

	(void)state;
	for (size_t n = 1; n <= COUNT(texts); n++) {
		struct policy *p = new_policy("+");
		const char *found;

		for (size_t i = 0; i < n; i++)
			add_grant(p, "a", texts[i], INT64_MIN, WHEN_EVER);
		assert_true(build_finish(p));
		found = covering(p, "a", "<alice@x.d.example>", 0);
		assert_non_null(found);
		if (n != 6) /* of two patterns either may answer */
			assert_string_equal(found, texts[n - 1]);
		assert_null(covering(p, "a", "<>", 0));
		policy_free(p);
	}
}

static void
duplicates_are_harmless(void **state)
{
	struct policy *p = new_policy("+");

	(void)state;
	for (int i = 0; i < 100; i++) {
		add_grant(p, "a", "a@d.example", 100 + i, 199 + i);
		add_deny(p, "a", "b@d.example");
	}
	assert_true(build_finish(p));
	assert_null(covering(p, "a", "<a@d.example>", 99));
	assert_non_null(covering(p, "a", "<a@d.example>", 100));
	assert_non_null(covering(p, "a", "<a@d.example>", 298));
	assert_null(covering(p, "a", "<a@d.example>", 299));
	policy_free(p);
}

static void
a_grant_counts_only_in_its_time(void **state)
{
	struct policy *p = new_policy("+");

	(void)state;
	add_grant(p, "a", "a@d.example", 10, 20);
	add_grant(p, "a", "b@d.example", 20, 10); /* never */
	assert_true(build_finish(p));
	assert_null(covering(p, "a", "<a@d.example>", 9));
	assert_non_null(covering(p, "a", "<a@d.example>", 10));
	assert_non_null(covering(p, "a", "<a@d.example>", 20));
	assert_null(covering(p, "a", "<a@d.example>", 21));
	for (int64_t now = 0; now < 30; now++)
		assert_null(covering(p, "a", "<b@d.example>", now));
	policy_free(p);
}

static void
scope_and_manner_are_asked(void **state)
{
	struct policy *p = new_policy("+");
	struct address a = read_address("<a@d.example>");
	principal_id id = add(p, "a");
	struct form form;
	struct lookup l;

	(void)state;
	assert_int_equal(form_parse("a@d.example", true, &form), ADDRESS_OK);
	build_grant(p->t, id, &form, SCOPE_HEADER, MANNER_ON_BEHALF, INT64_MIN,
	    WHEN_EVER);
	assert_true(build_finish(p));
	lookup_init(&l, &a);
	assert_null(
	    policy_grant(p, id, &l, NULL, SCOPE_ENVELOPE, MANNER_ON_BEHALF, 0));
	assert_null(policy_grant(p, id, &l, NULL, SCOPE_HEADER, MANNER_AS, 0));
	assert_non_null(
	    policy_grant(p, id, &l, NULL, SCOPE_HEADER, MANNER_ON_BEHALF, 0));
	assert_non_null(
	    policy_grant_exact(p, id, &a, SCOPE_HEADER, MANNER_ON_BEHALF, 0));
	assert_null(
	    policy_grant_exact(p, id, &a, SCOPE_ENVELOPE, MANNER_AS, 0));
	policy_free(p);
}

static void
an_address_of_another_is_no_sub_address(void **state)
{
	struct policy *p = new_policy("+-");
	struct address a = read_address("<a+x@d.example>");
	struct address b = read_address("<a-x@d.example>");
	principal_id alice, bob;

	(void)state;
	add_grant(p, "alice", "a@d.example", INT64_MIN, WHEN_EVER);
	add_grant(p, "bob", "a+x@d.example", 10, 20);
	add_grant(p, "alice", "a-x@d.example", INT64_MIN, WHEN_EVER);
	assert_true(build_finish(p));
	alice = policy_principal(p, "alice");
	bob = policy_principal(p, "bob");
	assert_non_null(policy_granted_by_name(p, &a, alice, 15));
	assert_null(policy_granted_by_name(p, &a, alice, 21));
	assert_null(policy_granted_by_name(p, &a, bob, 15));
	assert_null(policy_granted_by_name(p, &b, alice, 15));
	assert_non_null(policy_granted_by_name(p, &b, bob, 15));
	policy_free(p);
}

static void
groups_are_in_the_order_of_their_names(void **state)
{
	static const char *const names[] = {"zoo", "able", "mid", "b"};
	static const char *const sorted[] = {"able", "b", "mid", "zoo"};
	struct policy *p = new_policy("+");
	principal_id alice = add(p, "alice"), bob = add(p, "bob");
	const principal_id *groups;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		build_member(p->t, alice,
		    build_principal(p->t, names[i], PRINCIPAL_GROUP));
	build_member(p->t, bob, policy_principal(p, "mid"));
	assert_true(build_finish(p));
	assert_int_equal(policy_groups(p, alice, &groups), COUNT(sorted));
	for (size_t i = 0; i < COUNT(sorted); i++)
		assert_string_equal(policy_name(p, groups[i]), sorted[i]);
	assert_int_equal(policy_groups(p, bob, &groups), 1);
	assert_string_equal(policy_name(p, groups[0]), "mid");
	policy_free(p);
}

static void
domains_are_found_by_bisecting(void **state)
{
	struct policy *p = new_policy("+");
	char name[40];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "d%d.example", i * 7 % 1000);
		build_domain(p->t, name, i % 2 == 0 ? "" : "@o.example");
	}
	assert_true(build_finish(p));
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "d%d.example", i);
		assert_non_null(policy_local_domain(p, name));
	}
	assert_null(policy_local_domain(p, "d1000.example"));
	assert_null(policy_local_domain(p, ""));
	assert_null(policy_local_domain(p, "zzz"));
	assert_string_equal(policy_first_domain(p)->name, "d0.example");
	policy_free(p);
}

static void
suspend(struct policy *p, const char *name, int64_t until, const char *why)
{
	build_suspension(p, &(struct suspension){name, until, why, "", 0});
}

static void
contain(struct policy *p, int64_t since, int64_t until)
{
	build_suspension(
	    p, &(struct suspension){"alice", until, "", "daily", since});
}

static void
a_pardon_leaves_the_suspension_that_came_after_it(void **state)
{
	struct policy *p = new_policy("+");

	(void)state;
	contain(p, 100, 500);
	contain(p, 300, 400);
	contain(p, 250, 350); /* within the one before */
	build_pardon(p->t, "alice", 200);
	assert_true(build_finish(p));
	assert_int_equal(p->suspension_count, 2);
	assert_int_equal(policy_suspension(p, "alice", 150)->since, 300);
	assert_int_equal(policy_suspension(p, "alice", 400)->since, 300);
	assert_null(policy_suspension(p, "alice", 401));
	policy_free(p);
}

static void
the_longer_suspension_stays(void **state)
{
	struct policy *p = new_policy("+");
	struct policy *shared;

	(void)state;
	suspend(p, "bob", 20, "second");
	suspend(p, "alice", 10, "first");
	suspend(p, "bob", 30, "third");
	suspend(p, "bob", 25, "fourth");
	suspend(p, "carol", WHEN_EVER, "");
	assert_true(build_finish(p));
	assert_null(policy_suspension(p, "alice", 11));
	assert_non_null(policy_suspension(p, "alice", 10));
	assert_string_equal(policy_suspension(p, "bob", 30)->why, "third");
	assert_null(policy_suspension(p, "bob", 31));
	assert_non_null(policy_suspension(p, "carol", WHEN_EVER));
	assert_null(policy_suspension(p, "dave", 0));

	shared = build_share(p);
	assert_non_null(shared);
	suspend(shared, "dave", 5, "new");
	assert_true(build_finish(shared));
	assert_null(policy_suspension(p, "dave", 0));
	policy_free(p); /* the tables live on */
	assert_non_null(policy_suspension(shared, "dave", 5));
	assert_non_null(policy_suspension(shared, "alice", 10));
	assert_int_equal(policy_principal(shared, "x"), PRINCIPAL_NONE);
	policy_free(shared);
}

static void
words_are_found_whole(void **state)
{
	char text[] = "465 587 submission";
	struct words words = {text}, none = {(char[]){""}};

	(void)state;
	assert_true(words_have(words, "465", 3));
	assert_true(words_have(words, "587", 3));
	assert_true(words_have(words, "SUBmission", 10));
	assert_true(words_have(words, "465x", 3));
	assert_false(words_have(words, "46", 2));
	assert_false(words_have(words, "4655", 4));
	assert_false(words_have(words, "", 0));
	assert_false(words_have(none, "465", 3));
	assert_false(words_have(none, "", 0));
}

/* --- the suite
 * ----------------------------------------------------------------
 */

static const struct named_test rest[] = {
    {"an arena gives aligned, zeroed memory",
	arena_gives_aligned_zeroed_memory},
    {"an arena copies text", arena_copies_text},
    {"an arena refuses what no memory holds",
	arena_refuses_what_no_memory_holds},
    {"lines for the administrator show control bytes",
	diag_makes_control_bytes_visible},
    {"some lines are kept and all are counted", diag_keeps_some_and_counts_all},
    {"a line without end is cut", diag_cuts_a_line_without_end},
    {"JSON has commas where they belong", json_puts_commas_where_they_belong},
    {"each reason has a name and codes of one class",
	each_reason_has_name_and_codes},
    {"a zeroed verdict fails closed", a_zeroed_verdict_fails_closed},
    {"a reply is cut before it is too long",
	a_reply_is_cut_before_it_is_too_long},
    {"many principals are all found", many_principals_are_all_found},
    {"an empty copy answers every question", an_empty_copy_answers},
    {"one hash does not make one address", one_hash_does_not_make_one_address},
    {"names of one hash are told apart", names_of_one_hash_are_told_apart},
    {"the most exact grant is found first",
	the_most_exact_grant_is_found_first},
    {"duplicate rows are harmless", duplicates_are_harmless},
    {"a grant counts only in its time", a_grant_counts_only_in_its_time},
    {"scope and manner are asked", scope_and_manner_are_asked},
    {"an address of another is no sub-address",
	an_address_of_another_is_no_sub_address},
    {"groups are in the order of their names",
	groups_are_in_the_order_of_their_names},
    {"domains are found by bisecting", domains_are_found_by_bisecting},
    {"of two suspensions the longer stays", the_longer_suspension_stays},
    {"a pardon leaves the suspension that came after it, though it ends first",
	a_pardon_leaves_the_suspension_that_came_after_it},
    {"some texts have one hash", some_texts_have_one_hash},
    {"one hash does not make one deny", one_hash_does_not_make_one_deny},
    {"words of a list are found whole", words_are_found_whole},
};

int
main(void)
{
	static struct suite s;

	SUITE_ROWS(&s, jsons, json_escapes);
	SUITE_ROWS(&s, codes, reason_is_an_interface);
	SUITE_TESTS(&s, rest);
	return suite_run(&s, "policy");
}
