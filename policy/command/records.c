/*
 * Reads audit logs a line at a time.  The daemon may be writing and logrotate
 * renaming meanwhile.
 */
#include "policy/command/records.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CHUNK 262144	      /* bytes to make room for */
#define LINE_LONGEST 16777216 /* bytes; no record is that long */
#define FOLLOW_MS 200	      /* between looks for more */

bool
records_open(
    struct records *r, const char *const *paths, size_t count, bool follow)
{
	static const char *const usual[] = {RECORDS_LOG};
	int64_t total = 0;

	*r = (struct records){.follow = follow, .stream.fd = -1};
	if (count == 0) {
		paths = usual;
		count = 1;
	}
	for (size_t i = 0; i < count && r->status == STATUS_OK; i++)
		if (!logs_open(&r->logs, paths[i]))
			r->status = STATUS_UNKNOWN;
	for (size_t i = 0; i < r->logs.count; i++)
		total += r->logs.files[i].size;
	if (r->status == STATUS_OK && !follow)
		progress_begin(&r->progress, "reading", total);
	return r->status == STATUS_OK;
}

void
records_reject(struct records *r, const char *why)
{
	const char *path = r->logs.files[r->at].path;

	if (r->unfinished)
		diag_add(&r->cut, "%s: the last line is cut off", path);
	else
		diag_add(
		    &r->rejected, "%s: line %zu: %s", path, r->number, why);
}

static void
say(struct diag *lines)
{
	for (size_t i = 0; i < diag_kept(lines); i++)
		if (lines->lines[i] != NULL)
			fail(STATUS_OK, "%s", lines->lines[i]);
}

/* Says which lines were no records, and how many. */
static void
say_rejected(struct records *r)
{
	say(&r->rejected);
	if (r->rejected.count > 0)
		fail(STATUS_OK, "lines that are no records: %zu",
		    r->rejected.count);
	say(&r->cut);
	diag_clear(&r->rejected);
	diag_clear(&r->cut);
}

/* The file can't be read any further; false. */
static bool
give_up(struct records *r)
{
	progress_end(&r->progress);
	fail(STATUS_UNKNOWN, "%s: %s", r->logs.files[r->at].path,
	    strerror(errno));
	r->status = STATUS_UNKNOWN;
	r->broken = true;
	return false;
}

/* Makes room behind what is in the buffer; a line that is too long goes. */
static bool
make_room(struct records *r)
{
	size_t used = r->end - r->begin;

	if (used > 0 && r->begin > 0)
		memmove(r->buffer, r->buffer + r->begin, used);
	if (used >= LINE_LONGEST) {
		if (!r->too_long) {
			r->number++;
			r->unfinished = false;
			records_reject(r, "longer than a record can be");
		}
		r->too_long = true;
		used = 0;
	}
	r->begin = 0;
	r->end = used;
	if (used + CHUNK > r->cap) {
		size_t cap = 2 * r->cap + CHUNK;
		char *larger = realloc(r->buffer, cap + 1);

		if (larger == NULL)
			return give_up(r);
		r->buffer = larger;
		r->cap = cap;
	}
	return true;
}

/* Reads more of the file.  False at its end, or when that failed. */
static bool
fill(struct records *r)
{
	const struct log_file *file = &r->logs.files[r->at];
	ssize_t n;

	if (!make_room(r))
		return false;
	do
		n = read(r->stream.fd, r->buffer + r->end, r->cap - r->end);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return give_up(r);
	r->end += (size_t)n;
	progress_step(
	    &r->progress, r->done + (int64_t)lseek(file->fd, 0, SEEK_CUR));
	return n > 0;
}

/* Goes on with the next file; false when there is none.  One that could not
 * be read whole does not keep the others from being read. */
