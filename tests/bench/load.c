/*
 * A load of mail on a milter, on many connections at once; tells what it was
 * answered as one line of JSON.
 *
 *   load SOCKET [name=value ...]
 *
 *   connections=8    sessions at once
 *   seconds=0        how long, or
 *   messages=10000   how many, of all connections together
 *   per_session=10   messages of a session
 *   recipients=1     of a message
 *   headers=8        fields of a message, From among them
 *   logins=1000      who sends: user0@example.com and on, in turn
 *   first=0          the number of the first of them
 *   rate=0           messages a second of all together; 0: as fast as it goes
 *   idle=0           further sessions that only exist
 *   strict=1         a verdict that is not the one expected ends the run
 *   patient=0        the milter may go and come back, and put mail off
 *
 * Percent of the messages that are not a login's own, in this order:
 *
 *   refused=0        from an address of another
 *   forged=0         with the address of another in From
 *   held=0           to held@example.net
 *   limited=0        of limited@example.com: accepted or put off
 *   stranger=0       without login, to user1@example.com
 *   spoofed=0        the same, as user0@example.com
 *   relayed=0        without login, to elsewhere
 *
 * Sockets are local: unix:PATH or a path.  SIGTERM ends it early.
 */
#include "tests/bench/wire.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define SLOTS 100000 /* of the histogram, a microsecond each */
#define RETRY_NS 20000000

static struct options {
	unsigned long connections, seconds, messages, per_session, recipients,
	    headers, logins, first, rate, idle, strict, patient;
} options = {8, 0, 10000, 10, 1, 8, 1000, 0, 0, 0, 1, 0};

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
    {"logins", &options.logins},
    {"first", &options.first},
    {"rate", &options.rate},
    {"idle", &options.idle},
    {"strict", &options.strict},
    {"patient", &options.patient},
};

/* What a verdict is, as the audit log names it; CUT: none, it hung up. */
enum outcome { ACCEPT, HOLD, REJECT, TEMPFAIL, UNRECORDED, CUT, OUTCOMES };
static const char *const outcome_names[OUTCOMES] = {
    "accept", "hold", "reject", "tempfail", "unrecorded", "cut"};

enum stage { MAIL, RCPT, EOM, STAGES };
static const char *const stage_names[STAGES] = {"mail", "rcpt", "eom"};

#define OTHERS "somebody@else.example"

/* Kinds of messages; NULL: the login's own address, the usual recipient. */
static struct kind {
	const char *name;
	unsigned long percent;
	const char *login; /* "": none */
	const char *sender, *from, *recipient;
	unsigned expected; /* outcomes, as bits */
	atomic_ulong seen[OUTCOMES];
} kinds[] = {
    {"refused", 0, NULL, OTHERS, NULL, NULL, 1u << REJECT, {0}},
    {"forged", 0, NULL, NULL, OTHERS, NULL, 1u << REJECT, {0}},
    {"held", 0, NULL, NULL, NULL, "held@example.net", 1u << HOLD, {0}},
    {"limited", 0, "limited@example.com", NULL, NULL, NULL,
	1u << ACCEPT | 1u << TEMPFAIL, {0}},
    {"stranger", 0, "", "stranger@example.net", NULL, "user1@example.com",
	1u << ACCEPT, {0}},
    {"spoofed", 0, "", "user0@example.com", NULL, "user1@example.com",
	1u << REJECT, {0}},
    {"relayed", 0, "", "stranger@example.net", NULL, NULL, 1u << REJECT, {0}},
    {"own", 100, NULL, NULL, NULL, NULL, 1u << ACCEPT, {0}},
};
#define KINDS (sizeof(kinds) / sizeof(*kinds))

static const char *path;
static atomic_ulong begun;			/* messages */
static atomic_ulong verdicts[STAGES][OUTCOMES]; /* as told; a yes at the end */
static atomic_ulong aborted;	      /* messages begun and given up */
static atomic_ulong slots[SLOTS + 1]; /* times of verdicts */
static int64_t start_ns;
static _Atomic int64_t end_ns; /* 0: when the messages are sent */

static int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* SIGTERM: each connection ends the message it is at. */
static void
end_soon(int unused)
{
	(void)unused;
	end_ns = 1;
}

/* --- a message ----------------------------------------------------------- */

struct mail {
	struct kind *kind;
	const char *login, *sender, *from;
	unsigned long number;
};

static enum outcome
outcome(const struct session *s, char answer)
{
	if (answer == '\0')
		return CUT;
	if (answer == 'c')
		return s->held ? HOLD : ACCEPT;
	if (s->class == '5')
		return REJECT;
	return strstr(s->reply, "can't be recorded") == NULL ? TEMPFAIL
							     : UNRECORDED;
}

