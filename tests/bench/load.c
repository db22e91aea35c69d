/*
 * A load of mail on a milter: speaks the MTA's side of the milter protocol
 * (version 6) as Postfix does, on many connections at once, and tells what it
 * saw as one line of JSON.
 *
 *   load SOCKET [name=value ...]
 *
 *   connections=8    sessions at once
 *   seconds=0        how long, or
 *   messages=10000   how many, of all connections together
 *   per_session=10   messages of a session
 *   recipients=1     of a message
 *   headers=8        fields of a message, From among them
 *   refused=0        percent of the messages from an address of another
 *   logins=1000      who sends: user0@example.com and on, in turn
 *   rate=0           messages a second of all together; 0: as fast as it goes
 *   idle=0           further sessions that only exist
 *   strict=1         a verdict that is not the one expected ends the run
 *
 * Sockets are local: unix:PATH or a path.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* The milter protocol: commands, answers, and steps that may be left out. */
#define NO_CONNECT 0x1u
#define NO_HELO 0x2u
#define NO_BODY 0x10u
#define NO_HEADERS 0x20u
#define NO_EOH 0x40u
#define NR_HEADER 0x80u
#define NO_DATA 0x200u
#define NR_CONNECT 0x1000u
#define NR_HELO 0x2000u
#define NR_DATA 0x10000u
#define NR_EOH 0x40000u
#define ACTIONS_OFFERED 0x1ffu
#define STEPS_OFFERED 0x1fffffu

#define PACKET_MAX 4096
#define SLOTS 100000 /* of the histogram, a microsecond each */

static struct options {
	unsigned long connections, seconds, messages, per_session, recipients,
	    headers, refused, logins, rate, idle, strict;
} options = {8, 0, 10000, 10, 1, 8, 0, 1000, 0, 0, 1};

static const struct {
	const char *name;
	unsigned long *value;
} names[] = {
    {"connections", &options.connections},
    {"seconds", &options.seconds},
    {"messages", &options.messages},
    {"per_session", &options.per_session},
    {"recipients", &options.recipients},
    {"headers", &options.headers},
    {"refused", &options.refused},
    {"logins", &options.logins},
    {"rate", &options.rate},
    {"idle", &options.idle},
    {"strict", &options.strict},
};

static const char *path;
static atomic_ulong begun;			 /* messages */
static atomic_ulong accepted, refused, deferred; /* as answered */
static atomic_ulong slots[SLOTS + 1];		 /* times of verdicts */
static int64_t start_ns, end_ns;

