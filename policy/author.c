/*
 * The steps that look at who the header says a message is from.  What people
 * see is From: each address in it, and each that its names show, must be one
 * the login may use.
 */
#include "decision.h"

#include "display.h"
#include "header.h"
#include "mailbox.h"

#include <string.h>

/* A field, read; kept in the arena of the decision. */
struct field {
	enum originator_kind kind;
	enum mailbox_status status; /* MAILBOX_UNCLEAR is kept apart: */
	bool unclear;
	bool odd_name;
	struct mailbox *mailboxes;
	struct field *next;
};

/* Reads all originator fields, once a decision.  False: out of memory. */
static bool
read_fields(struct decision *d)
{
	struct field **next = &d->fields;

	if (d->fields_read)
		return true;
	for (const struct originator *o = d->facts->originators; o != NULL;
	     o = o->next) {
		struct field *f = arena_alloc(&d->arena, sizeof(*f));

		if (f == NULL)
			return false;
		f->kind = o->kind;
		f->odd_name = o->odd_name;
		f->status = mailbox_parse(o->value, &d->arena, &f->mailboxes);
		if (f->status == MAILBOX_NO_MEMORY)
			return false;
		say(d, "the %s field %s", originator_name(f->kind),
		    mailbox_strerror(f->status));
		for (struct mailbox *m = f->mailboxes; m != NULL; m = m->next)
			say(d, "the %s field has %s", originator_name(f->kind),
			    m->address.text);
		f->unclear = f->status == MAILBOX_UNCLEAR;
		if (f->unclear)
			f->status = MAILBOX_OK;
		*next = f;
		next = &f->next;
	}
	d->fields_read = true;
	return true;
}

static struct field *
find_field(const struct decision *d, enum originator_kind kind)
{
	struct field *f = d->fields;

	while (f != NULL && f->kind != kind)
		f = f->next;
	return f;
}

/* Is the login bound by its header at all?  A printer may be let off. */
static enum originators
binding(const struct decision *d)
{
	enum originators o =
	    policy_originators(d->policy, d->client->principals.self);
	enum originators groups = ORIGINATORS_INHERIT;

	/* of several groups the strictest: the smallest that says anything */
	for (size_t i = 0; i < d->client->principals.group_count; i++) {
		enum originators group = policy_originators(
		    d->policy, d->client->principals.groups[i]);

		if (group != ORIGINATORS_INHERIT &&
		    (groups == ORIGINATORS_INHERIT || group < groups))
			groups = group;
	}
	if (o == ORIGINATORS_INHERIT)
		o = groups;
	if (o == ORIGINATORS_INHERIT)
		o = policy_originators(d->policy, d->client->principals.domain);
	if (o == ORIGINATORS_INHERIT)
		o = policy_originators(
		    d->policy, d->client->principals.everyone);
	return o == ORIGINATORS_INHERIT ? d->settings->originators : o;
}

static bool
is_bound(const struct decision *d)
{
	return !d->client->anonymous && d->facts->has_header &&
	       binding(d) != ORIGINATORS_OFF;
}

/*
 * Without From.  Sendmail makes one from the sender after we have looked, so
 * there the sender must be one that headers may show.
 */
static bool
author_is_missing(struct decision *d)
{
	struct address sender;

	if (d->facts->mta == MTA_SENDMAIL) {
		if (!facts_sender(d->facts, &sender))
			return refuse_internal(d);
		if (sender.kind != ADDRESS_NOBODY &&
		    sender.kind != ADDRESS_NULL &&
		    may_use(d, &sender, SCOPE_HEADER) == USE_GRANTED)
			return false;
		d->row[0] = '\0';
	}
	return refuse(d, REASON_AUTHOR_MISSING,
	    "the message has no From field; add one with an address of your "
	    "own");
}

bool
author_is_unreadable(struct decision *d)
{
	const struct field *from;

	if (!is_bound(d))
		return false;
	if (!read_fields(d))
		return refuse_internal(d);
	from = find_field(d, ORIGINATOR_FROM);
	if (d->facts->originators_lost)
		return refuse(d, REASON_AUTHOR_MALFORMED,
		    "the message has too many From or Sender fields; leave "
		    "one of each");
	if (from == NULL)
		return author_is_missing(d);
	for (const struct field *f = from->next; f != NULL; f = f->next)
		if (f->kind == ORIGINATOR_FROM)
			return refuse(d, REASON_AUTHOR_REPEATED,
			    "the message has more than one From field; leave "
			    "one");
	if (from->odd_name)
		return refuse(d, REASON_AUTHOR_MALFORMED,
		    "the name of the From field has hidden characters; write "
		    "From:");
	if (from->status != MAILBOX_OK)
		return refuse(d, REASON_AUTHOR_MALFORMED,
		    "the From field %s; write it like Name <user@example.com>",
		    mailbox_strerror(from->status));
	return false;
}

/* Is there one Sender, with one mailbox, that the login may use as its own? */
static bool
has_own_sender(struct decision *d)
{
	const struct field *f = find_field(d, ORIGINATOR_SENDER);

	return f != NULL && f->status == MAILBOX_OK && !f->odd_name &&
	       f->mailboxes->next == NULL &&
	       may_use(d, &f->mailboxes->address, SCOPE_HEADER) == USE_GRANTED;
}

