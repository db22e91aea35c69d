/* What differs between the MTAs. */
#include "milter/mta.h"

#include "policy/xtext.h"

#include <ctype.h>
#include <string.h>

enum mta
mta_detect(const char *version)
{
	if (version == NULL)
		return MTA_UNKNOWN;
	if (strncmp(version, "Postfix", 7) == 0)
		return MTA_POSTFIX;
	return strncmp(version, "8.", 2) == 0 ? MTA_SENDMAIL : MTA_UNKNOWN;
}

const char *
mta_name(enum mta mta)
{
	switch (mta) {
	case MTA_UNKNOWN:
		return "";
	case MTA_POSTFIX:
		return "postfix";
	case MTA_SENDMAIL:
		return "sendmail";
	}
	return "";
}

/* Is there a `+HH` in the text, as xtext has it? */
static bool
may_be_xtext(const char *text)
{
	for (; *text != '\0'; text++)
		if (text[0] == '+' && isxdigit((unsigned char)text[1]) &&
		    isxdigit((unsigned char)text[2]))
			return true;
	return false;
}

bool
mta_set_login(struct facts *f, const char *auth_authen, struct arena *a)
{
	char *login;

	f->login = NULL;
	f->login_malformed = f->login_ambiguous = false;
	if (auth_authen == NULL || auth_authen[0] == '\0')
		return true;
	login = arena_strdup(a, auth_authen);
	if (login == NULL)
		return false;
	if (f->mta == MTA_SENDMAIL && !xtext_decode(auth_authen, login)) {
		f->login_malformed = true;
		strcpy(login, auth_authen); /* for the record, as it came */
	}
	f->login_ambiguous = f->mta == MTA_UNKNOWN && may_be_xtext(login);
	f->login = login;
	return true;
}

bool
mta_set_sender(struct facts *f, const char *argument, struct arena *a)
{
	char *sender = arena_strdup(a, argument);
	char *end;

	if (sender == NULL)
		return false;
	end = f->mta == MTA_SENDMAIL ? strstr(sender, "> ") : NULL;
	if (end != NULL && strchr(sender, '"') == NULL)
		end[1] = '\0';
	f->sender = sender;
	return true;
}

bool
mta_is_local(enum mta mta, const char *queue_id, const char *mail_mailer,
    const char *argument)
{
	return mta == MTA_POSTFIX && queue_id != NULL && queue_id[0] != '\0' &&
	       (mail_mailer == NULL || mail_mailer[0] == '\0') &&
	       strchr(argument, '<') == NULL;
}
