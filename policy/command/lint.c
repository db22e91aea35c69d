/* authpolicy lint: what the loader takes and is odd all the same. */
#include "policy/command/lint.h"
#include "policy/command/command.h"
#include "policy/command/report.h"
#include "policy/load.h"

#define LOAD_MS 5000

/* Adds a line for each row. */
static void
add_rows(struct db *db, sqlite3_stmt *s, struct diag *lines)
{
	while (db_step(db, s))
		diag_add(lines, "%s", (const char *)sqlite3_column_text(s, 0));
}

void
lint_mta(struct db *db, const char *mta, struct diag *warnings)
{
	add_rows(db, db_query(db, SQL_LINT_MTA, mta), warnings);
}

void
lint_policy(
    struct db *db, const char *mta, struct diag *errors, struct diag *warnings)
{
	if (errors->count > 0)
		add_rows(db, db_query(db, SQL_LINT_REFERENCES), errors);
	add_rows(db, db_query(db, SQL_LINT), warnings);
	lint_mta(db, mta, warnings);
	lint_rules(db, warnings);
}

static void
print_sum(size_t errors, size_t warnings)
{
	printf("%zu error%s, %zu warning%s\n", errors,
	    output_s((int64_t)errors), warnings, output_s((int64_t)warnings));
}

/* The loader's findings, and what is allowed but odd. */
enum status
run_lint(struct command *c)
{
	const char *where = c->args.word_count > 0 ? c->args.words[0] : NULL;
	struct load_report report = {0};
	struct policy *policy;
	bool good, open;
	enum status status;

	if (where != NULL && !args_has(&c->args, "postfix"))
		return fail(
		    STATUS_USAGE, "lint takes %s with --postfix", where);
	policy = policy_load_file(c->path, LOAD_MS, &report);
	good = policy != NULL;
	policy_free(policy);
	/* Only now: the loader wants no connection on the file.  What it could
	 * not load may be no policy at all, which it has said. */
	open =
	    good ? db_open(&c->db, c->path, false) : db_look(&c->db, c->path);
	if (open)
		lint_policy(&c->db, args_value(&c->args, "mta", ""),
		    &report.errors, &report.warnings);
	if (good && args_has(&c->args, "postfix"))
		lint_postfix(c, where, &report.warnings);
	if (!good)
		c->db.status = STATUS_OK;
	if (c->json)
		json_object(&c->out, NULL);
	status = report_print(c, &report, report.errors.count == 0);
	if (!c->json)
		print_sum(report.errors.count, report.warnings.count);
	load_report_clear(&report);
	return c->db.status != STATUS_OK ? c->db.status : status;
}
