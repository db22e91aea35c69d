/* Names of principals, in the one form in which they are compared. */
#include "login.h"

#include <idn2.h>
#include <string.h>

bool
login_canonical(const char *name, const char *realm, char out[LOGIN_MAX + 1])
{
	size_t n = strlen(name), r = strlen(realm);
	bool append = r > 0 && strchr(name, '@') == NULL;

	out[0] = '\0';
	if (n == 0 || n + (append ? 1 + r : 0) > LOGIN_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
			return false;
	memcpy(out, name, n + 1);
	if (append) {
		out[n] = '@';
		memcpy(out + n + 1, realm, r + 1);
	}
	for (char *p = out; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return true;
}

/* Is `typed` the domain `name`, or its U-label, letter for letter? */
static bool
is_spelling(const char *typed, const char *name)
{
	char *wide = NULL;
	bool same = strcmp(typed, name) == 0;

	if (!same && idn2_to_unicode_8z8z(name, &wide, 0) == IDN2_OK)
		same = strcmp(typed, wide) == 0;
	idn2_free(wide);
	return same;
}

bool
login_domain(const char *login, char out[ADDRESS_DOMAIN_MAX + 1])
{
	const char *at = strrchr(login, '@');

	out[0] = '\0';
	if (at != NULL && at != login &&
	    address_parse_domain(at + 1, strlen(at + 1), out) == ADDRESS_OK &&
	    is_spelling(at + 1, out))
		return true;
	out[0] = '\0';
	return false;
}

bool
login_is_reserved(const char *login)
{
	return login[0] == '@' || strcmp(login, "everyone") == 0 ||
	       strcmp(login, "anonymous") == 0;
}
