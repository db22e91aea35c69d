/*
 * authpolicy log: finds records of the audit log.  What is found is printed as
 * it is read, escaped, so that the log can be followed.
 */
#include "policy/cidr.h"
#include "policy/command/command.h"
#include "policy/command/guess.h"
#include "policy/command/names.h"
#include "policy/command/period.h"
#include "policy/command/records.h"
#include "policy/form.h"
#include "policy/verdict.h"

#include <stdlib.h>
#include <string.h>

/* What is looked for and SQLite has no function for. */
struct wanted {
	struct form address;
	struct cidr client;
};

static bool
covers(const struct form *form, const struct address *a)
{
	struct form_key keys[FORM_KEYS_MAX];
	size_t n = a->kind == ADDRESS_NOBODY ? 0 : form_keys(a, false, keys);

	for (size_t i = 0; i < n; i++) {
		size_t head = strlen(keys[i].head);

		if (keys[i].kind == form->kind &&
		    strncmp(form->key, keys[i].head, head) == 0 &&
		    strcmp(form->key + head, keys[i].tail) == 0 &&
		    (form->kind != FORM_PATTERN ||
			form_pattern_covers(form->text, a)))
			return true;
	}
	return false;
}

/* is_wanted_address(text): as typed, with brackets, or canonical. */
static void
is_wanted_address(sqlite3_context *ctx, int count, sqlite3_value **values)
{
	const struct wanted *w = sqlite3_user_data(ctx);
	const char *text = (const char *)sqlite3_value_text(values[0]);
	struct address a = {0};

	(void)count;
	if (text != NULL && address_parse(text, strlen(text), &a) != ADDRESS_OK)
		(void)address_parse_path(text, &a);
	sqlite3_result_int(ctx, covers(&w->address, &a));
}

/* is_wanted_client(text): is the address in the network? */
static void
is_wanted_client(sqlite3_context *ctx, int count, sqlite3_value **values)
{
	const struct wanted *w = sqlite3_user_data(ctx);
	const char *text = (const char *)sqlite3_value_text(values[0]);
	bool found = false;
	struct cidr network;
	struct ip ip;

	(void)count;
	if (text != NULL && ip_parse(text, &ip) && ip.six == w->client.ip.six) {
		network = cidr_of(&ip, w->client.bits);
		found = cidr_compare(&network, &w->client) == 0;
	}
	sqlite3_result_int(ctx, found);
}

/* Is there such a reason?  Else says what was meant. */
static bool
is_reason(struct command *c, const char *name)
{
	struct guess g;

	guess_begin(&g, name, strlen(name));
	for (int i = REASON_NONE + 1; i < REASON_COUNT; i++) {
		const char *known = reason_name((enum reason)i);

		if (strcmp(name, known) == 0)
			return true;
		guess_try(&g, known, strlen(known));
	}
	return db_fail(&c->db, STATUS_USAGE,
	    "--reason: there is no reason %s; %sauthpolicy-policy(5) lists "
	    "them",
	    name, guess_hint(&g, ""));
}

/* Reads the options and makes the functions. */
static bool
read_wanted(struct command *c, struct wanted *w)
{
	const char *address = args_value(&c->args, "address", NULL);
	const char *client = args_value(&c->args, "client", NULL);
	const char *reason = args_value(&c->args, "reason", NULL);
	const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;

	if (address != NULL && !names_form(c, address, false, &w->address))
		return false;
	if (client != NULL && !cidr_parse(client, &w->client))
		return db_fail(&c->db, STATUS_USAGE,
		    "--client: \"%s\" is no address or network", client);
	if (reason != NULL && !is_reason(c, reason))
		return false;
	return (sqlite3_create_function_v2(c->db.handle, "is_wanted_address", 1,
		    flags, w, is_wanted_address, NULL, NULL,
		    NULL) == SQLITE_OK &&
		   sqlite3_create_function_v2(c->db.handle, "is_wanted_client",
		       1, flags, w, is_wanted_client, NULL, NULL,
		       NULL) == SQLITE_OK) ||
	       db_fail(&c->db, STATUS_UNKNOWN, "out of memory");
}

/* One line, in columns as wide as what is usual. */
static void
print_text(struct command *c, const char *line)
{
	static const int widths[] = {20, 10, 9, 25, 20, 16, 0};
	const int verdict = 2;
	const int last = (int)(sizeof(widths) / sizeof(*widths)) - 1;
	sqlite3_stmt *s = db_query(&c->db, SQL_RECORDS_TEXT, line);

	while (db_step(&c->db, s)) {
		for (int i = 0; i <= last; i++) {
			const char *value =
			    (const char *)sqlite3_column_text(s, i);
			const char *text = value != NULL ? value : "-";
			size_t width = i == verdict ? output_verdict(text)
						    : output_text(stdout, text);
			int gap = widths[i] - (int)width;

			if (i < last)
				printf("%*s", gap > 1 ? gap : 1, "");
		}
		putchar('\n');
	}
}

/* What stands in a JSON string, as its escapes. */
static void
print_escaped(const char *text, size_t len)
{
	char *copy = strndup(text, len);
	struct json j = {0};

	json_string(&j, NULL, copy != NULL ? copy : "");
	if (!j.failed)
		fwrite(j.text + 1, 1, j.len - 2, stdout);
	json_free(&j);
	free(copy);
}

/* The record as it is in the log, but ASCII, whoever wrote it.  Only strings
 * hold anything else, and only blanks between values control bytes. */
static void
print_json(const char *line)
{
	while (*line != '\0') {
		const char *begin;

		for (; *line != '\0' && (unsigned char)*line < 0x7f; line++)
			putchar(*line >= ' ' ? *line : ' ');
		begin = line;
		while ((unsigned char)*line >= 0x7f)
			line++;
		print_escaped(begin, (size_t)(line - begin));
	}
	putchar('\n');
}

/* Is the current line a record that is wanted? */
static bool
is_wanted(struct command *c, struct records *r, const struct period *p)
{
	const struct args *a = &c->args;
	sqlite3_stmt *s =
	    db_query(&c->db, SQL_RECORDS_FIND, r->line, p->since, p->until,
		args_value(a, "login", NULL), args_value(a, "reason", NULL),
		args_value(a, "verdict", NULL), args_value(a, "ref", NULL),
		args_value(a, "client", NULL), args_value(a, "address", NULL));
	bool is_record = db_step(&c->db, s);
	bool wanted = is_record && sqlite3_column_int(s, 0) != 0;

	if (!is_record && c->db.status == STATUS_OK)
		records_reject(r, "not a record of the audit log");
	sqlite3_reset(s);
	return wanted;
}

static void
print(struct command *c, struct records *r)
{
	progress_end(&r->progress);
	if (c->json)
		print_json(r->line);
	else
		print_text(c, r->line);
	if (r->follow)
		fflush(stdout);
}

enum status
run_log(struct command *c)
{
	bool follow = args_has(&c->args, "f"), found = false;
	struct wanted wanted = {0};
	struct records r = {0};
	struct period period;
	enum status status;

	if (!records_database(&c->db) || !period_read(c, &period) ||
	    !read_wanted(c, &wanted))
		return c->db.status;
	if (records_open(&r, c->args.words, c->args.word_count, follow))
		while (c->db.status == STATUS_OK && !ferror(stdout) &&
		       records_next(&r))
			if (is_wanted(c, &r, &period)) {
				print(c, &r);
				found = true;
			}
	status = records_close(&r);
	if (c->db.status != STATUS_OK)
		return c->db.status;
	if (status == STATUS_OK && !found)
		status = STATUS_REFUSED;
	return status;
}
