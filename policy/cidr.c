/* IP addresses and the networks they are in. */
#include "cidr.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

bool
ip_parse(const char *text, struct ip *out)
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, text, out->bytes) == 1)
		return true;
	if (inet_pton(AF_INET6, text, out->bytes) != 1) {
		memset(out, 0, sizeof(*out));
		return false;
	}
	out->six = memcmp(out->bytes, mapped, sizeof(mapped)) != 0;
	if (!out->six) {
		memcpy(out->bytes, out->bytes + sizeof(mapped), 4);
		memset(out->bytes + 4, 0, 12);
	}
	return true;
}

struct cidr
cidr_of(const struct ip *ip, uint8_t bits)
{
	struct cidr c = {*ip, bits};
	unsigned whole = bits / 8, rest = bits % 8;

	if (rest > 0) {
		c.ip.bytes[whole] &= (unsigned char)(0xff00 >> rest);
		whole++;
	}
	memset(c.ip.bytes + whole, 0, sizeof(c.ip.bytes) - whole);
	return c;
}

bool
cidr_parse(const char *text, struct cidr *out)
{
	const char *slash = strchr(text, '/');
	size_t len = slash == NULL ? strlen(text) : (size_t)(slash - text);
	char address[INET6_ADDRSTRLEN];
	struct ip ip;
	long bits, most;
	char *end;

	memset(out, 0, sizeof(*out));
	if (len >= sizeof(address))
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	if (!ip_parse(address, &ip))
		return false;
	most = ip.six ? 128 : 32;
	bits = most;
	if (slash != NULL) {
		if (slash[1] < '0' || slash[1] > '9')
			return false;
		bits = strtol(slash + 1, &end, 10);
		/* a mapped network: its prefix is counted from the front */
		if (!ip.six && strchr(address, ':') != NULL)
			bits -= 96;
		if (*end != '\0' || bits < 0 || bits > most)
			return false;
	}
	*out = cidr_of(&ip, (uint8_t)bits);
	return true;
}

int
cidr_compare(const struct cidr *a, const struct cidr *b)
{
	if (a->ip.six != b->ip.six)
		return a->ip.six ? 1 : -1;
	if (a->bits != b->bits)
		return a->bits < b->bits ? -1 : 1;
	return memcmp(a->ip.bytes, b->ip.bytes, sizeof(a->ip.bytes));
}
