/*
 * policy/address: which texts are the address of somebody, and in which one
 * form.  Whatever two parsers could read differently is refused.
 */
#include "policy/address.h"

#include "tests/unit/unit.h"

#include <string.h>

/* U+1D160, which is composed of three: a third of its octets. */
#define NOTE "\360\235\205\240"
#define NOTES NOTE NOTE NOTE NOTE
#define COMPOSED "\360\235\205\230\360\235\205\245\360\235\205\256"
/* U+00FC, a hundred octets of it. */
#define UE10 "\303\274\303\274\303\274\303\274\303\274"
#define UE100 UE10 UE10 UE10 UE10 UE10 UE10 UE10 UE10 UE10 UE10
#define X10 "xxxxxxxxxx"
#define LOCAL63 X10 X10 X10 X10 X10 X10 "xxx"
#define LOCAL64 LOCAL63 "x"
#define LABEL63 LOCAL63
/* 189 bytes of domain, so that 64 + 1 + 189 is the 254 of a path. */
#define DOMAIN189 LABEL63 "." LABEL63 "." X10 X10 X10 X10 X10 X10 "x"
#define DOMAIN253 \
	LABEL63 "." LABEL63 "." LABEL63 "." X10 X10 X10 X10 X10 X10 "x"

struct mailbox {
	const char *name;
	const char *text;
	enum address_status status;
	const char *canonical;	/* NULL: `text` is */
	enum address_kind kind; /* 0: a mailbox */
};

