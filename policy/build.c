/* Putting a policy copy together: rows into growing arrays. */
#include "build.h"

#include "release.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Makes room for one more element.  NULL and `failed` when memory is out;
 * every adder then does nothing, and build_finish() tells.
 */
static void *
grow(struct tables *t, void *array, uint32_t count, uint32_t *cap, size_t size)
{
	uint32_t wanted = *cap + *cap / 2 + 64;
	void *larger;

	if (t->failed)
		return NULL;
	if (count < *cap)
		return array;
	larger = count >= UINT32_MAX / 2 ? NULL : realloc(array, wanted * size);
	if (larger == NULL) {
		t->failed = true;
		return NULL;
	}
	*cap = wanted;
	return larger;
}

/* Sets `array` to itself with room for one more, or returns. */
#define GROW(t, array, count, cap)                                        \
	do {                                                              \
		void *grown_ = grow(t, (t)->array, (t)->count, &(t)->cap, \
		    sizeof(*(t)->array));                                 \
		if (grown_ == NULL)                                       \
			return;                                           \
		(t)->array = grown_;                                      \
	} while (0)

struct policy *
build_new(void)
{
	struct policy *p = calloc(1, sizeof(*p));
	struct tables *t = calloc(1, sizeof(*t));

	if (p == NULL || t == NULL) {
		free(p);
		free(t);
		return NULL;
	}
	p->t = t;
	atomic_init(&t->users, 1);
	t->local_login = PRINCIPAL_NONE;
	build_text(t, "");
	t->validity = calloc(1, sizeof(*t->validity));
	if (t->validity == NULL) {
		policy_free(p);
		return NULL;
	}
	t->validity[0] = (struct validity){INT64_MIN, WHEN_EVER};
	t->validity_count = t->validity_cap = 1;
	return p;
}

uint32_t
build_text(struct tables *t, const char *text)
{
	size_t len = strlen(text) + 1;
	uint32_t offset = t->text_len;

	if (t->failed)
		return 0;
	if (len > t->text_cap - t->text_len) {
		uint64_t cap = (uint64_t)t->text_cap * 3 / 2 + len + 4096;
		char *larger = cap > UINT32_MAX ? NULL : realloc(t->text, cap);

		if (larger == NULL) {
			t->failed = true;
			return 0;
		}
		t->text = larger;
		t->text_cap = (uint32_t)cap;
	}
	memcpy(t->text + offset, text, len);
	t->text_len += (uint32_t)len;
	return offset;
}

static void
index_add(struct name_index *names, uint32_t hash, principal_id id)
{
	uint32_t i = hash;

	while (names->slots[i & names->mask].id != PRINCIPAL_NONE)
		i++;
	names->slots[i & names->mask] = (struct name_slot){hash, id};
}

/* Keeps the index at most half full. */
static bool
index_grow(struct tables *t)
{
	uint32_t had = t->names.slots == NULL ? 0 : t->names.mask + 1;
	uint32_t size = had == 0 ? 256 : had * 2;
	struct name_index larger = {.mask = size - 1};

	if (t->principal_count < had / 2)
		return true;
	larger.slots = malloc(size * sizeof(*larger.slots));
	if (larger.slots == NULL) {
		t->failed = true;
		return false;
	}
	/* all PRINCIPAL_NONE */
	memset(larger.slots, 0xff, size * sizeof(*larger.slots));
	for (uint32_t i = 0; i < had; i++)
		if (t->names.slots[i].id != PRINCIPAL_NONE)
			index_add(&larger, t->names.slots[i].hash,
			    t->names.slots[i].id);
	free(t->names.slots);
	t->names = larger;
	return true;
}

static void
add_principal(struct tables *t, const char *name, enum principal_kind kind)
{
	uint32_t text = build_text(t, name);

	GROW(t, principals, principal_count, principal_cap);
	if (!index_grow(t))
		return;
	t->principals[t->principal_count] =
	    (struct principal){.name = text, .kind = (uint8_t)kind};
	index_add(&t->names, build_hash(name, ""), t->principal_count++);
}

principal_id
build_principal(struct tables *t, const char *name, enum principal_kind kind)
{
	principal_id id = build_find(t, name);

	if (id != PRINCIPAL_NONE)
		return id;
	add_principal(t, name, kind);
	return t->failed ? PRINCIPAL_NONE : t->principal_count - 1;
}

