#ifndef POLICY_COMMAND_SENT_H
#define POLICY_COMMAND_SENT_H

/*
 * What logins sent, in memory: some 70 bytes a message, and every name once.
 * Filled in any order; sent_sort() brings it into that of logins and times.
 * When memory is out `failed` is set, and nothing is taken any more.
 */

#include "policy/arena.h"
#include "policy/prints.h"

/* Items of one size, growing. */
struct list {
	void *items;
	size_t count, room;
};

/* A new item, uninitialised; NULL when memory is out. */
void *list_add(struct list *l, size_t size);

/* What adds up, and what is told apart. */
enum sum { SUM_MESSAGES, SUM_RECIPIENTS, SUM_NEW_RECIPIENTS, SUMS };
enum distinct { DISTINCT_SENDERS, DISTINCT_NETWORKS, DISTINCTS };

/* Times are seconds since 1970; logins and values are numbers of names. */
struct moment {
	int64_t at;
	uint32_t login, n[SUMS];
};
struct use {
	int64_t at;
	uint32_t login, value;
};

struct sent {
	struct list moments; /* a message each; or a new recipient */
	struct list uses[DISTINCTS], written;
	bool failed;

	struct arena arena;
	struct list names; /* by their numbers */
	struct print_key key;
	uint32_t *slots;   /* of names: number + 1; 0 is free */
	size_t slot_count; /* 0 or a power of two, more than the names */
};

/* Zero-initialise; release with sent_clear(). */
void sent_clear(struct sent *s);

/* The number of a name, and a name; 0 when memory is out. */
uint32_t sent_name(struct sent *s, const char *text);
const char *sent_text(const struct sent *s, uint32_t name);

/* A message to so many, `fresh` of whom were never written to before. */
void sent_message(struct sent *s, uint32_t login, int64_t at,
    uint32_t recipients, uint32_t fresh);

/* The login wrote to somebody, who is new when it is the first time. */
void sent_write(
    struct sent *s, uint32_t login, int64_t at, const char *recipient);

/* The login used a sender or a network. */
void sent_use(struct sent *s, enum distinct what, uint32_t login, int64_t at,
    const char *value);

/* Moments by login and time, uses by login, value and time. */
void sent_sort(struct sent *s);

#endif
