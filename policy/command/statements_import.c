/* The SQL of the command: what comes in and goes out. */
#include "policy/command/statements.h"

/* The rows of an import to be written, from the one numbered ?1 to ?2; the plus
 * keeps SQLite from making an index of all. */
#define STEPS(table)                                                   \
	" FROM step, job WHERE step.rowid BETWEEN CAST(?1 AS INTEGER)" \
	" AND CAST(?2 AS INTEGER) AND +tbl = '" table "'"              \
	" AND op IN ('add', 'change')"

const char *const statements_import[STATEMENT_COUNT] = {
    [SQL_JOB] = "INSERT INTO job(origin, exact) VALUES (?, ? = '1')",
    [SQL_WANT] =
	"INSERT INTO wanted(tbl, name, other, scope, manner, kind,"
	" valid_from, valid_until, note, implied, line)"
	" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    [SQL_WANTED] =
	"SELECT line, kind, kind IS ?6 AND valid_from IS ?7"
	" AND valid_until IS ?8 AND note IS ?9 FROM wanted WHERE tbl = ?1"
	" AND name = ?2 AND other = ?3 AND scope = ?4 AND manner = ?5",
    [SQL_CONFLICTS] = "SELECT line, text FROM conflict ORDER BY line, text",
    [SQL_STEPS] = "INSERT INTO step SELECT * FROM plan WHERE op <> 'same'",
    [SQL_STEPS_GONE] = "INSERT INTO step(op, tbl, name, other, scope, manner,"
		       " kind) SELECT * FROM gone",
    [SQL_STEP_COUNTS] =
	"SELECT word || 's ' || CASE op WHEN 'add' THEN"
	" 'added' WHEN 'change' THEN 'changed' ELSE 'removed' END, count(*)"
	" FROM difference WHERE op IN ('add', 'change', 'remove')"
	" GROUP BY op, word"
	" UNION ALL SELECT 'there already', count(*) - (SELECT count(*)"
	" FROM step WHERE op IN ('add', 'change')) AS n FROM wanted"
	" HAVING n > 0",
    [SQL_STEP_REMOVALS] =
	"SELECT (SELECT count(*) FROM step WHERE op = 'remove'"
	" AND tbl <> 'network'),"
	" (SELECT count(*) FROM principal WHERE principal.origin = job.origin)"
	" + (SELECT count(*) FROM membership AS m WHERE m.origin = job.origin)"
	" + (SELECT count(*) FROM send_as AS s WHERE s.origin = job.origin),"
	" origin FROM job",
    [SQL_STEP_LAST] = "SELECT ifnull(max(rowid), 0) FROM step",
    [SQL_STEP_LIST] = "SELECT tbl, name, other, scope, manner FROM step"
		      " WHERE op = 'remove' ORDER BY rowid",
    [SQL_STEP_NOTES] =
	"SELECT 'principal(' || name || '): not in the file, and kept: it has"
	" what is not of this origin; authpolicy ' || kind || ' remove ' || "
	"name"
	" FROM step WHERE op = 'keep'"
	" UNION ALL SELECT 'send_as(' || name || ', ' || other || '): there"
	" with other dates, but of another origin; left as it is' FROM step"
	" WHERE op = 'left'",
    [SQL_STEP_DIFFERENCE] = "SELECT text FROM difference"
			    " WHERE op IN ('add', 'change', 'remove')",
    [SQL_IMPORT_REALMS] =
	"SELECT 'logins @' || realm || ' are refused; to let them in:"
	" authpolicy set realms ' || realms || ' ' || realm FROM"
	" (SELECT DISTINCT lower(substr(name, 1 + length(rtrim(name,"
	" replace(name, '@', ''))))) AS realm FROM step WHERE op = 'add'"
	" AND tbl = 'principal' AND kind = 'login' AND instr(name, '@')),"
	" (SELECT lower(value) AS realms FROM setting WHERE name = 'realms'"
	" AND value <> '') WHERE"
	" instr(' ' || realms || ' ', ' ' || realm || ' ') = 0",
    [SQL_IMPORT_BULK] = "UPDATE editor SET bulk = 1",
    [SQL_IMPORT_HISTORY] =
	"INSERT INTO history(editor, tbl, op, new)"
	" SELECT name, 'import', 'insert', json_object('file', ?,"
	" 'done', ?) FROM editor",
    [SQL_IMPORT_PRINCIPALS] = "INSERT INTO principal(name, kind, origin, note)"
			      " SELECT name, kind, origin, note" STEPS(
				  "principal") " ON CONFLICT(name) DO UPDATE "
					       "SET note = excluded.note",
    [SQL_IMPORT_MEMBERS] = "INSERT INTO membership(group_name, login, origin)"
			   " SELECT name, other, origin" STEPS("membership"),
    [SQL_IMPORT_GRANTS] =
	"INSERT INTO send_as(principal, address, scope, manner, valid_from,"
	" valid_until, origin, note) SELECT name, other, scope, manner,"
	" valid_from, valid_until, origin, note" STEPS(
	    "send_as") " ON CONFLICT(principal, address, scope, manner) DO "
		       "UPDATE SET"
		       " valid_from = excluded.valid_from,"
		       " valid_until = excluded.valid_until, note = "
		       "excluded.note",
    [SQL_IMPORT_DOMAINS] =
	"INSERT INTO local_domain(name) SELECT name" STEPS("local_domain"),
    [SQL_IMPORT_NETWORKS] = "INSERT INTO network(name, cidr)"
			    " SELECT name, other" STEPS("network"),
    [SQL_IMPORT_UNGRANT] = "DELETE FROM send_as WHERE principal = ?"
			   " AND address = ? AND scope = ? AND manner = ?",

    [SQL_MAP_KEY] = "INSERT INTO map_key(key, line) VALUES (?, ?)"
		    " ON CONFLICT DO NOTHING",
    [SQL_MAP_LINE] = "SELECT line FROM map_key WHERE key = ?",
    [SQL_MAP_DOMAIN] =
	"SELECT EXISTS (SELECT 1 FROM local_domain WHERE name = ?1)",
    [SQL_MAP_OVERLAPS] =
	"SELECT d.name, w.other, d.other FROM wanted AS d JOIN wanted AS w"
	" ON substr(w.other, instr(w.other, '@')) = d.other"
	" WHERE d.tbl = 'send_as' AND d.other GLOB '@*' AND w.tbl = 'send_as'"
	" AND w.other NOT GLOB '@*' AND NOT EXISTS (SELECT 1 FROM wanted AS n"
	" WHERE n.tbl = 'send_as' AND n.name = d.name AND n.other = w.other)"
	" GROUP BY d.name, w.other",
    [SQL_ALIAS] = "INSERT INTO alias(key, target, line) VALUES (?, ?, ?)"
		  " ON CONFLICT DO NOTHING",
    [SQL_ALIAS_LEAVES] =
	"SELECT key, target, line, instr(target, '@') = 0"
	" OR EXISTS (SELECT 1 FROM principal WHERE principal.name = target"
	" AND kind = 'login') OR EXISTS (SELECT 1 FROM local_domain"
	" WHERE local_domain.name = substr(target, 1 + length(rtrim(target,"
	" replace(target, '@', ''))))) FROM alias_leaf ORDER BY line",

    [SQL_DRIFT] =
	"SELECT 'local_domain: ' || name || ' is in main.cf, and not here;"
	" authpolicy import postfix-main, or domain add ' || name FROM step"
	" WHERE op = 'add' AND tbl = 'local_domain'"
	" UNION ALL SELECT 'local_domain(' || name || '): main.cf has no such"
	" domain; authpolicy domain remove ' || name FROM local_domain AS d"
	" WHERE ?1 IS NULL AND NOT EXISTS (SELECT 1 FROM wanted AS w"
	" WHERE tbl = 'local_domain' AND w.name = d.name)"
	" UNION ALL SELECT 'network(mynetworks): ' || other || iif(op = 'add',"
	" ' is in main.cf', ' is not in main.cf') || '; authpolicy import"
	" postfix-main' FROM step WHERE tbl = 'network' AND EXISTS (SELECT 1"
	" FROM network WHERE network.name = 'mynetworks')",

    [SQL_EXPORT_PRINCIPAL] = "SELECT * FROM principal",
    [SQL_EXPORT_MEMBERSHIP] = "SELECT * FROM membership",
    [SQL_EXPORT_SEND_AS] = "SELECT * FROM send_as",
    [SQL_EXPORT_DENY_AS] = "SELECT * FROM deny_as",
    [SQL_EXPORT_LOCAL_DOMAIN] = "SELECT * FROM local_domain",
    [SQL_EXPORT_NETWORK] = "SELECT * FROM network",
    [SQL_EXPORT_ADDRESS_SET] = "SELECT * FROM address_set",
    [SQL_EXPORT_RULE] = "SELECT * FROM rule",
    [SQL_EXPORT_QUOTA] = "SELECT * FROM quota",
    [SQL_EXPORT_IDENTITY] = "SELECT * FROM identity",
    [SQL_EXPORT_TRUSTED_PEER] = "SELECT * FROM trusted_peer",
    [SQL_EXPORT_PARDON] = "SELECT * FROM pardon",
    [SQL_EXPORT_SETTING] = "SELECT * FROM setting",
    [SQL_EXPORT_BEGIN] =
	"CREATE TEMP TABLE cover(key TEXT NOT NULL, login"
	" TEXT NOT NULL, base TEXT, folded TEXT, PRIMARY KEY (key, login))"
	" WITHOUT ROWID",
    [SQL_EXPORT_GRANTS] =
	"SELECT login, address FROM effective_grant WHERE scope <> 'header'"
	" AND manner = 'as' UNION ALL SELECT '', address FROM deny_as",
    [SQL_EXPORT_COVER] = "INSERT INTO cover(key, login, base, folded)"
			 " VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
    [SQL_EXPORT_ALIKE] = "SELECT folded FROM cover WHERE key <> ''"
			 " GROUP BY folded HAVING count(DISTINCT key) > 1",
    /* whoever a form could cover it for: the decision is asked */
    [SQL_EXPORT_KEYS] =
	"WITH alike(key) AS (SELECT folded FROM cover WHERE key <> ''"
	" GROUP BY folded HAVING count(DISTINCT key) > 1),"
	" keys(key, base, domain) AS (SELECT DISTINCT key, base,"
	" substr(key, instr(key, '@')) FROM cover WHERE key <> ''"
	" AND folded NOT IN alike)"
	" SELECT key, login FROM keys JOIN cover USING (key)"
	" UNION SELECT keys.key, login FROM keys JOIN cover"
	" ON cover.key = keys.base"
	" UNION SELECT keys.key, login FROM keys JOIN cover"
	" ON cover.key = keys.domain WHERE keys.key <> keys.domain"
	" UNION SELECT keys.key, login FROM keys JOIN cover"
	" ON cover.key = ''"
	" UNION SELECT key, '' FROM alike ORDER BY 1, 2",
    [SQL_EXPORT_CANNOT] =
	"WITH form(tbl, principal, address) AS ("
	" SELECT 'send_as', principal, address FROM send_as"
	" WHERE scope <> 'header' AND manner = 'as'"
	" UNION SELECT 'deny_as', principal, address FROM deny_as)"
	" SELECT tbl || '(' || principal || ', ' || address || ')' FROM form"
	" WHERE address IN ('*', '<>') OR address GLOB '@.*'"
	" OR address GLOB '*[*]*@*' OR address GLOB '#*'"
	" OR principal = 'anonymous'"
	" UNION ALL SELECT 'principal(' || name || '): a blank or a comma' FROM"
	" principal WHERE kind = 'login' AND name GLOB '*[ ,]*'"
	" UNION ALL SELECT tbl || '(' || principal || ', ' || address || ') for"
	" logins without a row' FROM form WHERE tbl = 'send_as' AND"
	" (principal = 'everyone' OR principal GLOB '@*')",
};
