/*
 * Preloaded, the wall clock of a program, and no other clock, is ahead by the
 * seconds that the first eight bytes of the file CLOCK_OFFSET hold.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t none, *offset = &none;

__attribute__((constructor)) static void
map_offset(void)
{
	const char *path = getenv("CLOCK_OFFSET");
	int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	const void *map =
	    mmap(NULL, sizeof(*offset), PROT_READ, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		abort();
	offset = map;
	close(fd);
}

int
clock_gettime(clockid_t clock, struct timespec *t)
{
	int rc = (int)syscall(SYS_clock_gettime, clock, t);

	if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
		t->tv_sec += *offset;
	return rc;
}

time_t
time(time_t *out)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	if (out != NULL)
		*out = t.tv_sec;
	return t.tv_sec;
}

int
gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec t;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &t);
	*out = (struct timeval){t.tv_sec, t.tv_nsec / 1000};
	return 0;
}

/* Has the wall clock come to `end`?  If not, the next look at it, monotonic. */
static int
is_over(const struct timespec *end, struct timespec *look)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, look);
	look->tv_nsec += 10000000;
	look->tv_sec += look->tv_nsec / 1000000000;
	look->tv_nsec %= 1000000000;
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec > end->tv_sec ||
	       (now.tv_sec == end->tv_sec && now.tv_nsec >= end->tv_nsec);
}

/* The kernel's waits by the wall clock end when that is stepped; so do ours. */
int
pthread_cond_timedwait(pthread_cond_t *restrict c, pthread_mutex_t *restrict m,
    const struct timespec *restrict end)
{
	struct timespec look;
	int rc = ETIMEDOUT;

	if ((c->__data.__wrefs & 2) != 0) /* where glibc has the clock */
		return pthread_cond_clockwait(c, m, CLOCK_MONOTONIC, end);
	while (rc == ETIMEDOUT && !is_over(end, &look))
		rc = pthread_cond_clockwait(c, m, CLOCK_MONOTONIC, &look);
	return rc;
}

int
pthread_mutex_timedlock(
    pthread_mutex_t *restrict m, const struct timespec *restrict end)
{
	struct timespec look;
	int rc = pthread_mutex_trylock(m) == 0 ? 0 : ETIMEDOUT;

	while (rc == ETIMEDOUT && !is_over(end, &look))
		rc = pthread_mutex_clocklock(m, CLOCK_MONOTONIC, &look);
	return rc;
}
