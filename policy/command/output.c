/*
 * Escaped output.  A login, an address or a note is whatever somebody managed
 * to put there; none of it may drive the terminal or break the JSON.
 */
#include "policy/command/output.h"

#include <stdlib.h>
#include <string.h>
#include <unictype.h>
#include <unistd.h>
#include <unistr.h>
#include <uniwidth.h>

enum status
vfail(enum status status, const char *fmt, va_list ap)
{
	char text[4096];

	vsnprintf(text, sizeof(text), fmt, ap);
	fflush(stdout);
	fputs("authpolicy: ", stderr);
	output_text(stderr, text);
	putc('\n', stderr);
	return status;
}

enum status
fail(enum status status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfail(status, fmt, ap);
	va_end(ap);
	return status;
}

/* Takes the next character.  0 when the byte there is not UTF-8. */
static size_t
next(const char *text, size_t len, ucs4_t *c)
{
	int n;

	if ((unsigned char)*text < 0x80) {
		*c = (unsigned char)*text;
		return 1;
	}
	n = u8_mbtoucr(c, (const uint8_t *)text, len);
	return n > 0 ? (size_t)n : 0;
}

/* May the character stand as it is?  Format characters may not: they turn
 * the reading direction or hide. */
static bool
harmless(ucs4_t c)
{
	if (c < 0x80)
		return c >= 0x20 && c != 0x7f;
	return !uc_is_general_category_withtable(
	    c, UC_CATEGORY_MASK_C | UC_CATEGORY_MASK_Zl | UC_CATEGORY_MASK_Zp);
}

bool
output_is_plain(const char *text, size_t len)
{
	while (len > 0) {
		ucs4_t c;
		size_t n = next(text, len, &c);

		if (n == 0 || !harmless(c))
			return false;
		text += n;
		len -= n;
	}
	return true;
}

size_t
output_text(FILE *out, const char *text)
{
	size_t left = strlen(text), width = 0;

	while (left > 0) {
		ucs4_t c;
		char shown[16];
		size_t n = next(text, left, &c);

		if (n > 0 && harmless(c)) {
			int columns = uc_width(c, "UTF-8");

			width += columns > 0 ? (size_t)columns : 0;
			if (out != NULL)
				fwrite(text, 1, n, out);
		} else {
			if (n == 0 || c < 0x80) {
				snprintf(shown, sizeof(shown), "\\x%02X",
				    (unsigned char)*text);
				n = 1;
			} else
				snprintf(shown, sizeof(shown), "\\u{%X}",
				    (unsigned)c);
			width += strlen(shown);
			if (out != NULL)
				fputs(shown, out);
		}
		text += n;
		left -= n;
	}
	return width;
}

/* https://no-color.org: the variable counts when it is not empty. */
static bool
may_colour(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return (no == NULL || no[0] == '\0') && term != NULL &&
	       strcmp(term, "dumb") != 0 && isatty(STDOUT_FILENO);
}

/* Refused is red, in the way for now yellow. */
static const char *
colour(const char *verdict)
{
	if (strcmp(verdict, "accept") == 0)
		return "\033[32m";
	if (strcmp(verdict, "reject") == 0)
		return "\033[31m";
	return "\033[33m";
}

size_t
output_verdict(const char *name)
{
	bool coloured = may_colour();
	size_t width;

	if (coloured)
		fputs(colour(name), stdout);
	width = output_text(stdout, name);
	if (coloured)
		fputs("\033[m", stdout);
	return width;
}

void
output_json_lines(struct json *j, const char *key, const struct diag *lines)
{
	json_array(j, key);
	for (size_t i = 0; i < diag_kept(lines); i++)
		json_string(j, NULL, lines->lines[i]);
	json_array_end(j);
}

void
output_lines(const char *lead, const struct diag *lines)
{
	for (size_t i = 0; i < diag_kept(lines); i++) {
		fputs(lead, stdout);
		output_text(stdout, lines->lines[i]);
		putchar('\n');
	}
	if (lines->count > diag_kept(lines))
		printf(
		    "%sand %zu more\n", lead, lines->count - diag_kept(lines));
}

const char *
output_s(int64_t n)
{
	return n == 1 ? "" : "s";
}

void
output_field(const char *name, const char *value)
{
	printf("%-9s ", name);
	output_text(stdout, value);
	putchar('\n');
}

void
output_word(const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789@%+=:,./_-";

	if (word[0] != '\0' && strspn(word, plain) == strlen(word)) {
		fputs(word, stdout);
		return;
	}
	putchar('\'');
	for (; *word != '\0'; word++)
		if (*word == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*word);
	putchar('\'');
}
