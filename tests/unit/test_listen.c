/*
 * milter/endpoint and milter/listen: where a socket may be, and that it is
 * safe to open and to remove.
 */
#include "milter/listen.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PATH107                                                            \
	"/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" \
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

struct parsed {
	const char *name;
	const char *text;
	enum endpoint_kind kind; /* ENDPOINT_NONE: refused */
	const char *where;	 /* path or host */
	int number;		 /* port or descriptor */
};

static const struct parsed parsed[] = {
    {"unix with a path", "unix:/run/x", ENDPOINT_UNIX, "/run/x"},
    {"local is unix", "local:/run/x", ENDPOINT_UNIX, "/run/x"},
    {"the longest path fits", "unix:" PATH107, ENDPOINT_UNIX, PATH107},
    {"a longer path does not fit", "unix:" PATH107 "x"},
    {"a path is absolute", "unix:run/x"},
    {"a folder is no socket", "unix:/run/"},
    {"the root is no socket", "unix:/"},
    {"a path is needed", "unix:"},
    {"a scheme is needed", "/run/x"},
    {"schemes are in lower case", "UNIX:/run/x"},
    {"an unknown scheme is none", "tcp:8893@127.0.0.1"},
    {"inet with a host", "inet:8893@127.0.0.1", ENDPOINT_INET, "127.0.0.1",
	8893},
    {"inet with a name", "inet:8893@localhost", ENDPOINT_INET, "localhost",
	8893},
    {"inet without a host is any", "inet:8893", ENDPOINT_INET, "", 8893},
    {"inet6 with a host in brackets", "inet6:1@[::1]", ENDPOINT_INET6, "::1",
	1},
    {"inet6 with a bare host", "inet6:1@::1", ENDPOINT_INET6, "::1", 1},
    {"the last port", "inet:65535", ENDPOINT_INET, "", 65535},
    {"a port beyond the last is none", "inet:65536"},
    {"port 0 is none", "inet:0"},
    {"a port is a number", "inet:http@127.0.0.1"},
    {"a port has no sign", "inet:+1@127.0.0.1"},
    {"a port is needed", "inet:@127.0.0.1"},
    {"a host is needed behind @", "inet:8893@"},
    {"empty brackets are no host", "inet6:8893@[]", ENDPOINT_INET6, "[]", 8893},
    {"a descriptor", "fd:3", ENDPOINT_FD, "", 3},
    {"standard error is no descriptor", "fd:2"},
    {"a descriptor is a number", "fd:x"},
    {"nothing is none", ""},
};

static void
is_parsed(void **state)
{
	const struct parsed *row = *state;
	struct endpoint e;
	bool ok = row->kind != ENDPOINT_NONE;

	assert_int_equal(endpoint_parse(row->text, &e), ok);
	if (!ok)
		return;
	assert_int_equal(e.kind, row->kind);
	assert_string_equal(
	    e.kind == ENDPOINT_UNIX ? e.path : e.host, row->where);
	assert_int_equal(e.kind == ENDPOINT_FD ? e.fd : e.port, row->number);
}

struct local {
	const char *name;
	const char *text;
	bool local;
};

static const struct local locals[] = {
    {"a unix socket is local", "unix:/run/x", true},
    {"127.0.0.1 is local", "inet:1@127.0.0.1", true},
    {"all of 127/8 is local", "inet:1@127.255.0.9", true},
    {"localhost is local", "inet:1@localhost", true},
    {"::1 is local", "inet6:1@[::1]", true},
    {"::1 in other words is local", "inet6:1@[0:0::0:1]", true},
    {"any address is not local", "inet:1", false},
    {"any IPv6 address is not local", "inet6:1", false},
    {"0.0.0.0 is not local", "inet:1@0.0.0.0", false},
    {"128.0.0.1 is not local", "inet:1@128.0.0.1", false},
    {":: is not local", "inet6:1@[::]", false},
    {"what looks like loopback in IPv6 is not", "inet6:1@[::7f00:1]", false},
    {"what can't be resolved is not local", "inet6:1@[]", false},
    {"an IPv6 address is none of IPv4", "inet:1@::1", false},
    {"a descriptor that is not open is not local", "fd:999", false},
};

static void
is_local(void **state)
{
	const struct local *row = *state;
	struct endpoint e;

	assert_true(endpoint_parse(row->text, &e));
	assert_int_equal(endpoint_is_local(&e), row->local);
}

