#ifndef POLICY_COMMAND_AUDIT_SQL_H
#define POLICY_COMMAND_AUDIT_SQL_H

/* sql/audit.sql, generated into audit_sql.c by the build. */
extern const char audit_sql[];

#endif