/* Asks for a verdict, whose time counts. */
static enum outcome
ask_verdict(struct session *s, struct packets *p, enum stage stage)
{
	int64_t start = now_ns(), took;
	enum outcome o = outcome(s, wire_ask(s, p, 0));

	took = (now_ns() - start) / 1000;
	atomic_fetch_add_explicit(
	    &slots[took < SLOTS ? took : SLOTS], 1, memory_order_relaxed);
	if (o != ACCEPT || stage == EOM)
		atomic_fetch_add(&verdicts[stage][o], 1);
	return o;
}

static enum outcome
send_mail(struct session *s, struct packets *p, const struct mail *m)
{
	char typed[100];
	const char *const macros[] = {"{mail_addr}", m->sender, "{mail_host}",
	    "example.com", "{mail_mailer}", "local", "{tls_version}", "TLSv1.3",
	    "{cipher_bits}", "256", m->login[0] == '\0' ? NULL : "{auth_type}",
	    "PLAIN", "{auth_authen}", m->login, NULL};

	snprintf(typed, sizeof(typed), "<%s>", m->sender);
	wire_add_macros(p, 'M', macros);
	wire_begin(p, 'M');
	wire_add_text(p, typed);
	wire_end(p);
	return ask_verdict(s, p, MAIL);
}

static enum outcome
send_recipient(
    struct session *s, struct packets *p, const struct mail *m, unsigned long i)
{
	char address[64], typed[70];
	const char *const macros[] = {"i", "4QUEUEID", "{rcpt_addr}", address,
	    "{rcpt_host}", "example.net", "{rcpt_mailer}", "smtp", NULL};

	if (m->kind->recipient != NULL)
		snprintf(address, sizeof(address), "%s", m->kind->recipient);
	else
		snprintf(address, sizeof(address), "recipient%lu@example.net",
		    m->number % 997 + i);
	snprintf(typed, sizeof(typed), "<%s>", address);
	wire_add_macros(p, 'R', macros);
	wire_begin(p, 'R');
	wire_add_text(p, typed);
	wire_end(p);
	return ask_verdict(s, p, RCPT);
}

static void
send_header(
    struct session *s, struct packets *p, const char *name, const char *value)
{
	static const char *const none[] = {NULL};

	wire_add_macros(p, 'L', none); /* as Postfix does, before each */
	wire_begin(p, 'L');
	wire_add_text(p, name);
	wire_add_text(p, value);
	wire_end(p);
	if (p->len > 3 * PACKET_MAX)
		wire_send(s, p);
	wire_ask(s, p, NR_HEADER);
}

static enum outcome
send_content(struct session *s, struct packets *p, const struct mail *m)
{
	static const char *const queue_id[] = {"i", "4QUEUEID", NULL};
	char value[128];

	if ((s->steps & NO_DATA) == 0) {
		wire_add_macros(p, 'T', queue_id);
		wire_begin(p, 'T');
		wire_end(p);
		wire_ask(s, p, NR_DATA);
	}
	snprintf(value, sizeof(value), "Some One <%s>", m->from);
	if ((s->steps & NO_HEADERS) == 0)
		send_header(s, p, "From", value);
	for (unsigned long i = 1;
	     (s->steps & NO_HEADERS) == 0 && i < options.headers; i++) {
		snprintf(value, sizeof(value), "value %lu of this field", i);
		send_header(s, p, i == 1 ? "Subject" : "X-Field", value);
	}
	if ((s->steps & NO_EOH) == 0) {
		wire_begin(p, 'N');
		wire_end(p);
		wire_ask(s, p, NR_EOH);
	}
	if ((s->steps & NO_BODY) == 0) {
		wire_begin(p, 'B');
		wire_add_text(p, "body");
		wire_end(p);
		wire_ask(s, p, 0);
	}
	wire_add_macros(p, 'E', queue_id);
	wire_begin(p, 'E');
	wire_end(p);
	return ask_verdict(s, p, EOM);
}

static void
tally(const struct session *s, const struct mail *m, enum outcome o)
{
	unsigned allowed = m->kind->expected;

	atomic_fetch_add(&m->kind->seen[o], 1);
	if (wire_patient)
		allowed |= 1u << TEMPFAIL | 1u << UNRECORDED | 1u << CUT;
	if (options.strict != 0 && (allowed & 1u << o) == 0) {
		fprintf(stderr, "load: %s: a message of the kind '%s': %s %s\n",
		    s->login, m->kind->name, outcome_names[o], s->reply);
		exit(1);
	}
}

static struct kind *
kind_of(unsigned long number)
{
	unsigned long turn = number % 100, sum = 0;
	struct kind *k = kinds;

	while (k < kinds + KINDS - 1 && turn >= (sum += k->percent))
		k++;
	return k;
}