static void
fail(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* --- packets ------------------------------------------------------------- */

/* Packets that leave together. */
struct packets {
	size_t len, start; /* of all; where the one in hand begins */
	unsigned char data[4 * PACKET_MAX];
};

static void
add_bytes(struct packets *p, const void *data, size_t len)
{
	if (len > sizeof(p->data) - p->len)
		fail("a packet is too long");
	memcpy(p->data + p->len, data, len);
	p->len += len;
}

static void
add_number(struct packets *p, uint32_t n)
{
	const unsigned char bytes[4] = {(unsigned char)(n >> 24),
	    (unsigned char)(n >> 16), (unsigned char)(n >> 8),
	    (unsigned char)n};

	add_bytes(p, bytes, sizeof(bytes));
}

static void
add_text(struct packets *p, const char *text)
{
	add_bytes(p, text, strlen(text) + 1);
}

static void
begin_packet(struct packets *p, char command)
{
	p->start = p->len;
	add_number(p, 0);
	add_bytes(p, &command, 1);
}

static void
end_packet(struct packets *p)
{
	uint32_t len = (uint32_t)(p->len - p->start - 4);

	p->data[p->start] = (unsigned char)(len >> 24);
	p->data[p->start + 1] = (unsigned char)(len >> 16);
	p->data[p->start + 2] = (unsigned char)(len >> 8);
	p->data[p->start + 3] = (unsigned char)len;
}

/* A packet of macros for a command; `pairs` ends in NULL. */
static void
add_macros(struct packets *p, char command, const char *const *pairs)
{
	begin_packet(p, 'D');
	add_bytes(p, &command, 1);
	for (; *pairs != NULL; pairs++)
		add_text(p, *pairs);
	end_packet(p);
}

struct session {
	int fd;
	uint32_t steps;	       /* that the milter wants left out */
	char login[64], class; /* the first digit of a reply */
};

static void
send_packets(const struct session *s, struct packets *p)
{
	for (size_t done = 0; done < p->len;) {
		ssize_t n =
		    send(s->fd, p->data + done, p->len - done, MSG_NOSIGNAL);

		if (n <= 0)
			fail("send");
		done += (size_t)n;
	}
	p->len = 0;
}

static void
receive(const struct session *s, void *data, size_t len)
{
	if (len > 0 && recv(s->fd, data, len, MSG_WAITALL) != (ssize_t)len)
		fail("the milter hung up");
}

/* Reads one answer; that of the negotiation has more in it. */
static char
read_answer(struct session *s)
{
	unsigned char head[5], rest[PACKET_MAX];
	size_t len;

	receive(s, head, sizeof(head));
	len = (size_t)head[0] << 24 | (size_t)head[1] << 16 |
	      (size_t)head[2] << 8 | head[3];
	if (len == 0 || len - 1 > sizeof(rest))
		fail("an answer is too long");
	receive(s, rest, len - 1);
	if (head[4] == 'O' && len >= 13)
		s->steps = (uint32_t)rest[8] << 24 | (uint32_t)rest[9] << 16 |
			   (uint32_t)rest[10] << 8 | rest[11];
	s->class = head[4] == 'y' ? (char)rest[0] : head[4] == 'r' ? '5' : '4';
	return (char)head[4];
}

/* Sends what is there and waits for the answer to a command that has one. */
static char
ask(struct session *s, struct packets *p, uint32_t silent)
{
	if ((s->steps & silent) != 0)
		return 'c';
	send_packets(s, p);
	return read_answer(s);
}

/* The same for a verdict, whose time counts. */
static char
ask_verdict(struct session *s, struct packets *p)
{
	int64_t start = now_ns(), took;
	char answer = ask(s, p, 0);

	took = (now_ns() - start) / 1000;
	atomic_fetch_add_explicit(
	    &slots[took < SLOTS ? took : SLOTS], 1, memory_order_relaxed);
	return answer;
}

/* --- sessions ------------------------------------------------------------ */

static void
open_session(struct session *s)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	static const char *const connect_macros[] = {"j", "mx.example.com",
	    "{daemon_name}", "mx.example.com", "v", "Postfix 3.7.11", NULL};
	static const char *const none[] = {NULL};
	struct packets p = {0};

	if (strlen(path) >= sizeof(a.sun_path))
		fail("the path is too long");
	strcpy(a.sun_path, path);
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->fd < 0 || connect(s->fd, (struct sockaddr *)&a, sizeof(a)) != 0)
		fail(path);
	s->steps = 0;
	begin_packet(&p, 'O');
	add_number(&p, 6);
	add_number(&p, ACTIONS_OFFERED);
	add_number(&p, STEPS_OFFERED);
	end_packet(&p);
	if (ask(s, &p, 0) != 'O')
		fail("the milter does not negotiate");
	add_macros(&p, 'C', connect_macros);
	begin_packet(&p, 'C');
	add_text(&p, "client.example.net");
	add_bytes(&p, "4\x30\x39", 3);
	add_text(&p, "192.0.2.10");
	end_packet(&p);
	if ((s->steps & NO_CONNECT) == 0)
		ask(s, &p, NR_CONNECT);
	add_macros(&p, 'H', none);
	begin_packet(&p, 'H');
	add_text(&p, "client.example.net");
	end_packet(&p);
	if ((s->steps & NO_HELO) == 0)
		ask(s, &p, NR_HELO);
	send_packets(s, &p);
}

static void
close_session(struct session *s)
{
	struct packets p = {0};

	begin_packet(&p, 'Q');
	end_packet(&p);
	send_packets(s, &p);
	close(s->fd);
}

