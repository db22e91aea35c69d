/* What is counted, and who is suspended for it; in memory. */
#include "milter/state.h"

#include "milter/keeper.h"
#include "milter/limits.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>

static struct {
	pthread_mutex_t lock;
	struct ledger *ledger;
	struct suspension *suspensions;
	size_t count;
} state = {.lock = PTHREAD_MUTEX_INITIALIZER};

bool
state_start(const struct config *c, struct diag *d)
{
	struct print_key key;

	(void)c;
	while (getrandom(&key, sizeof(key), 0) != sizeof(key))
		continue;
	state.ledger = ledger_new();
	if (state.ledger == NULL)
		diag_add(d, "out of memory");
	else
		ledger_set_key(state.ledger, &key);
	limits_open(state.ledger);
	return state.ledger != NULL;
}

void
state_stop(void)
{
}

struct ledger *
state_ledger(void)
{
	return state.ledger;
}

void
state_suspend(const struct suspension *s)
{
	struct suspension *larger;

	pthread_mutex_lock(&state.lock);
	larger =
	    reallocarray(state.suspensions, state.count + 1, sizeof(*larger));
	if (larger != NULL) {
		state.suspensions = larger;
		state.count += suspension_copy(s, &larger[state.count]);
		keeper_contain(state.suspensions, state.count);
	}
	pthread_mutex_unlock(&state.lock);
}
