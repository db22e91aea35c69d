/* Calls that fail, counted over all threads. */
#include "tests/unit/shortage.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <idn2.h>
#include <sqlite3.h>
#include <unicase.h>
#include <uninorm.h>

static struct {
	pthread_mutex_t lock; /* guards all */
	enum shortage of;
	bool lasting; /* all after the one in question fail as well */
	bool struck;
	int held;	    /* how often more than let go */
	unsigned long call; /* the one in question; 0: nothing fails */
	unsigned long left; /* calls until it */
} shortage = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool
strikes(enum shortage of)
{
	bool fails = false;

	pthread_mutex_lock(&shortage.lock);
	if (shortage.call != 0 && shortage.held == 0 && of == shortage.of) {
		fails =
		    shortage.struck ? shortage.lasting : --shortage.left == 0;
		shortage.struck = shortage.struck || fails;
	}
	pthread_mutex_unlock(&shortage.lock);
	return fails;
}

#define WRAPPED(type, name, params, call, failure)                            \
	type __real_##name params;                                            \
	type __wrap_##name params;                                            \
	type __wrap_##name params                                             \
	{                                                                     \
		return strikes(SHORTAGE_OURS) ? failure : __real_##name call; \
	}

WRAPPED(void *, malloc, (size_t n), (n), NULL)
WRAPPED(void *, calloc, (size_t n, size_t size), (n, size), NULL)
WRAPPED(void *, realloc, (void *p, size_t n), (p, n), NULL)
WRAPPED(
    void *, reallocarray, (void *p, size_t n, size_t size), (p, n, size), NULL)
WRAPPED(char *, strdup, (const char *s), (s), NULL)
WRAPPED(char *, strndup, (const char *s, size_t n), (s, n), NULL)

WRAPPED(uint8_t *, u8_normalize,
    (uninorm_t form, const uint8_t *s, size_t n, uint8_t *out, size_t *len),
    (form, s, n, out, len), NULL)
WRAPPED(uint8_t *, u8_tolower,
    (const uint8_t *s, size_t n, const char *language, uninorm_t form,
	uint8_t *out, size_t *len),
    (s, n, language, form, out, len), NULL)
WRAPPED(uint8_t *, u8_casefold,
    (const uint8_t *s, size_t n, const char *language, uninorm_t form,
	uint8_t *out, size_t *len),
    (s, n, language, form, out, len), NULL)
WRAPPED(int, u8_casecmp,
    (const uint8_t *s, size_t n, const uint8_t *other, size_t other_n,
	const char *language, uninorm_t form, int *order),
    (s, n, other, other_n, language, form, order), -1)
WRAPPED(int, idn2_to_ascii_8z, (const char *name, char **out, int flags),
    (name, out, flags), IDN2_MALLOC)
WRAPPED(int, idn2_to_unicode_8z8z, (const char *name, char **out, int flags),
    (name, out, flags), IDN2_MALLOC)

WRAPPED(int, sqlite3_open_v2,
    (const char *path, sqlite3 **db, int flags, const char *vfs),
    (path, db, flags, vfs), (*db = NULL, SQLITE_NOMEM))
WRAPPED(int, sqlite3_exec,
    (sqlite3 * db, const char *sql, int (*each)(void *, int, char **, char **),
	void *context, char **error),
    (db, sql, each, context, error), SQLITE_IOERR)
WRAPPED(int, sqlite3_step, (sqlite3_stmt * s), (s), SQLITE_IOERR)
WRAPPED(int, sqlite3_prepare_v2,
    (sqlite3 * db, const char *sql, int n, sqlite3_stmt **s, const char **end),
    (db, sql, n, s, end), (*s = NULL, SQLITE_IOERR))
WRAPPED(int, sqlite3_prepare_v3,
    (sqlite3 * db, const char *sql, int n, unsigned flags, sqlite3_stmt **s,
	const char **end),
    (db, sql, n, flags, s, end), (*s = NULL, SQLITE_IOERR))

/* SQLite's own memory. */
static sqlite3_mem_methods plain;

static void *
sqlite_malloc(int n)
{
	return strikes(SHORTAGE_SQLITE) ? NULL : plain.xMalloc(n);
}

static void *
sqlite_realloc(void *p, int n)
{
	return strikes(SHORTAGE_SQLITE) ? NULL : plain.xRealloc(p, n);
}

void
shortage_prepare(void)
{
	sqlite3_mem_methods ours;

	sqlite3_config(SQLITE_CONFIG_GETMALLOC, &plain);
	ours = plain;
	ours.xMalloc = sqlite_malloc;
	ours.xRealloc = sqlite_realloc;
	sqlite3_config(SQLITE_CONFIG_MALLOC, &ours);
}

static void
set_call(unsigned long call)
{
	pthread_mutex_lock(&shortage.lock);
	shortage.call = shortage.left = call;
	shortage.held = 0;
	shortage.struck = false;
	pthread_mutex_unlock(&shortage.lock);
}

static void
hold(int more)
{
	pthread_mutex_lock(&shortage.lock);
	shortage.held += more;
	pthread_mutex_unlock(&shortage.lock);
}

unsigned long
shortage_play(
    enum shortage of, bool lasting, unsigned long all, void (*play)(void))
{
	unsigned long n = 0;

	shortage.of = of;
	shortage.lasting = lasting;
	do {
		n += 1 + n / all;
		set_call(n);
		play();
	} while (shortage.struck);
	set_call(0);
	return n - 1;
}

unsigned long
shortage_call(void)
{
	unsigned long call;

	pthread_mutex_lock(&shortage.lock);
	call = shortage.call;
	pthread_mutex_unlock(&shortage.lock);
	return call;
}

void
shortage_end(void)
{
	pthread_mutex_lock(&shortage.lock);
	shortage.call = 0;
	pthread_mutex_unlock(&shortage.lock);
}

void
shortage_hold(void)
{
	hold(1);
}

void
shortage_go_on(void)
{
	hold(-1);
}
