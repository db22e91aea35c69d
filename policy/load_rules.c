/*
 * Loading who may send to whom: networks, address sets and rules.  A rule that
 * can't be understood refuses the load: it might be the one that refuses.
 */
#include "loader.h"

#include "login.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void
on_network(struct loader *l, const struct row *row)
{
	char name[LOGIN_MAX + 1];
	struct cidr cidr;

	if (row->at[0] == NULL || !login_canonical(row->at[0], "", name) ||
	    !cidr_parse(shown(row->at[1]), &cidr)) {
		diag_add(loader_errors(l),
		    "network (%s, %s): is no network like 192.0.2.0/24 or "
		    "2001:db8::/32; mend or delete the row",
		    shown(row->at[0]), shown(row->at[1]));
		return;
	}
	build_network(
	    l->policy->t, build_set(l->policy->t, NETWORK_SETS, name), &cidr);
}

void
on_address_set(struct loader *l, const struct row *row)
{
	char name[LOGIN_MAX + 1];
	struct form form;
	enum address_status status =
	    noted(l, form_parse(shown(row->at[1]), false, &form));

	if (row->at[0] == NULL || !login_canonical(row->at[0], "", name) ||
	    status != ADDRESS_OK) {
		diag_add(loader_errors(l),
		    "address_set (%s, %s): the address %s; mend or delete the "
		    "row",
		    shown(row->at[0]), shown(row->at[1]),
		    address_strerror(status));
		return;
	}
	build_deny(
	    l->policy->t, build_set(l->policy->t, ADDRESS_SETS, name), &form);
}

/* Moves over the `!` of a condition and tells whether there was one. */
static bool
is_negated(const char **text)
{
	if (**text != '!')
		return false;
	++*text;
	return true;
}

bool
read_client(struct loader *l, const char *text, struct client_condition *out)
{
	char name[LOGIN_MAX + 1];

	if (strcasecmp(text, "any") == 0) {
		out->kind = CLIENT_ANY;
		return true;
	}
	out->kind = CLIENT_CIDR;
	if (cidr_parse(text, &out->cidr))
		return true;
	out->kind = CLIENT_NETWORK;
	if (!login_canonical(text, "", name))
		return false;
	out->network = build_find_set(l->policy->t, NETWORK_SETS, name);
	return out->network != PRINCIPAL_NONE;
}

bool
read_addresses(struct loader *l, const char *text, principal_id *out)
{
	struct tables *t = l->policy->t;
	char name[LOGIN_MAX + 1];
	enum address_status status;
	struct form form;

	*out = PRINCIPAL_NONE;
	if (strcasecmp(text, "any") == 0)
		return true;
	status = noted(l, form_parse(text, false, &form));
	if (status != ADDRESS_OK) {
		if (!login_canonical(text, "", name))
			return false;
		*out = build_find_set(t, ADDRESS_SETS, name);
		return *out != PRINCIPAL_NONE;
	}
	*out = build_find_set(t, "form", form.text);
	if (*out == PRINCIPAL_NONE) {
		*out = build_set(t, "form", form.text);
		build_deny(t, *out, &form);
	}
	return true;
}

static bool
read_rule_principal(struct loader *l, const char *text, struct rule *r)
{
	r->principal = PRINCIPAL_NONE;
	if (strcasecmp(text, "any") == 0)
		return true;
	r->principal = find_principal(l, text);
	return r->principal != PRINCIPAL_NONE;
}

static bool
read_tls(const char *text, struct rule *r)
{
	char *end;

	r->tls = TLS_ANY;
	if (strcasecmp(text, "any") == 0)
		return true;
	if (strcasecmp(text, "none") == 0) {
		r->tls = TLS_NONE;
		return true;
	}
	if (strcmp(text, "1.2") == 0 || strcmp(text, "1.3") == 0) {
		r->tls = TLS_VERSION;
		r->tls_least = 10 + (text[2] - '0');
		return true;
	}
	r->tls = TLS_BITS;
	r->tls_least = (int)strtol(text, &end, 10);
	return text[0] >= '1' && text[0] <= '9' && r->tls_least < 100000 &&
	       strcasecmp(end, " bits") == 0;
}

static bool
read_mechanisms(struct loader *l, const char *text, struct rule *r)
{
	r->mechanisms.text =
	    fold_words(strcasecmp(text, "any") == 0 ? "" : text);
	if (r->mechanisms.text == NULL)
		l->policy->t->failed = true;
	return r->mechanisms.text != NULL &&
	       (strcasecmp(text, "any") == 0 ||
		   r->mechanisms.text[0] != '\0') &&
	       !words_have(r->mechanisms, "any", 3);
}

/* `Mon` as 0; -1 for no day. */
static int
read_day(const char *text)
{
	static const char days[] = "montuewedthufrisatsun";

	for (int i = 0; i < 7; i++)
		if (strncasecmp(text, days + 3 * i, 3) == 0)
			return i;
	return -1;
}