static const struct mailbox mailboxes[] = {
    {"a plain address is its own canonical form", "alice@example.com",
	ADDRESS_OK},
    {"ASCII letters are lower-cased on both sides", "Alice@EXAMPLE.Com",
	ADDRESS_OK, "alice@example.com"},
    {"every byte of atext may stand in an atom",
	"a#$&'*+-/=?^_`{|}~@example.com", ADDRESS_OK},
    {"dots separate atoms", "a.b.c@example.com", ADDRESS_OK},
    {"a leading dot is no dot-atom", ".a@example.com", ADDRESS_SYNTAX},
    {"64 octets that composition makes 192 are too long",
	NOTES NOTES NOTES NOTES "@example.com", ADDRESS_TOO_LONG},
    {"so they are with a Kelvin sign behind them",
	"xx" NOTES NOTE "\342\204\252@example.com", ADDRESS_TOO_LONG},
    {"so they are before a Kelvin sign",
	NOTES NOTES NOTES "\342\204\252@example.com", ADDRESS_TOO_LONG},
    {"so they are with one more letter behind that",
	"x" NOTES NOTE "\342\204\252x@example.com", ADDRESS_TOO_LONG},
    {"64 octets, composed, are long enough",
	"x" NOTES NOTE "\342\204\252@example.com", ADDRESS_OK,
	"x" COMPOSED COMPOSED COMPOSED COMPOSED COMPOSED
	"\342\204\252@example.com"},
    {"a trailing dot is no dot-atom", "a.@example.com", ADDRESS_SYNTAX},
    {"two dots are no dot-atom", "a..b@example.com", ADDRESS_SYNTAX},
    {"a lone dot is no dot-atom", ".@example.com", ADDRESS_SYNTAX},

    {"needless quotes go", "\"alice\"@example.com", ADDRESS_OK,
	"alice@example.com"},
    {"letters in quotes are lower-cased too", "\"Alice\"@example.com",
	ADDRESS_OK, "alice@example.com"},
    {"a quoted dot-atom is that dot-atom", "\"a.b\"@example.com", ADDRESS_OK,
	"a.b@example.com"},
    {"a quoted blank keeps its quotes", "\"a b\"@example.com", ADDRESS_OK},
    {"a quoted leading dot keeps its quotes", "\".a\"@example.com", ADDRESS_OK},
    {"two quoted dots keep their quotes", "\"a..b\"@example.com", ADDRESS_OK},
    {"a needless escape goes", "\"al\\ice\"@example.com", ADDRESS_OK,
	"alice@example.com"},
    {"an escaped quote stays escaped", "\"a\\\"b\"@example.com", ADDRESS_OK},
    {"an escaped backslash stays escaped", "\"a\\\\b\"@example.com",
	ADDRESS_OK},
    {"an escaped letter is lower-cased", "\"\\A\"@example.com", ADDRESS_OK,
	"a@example.com"},
    {"escaped blanks need no escape", "\"a\\ b\"@example.com", ADDRESS_OK,
	"\"a b\"@example.com"},
    {"comma, colon and brackets live in quotes", "\"a,b:<c>\"@example.com",
	ADDRESS_OK},
    {"empty quotes are nobody", "\"\"@example.com", ADDRESS_SYNTAX},
    {"quotes that do not close are no address", "\"alice@example.com",
	ADDRESS_ROUTED},
    {"an unclosed quote without @ is no address", "\"alice", ADDRESS_SYNTAX},
    {"an escape at the end is no address", "\"alice\\", ADDRESS_SYNTAX},
    {"an escaped closing quote does not close", "\"alice\\\"", ADDRESS_SYNTAX},
    {"text after the quotes is no address", "\"a\"b@example.com",
	ADDRESS_SYNTAX},
    {"quotes within an atom are no address", "a\"b\"@example.com",
	ADDRESS_SYNTAX},
    {"quoted atoms with dots are the obsolete form", "\"a\".b@example.com",
	ADDRESS_SYNTAX},
    {"an escape outside quotes is no address", "a\\b@example.com",
	ADDRESS_SYNTAX},
    {"an escaped UTF-8 byte is no quoted-pair", "\"\\\303\251\"@example.com",
	ADDRESS_SYNTAX},

    {"an empty text is empty", "", ADDRESS_EMPTY},
    {"a name without domain is unqualified", "alice", ADDRESS_NO_DOMAIN},
    {"an @ without domain is unqualified", "alice@", ADDRESS_NO_DOMAIN},
    {"a domain alone is no mailbox", "@example.com", ADDRESS_SYNTAX},
    {"two @ are no address", "a@b@example.com", ADDRESS_BAD_DOMAIN},
    {"a blank in the middle is no address", "a b@example.com", ADDRESS_SYNTAX},
    {"blanks at the ends are no part of a mailbox", " a@example.com",
	ADDRESS_SYNTAX},
    {"a comment is no address", "alice(me)@example.com", ADDRESS_SYNTAX},
    {"a comment after the domain is no address", "alice@example.com(me)",
	ADDRESS_BAD_DOMAIN},
    {"two addresses are no address", "a@example.com,b@example.com",
	ADDRESS_BAD_DOMAIN},
    {"angle brackets are no part of a mailbox", "<a@example.com>",
	ADDRESS_SYNTAX},
    {"a display name is no part of a mailbox", "Alice <a@example.com>",
	ADDRESS_SYNTAX},
    {"a colon makes no group", "g:a@example.com;", ADDRESS_SYNTAX},

    {"a newline is a control byte", "a\n@example.com", ADDRESS_CONTROL},
    {"a tab is a control byte", "a\t@example.com", ADDRESS_CONTROL},
    {"DEL is a control byte", "a\177@example.com", ADDRESS_CONTROL},
    {"a control byte in quotes is one", "\"a\rb\"@example.com",
	ADDRESS_CONTROL},
    {"an escaped control byte is one", "\"a\\\033b\"@example.com",
	ADDRESS_CONTROL},
    {"a control byte in the domain is one", "a@exa\001mple.com",
	ADDRESS_CONTROL},

    {"a source route is refused", "@a.example,@b.example:c@example.com",
	ADDRESS_ROUTED},
    {"a short source route is refused", "@a.example:c@example.com",
	ADDRESS_ROUTED},
    {"a percent hack is refused", "ceo%example.com@example.org",
	ADDRESS_ROUTED},
    {"a quoted percent is refused", "\"ceo%example.com\"@example.org",
	ADDRESS_ROUTED},
    {"an escaped percent is refused", "\"ceo\\%x\"@example.org",
	ADDRESS_ROUTED},
    {"a bang path is refused", "host!ceo@example.org", ADDRESS_ROUTED},
    {"a quoted bang path is refused", "\"host!ceo\"@example.org",
	ADDRESS_ROUTED},
    {"a quoted @ is refused", "\"ceo@example.com\"@example.org",
	ADDRESS_ROUTED},
    {"an escaped @ is refused", "\"ceo\\@example.com\"@example.org",
	ADDRESS_ROUTED},

    {"UTF-8 in NFC stays", "\303\251ric@example.com", ADDRESS_OK},
    {"decomposed UTF-8 is composed", "e\314\201ric@example.com", ADDRESS_OK,
	"\303\251ric@example.com"},
    {"UTF-8 letters are not folded", "\303\211ric@example.com", ADDRESS_OK},
    {"the long s stays another person's", "bo\305\277s@example.com",
	ADDRESS_OK},
    {"the Kelvin sign is not a k", "\342\204\252ate@example.com", ADDRESS_OK},
    {"the Greek question mark is no semicolon", "a\315\276b@example.com",
	ADDRESS_OK},
    {"beside the Kelvin sign the rest is composed",
	"e\314\201\342\204\252e\314\201@example.com", ADDRESS_OK,
	"\303\251\342\204\252\303\251@example.com"},
    {"varia is no grave accent", "a\341\277\257b@example.com", ADDRESS_OK},
    {"the dotless i stays another person's", "\304\261@example.com",
	ADDRESS_OK},
    {"the fullwidth @ is a letter like another", "a\357\274\240b@example.com",
	ADDRESS_OK},
    {"a byte that is no UTF-8 is refused", "\351ric@example.com",
	ADDRESS_BAD_UTF8},
    {"overlong UTF-8 is refused", "a\300\200@example.com", ADDRESS_BAD_UTF8},
    {"a surrogate in UTF-8 is refused", "\355\240\200@example.com",
	ADDRESS_BAD_UTF8},
    {"cut UTF-8 is refused", "a\303@example.com", ADDRESS_BAD_UTF8},
    {"cut UTF-8 in the domain is refused", "a@m\303", ADDRESS_BAD_UTF8},

    {"a local part of 64 bytes is long enough", LOCAL64 "@example.com",
	ADDRESS_OK},
    {"a local part of 65 bytes is too long", LOCAL64 "x@example.com",
	ADDRESS_TOO_LONG},
    {"64 bytes in quotes fit, quotes not counted",
	"\"" LOCAL63 " \"@example.com", ADDRESS_OK},
    {"escapes are not counted", "\"" LOCAL63 "\\\"\"@example.com", ADDRESS_OK},
    {"a label of 63 bytes fits", "a@" LABEL63 ".com", ADDRESS_OK},
    {"a label of 64 bytes is too long", "a@" LABEL63 "x.com", ADDRESS_TOO_LONG},
    {"an address of 254 bytes fits", LOCAL64 "@" DOMAIN189, ADDRESS_OK},
    {"an address of 255 bytes is too long", LOCAL64 "@" DOMAIN189 "x",
	ADDRESS_TOO_LONG},
    {"a domain over 253 bytes is too long", "a@" DOMAIN253 "x",
	ADDRESS_TOO_LONG},
    {"a domain of a thousand bytes beyond ASCII is too long",
	"a@" UE100 UE100 UE100 UE100 UE100 UE100 UE100 UE100 UE100 UE100 UE100,
	ADDRESS_TOO_LONG},
    {"254 bytes are for the whole, domain of 253 or not", "a@" DOMAIN253,
	ADDRESS_TOO_LONG},

    {"one label is a domain", "a@localhost", ADDRESS_OK},
    {"a trailing dot is refused", "a@example.com.", ADDRESS_BAD_DOMAIN},
    {"a leading dot is refused", "a@.example.com", ADDRESS_BAD_DOMAIN},
    {"an empty label is refused", "a@example..com", ADDRESS_BAD_DOMAIN},
    {"a leading hyphen is refused", "a@-example.com", ADDRESS_BAD_DOMAIN},
    {"a trailing hyphen is refused", "a@example-.com", ADDRESS_BAD_DOMAIN},
    {"a hyphen before the end is refused", "a@example.com-",
	ADDRESS_BAD_DOMAIN},
    {"an underscore is no letter of a host", "a@exa_mple.com",
	ADDRESS_BAD_DOMAIN},
    {"a numeric label is fine before the last", "a@123.example.com",
	ADDRESS_OK},
    {"with a hyphen it is no numeric label", "a@example.12-3", ADDRESS_OK},
    {"a numeric last label is refused", "a@example.123", ADDRESS_BAD_DOMAIN},
    {"an IPv4 address without brackets is refused", "a@192.0.2.1",
	ADDRESS_BAD_DOMAIN},

    {"a U-label becomes its A-label", "a@m\303\274nchen.example", ADDRESS_OK,
	"a@xn--mnchen-3ya.example"},
    {"an upper-case U-label is mapped", "a@M\303\234NCHEN.example", ADDRESS_OK,
	"a@xn--mnchen-3ya.example"},
    {"a decomposed U-label is composed", "a@mu\314\210nchen.example",
	ADDRESS_OK, "a@xn--mnchen-3ya.example"},
    {"an A-label stays", "a@XN--MNCHEN-3YA.example", ADDRESS_OK,
	"a@xn--mnchen-3ya.example"},
    {"the sharp s is not two s", "a@stra\303\237e.example", ADDRESS_OK,
	"a@xn--strae-oqa.example"},
    {"an ideographic full stop separates no labels", "a@example\343\200\202com",
	ADDRESS_BAD_DOMAIN},
    {"fullwidth letters are not mapped", "a@\357\275\205xample.com",
	ADDRESS_BAD_DOMAIN},
    {"a soft hyphen is not dropped", "a@example\302\255.com",
	ADDRESS_BAD_DOMAIN},
    {"a domain of only a zero-width joiner is refused",
	"a@\342\200\215.example", ADDRESS_BAD_DOMAIN},
    {"mapped to digits, a last label is refused",
	"a@example.\357\274\221\357\274\222", ADDRESS_BAD_DOMAIN},

    {"an IPv4 literal is kept", "a@[192.0.2.1]", ADDRESS_OK, NULL,
	ADDRESS_LITERAL},
    {"an IPv6 literal has one form", "a@[IPv6:2001:DB8:0:0::1]", ADDRESS_OK,
	"a@[ipv6:2001:db8::1]", ADDRESS_LITERAL},
    {"an IPv6 address needs its tag", "a@[2001:db8::1]", ADDRESS_BAD_DOMAIN},
    {"an IPv4 literal with leading zeros is refused", "a@[192.0.2.01]",
	ADDRESS_BAD_DOMAIN},
    {"an IPv4 literal of three numbers is refused", "a@[192.0.2]",
	ADDRESS_BAD_DOMAIN},
    {"an empty literal is refused", "a@[]", ADDRESS_BAD_DOMAIN},
    {"a bracket alone is refused", "a@[", ADDRESS_BAD_DOMAIN},
    {"an unclosed literal is refused", "a@[192.0.2.1", ADDRESS_BAD_DOMAIN},
    {"text after a literal is refused", "a@[192.0.2.1].com",
	ADDRESS_BAD_DOMAIN},
    {"a name in brackets is refused", "a@[example.com]", ADDRESS_BAD_DOMAIN},
    {"an IPv4 literal with the IPv6 tag is refused", "a@[IPv6:192.0.2.1]",
	ADDRESS_BAD_DOMAIN},
    {"an over-long literal is refused",
	"a@[IPv6:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]",
	ADDRESS_BAD_DOMAIN},
    {"a zone in a literal is refused", "a@[IPv6:fe80::1%eth0]",
	ADDRESS_BAD_DOMAIN},
};

