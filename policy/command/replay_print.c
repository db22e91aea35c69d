/* How the changes that a replay found are shown. */
#include "policy/command/replay.h"

/* What could not be compared, and why. */
static const struct {
	enum recorded_kind kind;
	const char *name, *text;
} left_out[] = {
    {RECORDED_LIMIT, "limits",
	"refused by limits, which depend on all mail before"},
    {RECORDED_FAULT, "faults", "refused for a fault, not by the policy"},
    {RECORDED_COUNTED, "counted",
	"only counted: the session had too many refusals"},
    {RECORDED_OLD, "old", "recorded by an older version, without all facts"},
};

static void
print_examples(struct replay *r, const char *kind)
{
	sqlite3_stmt *s = db_query(&r->db, SQL_CHANGES_OF, kind);

	while (db_step(&r->db, s)) {
		static const char *const between[] = {
		    "    ", "  ref ", "  from ", " to ", "  by "};

		for (int i = 0; i < 5; i++) {
			const char *text =
			    (const char *)sqlite3_column_text(s, i);

			if (text == NULL || text[0] == '\0')
				continue;
			fputs(between[i], stdout);
			output_text(stdout, text);
		}
		putchar('\n');
	}
}

void
replay_print(struct replay *r)
{
	sqlite3_stmt *s = db_query(&r->db, SQL_CHANGES);

	while (db_step(&r->db, s)) {
		const char *login = (const char *)sqlite3_column_text(s, 2);

		output_text(stdout, login != NULL ? login : "(no login)");
		if (sqlite3_column_int(s, 8) != 0)
			printf(": %s, as before: %lld\n",
			    sqlite3_column_text(s, 3),
			    (long long)sqlite3_column_int64(s, 5));
		else
			printf(": %s -> %s: %lld%s\n",
			    sqlite3_column_text(s, 3),
			    sqlite3_column_text(s, 4),
			    (long long)sqlite3_column_int64(s, 5),
			    sqlite3_column_int(s, 1) != 0 ? " (worse)" : "");
		print_examples(r, (const char *)sqlite3_column_text(s, 0));
	}
	printf("%lld message%s: %lld as before, of them %lld refused, %lld "
	       "otherwise, of them %lld newly refused\n",
	    (long long)r->records[RECORDED_MESSAGE],
	    output_s(r->records[RECORDED_MESSAGE]),
	    (long long)(r->records[RECORDED_MESSAGE] - r->other),
	    (long long)r->still, (long long)r->other, (long long)r->worse);
	if (r->cut > 0)
		printf("%lld had a header too large to be recorded: not asked "
		       "about it\n",
		    (long long)r->cut);
	for (size_t i = 0; i < sizeof(left_out) / sizeof(*left_out); i++)
		if (r->records[left_out[i].kind] > 0)
			printf("not decided again: %lld %s\n",
			    (long long)r->records[left_out[i].kind],
			    left_out[i].text);
}

static void
write_examples(struct replay *r, struct json *j, const char *kind)
{
	static const char *const names[] = {
	    "time", "ref", "sender", "recipient", "row"};
	sqlite3_stmt *s = db_query(&r->db, SQL_CHANGES_OF, kind);

	json_array(j, "examples");
	while (db_step(&r->db, s)) {
		json_object(j, NULL);
		for (int i = 0; i < 5; i++)
			json_string(j, names[i],
			    (const char *)sqlite3_column_text(s, i));
		json_object_end(j);
	}
	json_array_end(j);
}

void
replay_write_json(struct replay *r, struct json *j)
{
	static const char *const names[] = {
	    NULL, NULL, "login", "before", "after", NULL, "first", "last"};
	sqlite3_stmt *s = db_query(&r->db, SQL_CHANGES);

	json_object(j, NULL);
	json_integer(j, "messages", r->records[RECORDED_MESSAGE]);
	json_integer(j, "changed", r->other);
	json_integer(j, "newly_refused", r->worse);
	json_integer(j, "still_refused", r->still);
	json_integer(j, "cut", r->cut);
	for (size_t i = 0; i < sizeof(left_out) / sizeof(*left_out); i++)
		json_integer(j, left_out[i].name, r->records[left_out[i].kind]);
	json_array(j, "changes");
	while (db_step(&r->db, s)) {
		json_object(j, NULL);
		json_bool(j, "worse", sqlite3_column_int(s, 1) != 0);
		for (int i = 2; i < 8; i++)
			if (names[i] != NULL)
				json_string(j, names[i],
				    (const char *)sqlite3_column_text(s, i));
		json_integer(j, "count", sqlite3_column_int64(s, 5));
		write_examples(r, j, (const char *)sqlite3_column_text(s, 0));
		json_object_end(j);
	}
	json_array_end(j);
	json_object_end(j);
}
