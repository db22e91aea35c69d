/* What a limit says to a client. */
#include "limited.h"

#include "decision.h"
#include "when.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void
counted_address(
    const struct policy *p, const struct address *a, struct address *out)
{
	const char *delimiters = policy_settings(p)->recipient_delimiter;

	if (policy_local_domain(p, address_domain(a)) == NULL ||
	    !address_base(a, delimiters, out))
		*out = *a;
}

bool
counted_network(const char *client, char out[COUNTED_NETWORK_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	struct ip ip;

	if (client == NULL || !ip_parse(client, &ip))
		return false;
	for (size_t i = 0; i < (ip.six ? 6 : 3); i++) {
		*out++ = digits[ip.bytes[i] >> 4];
		*out++ = digits[ip.bytes[i] & 15];
	}
	*out = '\0';
	return true;
}

bool
reason_counts(enum reason reason)
{
	static const bool excused[REASON_COUNT] = {
	    [REASON_NONE] = true,
	    [REASON_INTERNAL] = true,
	    [REASON_POLICY_UNAVAILABLE] = true,
	    [REASON_OVERLOADED] = true,
	    [REASON_LOGIN_UNKNOWN] = true,
	    [REASON_LOGIN_REQUIRED] = true,
	};

	return !excused[reason];
}

bool
reason_is_containment(enum reason reason)
{
	return reason == REASON_LIMIT_EXCEEDED ||
	       reason == REASON_LOGIN_SUSPENDED;
}

/* `100 messages in 1h`, `50 recipients in a message`. */
static void
describe(const struct limit *l, char out[80])
{
	const char *what = l->metric == METRIC_NEW_RECIPIENTS ? "new recipients"
			   : l->period == 0		      ? "recipients"
					    : metric_name(l->metric);
	int len = (int)strlen(what) - (l->amount == 1); /* 1 message */
	char period[WHEN_PERIOD_SIZE];

	when_format_period(l->period, period);
	snprintf(out, 80, "%" PRId64 " %.*s in %s", l->amount, len, what,
	    l->period == 0 ? "a message" : period);
}

/* `12m`: how long to wait, rounded up to what a person would say. */
static void
describe_wait(int64_t seconds, char out[WHEN_PERIOD_SIZE])
{
	int64_t unit = seconds < 120 ? 1 : seconds < 7200 ? 60 : 3600;

	when_format_period((seconds + unit - 1) / unit * unit, out);
}

/* Codes of RFC 3463, RFC 5321 4.5.3.1.10 for recipients of one message. */
static const char *
codes(const struct limit *l, enum outcome outcome)
{
	bool per_message = l->period == 0;

	if (outcome == OUTCOME_TEMPFAIL)
		return per_message ? "452 4.5.3" : "450 4.7.1";
	return per_message ? "550 5.5.3" : "550 5.7.1";
}

void
limit_refuse(const struct applied *by, const struct measure *m,
    enum outcome outcome, int64_t now, struct verdict *v)
{
	const struct limit *l = by->limit;
	char what[80], wait[WHEN_PERIOD_SIZE], until[WHEN_TEXT_SIZE];
	char row[ROW_MAX + 1], text[REPLY_MAX],
	    advice[80] = "ask the postmaster";

	describe(l, what);
	describe_wait(m->relief, wait);
	when_format(now + l->suspend_for, until);
	if (outcome == OUTCOME_SUSPEND)
		snprintf(advice, sizeof(advice),
		    "suspended until %s; ask the postmaster", until);
	else if (l->period == 0)
		snprintf(advice, sizeof(advice), "send the rest in another");
	else if (outcome == OUTCOME_TEMPFAIL && l->amount > 0)
		snprintf(advice, sizeof(advice), "try again in %s", wait);
	snprintf(row, sizeof(row), "quota(%s)", l->name);
	snprintf(text, sizeof(text), "%s has reached the limit %s (%s); %s",
	    show(by->account).text, show(l->name).text, what, advice);
	verdict_refuse_with(
	    v, codes(l, outcome), REASON_LIMIT_EXCEEDED, row, text);
}

void
limit_suspend(const struct applied *by, const struct measure *m, int64_t now,
    char why[LIMIT_WHY_MAX], struct suspension *out)
{
	char what[80];

	describe(by->limit, what);
	snprintf(why, LIMIT_WHY_MAX, "%" PRId64 " of %s", m->used, what);
	*out = (struct suspension){
	    .name = by->account,
	    .until = now + by->limit->suspend_for,
	    .why = why,
	    .limit = by->limit->name,
	    .since = now,
	};
}