/* Reading again what was read changes nothing. */
static void
assert_is_fixed_point(const struct address *a)
{
	struct address again;

	assert_int_equal(address_parse(a->text, a->len, &again), ADDRESS_OK);
	assert_string_equal(again.text, a->text);
	assert_true(address_equal(a, &again));
	assert_int_equal(again.local_len, a->local_len);
}

static void
mailbox_is_read(void **state)
{
	const struct mailbox *row = *state;
	const char *canonical =
	    row->canonical == NULL ? row->text : row->canonical;
	struct address a;

	memset(&a, 0x55, sizeof(a));
	assert_int_equal(
	    address_parse(row->text, strlen(row->text), &a), row->status);
	if (row->status != ADDRESS_OK) {
		assert_int_equal(a.kind, ADDRESS_NOBODY);
		assert_int_equal(a.len, 0);
		assert_string_equal(a.text, "");
		return;
	}
	assert_string_equal(a.text, canonical);
	assert_int_equal(a.len, strlen(canonical));
	assert_int_equal(a.kind, row->kind == 0 ? ADDRESS_MAILBOX : row->kind);
	assert_int_equal(a.text[a.local_len], '@');
	assert_string_equal(address_domain(&a), strrchr(canonical, '@') + 1);
	assert_is_fixed_point(&a);
}

