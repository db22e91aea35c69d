/* What is proposed, and on what evidence. */
#include "policy/command/learn_action.h"

#include <string.h>

static const char *
text(sqlite3_stmt *s, int column)
{
	return (const char *)sqlite3_column_text(s, column);
}

/* The plural of what a column has the number of. */
static const char *
s_of(sqlite3_stmt *s, int column)
{
	return output_s(sqlite3_column_int64(s, column));
}

/* `from 192.0.2.1 and 2 more`. */
static void
print_clients(long long count, const char *one)
{
	if (one == NULL)
		return;
	fputs(", from ", stdout);
	output_text(stdout, one);
	if (count > 1)
		printf(" and %lld more", count - 1);
}

/* --- groups -------------------------------------------------------------- */

static void
write_addresses(const struct learn_sink *sink, const char *group, bool evidence)
{
	struct learn *l = sink->l;
	sqlite3_stmt *s = db_query(&l->db, SQL_LEARN_ADDRESSES, group);

	while (db_step(&l->db, s)) {
		const struct action grant = {.kind = ACTION_GRANT,
		    .who = group,
		    .what = text(s, 0),
		    .scope = text(s, 1)};

		if (!evidence) {
			learn_act(sink, &grant);
			continue;
		}
		learn_comment(l);
		output_text(stdout, text(s, 0));
		printf(": %s message%s of %s login%s, %.10s to %.10s\n",
		    text(s, 2), s_of(s, 2), text(s, 3), s_of(s, 3), text(s, 4),
		    text(s, 5));
	}
}

static void
write_members(const struct learn_sink *sink, const char *group)
{
	struct learn *l = sink->l;
	sqlite3_stmt *s = db_query(&l->db, SQL_LEARN_MEMBERS, group);

	while (db_step(&l->db, s)) {
		const struct action join = {.kind = ACTION_GROUP_JOIN,
		    .who = group,
		    .what = text(s, 0)};

		learn_add_login(
		    sink, text(s, 0), sqlite3_column_int(s, 1) != 0);
		learn_act(sink, &join);
	}
}

static void
write_group(const struct learn_sink *sink, const char *group, bool is_there)
{
	const struct action add = {.kind = ACTION_GROUP_ADD, .who = group};

	if (!is_there)
		learn_act(sink, &add);
	write_members(sink, group);
	write_addresses(sink, group, false);
}

static void
print_groups(struct learn *l)
{
	const struct learn_sink sink = {.l = l};
	sqlite3_stmt *s = db_query(&l->db, SQL_LEARN_GROUPS);

	while (db_step(&l->db, s)) {
		putchar('\n');
		write_addresses(&sink, text(s, 0), true);
		write_group(&sink, text(s, 0), sqlite3_column_int(s, 1) != 0);
	}
}

/* --- grants -------------------------------------------------------------- */

/* The columns of SQL_LEARN_GRANTS. */
enum column {
	COLUMN_LOGIN,
	COLUMN_HAS_ROW,
	COLUMN_ADDRESS,
	COLUMN_SCOPE,
	COLUMN_ON_BEHALF,
	COLUMN_COUNT,
	COLUMN_SUBS,
	COLUMN_MESSAGES,
	COLUMN_FIRST,
	COLUMN_LAST,
	COLUMN_CLIENTS,
	COLUMN_CLIENT,
	COLUMN_CAUTION,
	COLUMN_WALLED,
	COLUMN_BUSY,
	COLUMN_GROUP
};

static void
print_evidence(struct learn *l, sqlite3_stmt *s)
{
	long long count = sqlite3_column_int64(s, COLUMN_COUNT);
	long long messages = sqlite3_column_int64(s, COLUMN_MESSAGES);

	if (text(s, COLUMN_CAUTION) != NULL) {
		learn_comment(l);
		fputs("CHOOSE: ", stdout);
		output_text(stdout, text(s, COLUMN_CAUTION));
		putchar('\n');
	}
	learn_comment(l);
	output_text(stdout, text(s, COLUMN_LOGIN));
	fputs(" as ", stdout);
	output_text(stdout, text(s, COLUMN_ADDRESS));
	printf(": %lld of %lld message%s (%lld %%), %.10s to %.10s", count,
	    messages, output_s(messages), count * 100 / messages,
	    text(s, COLUMN_FIRST), text(s, COLUMN_LAST));
	print_clients(
	    sqlite3_column_int64(s, COLUMN_CLIENTS), text(s, COLUMN_CLIENT));
	if (sqlite3_column_int64(s, COLUMN_SUBS) > 0)
		printf("; with %s sub-address%s", text(s, COLUMN_SUBS),
		    sqlite3_column_int64(s, COLUMN_SUBS) == 1 ? "" : "es");
	if (text(s, COLUMN_GROUP) != NULL) {
		fputs("; also granted to the group ", stdout);
		output_text(stdout, text(s, COLUMN_GROUP));
	}
	putchar('\n');
}

