/*
 * check --batch: SQLite's JSON functions read the facts, so that there is no
 * parser of our own.  All memory of a line is one buffer of the line's length:
 * decoded, a string is never longer than it was with its quotes.
 */
#include "policy/command/batch.h"
#include "policy/command/clock.h"
#include "policy/command/db.h"
#include "policy/command/play.h"
#include "policy/base64.h"
#include "policy/header.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum key_kind {
	KEY_TEXT,
	KEY_LOGIN, /* text that may hold a NUL: then it is nobody's */
	KEY_MTA,
	KEY_BITS,
	KEY_BOOL,
	KEY_TIME,
	KEY_RECIPIENTS,
	KEY_HEADERS,
	KEY_HEADERS_B64
};

static const struct key {
	const char *name;
	enum key_kind kind;
	size_t offset;
} keys[] = {
    {"time", KEY_TIME, 0},
    {"login", KEY_LOGIN, offsetof(struct facts, login)},
    {"client", KEY_TEXT, offsetof(struct facts, client)},
    {"client_name", KEY_TEXT, offsetof(struct facts, client_name)},
    {"listener", KEY_TEXT, offsetof(struct facts, listener)},
    {"tls", KEY_TEXT, offsetof(struct facts, tls)},
    {"cipher_bits", KEY_BITS, 0},
    {"mechanism", KEY_TEXT, offsetof(struct facts, mechanism)},
    {"auth_param", KEY_TEXT, offsetof(struct facts, auth_param)},
    {"cert_subject", KEY_TEXT, offsetof(struct facts, cert_subject)},
    {"cert_issuer", KEY_TEXT, offsetof(struct facts, cert_issuer)},
    {"verify", KEY_TEXT, offsetof(struct facts, verify)},
    {"helo", KEY_TEXT, offsetof(struct facts, helo)},
    {"mta", KEY_MTA, 0},
    {"local", KEY_BOOL, 0},
    {"sender", KEY_TEXT, offsetof(struct facts, sender)},
    {"mail_addr", KEY_TEXT, offsetof(struct facts, mail_addr)},
    {"recipients", KEY_RECIPIENTS, 0},
    {"headers", KEY_HEADERS, 0},
    {"headers_b64", KEY_HEADERS_B64, 0},
};
#define KEYS (sizeof(keys) / sizeof(*keys))

struct batch {
	struct db db; /* in memory, for the functions alone */
	const char *line;
	struct play play;
	struct recipient *recipients;
	size_t recipient_cap;
	char *text; /* strings of this line */
	size_t text_len, text_cap;
	struct arena arena; /* the header of this line */
	char error[256];    /* of this line; "" for none */
};

static bool
wrong(struct batch *b, const char *key, const char *what)
{
	snprintf(b->error, sizeof(b->error), "%s%s%.200s", key,
	    key[0] != '\0' ? ": " : "", what);
	return false;
}

/* Keeps a string of the line; the buffer is big enough for all. */
static const char *
keep(struct batch *b, const unsigned char *value)
{
	char *copy = b->text + b->text_len;
	size_t size = strlen((const char *)value) + 1;

	memcpy(copy, value, size);
	b->text_len += size;
	return copy;
}

/* Does the JSON text of the key hold an escaped NUL?  SQLite ends the string
 * there, and a shorter sender is another sender. */
static bool
holds_nul(struct batch *b, const char *key)
{
	char path[32], *raw;
	bool found = false;

	if (strstr(b->line, "\\u0000") == NULL)
		return false;
	snprintf(path, sizeof(path), "$.%s", key);
	raw = db_text(&b->db, SQL_RAW, b->line, path);
	for (const char *at = raw; at != NULL && *at != '\0'; at++)
		if (*at == '\\' && *++at == 'u' && strncmp(at, "u0000", 5) == 0)
			found = true;
	free(raw);
	return found;
}

static bool
add_recipient(struct batch *b, struct recipient r)
{
	struct play *p = &b->play;

	if (p->recipient_count == b->recipient_cap) {
		size_t cap = b->recipient_cap * 2 + 16;
		struct recipient *more =
		    realloc(b->recipients, cap * sizeof(*more));

		if (more == NULL)
			return wrong(b, "", "out of memory");
		b->recipients = more;
		b->recipient_cap = cap;
		p->recipients = more;
	}
	b->recipients[p->recipient_count++] = r;
	return true;
}

