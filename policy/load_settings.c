/* Loading the policy-wide settings. */
#include "loader.h"

#include "ascii.h"

#include <stdlib.h>
#include <string.h>

char *
fold_words(const char *text)
{
	char *out = malloc(strlen(text) + 1), *to = out;

	if (out == NULL)
		return NULL;
	while (*text != '\0') {
		size_t n = strcspn(text, " ,\t\n");

		if (n > 0 && to != out)
			*to++ = ' ';
		for (; n > 0; n--, text++)
			*to++ = ascii_lower(*text);
		text += strspn(text, " ,\t\n");
	}
	*to = '\0';
	return out;
}

static void
set_string(struct loader *l, char **to, const char *value)
{
	char *text = fold_words(value);

	if (text == NULL) {
		diag_add(loader_errors(l), "out of memory");
		return; /* what follows reads the value that was there */
	}
	free(*to);
	*to = text;
}

void
default_settings(struct loader *l)
{
	struct settings *s = &l->policy->t->settings;

	s->mode = MODE_MONITOR;
	s->originators = ORIGINATORS_STRICT;
	set_string(l, &s->realms.text, "");
	set_string(l, &s->login_required.text, "465 587");
	set_string(l, &s->default_realm, "");
	set_string(l, &s->recipient_delimiter, "+");
}

/*
 * Which of the words, parted by blanks, is the value?  Counts from 0; reports
 * the row when it is none of them.
 */
static unsigned
choose(struct loader *l, const struct row *row, const char *words)
{
	const char *value = shown(row->at[1]), *word = words;

	for (unsigned i = 0;; i++) {
		size_t n = strcspn(word, " ");

		if (strlen(value) == n && strncmp(value, word, n) == 0)
			return i;
		if (word[n] == '\0')
			break;
		word += n + 1;
	}
	diag_add(loader_errors(l), "setting %s: %s is not one of: %s",
	    shown(row->at[0]), value, words);
	return 0;
}

void
on_setting(struct loader *l, const struct row *row)
{
	struct settings *s = &l->policy->t->settings;
	const char *name = shown(row->at[0]), *value = shown(row->at[1]);

	if (is(name, "mode"))
		s->mode = MODE_ENFORCE + choose(l, row, "enforce monitor");
	else if (is(name, "unknown_login"))
		s->unknown_login_reject = choose(l, row, "accept reject");
	else if (is(name, "null_sender"))
		s->null_sender_reject = choose(l, row, "own-author reject");
	else if (is(name, "anonymous_relay"))
		s->anonymous_relay_mta = choose(l, row, "local-domains mta");
	else if (is(name, "originators"))
		s->originators =
		    ORIGINATORS_STRICT + choose(l, row, "strict aligned");
	else if (is(name, "protect_local_senders"))
		s->protect_local_senders =
		    PROTECT_OFF + choose(l, row, "off envelope header");
	else if (is(name, "display_name"))
		s->display_name =
		    DISPLAY_NAME_REFUSE + choose(l, row, "refuse log off");
	else if (is(name, "realms"))
		set_string(l, &s->realms.text, value);
	else if (is(name, "login_required"))
		set_string(l, &s->login_required.text, value);
	else if (is(name, "default_realm"))
		set_string(l, &s->default_realm, value);
	else if (is(name, "recipient_delimiter"))
		set_string(l, &s->recipient_delimiter, value);
	else
		diag_add(loader_errors(l),
		    "setting %s: there is no such setting; delete the row",
		    name);
}
