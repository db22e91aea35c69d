/*
 * One table says which metrics there are; a new one is a row of it and, when it
 * is a plain number, a field of the snapshot.  Series that may matter are there
 * from the beginning, as 0: of one that appears, the first step can't be seen.
 */
#include "milter/figures.h"

#include "build-config.h"
#include "milter/audit.h"
#include "milter/callbacks.h"
#include "milter/control.h"
#include "milter/keeper.h"
#include "milter/notice.h"
#include "milter/state.h"
#include "milter/tally.h"

#include <inttypes.h>
#include <stddef.h>

/* What the modules tell, each asked once a page. */
struct snapshot {
	struct keeper_figures policy;
	uint64_t sessions, sessions_limit, sessions_refused;
	uint64_t callbacks, callbacks_limit;
	uint64_t audit_failures;
	uint64_t notices_queued, notices_running;
	uint64_t notices_run, notices_failed, notices_dropped;
	uint64_t accounts, suspensions, state_failures, state_healthy;
	uint64_t started;
};

struct figure {
	const char *name, *type, *help;
	size_t field; /* of a snapshot, when there is no `write` */
	void (*write)(FILE *out, const char *name);
};

/* What is to be expected is shown from the start. */
static bool
is_expected(enum verdict_kind kind, enum reason reason)
{
	if (reason == REASON_NONE)
		return kind == VERDICT_ACCEPT;
	if (reason == REASON_RULE || reason == REASON_LIMIT_EXCEEDED)
		return kind != VERDICT_ACCEPT; /* the row says which */
	return kind == reason_verdict(reason);
}

static void
write_verdict(FILE *out, const char *name, enum stage stage,
    enum verdict_kind kind, enum reason reason)
{
	uint64_t n = tally_verdicts(stage, kind, reason);

	if (n > 0 || is_expected(kind, reason))
		fprintf(out,
		    "%s{stage=\"%s\",verdict=\"%s\",reason=\"%s\"} %" PRIu64
		    "\n",
		    name, stage_name(stage), verdict_name(kind),
		    reason_name(reason), n);
}

static void
write_verdicts(FILE *out, const char *name)
{
	for (int stage = STAGE_MAIL; stage <= STAGE_EOM; stage++)
		for (int reason = REASON_NONE; reason < REASON_COUNT; reason++)
			for (int kind = 0; kind < TALLY_KINDS; kind++)
				write_verdict(out, name, (enum stage)stage,
				    (enum verdict_kind)kind,
				    (enum reason)reason);
}

static void
write_passed(FILE *out, const char *name)
{
	for (enum stage s = STAGE_MAIL; s <= STAGE_EOM; s++)
		for (enum reason r = REASON_NONE + 1; r < REASON_COUNT; r++)
			fprintf(out,
			    "%s{stage=\"%s\",reason=\"%s\"} %" PRIu64 "\n",
			    name, stage_name(s), reason_name(r),
			    tally_passed(s, r));
}

static void
write_trips(FILE *out, const char *name)
{
	for (int m = METRIC_NONE + 1; m < METRIC_COUNT; m++)
		for (int a = 0; a < EXCEED_COUNT; a++)
			fprintf(out,
			    "%s{metric=\"%s\",action=\"%s\"} %" PRIu64 "\n",
			    name, metric_name((enum metric)m),
			    on_exceed_name((enum on_exceed)a),
			    tally_trips((enum metric)m, (enum on_exceed)a));
}

static void
write_durations(FILE *out, const char *name)
{
	struct tally_durations d;
	uint64_t n = 0;

	tally_durations(&d);
	for (size_t i = 0; i < TALLY_BUCKETS; i++) {
		n += d.in[i];
		fprintf(out, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", name,
		    (double)tally_bounds[i] / 1e6, n);
	}
	n += d.in[TALLY_BUCKETS];
	fprintf(out,
	    "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n"
	    "%s_sum %" PRIu64 ".%06" PRIu64 "\n"
	    "%s_count %" PRIu64 "\n",
	    name, n, name, d.sum / 1000000, d.sum % 1000000, name, n);
}

static void
write_build(FILE *out, const char *name)
{
	fprintf(out, "%s{version=\"%s\"} 1\n", name, PACKAGE_VERSION);
}

#define FIELD(f) .field = offsetof(struct snapshot, f)