static bool
next_file(struct records *r)
{
	struct log_file *file = &r->logs.files[r->at];

	if (r->stream.fd >= 0) {
		r->done += file->size;
		if (!log_stream_close(&r->stream, file))
			r->status = STATUS_UNKNOWN;
		file = &r->logs.files[++r->at];
	}
	r->number = 0;
	r->broken = r->too_long = false;
	r->begin = r->end = 0;
	if (r->at == r->logs.count)
		return false;
	if (log_stream_open(&r->stream, file))
		return true;
	r->status = STATUS_UNKNOWN;
	return false;
}

/* A file that was emptied in place begins anew. */
static void
rewind_emptied(struct records *r)
{
	struct stat st;

	if (fstat(r->stream.fd, &st) != 0 ||
	    st.st_size >= lseek(r->stream.fd, 0, SEEK_CUR))
		return;
	lseek(r->stream.fd, 0, SEEK_SET);
	r->number = 0;
	r->begin = r->end = 0;
}

/*
 * Waits until there is more in the last file; false when its name is that of
 * another, which follows it then.  The daemon writes to the new one only after
 * its last write to the old: what is in the new is looked for first.
 */
static bool
wait_for_more(struct records *r)
{
	const struct timespec pause = {0, FOLLOW_MS * 1000000L};
	struct stat named;

	while (!r->broken) {
		const struct log_file *file = &r->logs.files[r->at];
		bool replaced =
		    stat(file->path, &named) == 0 && named.st_size > 0 &&
		    (named.st_dev != file->dev || named.st_ino != file->ino);

		rewind_emptied(r);
		if (fill(r))
			return true;
		if (replaced && logs_add(&r->logs, file->path) &&
		    r->at + 1 < r->logs.count)
			return false;
		say_rejected(r);
		nanosleep(&pause, NULL);
	}
	return false;
}

/* False at the end of the file. */
static bool
read_more(struct records *r)
{
	if (r->stream.fd < 0 || r->broken)
		return false;
	return fill(r) || (r->follow && r->at + 1 == r->logs.count &&
			      r->stream.pid == 0 && wait_for_more(r));
}

/* Takes the next line out of the buffer; at the end of a file the rest. */
static bool
take_line(struct records *r, bool rest)
{
	char *end;

	if (r->begin == r->end)
		return false;
	r->line = r->buffer + r->begin;
	end = memchr(r->line, '\n', r->end - r->begin);
	if (end == NULL && !rest)
		return false;
	r->unfinished = end == NULL;
	if (end == NULL)
		end = r->buffer + r->end;
	*end = '\0';
	r->begin = (size_t)(end - r->buffer) + !r->unfinished;
	r->number += !r->too_long;
	return true;
}

/* Is a string in it with a NUL?  SQLite would end the string there. */
static bool
holds_nul(const char *line)
{
	if (strstr(line, "\\u0000") == NULL)
		return false;
	for (; *line != '\0'; line++)
		if (*line == '\\' && *++line == 'u' &&
		    strncmp(line, "u0000", 5) == 0)
			return true;
	return false;
}

/* May the line be looked at? */
static bool
is_fit(struct records *r)
{
	size_t len = r->begin - !r->unfinished - (size_t)(r->line - r->buffer);

	if (r->too_long)
		r->too_long = false;
	else if (strlen(r->line) != len || holds_nul(r->line))
		records_reject(r, "it holds a NUL");
	else
		return true;
	return false;
}

bool
records_next(struct records *r)
{
	do {
		while (!take_line(r, false))
			if (!read_more(r)) {
				if (take_line(r, true))
					break;
				if (!next_file(r))
					return false;
			}
	} while (!is_fit(r));
	return true;
}

enum status
records_close(struct records *r)
{
	enum status status = r->status;

	progress_end(&r->progress);
	say_rejected(r);
	if (r->stream.fd >= 0)
		(void)log_stream_close(&r->stream, &r->logs.files[r->at]);
	logs_close(&r->logs);
	free(r->buffer);
	*r = (struct records){.stream.fd = -1};
	return status;
}