/* `08:00` as minutes; -1 for no time. */
static int
read_minutes(const char *text)
{
	int hour, minute, used = 0;

	if (sscanf(text, "%2d:%2d%n", &hour, &minute, &used) != 2 ||
	    used != 5 || hour < 0 || minute < 0 || minute > 59 ||
	    hour * 60 + minute > 24 * 60)
		return -1;
	return hour * 60 + minute;
}

/* One `Mon-Fri 08:00-18:00` at `*text`, which moves behind it. */
static bool
read_span(const char **text, struct rule *r)
{
	int first = read_day(*text), last = first, from, until;

	*text += first < 0 ? 0 : 3;
	if (**text == '-') {
		last = read_day(*text + 1);
		*text += last < 0 ? 0 : 4;
	}
	if (first < 0 || last < 0 || **text != ' ')
		return false;
	++*text;
	from = read_minutes(*text);
	if (from < 0 || (*text)[5] != '-')
		return false;
	until = read_minutes(*text + 6);
	if (until <= from)
		return false;
	*text += 11;
	for (int day = first;; day = (day + 1) % 7) {
		if (r->period_count == PERIODS_MAX)
			return false;
		r->periods[r->period_count++] =
		    (struct period){(uint16_t)(day * 24 * 60 + from),
			(uint16_t)(day * 24 * 60 + until)};
		if (day == last)
			return true;
	}
}

static bool
read_hours(struct loader *l, const char *text, struct rule *r)
{
	if (strcasecmp(text, "any") == 0)
		return true;
	r->periods = calloc(PERIODS_MAX, sizeof(*r->periods));
	if (r->periods == NULL) {
		l->policy->t->failed = true;
		return false;
	}
	while (read_span(&text, r)) {
		if (*text == '\0')
			return true;
		if (strncmp(text, ", ", 2) != 0)
			return false;
		text += 2;
	}
	return false;
}

static bool
read_verdict(const char *text, struct rule *r)
{
	for (enum verdict_kind kind = VERDICT_TEMPFAIL; kind <= VERDICT_HOLD;
	     kind++)
		if (is(text, verdict_name(kind))) {
			r->verdict = kind;
			return true;
		}
	return false;
}

/*
 * `550 5.7.1 text`: printable ASCII, both codes of one class, which is that of
 * the verdict; 421 would end the session.
 */
static bool
read_reply(struct loader *l, const char *text, struct rule *r)
{
	char class = r->verdict == VERDICT_REJECT ? '5' : '4';
	unsigned code, a, b, c;
	int used = 0;

	if (text == NULL)
		return true;
	if (r->verdict != VERDICT_REJECT && r->verdict != VERDICT_TEMPFAIL)
		return false;
	if (strlen(text) > RULE_REPLY_MAX ||
	    sscanf(text, "%3u %1u.%3u.%3u %n", &code, &a, &b, &c, &used) != 4 ||
	    text[0] != class || text[3] != ' ' || text[4] != class ||
	    code == 421 || used < 10 || text[used] == '\0')
		return false;
	for (const char *p = text; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			return false;
	r->reply = strdup(text);
	l->policy->t->failed |= r->reply == NULL;
	return r->reply != NULL;
}

static bool
read_mode(const char *text, enum mode *mode)
{
	*mode = is(text, "enforce")   ? MODE_ENFORCE
		: is(text, "monitor") ? MODE_MONITOR
				      : MODE_INHERIT;
	return text == NULL || *mode != MODE_INHERIT;
}

/* Reads all columns; returns the name of the first that is wrong, or NULL. */
static const char *
read_rule(struct loader *l, const struct row *row, struct rule *r)
{
	const char *at[8];

	for (int i = 0; i < 8; i++)
		at[i] = row->at[i] == NULL ? "any" : row->at[i];
	r->seq = strtoll(at[0], NULL, 10);
	for (int i = 1; i < 8; i++)
		if (is_negated(&at[i]))
			r->negated |= 1u << (i - 1);
	if (!read_rule_principal(l, at[1], r))
		return "principal";
	if (!read_client(l, at[2], &r->client))
		return "client";
	if (!read_addresses(l, at[3], &r->sender))
		return "sender";
	if (!read_addresses(l, at[4], &r->recipient))
		return "recipient";
	if (!read_tls(at[5], r))
		return "tls";
	if (!read_mechanisms(l, at[6], r))
		return "mechanism";
	if (!read_hours(l, at[7], r))
		return "hours";
	if (!read_verdict(row->at[8], r))
		return "verdict";
	if (!read_reply(l, row->at[9], r))
		return "reply";
	return read_mode(row->at[10], &r->mode) ? NULL : "mode";
}

void
on_rule(struct loader *l, const struct row *row)
{
	struct rule r = {0};
	const char *wrong = read_rule(l, row, &r);

	if (wrong != NULL)
		diag_add(loader_errors(l),
		    "rule %s: its %s can't be understood, or names what is "
		    "not there; mend it with: authpolicy sql, or delete the "
		    "rule",
		    shown(row->at[0]), wrong);
	build_rule(l->policy->t, &r);
}