void
build_member(struct tables *t, principal_id login, principal_id group)
{
	GROW(t, members, member_count, member_cap);
	t->members[t->member_count++] = (struct member){login, group};
}

void
build_domain(struct tables *t, const char *name, const char *owner)
{
	struct domain_row row = {build_text(t, name), build_text(t, owner)};

	GROW(t, domain_rows, domain_count, domain_cap);
	t->domain_rows[t->domain_count++] = row;
}

/* Most rows are always valid; of the others neighbours are often alike. */
static uint32_t
add_validity(struct tables *t, int64_t from, int64_t until)
{
	const struct validity *last = &t->validity[t->validity_count - 1];
	void *grown;

	if (from == t->validity[0].from && until == t->validity[0].until)
		return 0;
	if (from == last->from && until == last->until)
		return t->validity_count - 1;
	grown = grow(t, t->validity, t->validity_count, &t->validity_cap,
	    sizeof(*t->validity));
	if (grown == NULL)
		return 0;
	t->validity = grown;
	t->validity[t->validity_count] = (struct validity){from, until};
	return t->validity_count++;
}

static struct grant
make_row(struct tables *t, principal_id id, const struct form *form)
{
	return (struct grant){
	    .hash = build_hash(form->key, ""),
	    .text = build_text(t, form->text),
	    .principal = id,
	    .form = (uint8_t)form->kind,
	    .scope = SCOPE_ANY,
	};
}

void
build_grant(struct tables *t, principal_id id, const struct form *form,
    enum scope scope, enum manner manner, int64_t from, int64_t until)
{
	struct grant row = make_row(t, id, form);

	t->templates = t->templates || form->kind >= FORM_LOGIN;
	row.scope = (uint8_t)scope;
	row.manner = (uint8_t)manner;
	row.validity = add_validity(t, from, until);
	GROW(t, grants, grant_count, grant_cap);
	t->grants[t->grant_count++] = row;
}

void
build_deny(struct tables *t, principal_id id, const struct form *form)
{
	struct grant row = make_row(t, id, form);

	GROW(t, denies, deny_count, deny_cap);
	t->denies[t->deny_count++] = row;
}

/* No name of a principal holds the control byte 01. */
static void
set_name(char out[LOGIN_MAX + 32], const char *what, const char *name)
{
	snprintf(out, LOGIN_MAX + 32, "\1%s\1%s", what, name);
}

principal_id
build_set(struct tables *t, const char *what, const char *name)
{
	char full[LOGIN_MAX + 32];

	set_name(full, what, name);
	return build_principal(t, full, PRINCIPAL_SET);
}

principal_id
build_find_set(const struct tables *t, const char *what, const char *name)
{
	char full[LOGIN_MAX + 32];

	set_name(full, what, name);
	return build_find(t, full);
}

void
build_network(struct tables *t, principal_id network, const struct cidr *cidr)
{
	GROW(t, networks, network_count, network_cap);
	t->networks[t->network_count++] = (struct network_row){network, *cidr};
}

static void
rule_free(struct rule *r)
{
	free(r->mechanisms.text);
	free(r->periods);
	free(r->reply);
}

static void
add_rule(struct tables *t, const struct rule *rule)
{
	GROW(t, rules, rule_count, rule_cap);
	t->rules[t->rule_count++] = *rule;
}

void
build_rule(struct tables *t, struct rule *rule)
{
	uint32_t before = t->rule_count;

	add_rule(t, rule);
	if (t->rule_count == before)
		rule_free(rule);
	memset(rule, 0, sizeof(*rule));
}

void
build_network_identity(
    struct tables *t, const struct cidr *cidr, principal_id login)
{
	GROW(t, network_ids, network_id_count, network_id_cap);
	t->network_ids[t->network_id_count++] =
	    (struct network_identity){*cidr, login};
}

void
build_certificate(struct tables *t, const char *subject, const char *issuer,
    principal_id login)
{
	struct certificate_identity c;

	GROW(t, certificates, certificate_count, certificate_cap);
	c = (struct certificate_identity){
	    strdup(subject), strdup(issuer), login};
	t->failed = t->failed || c.subject == NULL || c.issuer == NULL;
	t->certificates[t->certificate_count++] = c;
}

void
build_peer(struct tables *t, const struct peer *peer)
{
	GROW(t, peers, peer_count, peer_cap);
	t->peers[t->peer_count++] = *peer;
}

