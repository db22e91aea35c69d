/* Base64, both ways. */
#include "base64.h"

#include <stdint.h>
#include <string.h>

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
base64_encode(const char *bytes, size_t len, char *out)
{
	const unsigned char *b = (const unsigned char *)bytes;

	for (size_t i = 0; i < len; i += 3) {
		uint32_t three = (uint32_t)b[i] << 16 |
				 (i + 1 < len ? (uint32_t)b[i + 1] << 8 : 0) |
				 (i + 2 < len ? b[i + 2] : 0u);

		*out++ = digits[three >> 18];
		*out++ = digits[three >> 12 & 63];
		*out++ = i + 1 < len ? digits[three >> 6 & 63] : '=';
		*out++ = i + 2 < len ? digits[three & 63] : '=';
	}
	*out = '\0';
}

size_t
base64_decode(const char *text, size_t len, char *out)
{
	uint32_t bits = 0;
	unsigned have = 0;
	size_t n = 0;

	for (size_t i = 0; i < len && text[i] != '='; i++) {
		const char *digit = memchr(digits, text[i], 64);

		if (digit == NULL)
			continue;
		bits = (bits << 6 | (uint32_t)(digit - digits)) & 0xffffff;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[n++] = (char)(bits >> have & 0xff);
		}
	}
	return n;
}