/* A folder of its own for each test. */
static char dir[] = "/tmp/test_listen.XXXXXX";
static char path[sizeof(dir) + 8], other[sizeof(dir) + 8];

static int
make_folder(void **state)
{
	(void)state;
	memset(dir + sizeof(dir) - 7, 'X', 6);
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/sock", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	return 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	unlink(path);
	unlink(other);
	return rmdir(dir);
}

static bool
exists(const char *name)
{
	struct stat st;

	return lstat(name, &st) == 0;
}

static bool
prepare(const char *scheme, const char *where, const char *said)
{
	char text[128];
	struct endpoint e;
	struct diag d = {0};
	bool ok;

	snprintf(text, sizeof(text), "%s%s", scheme, where);
	assert_true(endpoint_parse(text, &e));
	ok = listen_prepare(&e, &d);
	assert_int_equal(d.count, ok ? 0 : 1);
	if (!ok && strstr(d.lines[0], said) == NULL)
		fail_msg("\"%s\" is not said, but: %s", said, d.lines[0]);
	diag_clear(&d);
	return ok;
}

/* A listener of ours at `where`, or a test that fails. */
static int
listen_at(const char *where, struct listen_file *f)
{
	struct diag d = {0};
	int fd = listen_open(where, 0640, geteuid(), getegid(), f, &d);

	if (fd < 0)
		fail_msg("%s", diag_first(&d));
	return fd;
}

static void
a_free_path_is_ready(void **state)
{
	(void)state;
	assert_true(prepare("unix:", path, ""));
}

static void
a_stale_socket_is_removed(void **state)
{
	struct listen_file f;

	(void)state;
	close(listen_at(path, &f));
	assert_true(exists(path));
	assert_true(prepare("unix:", path, ""));
	assert_false(exists(path));
}

static void
a_socket_in_use_is_left_alone(void **state)
{
	struct listen_file f;
	int fd = listen_at(path, &f);

	(void)state;
	assert_false(prepare("unix:", path, "in use"));
	assert_true(exists(path));
	close(fd);
}

static void
a_file_is_left_alone(void **state)
{
	FILE *file = fopen(path, "w");

	(void)state;
	assert_non_null(file);
	fclose(file);
	assert_false(prepare("unix:", path, "is no socket"));
	assert_true(exists(path));
}

static void
a_link_to_a_socket_is_no_socket(void **state)
{
	struct listen_file f;

	(void)state;
	close(listen_at(other, &f));
	assert_int_equal(symlink(other, path), 0);
	assert_false(prepare("unix:", path, "is no socket"));
	assert_true(exists(path) && exists(other));
}

static void
a_missing_folder_is_named(void **state)
{
	char missing[sizeof(path) + 8];

	(void)state;
	snprintf(missing, sizeof(missing), "%s/sock", path);
	assert_false(prepare("unix:", missing, "does not exist: make it"));
}

static void
a_port_in_use_is_refused(void **state)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr *sa = (struct sockaddr *)&in;
	socklen_t len = sizeof(in);
	char where[32];
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, sa, len), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, sa, &len), 0);
	snprintf(where, sizeof(where), "%u@127.0.0.1", ntohs(in.sin_port));
	assert_false(prepare("inet:", where, "in use"));
	close(fd);
	assert_true(prepare("inet:", where, ""));
}

static void
a_foreign_address_is_refused(void **state)
{
	(void)state;
	assert_false(prepare("inet:", "8893@192.0.2.1", "assign"));
}

static void
a_descriptor_must_listen(void **state)
{
	char where[16];
	struct listen_file f;
	int fd = listen_at(path, &f);

	(void)state;
	snprintf(where, sizeof(where), "%d", fd);
	assert_true(prepare("fd:", where, ""));
	close(fd);
	assert_false(prepare("fd:", where, "no listening socket"));
}

static void
the_file_has_mode_and_owner(void **state)
{
	struct listen_file f;
	struct diag d = {0};
	gid_t gid = geteuid() == 0 ? 12345 : getegid();
	uid_t uid = geteuid() == 0 ? 54321 : geteuid();
	int fd = listen_open(path, 0624, uid, gid, &f, &d);
	struct stat st;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0624);
	assert_int_equal(st.st_uid, uid);
	assert_int_equal(st.st_gid, gid);
	close(fd);
}

static void
the_umask_is_as_before(void **state)
{
	struct listen_file f;
	mode_t before = umask(0123);

	(void)state;
	close(listen_at(path, &f));
	assert_int_equal(umask(before), 0123);
}

