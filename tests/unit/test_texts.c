/* The small readers of text: xtext, login names, dates. */
#include "policy/login.h"
#include "policy/when.h"
#include "policy/xtext.h"

#include "tests/unit/unit.h"

#include <string.h>
#include <time.h>

/* --- xtext ---------------------------------------------------------------- */

struct xtext {
	const char *name;
	const char *text;
	const char *plain; /* NULL: refused */
};

static const struct xtext xtexts[] = {
    {"plain text stays", "alice@example.com", "alice@example.com"},
    {"nothing stays nothing", "", ""},
    {"an escape is a byte", "alice+2Blist", "alice+list"},
    {"an escaped equals sign is one", "a+3Db", "a=b"},
    {"an escaped blank is one", "a+20b", "a b"},
    {"escapes make UTF-8", "+C3+A9ric", "\303\251ric"},
    {"an escaped plus is not read again", "+2B2B", "+2B"},
    {"lower-case hex is refused", "a+2bb", NULL},
    {"half an escape is refused", "a+2", NULL},
    {"a lone plus is refused", "a+", NULL},
    {"an escape of no hex is refused", "a+GG", NULL},
    {"an equals sign is refused", "a=b", NULL},
    {"a blank is refused", "a b", NULL},
    {"a raw byte beyond ASCII is refused", "\303\251ric", NULL},
    {"a raw control byte is refused", "a\001b", NULL},
    {"a raw DEL is refused", "a\177b", NULL},
    {"an escaped NUL is refused", "a+00b", NULL},
    {"an escaped newline is refused", "a+0Ab", NULL},
    {"an escaped DEL is refused", "a+7Fb", NULL},
};

static void
xtext_is_decoded(void **state)
{
	const struct xtext *row = *state;
	char out[64], same[64];

	memset(out, 0x55, sizeof(out));
	strcpy(same, row->text);
	assert_int_equal(xtext_decode(row->text, out), row->plain != NULL);
	assert_string_equal(out, row->plain == NULL ? "" : row->plain);
	assert_int_equal(xtext_decode(same, same), row->plain != NULL);
	assert_string_equal(same, out);
}

/* --- logins --------------------------------------------------------------- */

#define X50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define LOGIN255 X50 X50 X50 X50 X50 "xxxxx"

struct login {
	const char *name;
	const char *login, *realm;
	const char *canonical; /* NULL: refused */
};

static const struct login logins[] = {
    {"ASCII letters are folded", "Alice", "", "alice"},
    {"other bytes stay as they are", "\303\211RIC", "", "\303\211ric"},
    {"what is no UTF-8 stays as it is", "\351A", "", "\351a"},
    {"blanks are part of a name", "a b", "", "a b"},
    {"the default realm is appended", "Alice", "example.com",
	"alice@example.com"},
    {"a realm of one's own stays", "alice@Example.org", "example.com",
	"alice@example.org"},
    {"an @ at the end is a realm of one's own", "alice@", "example.com",
	"alice@"},
    {"nothing is no login", "", "", NULL},
    {"nothing is no login in a realm either", "", "example.com", NULL},
    {"a control byte is refused", "al\nice", "", NULL},
    {"DEL is refused", "al\177ice", "", NULL},
    {"255 bytes fit", LOGIN255, "", LOGIN255},
    {"256 bytes do not", LOGIN255 "x", "", NULL},
    {"a realm that makes it too long is not cut", X50 X50 X50 X50 X50,
	"example.com", NULL},
};

static void
login_is_canonical(void **state)
{
	const struct login *row = *state;
	char out[LOGIN_MAX + 1], again[LOGIN_MAX + 1];

	memset(out, 0x55, sizeof(out));
	assert_int_equal(login_canonical(row->login, row->realm, out),
	    row->canonical != NULL);
	if (row->canonical == NULL) {
		assert_string_equal(out, "");
		return;
	}
	assert_string_equal(out, row->canonical);
	assert_true(login_canonical(out, row->realm, again));
	assert_string_equal(again, out);
}

struct login_domain_row {
	const char *name;
	const char *login, *domain;
};

static const struct login_domain_row domains[] = {
    {"what follows the @ is the domain", "alice@example.com", "example.com"},
    {"what follows the last @ is the domain", "a@b@example.com", "example.com"},
    {"the domain is canonical", "alice@m\303\274nchen.example",
	"xn--mnchen-3ya.example"},
    {"what only maps to a domain is none", "alice@\357\275\205xample.com",
	NULL},
    {"letters beyond ASCII have their case", "alice@M\303\234NCHEN.example",
	NULL},
    {"a bare name has none", "alice", NULL},
    {"an @ at the end has none", "alice@", NULL},
    {"an @ in front has none", "@example.com", NULL},
    {"what is no domain name is none", "alice@exa mple", NULL},
    {"an address literal is none", "alice@[192.0.2.1]", NULL},
};

static void
login_has_domain(void **state)
{
	const struct login_domain_row *row = *state;
	char out[ADDRESS_DOMAIN_MAX + 1];

	assert_int_equal(login_domain(row->login, out), row->domain != NULL);
	assert_string_equal(out, row->domain == NULL ? "" : row->domain);
}

