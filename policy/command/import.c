/*
 * What an import collects.  Everything is made canonical and looked at here,
 * by the loader's own readers, so that a bad line is known by its number.
 */
#include "policy/command/import.h"
#include "policy/command/texts.h"
#include "policy/login.h"
#include "policy/when.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistr.h>

bool
import_begin(
    struct import *i, struct command *c, const char *origin, bool exact)
{
	*i = (struct import){.c = c, .realm = ""};
	if (!db_exec(&c->db, import_sql) ||
	    !db_run(&c->db, SQL_JOB, origin, exact ? "1" : "0"))
		return false;
	i->realm_text = db_text(&c->db, SQL_SETTING, "default_realm");
	if (i->realm_text != NULL)
		i->realm = i->realm_text;
	return c->db.status == STATUS_OK;
}

bool
import_open(struct import *i, const char *file)
{
	struct stat st;

	i->file = file;
	i->in = strcmp(file, "-") == 0 ? stdin : fopen(file, "re");
	if (i->in == NULL || fstat(fileno(i->in), &st) != 0) {
		size_t type = strspn(file, "abcdefghijklmnopqrstuvwxyz");

		return db_fail(&i->c->db, STATUS_UNKNOWN, "%s: %s%s", file,
		    strerror(errno),
		    file[type] == ':' ? "; write the name of the file alone, "
					"without the type of the table"
				      : "");
	}
	progress_begin(
	    &i->progress, "reading", S_ISREG(st.st_mode) ? st.st_size : 0);
	return true;
}

