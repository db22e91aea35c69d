#ifndef POLICY_LOAD_H
#define POLICY_LOAD_H

/*
 * From an image of the database to a policy copy.  The only file of the
 * library that knows SQLite.
 */

#include "diag.h"
#include "policy.h"
#include "source.h"

#define POLICY_APPLICATION_ID 0x41755070 /* `AuPp`, in the file's header */
#define POLICY_SCHEMA_VERSION 2		 /* PRAGMA user_version we read */

/* What a load found wrong. */
struct load_report {
	struct diag errors;   /* any of these refuses the whole image */
	struct diag warnings; /* rows skipped: their absence permits less */
};
void load_report_clear(struct load_report *r);

/*
 * Builds a copy from `image`, which is only read and may be freed afterwards.
 * NULL when it is refused: report->errors then has at least one line, each
 * naming table, key and mend.
 */
struct policy *policy_load(const struct image *image, struct load_report *r);

/*
 * For an image that policy_load() refused: `base` with the principals that
 * are suspended in the image suspended as well, sharing all else with `base`.
 * NULL when the image names none that are not suspended in `base` already, or
 * when nothing can be read from it.
 */
struct policy *policy_load_suspensions(
    const struct policy *base, const struct image *image);

/* Reads the file (source_read_within `ms`) and loads it. */
struct policy *policy_load_file(
    const char *path, int ms, struct load_report *r);

#endif
