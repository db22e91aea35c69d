/* The last step of a policy copy: one sort and index of everything. */
#include "build.h"

#include "release.h"

#include <stdlib.h>
#include <string.h>

/* By name, those by hand before the automatic ones; then those first that
 * began last, and of these those that end last. */
static int
compare_suspensions(const void *a, const void *b)
{
	const struct suspension *x = a, *y = b;
	int by_name = strcmp(x->name, y->name);
	int by_kind = (x->limit[0] != '\0') - (y->limit[0] != '\0');

	if (by_name != 0)
		return by_name;
	if (by_kind != 0)
		return by_kind;
	if (x->since != y->since)
		return x->since < y->since ? 1 : -1;
	return (x->until < y->until) - (x->until > y->until);
}

/* Does `s` add nothing to `other`?  One that began later is voided later by a
 * pardon. */
static bool
is_within(const struct suspension *s, const struct suspension *other)
{
	return strcmp(s->name, other->name) == 0 &&
	       (s->limit[0] == '\0') == (other->limit[0] == '\0') &&
	       s->since <= other->since && s->until <= other->until;
}

/* Sorts the suspensions and drops those that add nothing. */
static void
finish_suspensions(struct policy *p)
{
	size_t kept = 0;

	if (p->suspension_count == 0)
		return;
	qsort(p->suspensions, p->suspension_count, sizeof(*p->suspensions),
	    compare_suspensions);
	for (size_t i = 1; i < p->suspension_count; i++)
		if (is_within(&p->suspensions[i], &p->suspensions[kept]))
			suspension_free(&p->suspensions[i]);
		else
			p->suspensions[++kept] = p->suspensions[i];
	p->suspension_count = kept + 1;
}

