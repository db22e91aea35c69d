/* The SQL of the command, by its number. */
#include "policy/command/statements.h"

#include <assert.h>
#include <stddef.h>

const char *
statement_sql(enum statement statement)
{
	const char *const *const subjects[] = {statements_policy,
	    statements_status, statements_import, statements_audit};
	const char *sql = NULL;

	for (size_t i = 0;
	     sql == NULL && i < sizeof(subjects) / sizeof(*subjects); i++)
		sql = subjects[i][statement];
	assert(sql != NULL);
	return sql;
}