static void
a_nul_byte_is_refused(void **state)
{
	struct address a;

	(void)state;
	assert_int_equal(
	    address_parse("a\0@example.com", 14, &a), ADDRESS_CONTROL);
	assert_int_equal(
	    address_parse("a@exam\0ple.com", 14, &a), ADDRESS_CONTROL);
}

static void
only_len_bytes_are_read(void **state)
{
	struct address a;

	(void)state;
	assert_int_equal(address_parse("a@example.comXX", 13, &a), ADDRESS_OK);
	assert_string_equal(a.text, "a@example.com");
}

/* --- as the client types it ----------------------------------------------- */

static const struct mailbox paths[] = {
    {"brackets are taken off", "<alice@example.com>", ADDRESS_OK,
	"alice@example.com"},
    {"blanks around the path are taken off", "  <alice@example.com> ",
	ADDRESS_OK, "alice@example.com"},
    {"blanks around the address are taken off", "< alice@example.com >",
	ADDRESS_OK, "alice@example.com"},
    {"a dot-atom address needs no brackets", "alice@example.com", ADDRESS_OK,
	"alice@example.com"},
    {"a quoted local part needs brackets", "\"alice\"@example.com",
	ADDRESS_SYNTAX},
    {"a quoted local part in brackets is read", "<\"a b\"@example.com>",
	ADDRESS_OK, "\"a b\"@example.com"},
    {"the null path is the null address", "<>", ADDRESS_OK, "", ADDRESS_NULL},
    {"a null path between blanks is the null address", " <> ", ADDRESS_OK, "",
	ADDRESS_NULL},
    {"nothing is the null address", "", ADDRESS_OK, "", ADDRESS_NULL},
    {"a path of blanks is empty", "< >", ADDRESS_EMPTY},
    {"an open bracket is no path", "<alice@example.com", ADDRESS_SYNTAX},
    {"an open bracket alone is no path", "<", ADDRESS_SYNTAX},
    {"a closing bracket alone is no path", "alice@example.com>",
	ADDRESS_BAD_DOMAIN},
    {"two brackets are no path", "<<alice@example.com>>", ADDRESS_SYNTAX},
    {"a display name is no path", "Alice <alice@example.com>", ADDRESS_SYNTAX},
    {"parameters are no part of a path", "<alice@example.com> SIZE=1",
	ADDRESS_SYNTAX},
    {"a tab is no blank", "\t<alice@example.com>", ADDRESS_CONTROL},
    {"a route is refused in a path", "<@a.example:alice@example.com>",
	ADDRESS_ROUTED},
    {"two letters are no null path", "ab", ADDRESS_NO_DOMAIN},
    {"an unqualified path has no domain", "<alice>", ADDRESS_NO_DOMAIN},
    {"postmaster alone has no domain", "<postmaster>", ADDRESS_NO_DOMAIN},
};

