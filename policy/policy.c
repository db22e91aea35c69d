/* The policy copy: look-ups in immutable arrays. */
#include "build.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a over two texts that together are the key. */
uint32_t
build_hash(const char *head, const char *tail)
{
	uint32_t h = 2166136261u;

	for (int part = 0; part < 2; part++)
		for (const char *s = part == 0 ? head : tail; *s != '\0'; s++)
			h = (h ^ (unsigned char)*s) * 16777619u;
	return h;
}

bool
words_have(struct words words, const char *word, size_t len)
{
	for (const char *w = words.text; *w != '\0';) {
		size_t n = strcspn(w, " ");

		if (n == len && strncasecmp(w, word, n) == 0)
			return true;
		w += n + (w[n] == ' ');
	}
	return false;
}

const struct settings *
policy_settings(const struct policy *p)
{
	return &p->t->settings;
}

uint64_t
policy_generation(const struct policy *p)
{
	return p->generation;
}

void
policy_set_generation(struct policy *p, uint64_t generation)
{
	p->generation = generation;
}

size_t
policy_principal_count(const struct policy *p)
{
	return p->t->principal_count;
}

bool
policy_has_templates(const struct policy *p)
{
	return p->t->templates;
}

size_t
policy_grant_count(const struct policy *p)
{
	return p->t->grant_count;
}

principal_id
build_find(const struct tables *t, const char *name)
{
	uint32_t hash = build_hash(name, "");

	if (t->names.slots == NULL)
		return PRINCIPAL_NONE;
	for (uint32_t i = hash;; i++) {
		const struct name_slot *s = &t->names.slots[i & t->names.mask];

		if (s->id == PRINCIPAL_NONE ||
		    (s->hash == hash &&
			strcmp(t->text + t->principals[s->id].name, name) == 0))
			return s->id;
	}
}

principal_id
policy_principal(const struct policy *p, const char *name)
{
	return build_find(p->t, name);
}

principal_id
policy_everyone(const struct policy *p)
{
	return p->t->everyone;
}

principal_id
policy_anonymous(const struct policy *p)
{
	return p->t->anonymous;
}

const char *
policy_name(const struct policy *p, principal_id id)
{
	return p->t->text + p->t->principals[id].name;
}

enum principal_kind
policy_kind(const struct policy *p, principal_id id)
{
	return (enum principal_kind)p->t->principals[id].kind;
}

enum mode
policy_mode(const struct policy *p, principal_id id)
{
	return id == PRINCIPAL_NONE ? MODE_INHERIT
				    : (enum mode)p->t->principals[id].mode;
}

enum originators
policy_originators(const struct policy *p, principal_id id)
{
	return id == PRINCIPAL_NONE
		   ? ORIGINATORS_INHERIT
		   : (enum originators)p->t->principals[id].originators;
}

size_t
policy_groups(
    const struct policy *p, principal_id login, const principal_id **groups)
{
	const struct principal *of;

	*groups = NULL;
	if (login == PRINCIPAL_NONE)
		return 0;
	of = &p->t->principals[login];
	*groups = p->t->groups + of->groups;
	return of->group_count;
}

/* Is it in force at `now`: not over, and not pardoned? */
static bool
suspends(const struct policy *p, const struct suspension *s, int64_t now)
{
	return now <= s->until &&
	       (s->limit[0] == '\0' ||
		   policy_pardon(p, s->name, now) < s->since);
}

const struct suspension *
policy_next_suspension(
    const struct policy *p, const struct suspension *last, int64_t now)
{
	size_t i = last == NULL ? 0 : (size_t)(last - p->suspensions) + 1;

	while (i < p->suspension_count && !suspends(p, &p->suspensions[i], now))
		i++;
	return i < p->suspension_count ? &p->suspensions[i] : NULL;
}

const struct suspension *
policy_suspension(const struct policy *p, const char *name, int64_t now)
{
	size_t low = 0, high = p->suspension_count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(p->suspensions[mid].name, name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < p->suspension_count; low++) {
		const struct suspension *s = &p->suspensions[low];

		if (strcmp(s->name, name) != 0)
			break;
		if (suspends(p, s, now))
			return s;
	}
	return NULL;
}

