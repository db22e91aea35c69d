/* The command line, read by the synopsis of the subcommand. */
#include "policy/command/args.h"
#include "policy/command/guess.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* An option as a synopsis describes it. */
struct option {
	const char *name;
	size_t name_len;
	const char *value; /* what it takes; NULL: a switch */
	size_t value_len;
	bool many;
};

/* Looks for `--name` in the synopsis. */
static bool
find_option(
    const char *synopsis, const char *name, size_t len, struct option *o)
{
	const char *at = synopsis;

	memset(o, 0, sizeof(*o));
	while (len > 0 && (at = strstr(at, "--")) != NULL) {
		at += 2;
		if (strncmp(at, name, len) != 0 ||
		    strchr(" ]", at[len]) == NULL)
			continue;
		o->name = at;
		o->name_len = len;
		at += len;
		if (*at == ' ') {
			o->value = ++at;
			o->value_len = strcspn(at, " ]");
			at += o->value_len;
		}
		o->many = strncmp(at, "]...", 4) == 0;
		return true;
	}
	return false;
}

/* Is the value one that the option takes? */
static bool
is_choice(const struct option *o, const char *value)
{
	const char *at = o->value, *end = o->value + o->value_len;
	size_t len = strlen(value);

	if (memchr(at, '|', o->value_len) == NULL)
		return true;
	while (at < end) {
		size_t n = strcspn(at, "| ]");

		if (n == len && memcmp(at, value, n) == 0)
			return true;
		at += n + 1;
	}
	return false;
}

/* How much of the synopsis the option at its dashes is, with its value. */
static size_t
option_len(const char *at)
{
	size_t name = strcspn(at, " ]");

	if (at[name] != ' ' || at[name + 1] == '[')
		return name;
	return name + 1 + strcspn(at + name + 1, " ]");
}

/* How many words the synopsis asks for, and how many it takes. */
static void
count_words(const char *synopsis, size_t *least, size_t *most)
{
	int depth = 0;

	*least = *most = 0;
	for (const char *at = synopsis; *at != '\0';) {
		size_t n = strcspn(at, " []");

		if (strncmp(at, "--", 2) == 0)
			n = option_len(at);
		else if (n > 0 && at[0] != '.' && at[0] != '-') {
			*least += depth == 0;
			*most += 1;
			if (n > 3 && memcmp(at + n - 3, "...", 3) == 0)
				*most = INT_MAX;
		}
		at += n;
		for (; *at != '\0' && strchr(" []", *at) != NULL; at++)
			depth += (*at == '[') - (*at == ']');
	}
}

/* The subcommand of these one or two words.  NULL and `*more`: the next word
 * has to be its verb. */
static const struct subcommand *
find_subcommand(const struct subcommand *table, const char *name,
    const char *verb, bool *more)
{
	*more = false;
	for (; table->name != NULL; table++) {
		if (strcmp(table->name, name) != 0)
			continue;
		if (table->verb == NULL ||
		    (verb != NULL && strcmp(table->verb, verb) == 0))
			return table;
		*more = verb == NULL;
	}
	return NULL;
}

/* Tries the options of a synopsis. */
static void
guess_options(struct guess *g, const char *synopsis)
{
	const char *at = synopsis;

	while ((at = strstr(at, "--")) != NULL) {
		at += 2;
		guess_try(g, at, strcspn(at, " ]"));
	}
}

/* Says that there is no such option. */
static enum status
no_option(
    const struct args *a, const char *name, size_t len, const char *global)
{
	struct guess g;

	guess_begin(&g, name, len);
	guess_options(&g, global);
	if (a->subcommand == NULL)
		return fail(STATUS_USAGE,
		    "no option --%.*s: %sa subcommand's options follow it",
		    (int)len, name, guess_hint(&g, "--"));
	guess_options(&g, a->subcommand->synopsis);
	return fail(STATUS_USAGE,
	    "no option --%.*s here: %ssee authpolicy %s --help", (int)len, name,
	    guess_hint(&g, "--"), a->topic);
}

/* Reads the option at argv[*i] and, where it takes one, its value. */
static enum status
read_option(struct args *a, int argc, char **argv, int *i, const char *global)
{
	const char *text = argv[*i] + 2, *value = strchr(text, '=');
	size_t len = strcspn(text, "=");
	bool own;
	struct option o;

	own = !find_option(global, text, len, &o);
	if (own && (a->subcommand == NULL ||
		       !find_option(a->subcommand->synopsis, text, len, &o)))
		return no_option(a, text, len, global);
	if (value != NULL)
		value++;
	else if (o.value != NULL && *i + 1 < argc)
		value = argv[++*i];
	if (o.value != NULL && value == NULL)
		return fail(STATUS_USAGE, "--%.*s needs a value: %.*s",
		    (int)len, text, (int)o.value_len, o.value);
	if (o.value == NULL && value != NULL)
		return fail(
		    STATUS_USAGE, "--%.*s takes no value", (int)len, text);
	if (o.value != NULL && !is_choice(&o, value))
		return fail(STATUS_USAGE, "--%.*s takes %.*s, not \"%s\"",
		    (int)len, text, (int)o.value_len, o.value, value);
	for (size_t n = 0; n < a->given_count; n++)
		if (a->given[n].name == o.name && !o.many)
			return fail(STATUS_USAGE, "--%.*s was given twice",
			    (int)len, text);
	a->given[a->given_count++] = (struct given){o.name, o.name_len, value};
	a->own_count += own;
	return STATUS_OK;
}

