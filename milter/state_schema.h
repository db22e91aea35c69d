#ifndef MILTER_STATE_SCHEMA_H
#define MILTER_STATE_SCHEMA_H

/*
 * The files sql/state-NNNN.sql, embedded by the build: the n-th brings a state
 * database of version n to n + 1.
 */
extern const char *const state_migrations[];
extern const int state_migration_count;

#endif