static const struct figure figures[] = {
    {"authpolicy_build_info", "gauge", "The version that runs.",
	.write = write_build},
    {"authpolicy_process_start_time_seconds", "gauge",
	"When the daemon was started, in seconds since 1970.", FIELD(started)},

    {"authpolicy_verdicts_total", "counter",
	"Answers to MAIL, RCPT and the end of a message.",
	.write = write_verdicts},
    {"authpolicy_passed_over_total", "counter",
	"Refusals that mode monitor recorded and passed over.",
	.write = write_passed},
    {"authpolicy_decision_duration_seconds", "histogram",
	"From a question to its answer, the audit record included.",
	.write = write_durations},

    {"authpolicy_sessions", "gauge", "Open connections of mail servers.",
	FIELD(sessions)},
    {"authpolicy_sessions_limit", "gauge",
	"Sessions over this many are not taken (max_sessions).",
	FIELD(sessions_limit)},
    {"authpolicy_sessions_refused_total", "counter",
	"Sessions that were not taken.", FIELD(sessions_refused)},
    {"authpolicy_callbacks", "gauge", "Questions being answered now.",
	FIELD(callbacks)},
    {"authpolicy_callbacks_limit", "gauge",
	"Questions over this many are answered 451 (max_callbacks).",
	FIELD(callbacks_limit)},
    {"authpolicy_audit_write_failures_total", "counter",
	"Records that could not be written to the audit log.",
	FIELD(audit_failures)},

    {"authpolicy_limit_trips_total", "counter",
	"Limits that were exceeded for the first time in their window.",
	.write = write_trips},
    {"authpolicy_suspensions", "gauge",
	"Suspensions by limits that are in force.", FIELD(suspensions)},
    {"authpolicy_accounts", "gauge",
	"Accounts with something counted for limits.", FIELD(accounts)},
    {"authpolicy_state_healthy", "gauge",
	"1 while the state database can be written.", FIELD(state_healthy)},
    {"authpolicy_state_failures_total", "counter",
	"Times the state database could not be written.",
	FIELD(state_failures)},
    {"authpolicy_notices_queued", "gauge",
	"Notices of limits that tripped, waiting for their turn.",
	FIELD(notices_queued)},
    {"authpolicy_notices_running", "gauge", "Notice commands that run now.",
	FIELD(notices_running)},
    {"authpolicy_notices_run_total", "counter",
	"Notice commands that were started.", FIELD(notices_run)},
    {"authpolicy_notices_failed_total", "counter",
	"Notice commands that failed or could not be started.",
	FIELD(notices_failed)},
    {"authpolicy_notices_dropped_total", "counter",
	"Notices that were never given: too many at once, or at the end.",
	FIELD(notices_dropped)},

    {"authpolicy_policy_available", "gauge",
	"1 while a policy is in force; without one mail is answered 451.",
	FIELD(policy.available)},
    {"authpolicy_policy_current", "gauge",
	"1 while the database file as it is now is in force.",
	FIELD(policy.current)},
    {"authpolicy_policy_fallback", "gauge",
	"1 while the policy kept in the state folder is in force.",
	FIELD(policy.fallback)},
    {"authpolicy_policy_generation", "gauge",
	"Number of the policy in force; each that is loaded counts up.",
	FIELD(policy.generation)},
    {"authpolicy_policy_loaded_timestamp_seconds", "gauge",
	"When the policy in force was loaded, in seconds since 1970.",
	FIELD(policy.loaded)},
    {"authpolicy_policy_load_failures_total", "counter",
	"Times the database file was read and refused.", FIELD(policy.refused)},
    {"authpolicy_policy_errors", "gauge",
	"What is wrong with the database file, as last seen.",
	FIELD(policy.errors)},
    {"authpolicy_policy_warnings", "gauge",
	"Rows skipped and other warnings, of the file as last read.",
	FIELD(policy.warnings)},
    {"authpolicy_policy_principals", "gauge",
	"Logins and groups in the policy.", FIELD(policy.principals)},
    {"authpolicy_policy_grants", "gauge", "Grants in the policy.",
	FIELD(policy.grants)},
    {"authpolicy_policy_limits", "gauge", "Limits in the policy.",
	FIELD(policy.limits)},
};

static void
take_snapshot(struct snapshot *s, const struct config *c)
{
	struct notice_figures notices;
	struct state_figures state;

	*s = (struct snapshot){
	    .sessions = callbacks_sessions(),
	    .sessions_limit = c->max_sessions,
	    .sessions_refused = callbacks_sessions_refused(),
	    .callbacks = callbacks_running(),
	    .callbacks_limit = c->max_callbacks,
	    .audit_failures = audit_failures(),
	    .started = (uint64_t)control_started(),
	};
	keeper_figures(&s->policy);
	notice_figures(&notices);
	s->notices_queued = notices.queued;
	s->notices_running = notices.running;
	s->notices_run = notices.run;
	s->notices_failed = notices.failed;
	s->notices_dropped = notices.dropped;
	state_figures(&state);
	s->accounts = state.accounts;
	s->suspensions = state.suspensions;
	s->state_failures = state.failures;
	s->state_healthy = state.healthy;
}

void
figures_write(FILE *out, const struct config *c)
{
	struct snapshot s;

	take_snapshot(&s, c);
	for (size_t i = 0; i < sizeof(figures) / sizeof(*figures); i++) {
		const struct figure *f = &figures[i];

		fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", f->name, f->help,
		    f->name, f->type);
		if (f->write != NULL)
			f->write(out, f->name);
		else
			fprintf(out, "%s %" PRIu64 "\n", f->name,
			    *(const uint64_t *)(const void *)((const char *)&s +
							      f->field));
	}
}