/* The columns of SQL_RECIPIENTS; `types` name what the values are. */
static bool
read_recipients(struct batch *b, const char *array)
{
	static const char what[] = "each is a string or an object with the "
				   "strings rcpt and rcpt_addr";
	sqlite3_stmt *s = db_query(&b->db, SQL_RECIPIENTS, array);

	while (db_step(&b->db, s)) {
		const char *rcpt = (const char *)sqlite3_column_text(s, 3);
		const char *addr = (const char *)sqlite3_column_text(s, 4);
		bool has_addr = addr != NULL && strcmp(addr, "null") != 0;
		struct recipient r = {0};

		if (rcpt == NULL || strcmp(rcpt, "text") != 0 ||
		    (has_addr && strcmp(addr, "text") != 0))
			return wrong(b, "recipients", what);
		r.rcpt = keep(b, sqlite3_column_text(s, 1));
		if (has_addr)
			r.rcpt_addr = keep(b, sqlite3_column_text(s, 2));
		if (!add_recipient(b, r))
			return false;
	}
	return true;
}

static bool
read_time(struct batch *b, const char *type, const char *value)
{
	int64_t seconds;

	if ((strcmp(type, "text") == 0 || strcmp(type, "integer") == 0) &&
	    clock_parse(value, &seconds)) {
		facts_set_time(&b->play.facts, seconds);
		return true;
	}
	return wrong(b, "time", "write RFC 3339 or seconds since 1970");
}

static bool
read_mta(struct batch *b, const char *value)
{
	struct facts *f = &b->play.facts;

	if (strcmp(value, "postfix") == 0)
		f->mta = MTA_POSTFIX;
	else if (strcmp(value, "sendmail") == 0)
		f->mta = MTA_SENDMAIL;
	else
		return wrong(b, "mta", "it is postfix or sendmail");
	return true;
}

/* The raw header lines of the message. */
static bool
take_header(struct batch *b, const char *raw, size_t len)
{
	struct originator_list list = {0};

	if (b->play.facts.has_header)
		return wrong(b, "headers", "give headers or headers_b64");
	originators_read(&list, raw, len, &b->arena);
	originators_use(&list, &b->play.facts);
	return !list.failed || wrong(b, "", "out of memory");
}

static bool
read_header(struct batch *b, const char *value)
{
	return take_header(b, value, strlen(value));
}

static bool
read_header_b64(struct batch *b, const char *value)
{
	size_t len = strlen(value);
	char *raw = arena_alloc(&b->arena, len + 1);

	if (raw == NULL)
		return wrong(b, "", "out of memory");
	if (strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			  "0123456789+/=") != len)
		return wrong(b, "headers_b64", "not base64");
	return take_header(b, raw, base64_decode(value, len, raw));
}

static bool
read_text(struct batch *b, const struct key *key, const unsigned char *value)
{
	struct facts *f = &b->play.facts;

	if (holds_nul(b, key->name)) {
		if (key->kind != KEY_LOGIN)
			return wrong(b, key->name, "it holds a NUL");
		f->login_malformed = true;
	}
	switch (key->kind) {
	case KEY_MTA:
		return read_mta(b, (const char *)value);
	case KEY_HEADERS:
		return read_header(b, (const char *)value);
	case KEY_HEADERS_B64:
		return read_header_b64(b, (const char *)value);
	case KEY_TEXT:
	case KEY_LOGIN:
	case KEY_BITS:
	case KEY_BOOL:
	case KEY_TIME:
	case KEY_RECIPIENTS:
		break;
	}
	*(const char **)(void *)((char *)f + key->offset) = keep(b, value);
	return true;
}

