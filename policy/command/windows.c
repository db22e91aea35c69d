/* The busiest sliding windows, login by login: one pass over what each sent. */
#include "policy/command/windows.h"
#include "policy/address.h"
#include "policy/verdict.h"

#include <stdlib.h>
#include <string.h>

#define PERIODS 3
#define SUMS 3

static const struct {
	const char *text;
	int64_t seconds;
} periods[PERIODS] = {{"3600", 3600}, {"86400", 86400}, {"604800", 604800}};

static const char *const sums[SUMS] = {
    "messages", "recipients", "new_recipients"};

/* What was sent in one second. */
struct moment {
	int64_t at, n[SUMS];
};

/* Where a value comes into a window, or leaves it. */
struct edge {
	int64_t at;
	int step;
};

/* Any of these, growing. */
struct list {
	void *items;
	size_t count, room;
};

/* The login in hand; no name in the tables is longer. */
struct find {
	struct db *db;
	char login[LOGIN_MAX + 1], metric[16], value[ADDRESS_MAX + 1];
	struct list moments, edges[PERIODS];
	int64_t largest;
};

static void *
list_add(struct find *f, struct list *l, size_t size)
{
	size_t room = l->room * 2 + 64;
	void *larger;

	if (l->count == l->room) {
		larger = reallocarray(l->items, room, size);
		if (larger == NULL) {
			db_fail(f->db, STATUS_UNKNOWN, "out of memory");
			return NULL;
		}
		l->items = larger;
		l->room = room;
	}
	return (char *)l->items + l->count++ * size;
}

static void
write(struct find *f, const char *metric, const char *period, int64_t used)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)used);
	db_run(f->db, SQL_BUSIEST_ADD, metric, period, f->login, text);
}

/* The most of one sum in a window; the moments are in their order. */
static int64_t
most_in(const struct find *f, int sum, int64_t period)
{
	const struct moment *m = f->moments.items;
	int64_t level = 0, most = 0;
	size_t oldest = 0;

	for (size_t i = 0; i < f->moments.count; i++) {
		level += m[i].n[sum];
		for (; m[oldest].at < m[i].at - period; oldest++)
			level -= m[oldest].n[sum];
		if (level > most)
			most = level;
	}
	return most;
}

static void
end_sums(struct find *f)
{
	if (f->moments.count == 0)
		return;
	for (int sum = 0; sum < SUMS; sum++)
		for (int p = 0; p < PERIODS; p++)
			write(f, sums[sum], periods[p].text,
			    most_in(f, sum, periods[p].seconds));
	write(f, "recipients_per_message", "0", f->largest);
	f->moments.count = 0;
	f->largest = 0;
}

static void
find_sums(struct find *f)
{
	sqlite3_stmt *s = db_query(f->db, SQL_SENT_MOMENTS);

	while (db_step(f->db, s)) {
		const char *login = (const char *)sqlite3_column_text(s, 0);
		struct moment *m;

		if (strcmp(login, f->login) != 0) {
			end_sums(f);
			snprintf(f->login, sizeof(f->login), "%s", login);
		}
		m = list_add(f, &f->moments, sizeof(*m));
		if (m == NULL)
			return;
		m->at = sqlite3_column_int64(s, 1);
		for (int i = 0; i < SUMS; i++)
			m->n[i] = sqlite3_column_int64(s, 2 + i);
		if (sqlite3_column_int64(s, 2 + SUMS) > f->largest)
			f->largest = sqlite3_column_int64(s, 2 + SUMS);
	}
	end_sums(f);
}

static void
add_edge(struct find *f, int period, int64_t at, int step)
{
	struct edge *e = list_add(f, &f->edges[period], sizeof(*e));

	if (e != NULL)
		*e = (struct edge){at, step};
}

/* What leaves goes before what comes. */
static int
compare_edges(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->step - y->step;
}

static void
end_distinct(struct find *f)
{
	for (int p = 0; p < PERIODS; p++) {
		struct edge *e = f->edges[p].items;
		int64_t level = 0, most = 0;

		if (f->edges[p].count == 0)
			continue;
		qsort(e, f->edges[p].count, sizeof(*e), compare_edges);
		for (size_t i = 0; i < f->edges[p].count; i++) {
			level += e[i].step;
			if (level > most)
				most = level;
		}
		write(f, f->metric, periods[p].text, most);
		f->edges[p].count = 0;
	}
}

/*
 * The uses of a value come in their order.  It is in a window until the period
 * is over without another; `last` < 0: it had none before, `at` < 0: it has no
 * more.
 */
static void
use(struct find *f, int64_t last, int64_t at)
{
	for (int p = 0; p < PERIODS; p++) {
		bool gone =
		    last >= 0 && (at < 0 || at - last > periods[p].seconds);

		if (gone)
			add_edge(f, p, last + periods[p].seconds + 1, -1);
		if (at >= 0 && (gone || last < 0))
			add_edge(f, p, at, 1);
	}
}

static void
find_distinct(struct find *f)
{
	sqlite3_stmt *s = db_query(f->db, SQL_SENT_USES);
	int64_t last = -1;

	f->login[0] = '\0';
	while (db_step(f->db, s)) {
		const char *metric = (const char *)sqlite3_column_text(s, 0);
		const char *login = (const char *)sqlite3_column_text(s, 1);
		const char *value = (const char *)sqlite3_column_text(s, 2);
		int64_t at = sqlite3_column_int64(s, 3);
		bool other = strcmp(login, f->login) != 0 ||
			     strcmp(metric, f->metric) != 0;

		if ((other || strcmp(value, f->value) != 0) && last >= 0) {
			use(f, last, -1);
			last = -1;
		}
		if (other) {
			end_distinct(f);
			snprintf(f->login, sizeof(f->login), "%s", login);
			snprintf(f->metric, sizeof(f->metric), "%s", metric);
		}
		snprintf(f->value, sizeof(f->value), "%s", value);
		use(f, last, at);
		last = at;
	}
	if (last >= 0)
		use(f, last, -1);
	end_distinct(f);
}

void
windows_find(struct db *db)
{
	struct find f = {.db = db};

	find_sums(&f);
	find_distinct(&f);
	free(f.moments.items);
	for (int p = 0; p < PERIODS; p++)
		free(f.edges[p].items);
}