static void
what_is_no_socket_is_not_adopted(void **state)
{
	struct listen_file f, g;
	struct diag d = {0};
	int fd = listen_at(other, &f);

	(void)state;
	assert_int_equal(symlink(other, path), 0);
	assert_false(listen_adopt(path, 0640, geteuid(), getegid(), &g, &d));
	assert_int_equal(d.count, 1);
	assert_string_equal(g.path, "");
	diag_clear(&d);
	close(fd);
}

static void
another_mode_is_not_adopted(void **state)
{
	struct listen_file f, g;
	struct diag d = {0};
	int fd = listen_at(path, &f);

	(void)state;
	assert_false(listen_adopt(path, 0660, geteuid(), getegid(), &g, &d));
	assert_non_null(strstr(diag_first(&d), "mode 0640 instead of"));
	diag_clear(&d);
	close(fd);
}

static void
our_socket_is_removed(void **state)
{
	struct listen_file f;

	(void)state;
	close(listen_at(path, &f));
	listen_remove(&f);
	assert_false(exists(path));
	listen_remove(&f); /* and nothing more */
}

static void
the_socket_of_another_stays(void **state)
{
	struct listen_file f, g;

	(void)state;
	close(listen_at(path, &f));
	close(listen_at(other, &g));
	assert_int_equal(rename(other, path), 0);
	listen_remove(&f);
	assert_true(exists(path));
}

static void
a_listener_that_does_not_serve_does_not_answer(void **state)
{
	char text[128];
	struct endpoint e;
	struct listen_file f;
	int fd = listen_at(path, &f);

	(void)state;
	snprintf(text, sizeof(text), "unix:%s", path);
	assert_true(endpoint_parse(text, &e));
	assert_false(endpoint_answers(&e, 1));
	e = (struct endpoint){.kind = ENDPOINT_FD, .fd = fd};
	assert_false(endpoint_answers(&e, 1));
	assert_true(unlink(path) == 0 && endpoint_answers(&e, 1));
	close(fd);
	assert_false(endpoint_answers(&e, 1));
}

static void
a_full_queue_holds_nobody_up(void **state)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	struct endpoint e = {.kind = ENDPOINT_UNIX};
	struct listen_file f;
	int fd = listen_at(path, &f), waiting[2];

	(void)state;
	snprintf(e.path, sizeof(e.path), "%s", path);
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	assert_int_equal(listen(fd, 0), 0);
	for (int i = 0; i < 2; i++) {
		waiting[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)!connect(
		    waiting[i], (struct sockaddr *)&sun, sizeof(sun));
	}
	assert_false(endpoint_answers(&e, 1));
	close(waiting[0]);
	close(waiting[1]);
	close(fd);
	listen_remove(&f);
}

static const struct {
	const char *name;
	CMUnitTestFunction test;
} opened[] = {
    {"a free path is ready", a_free_path_is_ready},
    {"a socket nobody listens on is removed", a_stale_socket_is_removed},
    {"a socket in use is left alone", a_socket_in_use_is_left_alone},
    {"a file that is no socket is left alone", a_file_is_left_alone},
    {"a link to a socket is no socket", a_link_to_a_socket_is_no_socket},
    {"a missing folder is named", a_missing_folder_is_named},
    {"a port in use is refused", a_port_in_use_is_refused},
    {"an address of another host is refused", a_foreign_address_is_refused},
    {"a descriptor must listen", a_descriptor_must_listen},
    {"the file has the mode and the owner", the_file_has_mode_and_owner},
    {"the umask is as before", the_umask_is_as_before},
    {"what is no socket is not adopted", what_is_no_socket_is_not_adopted},
    {"a socket of another mode is not adopted", another_mode_is_not_adopted},
    {"our socket is removed", our_socket_is_removed},
    {"the socket of another stays", the_socket_of_another_stays},
    {"a listener that does not serve does not answer",
	a_listener_that_does_not_serve_does_not_answer},
    {"a full queue holds nobody up", a_full_queue_holds_nobody_up},
};

int
main(void)
{
	static struct suite s;

	SUITE_ROWS(&s, parsed, is_parsed);
	SUITE_ROWS(&s, locals, is_local);
	for (size_t i = 0; i < COUNT(opened); i++) {
		suite_add(&s, opened[i].name, opened[i].test, NULL);
		s.tests[s.count - 1].setup_func = make_folder;
		s.tests[s.count - 1].teardown_func = remove_folder;
	}
	return suite_run(&s, "listen");
}
