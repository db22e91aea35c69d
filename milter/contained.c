/*
 * Automatic suspensions.  The rule guarded here: what is added is in force
 * when the one who added it goes on.
 */
#include "milter/contained.h"

#include "milter/copies.h"
#include "milter/log.h"
#include "policy/limit.h"
#include "policy/when.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#define LISTED 100

static struct {
	pthread_mutex_t lock;  /* guards all */
	pthread_cond_t served; /* `done` has grown */
	struct suspension *at; /* by name and limit */
	uint64_t *tickets;     /* beside them; 0: it was read from a file */
	size_t count, room;
	uint64_t last, done; /* tickets */
} contained = {.lock = PTHREAD_MUTEX_INITIALIZER};

void
contained_start(void)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&contained.served, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

void
contained_stop(void)
{
	contained_free(contained.at, contained.count);
	free(contained.tickets);
	contained.at = NULL;
	contained.tickets = NULL;
	contained.count = contained.room = 0;
	contained.last = contained.done = 0;
	pthread_cond_destroy(&contained.served);
}

/* Is `s` superfluous beside `other`, of the same name and limit? */
static bool
is_within(const struct suspension *s, const struct suspension *other)
{
	return s->until <= other->until && s->since <= other->since;
}

/* By name, then by limit. */
static int
compare(const struct suspension *a, const struct suspension *b)
{
	int by_name = strcmp(a->name, b->name);

	return by_name != 0 ? by_name : strcmp(a->limit, b->limit);
}