/* The grant, and where somebody has to choose, its contrary. */
static void
write_grant(const struct learn_sink *sink, sqlite3_stmt *s)
{
	struct action a = {.kind = ACTION_GRANT,
	    .who = text(s, COLUMN_LOGIN),
	    .what = text(s, COLUMN_ADDRESS),
	    .scope = text(s, COLUMN_SCOPE),
	    .on_behalf = sqlite3_column_int(s, COLUMN_ON_BEHALF) != 0};

	if (sqlite3_column_int(s, COLUMN_WALLED) != 0)
		return;
	if (sink->l->sql && sink->json == NULL)
		learn_add_login(
		    sink, a.who, sqlite3_column_int(s, COLUMN_HAS_ROW) != 0);
	learn_act(sink, &a);
	if (text(s, COLUMN_CAUTION) == NULL)
		return;
	a = (struct action){.kind = ACTION_DENY, .who = a.who, .what = a.what};
	learn_act(sink, &a);
	a = (struct action){.kind = ACTION_SUSPEND, .who = a.who};
	if (sqlite3_column_int(s, COLUMN_BUSY) != 0)
		learn_act(sink, &a);
}

static void
print_grants(struct learn *l, const char *choose)
{
	const struct learn_sink sink = {.l = l, .off = choose[0] == '1'};
	sqlite3_stmt *s = db_query(&l->db, SQL_LEARN_GRANTS, choose);

	while (db_step(&l->db, s)) {
		putchar('\n');
		print_evidence(l, s);
		write_grant(&sink, s);
	}
}

void
learn_print(struct learn *l)
{
	sqlite3_stmt *s = db_query(&l->db, SQL_LEARN_SUMS);

	if (!db_step(&l->db, s))
		return;
	learn_comment(l);
	printf("From %lld message%s of %s login%s that went through; addresses "
	       "used too rarely\n",
	    (long long)l->messages, output_s(l->messages), text(s, 0),
	    s_of(s, 0));
	learn_comment(l);
	printf(
	    "(--min-count): %s.  Read each before you run it; what is marked "
	    "CHOOSE is left out.\n",
	    text(s, 1));
	print_groups(l);
	print_grants(l, "0");
	print_grants(l, "1");
	s = db_query(&l->db, SQL_LEARN_LEFT);
	for (bool first = true; db_step(&l->db, s); first = false) {
		if (first)
			putchar('\n');
		learn_comment(l);
		output_text(stdout, text(s, 0));
		printf(": %s message%s, for which nothing is proposed; "
		       "authpolicy log --reason ",
		    text(s, 1), s_of(s, 1));
		output_text(stdout, text(s, 0));
		putchar('\n');
	}
}

/* --- JSON ---------------------------------------------------------------- */

static void
write_json_group(const struct learn_sink *sink, sqlite3_stmt *s)
{
	json_object(sink->json, NULL);
	json_string(sink->json, "group", text(s, 0));
	json_integer(sink->json, "count", sqlite3_column_int64(s, 2));
	json_string(sink->json, "caution", NULL);
	json_array(sink->json, "commands");
	write_group(sink, text(s, 0), sqlite3_column_int(s, 1) != 0);
	json_array_end(sink->json);
	json_object_end(sink->json);
}

static void
write_json_grant(const struct learn_sink *sink, sqlite3_stmt *s)
{
	static const struct {
		enum column column;
		const char *name;
	} texts[] = {
	    {COLUMN_LOGIN, "login"},
	    {COLUMN_ADDRESS, "address"},
	    {COLUMN_SCOPE, "scope"},
	    {COLUMN_FIRST, "first"},
	    {COLUMN_LAST, "last"},
	    {COLUMN_CLIENT, "client"},
	    {COLUMN_CAUTION, "caution"},
	};
	struct json *j = sink->json;

	json_object(j, NULL);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		json_string(j, texts[i].name, text(s, (int)texts[i].column));
	json_bool(j, "on_behalf", sqlite3_column_int(s, COLUMN_ON_BEHALF) != 0);
	json_integer(j, "count", sqlite3_column_int64(s, COLUMN_COUNT));
	json_integer(j, "sub_addresses", sqlite3_column_int64(s, COLUMN_SUBS));
	json_integer(j, "messages", sqlite3_column_int64(s, COLUMN_MESSAGES));
	json_integer(j, "clients", sqlite3_column_int64(s, COLUMN_CLIENTS));
	json_array(j, text(s, COLUMN_CAUTION) == NULL ? "commands" : "choices");
	write_grant(sink, s);
	json_array_end(j);
	json_object_end(j);
}

void
learn_write_json(struct learn *l, struct json *j)
{
	const struct learn_sink sink = {.l = l, .json = j};
	sqlite3_stmt *s = db_query(&l->db, SQL_LEARN_GROUPS);

	json_object(j, NULL);
	json_integer(j, "messages", l->messages);
	json_array(j, "proposals");
	while (db_step(&l->db, s))
		write_json_group(&sink, s);
	for (int choose = 0; choose < 2; choose++) {
		s = db_query(&l->db, SQL_LEARN_GRANTS, choose ? "1" : "0");
		while (db_step(&l->db, s))
			write_json_grant(&sink, s);
	}
	json_array_end(j);
	json_object(j, "unmended");
	s = db_query(&l->db, SQL_LEARN_LEFT);
	while (db_step(&l->db, s))
		json_integer(j, text(s, 0), sqlite3_column_int64(s, 1));
	json_object_end(j);
	json_object_end(j);
}