static void
path_is_read(void **state)
{
	const struct mailbox *row = *state;
	struct address a;

	memset(&a, 0x55, sizeof(a));
	assert_int_equal(address_parse_path(row->text, &a), row->status);
	if (row->status != ADDRESS_OK) {
		assert_int_equal(a.kind, ADDRESS_NOBODY);
		return;
	}
	assert_int_equal(a.kind, row->kind == 0 ? ADDRESS_MAILBOX : row->kind);
	assert_string_equal(a.text, row->canonical);
}

/* --- sub-addresses ---------------------------------------------------------
 */

struct sub {
	const char *name;
	const char *text, *delimiters;
	const char *base; /* NULL: there is none */
};

static const struct sub subs[] = {
    {"a sub-address has a base", "alice+list@d.example", "+",
	"alice@d.example"},
    {"the first delimiter splits", "alice+a+b@d.example", "+",
	"alice@d.example"},
    {"any of the delimiters splits", "alice-a+b@d.example", "+-",
	"alice@d.example"},
    {"an empty detail is a sub-address", "alice+@d.example", "+",
	"alice@d.example"},
    {"without delimiter there is no base", "alice@d.example", "+", NULL},
    {"nothing before the delimiter is no base", "+list@d.example", "+", NULL},
    {"no delimiters, no base", "alice+list@d.example", "", NULL},
    {"a quoted local part has no base", "\"alice+a b\"@d.example", "+", NULL},
    {"what is left must be a dot-atom", "alice.+x@d.example", "+", NULL},
    {"the domain is never split", "alice@d+e.example", "+", NULL},
    {"a literal's local part is split", "alice+x@[192.0.2.1]", "+",
	"alice@[192.0.2.1]"},
};