/* The first one of the name and limit of `s`, or where it would be. */
static size_t
place_of(const struct suspension *s)
{
	size_t low = 0, high = contained.count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (compare(&contained.at[mid], s) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Moves those from `from` on to `to`. */
static void
move(size_t to, size_t from)
{
	size_t n = contained.count - from;

	memmove(
	    contained.at + to, contained.at + from, n * sizeof(*contained.at));
	memmove(contained.tickets + to, contained.tickets + from,
	    n * sizeof(*contained.tickets));
	contained.count = to + n;
}

/* Drops those that are over at `now`. */
static void
drop_over(int64_t now)
{
	size_t kept = 0;

	for (size_t i = 0; i < contained.count; i++) {
		if (contained.at[i].until < now) {
			suspension_free(&contained.at[i]);
			continue;
		}
		contained.at[kept] = contained.at[i];
		contained.tickets[kept++] = contained.tickets[i];
	}
	contained.count = kept;
}

static bool
make_room(void)
{
	size_t room = contained.room * 2 + 8;
	struct suspension *at;
	uint64_t *tickets;

	if (contained.count < contained.room)
		return true;
	at = reallocarray(contained.at, room, sizeof(*at));
	if (at != NULL)
		contained.at = at;
	tickets = reallocarray(contained.tickets, room, sizeof(*tickets));
	if (tickets != NULL)
		contained.tickets = tickets;
	if (at == NULL || tickets == NULL)
		return false;
	contained.room = room;
	return true;
}

/* Adds a copy under the lock, unless one like it is there. */
static bool
add(const struct suspension *s, bool is_new, uint64_t *ticket)
{
	size_t first = place_of(s), at = first;
	struct suspension copy;

	for (; at < contained.count && compare(&contained.at[at], s) == 0; at++)
		if (is_within(s, &contained.at[at])) {
			*ticket = contained.tickets[at];
			return true;
		}
	if (!make_room() || !suspension_copy(s, &copy))
		return false;
	while (at-- > first)
		if (is_within(&contained.at[at], &copy)) {
			suspension_free(&contained.at[at]);
			move(at, at + 1);
		}
	move(first + 1, first);
	*ticket = is_new ? ++contained.last : 0;
	contained.at[first] = copy;
	contained.tickets[first] = *ticket;
	return true;
}

bool
contained_add(const struct suspension *s, uint64_t *ticket)
{
	bool added;

	pthread_mutex_lock(&contained.lock);
	added = add(s, true, ticket);
	pthread_mutex_unlock(&contained.lock);
	return added;
}

void
contained_find(void *ctx, const struct suspension *s)
{
	uint64_t ticket;
	bool added;

	(void)ctx;
	pthread_mutex_lock(&contained.lock);
	added = add(s, false, &ticket);
	pthread_mutex_unlock(&contained.lock);
	if (!added)
		log_line(
		    LOG_ERR, "out of memory: %s is not suspended", s->name);
}

bool
contained_wait(uint64_t ticket, int seconds)
{
	struct timespec until;
	bool served;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += seconds;
	pthread_mutex_lock(&contained.lock);
	while (contained.done < ticket && rc == 0)
		rc = pthread_cond_timedwait(
		    &contained.served, &contained.lock, &until);
	served = contained.done >= ticket;
	pthread_mutex_unlock(&contained.lock);
	return served;
}

bool
contained_waits(uint64_t *ticket)
{
	bool waits;

	pthread_mutex_lock(&contained.lock);
	*ticket = contained.last;
	waits = contained.done < contained.last;
	pthread_mutex_unlock(&contained.lock);
	return waits;
}

bool
contained_copy(bool all, struct suspension **out, size_t *count)
{
	bool whole;

	*count = 0;
	pthread_mutex_lock(&contained.lock);
	*out = calloc(contained.count + 1, sizeof(**out));
	whole = *out != NULL;
	for (size_t i = 0; whole && i < contained.count; i++) {
		if (!all && contained.tickets[i] <= contained.done)
			continue;
		whole = suspension_copy(&contained.at[i], &(*out)[*count]);
		*count += whole;
	}
	pthread_mutex_unlock(&contained.lock);
	return whole;
}

void
contained_free(struct suspension *copies, size_t count)
{
	for (size_t i = 0; i < count; i++)
		suspension_free(&copies[i]);
	free(copies);
}

void
contained_serve(uint64_t ticket)
{
	pthread_mutex_lock(&contained.lock);
	contained.done = ticket;
	pthread_cond_broadcast(&contained.served);
	pthread_mutex_unlock(&contained.lock);
}

void
contained_enforce(void)
{
	pthread_mutex_lock(&contained.lock);
	drop_over(time(NULL));
	copies_contain(contained.at, contained.count);
	pthread_mutex_unlock(&contained.lock);
	copies_free_unused();
}

/* Is it in force?  `p` may be NULL. */
static bool
stands(const struct suspension *s, const struct policy *p, int64_t now)
{
	return s->until >= now &&
	       (p == NULL || policy_pardon(p, s->name, now) < s->since);
}

uint64_t
contained_count(void)
{
	const struct policy *p = copies_take();
	int64_t now = time(NULL);
	uint64_t n = 0;

	pthread_mutex_lock(&contained.lock);
	for (size_t i = 0; i < contained.count; i++)
		n += stands(&contained.at[i], p, now);
	pthread_mutex_unlock(&contained.lock);
	copies_give(p);
	return n;
}

static void
write_one(struct json *j, const struct suspension *s)
{
	char since[WHEN_TEXT_SIZE], until[WHEN_TEXT_SIZE];

	when_format(s->since, since);
	when_format(s->until, until);
	json_object(j, NULL);
	json_string(j, "principal", s->name);
	json_string(j, "limit", s->limit);
	json_string(j, "since", since);
	json_string(j, "until", until);
	json_object_end(j);
}

void
contained_status(struct json *j)
{
	const struct policy *p = copies_take();
	int64_t now = time(NULL);
	int listed = 0;

	json_array(j, "suspensions");
	pthread_mutex_lock(&contained.lock);
	for (size_t i = 0; i < contained.count && listed < LISTED; i++)
		if (stands(&contained.at[i], p, now)) {
			write_one(j, &contained.at[i]);
			listed++;
		}
	pthread_mutex_unlock(&contained.lock);
	json_array_end(j);
	copies_give(p);
}