static void say(struct import *i, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

/* Says something about the line on standard error. */
static void
say(struct import *i, const char *fmt, va_list ap)
{
	char text[2048], where[32] = "";

	vsnprintf(text, sizeof(text), fmt, ap);
	if (i->line > 0)
		snprintf(where, sizeof(where), ":%zu", i->line);
	progress_end(&i->progress);
	fail(STATUS_REFUSED, "%s%s: %s", i->file, where, text);
}

bool
import_bad(struct import *i, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(i, fmt, ap);
	va_end(ap);
	i->bad++;
	return false;
}

void
import_note(struct import *i, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (i->line > 0)
		diag_add(&i->notes, "%s:%zu: %s", i->file, i->line, text);
	else
		diag_add(&i->notes, "%s", text);
}

char *
import_line(struct import *i)
{
	struct db *db = &i->c->db;
	ssize_t len;

	while (db->status == STATUS_OK &&
	       (len = getline(&i->text, &i->text_size, i->in)) >= 0) {
		i->line++;
		i->bytes += len;
		progress_step(&i->progress, i->bytes);
		if (len > 0 && i->text[len - 1] == '\n')
			i->text[--len] = '\0';
		if (strlen(i->text) != (size_t)len)
			import_bad(i, "the line holds a NUL");
		else if (u8_check((uint8_t *)i->text, (size_t)len) != NULL)
			import_bad(i, "not UTF-8: see iconv(1)");
		else
			return i->text;
	}
	if (ferror(i->in))
		db_fail(db, STATUS_UNKNOWN, "%s: %s", i->file, strerror(errno));
	return NULL;
}

/* What the table takes beside login_canonical()'s rules. */
static bool
is_name(const char *name)
{
	size_t len = strlen(name);

	for (const char *at = name; *at != '\0'; at++)
		if (at[0] == '\xc2' && (unsigned char)at[1] < 0xa0)
			return false; /* C1 control characters */
	return name[0] != ' ' && name[0] != '!' && name[len - 1] != ' ' &&
	       strcmp(name, "any") != 0;
}

/* The canonical name: of the two forms of a login the one that is there. */
static bool
read_name(struct import *i, const char *typed, char out[LOGIN_MAX + 1])
{
	char other[LOGIN_MAX + 1] = "", *at, *there;

	if (!login_canonical(typed, "", out) || !is_name(out))
		return import_bad(i,
		    "\"%s\" is no name: 1 to %d bytes without control "
		    "characters or blanks at its ends, not any, no ! before it",
		    typed, LOGIN_MAX);
	if (i->realm[0] == '\0' || login_is_reserved(out))
		return true;
	at = strrchr(out, '@');
	if (at == NULL)
		login_canonical(out, i->realm, other);
	else if (strcasecmp(at + 1, i->realm) == 0)
		snprintf(other, sizeof(other), "%.*s", (int)(at - out), out);
	there = db_text(&i->c->db, SQL_PRINCIPAL_KIND, out);
	if (there == NULL && other[0] != '\0' &&
	    (there = db_text(&i->c->db, SQL_PRINCIPAL_KIND, other)) != NULL)
		memcpy(out, other, sizeof(other));
	free(there);
	return i->c->db.status == STATUS_OK;
}

/* The same for one that may be a row: not built in. */
static bool
read_own_name(struct import *i, const char *typed, char out[LOGIN_MAX + 1])
{
	if (!read_name(i, typed, out))
		return false;
	if (login_is_reserved(out))
		return import_bad(i,
		    "%s is a reserved name: everyone, anonymous and @domain "
		    "are built in",
		    out);
	return true;
}

bool
import_want(struct import *i, const struct import_row *r)
{
	struct db *db = &i->c->db;
	char line[24], first[24];
	sqlite3_stmt *s;

	snprintf(line, sizeof(line), "%zu", i->line);
	if (!db_run(db, SQL_WANT, r->tbl, r->name, r->other, r->scope,
		r->manner, r->kind, r->from, r->until, r->note,
		r->implied ? "1" : "0", line))
		return false;
	if (db->changed > 0 || r->implied)
		return true;
	s = db_query(db, SQL_WANTED, r->tbl, r->name, r->other, r->scope,
	    r->manner, r->kind, r->from, r->until, r->note);
	if (!db_step(db, s))
		return false;
	snprintf(first, sizeof(first), "%s",
	    (const char *)sqlite3_column_text(s, 0));
	if (sqlite3_column_int(s, 2) == 0)
		import_bad(i,
		    "line %s has the same %s%s%s with other values; leave one",
		    first, r->name, r->other[0] != '\0' ? " " : "", r->other);
	else
		import_note(i, "the same as line %s", first);
	sqlite3_reset(s);
	return true;
}

bool
import_principal(struct import *i, const char *kind, const char *name,
    const char *note, bool implied)
{
	char who[LOGIN_MAX + 1];

	return read_own_name(i, name, who) &&
	       import_want(i, &(struct import_row){.tbl = "principal",
				  .name = who,
				  .other = "",
				  .scope = "",
				  .manner = "",
				  .kind = kind,
				  .note = note,
				  .implied = implied});
}

bool
import_member(struct import *i, const char *group, const char *login)
{
	char of[LOGIN_MAX + 1], who[LOGIN_MAX + 1];

	return read_own_name(i, group, of) && read_own_name(i, login, who) &&
	       import_want(i, &(struct import_row){.tbl = "membership",
				  .name = of,
				  .other = who,
				  .scope = "",
				  .manner = ""});
}

/* The principal of a grant: @domain, everyone and anonymous too. */
static bool
read_principal(struct import *i, const char *typed, char out[LOGIN_MAX + 1])
{
	enum address_status status;

	if (typed[0] != '@')
		return read_name(i, typed, out);
	out[0] = '@';
	status = address_parse_domain(typed + 1, strlen(typed + 1), out + 1);
	return status == ADDRESS_OK || import_bad(i, "\"%s\" is no @domain: %s",
					   typed, address_strerror(status));
}

static bool
check_choices(struct import *i, const char *scope, const char *manner)
{
	if (strcmp(scope, "any") != 0 && strcmp(scope, "envelope") != 0 &&
	    strcmp(scope, "header") != 0)
		return import_bad(
		    i, "\"%s\" is no scope: any, envelope or header", scope);
	if (strcmp(manner, "as") != 0 && strcmp(manner, "on-behalf") != 0)
		return import_bad(
		    i, "\"%s\" is no manner: as or on-behalf", manner);
	if (strcmp(manner, "as") != 0 && strcmp(scope, "header") != 0)
		return import_bad(i, "on-behalf needs the scope header");
	return true;
}

static bool
check_dates(struct import *i, const char *from, const char *until)
{
	int64_t begins = INT64_MIN, ends = WHEN_EVER;

	if ((from != NULL && !when_parse(from, WHEN_FROM, &begins)) ||
	    (until != NULL && !when_parse(until, WHEN_UNTIL, &ends)))
		return import_bad(i,
		    "\"%s\" is no date: write 2026-12-31 or "
		    "2026-12-31T18:00:00Z, in UTC",
		    from != NULL && begins == INT64_MIN ? from : until);
	return begins <= ends ||
	       import_bad(i, "it ends, %s, before it begins, %s", until, from);
}

bool
import_grant(struct import *i, const struct import_grant *g)
{
	const char *scope = g->scope != NULL ? g->scope : "any";
	const char *manner = g->manner != NULL ? g->manner : "as";
	char who[LOGIN_MAX + 1];
	struct form form;
	enum address_status status = form_parse(g->address, true, &form);

	if (status == ADDRESS_NO_MEMORY)
		return db_fail(&i->c->db, STATUS_UNKNOWN, "out of memory");
	if (status != ADDRESS_OK)
		return import_bad(i, "\"%s\" is no address: %s", g->address,
		    address_strerror(status));
	return read_principal(i, g->principal, who) &&
	       check_choices(i, scope, manner) &&
	       check_dates(i, g->from, g->until) &&
	       import_want(i, &(struct import_row){.tbl = "send_as",
				  .name = who,
				  .other = form.text,
				  .scope = scope,
				  .manner = manner,
				  .from = g->from,
				  .until = g->until,
				  .note = g->note});
}
