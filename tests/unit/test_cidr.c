/* policy/cidr: addresses and networks of both families. */
#include "policy/cidr.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

struct covering {
	const char *name;
	const char *network; /* read by cidr_parse() */
	const char *address; /* NULL: the network can't be read */
	bool covers;
};

static const struct covering coverings[] = {
    {"an address is a network of itself", "192.0.2.1", "192.0.2.1", true},
    {"an address does not cover its neighbour", "192.0.2.1", "192.0.2.0"},
    {"a network of 24 bits covers its first", "192.0.2.0/24", "192.0.2.0",
	true},
    {"a network of 24 bits covers its last", "192.0.2.0/24", "192.0.2.255",
	true},
    {"a network of 24 bits ends", "192.0.2.0/24", "192.0.3.0"},
    {"a network ends within a byte", "192.0.2.128/25", "192.0.2.127"},
    {"a network begins within a byte", "192.0.2.128/25", "192.0.2.128", true},
    {"bits behind the prefix are dropped", "192.0.2.77/25", "192.0.2.1", true},
    {"no bits cover every IPv4 address", "0.0.0.0/0", "255.255.255.255", true},
    {"no bits of IPv4 cover no IPv6 address", "0.0.0.0/0", "::1"},
    {"no bits cover every IPv6 address", "::/0", "ffff::1", true},
    {"no bits of IPv6 cover no IPv4 address", "::/0", "192.0.2.1"},
    {"no bits of IPv6 cover no mapped address", "::/0", "::ffff:192.0.2.1"},
    {"32 bits are one address", "192.0.2.1/32", "192.0.2.0"},
    {"31 bits are two addresses", "192.0.2.0/31", "192.0.2.1", true},
    {"128 bits are one address", "2001:db8::1/128", "2001:db8::1", true},
    {"128 bits are no other address", "2001:db8::1/128", "2001:db8::"},
    {"a network of 33 bits of IPv6", "2001:db8:8000::/33", "2001:db8:ffff::1",
	true},
    {"a network of 33 bits of IPv6 ends", "2001:db8:8000::/33",
	"2001:db8:7fff::1"},
    {"letters of either case", "2001:DB8::/32", "2001:db8::A", true},
    {"zeros left out are zeros", "2001:db8:0:0:0:0:0:1", "2001:db8::1", true},
    {"a mapped address is the IPv4 address", "192.0.2.0/24", "::ffff:192.0.2.9",
	true},
    {"a mapped address in hexadecimal is the same", "192.0.2.0/24",
	"::ffff:c000:209", true},
    {"a mapped network is the IPv4 network", "::ffff:192.0.2.0/120",
	"192.0.2.9", true},
    {"a mapped network of 96 bits is all of IPv4", "::ffff:0.0.0.0/96",
	"8.8.8.8", true},
    {"a compatible address is IPv6", "192.0.2.0/24", "::192.0.2.9"},
    {"a mapped network of 95 bits is none", "::ffff:0.0.0.0/95", NULL},
    {"33 bits of IPv4 are too many", "192.0.2.0/33", NULL},
    {"129 bits of IPv6 are too many", "::/129", NULL},
    {"a prefix of no digits", "192.0.2.0/", NULL},
    {"a prefix below zero", "192.0.2.0/-1", NULL},
    {"a prefix with a sign", "192.0.2.0/+8", NULL},
    {"a prefix with a blank", "192.0.2.0/ 8", NULL},
    {"a prefix with something behind", "192.0.2.0/8x", NULL},
    {"a prefix beyond all numbers", "192.0.2.0/99999999999999999999", NULL},
    {"a netmask", "192.0.2.0/255.255.255.0", NULL},
    {"three bytes", "192.0.2/24", NULL},
    {"five bytes", "192.0.2.1.1", NULL},
    {"a byte beyond 255", "192.0.2.256", NULL},
    {"a blank before", " 192.0.2.1", NULL},
    {"a blank behind", "192.0.2.1 ", NULL},
    {"nothing", "", NULL},
    {"only a prefix", "/8", NULL},
    {"two colons twice", "2001::db8::1", NULL},
    {"nine groups", "1:2:3:4:5:6:7:8:9", NULL},
    {"a zone", "fe80::1%eth0", NULL},
    {"brackets", "[::1]", NULL},
    {"the prefix of a mail address literal", "IPv6:::1", NULL},
    {"a name", "localhost", NULL},
    {"a text without end",
	"1111111111111111111111111111111111111111111111111111111111111111",
	NULL},
};

static void
network_covers(void **state)
{
	const struct covering *row = *state;
	struct cidr network, other;
	struct ip ip;

	assert_int_equal(
	    cidr_parse(row->network, &network), row->address != NULL);
	if (row->address == NULL)
		return;
	assert_true(ip_parse(row->address, &ip));
	other = cidr_of(&ip, network.bits);
	assert_int_equal(cidr_compare(&network, &other) == 0, row->covers);
}

static void
what_is_no_address_is_zeroed(void **state)
{
	static const char *const texts[] = {"", "1.2.3", "::g", "1.2.3.4/8"};
	const struct ip zero = {0};
	struct ip ip;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		memset(&ip, 0xff, sizeof(ip));
		assert_false(ip_parse(texts[i], &ip));
		assert_memory_equal(ip.bytes, zero.bytes, sizeof(ip.bytes));
		assert_false(ip.six);
	}
}

/* Bit by bit: the network of n bits has the first n bits of the address. */
static void
every_prefix_keeps_its_bits(void **state)
{
	struct ip ips[2];

	(void)state;
	assert_true(ip_parse("213.170.85.255", &ips[0]));
	assert_true(
	    ip_parse("d5aa:55ff:ffff:ffff:d5aa:55ff:1234:abcd", &ips[1]));
	for (int six = 0; six < 2; six++)
		for (unsigned n = 0; n <= (six ? 128u : 32u); n++) {
			struct cidr c = cidr_of(&ips[six], (uint8_t)n);

			for (unsigned i = 0; i < 128; i++) {
				unsigned kept =
				    c.ip.bytes[i / 8] >> (7 - i % 8) & 1;
				unsigned was =
				    ips[six].bytes[i / 8] >> (7 - i % 8) & 1;

				assert_int_equal(kept, i < n ? was : 0);
			}
		}
}

static void
order_is_by_family_then_prefix_then_address(void **state)
{
	static const char *const ordered[] = {"0.0.0.0/0", "9.0.0.0/8",
	    "10.0.0.0/8", "9.0.0.0/24", "1.1.1.1", "::/0", "2001:db8::/32",
	    "::1", "::2"};
	struct cidr a, b;

	(void)state;
	for (size_t i = 0; i < COUNT(ordered); i++)
		for (size_t k = 0; k < COUNT(ordered); k++) {
			int order;

			assert_true(cidr_parse(ordered[i], &a));
			assert_true(cidr_parse(ordered[k], &b));
			order = cidr_compare(&a, &b);
			assert_int_equal(
			    (order > 0) - (order < 0), (i > k) - (i < k));
		}
}

static const struct named_test tests[] = {
    {"what is no address is zeroed", what_is_no_address_is_zeroed},
    {"every prefix keeps its bits and no more", every_prefix_keeps_its_bits},
    {"networks are ordered by family, prefix and address",
	order_is_by_family_then_prefix_then_address},
};

int
main(void)
{
	struct suite s = {0};

	SUITE_ROWS(&s, coverings, network_covers);
	SUITE_TESTS(&s, tests);
	return suite_run(&s, "cidr");
}
