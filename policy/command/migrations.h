#ifndef POLICY_COMMAND_MIGRATIONS_H
#define POLICY_COMMAND_MIGRATIONS_H

/*
 * The files sql/NNNN-*.sql, embedded by the build: migrations[n] brings a
 * policy of version n to n + 1.
 */
extern const char *const migrations[];
extern const int migration_count;

#endif