/* One message; a refusal may come at each of its stages. */
static void
send_message(struct session *s, unsigned long number)
{
	struct packets p = {0};
	struct kind *k = kind_of(number);
	struct mail m = {.kind = k, .number = number};
	enum outcome o;

	m.login = k->login == NULL ? s->login : k->login;
	m.sender = k->sender == NULL ? m.login : k->sender;
	m.from = k->from == NULL ? m.sender : k->from;
	o = send_mail(s, &p, &m);
	if (o == ACCEPT) {
		for (unsigned long i = 0; o == ACCEPT && i < options.recipients;
		     i++)
			o = send_recipient(s, &p, &m, i);
		if (o == ACCEPT)
			o = send_content(s, &p, &m);
		else if (o != CUT)
			atomic_fetch_add(&aborted, 1);
	}
	if (o != ACCEPT && o != HOLD) { /* it did not tell all of them so */
		wire_begin(&p, 'A');
		wire_end(&p);
		wire_send(s, &p);
	}
	tally(s, &m, o);
}

/* --- connections --------------------------------------------------------- */

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
		struct session s = {0};

		snprintf(s.login, sizeof(s.login), "user%lu@example.com",
		    options.first + number * 7919 % options.logins);
		if (!wire_open(&s, path))
			nanosleep(&(struct timespec){0, RETRY_NS}, NULL);
		for (unsigned long i = 0;
		     more && !s.broken && i < options.per_session; i++) {
			wait_turn(number);
			send_message(&s, number);
			more = next_message(&number);
		}
		if (more && s.broken)
			more = end_ns == 0 || now_ns() < end_ns;
		wire_close(&s);
	}
	return NULL;
}

/* --- what it tells ------------------------------------------------------- */

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

/* An object of outcomes, under a name. */
static void
report_outcomes(const char *name, atomic_ulong *counts)
{
	printf("\"%s\":{", name);
	for (size_t i = 0; i < OUTCOMES; i++)
		printf("%s\"%s\":%lu", i == 0 ? "" : ",", outcome_names[i],
		    atomic_load(&counts[i]));
	printf("}");
}

static void
report(double seconds)
{
	unsigned long sums[OUTCOMES] = {0}, done = 0;

	for (size_t k = 0; k < KINDS; k++)
		for (size_t i = 0; i < OUTCOMES; i++) {
			sums[i] += atomic_load(&kinds[k].seen[i]);
			done += atomic_load(&kinds[k].seen[i]);
		}
	printf("{\"messages\":%lu,\"accepted\":%lu,\"refused\":%lu,"
	       "\"deferred\":%lu,\"seconds\":%.3f,\"per_second\":%.1f,"
	       "\"p50_us\":%lu,\"p99_us\":%lu,\"p999_us\":%lu,"
	       "\"max_us\":%lu,\"aborted\":%lu,\"kinds\":{",
	    done, sums[ACCEPT] + sums[HOLD], sums[REJECT],
	    sums[TEMPFAIL] + sums[UNRECORDED], seconds, (double)done / seconds,
	    percentile(0.5), percentile(0.99), percentile(0.999), percentile(1),
	    atomic_load(&aborted));
	for (size_t k = 0; k < KINDS; k++) {
		printf("%s", k == 0 ? "" : ",");
		report_outcomes(kinds[k].name, kinds[k].seen);
	}
	printf("},\"verdicts\":{");
	for (size_t i = 0; i < STAGES; i++) {
		printf("%s", i == 0 ? "" : ",");
		report_outcomes(stage_names[i], verdicts[i]);
	}
	printf("}}\n");
}

/* The number that an option of this name, so long, sets; NULL: none. */
static unsigned long *
option(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strlen(names[i].name) == len &&
		    strncmp(names[i].name, name, len) == 0)
			return names[i].value;
	for (size_t i = 0; i < KINDS - 1; i++)
		if (strlen(kinds[i].name) == len &&
		    strncmp(kinds[i].name, name, len) == 0)
			return &kinds[i].percent;
	return NULL;
}

static void
read_options(int argc, char **argv)
{
	for (int i = 2; i < argc; i++) {
		size_t len = strcspn(argv[i], "=");
		unsigned long *value = option(argv[i], len);

		if (value == NULL || argv[i][len] != '=') {
			fprintf(stderr, "load: no such option: %s\n", argv[i]);
			exit(2);
		}
		*value = strtoul(argv[i] + len + 1, NULL, 10);
	}
	wire_patient = options.patient != 0;
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
		wire_fail("memory");
	for (unsigned long i = 0; i < options.idle; i++)
		wire_open(&idle[i], path);
	signal(SIGTERM, end_soon);
	start_ns = now_ns();
	if (options.seconds > 0)
		end_ns = start_ns + (int64_t)options.seconds * 1000000000;
	for (unsigned long i = 0; i < options.connections; i++)
		if (pthread_create(&threads[i], NULL, run_connection, NULL) !=
		    0)
			wire_fail("threads");
	for (unsigned long i = 0; i < options.connections; i++)
		pthread_join(threads[i], NULL);
	report((double)(now_ns() - start_ns) / 1e9);
	fflush(stdout);
	if (options.idle > 0)
		(void)!getchar(); /* they stay until we are told */
	free(threads);
	free(idle);
	return 0;
}