/* One member of the object: `s` has its type, value and JSON. */
static bool
read_value(struct batch *b, const struct key *key, sqlite3_stmt *s)
{
	struct facts *f = &b->play.facts;
	const char *type = (const char *)sqlite3_column_text(s, 1);
	const char *value = (const char *)sqlite3_column_text(s, 2);
	sqlite3_int64 number = sqlite3_column_int64(s, 2);

	if (strcmp(type, "null") == 0)
		return true;
	switch (key->kind) {
	case KEY_TIME:
		return read_time(b, type, value);
	case KEY_BITS:
		f->cipher_bits = (int)number;
		return (strcmp(type, "integer") == 0 && number >= 0 &&
			   number <= INT_MAX) ||
		       wrong(b, key->name, "not a number");
	case KEY_BOOL:
		f->local = strcmp(type, "true") == 0;
		return f->local || strcmp(type, "false") == 0 ||
		       wrong(b, key->name, "it is true or false");
	case KEY_RECIPIENTS:
		if (strcmp(type, "array") != 0)
			return wrong(b, key->name, "not an array");
		if (holds_nul(b, key->name))
			return wrong(b, key->name, "one holds a NUL");
		return read_recipients(
		    b, (const char *)sqlite3_column_text(s, 3));
	case KEY_TEXT:
	case KEY_LOGIN:
	case KEY_MTA:
	case KEY_HEADERS:
	case KEY_HEADERS_B64:
		break;
	}
	if (strcmp(type, "text") != 0)
		return wrong(b, key->name, "not a string");
	return read_text(b, key, sqlite3_column_text(s, 2));
}

static const struct key *
find_key(const char *name)
{
	for (size_t i = 0; i < KEYS; i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

/* Fills the facts from the line; false with `error`. */
static bool
read_line(struct batch *b, size_t len)
{
	unsigned long seen = 0;
	sqlite3_stmt *s;
	bool good = true;

	if (strlen(b->line) != len)
		return wrong(b, "", "the line holds a NUL");
	s = db_query(&b->db, SQL_IS_OBJECT, b->line);
	if (!db_step(&b->db, s) || sqlite3_column_int(s, 0) == 0)
		return wrong(b, "", "not a JSON object");
	s = db_query(&b->db, SQL_MEMBERS, b->line);
	while (good && db_step(&b->db, s)) {
		const char *name = (const char *)sqlite3_column_text(s, 0);
		const struct key *key = find_key(name);

		if (key == NULL)
			return wrong(b, name, "there is no such fact");
		if ((seen & 1UL << (key - keys)) != 0)
			return wrong(b, name, "given twice");
		seen |= 1UL << (key - keys);
		good = read_value(b, key, s);
	}
	return good;
}

/* Writes the answer to the line, or what is wrong with it. */
static void
answer(struct batch *b, size_t number, FILE *out)
{
	struct json j = {0};
	struct outcome outcome;
	char text[300];

	json_object(&j, NULL);
	if (b->error[0] == '\0')
		play_write_json(&b->play, &j, &outcome);
	else {
		snprintf(text, sizeof(text), "line %zu: %s", number, b->error);
		json_string(&j, "error", text);
	}
	json_object_end(&j);
	json_newline(&j);
	fputs(j.failed ? "{\"error\":\"out of memory\"}\n" : j.text, out);
	json_free(&j);
}

/* Forgets the line before and makes room for this one's strings. */
static bool
reset(struct batch *b, size_t len)
{
	struct play *p = &b->play;

	memset(&p->facts, 0, sizeof(p->facts));
	facts_set_time(&p->facts, time(NULL));
	p->recipient_count = 0;
	b->text_len = 0;
	b->error[0] = '\0';
	arena_reset(&b->arena);
	if (b->text_cap < len + 1) {
		free(b->text);
		b->text_cap = 2 * len + 1;
		b->text = malloc(b->text_cap);
	}
	return b->text != NULL || wrong(b, "", "out of memory");
}

enum status
batch_run(const struct policy *policy, FILE *in, FILE *out)
{
	struct batch b = {0};
	enum status status = STATUS_OK;
	char *line = NULL;
	size_t size = 0, number = 0;
	ssize_t len;

	b.play.policy = policy;
	if (!db_open_any(&b.db, ":memory:"))
		status = b.db.status;
	while (b.db.status == STATUS_OK &&
	       (len = getline(&line, &size, in)) >= 0) {
		number++;
		b.line = line;
		if (!reset(&b, (size_t)len) || !read_line(&b, (size_t)len))
			status = STATUS_USAGE;
		answer(&b, number, out);
		if (fflush(out) != 0)
			break;
	}
	if (b.db.status != STATUS_OK)
		status = b.db.status;
	else if (ferror(in) || ferror(out))
		status = fail(STATUS_UNKNOWN, "reading or writing failed");
	db_close(&b.db);
	free(b.recipients);
	arena_reset(&b.arena);
	free(b.text);
	free(line);
	return status;
}
