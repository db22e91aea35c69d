/* Bars of a report.  Heights and widths are in hundredths of the whole. */
#include "policy/command/chart.h"
#include "policy/command/html.h"

#define WIDE 14 /* bars; fewer do not need all of the width */

int64_t
chart_value(sqlite3_stmt *s, const struct series *one)
{
	return sqlite3_column_int64(s, one->column) -
	       (one->minus > 0 ? sqlite3_column_int64(s, one->minus) : 0);
}

int64_t
chart_sum(sqlite3_stmt *s, const struct series *series)
{
	int64_t all = 0;

	for (; series->name != NULL; series++)
		all += chart_value(s, series);
	return all;
}

/* The next even digit, or ten, with zeros behind: half of it is a number too.
 */
static int64_t
round_up(int64_t number)
{
	for (int64_t step = 1; step <= INT64_MAX / 100; step *= 10)
		for (int64_t factor = 2; factor <= 10; factor += 2)
			if (number <= factor * step)
				return factor * step;
	return number;
}

/* The bar of one period, with what a pointer on it is told. */
static void
draw_period(FILE *out, sqlite3_stmt *s, const struct series *series, size_t at,
    int64_t top)
{
	double y = 100;
	bool more = false;

	fputs("<g><title>", out);
	fprintf(out, "%s: ", (const char *)sqlite3_column_text(s, 0));
	for (const struct series *one = series; one->name != NULL; one++)
		html_count(out, chart_value(s, one), one->name, &more);
	fputs(more ? "" : "nothing", out);
	fprintf(out,
	    "</title><rect x=\"%zu\" width=\"10\" height=\"100\" "
	    "fill=\"transparent\"/>",
	    at * 10);
	for (; series->name != NULL; series++) {
		double height =
		    100 * (double)chart_value(s, series) / (double)top;

		y -= height;
		if (height > 0)
			fprintf(out,
			    "<rect class=\"%s\" x=\"%zu.5\" y=\"%.3f\" "
			    "width=\"7\" height=\"%.3f\"/>",
			    series->class, at * 10 + 1, y, height);
	}
	fputs("</g>\n", out);
}

static void
put_legend(FILE *out, const struct series *series)
{
	fputs("<div class=\"legend\">", out);
	for (; series->name != NULL; series++)
		fprintf(out, "<span class=\"%s\">%s</span>", series->class,
		    series->name);
	fputs("</div>", out);
}

/* The first period, the one in the middle and the last. */
static void
put_dates(struct db *db, FILE *out, size_t count)
{
	sqlite3_stmt *s = db_query(db, SQL_REPORT_PERIODS);

	fputs("<div class=\"axis along\">", out);
	for (size_t i = 0; db_step(db, s); i++)
		if (i == 0 || i == count - 1 || (count > 4 && i == count / 2))
			fprintf(out, "<span>%s</span>",
			    (const char *)sqlite3_column_text(s, 0));
	fputs("</div>", out);
}

/* Stacked bars, a period each; nothing when there is nothing. */
void
chart_write(
    struct db *db, FILE *out, const char *title, const struct series *series)
{
	sqlite3_stmt *s = db_query(db, SQL_REPORT_PERIODS);
	int64_t most = 0, top;
	size_t count = 0;

	for (; db_step(db, s); count++)
		if (chart_sum(s, series) > most)
			most = chart_sum(s, series);
	top = round_up(most);
	if (most == 0)
		return;
	fprintf(out, "<section class=\"wide\"><div class=\"head\"><h2>%s</h2>",
	    title);
	put_legend(out, series);
	fputs("</div><div class=\"plot\"", out);
	if (count < WIDE)
		fprintf(out, " style=\"max-width: %zurem\"", 4 + 4 * count);
	fputs("><div class=\"axis up\"><span>", out);
	html_number(out, top);
	fputs("</span><span>", out);
	html_number(out, top / 2);
	fprintf(out,
	    "</span><span>0</span></div><svg class=\"chart\" role=\"img\" "
	    "aria-label=\"%s\" viewBox=\"0 0 %zu 100\" "
	    "preserveAspectRatio=\"none\">\n",
	    title, count * 10);
	for (int y = 0; y <= 100; y += 50)
		fprintf(out, "<line x2=\"%zu\" y1=\"%d\" y2=\"%d\"/>\n",
		    count * 10, y, y);
	for (size_t at = 0; db_step(db, s); at++)
		draw_period(out, s, series, at, top);
	fputs("</svg>", out);
	put_dates(db, out, count);
	fputs("</div></section>\n", out);
}

void
chart_bar(
    FILE *out, int64_t whole, sqlite3_stmt *s, const struct series *series)
{
	double x = 0;

	fputs("<svg class=\"bar\" viewBox=\"0 0 100 1\" "
	      "preserveAspectRatio=\"none\" aria-hidden=\"true\">",
	    out);
	for (; series->name != NULL; series++) {
		double width =
		    100 * (double)chart_value(s, series) / (double)whole;

		if (width > 100 - x)
			width = 100 - x;
		if (width > 0)
			fprintf(out,
			    "<rect class=\"%s\" x=\"%.3f\" width=\"%.3f\" "
			    "height=\"1\"/>",
			    series->class, x, width);
		x += width;
	}
	fputs("</svg>", out);
}
