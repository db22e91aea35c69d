/* Postings, written and read. */
#include "posting.h"

#include <stdlib.h>
#include <string.h>

static void
write_bytes(struct postings *p, const void *data, size_t len)
{
	if (p->failed)
		return;
	if (len > p->room - p->len) {
		size_t room = p->room * 2 + len + 256;
		unsigned char *larger = realloc(p->data, room);

		if (larger == NULL) {
			p->failed = true;
			return;
		}
		p->data = larger;
		p->room = room;
	}
	memcpy(p->data + p->len, data, len);
	p->len += len;
}

static void
write_number(struct postings *p, uint32_t n)
{
	const unsigned char bytes[4] = {(unsigned char)n,
	    (unsigned char)(n >> 8), (unsigned char)(n >> 16),
	    (unsigned char)(n >> 24)};

	write_bytes(p, bytes, sizeof(bytes));
}

void
posting_name(struct postings *p, const char *name)
{
	const unsigned char head[2] = {'N', (unsigned char)strlen(name)};

	write_bytes(p, head, sizeof(head));
	write_bytes(p, name, head[1]);
}

void
posting_entry(
    struct postings *p, int64_t t0, int64_t t1, const struct counts *counts)
{
	uint32_t columns = 0;

	for (int c = 0; c < COUNTERS; c++)
		columns |= counts->at[c] != 0 ? 1u << c : 0;
	write_bytes(p, "E", 1);
	write_number(p, (uint32_t)t0);
	write_number(p, (uint32_t)t1);
	write_number(p, columns);
	for (int c = 0; c < COUNTERS; c++)
		if (counts->at[c] != 0)
			write_number(p, counts->at[c]);
}

/* Has the posting a second number? */
static bool
has_value(char letter)
{
	return letter == 'W' || letter == 'S' || letter == 'T';
}

static bool
is_recipient(char letter)
{
	return letter == 'K' || letter == 'O';
}

void
posting_print(struct postings *p, char letter, uint32_t print, int64_t value)
{
	write_bytes(p, &letter, 1);
	write_number(p, print);
	if (has_value(letter))
		write_number(p, (uint32_t)value);
}

void
postings_clear(struct postings *p)
{
	free(p->data);
	*p = (struct postings){0};
}

/* Bytes that are still to be read. */
struct rest {
	const unsigned char *data;
	size_t len;
	bool cut;
};

static uint32_t
read_number(struct rest *r)
{
	const unsigned char *d = r->data;

	if (r->len < 4) {
		r->cut = true;
		return 0;
	}
	r->data += 4;
	r->len -= 4;
	return (uint32_t)d[0] | (uint32_t)d[1] << 8 | (uint32_t)d[2] << 16 |
	       (uint32_t)d[3] << 24;
}

static void
read_name(struct rest *r, struct posting *out)
{
	size_t len = r->len > 0 ? r->data[0] : 0;

	if (len == 0 || len > r->len - 1) {
		r->cut = true;
		return;
	}
	out->name = (const char *)r->data + 1;
	out->name_len = len;
	r->data += 1 + len;
	r->len -= 1 + len;
}

static void
read_entry(struct rest *r, struct posting *out)
{
	uint32_t columns;

	out->t0 = read_number(r);
	out->t1 = read_number(r);
	columns = read_number(r);
	for (int c = 0; c < COUNTERS; c++)
		if ((columns & 1u << c) != 0)
			out->counts.at[c] = read_number(r);
	r->cut = r->cut || columns >> COUNTERS != 0 || out->t1 < out->t0;
}

bool
posting_read(
    const unsigned char *data, size_t len, size_t *at, struct posting *out)
{
	struct rest r = {0};

	*out = (struct posting){0};
	if (*at >= len)
		return false;
	r.data = data + *at;
	r.len = len - *at;
	out->letter = (char)*r.data++;
	r.len--;
	switch (out->letter) {
	case 'N':
		read_name(&r, out);
		break;
	case 'E':
		read_entry(&r, out);
		break;
	case 'W':
	case 'S':
	case 'K':
	case 'O':
	case 'T':
		out->print = read_number(&r);
		if (has_value(out->letter))
			out->value = read_number(&r);
		r.cut = r.cut || (is_recipient(out->letter) && out->print == 0);
		break;
	default:
		r.cut = true;
	}
	if (r.cut)
		return false;
	*at = len - r.len;
	return true;
}