/* Reads a switch of one letter, which stands as `[-f]` in the synopsis. */
static enum status
read_letter(struct args *a, const char *text)
{
	char form[] = {'[', '-', text[1], ']', '\0'};
	const char *at = a->subcommand != NULL && text[2] == '\0'
			     ? strstr(a->subcommand->synopsis, form)
			     : NULL;

	if (at == NULL)
		return fail(STATUS_USAGE,
		    "no option %s: options have two dashes; before an "
		    "argument that begins with one write --",
		    text);
	a->given[a->given_count++] = (struct given){at + 2, 1, NULL};
	a->own_count++;
	return STATUS_OK;
}

/* Says that there is no such subcommand, or verb of the topic. */
static enum status
no_subcommand(
    const char *topic, const char *word, const struct subcommand *table)
{
	struct guess g;

	guess_begin(&g, word, strlen(word));
	for (; table->name != NULL; table++)
		if (topic == NULL)
			guess_try(&g, table->name, strlen(table->name));
		else if (strcmp(table->name, topic) == 0)
			guess_try(&g, table->verb, strlen(table->verb));
	return fail(STATUS_USAGE,
	    "no subcommand \"%s%s%s\": %ssee authpolicy %s%s--help",
	    topic != NULL ? topic : "", topic != NULL ? " " : "", word,
	    guess_hint(&g, ""), topic != NULL ? topic : "",
	    topic != NULL ? " " : "");
}

/* Takes a word: the subcommand, its verb, or an argument. */
static enum status
read_word(struct args *a, const char *word, const struct subcommand *table)
{
	bool more;

	if (a->subcommand != NULL) {
		a->words[a->word_count++] = word;
		return STATUS_OK;
	}
	a->subcommand =
	    find_subcommand(table, a->topic != NULL ? a->topic : word,
		a->topic != NULL ? word : NULL, &more);
	if (a->subcommand == NULL && !more)
		return no_subcommand(a->topic, word, table);
	if (a->topic == NULL)
		a->topic = word;
	return STATUS_OK;
}

/* Is an option there that the synopsis has outside brackets? */
static enum status
check_options(const struct args *a)
{
	const char *at = a->subcommand->synopsis;
	int depth = 0;

	for (; *at != '\0'; at++) {
		struct option o;
		size_t i = 0;

		depth += (*at == '[') - (*at == ']');
		if (depth > 0 || strncmp(at, "--", 2) != 0)
			continue;
		find_option(at, at + 2, strcspn(at + 2, " ]"), &o);
		while (i < a->given_count && a->given[i].name != o.name)
			i++;
		if (i == a->given_count)
			return fail(STATUS_USAGE, "--%.*s is missing: %.*s",
			    (int)o.name_len, o.name, (int)o.value_len, o.value);
	}
	return STATUS_OK;
}

/* Are there as many words as the synopsis wants? */
static enum status
check_words(const struct args *a)
{
	const struct subcommand *s = a->subcommand;
	size_t least, most;

	if (a->topic == NULL)
		return fail(STATUS_USAGE,
		    "no subcommand was given: see authpolicy --help");
	if (s == NULL)
		return fail(STATUS_USAGE, "%s what? see authpolicy %s --help",
		    a->topic, a->topic);
	count_words(s->synopsis, &least, &most);
	if (a->word_count < least || a->word_count > most)
		return fail(STATUS_USAGE, "%s: usage: authpolicy %s%s%s %s",
		    a->word_count < least ? "something is missing"
					  : a->words[most],
		    s->name, s->verb != NULL ? " " : "",
		    s->verb != NULL ? s->verb : "", s->synopsis);
	return check_options(a);
}

enum status
args_read(struct args *a, int argc, char **argv, const struct subcommand *table,
    const char *global)
{
	bool options = true;
	enum status status = STATUS_OK;

	memset(a, 0, sizeof(*a));
	a->words = calloc((size_t)argc + 1, sizeof(*a->words));
	a->given = calloc((size_t)argc + 1, sizeof(*a->given));
	if (a->words == NULL || a->given == NULL)
		return fail(STATUS_UNKNOWN, "out of memory");
	for (int i = 1; i < argc && status == STATUS_OK; i++) {
		if (options && strcmp(argv[i], "--") == 0)
			options = false;
		else if (options && strncmp(argv[i], "--", 2) == 0)
			status = read_option(a, argc, argv, &i, global);
		else if (options && argv[i][0] == '-' && argv[i][1] != '\0')
			status = read_letter(a, argv[i]);
		else
			status = read_word(a, argv[i], table);
	}
	if (status == STATUS_OK && !args_has(a, "help") &&
	    !args_has(a, "version"))
		status = check_words(a);
	return status;
}

void
args_free(struct args *a)
{
	free(a->words);
	free(a->given);
	memset(a, 0, sizeof(*a));
}

const char *
args_next(const struct args *a, const char *name, size_t *at)
{
	size_t len = strlen(name);

	while (*at < a->given_count) {
		const struct given *g = &a->given[(*at)++];

		if (g->name_len == len && memcmp(g->name, name, len) == 0)
			return g->value != NULL ? g->value : "";
	}
	return NULL;
}

const char *
args_value(const struct args *a, const char *name, const char *otherwise)
{
	size_t at = 0;
	const char *value = args_next(a, name, &at);

	return value != NULL ? value : otherwise;
}

bool
args_has(const struct args *a, const char *name)
{
	return args_value(a, name, NULL) != NULL;
}