static char
send_mail(struct session *s, struct packets *p, bool own)
{
	char sender[96], typed[100];
	const char *const macros[] = {"{auth_type}", "PLAIN", "{auth_authen}",
	    s->login, "{mail_addr}", sender, "{mail_host}", "example.com",
	    "{mail_mailer}", "local", "{tls_version}", "TLSv1.3",
	    "{cipher_bits}", "256", NULL};

	snprintf(sender, sizeof(sender), "%s",
	    own ? s->login : "somebody@else.example");
	snprintf(typed, sizeof(typed), "<%s>", sender);
	add_macros(p, 'M', macros);
	begin_packet(p, 'M');
	add_text(p, typed);
	end_packet(p);
	return ask_verdict(s, p);
}

static char
send_recipient(struct session *s, struct packets *p, unsigned long i)
{
	char address[64], typed[70];
	const char *const macros[] = {"i", "4QUEUEID", "{rcpt_addr}", address,
	    "{rcpt_host}", "example.net", "{rcpt_mailer}", "smtp", NULL};

	snprintf(address, sizeof(address), "recipient%lu@example.net", i);
	snprintf(typed, sizeof(typed), "<%s>", address);
	add_macros(p, 'R', macros);
	begin_packet(p, 'R');
	add_text(p, typed);
	end_packet(p);
	return ask_verdict(s, p);
}

static void
send_header(
    struct session *s, struct packets *p, const char *name, const char *value)
{
	static const char *const none[] = {NULL};

	add_macros(p, 'L', none); /* as Postfix does, before each */
	begin_packet(p, 'L');
	add_text(p, name);
	add_text(p, value);
	end_packet(p);
	if (p->len > 3 * PACKET_MAX)
		send_packets(s, p);
	ask(s, p, NR_HEADER);
}

static char
send_content(struct session *s, struct packets *p)
{
	static const char *const queue_id[] = {"i", "4QUEUEID", NULL};
	char value[128];

	if ((s->steps & NO_DATA) == 0) {
		add_macros(p, 'T', queue_id);
		begin_packet(p, 'T');
		end_packet(p);
		ask(s, p, NR_DATA);
	}
	snprintf(value, sizeof(value), "Some One <%s>", s->login);
	if ((s->steps & NO_HEADERS) == 0)
		send_header(s, p, "From", value);
	for (unsigned long i = 1;
	     (s->steps & NO_HEADERS) == 0 && i < options.headers; i++) {
		snprintf(value, sizeof(value), "value %lu of this field", i);
		send_header(s, p, i == 1 ? "Subject" : "X-Field", value);
	}
	if ((s->steps & NO_EOH) == 0) {
		begin_packet(p, 'N');
		end_packet(p);
		ask(s, p, NR_EOH);
	}
	if ((s->steps & NO_BODY) == 0) {
		begin_packet(p, 'B');
		add_text(p, "body");
		end_packet(p);
		ask(s, p, 0);
	}
	add_macros(p, 'E', queue_id);
	begin_packet(p, 'E');
	end_packet(p);
	return ask_verdict(s, p);
}

static void
tally(const struct session *s, bool own, char answer)
{
	if (answer == 'c')
		atomic_fetch_add(&accepted, 1);
	else if (s->class == '5')
		atomic_fetch_add(&refused, 1);
	else
		atomic_fetch_add(&deferred, 1);
	if (options.strict != 0 && answer != (own ? 'c' : 'y')) {
		fprintf(
		    stderr, "load: %s: the verdict is %c\n", s->login, answer);
		exit(1);
	}
}

/* One message; a refusal may come at each of its stages. */
static void
send_message(struct session *s, unsigned long number)
{
	struct packets p = {0};
	bool own = number % 100 >= options.refused;
	char answer = send_mail(s, &p, own);

	for (unsigned long i = 0; answer == 'c' && i < options.recipients; i++)
		answer = send_recipient(s, &p, number % 997 + i);
	if (answer == 'c')
		answer = send_content(s, &p);
	if (answer != 'c') { /* `y` carries a reply, `t` and `r` do not */
		begin_packet(&p, 'A');
		end_packet(&p);
		send_packets(s, &p);
	}
	tally(s, own, answer);
}

