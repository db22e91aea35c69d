/*
 * milter/figures: each number is shown under its own name.  The modules that
 * tell the numbers are stood in for; each tells another.
 */
#include "milter/figures.h"

#include "milter/audit.h"
#include "milter/callbacks.h"
#include "milter/control.h"
#include "milter/keeper.h"
#include "milter/notice.h"
#include "milter/state.h"
#include "milter/tally.h"

#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

static char *page;

void
keeper_figures(struct keeper_figures *out)
{
	*out = (struct keeper_figures){.available = 1,
	    .current = 2,
	    .fallback = 3,
	    .generation = 4,
	    .loaded = 5,
	    .refused = 6,
	    .errors = 7,
	    .warnings = 8,
	    .principals = 9,
	    .grants = UINT64_C(1) << 40,
	    .limits = 23};
}

unsigned
callbacks_sessions(void)
{
	return 11;
}

uint64_t
callbacks_sessions_refused(void)
{
	return 12;
}

unsigned
callbacks_running(void)
{
	return 13;
}

uint64_t
audit_failures(void)
{
	return 14;
}

time_t
control_started(void)
{
	return 15;
}

void
notice_figures(struct notice_figures *out)
{
	*out = (struct notice_figures){.queued = 16,
	    .running = 17,
	    .run = 18,
	    .failed = 19,
	    .dropped = 20};
}

void
state_figures(struct state_figures *out)
{
	*out = (struct state_figures){
	    .accounts = 24, .suspensions = 25, .failures = 26, .healthy = true};
}

static const struct shown {
	const char *name; /* of the test: a line of the page */
} shown[] = {
    {"authpolicy_process_start_time_seconds 15"},
    {"authpolicy_sessions 11"},
    {"authpolicy_sessions_limit 21"},
    {"authpolicy_sessions_refused_total 12"},
    {"authpolicy_callbacks 13"},
    {"authpolicy_callbacks_limit 22"},
    {"authpolicy_audit_write_failures_total 14"},
    {"authpolicy_policy_available 1"},
    {"authpolicy_policy_current 2"},
    {"authpolicy_policy_fallback 3"},
    {"authpolicy_policy_generation 4"},
    {"authpolicy_policy_loaded_timestamp_seconds 5"},
    {"authpolicy_policy_load_failures_total 6"},
    {"authpolicy_policy_errors 7"},
    {"authpolicy_policy_warnings 8"},
    {"authpolicy_policy_principals 9"},
    {"authpolicy_policy_grants 1099511627776"},
    {"authpolicy_policy_limits 23"},
    {"authpolicy_limit_trips_total{metric=\"senders\",action=\"hold\"} 1"},
    {"authpolicy_limit_trips_total{metric=\"senders\",action=\"suspend\"} 0"},
    {"authpolicy_limit_trips_total{metric=\"refusals\",action=\"hold\"} 0"},
    {"authpolicy_accounts 24"},
    {"authpolicy_suspensions 25"},
    {"authpolicy_state_failures_total 26"},
    {"authpolicy_state_healthy 1"},
    {"authpolicy_notices_queued 16"},
    {"authpolicy_notices_running 17"},
    {"authpolicy_notices_run_total 18"},
    {"authpolicy_notices_failed_total 19"},
    {"authpolicy_notices_dropped_total 20"},
    {"authpolicy_verdicts_total{stage=\"eom\",verdict=\"accept\","
     "reason=\"none\"} 2"},
    {"authpolicy_verdicts_total{stage=\"rcpt\",verdict=\"hold\","
     "reason=\"rule\"} 1"},
    {"authpolicy_verdicts_total{stage=\"mail\",verdict=\"reject\","
     "reason=\"limit-exceeded\"} 0"},
    {"authpolicy_passed_over_total{stage=\"mail\",reason=\"overloaded\"} 1"},
    {"authpolicy_decision_duration_seconds_bucket{le=\"1e-05\"} 1"},
    {"authpolicy_decision_duration_seconds_bucket{le=\"0.001\"} 1"},
    {"authpolicy_decision_duration_seconds_bucket{le=\"0.0025\"} 2"},
    {"authpolicy_decision_duration_seconds_bucket{le=\"1\"} 2"},
    {"authpolicy_decision_duration_seconds_bucket{le=\"+Inf\"} 3"},
    {"authpolicy_decision_duration_seconds_sum 3.002010"},
    {"authpolicy_decision_duration_seconds_count 3"},
};

static void
count(enum stage stage, enum verdict_kind kind, enum reason reason)
{
	tally_verdict(
	    &(struct verdict){.stage = stage, .kind = kind, .reason = reason},
	    tally_now());
}

static void
is_shown(void **state)
{
	const struct shown *row = *state;
	size_t len = strlen(row->name);
	const char *line = strstr(page, row->name);

	while (line != NULL && (line[-1] != '\n' || line[len] != '\n'))
		line = strstr(line + 1, row->name);
	assert_non_null(line);
}

int
main(void)
{
	static const struct config c = {
	    .max_sessions = 21, .max_callbacks = 22};
	static struct suite s;
	size_t len;
	FILE *out = open_memstream(&page, &len);
	int failed;

	if (out == NULL)
		return 99;
	count(STAGE_EOM, VERDICT_ACCEPT, REASON_NONE);
	count(STAGE_EOM, VERDICT_ACCEPT, REASON_NONE);
	count(STAGE_RCPT, VERDICT_HOLD, REASON_RULE);
	tally_passed_over(&(struct finding){
	    .stage = STAGE_MAIL, .reason = REASON_OVERLOADED});
	tally_trip(
	    &(struct limit){.metric = METRIC_SENDERS, .on_exceed = EXCEED_HOLD},
	    0);
	tally_duration(10);
	tally_duration(2000);
	tally_duration(3000000);
	figures_write(out, &c);
	if (fclose(out) != 0)
		return 99;
	SUITE_ROWS(&s, shown, is_shown);
	failed = suite_run(&s, "figures");
	free(page);
	return failed;
}
