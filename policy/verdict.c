/* The names and codes of verdicts: an interface that never changes. */
#include "verdict.h"

#include <stdio.h>

/* Indexed by enum reason.  Codes: RFC 6409 section 6, RFC 3463, RFC 7372. */
static const struct {
	const char *name, *codes;
} reasons[REASON_COUNT] = {
    [REASON_NONE] = {"none", "451 4.3.0"},
    [REASON_INTERNAL] = {"internal", "451 4.3.0"},
    [REASON_POLICY_UNAVAILABLE] = {"policy-unavailable", "451 4.3.0"},
    [REASON_OVERLOADED] = {"overloaded", "451 4.3.2"},
    [REASON_LOGIN_SUSPENDED] = {"login-suspended", "550 5.7.13"},
    [REASON_LOGIN_UNKNOWN] = {"login-unknown", "550 5.7.1"},
    [REASON_LOGIN_REQUIRED] = {"login-required", "530 5.7.0"},
    [REASON_SENDER_MALFORMED] = {"sender-malformed", "553 5.1.7"},
    [REASON_SENDER_NOT_GRANTED] = {"sender-not-granted", "550 5.7.1"},
    [REASON_SENDER_DENIED] = {"sender-denied", "550 5.7.1"},
    [REASON_LOCAL_SENDER_PROTECTED] = {"local-sender-protected", "550 5.7.1"},
    [REASON_RECIPIENT_MALFORMED] = {"recipient-malformed", "553 5.1.3"},
    [REASON_RELAY_DENIED] = {"relay-denied", "550 5.7.1"},
    [REASON_RULE] = {"rule", "550 5.7.1"},
    [REASON_TLS_REQUIRED] = {"tls-required", "530 5.7.0"},
    [REASON_MECHANISM_WEAK] = {"mechanism-weak", "550 5.7.9"},
    [REASON_AUTHOR_MISSING] = {"author-missing", "554 5.6.0"},
    [REASON_AUTHOR_REPEATED] = {"author-repeated", "554 5.6.0"},
    [REASON_AUTHOR_MALFORMED] = {"author-malformed", "554 5.6.0"},
    [REASON_AUTHOR_NOT_GRANTED] = {"author-not-granted", "550 5.7.1"},
    [REASON_AUTHOR_DENIED] = {"author-denied", "550 5.7.1"},
    [REASON_AUTHOR_NOT_ALIGNED] = {"author-not-aligned", "550 5.7.1"},
    [REASON_SENDER_HEADER_MALFORMED] = {"sender-header-malformed", "554 5.6.0"},
    [REASON_SENDER_HEADER_NOT_GRANTED] = {"sender-header-not-granted",
	"550 5.7.1"},
    [REASON_RESENT_NOT_GRANTED] = {"resent-not-granted", "550 5.7.1"},
    [REASON_DISPLAY_NAME_SPOOF] = {"display-name-spoof", "550 5.7.1"},
    [REASON_LIMIT_EXCEEDED] = {"limit-exceeded", "450 4.7.1"},
};

const char *
verdict_name(enum verdict_kind kind)
{
	switch (kind) {
	case VERDICT_TEMPFAIL:
		return "tempfail";
	case VERDICT_ACCEPT:
		return "accept";
	case VERDICT_REJECT:
		return "reject";
	case VERDICT_HOLD:
		return "hold";
	}
	return "tempfail";
}

const char *
reason_name(enum reason reason)
{
	return reasons[reason].name;
}

const char *
reason_codes(enum reason reason)
{
	return reasons[reason].codes;
}

enum verdict_kind
reason_verdict(enum reason reason)
{
	return reasons[reason].codes[0] == '5' ? VERDICT_REJECT
					       : VERDICT_TEMPFAIL;
}

bool
verdict_is_refusal(enum verdict_kind kind)
{
	return kind == VERDICT_REJECT || kind == VERDICT_TEMPFAIL;
}

void
verdict_refuse(
    struct verdict *v, enum reason reason, const char *row, const char *text)
{
	verdict_refuse_with(v, reason_codes(reason), reason, row, text);
}

void
verdict_refuse_with(struct verdict *v, const char *codes, enum reason reason,
    const char *row, const char *text)
{
	v->kind = codes[0] == '5' ? VERDICT_REJECT : VERDICT_TEMPFAIL;
	v->reason = reason;
	snprintf(v->row, sizeof(v->row), "%s", row);
	snprintf(v->reply, sizeof(v->reply), "%s %s", codes, text);
}

const char *
stage_name(enum stage stage)
{
	switch (stage) {
	case STAGE_NONE:
		return "none";
	case STAGE_MAIL:
		return "mail";
	case STAGE_RCPT:
		return "rcpt";
	case STAGE_EOM:
		return "eom";
	case STAGE_ABORT:
		return "abort";
	}
	return "none";
}

const char *
mode_name(enum mode mode)
{
	switch (mode) {
	case MODE_INHERIT:
		return "inherit";
	case MODE_ENFORCE:
		return "enforce";
	case MODE_MONITOR:
		return "monitor";
	}
	return "inherit";
}

const char *
identified_name(enum identified by)
{
	switch (by) {
	case BY_NOTHING:
		return "none";
	case BY_SASL:
		return "sasl";
	case BY_CERTIFICATE:
		return "certificate";
	case BY_NETWORK:
		return "network";
	case BY_AUTH_PARAM:
		return "auth-param";
	case BY_LOCAL:
		return "local";
	}
	return "none";
}
