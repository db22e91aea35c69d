/* Stand-ins for the daemon's policy copies, audit log and log. */
#include "tests/unit/stand_ins.h"

#include "milter/audit.h"
#include "milter/copies.h"
#include "milter/log.h"
#include "milter/notice.h"
#include "milter/state.h"

#include "tests/unit/require.h"

#include <stdarg.h>
#include <string.h>

#define KEPT_MAX 2000

static struct policy *in_force;
static char *records[KEPT_MAX], *lines[KEPT_MAX];
size_t record_count, line_count;
bool audit_is_full;
size_t suspended_count, notice_count;
size_t suspended_before, noticed_before;
char suspended[600], noticed[700];
int policies_held;

void
stand_in_policy(struct policy *p)
{
	policy_free(in_force);
	in_force = p;
}

const struct policy *
copies_take(void)
{
	policies_held++;
	return in_force;
}

void
copies_give(const struct policy *policy)
{
	REQUIRE(policy == in_force);
	policies_held--;
}

bool
audit_has_room(void)
{
	return !audit_is_full;
}

/* ASCII, and nothing that could break a line or a terminal? */
static bool
is_printable(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return true;
}

bool
audit_write(const char *record, size_t len)
{
	if (audit_is_full)
		return false;
	REQUIRE(strlen(record) == len && record[len - 1] == '\n');
	REQUIRE(record[0] == '{' && record[len - 2] == '}');
	REQUIRE(is_printable(record, len - 1));
	REQUIRE(record_count < KEPT_MAX);
	records[record_count++] = strdup(record);
	return true;
}

bool
audit_write_soon(const char *record, size_t len)
{
	return audit_write(record, len);
}

void
state_suspend(const struct suspension *s)
{
	suspended_count++;
	suspended_before = record_count;
	snprintf(suspended, sizeof(suspended), "%s by %s", s->name, s->limit);
}

void
notice_send(const struct notice *n)
{
	notice_count++;
	noticed_before = record_count;
	snprintf(noticed, sizeof(noticed), "%s %s %s ref %s", n->principal,
	    n->limit, n->action, n->ref);
}

void
log_line(int priority, const char *fmt, ...)
{
	va_list ap;

	(void)priority;
	REQUIRE(line_count < KEPT_MAX);
	va_start(ap, fmt);
	REQUIRE(vasprintf(&lines[line_count], fmt, ap) >= 0);
	va_end(ap);
	REQUIRE(is_printable(lines[line_count], strlen(lines[line_count])));
	line_count++;
}

const char *
record_at(size_t i)
{
	REQUIRE(i < record_count);
	return records[i];
}

const char *
line_at(size_t i)
{
	REQUIRE(i < line_count);
	return lines[i];
}

void
stand_in_reset(void)
{
	while (record_count > 0)
		free(records[--record_count]);
	while (line_count > 0)
		free(lines[--line_count]);
	audit_is_full = false;
	suspended_count = notice_count = 0;
}