static void
some_names_are_reserved(void **state)
{
	(void)state;
	assert_true(login_is_reserved("everyone"));
	assert_true(login_is_reserved("anonymous"));
	assert_true(login_is_reserved("@example.com"));
	assert_true(login_is_reserved("@"));
	assert_false(login_is_reserved("alice"));
	assert_false(login_is_reserved("everyone@example.com"));
	assert_false(login_is_reserved("everyones"));
}

/* --- dates ---------------------------------------------------------------- */

#define DAY 86400

struct when {
	const char *name;
	const char *text;
	bool refused;
	int64_t from, until;
};

static const struct when whens[] = {
    {"the epoch is 0", "1970-01-01", false, 0, DAY - 1},
    {"a second is itself at both edges", "1970-01-01T00:00:01Z", false, 1, 1},
    {"a day is from its first to its last second", "2026-01-31", false,
	1769817600, 1769903999},
    {"a time of day is read", "2026-12-31T18:00:00Z", false, 1798740000,
	1798740000},
    {"29 February is in 2024", "2024-02-29", false, 1709164800, 1709251199},
    {"29 February is in 2000", "2000-02-29", false, 951782400, 951868799},
    {"29 February is not in 2026", "2026-02-29", true, 0, 0},
    {"29 February is not in 2100", "2100-02-29", true, 0, 0},
    {"30 February is never", "2024-02-30", true, 0, 0},
    {"31 April is never", "2026-04-31", true, 0, 0},
    {"after 2038 there are dates", "2040-01-01", false, 2208988800, 2209075199},
    {"month 0 is none", "2026-00-10", true, 0, 0},
    {"month 13 is none", "2026-13-10", true, 0, 0},
    {"day 0 is none", "2026-01-00", true, 0, 0},
    {"hour 24 is none", "2026-01-01T24:00:00Z", true, 0, 0},
    {"minute 60 is none", "2026-01-01T00:60:00Z", true, 0, 0},
    {"a leap second is none", "2016-12-31T23:59:60Z", true, 0, 0},
    {"a time without Z is none", "2026-01-01T00:00:00", true, 0, 0},
    {"a zone is none", "2026-01-01T00:00:00+01:00", true, 0, 0},
    {"a blank for T is none", "2026-01-01 00:00:00Z", true, 0, 0},
    {"one digit of a month is none", "2026-1-01", true, 0, 0},
    {"text behind is none", "2026-01-01x", true, 0, 0},
    {"nothing is none", "", true, 0, 0},
    {"a word is none", "tomorrow", true, 0, 0},
};

static void
date_is_read(void **state)
{
	const struct when *row = *state;
	int64_t from = 42, until = 42;
	char text[WHEN_TEXT_SIZE];

	assert_int_equal(
	    when_parse(row->text, WHEN_FROM, &from), !row->refused);
	assert_int_equal(
	    when_parse(row->text, WHEN_UNTIL, &until), !row->refused);
	if (row->refused)
		return;
	assert_int_equal(from, row->from);
	assert_int_equal(until, row->until);
	when_format(from, text);
	assert_memory_equal(text, row->text, strlen(row->text) - 1);
	assert_true(when_parse(text, WHEN_UNTIL, &until));
	assert_int_equal(until, from);
}

/* Every day of 400 years, which is all there is to the calendar, and both its
 * ends. */
static void
a_time_is_what_the_c_library_says(void **state)
{
	char text[WHEN_TEXT_SIZE], theirs[WHEN_TEXT_SIZE];
	struct tm tm;

	(void)state;
	for (int64_t day = -146097 / 2; day < 146097 / 2; day++) {
		time_t t = day * 86400 + day * day % 86400;

		when_format(t, text);
		gmtime_r(&t, &tm);
		strftime(theirs, sizeof(theirs), "%Y-%m-%dT%H:%M:%SZ", &tm);
		assert_string_equal(text, theirs);
	}
	when_format(-62162035200, text);
	assert_string_equal(text, "0000-03-01T00:00:00Z");
	when_format(253402300799, text);
	assert_string_equal(text, "9999-12-31T23:59:59Z");
}

static void
a_time_beyond_the_calendar_is_a_dash(void **state)
{
	static const int64_t times[] = {
	    -62162035201, 253402300800, WHEN_EVER, INT64_MIN};
	char text[WHEN_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		when_format(times[i], text);
		assert_string_equal(text, "-");
	}
}

int
main(void)
{
	static struct suite s;

	SUITE_ROWS(&s, xtexts, xtext_is_decoded);
	SUITE_ROWS(&s, logins, login_is_canonical);
	SUITE_ROWS(&s, domains, login_has_domain);
	suite_add(&s, "everyone, anonymous and @d are reserved",
	    some_names_are_reserved, NULL);
	SUITE_ROWS(&s, whens, date_is_read);
	suite_add(&s, "a time is shown as the C library would",
	    a_time_is_what_the_c_library_says, NULL);
	suite_add(&s, "a time beyond the calendar is shown as a dash",
	    a_time_beyond_the_calendar_is_a_dash, NULL);
	return suite_run(&s, "texts");
}