const struct local_domain *
policy_local_domain(const struct policy *p, const char *domain)
{
	uint32_t low = 0, high = p->t->domain_count;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		int order = strcmp(domain, p->t->domains[mid].name);

		if (order == 0)
			return &p->t->domains[mid];
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

const struct local_domain *
policy_first_domain(const struct policy *p)
{
	return p->t->domain_count > 0 ? &p->t->domains[0] : NULL;
}

void
lookup_init(struct lookup *l, const struct address *a)
{
	l->address = *a;
	l->count = form_keys(&l->address, true, l->keys);
	for (size_t i = 0; i < l->count; i++)
		l->hashes[i] = build_hash(l->keys[i].head, l->keys[i].tail);
}

/* The first of `count` rows, sorted by hash, whose hash is not below. */
static const struct grant *
lower_bound(const struct grant *rows, size_t count, uint32_t hash)
{
	while (count > 0) {
		size_t half = count / 2;

		if (rows[half].hash < hash) {
			rows += half + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	return rows;
}

static bool
text_is(const char *text, const char *head, const char *tail)
{
	size_t n = strlen(head);

	return strncmp(text, head, n) == 0 && strcmp(text + n, tail) == 0;
}

/* Is a template of this kind, for the address in `l`, filled by `who`? */
static bool
template_covers(const struct policy *p, enum form_kind kind,
    const struct lookup *l, const struct who *who)
{
	const struct address *a = &l->address;
	const char *domain = address_domain(a);

	if (who == NULL)
		return false;
	if (kind == FORM_LOGIN)
		return who->address && who->domain_local &&
		       address_equal(&who->self, a);
	if (kind == FORM_LOGIN_DOMAIN)
		return who->address && who->domain_local &&
		       strcmp(who->domain, domain) == 0;
	return who->user[0] != '\0' && strlen(who->user) == a->local_len &&
	       memcmp(who->user, a->text, a->local_len) == 0 &&
	       (who->domain[0] == '\0' || strcmp(who->domain, domain) == 0 ||
		   strcmp(who->domain, p->t->settings.default_realm) == 0);
}

/* Does the row, whose hash is that of key `k`, cover the address? */
static bool
row_covers(const struct policy *p, const struct grant *row,
    const struct lookup *l, const struct form_key *k, const struct who *who)
{
	const char *text = p->t->text + row->text;

	if (row->form != k->kind)
		return false;
	if (k->kind == FORM_PATTERN)
		return strcmp(strrchr(text, '@') + 1, k->tail) == 0 &&
		       form_pattern_covers(text, &l->address);
	if (!text_is(text, k->head, k->tail))
		return false;
	if (k->kind == FORM_LOGIN || k->kind == FORM_USER ||
	    k->kind == FORM_LOGIN_DOMAIN)
		return template_covers(p, k->kind, l, who);
	return true;
}

static bool
valid_at(const struct policy *p, const struct grant *row, int64_t now)
{
	const struct validity *v = &p->t->validity[row->validity];

	return v->from <= now && now <= v->until;
}

const struct grant *
policy_grant(const struct policy *p, principal_id id, const struct lookup *l,
    const struct who *who, enum scope scope, enum manner manner, int64_t now)
{
	const struct grant *rows;
	size_t count = policy_grants(p, id, &rows);
	const struct grant *end;

	if (count == 0)
		return NULL;
	end = rows + count;
	for (size_t i = 0; i < l->count; i++)
		for (const struct grant *g =
			 lower_bound(rows, count, l->hashes[i]);
		     g < end && g->hash == l->hashes[i]; g++)
			if ((g->scope & scope) != 0 && g->manner == manner &&
			    valid_at(p, g, now) &&
			    row_covers(p, g, l, &l->keys[i], who))
				return g;
	return NULL;
}

const struct grant *
policy_deny(const struct policy *p, principal_id id, const struct lookup *l)
{
	const struct principal *of;
	const struct grant *rows, *end;

	if (id == PRINCIPAL_NONE)
		return NULL;
	of = &p->t->principals[id];
	if (of->deny_count == 0)
		return NULL;
	rows = p->t->denies + of->denies;
	end = rows + of->deny_count;
	for (size_t i = 0; i < l->count; i++)
		for (const struct grant *g =
			 lower_bound(rows, of->deny_count, l->hashes[i]);
		     g < end && g->hash == l->hashes[i]; g++)
			if (row_covers(p, g, l, &l->keys[i], NULL))
				return g;
	return NULL;
}

const struct grant *
policy_grant_exact(const struct policy *p, principal_id id,
    const struct address *a, enum scope scope, enum manner manner, int64_t now)
{
	struct lookup exact;

	exact.address = *a;
	exact.count = 1;
	exact.keys[0] = (struct form_key){FORM_ADDRESS, exact.address.text, ""};
	exact.hashes[0] = build_hash(exact.address.text, "");
	return policy_grant(p, id, &exact, NULL, scope, manner, now);
}

const struct grant *
policy_granted_by_name(const struct policy *p, const struct address *a,
    principal_id id, int64_t now)
{
	const struct tables *t = p->t;
	uint32_t hash = build_hash(a->text, "");
	uint32_t low = 0, high = t->by_name_count;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (t->grants[t->by_name[mid]].hash < hash)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < t->by_name_count; low++) {
		const struct grant *g = &t->grants[t->by_name[low]];

		if (g->hash != hash)
			break;
		if (g->principal != id && valid_at(p, g, now) &&
		    strcmp(t->text + g->text, a->text) == 0)
			return g;
	}
	return NULL;
}

size_t
policy_grants(
    const struct policy *p, principal_id id, const struct grant **rows)
{
	*rows = NULL;
	if (id == PRINCIPAL_NONE || p->t->principals[id].grant_count == 0)
		return 0;
	*rows = p->t->grants + p->t->principals[id].grants;
	return p->t->principals[id].grant_count;
}

const char *
policy_grant_text(const struct policy *p, const struct grant *g)
{
	return p->t->text + g->text;
}
