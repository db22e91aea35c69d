/* xtext, decoded strictly: what is not xtext is refused, never guessed at. */
#include "xtext.h"

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
xtext_decode(const char *text, char *out)
{
	char *to = out;

	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '+') {
			int high = hex(text[1]);
			int low = high < 0 ? -1 : hex(text[2]);

			if (low < 0)
				break;
			c = (unsigned char)(high << 4 | low);
			if (c < 0x20 || c == 0x7f)
				break;
			text += 2;
		} else if (c <= ' ' || c >= 0x7f || c == '=') {
			break;
		}
		*to++ = (char)c;
	}
	bool whole = *text == '\0';

	*(whole ? to : out) = '\0';
	return whole;
}