static int
order(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

/* Rows of one principal. */
static int
compare_rows(const void *a, const void *b)
{
	const struct grant *x = a, *y = b;
	int by_hash = order(x->hash, y->hash);

	return by_hash != 0 ? by_hash : order(x->text, y->text);
}

/*
 * Sorts rows by principal, counting how many each has, and then the few of
 * each.  False: out of memory.
 */
static bool
sort_rows(const struct tables *t, struct grant **rows, uint32_t count)
{
	struct grant *sorted = calloc(count + 1ul, sizeof(*sorted));
	uint32_t *next = calloc(t->principal_count + 1ul, sizeof(*next));
	uint32_t first = 0;

	if (sorted == NULL || next == NULL) {
		free(sorted);
		free(next);
		return false;
	}
	for (uint32_t i = 0; i < count; i++)
		next[(*rows)[i].principal + 1]++;
	for (principal_id id = 0; id < t->principal_count; id++)
		next[id + 1] += next[id];
	for (uint32_t i = 0; i < count; i++)
		sorted[next[(*rows)[i].principal]++] = (*rows)[i];
	for (principal_id id = 0; id < t->principal_count; first = next[id++])
		qsort(sorted + first, next[id] - first, sizeof(*sorted),
		    compare_rows);
	free(next);
	release(*rows, count * sizeof(**rows));
	*rows = sorted;
	return true;
}

static int
compare_by_hash(const void *a, const void *b, void *grants)
{
	const struct grant *g = grants;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int by_hash = order(g[x].hash, g[y].hash);

	return by_hash != 0 ? by_hash : order(x, y);
}

static int
compare_members(const void *a, const void *b, void *tables)
{
	const struct member *x = a, *y = b;
	const struct tables *t = tables;
	int by_login = order(x->login, y->login);

	return by_login != 0 ? by_login
			     : strcmp(t->text + t->principals[x->group].name,
				   t->text + t->principals[y->group].name);
}

static int
compare_domains(const void *a, const void *b)
{
	return strcmp(((const struct local_domain *)a)->name,
	    ((const struct local_domain *)b)->name);
}

static bool
finish_rows(struct tables *t)
{
	if (!sort_rows(t, &t->grants, t->grant_count) ||
	    !sort_rows(t, &t->denies, t->deny_count))
		return false;
	for (uint32_t i = t->grant_count; i-- > 0;) {
		t->principals[t->grants[i].principal].grants = i;
		t->principals[t->grants[i].principal].grant_count++;
	}
	for (uint32_t i = t->deny_count; i-- > 0;) {
		t->principals[t->denies[i].principal].denies = i;
		t->principals[t->denies[i].principal].deny_count++;
	}
	return true;
}

static bool
finish_groups(struct tables *t)
{
	t->groups = calloc(t->member_count + 1, sizeof(*t->groups));
	if (t->groups == NULL)
		return false;
	if (t->member_count > 0)
		qsort_r(t->members, t->member_count, sizeof(*t->members),
		    compare_members, t);
	for (uint32_t i = t->member_count; i-- > 0;) {
		struct principal *login = &t->principals[t->members[i].login];

		t->groups[i] = t->members[i].group;
		login->groups = i;
		login->group_count++;
	}
	free(t->members);
	t->members = NULL;
	return true;
}

static bool
finish_domains(struct tables *t)
{
	t->domains = calloc(t->domain_count + 1, sizeof(*t->domains));
	if (t->domains == NULL)
		return false;
	for (uint32_t i = 0; i < t->domain_count; i++)
		t->domains[i] = (struct local_domain){
		    t->text + t->domain_rows[i].name,
		    t->text + t->domain_rows[i].owner,
		};
	qsort(
	    t->domains, t->domain_count, sizeof(*t->domains), compare_domains);
	free(t->domain_rows);
	t->domain_rows = NULL;
	return true;
}

/* Could the grant be taken for a sub-address of another address? */
static bool
has_delimiter(const struct tables *t, const struct grant *g)
{
	const char *text = t->text + g->text;

	return g->form == FORM_ADDRESS &&
	       text[strcspn(text, t->settings.recipient_delimiter)] != '\0';
}

/* Indexes the exact grants that could be somebody's sub-address. */
static bool
finish_by_name(struct tables *t)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < t->grant_count; i++)
		count += has_delimiter(t, &t->grants[i]);
	if (count == 0)
		return true;
	t->by_name = calloc(count, sizeof(*t->by_name));
	if (t->by_name == NULL)
		return false;
	for (uint32_t i = 0; i < t->grant_count; i++)
		if (has_delimiter(t, &t->grants[i]))
			t->by_name[t->by_name_count++] = i;
	qsort_r(t->by_name, t->by_name_count, sizeof(*t->by_name),
	    compare_by_hash, t->grants);
	return true;
}

static int
compare_limits(const void *a, const void *b)
{
	const struct limit *x = a, *y = b;
	int by_principal = order(x->principal, y->principal);

	return by_principal != 0 ? by_principal : strcmp(x->name, y->name);
}

static int
compare_pardons(const void *a, const void *b, void *tables)
{
	const struct pardon *x = a, *y = b;
	const struct tables *t = tables;
	int by_name = strcmp(t->text + x->name, t->text + y->name);

	return by_name != 0 ? by_name : (x->at > y->at) - (x->at < y->at);
}

static void
finish_limits(struct tables *t)
{
	if (t->limit_count > 0)
		qsort(t->limits, t->limit_count, sizeof(*t->limits),
		    compare_limits);
	if (t->pardon_count > 0)
		qsort_r(t->pardons, t->pardon_count, sizeof(*t->pardons),
		    compare_pardons, t);
}

bool
build_finish(struct policy *p)
{
	struct tables *t = p->t;

	if (p->failed)
		return false;
	finish_suspensions(p);
	if (p->shares)
		return true;
	if (t->failed)
		return false;
	t->everyone = build_find(t, "everyone");
	t->anonymous = build_find(t, "anonymous");
	finish_limits(t);
	build_identities_finish(t);
	return finish_rows(t) && finish_groups(t) && finish_domains(t) &&
	       finish_by_name(t) && build_rules_finish(t);
}
