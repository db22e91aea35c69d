/* Authentication-Results: ours, and those that only claim to be. */
#include "milter/results.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Moves behind blanks and comments; NULL when a comment has no end. */
static const char *
skip_cfws(const char *at)
{
	unsigned depth = 0;

	for (; *at != '\0'; at++) {
		if (*at == '(')
			depth++;
		else if (*at == ')' && depth > 0)
			depth--;
		else if (*at == '\\' && depth > 0 && at[1] != '\0')
			at++;
		else if (depth == 0 && strchr(" \t\r\n", *at) == NULL)
			break;
	}
	return depth == 0 ? at : NULL;
}

/* The authserv-id at the start of the value.  False: there is none to read. */
static bool
read_id(const char *value, char *id, size_t size)
{
	const char *at = skip_cfws(value);
	bool quoted;
	size_t n = 0;

	if (at == NULL)
		return false;
	quoted = *at == '"';
	for (at += quoted; *at != '\0'; at++) {
		if (quoted ? *at == '"' : strchr(" \t\r\n(;", *at) != NULL)
			break;
		if (quoted && *at == '\\' && at[1] != '\0')
			at++;
		if (n + 1 == size || *at == '"')
			return false;
		id[n++] = *at;
	}
	id[n] = '\0';
	return n > 0 && (!quoted || *at == '"');
}

bool
results_claims(const char *value, const char *authserv_id)
{
	char id[512];

	return !read_id(value, id, sizeof(id)) ||
	       strcasecmp(id, authserv_id) == 0;
}

bool
results_write(const char *authserv_id, const char *login, char out[RESULTS_MAX])
{
	char quoted[2 * LOGIN_MAX + 1];
	size_t n = 0;

	for (; *login != '\0'; login++) {
		if (*login < ' ' || *login > '~')
			return false;
		if (*login == '"' || *login == '\\')
			quoted[n++] = '\\';
		quoted[n++] = *login;
	}
	quoted[n] = '\0';
	return (size_t)snprintf(out, RESULTS_MAX,
		   "%s; auth=pass smtp.auth=\"%s\"", authserv_id,
		   quoted) < RESULTS_MAX;
}
