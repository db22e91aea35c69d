/*
 * The last good policy on disk: written aside, synced, renamed into place.  The
 * rule guarded here: whoever hands over an image never waits for the disk.
 */
#include "milter/saved.h"

#include "milter/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define NAME "last-good-policy.db"
#define CHUNK 65536 /* a larger call keeps others from the processor */

static struct {
	pthread_mutex_t lock; /* guards all down to the empty line */
	pthread_cond_t wake;
	struct image next; /* to be written; no data: nothing is */
	bool stop;

	char *path, *aside;
	pthread_t thread;
	bool running;
} saved = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .wake = PTHREAD_COND_INITIALIZER,
};

static bool
write_whole(int fd, const struct image *image)
{
	for (size_t done = 0; done < image->len;) {
		size_t left = image->len - done;
		ssize_t n =
		    write(fd, image->data + done, left < CHUNK ? left : CHUNK);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

/*
 * Lets go of what is cached of the file.  Nobody reads it, and the rename that
 * replaces it would do it in one go, which keeps the processor for long.
 */
static void
forget(int fd, size_t len)
{
	for (size_t at = 0; at < len; at += CHUNK)
		(void)posix_fadvise(fd, (off_t)at, CHUNK, POSIX_FADV_DONTNEED);
}

/* Writes the image and lets go of it: a sync may take long, and it is large. */
static void
replace(struct image *image)
{
	int fd =
	    open(saved.aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool good = fd >= 0 && write_whole(fd, image);
	size_t len = image->len;
	int error = errno;

	image_free(image);
	errno = error;
	good = good && fsync(fd) == 0;
	if (good)
		forget(fd, len);
	if (fd >= 0 && close(fd) != 0)
		good = false;
	if (good && rename(saved.aside, saved.path) == 0)
		return;
	log_line(LOG_WARNING,
	    "%s: can't keep the last good policy for the next start: %s",
	    saved.path, strerror(errno));
	if (fd >= 0)
		(void)unlink(saved.aside);
}

/* Waits for an image.  False: it is time to stop, and all is written. */
static bool
take(struct image *image)
{
	pthread_mutex_lock(&saved.lock);
	while (saved.next.data == NULL && !saved.stop)
		pthread_cond_wait(&saved.wake, &saved.lock);
	*image = saved.next;
	saved.next = (struct image){0};
	pthread_mutex_unlock(&saved.lock);
	return image->data != NULL;
}

static void *
run(void *unused)
{
	struct image image;

	(void)unused;
	while (take(&image))
		replace(&image);
	return NULL;
}

/* The name in the folder of the state database, with `suffix`; malloc'ed. */
static char *
path_beside(const char *state, const char *suffix)
{
	const char *slash = strrchr(state, '/');
	int folder = slash == NULL ? 0 : (int)(slash - state) + 1;
	char *path;

	if (asprintf(&path, "%.*s" NAME "%s", folder, state, suffix) < 0)
		return NULL;
	return path;
}

bool
saved_start(const char *state, struct diag *d)
{
	int rc;

	saved.path = path_beside(state, "");
	saved.aside = path_beside(state, ".new");
	if (saved.path == NULL || saved.aside == NULL) {
		diag_add(d, "out of memory");
		return false;
	}
	rc = pthread_create(&saved.thread, NULL, run, NULL);
	if (rc != 0)
		diag_add(d, "can't start the saving thread: %s", strerror(rc));
	else
		pthread_setname_np(saved.thread, "saved");
	saved.running = rc == 0;
	return saved.running;
}

void
saved_stop(void)
{
	if (saved.running) {
		pthread_mutex_lock(&saved.lock);
		saved.stop = true;
		pthread_cond_signal(&saved.wake);
		pthread_mutex_unlock(&saved.lock);
		pthread_join(saved.thread, NULL);
	}
	saved.running = saved.stop = false;
	free(saved.path);
	free(saved.aside);
	saved.path = saved.aside = NULL;
}

const char *
saved_path(void)
{
	return saved.path;
}

void
saved_put(struct image *image)
{
	struct image overtaken;

	pthread_mutex_lock(&saved.lock);
	overtaken = saved.next;
	saved.next = *image;
	*image = (struct image){0};
	pthread_cond_signal(&saved.wake);
	pthread_mutex_unlock(&saved.lock);
	image_free(&overtaken);
}
