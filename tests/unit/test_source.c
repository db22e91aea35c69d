/*
 * policy/source: a consistent read without a lock.  What is read is one
 * committed state, and nobody's edit ever fails because of us.
 */
#include "policy/source.h"

#include "tests/unit/database.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static const unsigned char magic[8] = {
    0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7};

static struct database db;

static int
make(void **state)
{
	(void)state;
	database_make(&db);
	return 0;
}

static int
discard(void **state)
{
	(void)state;
	database_remove(&db);
	return 0;
}

/* Longer than the clock of a file system ticks. */
static void
rest_a_little(void)
{
	const struct timespec pause = {0, 30000000};

	nanosleep(&pause, NULL);
}

/* Reads; the first line of what is in the way is in `why`. */
static enum source_status
look(bool lock, char why[300])
{
	struct diag d = {0};
	struct image image;
	enum source_status status = source_read(db.path, lock, &image, &d);

	snprintf(why, 300, "%s", diag_first(&d));
	assert_int_equal(status == SOURCE_OK, image.data != NULL);
	if (status == SOURCE_OK)
		assert_memory_equal(image.data, "SQLite format 3", 16);
	diag_clear(&d);
	image_free(&image);
	return status;
}

static void
write_beside(const char *suffix, const void *data, size_t len)
{
	char name[128];
	FILE *f;

	snprintf(name, sizeof(name), "%s%s", db.path, suffix);
	f = fopen(name, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void
a_quiet_file_is_read(void **state)
{
	char why[300];

	(void)state;
	rest_a_little();
	assert_int_equal(look(false, why), SOURCE_OK);
	assert_int_equal(look(true, why), SOURCE_OK);
}

static void
a_fresh_change_waits_unless_locked(void **state)
{
	char why[300];

	(void)state;
	database_run(
	    &db, "INSERT INTO local_domain (name) VALUES ('a.example')");
	assert_int_equal(look(false, why), SOURCE_BUSY);
	assert_int_equal(look(true, why), SOURCE_OK);
}

static void
what_is_read_just_after_a_change_is_read_again(void **state)
{
	struct source_stamp now;
	struct diag d = {0};
	struct image image;

	(void)state;
	database_run(
	    &db, "INSERT INTO local_domain (name) VALUES ('b.example')");
	for (int again = 0; again < 2; again++) {
		assert_int_equal(
		    source_read(db.path, true, &image, &d), SOURCE_OK);
		assert_true(source_stat(db.path, &now, &d));
		assert_int_equal(source_same(&image.stamp, &now), again);
		image_free(&image);
		rest_a_little();
	}
}

static void
no_lock_is_left(void **state)
{
	char why[300];
	struct holder h;

	(void)state;
	rest_a_little();
	assert_int_equal(look(false, why), SOURCE_OK);
	assert_int_equal(look(true, why), SOURCE_OK);
	h = database_hold(&db, "BEGIN EXCLUSIVE");
	database_release(&h);
}

static void
an_exclusive_lock_is_named(void **state)
{
	char why[300], process[40];
	struct diag d = {0};
	struct image image;
	struct holder h;

	(void)state;
	h = database_hold(&db, "BEGIN EXCLUSIVE");
	snprintf(process, sizeof(process), "by process %d", h.pid);
	rest_a_little();
	assert_int_equal(look(false, why), SOURCE_BUSY);
	assert_non_null(strstr(why, process));
	assert_int_equal(look(true, why), SOURCE_BUSY);
	assert_non_null(strstr(why, process));
	assert_false(source_is_quiet(db.path, &d));
	assert_non_null(strstr(diag_first(&d), process));
	diag_clear(&d);
	assert_int_equal(
	    source_read_within(db.path, 60, &image, &d), SOURCE_BUSY);
	assert_non_null(strstr(diag_first(&d), process));
	diag_clear(&d);
	database_release(&h);
	assert_int_equal(look(true, why), SOURCE_OK);
	assert_true(source_is_quiet(db.path, &d));
	diag_clear(&d);
}

static void
an_open_edit_is_not_read(void **state)
{
	struct diag d = {0};
	struct image before, after;
	struct holder h;

	(void)state;
	assert_int_equal(
	    source_read_within(db.path, 2000, &before, &d), SOURCE_OK);
	h = database_hold(&db,
	    "BEGIN IMMEDIATE;"
	    "INSERT INTO local_domain (name) VALUES ('open.example')");
	assert_int_equal(
	    source_read_within(db.path, 2000, &after, &d), SOURCE_OK);
	assert_int_equal(after.len, before.len);
	assert_memory_equal(after.data, before.data, before.len);
	image_free(&before);
	image_free(&after);
	diag_clear(&d);
	database_release(&h);
}

static void
a_half_written_edit_is_in_the_way(void **state)
{
	char why[300];
	struct holder h;

	(void)state;
	h = database_hold(&db,
	    "PRAGMA cache_size = 1; BEGIN;"
	    "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 5000)"
	    " INSERT INTO local_domain (name) SELECT 'd' || i || '.example'"
	    " FROM n");
	rest_a_little();
	assert_int_equal(look(false, why), SOURCE_BUSY);
	assert_int_equal(look(true, why), SOURCE_BUSY);
	database_release(&h);
	/* what the writer left behind when it died */
	rest_a_little();
	assert_int_equal(look(false, why), SOURCE_BUSY);
	assert_non_null(strstr(why, "-journal"));
	assert_int_equal(look(true, why), SOURCE_BUSY);
	database_run(&db, "SELECT count(*) FROM principal");
	assert_int_equal(look(true, why), SOURCE_OK);
}

static void
a_hot_journal_is_in_the_way(void **state)
{
	char why[300];

	(void)state;
	rest_a_little();
	write_beside("-journal", magic, sizeof(magic));
	assert_int_equal(look(false, why), SOURCE_BUSY);
	assert_non_null(strstr(why, "-journal"));
	assert_int_equal(look(true, why), SOURCE_BUSY);
	assert_non_null(strstr(why, "-journal"));
}

static void
an_ended_journal_is_not(void **state)
{
	char why[300];

	(void)state;
	rest_a_little();
	write_beside("-journal", (char[512]){0}, 512); /* PERSIST */
	assert_int_equal(look(false, why), SOURCE_OK);
	write_beside("-journal", "", 0); /* TRUNCATE */
	assert_int_equal(look(false, why), SOURCE_OK);
}

static void
a_replaced_file_has_another_stamp(void **state)
{
	struct source_stamp one, two;
	struct diag d = {0};
	char other[128];
	struct image image;

	(void)state;
	rest_a_little();
	assert_true(source_stat(db.path, &one, &d));
	assert_int_equal(
	    source_read_within(db.path, 2000, &image, &d), SOURCE_OK);
	assert_true(source_same(&one, &image.stamp));
	write_beside(".new", image.data, image.len);
	image_free(&image);
	snprintf(other, sizeof(other), "%s.new", db.path);
	assert_int_equal(rename(other, db.path), 0);
	assert_true(source_stat(db.path, &two, &d));
	assert_false(source_same(&one, &two));
	assert_int_equal(
	    source_read_within(db.path, 2000, &image, &d), SOURCE_OK);
	assert_true(source_same(&two, &image.stamp));
	image_free(&image);
	diag_clear(&d);
}

static void
each_commit_has_another_stamp(void **state)
{
	struct diag d = {0};
	struct image one, two;

	(void)state;
	assert_int_equal(
	    source_read_within(db.path, 2000, &one, &d), SOURCE_OK);
	database_run(
	    &db, "INSERT INTO local_domain (name) VALUES ('next.example')");
	assert_int_equal(
	    source_read_within(db.path, 2000, &two, &d), SOURCE_OK);
	assert_false(source_same(&one.stamp, &two.stamp));
	assert_int_not_equal(
	    one.stamp.change_counter, two.stamp.change_counter);
	image_free(&one);
	image_free(&two);
	diag_clear(&d);
}

static void
a_cut_file_is_refused(void **state)
{
	char why[300];
	struct stat st;

	(void)state;
	assert_int_equal(stat(db.path, &st), 0);
	for (off_t cut = 1; cut < st.st_size; cut = cut * 8 + 3) {
		assert_int_equal(truncate(db.path, st.st_size - cut), 0);
		assert_int_equal(look(true, why), SOURCE_FAILED);
		assert_non_null(strstr(why, "but its header says"));
	}
	assert_int_equal(truncate(db.path, 50), 0);
	assert_int_equal(look(true, why), SOURCE_FAILED);
	assert_non_null(strstr(why, "is not an SQLite database"));
	assert_int_equal(truncate(db.path, 0), 0);
	assert_int_equal(look(true, why), SOURCE_FAILED);
	assert_non_null(strstr(why, "is empty"));
}

static void
a_longer_file_is_refused(void **state)
{
	char why[300];
	struct stat st;

	(void)state;
	assert_int_equal(stat(db.path, &st), 0);
	assert_int_equal(truncate(db.path, st.st_size + 4096), 0);
	assert_int_equal(look(true, why), SOURCE_FAILED);
	assert_non_null(strstr(why, "but its header says"));
}

static void
what_is_no_file_is_refused(void **state)
{
	struct diag d = {0};
	struct image image;
	struct source_stamp stamp;

	(void)state;
	assert_int_equal(
	    source_read(db.folder, false, &image, &d), SOURCE_FAILED);
	assert_non_null(strstr(diag_first(&d), "is not a regular file"));
	diag_clear(&d);
	assert_int_equal(
	    source_read("/dev/null", false, &image, &d), SOURCE_FAILED);
	diag_clear(&d);
	assert_int_equal(
	    source_read("/nonexistent/policy.db", false, &image, &d),
	    SOURCE_FAILED);
	diag_clear(&d);
	assert_false(source_stat("/nonexistent/policy.db", &stamp, &d));
	assert_false(source_is_quiet("/nonexistent/policy.db", &d));
	assert_int_equal(d.count, 2);
	diag_clear(&d);
}

static void
a_full_log_is_refused(void **state)
{
	char why[300];
	struct holder h;

	(void)state;
	h = database_hold(&db,
	    "PRAGMA journal_mode = WAL;"
	    "INSERT INTO local_domain (name) VALUES ('wal.example')");
	rest_a_little();
	assert_int_equal(look(true, why), SOURCE_FAILED);
	assert_non_null(strstr(why, "WAL"));
	database_release(&h);
}

static void
an_empty_log_is_no_matter(void **state)
{
	char why[300];
	struct diag d = {0};
	struct image image;

	(void)state;
	database_run(&db, "PRAGMA journal_mode = WAL");
	rest_a_little();
	assert_int_equal(look(false, why), SOURCE_OK);
	assert_int_equal(
	    source_read_within(db.path, 2000, &image, &d), SOURCE_OK);
	assert_int_equal(image.data[18], 1);
	assert_int_equal(image.data[19], 1);
	image_free(&image);
	diag_clear(&d);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(sentence, test)          \
	{                             \
	    .name = sentence,         \
	    .test_func = test,        \
	    .setup_func = make,       \
	    .teardown_func = discard, \
	}
	    TEST("a quiet file is read", a_quiet_file_is_read),
	    TEST("a change made just now waits, unless the lock is held",
		a_fresh_change_waits_unless_locked),
	    TEST("what is read just after a change is read again",
		what_is_read_just_after_a_change_is_read_again),
	    TEST("no lock is left behind", no_lock_is_left),
	    TEST("who holds an exclusive lock is named",
		an_exclusive_lock_is_named),
	    TEST("an open edit is not read", an_open_edit_is_not_read),
	    TEST("a half-written edit is in the way, its remains too",
		a_half_written_edit_is_in_the_way),
	    TEST("a hot journal is in the way", a_hot_journal_is_in_the_way),
	    TEST("a journal that was ended is not", an_ended_journal_is_not),
	    TEST("a replaced file has another stamp",
		a_replaced_file_has_another_stamp),
	    TEST(
		"each commit has another stamp", each_commit_has_another_stamp),
	    TEST("a cut file is refused, inside its last page too",
		a_cut_file_is_refused),
	    TEST("a file longer than it says is refused",
		a_longer_file_is_refused),
	    TEST("what is no file is refused", what_is_no_file_is_refused),
	    TEST("a write-ahead log with changes in it is refused",
		a_full_log_is_refused),
	    TEST("a write-ahead log without changes is no matter",
		an_empty_log_is_no_matter),
	};

	return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