/* Waits for the turn of a message, at an even rate. */
static void
wait_turn(unsigned long number)
{
	int64_t wait;
	struct timespec t;

	if (options.rate == 0)
		return;
	wait = start_ns + (int64_t)number * 1000000000 / (int64_t)options.rate -
	       now_ns();
	if (wait <= 0)
		return;
	t = (struct timespec){wait / 1000000000, wait % 1000000000};
	nanosleep(&t, NULL);
}

static bool
next_message(unsigned long *number)
{
	if (end_ns != 0 && now_ns() >= end_ns)
		return false;
	*number = atomic_fetch_add(&begun, 1);
	return end_ns != 0 || *number < options.messages;
}

static void *
run_connection(void *unused)
{
	unsigned long number;
	bool more = next_message(&number);

	(void)unused;
	while (more) {
		struct session s;

		snprintf(s.login, sizeof(s.login), "user%lu@example.com",
		    number * 7919 % options.logins);
		open_session(&s);
		for (unsigned long i = 0; more && i < options.per_session;
		     i++) {
			wait_turn(number);
			send_message(&s, number);
			more = next_message(&number);
		}
		close_session(&s);
	}
	return NULL;
}

/* Microseconds within which `share` of the verdicts came. */
static unsigned long
percentile(double share)
{
	unsigned long total = 0, below = 0;
	size_t i;

	for (i = 0; i <= SLOTS; i++)
		total += atomic_load(&slots[i]);
	for (i = 0; i < SLOTS; i++) {
		below += atomic_load(&slots[i]);
		if ((double)below >= share * (double)total)
			break;
	}
	return i;
}

static void
report(double seconds)
{
	unsigned long done = atomic_load(&accepted) + atomic_load(&refused) +
			     atomic_load(&deferred);

	printf("{\"messages\":%lu,\"accepted\":%lu,\"refused\":%lu,"
	       "\"deferred\":%lu,\"seconds\":%.3f,\"per_second\":%.1f,"
	       "\"p50_us\":%lu,\"p99_us\":%lu,\"p999_us\":%lu,"
	       "\"max_us\":%lu}\n",
	    done, atomic_load(&accepted), atomic_load(&refused),
	    atomic_load(&deferred), seconds, (double)done / seconds,
	    percentile(0.5), percentile(0.99), percentile(0.999),
	    percentile(1));
}

static void
read_options(int argc, char **argv)
{
	for (int i = 2; i < argc; i++) {
		char *value = strchr(argv[i], '=');
		size_t n = 0;

		while (value != NULL && n < sizeof(names) / sizeof(*names) &&
		       (strncmp(argv[i], names[n].name,
			    strlen(names[n].name)) != 0 ||
			   argv[i] + strlen(names[n].name) != value))
			n++;
		if (value == NULL || n == sizeof(names) / sizeof(*names)) {
			fprintf(stderr, "load: no such option: %s\n", argv[i]);
			exit(2);
		}
		*names[n].value = strtoul(value + 1, NULL, 10);
	}
}

int
main(int argc, char **argv)
{
	struct rlimit files;
	struct session *idle;
	pthread_t *threads;

	if (argc < 2) {
		fprintf(stderr, "usage: load SOCKET [name=value ...]\n");
		return 2;
	}
	path = strncmp(argv[1], "unix:", 5) == 0 ? argv[1] + 5 : argv[1];
	read_options(argc, argv);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	idle = calloc(options.idle + 1, sizeof(*idle));
	threads = calloc(options.connections, sizeof(*threads));
	if (idle == NULL || threads == NULL)
		fail("memory");
	for (unsigned long i = 0; i < options.idle; i++)
		open_session(&idle[i]);
	start_ns = now_ns();
	if (options.seconds > 0)
		end_ns = start_ns + (int64_t)options.seconds * 1000000000;
	for (unsigned long i = 0; i < options.connections; i++)
		if (pthread_create(&threads[i], NULL, run_connection, NULL) !=
		    0)
			fail("threads");
	for (unsigned long i = 0; i < options.connections; i++)
		pthread_join(threads[i], NULL);
	report((double)(now_ns() - start_ns) / 1e9);
	fflush(stdout);
	if (options.idle > 0)
		(void)!getchar(); /* they stay until we are told */
	return 0;
}
