/* The last good policy on disk: written aside, synced, renamed into place. */
#include "milter/saved.h"

#include "milter/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

static const char saved_name[] = "last-good-policy.db";

char *
saved_path(const char *state)
{
	const char *slash = strrchr(state, '/');
	size_t folder = slash == NULL ? 0 : (size_t)(slash - state) + 1;
	char *path = malloc(folder + sizeof(saved_name));

	if (path == NULL)
		return NULL;
	memcpy(path, state, folder);
	memcpy(path + folder, saved_name, sizeof(saved_name));
	return path;
}

static bool
write_whole(int fd, const struct image *image)
{
	for (size_t done = 0; done < image->len;) {
		ssize_t n = write(fd, image->data + done, image->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return fsync(fd) == 0;
}

void
saved_write(const char *path, const struct image *image)
{
	char aside[4096];
	int fd;
	bool good;

	if ((size_t)snprintf(aside, sizeof(aside), "%s.new", path) >=
	    sizeof(aside)) {
		log_line(LOG_WARNING, "%s: the name is too long", path);
		return;
	}
	fd = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	good = fd >= 0 && write_whole(fd, image);
	if (fd >= 0 && close(fd) != 0)
		good = false;
	if (good && rename(aside, path) == 0)
		return;
	log_line(LOG_WARNING,
	    "%s: can't keep the last good policy for the next start: %s", path,
	    strerror(errno));
	if (fd >= 0)
		(void)unlink(aside);
}
