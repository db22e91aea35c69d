/* What was meant by a word that is not known. */
#include "policy/command/guess.h"

#include <stdio.h>
#include <string.h>

static size_t
lesser(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many letters were left out, put in, replaced, or swapped with their
 * neighbour. */
static size_t
distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][GUESS_MAX + 1];

	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *row = rows[i % 3];
		const size_t *last = rows[(i + 2) % 3];
		const size_t *before = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			row[j] = lesser(last[j], row[j - 1]) + 1;
			row[j] = lesser(
			    row[j], last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				row[j] = lesser(row[j], before[j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
}

void
guess_begin(struct guess *g, const char *word, size_t len)
{
	memset(g, 0, sizeof(*g));
	g->word = word;
	g->len = len;
	g->distance = GUESS_MAX;
}

void
guess_try(struct guess *g, const char *known, size_t len)
{
	size_t n;

	if (g->len > GUESS_MAX || len > GUESS_MAX)
		return;
	n = distance(g->word, g->len, known, len);
	/* With more than a third of the letters wrong it is another word. */
	if (n >= g->distance || n * 3 > (g->len > len ? g->len : len))
		return;
	g->distance = n;
	memcpy(g->best, known, len);
	g->best[len] = '\0';
}

const char *
guess_hint(struct guess *g, const char *lead)
{
	if (g->best[0] != '\0')
		snprintf(g->hint, sizeof(g->hint), "did you mean %s%s? ", lead,
		    g->best);
	return g->hint;
}
