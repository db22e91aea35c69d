/* authpolicy check: what the daemon would say, and why. */
#include "policy/command/automatic.h"
#include "policy/command/batch.h"
#include "policy/command/clock.h"
#include "policy/command/command.h"
#include "policy/command/play.h"
#include "policy/header.h"
#include "policy/load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOAD_MS 5000
#define MESSAGE_MAX (64 * 1024 * 1024) /* of --message */

/* Bytes, malloc'ed as they come. */
struct text {
	char *bytes;
	size_t len;
};

static bool
text_add(struct text *t, const char *bytes, size_t len)
{
	char *larger = realloc(t->bytes, t->len + len);

	if (larger == NULL)
		return false;
	memcpy(larger + t->len, bytes, len);
	t->bytes = larger;
	t->len += len;
	return true;
}

/* As a client would type it: in brackets. */
static char *
bracketed(const char *address)
{
	size_t size = strlen(address) + 3;
	char *path = malloc(size);

	if (path != NULL)
		snprintf(path, size,
		    strchr(address, '<') == address ? "%s" : "<%s>", address);
	return path;
}

/* A step of the explanation: printed, or an element of the JSON. */
static void
say(void *ctx, const char *text)
{
	struct command *c = ctx;

	if (c->json)
		json_string(&c->out, NULL, text);
	else
		output_field("", text);
}

/* --time, or now.  False when it is no time. */
static bool
read_time(const struct args *a, int64_t *out)
{
	const char *when = args_value(a, "time", NULL);

	*out = time(NULL);
	return when == NULL || clock_parse(when, out);
}

static enum status
read_facts(const struct args *a, struct facts *f)
{
	const char *mta = args_value(a, "mta", "");
	const char *bits = args_value(a, "cipher-bits", "0");
	unsigned char binary[16];
	int64_t seconds;

	f->login = args_value(a, "login", NULL);
	f->client = args_value(a, "client", NULL);
	f->tls = args_value(a, "tls", NULL);
	f->mechanism = args_value(a, "mechanism", NULL);
	f->listener = args_value(a, "listener", NULL);
	f->mail_addr = args_value(a, "mail-addr", NULL);
	f->auth_param = args_value(a, "auth-param", NULL);
	f->cert_subject = args_value(a, "cert-subject", NULL);
	f->cert_issuer = args_value(a, "cert-issuer", NULL);
	f->verify = args_value(a, "verify", NULL);
	f->local = args_has(a, "local");
	f->cipher_bits = (int)strtol(bits, NULL, 10);
	f->mta = strcmp(mta, "postfix") == 0	? MTA_POSTFIX
		 : strcmp(mta, "sendmail") == 0 ? MTA_SENDMAIL
						: MTA_UNKNOWN;
	if (bits[0] == '\0' || strspn(bits, "0123456789") != strlen(bits) ||
	    strlen(bits) > 9)
		return fail(STATUS_USAGE,
		    "--cipher-bits takes a number, not \"%s\"", bits);
	if (f->client != NULL && inet_pton(AF_INET, f->client, binary) != 1 &&
	    inet_pton(AF_INET6, f->client, binary) != 1)
		return fail(STATUS_USAGE,
		    "--client takes an IP address, not \"%s\"", f->client);
	if (!read_time(a, &seconds))
		return fail(STATUS_USAGE,
		    "--time takes a time like 2026-12-31T18:00:00Z or seconds "
		    "since 1970, not \"%s\"",
		    args_value(a, "time", ""));
	facts_set_time(f, seconds);
	return STATUS_OK;
}

static void
print_verdict(const struct verdict *v, enum reason would)
{
	fputs("verdict   ", stdout);
	output_verdict(verdict_name(v->kind));
	putchar('\n');
	if (v->reason != REASON_NONE)
		output_field("reason", reason_name(v->reason));
	output_field("stage", stage_name(v->stage));
	if (v->row[0] != '\0')
		output_field("row", v->row);
	if (v->reply[0] != '\0')
		output_field("reply", v->reply);
	if (would != REASON_NONE)
		printf("%-9s %s, passed over by mode monitor\n", "would",
		    reason_name(would));
}

static void
told(void *ctx, const struct recipient *r, const struct verdict *v)
{
	enum reason would = play_would(v);

	(void)ctx;
	fputs("recipient ", stdout);
	output_text(stdout, r->rcpt);
	fputs(": ", stdout);
	output_verdict(verdict_name(v->kind));
	if (v->reason != REASON_NONE) {
		printf(" %s, ", reason_name(v->reason));
		output_text(stdout, v->reply);
	}
	if (would != REASON_NONE)
		printf(", passed over: %s", reason_name(would));
	putchar('\n');
}

/* Who the client is, and how that is known, before the steps that ask it. */
static void
explain_client(struct command *c, const struct play *p)
{
	struct verdict v;
	char text[3 * LOGIN_MAX];

	policy_decide(p->policy, &p->facts, STAGE_MAIL, NULL, &v);
	snprintf(text, sizeof(text), "client: %s, known by %s%s%s%s",
	    v.login[0] != '\0' ? v.login : "no login",
	    identified_name(v.identified), v.peer[0] != '\0' ? " of " : "",
	    v.peer,
	    p->facts.auth_param != NULL && v.peer[0] == '\0'
		? "; AUTH= changes nothing"
		: "");
	say(c, text);
}

/* Suspensions by limits are in the daemon alone. */
static void
explain_unknown(struct command *c, const struct diag *unknown)
{
	char text[1000];

	snprintf(text, sizeof(text), "whom limits suspended is not known: %s",
	    diag_first(unknown));
	say(c, text);
}

