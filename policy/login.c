/* Names of principals, in the one form in which they are compared. */
#include "login.h"

#include "ascii.h"

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
		*p = ascii_lower(*p);
	return true;
}

/* Is `typed` the domain `name`, or its U-label, letter for letter?  -1 could
 * not tell. */
static int
is_spelling(const char *typed, const char *name)
{
	char *wide = NULL;
	int rc, same = strcmp(typed, name) == 0;

	if (same)
		return same;
	rc = idn2_to_unicode_8z8z(name, &wide, 0);
	if (rc == IDN2_OK)
		same = strcmp(typed, wide) == 0;
	idn2_free(wide);
	return rc == IDN2_MALLOC ? -1 : same;
}

int
login_domain(const char *login, char out[ADDRESS_DOMAIN_MAX + 1])
{
	const char *at = strrchr(login, '@');
	enum address_status status;
	int has;

	out[0] = '\0';
	if (at == NULL || at == login)
		return 0;
	status = address_parse_domain(at + 1, strlen(at + 1), out);
	if (status == ADDRESS_NO_MEMORY)
		return -1;
	has = status == ADDRESS_OK ? is_spelling(at + 1, out) : 0;
	if (has != 1)
		out[0] = '\0';
	return has;
}

bool
login_is_reserved(const char *login)
{
	return login[0] == '@' || strcmp(login, "everyone") == 0 ||
	       strcmp(login, "anonymous") == 0;
}
