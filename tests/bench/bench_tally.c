/*
 * What counting costs an answer, clock included: one thread alone, and one of
 * several that all count the same.  Figures are for the machine, the ratio is
 * for the project.
 */
#include "milter/tally.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define ROUNDS 7 /* the best of each counts */
#define THREADS 4
#define ANSWERS 200000 /* of each thread */

/* As milter/answer does it. */
static void *
count(void *unused)
{
	const struct verdict v = {.kind = VERDICT_ACCEPT, .stage = STAGE_EOM};

	(void)unused;
	for (int i = 0; i < ANSWERS; i++) {
		int64_t end = tally_now();

		tally_verdict(&v, end);
		tally_duration(end & 1023);
	}
	return NULL;
}

/* Nanoseconds an answer, all threads taken together. */
static double
measure(int threads)
{
	pthread_t thread[THREADS];
	int64_t start = tally_now();

	for (int i = 0; i < threads; i++)
		if (pthread_create(&thread[i], NULL, count, NULL) != 0)
			exit(1);
	for (int i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	return (double)(tally_now() - start) * 1000 / (threads * ANSWERS);
}

int
main(void)
{
	double alone = 0, together = 0;

	for (int round = 0; round < ROUNDS; round++) {
		double ns = measure(1);

		if (alone == 0 || ns < alone)
			alone = ns;
		ns = measure(THREADS);
		if (together == 0 || ns < together)
			together = ns;
	}
	printf("tally %.0f ns an answer; %d threads at once: %.0f ns, ratio "
	       "%.2f\n",
	    alone, THREADS, together, together / alone);
	return 0;
}
