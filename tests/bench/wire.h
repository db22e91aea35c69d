#ifndef TESTS_BENCH_WIRE_H
#define TESTS_BENCH_WIRE_H

/*
 * The MTA's side of the milter protocol, version 6, as Postfix speaks it.  A
 * milter that hangs up makes the session `broken`, or ends the program unless
 * `wire_patient`; of a broken session nothing more is sent.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Steps that the milter may want left out, or not answered. */
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

#define PACKET_MAX 4096

extern bool wire_patient;

/* Packets that leave together. */
struct packets {
	size_t len, start; /* of all; where the one in hand begins */
	unsigned char data[4 * PACKET_MAX];
};

struct session {
	int fd;
	uint32_t steps; /* that the milter wants left out */
	bool broken;	/* it hung up */
	bool held;	/* it asked for quarantine since the last command */
	char class;	/* the first digit of the reply */
	char reply[PACKET_MAX];
	char login[64];
};

/* Says what, why, and ends the program. */
void wire_fail(const char *what);

void wire_begin(struct packets *p, char command);
void wire_add(struct packets *p, const void *data, size_t len);
void wire_add_number(struct packets *p, uint32_t n);
void wire_add_text(struct packets *p, const char *text);
void wire_end(struct packets *p);

/* A packet of macros for a command; `pairs` ends in NULL. */
void wire_add_macros(struct packets *p, char command, const char *const *pairs);

void wire_send(struct session *s, struct packets *p);

/*
 * Sends what is there and waits for the answer to a command that has one:
 * none of the steps `silent` was agreed on.  '\0': the milter hung up.
 */
char wire_ask(struct session *s, struct packets *p, uint32_t silent);

/* Negotiates, connects and says HELO.  False: broken. */
bool wire_open(struct session *s, const char *path);
void wire_close(struct session *s);

#endif
