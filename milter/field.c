/* Text from outside as one word of a syslog line. */
#include "milter/field.h"

#include <stdio.h>
#include <string.h>

struct field
field(const char *text)
{
	struct field f;
	size_t n = 0;

	if (text == NULL || text[0] == '\0')
		text = "-";
	for (; *text != '\0' && n + 8 < sizeof(f.text); text++) {
		unsigned char c = (unsigned char)*text;

		if (c > ' ' && c < 0x7f && c != '\\' && c != '=' && c != '"')
			f.text[n++] = (char)c;
		else
			n += (size_t)snprintf(
			    f.text + n, sizeof(f.text) - n, "\\x%02X", c);
	}
	if (*text != '\0') {
		memcpy(f.text + n, "...", 3);
		n += 3;
	}
	f.text[n] = '\0';
	return f;
}
