/*
 * policy/mailbox: which values of an originator field have authors.  The case
 * corpus and tests/disagree have what mail servers and readers make of them;
 * here is what hardly passes a mail server.
 */
#include "policy/mailbox.h"

#include "tests/unit/unit.h"

#include <string.h>

struct value {
	const char *name;
	const char *value;
	enum mailbox_status status;
	const char *first;
};

static const struct value values[] = {
    {"an address alone is one", "a@example.com", MAILBOX_OK, "a@example.com"},
    {"an address behind a name is one", "A <a@example.com>", MAILBOX_OK,
	"a@example.com"},
    {"a fold is a blank", "A\n <a@example.com>", MAILBOX_OK, "a@example.com"},
    {"a line feed that folds nothing is a control byte",
	"a@example.com\nb@example.com", MAILBOX_CONTROL},
    {"a control byte of two octets is one", "\302\205 <a@example.com>",
	MAILBOX_CONTROL},
    {"half of such a control byte is no UTF-8", "\302 <a@example.com>",
	MAILBOX_BAD_UTF8},
    {"what is no UTF-8 is not read", "\377 <a@example.com>", MAILBOX_BAD_UTF8},
    {"nothing has no author", "", MAILBOX_EMPTY},
    {"blanks have no author", " \t ", MAILBOX_EMPTY},
    {"an escape before the end leaves a quote open", "\"A\\",
	MAILBOX_UNBALANCED},
    {"an escape before the end leaves a comment open", "(A\\",
	MAILBOX_UNBALANCED},
    {"an address that begins with a quote needs its end", "<\"a@example.com>",
	MAILBOX_UNBALANCED},
    {"a bracket that nothing opened is too many", "A > a@example.com",
	MAILBOX_UNBALANCED},
    {"the end of a comment that nothing began is too many", "A ) a@example.com",
	MAILBOX_UNBALANCED},
    {"comments may be ten deep", "((((((((((x)))))))))) a@example.com",
	MAILBOX_OK, "a@example.com"},
    {"comments may not be eleven deep", "(((((((((((x))))))))))) a@example.com",
	MAILBOX_TOO_MANY},
    {"a wide at-sign in a comment of a comment is unclear",
	"((b\357\274\240example.com)) <a@example.com>", MAILBOX_UNCLEAR,
	"a@example.com"},
    {"a small bracket in a comment of a comment is unclear",
	"((b\357\271\253example.com)) <a@example.com>", MAILBOX_UNCLEAR,
	"a@example.com"},
    {"a bracket in a folded quote is unclear", "\"A\n >\" <a@example.com>",
	MAILBOX_UNCLEAR, "a@example.com"},
    {"an escaped digit is unclear", "\"A\\1\" <a@example.com>", MAILBOX_UNCLEAR,
	"a@example.com"},
    {"an escaped backslash before the end of a comment is unclear",
	"(A\\\\) <a@example.com>", MAILBOX_UNCLEAR, "a@example.com"},
    {"a blank in an address literal is no address", "<a@[192.0.2.1 ]>",
	MAILBOX_BAD_ADDRESS},
    {"a blank without width in an address is unclear",
	"<a\357\273\277b@example.com>", MAILBOX_UNCLEAR,
	"a\357\273\277b@example.com"},
    {"quotes that are needed are good", "\"a..b\"@example.com", MAILBOX_OK,
	"\"a..b\"@example.com"},
    {"so they are around capital letters", "\"A b\"@example.com", MAILBOX_OK,
	"\"a b\"@example.com"},
    {"quotes that are not needed are not canonical", "\"a\"@example.com",
	MAILBOX_NOT_CANONICAL},
    {"a quoted letter that composition makes another is not canonical",
	"\"\357\244\200 x\"@example.com", MAILBOX_NOT_CANONICAL},
    {"an encoded word may not begin in a local part",
	"=?utf-8?q?b?=@example.com", MAILBOX_ENCODED},
    {"the end of an encoded word in a local part behind one is unclear",
	"=?utf-8?q?A?= <a?=b@example.com>", MAILBOX_UNCLEAR,
	"a?=b@example.com"},
    {"it stays unclear where something else is",
	"\"\\A\" <a@example.com>, =?utf-8?q?A?= <a?=b@example.com>",
	MAILBOX_UNCLEAR, "a@example.com"},
    {"it is nothing special without one", "A <a?=b@example.com>", MAILBOX_OK,
	"a?=b@example.com"},
    {"a route has no author", "<@b.example:a@example.com>", MAILBOX_ROUTE},
    {"a group has no author", "A: a@example.com;", MAILBOX_GROUP},
};

static void
value_is_read(void **state)
{
	const struct value *row = *state;
	struct arena arena = {0};
	struct mailbox *list;

	assert_int_equal(mailbox_parse(row->value, &arena, &list), row->status);
	if (row->first == NULL)
		assert_null(list);
	else
		assert_string_equal(list->address.text, row->first);
	arena_reset(&arena);
}

static void
each_status_has_words(void **state)
{
	(void)state;
	for (int s = MAILBOX_NO_MEMORY; s <= MAILBOX_TOO_MANY; s++)
		assert_true(
		    strlen(mailbox_strerror((enum mailbox_status)s)) > 5);
}

int
main(void)
{
	static struct suite s;

	SUITE_ROWS(&s, values, value_is_read);
	suite_add(&s, "each status has words", each_status_has_words, NULL);
	return suite_run(&s, "mailbox");
}
