/*
 * Policy copies while they are in force and after.  The rule guarded here: a
 * copy lives as long as somebody holds it, and is never freed in a callback.
 */
#include "milter/copies.h"

#include "milter/log.h"

#include <pthread.h>
#include <stdlib.h>
#include <syslog.h>

struct held {
	struct policy *policy;
	unsigned users;
	struct held *next;
};

static struct {
	pthread_mutex_t lock; /* guards all down to the empty line */
	struct held *current; /* NULL: no policy */
	struct held *retired; /* freed once unused */
	uint64_t generation;

	/* who puts a copy in force holds this, and then the lock */
	pthread_mutex_t swap;
	struct policy *plain; /* the copy without automatic suspensions */
	struct suspension *automatic;
	size_t automatic_count;
} copies = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .swap = PTHREAD_MUTEX_INITIALIZER,
};

const struct policy *
copies_take(void)
{
	const struct policy *policy = NULL;

	pthread_mutex_lock(&copies.lock);
	if (copies.current != NULL) {
		copies.current->users++;
		policy = copies.current->policy;
	}
	pthread_mutex_unlock(&copies.lock);
	return policy;
}

void
copies_give(const struct policy *policy)
{
	struct held *h;

	if (policy == NULL)
		return;
	pthread_mutex_lock(&copies.lock);
	h = copies.current;
	if (h == NULL || h->policy != policy)
		for (h = copies.retired; h->policy != policy; h = h->next)
			continue;
	h->users--;
	pthread_mutex_unlock(&copies.lock);
}

void
copies_free_unused(void)
{
	struct held *unused = NULL;

	pthread_mutex_lock(&copies.lock);
	for (struct held **h = &copies.retired; *h != NULL;) {
		struct held *this = *h;

		if (this->users > 0) {
			h = &this->next;
			continue;
		}
		*h = this->next;
		this->next = unused;
		unused = this;
	}
	pthread_mutex_unlock(&copies.lock);
	while (unused != NULL) {
		struct held *next = unused->next;

		policy_free(unused->policy);
		free(unused);
		unused = next;
	}
}

/* Makes `policy` the copy in force.  False: out of memory, the old one stays.
 */
static bool
publish(struct policy *policy)
{
	struct held *h = calloc(1, sizeof(*h));

	if (h == NULL) {
		policy_free(policy);
		return false;
	}
	h->policy = policy;
	pthread_mutex_lock(&copies.lock);
	policy_set_generation(policy, ++copies.generation);
	if (copies.current != NULL) {
		copies.current->next = copies.retired;
		copies.retired = copies.current;
	}
	copies.current = h;
	pthread_mutex_unlock(&copies.lock);
	return true;
}

bool
copies_put(struct policy *plain)
{
	struct policy *whole, *unused = plain;
	bool done;

	pthread_mutex_lock(&copies.swap);
	whole = policy_suspend(plain, copies.automatic, copies.automatic_count);
	done = whole != NULL && publish(whole);
	if (done) {
		policy_set_generation(plain, policy_generation(whole));
		unused = copies.plain;
		copies.plain = plain;
	}
	pthread_mutex_unlock(&copies.swap);
	policy_free(unused);
	copies_free_unused();
	return done;
}

static void
clear_automatic(void)
{
	for (size_t i = 0; i < copies.automatic_count; i++)
		suspension_free(&copies.automatic[i]);
	free(copies.automatic);
	copies.automatic = NULL;
	copies.automatic_count = 0;
}

/* Takes over copies of the suspensions.  What memory is out for is left out
 * here, loudly: its limit still stands. */
static void
keep_automatic(const struct suspension *automatic, size_t count)
{
	struct suspension *kept = calloc(count + 1, sizeof(*kept));
	size_t n = 0;

	for (size_t i = 0; kept != NULL && i < count; i++)
		n += suspension_copy(&automatic[i], &kept[n]);
	clear_automatic();
	copies.automatic = kept;
	copies.automatic_count = n;
	if (n < count)
		log_line(
		    LOG_ERR, "out of memory: a suspension is not in force");
}

void
copies_contain(const struct suspension *automatic, size_t count)
{
	struct policy *whole = NULL;

	pthread_mutex_lock(&copies.swap);
	keep_automatic(automatic, count);
	if (copies.plain != NULL)
		whole = policy_suspend(
		    copies.plain, copies.automatic, copies.automatic_count);
	if (whole != NULL)
		(void)publish(whole);
	else if (copies.plain != NULL)
		log_line(
		    LOG_ERR, "out of memory: a suspension is not in force");
	pthread_mutex_unlock(&copies.swap);
}

const struct policy *
copies_plain(void)
{
	return copies.plain;
}

void
copies_clear(void)
{
	pthread_mutex_lock(&copies.lock);
	if (copies.current != NULL) {
		copies.current->next = copies.retired;
		copies.retired = copies.current;
		copies.current = NULL;
	}
	pthread_mutex_unlock(&copies.lock);
	copies_free_unused();
	policy_free(copies.plain);
	copies.plain = NULL;
	clear_automatic();
}
