/*
 * The report as a page: what it shows, in its order.  All texts and numbers
 * that are not ours go through html.h.
 */
#include "build-config.h"

#include "policy/command/audit_page.h"
#include "policy/command/chart.h"
#include "policy/command/html.h"
#include "policy/command/texts.h"
#include "policy/when.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* --- lists --- */

int64_t
page_left_out(struct db *db, enum statement list, const char *limit)
{
	sqlite3_stmt *s = db_query(db, list, "-1");
	int64_t rows = 0, shown = strtoll(limit, NULL, 10);

	while (db_step(db, s))
		rows++;
	return rows > shown ? rows - shown : 0;
}

static void
begin_list(FILE *out, const char *title)
{
	fprintf(out, "<section><h2>%s</h2><ol>\n", title);
}

/* Says what is missing; `limit` is NULL where all is shown. */
static void
end_list(struct db *db, FILE *out, bool empty, enum statement list,
    const char *limit)
{
	int64_t left = limit != NULL ? page_left_out(db, list, limit) : 0;

	fputs("</ol>", out);
	if (left > 0) {
		fputs("<p class=\"none\">", out);
		html_number(out, left);
		fputs(" more</p>", out);
	} else if (empty)
		fputs("<p class=\"none\">None</p>", out);
	fputs("</section>\n", out);
}

/* An entry begins with its name and a number; a bar and more may follow. */
static void
begin_entry(FILE *out, sqlite3_stmt *s, int name, int64_t number)
{
	fputs("<li><div class=\"row\"><b>", out);
	html_column(out, s, name);
	fputs("</b><span>", out);
	html_number(out, number);
	fputs("</span></div>", out);
}

/* A list by number: the columns of the series, named below the bar. */
static void
put_counts(struct db *db, FILE *out, const char *title, enum statement list,
    const char *limit, const struct series *series, const struct series *others)
{
	sqlite3_stmt *s = db_query(db, list, limit);
	int64_t most = 1;
	bool empty = true;

	begin_list(out, title);
	while (db_step(db, s))
		if (chart_sum(s, series) > most)
			most = chart_sum(s, series);
	for (; db_step(db, s); empty = false) {
		bool more = false;

		begin_entry(out, s, 0, chart_sum(s, series));
		chart_bar(out, most, s, series);
		fputs("<p class=\"meta\">", out);
		for (const struct series *one = others; one->name != NULL;
		     one++)
			html_count(out, chart_value(s, one), one->name, &more);
		fputs("</p></li>\n", out);
	}
	end_list(db, out, empty, list, limit);
}

static void
put_refusals(struct db *db, FILE *out, const char *limit)
{
	static const struct series refused[] = {
	    {1, 0, "refused", "refused"}, {0}};
	sqlite3_stmt *s = db_query(db, SQL_REPORT_REFUSALS, limit);
	int64_t most = 0;
	bool empty = true;

	begin_list(out, "Logins that were refused");
	for (; db_step(db, s); empty = false) {
		if (empty)
			most = sqlite3_column_int64(s, 1);
		begin_entry(out, s, 0, sqlite3_column_int64(s, 1));
		chart_bar(out, most, s, refused);
		fputs("<p class=\"meta\">", out);
		html_number(out, sqlite3_column_int64(s, 3));
		fputs(" &times; ", out);
		html_column(out, s, 2);
		fputs(" &middot; last ", out);
		html_moment(out, s, 4);
		fputs(", ref ", out);
		html_column(out, s, 5);
		fputs("</p></li>\n", out);
	}
	end_list(db, out, empty, SQL_REPORT_REFUSALS, limit);
}

static void
put_limits(struct db *db, FILE *out, const char *limit)
{
	static const struct series near[] = {{2, 0, "passed", "used"}, {0}};
	static const struct series full[] = {{2, 0, "refused", "used"}, {0}};
	sqlite3_stmt *s = db_query(db, SQL_REPORT_LIMITS, limit);
	bool empty = true;

	begin_list(out, "Limits near their ceiling");
	for (; db_step(db, s); empty = false) {
		bool more = false;

		fputs("<li><div class=\"row\"><b>", out);
		html_column(out, s, 1);
		fputs(" &middot; ", out);
		html_column(out, s, 0);
		fputs("</b><span>", out);
		if (sqlite3_column_type(s, 2) != SQLITE_NULL) {
			html_number(out, sqlite3_column_int64(s, 3));
			fputs(" of ", out);
			html_number(out, sqlite3_column_int64(s, 4));
		}
		fputs("</span></div>", out);
		chart_bar(out, 100, s,
		    sqlite3_column_int64(s, 2) < 100 ? near : full);
		fputs("<p class=\"meta\">", out);
		html_count(out, sqlite3_column_int64(s, 5), "refused", &more);
		fputs("</p></li>\n", out);
	}
	end_list(db, out, empty, SQL_REPORT_LIMITS, limit);
}

