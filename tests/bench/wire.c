/* Packets of the milter protocol, sent and answered. */
#include "tests/bench/wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ACTIONS_OFFERED 0x1ffu
#define STEPS_OFFERED 0x1fffffu

bool wire_patient;

void
wire_fail(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void
hung_up(struct session *s, const char *what)
{
	if (!wire_patient)
		wire_fail(what);
	s->broken = true;
}

void
wire_add(struct packets *p, const void *data, size_t len)
{
	if (len > sizeof(p->data) - p->len)
		wire_fail("a packet is too long");
	memcpy(p->data + p->len, data, len);
	p->len += len;
}

void
wire_add_number(struct packets *p, uint32_t n)
{
	const unsigned char bytes[4] = {(unsigned char)(n >> 24),
	    (unsigned char)(n >> 16), (unsigned char)(n >> 8),
	    (unsigned char)n};

	wire_add(p, bytes, sizeof(bytes));
}

void
wire_add_text(struct packets *p, const char *text)
{
	wire_add(p, text, strlen(text) + 1);
}

void
wire_begin(struct packets *p, char command)
{
	p->start = p->len;
	wire_add_number(p, 0);
	wire_add(p, &command, 1);
}

void
wire_end(struct packets *p)
{
	uint32_t len = (uint32_t)(p->len - p->start - 4);

	p->data[p->start] = (unsigned char)(len >> 24);
	p->data[p->start + 1] = (unsigned char)(len >> 16);
	p->data[p->start + 2] = (unsigned char)(len >> 8);
	p->data[p->start + 3] = (unsigned char)len;
}

void
wire_add_macros(struct packets *p, char command, const char *const *pairs)
{
	wire_begin(p, 'D');
	wire_add(p, &command, 1);
	for (; *pairs != NULL; pairs++)
		wire_add_text(p, *pairs);
	wire_end(p);
}

void
wire_send(struct session *s, struct packets *p)
{
	for (size_t done = 0; done < p->len && !s->broken;) {
		ssize_t n =
		    send(s->fd, p->data + done, p->len - done, MSG_NOSIGNAL);

		if (n <= 0)
			hung_up(s, "send");
		else
			done += (size_t)n;
	}
	p->len = 0;
}

static bool
receive(struct session *s, void *data, size_t len)
{
	if (!s->broken && len > 0 &&
	    recv(s->fd, data, len, MSG_WAITALL) != (ssize_t)len)
		hung_up(s, "the milter hung up");
	return !s->broken;
}

/* Reads one answer; that of the negotiation has more in it. */
static char
read_answer(struct session *s)
{
	unsigned char head[5], *rest = (unsigned char *)s->reply;
	size_t len;

	s->reply[0] = '\0';
	if (!receive(s, head, sizeof(head)))
		return '\0';
	len = (size_t)head[0] << 24 | (size_t)head[1] << 16 |
	      (size_t)head[2] << 8 | head[3];
	if (len == 0 || len >= sizeof(s->reply))
		wire_fail("an answer is too long");
	if (!receive(s, rest, len - 1))
		return '\0';
	rest[len - 1] = '\0';
	if (head[4] == 'O' && len >= 13)
		s->steps = (uint32_t)rest[8] << 24 | (uint32_t)rest[9] << 16 |
			   (uint32_t)rest[10] << 8 | rest[11];
	s->class = head[4] == 'y' ? s->reply[0] : head[4] == 'r' ? '5' : '4';
	return (char)head[4];
}

char
wire_ask(struct session *s, struct packets *p, uint32_t silent)
{
	char answer;

	if (s->broken)
		return '\0';
	if ((s->steps & silent) != 0)
		return 'c';
	wire_send(s, p);
	s->held = false;
	while ((answer = read_answer(s)) == 'q') /* the verdict follows */
		s->held = true;
	return answer;
}

static void
connect_to(struct session *s, const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(a.sun_path))
		wire_fail("the path is too long");
	strcpy(a.sun_path, path);
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->fd < 0 || connect(s->fd, (struct sockaddr *)&a, sizeof(a)) != 0)
		hung_up(s, path);
}

bool
wire_open(struct session *s, const char *path)
{
	static const char *const connect_macros[] = {"j", "mx.example.com",
	    "{daemon_name}", "mx.example.com", "v", "Postfix 3.7.11", NULL};
	static const char *const none[] = {NULL};
	struct packets p = {0};

	s->steps = 0;
	s->broken = false;
	connect_to(s, path);
	wire_begin(&p, 'O');
	wire_add_number(&p, 6);
	wire_add_number(&p, ACTIONS_OFFERED);
	wire_add_number(&p, STEPS_OFFERED);
	wire_end(&p);
	if (wire_ask(s, &p, 0) != 'O')
		hung_up(s, "the milter does not negotiate");
	wire_add_macros(&p, 'C', connect_macros);
	wire_begin(&p, 'C');
	wire_add_text(&p, "client.example.net");
	wire_add(&p, "4\x30\x39", 3);
	wire_add_text(&p, "192.0.2.10");
	wire_end(&p);
	if ((s->steps & NO_CONNECT) == 0)
		wire_ask(s, &p, NR_CONNECT);
	wire_add_macros(&p, 'H', none);
	wire_begin(&p, 'H');
	wire_add_text(&p, "client.example.net");
	wire_end(&p);
	if ((s->steps & NO_HELO) == 0)
		wire_ask(s, &p, NR_HELO);
	wire_send(s, &p);
	return !s->broken;
}

void
wire_close(struct session *s)
{
	struct packets p = {0};

	wire_begin(&p, 'Q');
	wire_end(&p);
	wire_send(s, &p);
	if (s->fd >= 0)
		close(s->fd);
}
