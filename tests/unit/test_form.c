/* policy/form: what a row may hold, and that each form is found by its key. */
#include "policy/form.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

struct form_row {
	const char *name;
	const char *text;
	enum form_kind kind;	     /* FORM_NONE: refused */
	const char *canonical, *key; /* NULL: as `text`; as canonical */
	bool plain;		     /* templates are not known here */
};

static const struct form_row forms[] = {
    {"an address is a form", "Alice@Example.COM", FORM_ADDRESS,
	"alice@example.com"},
    {"a literal is a form", "a@[192.0.2.1]", FORM_ADDRESS},
    {"a quoted star is nothing: unquoted it would be a pattern",
	"\"a*b\"@d.example", FORM_NONE},
    {"@d is a domain", "@Example.com", FORM_DOMAIN, "@example.com"},
    {"a domain form takes U-labels", "@m\303\274nchen.example", FORM_DOMAIN,
	"@xn--mnchen-3ya.example"},
    {"@.d is its subdomains", "@.example.com", FORM_SUBDOMAINS},
    {"@..d is nothing", "@..example.com", FORM_NONE},
    {"@ alone is nothing", "@", FORM_NONE},
    {"@. alone is nothing", "@.", FORM_NONE},
    {"a literal is no domain form", "@[192.0.2.1]", FORM_NONE},
    {"one star is a pattern", "Dev-*@d.example", FORM_PATTERN,
	"dev-*@d.example", "*@d.example"},
    {"a star alone before the @ is a pattern", "*@d.example", FORM_PATTERN,
	"*@d.example", "*@d.example"},
    {"two stars are nothing", "a*b*@d.example", FORM_NONE},
    {"a star in the domain is nothing", "a@*.example", FORM_NONE},
    {"a star without domain is nothing", "a*", FORM_NONE},
    {"a pattern at a literal is nothing", "a*@[192.0.2.1]", FORM_NONE},
    {"<> is the null sender", "<>", FORM_NULL},
    {"* is any address", "*", FORM_ANY},
    {"nothing is nothing", "", FORM_NONE},
    {"a name without domain is nothing", "alice", FORM_NONE},
    {"a route is nothing", "@a.example:b@c.example", FORM_NONE},
    {"a percent is nothing", "a%b@d.example", FORM_NONE},
    {"{login} is a template", "{login}", FORM_LOGIN},
    {"{user}@d is a template", "{user}@D.Example", FORM_USER,
	"{user}@d.example"},
    {"@{domain} is a template", "@{domain}", FORM_LOGIN_DOMAIN},
    {"a template with more around it is nothing", "x{login}", FORM_NONE},
    {"{user} without domain is nothing", "{user}", FORM_NONE},
    {"{user}@ without domain is nothing", "{user}@", FORM_NONE},
    {"{user} at a template is nothing", "{user}@{domain}", FORM_NONE},
    {"templates in another case are nothing", "{LOGIN}", FORM_NONE},
    {"an unknown template is nothing", "{name}@d.example", FORM_NONE},
    {"{login} is unknown to a deny", "{login}", FORM_NONE, .plain = true},
    {"{user}@d is unknown to a deny", "{user}@d.example", FORM_NONE,
	.plain = true},
    {"@{domain} is unknown to a deny", "@{domain}", FORM_NONE, .plain = true},
    {"a blank in front is nothing", " a@d.example", FORM_NONE},
    {"a control byte is nothing", "a\n@d.example", FORM_NONE},
};

static void
form_is_read(void **state)
{
	const struct form_row *row = *state;
	const char *canonical =
	    row->canonical == NULL ? row->text : row->canonical;
	struct form f, again;
	enum address_status status;

	memset(&f, 0x55, sizeof(f));
	status = form_parse(row->text, !row->plain, &f);
	assert_int_equal(f.kind, row->kind);
	assert_int_equal(status == ADDRESS_OK, row->kind != FORM_NONE);
	if (row->kind == FORM_NONE) {
		assert_string_equal(f.text, "");
		assert_string_equal(f.key, "");
		return;
	}
	assert_string_equal(f.text, canonical);
	assert_string_equal(f.key, row->key == NULL ? canonical : row->key);
	assert_int_equal(form_parse(f.text, !row->plain, &again), ADDRESS_OK);
	assert_int_equal(again.kind, f.kind);
	assert_string_equal(again.text, f.text);
	assert_string_equal(again.key, f.key);
}

