#ifndef MILTER_JOB_H
#define MILTER_JOB_H

/* A notice on its way: what its command is run with, and the run itself. */

#include "milter/notice.h"
#include "milter/program.h"
#include "policy/arena.h"

#define JOB_VARIABLES 16 /* 13 of the notice; LANG, PATH, TZ */

struct job {
	struct job *next;
	struct arena memory;	   /* of all that follows */
	const char *limit, *login; /* as they are, for the log; may be NULL */
	char *env[JOB_VARIABLES + 1];
	size_t env_count;
	struct program program;
};

/* A copy of the notice; NULL when memory is out. */
struct job *job_make(const struct notice *n);

void job_free(struct job *job);

#endif
