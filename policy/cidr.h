#ifndef POLICY_CIDR_H
#define POLICY_CIDR_H

/*
 * IP addresses and networks, IPv4 and IPv6.  An IPv4-mapped address
 * (::ffff:192.0.2.1) is the IPv4 address.  A network of one family never
 * covers an address of the other.
 */

#include <stdbool.h>
#include <stdint.h>

struct ip {
	bool six;
	unsigned char bytes[16]; /* IPv4: the first four, the rest zero */
};

struct cidr {
	struct ip ip; /* bits behind the prefix are zero */
	uint8_t bits; /* 0 to 32, or 0 to 128 */
};

/* False, `out` zeroed, when the text is no address. */
bool ip_parse(const char *text, struct ip *out);

/* Reads `192.0.2.0/24`, `2001:db8::/32`, or an address, which is a network of
 * itself.  Bits behind the prefix are dropped. */
bool cidr_parse(const char *text, struct cidr *out);

/* The network of `bits` bits that the address is in. */
struct cidr cidr_of(const struct ip *ip, uint8_t bits);

/* By family, then prefix length, then address; 0 when equal. */
int cidr_compare(const struct cidr *a, const struct cidr *b);

#endif