static void
add_limit(struct tables *t, const struct limit *limit)
{
	GROW(t, limits, limit_count, limit_cap);
	t->limits[t->limit_count++] = *limit;
}

void
build_limit(struct tables *t, struct limit *limit)
{
	uint32_t before = t->limit_count;

	t->failed = t->failed || limit->name == NULL;
	add_limit(t, limit);
	if (t->limit_count == before)
		free(limit->name);
	limit->name = NULL;
}

void
build_pardon(struct tables *t, const char *name, int64_t at)
{
	uint32_t text = build_text(t, name);

	GROW(t, pardons, pardon_count, pardon_cap);
	t->pardons[t->pardon_count++] = (struct pardon){text, at};
}

/* The strings of a suspension, shared by all copies of it: in a mass attack
 * thousands are copied for each new one. */
struct suspension_text {
	atomic_uint users;
	char at[];
};

void
suspension_free(struct suspension *s)
{
	if (atomic_fetch_sub(&s->text->users, 1) == 1)
		free(s->text);
}

bool
suspension_copy(const struct suspension *s, struct suspension *out)
{
	size_t name = strlen(s->name) + 1, why = strlen(s->why) + 1,
	       limit = strlen(s->limit) + 1;
	char *at;

	*out = *s;
	if (s->text != NULL) {
		atomic_fetch_add(&s->text->users, 1);
		return true;
	}
	out->text = malloc(sizeof(*out->text) + name + why + limit);
	if (out->text == NULL)
		return false;
	atomic_init(&out->text->users, 1);
	at = out->text->at;
	out->name = memcpy(at, s->name, name);
	out->why = memcpy(at + name, s->why, why);
	out->limit = memcpy(at + name + why, s->limit, limit);
	return true;
}

void
build_suspension(struct policy *p, const struct suspension *s)
{
	struct suspension copy;
	struct suspension *larger = reallocarray(
	    p->suspensions, p->suspension_count + 1, sizeof(*larger));

	if (larger != NULL)
		p->suspensions = larger;
	if (larger == NULL || !suspension_copy(s, &copy)) {
		p->failed = true;
		return;
	}
	p->suspensions[p->suspension_count++] = copy;
}

struct policy *
build_share(const struct policy *base)
{
	struct policy *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->t = base->t;
	p->shares = true;
	atomic_fetch_add(&p->t->users, 1);
	for (size_t i = 0; i < base->suspension_count; i++)
		build_suspension(p, &base->suspensions[i]);
	return p;
}

struct policy *
policy_suspend(
    const struct policy *base, const struct suspension *automatic, size_t count)
{
	struct policy *p = build_share(base);

	for (size_t i = 0; p != NULL && i < count; i++)
		build_suspension(p, &automatic[i]);
	if (p != NULL && build_finish(p))
		return p;
	policy_free(p);
	return NULL;
}

static void
tables_free(struct tables *t)
{
	release(t->text, t->text_len);
	release(t->principals, t->principal_count * sizeof(*t->principals));
	release(t->names.slots, t->names.mask * sizeof(*t->names.slots));
	release(t->grants, t->grant_count * sizeof(*t->grants));
	free(t->denies);
	free(t->members);
	free(t->groups);
	free(t->validity);
	free(t->by_name);
	free(t->domain_rows);
	free(t->domains);
	free(t->networks);
	for (uint32_t i = 0; i < t->rule_count; i++)
		rule_free(&t->rules[i]);
	free(t->rules);
	free(t->rule_keys);
	free(t->network_ids);
	for (uint32_t i = 0; i < t->certificate_count; i++) {
		free(t->certificates[i].subject);
		free(t->certificates[i].issuer);
	}
	free(t->certificates);
	free(t->peers);
	for (uint32_t i = 0; i < t->limit_count; i++)
		free(t->limits[i].name);
	free(t->limits);
	free(t->pardons);
	free(t->settings.realms.text);
	free(t->settings.login_required.text);
	free(t->settings.default_realm);
	free(t->settings.recipient_delimiter);
	free(t);
}

void
policy_free(struct policy *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->suspension_count; i++)
		suspension_free(&p->suspensions[i]);
	free(p->suspensions);
	if (atomic_fetch_sub(&p->t->users, 1) == 1)
		tables_free(p->t);
	free(p);
}