/* The keys as text, a blank between each two. */
static void
join_keys(const char *path, bool templates, char out[1000])
{
	struct form_key keys[FORM_KEYS_MAX];
	struct address a;
	size_t n, used = 0;

	assert_int_equal(address_parse_path(path, &a), ADDRESS_OK);
	n = form_keys(&a, templates, keys);
	assert_in_range(n, 1, FORM_KEYS_MAX);
	for (size_t i = 0; i < n; i++)
		used += (size_t)snprintf(out + used, 1000 - used, "%s%s%s",
		    i == 0 ? "" : " ", keys[i].head, keys[i].tail);
}

struct keys_row {
	const char *name, *path, *keys;
	bool templates;
};

static const struct keys_row keys[] = {
    {"an address is looked for most exact first", "<a@b.c.example>",
	"a@b.c.example {login} {user}@b.c.example *@b.c.example "
	"@b.c.example @{domain} @.c.example @.example *",
	true},
    {"templates can be left out", "<a@b.example>",
	"a@b.example *@b.example @b.example @.example *", false},
    {"a literal has itself and any", "<a@[192.0.2.1]>", "a@[192.0.2.1] *",
	true},
    {"the null address has only itself", "<>", "<>", true},
};

static void
keys_are_made(void **state)
{
	const struct keys_row *row = *state;
	char text[1000];

	join_keys(row->path, row->templates, text);
	assert_string_equal(text, row->keys);
}

static void
the_most_labels_fit(void **state)
{
	struct form_key made[FORM_KEYS_MAX];
	struct address a;
	char text[ADDRESS_MAX + 1] = "a@";

	(void)state;
	for (size_t i = 2; i + 1 < ADDRESS_MAX; i += 2)
		memcpy(text + i, "b.", 3);
	text[strlen(text) - 1] = 'b';
	assert_int_equal(address_parse(text, strlen(text), &a), ADDRESS_OK);
	assert_in_range(form_keys(&a, true, made), 120, FORM_KEYS_MAX);
}

struct cover {
	const char *name;
	const char *pattern, *address;
	bool covers;
};

static const struct cover covers[] = {
    {"a star stands for some bytes", "dev-*@d.example", "dev-one@d.example",
	true},
    {"a star stands for no byte", "dev-*@d.example", "dev-@d.example", true},
    {"what is before the star must be there", "dev-*@d.example", "de@d.example",
	false},
    {"what is after the star must be there", "*-dev@d.example",
	"one-dev@d.example", true},
    {"what is after the star ends it", "*-dev@d.example", "one-devs@d.example",
	false},
    {"head and tail do not share bytes", "aa*aa@d.example", "aaa@d.example",
	false},
    {"head and tail may touch", "aa*aa@d.example", "aaaa@d.example", true},
    {"the star does not reach over the @", "a*b@d.example", "a@db.example",
	false},
    {"a lone star covers every local part", "*@d.example", "x@d.example", true},
};

static void
pattern_covers(void **state)
{
	const struct cover *row = *state;
	struct address a;

	assert_int_equal(
	    address_parse(row->address, strlen(row->address), &a), ADDRESS_OK);
	assert_int_equal(form_pattern_covers(row->pattern, &a), row->covers);
}

int
main(void)
{
	static struct suite s;

	SUITE_ROWS(&s, forms, form_is_read);
	SUITE_ROWS(&s, keys, keys_are_made);
	suite_add(&s, "a domain of 126 labels has room for its keys",
	    the_most_labels_fit, NULL);
	SUITE_ROWS(&s, covers, pattern_covers);
	return suite_run(&s, "form");
}
