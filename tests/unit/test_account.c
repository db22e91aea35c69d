/*
 * policy/account and policy/series by themselves: what the ledger, which looks
 * at the clock and at limits, hardly comes by.
 */
#include "policy/account.h"

#include "tests/unit/unit.h"

#include <string.h>

#define START 1900000000 /* a moment in 2030 */
#define MESSAGES (1u << COUNT_MESSAGES)

static struct counts
messages(uint32_t n)
{
	return (struct counts){.at = {[COUNT_MESSAGES] = n}};
}

static uint64_t
sum_at(const struct series *s, int64_t now, int64_t window)
{
	return series_sum(s, MESSAGES, now, window, INT64_MIN);
}

static void
what_is_read_back_stays_in_order(void **unused)
{
	const struct counts one = messages(1);
	struct series s = {0};

	(void)unused;
	assert_true(series_append(&s, START, START + 10, &one));
	assert_true(series_append(&s, START + 5, START + 20, &one));
	assert_true(series_append(&s, START, START + 1, &one));
	assert_true(series_append(&s, START + 20, START + 20, &one));
	assert_int_equal(s.count, 3); /* the last two are one */
	assert_int_equal(sum_at(&s, START + 20, 0), 3);
	assert_int_equal(sum_at(&s, START + 20, 10), 4);
	assert_true(series_append(&s, START + 20, START + 25, &one));
	assert_int_equal(s.count, 4);
	series_clear(&s);
}

static void
a_sum_is_never_too_small(void **unused)
{
	const struct counts most = messages(UINT32_MAX);
	const struct windows none = {.pardon = INT64_MIN};
	struct series s = {0};

	(void)unused;
	assert_true(series_add(&s, START, &most, &none));
	assert_true(series_add(&s, START, &most, &none));
	assert_int_equal(sum_at(&s, START, 0), UINT32_MAX);
	assert_true(series_add(&s, START + 1, &most, &none));
	assert_int_equal(sum_at(&s, START + 1, 1), 2 * (uint64_t)UINT32_MAX);
	series_clear(&s);
}

static void
nothing_is_no_sum(void **unused)
{
	const struct counts nothing = {{0}};
	const struct windows none = {.pardon = INT64_MIN};
	struct series s = {0};

	(void)unused;
	assert_true(series_add(&s, START, &nothing, &none));
	assert_int_equal(sum_at(&s, START, 0), 0);
	series_clear(&s);
}

/* Without a window nothing grows old enough to be joined. */
static void
a_series_is_small_or_can_not_tell(void **unused)
{
	static const int64_t hour = 3600;
	const struct windows none = {.pardon = INT64_MIN},
			     one = {&hour, 1, INT64_MIN};
	const struct counts message = messages(1);
	struct series s = {0};
	int64_t now = START;

	(void)unused;
	while (series_add(&s, now, &message, &none))
		assert_in_range(++now, START, START + 60000);
	assert_int_equal(sum_at(&s, now, now - START), now - START);
	assert_true(series_add(&s, now, &message, &one));
	assert_true(sum_at(&s, now, 3600) >= 3601);
	assert_int_equal(sum_at(&s, now, now - START), now - START + 1);
	series_clear(&s);
}

static void
logins_of_one_hash_are_two(void **unused)
{
	struct accounts a = {0};
	struct account *alice, *bob;

	(void)unused;
	alice = accounts_open(&a, "alice", 7);
	bob = accounts_open(&a, "bob", 7);
	assert_ptr_equal(accounts_find(&a, "alice", 7), alice);
	assert_ptr_equal(accounts_find(&a, "bob", 7), bob);
	assert_null(accounts_find(&a, "carol", 7));
	assert_null(accounts_find(&a, "alice", 7 + LEDGER_SHARDS * a.size));
	accounts_clear(&a);
}

static void
recipients_are_known_for_half_a_year(void **unused)
{
	const struct windows none = {.pardon = INT64_MIN};
	struct accounts a = {0};
	struct account *alice;
	bool news;

	(void)unused;
	alice = accounts_open(&a, "alice", 7);
	account_touch(alice, START, &none);
	assert_true(account_know(alice, 1, &news));
	assert_int_equal(accounts_prune(&a, START + LEDGER_KNOWN_FOR), 0);
	assert_int_equal(accounts_prune(&a, START + LEDGER_KNOWN_FOR + 1), 1);
	accounts_clear(&a);
}

int
main(void)
{
	static const struct named_test tests[] = {
	    {"what is read back stays in order",
		what_is_read_back_stays_in_order},
	    {"a sum is never too small", a_sum_is_never_too_small},
	    {"nothing is no sum", nothing_is_no_sum},
	    {"a series is small, or can't tell",
		a_series_is_small_or_can_not_tell},
	    {"logins of one hash are two", logins_of_one_hash_are_two},
	    {"recipients are known for half a year",
		recipients_are_known_for_half_a_year},
	};
	static struct suite s;

	SUITE_TESTS(&s, tests);
	return suite_run(&s, "account");
}
