/* Address forms: reading them, and the keys by which they are found. */
#include "form.h"

#include <string.h>

static void
join(char out[FORM_TEXT_MAX + 1], const char *head, const char *tail)
{
	size_t n = strlen(head);

	memcpy(out, head, n);
	memcpy(out + n, tail, strlen(tail) + 1);
}

/* A form that is `head` and then a domain: `@d`, `@.d`, `{user}@d`. */
static enum address_status
domain_form(
    struct form *out, enum form_kind kind, const char *head, const char *domain)
{
	char name[ADDRESS_DOMAIN_MAX + 1];
	enum address_status status =
	    address_parse_domain(domain, strlen(domain), name);

	if (status != ADDRESS_OK)
		return status == ADDRESS_EMPTY ? ADDRESS_BAD_DOMAIN : status;
	out->kind = kind;
	join(out->text, head, name);
	join(out->key, head, name);
	return ADDRESS_OK;
}

/*
 * `dev-*@d`: read as an address with the star, an atom like any other, in it.
 */
static enum address_status
pattern_form(struct form *out, const char *text)
{
	struct address a;
	enum address_status status = address_parse(text, strlen(text), &a);

	if (status != ADDRESS_OK)
		return status;
	if (a.kind != ADDRESS_MAILBOX || a.text[0] == '"')
		return ADDRESS_SYNTAX;
	out->kind = FORM_PATTERN;
	join(out->text, a.text, "");
	join(out->key, "*@", address_domain(&a));
	return ADDRESS_OK;
}

static enum address_status
plain_form(struct form *out, const char *text)
{
	const char *at = strrchr(text, '@');
	const char *star = strchr(text, '*');
	struct address a;
	enum address_status status;

	if (strchr(text, '{') != NULL || strchr(text, '}') != NULL)
		return ADDRESS_SYNTAX; /* a template that is none */
	if (text[0] == '@')
		return text[1] == '.'
			   ? domain_form(out, FORM_SUBDOMAINS, "@.", text + 2)
			   : domain_form(out, FORM_DOMAIN, "@", text + 1);
	if (star != NULL) { /* quoted it would be one too, read again */
		if (text[0] == '"' || at == NULL || star > at ||
		    strchr(star + 1, '*') != NULL)
			return ADDRESS_SYNTAX;
		return pattern_form(out, text);
	}
	status = address_parse(text, strlen(text), &a);
	if (status != ADDRESS_OK)
		return status;
	out->kind = FORM_ADDRESS;
	join(out->text, a.text, "");
	join(out->key, a.text, "");
	return ADDRESS_OK;
}

static void
fixed_form(struct form *out, enum form_kind kind, const char *text)
{
	out->kind = kind;
	join(out->text, text, "");
	join(out->key, text, "");
}

enum address_status
form_parse(const char *text, bool templates, struct form *out)
{
	static const char user[] = "{user}@";
	enum address_status status = ADDRESS_OK;

	memset(out, 0, sizeof(*out));
	if (strcmp(text, "<>") == 0)
		fixed_form(out, FORM_NULL, text);
	else if (strcmp(text, "*") == 0)
		fixed_form(out, FORM_ANY, text);
	else if (templates && strcmp(text, "{login}") == 0)
		fixed_form(out, FORM_LOGIN, text);
	else if (templates && strcmp(text, "@{domain}") == 0)
		fixed_form(out, FORM_LOGIN_DOMAIN, text);
	else if (templates && strncmp(text, user, sizeof(user) - 1) == 0)
		status =
		    domain_form(out, FORM_USER, user, text + sizeof(user) - 1);
	else
		status = plain_form(out, text);
	if (status != ADDRESS_OK)
		memset(out, 0, sizeof(*out));
	return status;
}

size_t
form_keys(const struct address *a, bool templates,
    struct form_key keys[FORM_KEYS_MAX])
{
	const char *domain = address_domain(a);
	size_t n = 0;

	if (a->kind == ADDRESS_NULL) {
		keys[n++] = (struct form_key){FORM_NULL, "<>", ""};
		return n;
	}
	keys[n++] = (struct form_key){FORM_ADDRESS, a->text, ""};
	if (a->kind == ADDRESS_MAILBOX) {
		if (templates) {
			keys[n++] =
			    (struct form_key){FORM_LOGIN, "{login}", ""};
			keys[n++] =
			    (struct form_key){FORM_USER, "{user}@", domain};
		}
		keys[n++] = (struct form_key){FORM_PATTERN, "*@", domain};
		keys[n++] = (struct form_key){FORM_DOMAIN, "@", domain};
		if (templates)
			keys[n++] = (struct form_key){
			    FORM_LOGIN_DOMAIN, "@{domain}", ""};
		for (const char *dot = strchr(domain, '.'); dot != NULL;
		     dot = strchr(dot + 1, '.'))
			keys[n++] =
			    (struct form_key){FORM_SUBDOMAINS, "@.", dot + 1};
	}
	keys[n++] = (struct form_key){FORM_ANY, "*", ""};
	return n;
}

bool
form_pattern_covers(const char *pattern, const struct address *a)
{
	size_t head = strcspn(pattern, "*");
	const char *tail = pattern + head + 1;
	size_t tail_len = strcspn(tail, "@");

	return head + tail_len <= a->local_len &&
	       memcmp(pattern, a->text, head) == 0 &&
	       memcmp(tail, a->text + a->local_len - tail_len, tail_len) == 0;
}
