/*
 * policy/encoded and policy/display: what a reader is shown of a name.  The
 * case corpus has what mail readers make of names; here are the edges.
 */
#include "policy/display.h"
#include "policy/encoded.h"

#include "tests/unit/unit.h"

#include <string.h>

#define X10 "xxxxxxxxxx"

struct word {
	const char *name;
	const char *text;
	const char *said;  /* NULL: as it is */
	const char *doubt; /* NULL: the same */
};

static const struct word words[] = {
    {"a word is decoded", "=?utf-8?q?a=40_b?=", "a@ b"},
    {"a word without a charset is none", "=?"
					 "?q?a?="},
    {"a charset of 41 letters is none", "=?" X10 X10 X10 X10 "x?q?a?="},
    {"a charset may be 40 letters long", "=?" X10 X10 X10 X10 "?q?a?=", "a"},
    {"a language behind the charset does not matter", "=?utf-8*en?q?a?=", "a"},
    {"a blank is in no charset", "=?utf 8?q?a?="},
    {"the end of a word begins none", "=?="},
    {"the end of a word and a mark begin none", "=?=?"},
    {"an encoding of two letters is none", "=?utf-8?qq?a?="},
    {"an encoding that nobody knows is none", "=?utf-8?x?a?="},
    {"a word without an end is none",
	"=?utf-8?q?a ?="
	"=?utf-8?q?b",
	"a =?utf-8?q?b"},
    {"half an escape stays", "=?utf-8?q?a=4?=", "a=4"},
    {"an escape of other letters stays",
	"=?utf-8?q?a=4g=g4=/0?=", "a=4g=g4=/0"},
    {"bytes of no such charset are shown as such",
	"=?utf-8?q?a=FFb?=", "a\357\277\275b", "a\303\277b"},
    {"what is cut in two is joined",
	"=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "\303\251"},
    {"another charset is not joined", "=?utf-8?q?=C3?= =?us-ascii?q?=A9?=",
	"\357\277\275\357\277\275", "\303\203\302\251"},
    {"characters beyond Unicode are shown as such",
	"=?UCS-4?b?ABEAAA==?=", "\357\277\275?", "\1\21\1\1"},
    {"a NUL hides nothing", "=?utf-8?q?a=00b?=", "a\1b"},
    {"a charset where ASCII is not is doubted", "=?UTF-7?q?+AGE-?=", "a",
	"+AGE-"},
    {"so is one whose ASCII is longer", "=?EBCDIC-US?q?=81?=", "a", "\302\201"},
};

static void
word_is_decoded(void **state)
{
	const struct word *row = *state;
	const char *said = row->said == NULL ? row->text : row->said;
	struct arena arena = {0};

	assert_string_equal(encoded_decode(row->text, false, &arena), said);
	assert_string_equal(encoded_decode(row->text, true, &arena),
	    row->doubt == NULL ? said : row->doubt);
	arena_reset(&arena);
}

static const struct clarity {
	const char *name;
	const char *text;
	bool clear;
} clarities[] = {
    {"text without words is clear", "a =b?", true},
    {"a whole word is clear", "=?utf-8?b?YQ==?=", true},
    {"so is one of hexadecimal digits", "=?utf-8?q?=c3=A9?= b", true},
    {"text that sticks to the end of a word is not", "=?utf-8?q?a?=b", false},
    {"base64 that is cut is not", "=?utf-8?b?YQ=?=", false},
    {"base64 of padding alone is not", "=?utf-8?b?====?=", false},
    {"base64 of nothing is",
	"=?utf-8?b?"
	"?=",
	true},
    {"base64 with other letters is not", "=?utf-8?b?YW-h?=", false},
    {"half an escape is not", "=?utf-8?q?a=?=", false},
    {"an escape of other letters is not", "=?utf-8?q?a=4g?=", false},
    {"nor is the other way round", "=?utf-8?q?a=g4?=", false},
    {"a charset where ASCII is not is not", "=?UTF-7?q?a?=", false},
    {"a charset that is unknown here is", "=?x-nobody?q?a?=", true},
    {"a word that never ends is, when it hides no ASCII",
	"=?utf-8?q?M=C3=BCller", true},
    {"one that may hide an at-sign is not", "=?utf-8?q?a=40b", false},
    {"one of base64 that never ends is not", "=?utf-8?b?YQ==", false},
    {"one of a long encoding that never ends is not", "=?utf-8?qq?a", false},
    {"one without a charset that never ends is not",
	"=?"
	"?q?a",
	false},
    {"the beginning of a word alone is not", "a =?", false},
    {"a word in one that never ends is not", "=?utf-8?q?a =?utf-8?q?b", false},
};

static void
word_is_clear(void **state)
{
	const struct clarity *row = *state;

	assert_int_equal(encoded_is_clear(row->text), row->clear);
}

static const struct look {
	const char *name;
	const char *shown;
	const char *found; /* among others; NULL: there is none */
} looks[] = {
    {"an address is found", "ceo@corp.example", "ceo@corp.example"},
    {"a lone at-sign is none", "me @ home", NULL},
    {"an at-sign at the beginning is none", "@corp.example", NULL},
    {"a domain without a dot is none", "ceo@corp", NULL},
    {"a dot at once is no domain", "ceo@.corp", NULL},
    {"what only surrounds an address is no part of it", "'ceo@corp.example-'.",
	"ceo@corp.example"},
    {"an underscore ends a domain", "ceo@corp.example_x", "ceo@corp.example"},
    {"a brace ends a domain", "{ceo@corp.example}", "{ceo@corp.example"},
    {"quotes are taken out", "\"ceo\"@corp.example", "ceo@corp.example"},
    {"brackets are taken out", "ceo(x)@corp.example", "ceo@corp.example"},
    {"a bracket without its partner stays", "ceo)@corp.example(", NULL},
    {"an ideographic full stop is a dot", "ceo@corp\343\200\202example",
	"ceo@corp.example"},
    {"what nobody sees is taken out", "ceo@corp.exa\342\200\213mple",
	"ceo@corp.example"},
    {"a name of nothing that is seen shows none", "\342\200\213", NULL},
    {"an encoded word shows one",
	"=?utf-8?q?ceo=40corp=2Eexample?=", "ceo@corp.example"},
    {"a broken one shows what is in it", "=?x?q?ceo@corp.example",
	"ceo@corp.example"},
};

static void
address_is_shown(void **state)
{
	const struct look *row = *state;
	struct arena arena = {0};
	struct displayed *list;

	assert_true(display_addresses(row->shown, &arena, &list));
	if (row->found == NULL)
		assert_null(list);
	while (list != NULL && strcmp(list->text, row->found) != 0)
		list = list->next;
	assert_true(row->found == NULL || list != NULL);
	arena_reset(&arena);
}

int
main(void)
{
	static struct suite s;

	SUITE_ROWS(&s, words, word_is_decoded);
	SUITE_ROWS(&s, clarities, word_is_clear);
	SUITE_ROWS(&s, looks, address_is_shown);
	return suite_run(&s, "display");
}