static void
base_is_found(void **state)
{
	const struct sub *row = *state;
	struct address a, base, untouched;

	if (address_parse(row->text, strlen(row->text), &a) != ADDRESS_OK)
		return; /* `alice@d+e.example` */
	memset(&base, 0x55, sizeof(base));
	untouched = base;
	assert_int_equal(
	    address_base(&a, row->delimiters, &base), row->base != NULL);
	if (row->base == NULL) {
		assert_memory_equal(&base, &untouched, sizeof(base));
		return;
	}
	assert_string_equal(base.text, row->base);
	assert_int_equal(base.len, strlen(row->base));
	assert_is_fixed_point(&base);
}

static void
null_address_has_no_base_and_no_domain(void **state)
{
	struct address a, base;

	(void)state;
	assert_int_equal(address_parse_path("<>", &a), ADDRESS_OK);
	assert_false(address_base(&a, "+", &base));
	assert_string_equal(address_domain(&a), "");
}

/* --- comparing ---------------------------------------------------------------
 */

static const struct pair {
	const char *name;
	const char *one, *two;
	bool equal, folded;
} pairs[] = {
    {"an address equals itself", "a@d.example", "a@d.example", true, true},
    {"case is gone before comparing", "A@d.example", "a@D.example", true, true},
    {"accents in another case are equal only folded", "\303\211ric@d.example",
	"\303\251ric@d.example", false, true},
    {"the long s is equal to s only folded", "bo\305\277s@d.example",
	"boss@d.example", false, true},
    {"the sharp s is equal to ss only folded", "wei\303\237@d.example",
	"weiss@d.example", false, true},
    {"other letters are never equal", "a@d.example", "b@d.example", false,
	false},
    {"a literal never equals a name", "a@[192.0.2.1]", "a@d.example", false,
	false},
};

static void
addresses_compare(void **state)
{
	const struct pair *row = *state;
	struct address one, two;

	assert_int_equal(
	    address_parse(row->one, strlen(row->one), &one), ADDRESS_OK);
	assert_int_equal(
	    address_parse(row->two, strlen(row->two), &two), ADDRESS_OK);
	assert_int_equal(address_equal(&one, &two), row->equal);
	assert_int_equal(address_equal(&two, &one), row->equal);
	assert_int_equal(address_equal_folded(&one, &two), row->folded);
	assert_int_equal(address_equal_folded(&two, &one), row->folded);
}

static void
each_status_has_words(void **state)
{
	(void)state;
	for (int s = ADDRESS_NO_MEMORY; s <= ADDRESS_BAD_DOMAIN; s++) {
		const char *words = address_strerror((enum address_status)s);

		assert_true(words[0] != '\0');
		for (; *words != '\0'; words++)
			assert_in_range(*words, ' ', '~');
	}
}

static void
atext_is_that_of_rfc_5321(void **state)
{
	static const char others[] = "()<>[]:;@\\,.\" ";

	(void)state;
	for (int c = 0; c < 256; c++) {
		bool other = c <= ' ' || c == 0x7f ||
			     (c < 0x80 && strchr(others, c) != NULL);

		assert_int_equal(address_is_atext((unsigned char)c), !other);
	}
}

int
main(void)
{
	static struct suite s;

	SUITE_ROWS(&s, mailboxes, mailbox_is_read);
	suite_add(&s, "a NUL byte is refused", a_nul_byte_is_refused, NULL);
	suite_add(
	    &s, "only `len` bytes are read", only_len_bytes_are_read, NULL);
	SUITE_ROWS(&s, paths, path_is_read);
	SUITE_ROWS(&s, subs, base_is_found);
	suite_add(&s, "the null address has no base and no domain",
	    null_address_has_no_base_and_no_domain, NULL);
	SUITE_ROWS(&s, pairs, addresses_compare);
	suite_add(
	    &s, "each status has words in ASCII", each_status_has_words, NULL);
	suite_add(
	    &s, "atext is that of RFC 5321", atext_is_that_of_rfc_5321, NULL);
	return suite_run(&s, "address");
}
