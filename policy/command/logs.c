/* Finds and opens the files of an audit log; no shell is involved. */
#include "policy/command/logs.h"
#include "policy/command/output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOT_FOUND 127 /* what a child ends with that has no program */

static const struct {
	const char *suffix, *program;
} compressions[] = {
    {".gz", "gzip"}, {".xz", "xz"}, {".zst", "zstd"}, {".bz2", "bzip2"}};
#define COMPRESSIONS (sizeof(compressions) / sizeof(*compressions))

/* The program that reads a file of this name, NULL: none is needed; and how
 * long the name is without the suffix. */
static const char *
program_of(const char *name, size_t *len)
{
	*len = strlen(name);
	for (size_t i = 0; i < COMPRESSIONS; i++) {
		size_t n = strlen(compressions[i].suffix);

		if (*len > n &&
		    strcmp(name + *len - n, compressions[i].suffix) == 0) {
			*len -= n;
			return compressions[i].program;
		}
	}
	return NULL;
}

/* Is it what rotation puts behind a name: `.1`, `-20261124`, `.2.gz`? */
static bool
is_rotation(const char *suffix)
{
	size_t len;

	(void)program_of(suffix, &len);
	return len > 1 && (suffix[0] == '.' || suffix[0] == '-') &&
	       strspn(suffix + 1, "0123456789-") == len - 1;
}

/* The older first: the highest number, the earliest date; of a file that is
 * just being compressed the one that is whole. */
static int
compare_ages(const void *pa, const void *pb)
{
	const char *a = *(const char *const *)pa, *b = *(const char *const *)pb;
	size_t alen, blen;
	bool plain = program_of(a, &alen) == NULL;
	int order;

	(void)program_of(b, &blen);
	if (a[0] == '.' && b[0] == '.' && alen != blen)
		return alen > blen ? -1 : 1;
	order = strncmp(a, b, alen < blen ? alen : blen);
	if (order == 0 && alen == blen)
		return plain ? -1 : 1;
	if (order == 0)
		return alen < blen ? -1 : 1;
	return a[0] == '.' && b[0] == '.' ? -order : order;
}

static bool
same_age(const char *a, const char *b)
{
	size_t alen, blen;

	(void)program_of(a, &alen);
	(void)program_of(b, &blen);
	return alen == blen && memcmp(a, b, alen) == 0;
}

static bool
failed(const char *path)
{
	fail(STATUS_UNKNOWN, "%s: %s", path, strerror(errno));
	return false;
}

static struct log_file *
new_file(struct logs *l)
{
	if (l->count == l->cap) {
		size_t cap = 2 * l->cap + 16;
		struct log_file *more = realloc(l->files, cap * sizeof(*more));

		if (more == NULL)
			return NULL;
		l->files = more;
		l->cap = cap;
	}
	return &l->files[l->count];
}

static bool
is_open(const struct logs *l, const struct stat *st)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->files[i].fd >= 0 && l->files[i].dev == st->st_dev &&
		    l->files[i].ino == st->st_ino)
			return true;
	return false;
}

/* Adds `path` with `suffix` behind it.  A file that was renamed or removed
 * meanwhile is left out. */
static bool
add_file(struct logs *l, const char *path, const char *suffix)
{
	struct log_file *file = new_file(l);
	struct stat st;
	char *name = NULL;
	int fd;

	if (file == NULL || asprintf(&name, "%s%s", path, suffix) < 0) {
		errno = ENOMEM;
		return failed(path);
	}
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd >= 0 && fstat(fd, &st) == 0 && !is_open(l, &st)) {
		*file = (struct log_file){
		    name, fd, st.st_dev, st.st_ino, st.st_size};
		l->count++;
		return true;
	}
	if (fd >= 0)
		close(fd);
	else if (errno != ENOENT) {
		failed(name);
		free(name);
		return false;
	}
	free(name);
	return true;
}

/* Lists what rotation left of `path`: what stands behind its name. */
static bool
list_rotated(const char *path, char ***suffixes, size_t *count)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash != NULL ? slash + 1 : path;
	char *folder = slash != NULL ? strndup(path, (size_t)(slash - path) + 1)
				     : strdup(".");
	DIR *dir = folder != NULL ? opendir(folder) : NULL;
	const struct dirent *entry;
	bool good = dir != NULL;

	while (good && (entry = readdir(dir)) != NULL) {
		const char *name = entry->d_name;
		char **more;

		if (strncmp(name, base, strlen(base)) != 0 ||
		    !is_rotation(name + strlen(base)))
			continue;
		more = reallocarray(*suffixes, *count + 1, sizeof(*more));
		good = more != NULL &&
		       (more[*count] = strdup(name + strlen(base))) != NULL;
		if (more != NULL)
			*suffixes = more;
		*count += good;
	}
	if (dir != NULL)
		closedir(dir);
	if (!good)
		failed(folder != NULL ? folder : path);
	free(folder);
	return good;
}

bool
logs_add(struct logs *l, const char *path)
{
	return add_file(l, path, "");
}

bool
logs_open(struct logs *l, const char *path)
{
	char **suffixes = NULL;
	size_t count = 0, before = l->count;
	bool good = list_rotated(path, &suffixes, &count);

	if (count > 0)
		qsort(suffixes, count, sizeof(*suffixes), compare_ages);
	for (size_t i = 0; good && i < count; i++)
		if (i == 0 || !same_age(suffixes[i - 1], suffixes[i]))
			good = add_file(l, path, suffixes[i]);
	good = good && add_file(l, path, "");
	if (good && l->count == before && access(path, F_OK) != 0)
		good = failed(path);
	for (size_t i = 0; i < count; i++)
		free(suffixes[i]);
	free(suffixes);
	return good;
}

void
logs_close(struct logs *l)
{
	for (size_t i = 0; i < l->count; i++) {
		if (l->files[i].fd >= 0)
			close(l->files[i].fd);
		free(l->files[i].path);
	}
	free(l->files);
	*l = (struct logs){0};
}

/* In the child: becomes the program, reading the file, writing the pipe. */
static void
decompress(const char *program, int from, int to)
{
	int null = open("/dev/null", O_WRONLY);

	if (dup2(from, STDIN_FILENO) >= 0 && dup2(to, STDOUT_FILENO) >= 0 &&
	    dup2(null, STDERR_FILENO) >= 0)
		execlp(program, program, "-dc", NULL);
	_exit(NOT_FOUND);
}

bool
log_stream_open(struct log_stream *s, const struct log_file *file)
{
	size_t len;
	int ends[2];

	*s = (struct log_stream){.fd = file->fd};
	s->program = program_of(file->path, &len);
	if (s->program == NULL)
		return true;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return failed(s->program);
	s->pid = fork();
	if (s->pid == 0)
		decompress(s->program, file->fd, ends[1]);
	close(ends[1]);
	s->fd = ends[0];
	if (s->pid > 0)
		return true;
	close(s->fd);
	s->pid = 0;
	return failed(s->program);
}

bool
log_stream_close(struct log_stream *s, struct log_file *file)
{
	int code = 0;

	if (s->pid > 0) {
		close(s->fd);
		while (waitpid(s->pid, &code, 0) < 0 && errno == EINTR)
			;
	}
	s->pid = 0;
	s->fd = -1;
	close(file->fd);
	file->fd = -1;
	if (code == 0)
		return true;
	fail(STATUS_UNKNOWN,
	    WIFEXITED(code) && WEXITSTATUS(code) == NOT_FOUND
		? "%s: there is no program %s to read it"
		: "%s: %s could not read all of it",
	    file->path, s->program);
	return false;
}
