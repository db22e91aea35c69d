/* The busiest sliding windows, login by login: one pass over what each sent. */
#include "policy/command/windows.h"

#include <stdlib.h>

#define PERIODS 3

static const struct {
	const char *text;
	int64_t seconds;
} periods[PERIODS] = {{"3600", 3600}, {"86400", 86400}, {"604800", 604800}};

static const char *const sums[SUMS] = {[SUM_MESSAGES] = "messages",
    [SUM_RECIPIENTS] = "recipients",
    [SUM_NEW_RECIPIENTS] = "new_recipients"};
static const char *const distincts[DISTINCTS] = {
    [DISTINCT_SENDERS] = "senders", [DISTINCT_NETWORKS] = "networks"};

/* Where a value comes into a window, or leaves it. */
struct edge {
	int64_t at;
	int step;
};

struct find {
	struct db *db;
	const struct sent *sent;
	struct list edges[PERIODS]; /* of the login in hand */
};

static void
write(struct find *f, const char *metric, const char *period, uint32_t login,
    int64_t used)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)used);
	db_run(f->db, SQL_BUSIEST_ADD, metric, period,
	    sent_text(f->sent, login), text);
}

/* The most of one sum in a window. */
static int64_t
most_in(const struct moment *m, size_t count, enum sum sum, int64_t period)
{
	int64_t level = 0, most = 0;
	size_t oldest = 0;

	for (size_t i = 0; i < count; i++) {
		level += m[i].n[sum];
		for (; m[oldest].at < m[i].at - period; oldest++)
			level -= m[oldest].n[sum];
		if (level > most)
			most = level;
	}
	return most;
}

/* What adds up, of the login whose moments these are. */
static void
write_sums(struct find *f, const struct moment *m, size_t count)
{
	uint32_t largest = 0;

	for (enum sum sum = 0; sum < SUMS; sum++)
		for (int p = 0; p < PERIODS; p++)
			write(f, sums[sum], periods[p].text, m->login,
			    most_in(m, count, sum, periods[p].seconds));
	for (size_t i = 0; i < count; i++)
		if (m[i].n[SUM_RECIPIENTS] > largest)
			largest = m[i].n[SUM_RECIPIENTS];
	write(f, "recipients_per_message", "0", m->login, largest);
}

static void
find_sums(struct find *f)
{
	const struct moment *m = f->sent->moments.items;
	size_t begin = 0, count = f->sent->moments.count;

	for (size_t i = 0; i < count; i++)
		if (i + 1 == count || m[i + 1].login != m[i].login) {
			write_sums(f, m + begin, i + 1 - begin);
			begin = i + 1;
		}
}

static void
add_edge(struct find *f, int period, int64_t at, int step)
{
	struct edge *e = list_add(&f->edges[period], sizeof(*e));

	if (e == NULL)
		db_fail(f->db, STATUS_UNKNOWN, "out of memory");
	else
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

/* What is told apart, of the login whose edges these are. */
static void
write_distinct(struct find *f, enum distinct what, uint32_t login)
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
		write(f, distincts[what], periods[p].text, login, most);
		f->edges[p].count = 0;
	}
}

/*
 * One use of a value: it is in a window until the period is over without
 * another.  `last`, `next`: the same value's before and after, or NULL.
 */
static void
add_use(struct find *f, const struct use *last, const struct use *use,
    const struct use *next)
{
	for (int p = 0; p < PERIODS; p++) {
		int64_t period = periods[p].seconds;

		if (last == NULL || use->at - last->at > period)
			add_edge(f, p, use->at, 1);
		if (next == NULL || next->at - use->at > period)
			add_edge(f, p, use->at + period + 1, -1);
	}
}

static void
find_distinct(struct find *f, enum distinct what)
{
	const struct use *u = f->sent->uses[what].items, *last = NULL;
	size_t count = f->sent->uses[what].count;

	for (size_t i = 0; i < count; i++) {
		bool ends = i + 1 == count || u[i + 1].login != u[i].login;
		const struct use *next =
		    ends || u[i + 1].value != u[i].value ? NULL : &u[i + 1];

		add_use(f, last, &u[i], next);
		last = next == NULL ? NULL : &u[i];
		if (ends)
			write_distinct(f, what, u[i].login);
	}
}

void
windows_find(struct db *db, const struct sent *sent)
{
	struct find f = {.db = db, .sent = sent};

	find_sums(&f);
	for (enum distinct what = 0; what < DISTINCTS; what++)
		find_distinct(&f, what);
	for (int p = 0; p < PERIODS; p++)
		free(f.edges[p].items);
}