/* One author: granted, or granted on behalf with an own Sender beside it. */
static bool
author_is_refused(struct decision *d, const struct address *a)
{
	enum use use = may_use(d, a, SCOPE_HEADER);
	char row[ROW_MAX + 1];

	if (use == USE_GRANTED)
		return false;
	if (use == USE_DENIED)
		return refuse(d, REASON_AUTHOR_DENIED,
		    "the From address %s is denied to %s; write one of your "
		    "own",
		    show(a->text).text, show_client(d).text);
	if (use == USE_ON_BEHALF) {
		memcpy(row, d->row, sizeof(row));
		if (has_own_sender(d)) {
			memcpy(d->row, row, sizeof(row));
			return false;
		}
		d->row[0] = '\0';
		return refuse(d, REASON_AUTHOR_NOT_GRANTED,
		    "%s may use the From address %s only on behalf: add a "
		    "Sender field with an address of your own",
		    show_client(d).text, show(a->text).text);
	}
	return refuse(d, REASON_AUTHOR_NOT_GRANTED,
	    "the From address %s may not be used by %s; write one of your own",
	    show(a->text).text, show_client(d).text);
}

bool
author_is_not_granted(struct decision *d)
{
	const struct field *from;

	if (!is_bound(d))
		return false;
	if (!read_fields(d))
		return refuse_internal(d);
	from = find_field(d, ORIGINATOR_FROM);
	if (from == NULL)
		return false;
	for (const struct mailbox *m = from->mailboxes; m != NULL; m = m->next)
		if (author_is_refused(d, &m->address))
			return true;
	return false;
}

/* Must the author equal the sender, and does it not? */
bool
author_is_not_aligned(struct decision *d)
{
	const struct field *from;
	struct address sender;

	if (!is_bound(d) || binding(d) != ORIGINATORS_ALIGNED)
		return false;
	if (!read_fields(d))
		return refuse_internal(d);
	if (!facts_sender(d->facts, &sender))
		return refuse_internal(d);
	from = find_field(d, ORIGINATOR_FROM);
	if (from == NULL || sender.kind == ADDRESS_NULL)
		return false;
	for (const struct mailbox *m = from->mailboxes; m != NULL; m = m->next)
		if (!address_equal(&m->address, &sender))
			return refuse(d, REASON_AUTHOR_NOT_ALIGNED,
			    "the From address %s is not the sender of the "
			    "message; send with one address",
			    show(m->address.text).text);
	return false;
}

/* Sender is one mailbox, RFC 5322 3.6.2, and needed beside several authors. */
static bool
sender_header_is_malformed(struct decision *d)
{
	const struct field *f = find_field(d, ORIGINATOR_SENDER);
	const struct field *from = find_field(d, ORIGINATOR_FROM);

	if (f == NULL) {
		if (from == NULL || from->mailboxes == NULL ||
		    from->mailboxes->next == NULL)
			return false;
		return refuse(d, REASON_SENDER_HEADER_MALFORMED,
		    "several From addresses need a Sender field; add one with "
		    "an address of your own");
	}
	for (const struct field *other = f->next; other != NULL;
	     other = other->next)
		if (other->kind == ORIGINATOR_SENDER)
			return refuse(d, REASON_SENDER_HEADER_MALFORMED,
			    "the message has more than one Sender field; "
			    "leave one");
	if (f->odd_name)
		return refuse(d, REASON_SENDER_HEADER_MALFORMED,
		    "the name of the Sender field has hidden characters; "
		    "write Sender:");
	if (f->status != MAILBOX_OK)
		return refuse(d, REASON_SENDER_HEADER_MALFORMED,
		    "the Sender field %s; write it like Name "
		    "<user@example.com>",
		    mailbox_strerror(f->status));
	if (f->mailboxes->next != NULL)
		return refuse(d, REASON_SENDER_HEADER_MALFORMED,
		    "the Sender field has more than one address; leave one");
	return false;
}

bool
sender_header_is_refused(struct decision *d)
{
	const struct field *f;
	const struct address *a;

	if (!is_bound(d))
		return false;
	if (!read_fields(d))
		return refuse_internal(d);
	if (sender_header_is_malformed(d))
		return true;
	f = find_field(d, ORIGINATOR_SENDER);
	if (f == NULL)
		return false;
	a = &f->mailboxes->address;
	if (may_use(d, a, SCOPE_HEADER) == USE_GRANTED)
		return false;
	return refuse(d, REASON_SENDER_HEADER_NOT_GRANTED,
	    "the Sender address %s may not be used by %s; write one of your "
	    "own or leave the field out",
	    show(a->text).text, show_client(d).text);
}

