/*
 * Proposals as text that can be pasted.  The rule guarded here: what is pasted
 * does what the comment above it says, whatever a client called itself.
 */
#include "policy/command/learn_action.h"

#include <string.h>

#define WORDS_MAX 12

/* The words of the command behind `authpolicy`; returns how many. */
static size_t
words_of(const struct action *a, const char *out[WORDS_MAX])
{
	static const char *const verbs[][2] = {
	    [ACTION_LOGIN_ADD] = {"login", "add"},
	    [ACTION_GROUP_ADD] = {"group", "add"},
	    [ACTION_GROUP_JOIN] = {"group", "join"},
	    [ACTION_GRANT] = {"grant", NULL},
	    [ACTION_DENY] = {"deny", NULL},
	    [ACTION_SUSPEND] = {"suspend", NULL},
	};
	size_t n = 0;

	out[n++] = verbs[a->kind][0];
	if (verbs[a->kind][1] != NULL)
		out[n++] = verbs[a->kind][1];
	if (a->on_behalf)
		out[n++] = "--on-behalf";
	else if (a->scope != NULL && strcmp(a->scope, "any") != 0) {
		out[n++] = "--scope";
		out[n++] = a->scope;
	}
	if (a->who[0] == '-' || (a->what != NULL && a->what[0] == '-'))
		out[n++] = "--";
	out[n++] = a->who;
	if (a->what != NULL)
		out[n++] = a->what;
	return n;
}

static void
write_command(const struct learn *l, const struct action *a)
{
	const char *words[WORDS_MAX];
	size_t n = words_of(a, words);

	fputs("authpolicy", stdout);
	if (args_has(&l->c->args, "db")) {
		fputs(" --db ", stdout);
		output_word(l->c->path);
	}
	for (size_t i = 0; i < n; i++) {
		putchar(' ');
		output_word(words[i]);
	}
	putchar('\n');
}

static void
write_sql(struct learn *l, const struct action *a)
{
	static const char *const formats[] = {
	    [ACTION_LOGIN_ADD] =
		"INSERT INTO principal(name, kind)"
		" VALUES (%Q, 'login') ON CONFLICT DO NOTHING;",
	    [ACTION_GROUP_ADD] =
		"INSERT INTO principal(name, kind)"
		" VALUES (%Q, 'group') ON CONFLICT DO NOTHING;",
	    [ACTION_GROUP_JOIN] = "INSERT INTO membership(group_name, login)"
				  " VALUES (%Q, %Q) ON CONFLICT DO NOTHING;",
	    [ACTION_GRANT] =
		"INSERT INTO send_as(principal, address, scope, manner)"
		" VALUES (%Q, %Q, %Q, %Q) ON CONFLICT DO NOTHING;",
	    [ACTION_DENY] = "INSERT INTO deny_as(principal, address)"
			    " VALUES (%Q, %Q) ON CONFLICT DO NOTHING;",
	    [ACTION_SUSPEND] =
		"UPDATE principal SET state = 'suspended' WHERE name = %Q;",
	};
	char *sql = sqlite3_mprintf(formats[a->kind], a->who, a->what,
	    a->scope != NULL ? a->scope : "any",
	    a->on_behalf ? "on-behalf" : "as");

	if (sql == NULL)
		db_fail(&l->db, STATUS_UNKNOWN, "out of memory");
	else
		puts(sql);
	sqlite3_free(sql);
}

void
learn_comment(const struct learn *l)
{
	fputs(l->sql ? "-- " : "# ", stdout);
}

void
learn_act(const struct learn_sink *sink, const struct action *a)
{
	const char *words[WORDS_MAX];
	size_t n = words_of(a, words);

	if (sink->json != NULL) {
		json_array(sink->json, NULL);
		json_string(sink->json, NULL, "authpolicy");
		for (size_t i = 0; i < n; i++)
			json_string(sink->json, NULL, words[i]);
		json_array_end(sink->json);
		return;
	}
	if (!output_is_plain(a->who, strlen(a->who)) ||
	    (a->what != NULL && !output_is_plain(a->what, strlen(a->what)))) {
		learn_comment(sink->l);
		puts("not shown: it has bytes that no terminal should see; "
		     "--json has it");
		return;
	}
	if (sink->off)
		learn_comment(sink->l);
	if (sink->l->sql)
		write_sql(sink->l, a);
	else
		write_command(sink->l, a);
}

void
learn_add_login(const struct learn_sink *sink, const char *login, bool has_row)
{
	const struct action add = {.kind = ACTION_LOGIN_ADD, .who = login};

	if (!has_row)
		learn_act(sink, &add);
}
