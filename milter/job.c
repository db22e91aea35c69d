/*
 * What a notice tells its command is data in variables of the environment,
 * printable ASCII only, and never part of a command line.
 */
#include "milter/job.h"

#include "policy/when.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_SIZE 24

/* Adds a variable to the environment; what is not printable ASCII is `?`. */
static bool
add(struct job *job, const char *prefix, const char *name, const char *value)
{
	size_t len = strlen(prefix) + strlen(name) + 1;
	char *text;

	if (value == NULL)
		value = "";
	text = arena_alloc(&job->memory, len + strlen(value) + 1);
	if (text == NULL)
		return false;
	snprintf(text, len + 1, "%s%s=", prefix, name);
	for (size_t i = 0; value[i] != '\0'; i++)
		text[len + i] =
		    value[i] < ' ' || value[i] > '~' ? '?' : value[i];
	job->env[job->env_count++] = text;
	return true;
}

/* The facts of the notice, and what a program needs of our environment. */
static bool
make_environment(struct job *job, const struct notice *n)
{
	char amount[NUMBER_SIZE], used[NUMBER_SIZE];
	char period[WHEN_PERIOD_SIZE] = ""; /* none: of a message */
	char until[WHEN_TEXT_SIZE] = "", at[WHEN_TEXT_SIZE];
	const char *own[] = {"PATH", "TZ"};
	const struct {
		const char *name, *value;
	} facts[] = {
	    {"PRINCIPAL", n->principal},
	    {"LOGIN", n->login},
	    {"LIMIT", n->limit},
	    {"METRIC", n->metric},
	    {"ACTION", n->action},
	    {"AMOUNT", amount},
	    {"USED", used},
	    {"PERIOD", period},
	    {"UNTIL", until},
	    {"TIME", at},
	    {"CLIENT", n->client},
	    {"SENDER", n->sender},
	    {"REF", n->ref},
	};

	snprintf(amount, sizeof(amount), "%" PRId64, n->amount);
	snprintf(used, sizeof(used), "%" PRId64, n->used);
	if (n->period != 0)
		when_format_period(n->period, period);
	if (n->until != 0)
		when_format(n->until, until);
	when_format(n->time, at);
	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++)
		if (!add(job, "AUTHPOLICY_", facts[i].name, facts[i].value))
			return false;
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		if (getenv(own[i]) != NULL &&
		    !add(job, "", own[i], getenv(own[i])))
			return false;
	return add(job, "", "LANG", "C");
}

void
job_free(struct job *job)
{
	arena_reset(&job->memory);
	free(job);
}

struct job *
job_make(const struct notice *n)
{
	struct job *job = calloc(1, sizeof(*job));

	if (job == NULL)
		return NULL;
	job->limit = arena_strdup(&job->memory, n->limit);
	job->login = arena_strdup(&job->memory, n->login);
	if (make_environment(job, n))
		return job;
	job_free(job);
	return NULL;
}