static void
put_suspensions(struct db *db, FILE *out, const char *limit)
{
	sqlite3_stmt *s = db_query(db, SQL_REPORT_SUSPENSIONS, limit);
	bool empty = true;

	begin_list(out, "Suspended by a limit");
	for (; db_step(db, s); empty = false) {
		fputs("<li><div class=\"row\"><b>", out);
		html_column(out, s, 0);
		fputs(" &middot; ", out);
		html_column(out, s, 1);
		fputs("</b></div><p class=\"meta\">", out);
		html_moment(out, s, 2);
		fputs(" until ", out);
		html_moment(out, s, 3);
		fputs(", ref ", out);
		html_column(out, s, 4);
		fputs("</p></li>\n", out);
	}
	end_list(db, out, empty, SQL_REPORT_SUSPENSIONS, limit);
}

static void
put_new_senders(struct db *db, FILE *out, const char *limit)
{
	sqlite3_stmt *s = db_query(db, SQL_REPORT_NEW_SENDERS, limit);
	bool empty = true;

	begin_list(out, "New senders");
	for (; db_step(db, s); empty = false) {
		begin_entry(out, s, 2, sqlite3_column_int64(s, 3));
		fputs("<p class=\"meta\">by ", out);
		html_column(out, s, 1);
		fputs(", first ", out);
		html_moment(out, s, 0);
		fputs("</p></li>\n", out);
	}
	end_list(db, out, empty, SQL_REPORT_NEW_SENDERS, limit);
}

/* --- the page --- */

static void
put_head(FILE *out)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	      "<meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\""
	      "default-src 'none'; style-src 'unsafe-inline'\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, "
	      "initial-scale=1\">\n"
	      "<meta name=\"robots\" content=\"noindex\">\n"
	      "<title>Report of authpolicy</title>\n<style>\n",
	    out);
	fputs(report_css, out);
	fputs("</style>\n</head>\n<body>\n", out);
}

static void
put_header(struct db *db, FILE *out, const char *step)
{
	sqlite3_stmt *s = db_query(db, SQL_REPORT_COVERED);

	while (db_step(db, s)) {
		const char *first = (const char *)sqlite3_column_text(s, 1);
		const char *last = (const char *)sqlite3_column_text(s, 2);

		fputs("<header><h1>", out);
		if (first == NULL || last == NULL)
			fputs("No records", out);
		else {
			fprintf(out, "<span>%.10s</span>", first);
			if (strncmp(first, last, 10) != 0)
				fprintf(out, " to <span>%.10s</span>", last);
		}
		fputs("</h1><p>", out);
		html_number(out, sqlite3_column_int64(s, 0));
		fprintf(out,
		    " record%s of the audit log, by %s, times in UTC"
		    "</p></header>\n<main>\n",
		    output_s(sqlite3_column_int64(s, 0)), step);
	}
}

static void
put_totals(struct db *db, FILE *out)
{
	static const char *const names[] = {"accepted", "held", "rejected",
	    "tempfailed", "passed over", "not finished", "logins",
	    "new senders"};
	sqlite3_stmt *s = db_query(db, SQL_REPORT_TOTAL);

	fputs("<section class=\"wide tiles\">\n", out);
	while (db_step(db, s))
		for (int i = 0; i < sqlite3_column_count(s); i++) {
			fputs("<div><b>", out);
			html_number(out, sqlite3_column_int64(s, i));
			fprintf(out, "</b><span>%s</span></div>\n", names[i]);
		}
	fputs("</section>\n", out);
}

static void
put_footer(FILE *out)
{
	char now[WHEN_TEXT_SIZE];

	when_format((int64_t)time(NULL), now);
	fprintf(out,
	    "</main>\n<footer>Made %s by authpolicy %s.  Passed over: accepted "
	    "in mode monitor, would have been "
	    "refused.</footer>\n</body>\n</html>\n",
	    now, PACKAGE_VERSION);
}

void
page_write(struct command *c, FILE *out, const char *step, const char *limit)
{
	static const struct series messages[] = {{1, 5, "accepted", "accepted"},
	    {5, 0, "passed", "passed over"}, {2, 0, "held", "held"}, {0}};
	static const struct series refusals[] = {
	    {3, 0, "refused", "rejected"}, {4, 0, "passed", "tempfailed"}, {0}};
	static const struct series reasons[] = {{1, 0, "refused", "refused"},
	    {3, 0, "passed", "passed over"}, {2, 0, "held", "held"}, {0}};
	static const struct series logins[] = {{1, 3, "accepted", "messages"},
	    {3, 0, "passed", "passed over"}, {0}};
	static const struct series others[] = {
	    {3, 0, "", "passed over"}, {2, 0, "", "refused"}, {0}};
	struct db *db = &c->db;

	put_head(out);
	put_header(db, out, step);
	put_totals(db, out);
	chart_write(db, out, "Messages", messages);
	chart_write(db, out, "Refusals", refusals);
	put_counts(
	    db, out, "Reasons", SQL_REPORT_REASONS, NULL, reasons, reasons);
	put_counts(db, out, "Logins that sent most", SQL_REPORT_LOGINS, limit,
	    logins, others);
	put_refusals(db, out, limit);
	put_limits(db, out, limit);
	put_new_senders(db, out, limit);
	put_suspensions(db, out, limit);
	put_footer(out);
}