/* Asks, prints, and makes the answer an exit status.  The decision is pure:
 * asked twice, once for the steps, it says the same. */
static enum status
answer(struct command *c, struct play *p, const struct diag *unknown)
{
	struct trace trace = {say, c};
	struct outcome o;

	if (c->json)
		json_object(&c->out, NULL);
	if (args_has(&c->args, "explain")) {
		if (c->json)
			json_array(&c->out, "explain");
		explain_client(c, p);
		if (unknown->count > 0)
			explain_unknown(c, unknown);
		p->trace = &trace;
		play_message(p, &o);
		p->trace = NULL;
		if (c->json)
			json_array_end(&c->out);
	}
	if (c->json) {
		play_write_json(p, &c->out, &o);
		json_object_end(&c->out);
	} else {
		p->told = told;
		play_message(p, &o);
		print_verdict(&o.verdict, o.would);
	}
	if (o.verdict.reason == REASON_POLICY_UNAVAILABLE ||
	    o.verdict.reason == REASON_INTERNAL)
		return STATUS_UNKNOWN;
	return o.verdict.kind == VERDICT_ACCEPT && o.would == REASON_NONE &&
		       o.refused == 0
		   ? STATUS_OK
		   : STATUS_REFUSED;
}

/* Adds the whole file, `-` for standard input, to the header. */
static enum status
read_message(const char *path, struct text *header)
{
	bool in = strcmp(path, "-") == 0;
	FILE *file = in ? stdin : fopen(path, "r");
	char block[4096];
	size_t n;

	if (file == NULL)
		return fail(
		    STATUS_USAGE, "--message %s: %s", path, strerror(errno));
	while ((n = fread(block, 1, sizeof(block), file)) > 0)
		if (header->len + n > MESSAGE_MAX ||
		    !text_add(header, block, n))
			break;
	if (ferror(file) || !feof(file)) {
		if (!in)
			fclose(file);
		return fail(STATUS_UNKNOWN,
		    "--message %s: can't be read, or is larger than %d bytes",
		    path, MESSAGE_MAX);
	}
	if (!in)
		fclose(file);
	return STATUS_OK;
}

/* The header of --message, or the lines of --header. */
static enum status
read_header(const struct args *a, struct text *raw, struct arena *arena,
    struct facts *f)
{
	const char *path = args_value(a, "message", NULL), *line;
	struct originator_list list = {0};
	enum status status = STATUS_OK;
	size_t at = 0;

	if (path == NULL && !args_has(a, "header"))
		return STATUS_OK;
	if (path != NULL && args_has(a, "header"))
		return fail(STATUS_USAGE, "give --message or --header");
	if (path != NULL)
		status = read_message(path, raw);
	while (path == NULL && (line = args_next(a, "header", &at)) != NULL)
		if (!text_add(raw, line, strlen(line)) ||
		    !text_add(raw, "\r\n", 2))
			return fail(STATUS_UNKNOWN, "out of memory");
	if (status != STATUS_OK)
		return status;
	originators_read(&list, raw->bytes, raw->len, arena);
	originators_use(&list, f);
	return list.failed ? fail(STATUS_UNKNOWN, "out of memory") : STATUS_OK;
}

/* The facts of the options, put to the policy. */
static enum status
check_one(
    struct command *c, const struct policy *policy, const struct diag *unknown)
{
	const char *sender = args_value(&c->args, "mail-from", NULL), *rcpt;
	struct recipient *recipients =
	    calloc(c->args.given_count + 1, sizeof(*recipients));
	struct play p = {.policy = policy, .recipients = recipients};
	char *typed = sender != NULL ? bracketed(sender) : NULL;
	struct text raw = {0};
	struct arena arena = {0};
	enum status status = read_facts(&c->args, &p.facts);

	if (status == STATUS_OK)
		status = read_header(&c->args, &raw, &arena, &p.facts);
	for (size_t at = 0; recipients != NULL &&
			    (rcpt = args_next(&c->args, "rcpt", &at)) != NULL;)
		recipients[p.recipient_count++].rcpt = bracketed(rcpt);
	p.facts.sender = typed;
	if (status == STATUS_OK && sender == NULL)
		status = fail(STATUS_USAGE,
		    "check needs --mail-from, '<>' for the null sender");
	else if (status == STATUS_OK)
		status = answer(c, &p, unknown);
	for (size_t i = 0; recipients != NULL && i < p.recipient_count; i++)
		free((void *)(uintptr_t)recipients[i].rcpt);
	free(recipients);
	free(typed);
	free(raw.bytes);
	arena_reset(&arena);
	return status;
}

enum status
run_check(struct command *c)
{
	bool batch = args_has(&c->args, "batch");
	struct load_report report = {0};
	struct diag unknown = {0};
	int64_t at;
	struct policy *policy = policy_load_file(c->path, LOAD_MS, &report);
	enum status status;

	for (size_t i = 0; i < diag_kept(&report.errors); i++)
		fail(STATUS_UNKNOWN, "%s", report.errors.lines[i]);
	load_report_clear(&report);
	if (batch || !args_has(&c->args, "time") || !read_time(&c->args, &at))
		at = INT64_MAX; /* all that hold now */
	if (policy != NULL)
		policy = automatic_suspend(c, policy, at, &unknown);
	if (policy == NULL)
		return STATUS_UNKNOWN;
	if (batch && c->args.own_count > 1)
		status = fail(STATUS_USAGE,
		    "--batch reads all facts: leave other options out");
	else
		status = batch ? batch_run(policy, stdin, stdout)
			       : check_one(c, policy, &unknown);
	diag_clear(&unknown);
	policy_free(policy);
	return status;
}
