#ifndef POLICY_COMMAND_IMPORT_SQL_H
#define POLICY_COMMAND_IMPORT_SQL_H

/* sql/import.sql, embedded by the build. */
extern const char import_sql[];

#endif