/* One Resent- field.  One that can't be read is a fault of the header. */
static bool
resent_field_is_refused(struct decision *d, const struct field *f)
{
	const char *name = originator_name(f->kind);
	bool sender = f->kind == ORIGINATOR_RESENT_SENDER;
	enum reason reason =
	    sender ? REASON_SENDER_HEADER_MALFORMED : REASON_AUTHOR_MALFORMED;

	if (f->odd_name)
		return refuse(d, reason,
		    "the name of the %s field has hidden characters", name);
	if (f->status != MAILBOX_OK)
		return refuse(d, reason,
		    "the %s field %s; write it like Name <user@example.com>",
		    name, mailbox_strerror(f->status));
	if (sender && f->mailboxes->next != NULL)
		return refuse(d, reason,
		    "the %s field has more than one address; leave one", name);
	for (const struct mailbox *m = f->mailboxes; m != NULL; m = m->next)
		if (may_use(d, &m->address, SCOPE_HEADER) != USE_GRANTED)
			return refuse(d, REASON_RESENT_NOT_GRANTED,
			    "the %s address %s may not be used by %s; write "
			    "one of your own",
			    name, show(m->address.text).text,
			    show_client(d).text);
	return false;
}

bool
resent_is_refused(struct decision *d)
{
	if (!is_bound(d))
		return false;
	if (!read_fields(d))
		return refuse_internal(d);
	for (const struct field *f = d->fields; f != NULL; f = f->next)
		if ((f->kind == ORIGINATOR_RESENT_FROM ||
			f->kind == ORIGINATOR_RESENT_SENDER) &&
		    resent_field_is_refused(d, f))
			return true;
	return false;
}

/* Is an address that a name shows one the login may not use? */
static bool
shows_foreign(struct decision *d, const struct displayed *shown)
{
	enum use use = USE_NOT_GRANTED;

	if (shown->is_address)
		use = may_use(d, &shown->address, SCOPE_HEADER);
	return use != USE_GRANTED && use != USE_ON_BEHALF;
}

static bool
name_is_spoof(
    struct decision *d, enum originator_kind kind, const struct mailbox *m)
{
	struct displayed *shown;

	if (!display_addresses(m->shown, &d->arena, &shown))
		return refuse_internal(d);
	for (; shown != NULL; shown = shown->next) {
		if (!shows_foreign(d, shown))
			continue;
		set_row(d, "setting", "display_name", "");
		return refuse(d, REASON_DISPLAY_NAME_SPOOF,
		    "the name in the %s field shows the address %s, which is "
		    "not granted to %s; take it out",
		    originator_name(kind), show(shown->text).text,
		    show_client(d).text);
	}
	return false;
}

bool
display_name_is_spoof(struct decision *d)
{
	if (!is_bound(d) || d->settings->display_name == DISPLAY_NAME_OFF)
		return false;
	if (!read_fields(d))
		return refuse_internal(d);
	for (const struct field *f = d->fields; f != NULL; f = f->next)
		for (const struct mailbox *m = f->mailboxes; m != NULL;
		     m = m->next)
			if (name_is_spoof(d, f->kind, m))
				return true;
	return false;
}

/*
 * Asked last: what can be read in more than one way and is a spoof in ours is
 * called that.
 */
bool
field_is_unclear(struct decision *d)
{
	if (!is_bound(d))
		return false;
	if (!read_fields(d))
		return refuse_internal(d);
	for (const struct field *f = d->fields; f != NULL; f = f->next) {
		bool sender = f->kind == ORIGINATOR_SENDER ||
			      f->kind == ORIGINATOR_RESENT_SENDER;

		if (f->unclear)
			return refuse(d,
			    sender ? REASON_SENDER_HEADER_MALFORMED
				   : REASON_AUTHOR_MALFORMED,
			    "the %s field %s; write it like Name "
			    "<user@example.com>",
			    originator_name(f->kind),
			    mailbox_strerror(MAILBOX_UNCLEAR));
	}
	return false;
}

/* May a client without login be the author?  Only not of our own domains. */
bool
local_author_is_protected(struct decision *d)
{
	if (!d->client->anonymous || !d->facts->has_header ||
	    d->settings->protect_local_senders != PROTECT_HEADER)
		return false;
	if (!read_fields(d))
		return refuse_internal(d);
	set_row(d, "setting", "protect_local_senders", "");
	for (const struct field *f = d->fields; f != NULL; f = f->next) {
		if (f->kind != ORIGINATOR_FROM)
			continue;
		if (f->status != MAILBOX_OK || f->odd_name || f->unclear)
			return refuse(d, REASON_AUTHOR_MALFORMED,
			    "the From field %s; write it like Name "
			    "<user@example.com>",
			    mailbox_strerror(f->odd_name  ? MAILBOX_CONTROL
					     : f->unclear ? MAILBOX_UNCLEAR
							  : f->status));
		for (const struct mailbox *m = f->mailboxes; m != NULL;
		     m = m->next) {
			if (policy_local_domain(d->policy,
				address_domain(&m->address)) == NULL ||
			    may_use(d, &m->address, SCOPE_HEADER) ==
				USE_GRANTED)
				continue;
			set_row(d, "setting", "protect_local_senders", "");
			return refuse(d, REASON_LOCAL_SENDER_PROTECTED,
			    "the From address %s is one of this site; log in "
			    "to write it",
			    show(m->address.text).text);
		}
	}
	d->row[0] = '\0';
	return false;
}
