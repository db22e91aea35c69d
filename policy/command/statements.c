/* The SQL of the command, in the order of the enumeration. */
#include "policy/command/statements.h"

/* A suspension by hand as it is now: a date alone includes its day. */
#define STATE                                                                 \
	"iif(state = 'suspended' AND (suspended_until IS NULL OR"             \
	" iif(length(suspended_until) = 10, suspended_until || 'T23:59:59Z'," \
	" suspended_until) >= strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),"        \
	" 'suspended', 'active')"

/* The principals whose rows count for the one named ?1. */
#define THROUGH \
	"(SELECT ?1 UNION SELECT principal FROM member WHERE login = ?1)"

/* Nothing is in the set ?1 but ?2 and ?3; both NULL: but anything. */
#define ALL_OF(table, column)                                       \
	" NOT EXISTS (SELECT 1 FROM " table " WHERE name = ?1 AND " \
	"?2 IS NOT NULL AND " column " NOT IN (?2, ?3))"

/* Seconds, rounded up to what a person would say. */
#define SPAN(seconds)                                                 \
	"(SELECT CASE WHEN s < 120 THEN s || ' s' WHEN s < 7200 THEN" \
	" ((s + 59) / 60) || ' min' WHEN s < 172800 THEN"             \
	" ((s + 3599) / 3600) || ' h' ELSE ((s + 86399) / 86400) ||"  \
	" ' days' END FROM (SELECT " seconds " AS s))"

/* How long ago a time of the daemon's answer was, in parentheses. */
#define AGE(member)                                                           \
	"(SELECT ' (' || CASE WHEN s < 120 THEN s || ' s' WHEN s < 7200 THEN" \
	" (s / 60) || ' min' WHEN s < 172800 THEN (s / 3600) || ' h'"         \
	" ELSE (s / 86400) || ' days' END || ' ago)' FROM (SELECT"            \
	" max(0, strftime('%s', 'now') - strftime('%s', ?1 ->> '$." member    \
	"')) AS s))"
#define AGE_STARTED AGE("started")
#define AGE_LOADED AGE("loaded")
#define AGE_AUDIT_LAST AGE("audit_last")

/* The tables whose changes are recorded. */
#define RECORDED                                       \
	" FROM sqlite_schema WHERE type = 'table' AND" \
	" name NOT IN ('history', 'editor', 'replaced')"

/* What a change was, in a few words: all of a row, or its key and what is
 * another. */
#define CHANGE                                                              \
	"(SELECT group_concat(o.key || '=' || CASE WHEN o.value IS n.value" \
	" OR op <> 'update' THEN o.value ELSE ifnull(o.value, 'none') ||"   \
	" ' -> ' || ifnull(n.value, 'none') END, ', ')"                     \
	" FROM json_each(ifnull(old, new)) AS o LEFT JOIN json_each(new)"   \
	" AS n USING (key) WHERE iif(op = 'update', o.value IS NOT n.value" \
	" OR o.key IN (SELECT name FROM pragma_table_info(tbl) WHERE pk),"  \
	" o.value IS NOT NULL))"

/* The last ?4 of a table ?1 by an editor ?2 since ?3, any where NULL. */
#define CHANGES                                                        \
	" FROM (SELECT * FROM history WHERE tbl = ifnull(?1, tbl) AND" \
	" (?2 IS NULL OR ifnull(editor, 'sqlite3') = ?2) AND"          \
	" at >= ifnull(?3, '') ORDER BY id DESC LIMIT ?4) ORDER BY id"

/*
 * The line of an audit log ?1 as j, if it is a record.  The table makes it no
 * constant: of one SQLite reads the JSON before it knows that it is any.  For
 * IN it would make a table, for each line.
 */
#define IF_RECORD                                                    \
	" FROM (SELECT iif(yes, ?1, NULL) AS j FROM one_row) WHERE"  \
	" iif(json_valid(j), json_type(j) = 'object' AND" IS_RECORD( \
	    "j ->> '$.time'", "j ->> '$.verdict'") ", 0)"
#define IS_RECORD(time, verdict)                                   \
	" " time " GLOB '" DIGIT DIGIT DIGIT DIGIT "-" DIGIT DIGIT \
	"-" DIGIT DIGIT "T*' AND date(" time ") IS NOT NULL AND"   \
	" (" verdict " = 'accept' OR " verdict " = 'reject' OR"    \
	" " verdict " = 'tempfail' OR " verdict " = 'hold')"
#define DIGIT "[0-9]"
#define OF_TYPE(type, name)                             \
	" iif(json_type(j, '$." name "') = '" type "'," \
	" nullif(j -> '$." name "', '[]'), NULL)"

/* The row of a proposal's login, with its realm or without. */
#define ROW_OF                                                                \
	"(SELECT principal.name FROM realm JOIN policy.principal ON"          \
	" principal.name IN (proposal.login, iif(proposal.login LIKE '%@' ||" \
	" realm.name, substr(proposal.login, 1, length(proposal.login) -"     \
	" length(realm.name) - 1), NULL)) WHERE kind = 'login' LIMIT 1)"
#define ROW_NAME "ifnull(" ROW_OF ", proposal.login)"
#define HAS_ROW ROW_OF " IS NOT NULL"

/* The rows of an import to be written, from the one numbered ?1 to ?2; the plus
 * keeps SQLite from making an index of all. */
#define STEPS(table)                                                   \
	" FROM step, job WHERE step.rowid BETWEEN CAST(?1 AS INTEGER)" \
	" AND CAST(?2 AS INTEGER) AND +tbl = '" table "'"              \
	" AND op IN ('add', 'change')"

const char *const statement_sql[STATEMENT_COUNT] = {
    [SQL_VERSION] = "SELECT iif(application_id = 0x41755070, user_version, -1)"
		    " FROM pragma_application_id, pragma_user_version",
    [SQL_EDITOR_COMES] = "INSERT OR REPLACE INTO editor(name) VALUES (?)",
    [SQL_EDITOR_GOES] = "DELETE FROM editor",

    [SQL_PRINCIPAL_KIND] = "SELECT kind FROM principal WHERE name = ?",
    [SQL_PRINCIPAL_ADD] =
	"INSERT INTO principal(name, kind, note) VALUES (?, ?, ?)",
    [SQL_PRINCIPAL_REMOVE] = "DELETE FROM principal WHERE name = ?",
    [SQL_PRINCIPAL_RENAME] = "UPDATE principal SET name = ? WHERE name = ?",
    [SQL_PRINCIPAL_MODE] =
	"UPDATE principal SET mode = nullif(?, 'inherit') WHERE name = ?",
    [SQL_PRINCIPAL_SUSPEND] =
	"UPDATE principal SET state = 'suspended', suspended_until = ?,"
	" suspended_why = ? WHERE name = ?",
    [SQL_PRINCIPAL_RESUME] =
	"UPDATE principal SET state = 'active', suspended_until = NULL,"
	" suspended_why = NULL WHERE name = ? AND state = 'suspended'",
    [SQL_PRINCIPAL_SHOW] =
	"SELECT name, kind, " STATE " AS state, suspended_until,"
	" suspended_why, mode, originators, origin, note"
	" FROM principal WHERE name = ?",
    [SQL_PRINCIPAL_GRANTS] =
	"SELECT address, scope, manner, valid_from, valid_until,"
	" principal AS through, origin, note FROM send_as"
	" WHERE principal IN " THROUGH
	" ORDER BY principal <> ?1, principal, address, scope, manner",
    [SQL_PRINCIPAL_DENIES] =
	"SELECT address, principal AS through, note FROM deny_as"
	" WHERE principal IN " THROUGH
	" ORDER BY principal <> ?1, principal, address",
    [SQL_DOMAIN_ROW] =
	"INSERT INTO principal(name, kind) SELECT ?1, 'group'"
	" WHERE NOT EXISTS (SELECT 1 FROM principal WHERE name = ?1)",
    [SQL_PARDON] = "INSERT INTO pardon(login) VALUES (?)"
		   " ON CONFLICT DO NOTHING",
    [SQL_LOGIN_LIST] =
	"SELECT name, " STATE " AS state, mode,"
	" (SELECT count(*) FROM membership WHERE login = name) AS groups,"
	" (SELECT count(*) FROM send_as WHERE principal = name) AS grants,"
	" note FROM principal WHERE kind = 'login' ORDER BY name",
    [SQL_LOGIN_GROUPS] =
	"SELECT group_name AS \"group\" FROM membership WHERE login = ?"
	" ORDER BY group_name",
    [SQL_GROUP_LIST] =
	"SELECT name, " STATE " AS state, mode, (SELECT count(*)"
	" FROM membership WHERE group_name = name) AS members,"
	" (SELECT count(*) FROM send_as WHERE principal = name) AS grants,"
	" note FROM principal WHERE kind = 'group' ORDER BY name",
    [SQL_GROUP_MEMBERS] =
	"SELECT login FROM membership WHERE group_name = ? ORDER BY login",
    [SQL_GROUP_JOIN] = "INSERT INTO membership(group_name, login) VALUES (?, ?)"
		       " ON CONFLICT DO NOTHING",
    [SQL_GROUP_LEAVE] =
	"DELETE FROM membership WHERE group_name = ? AND login = ?",

    [SQL_GRANT] =
	"INSERT INTO send_as(principal, address, scope, manner,"
	" valid_from, valid_until, note) VALUES (?, ?, ?, ?, ?, ?, ?)"
	" ON CONFLICT(principal, address, scope, manner) DO UPDATE SET"
	" valid_from = excluded.valid_from,"
	" valid_until = excluded.valid_until,"
	" note = ifnull(excluded.note, note)",
    [SQL_REVOKE] =
	"DELETE FROM send_as WHERE principal = ? AND address IN (?, ?)"
	" AND scope = ifnull(?, scope) AND manner = ifnull(?, manner)",
    [SQL_DENY] =
	"INSERT INTO deny_as(principal, address, note) VALUES (?, ?, ?)"
	" ON CONFLICT(principal, address) DO UPDATE SET"
	" note = ifnull(excluded.note, note)",
    [SQL_UNDENY] =
	"DELETE FROM deny_as WHERE principal = ? AND address IN (?, ?)",

    [SQL_DOMAIN_ADD] = "INSERT INTO local_domain(name) VALUES (?)"
		       " ON CONFLICT DO NOTHING",
    [SQL_DOMAIN_OWNER] =
	"UPDATE local_domain SET owner = nullif(?, '') WHERE name = ?",
    [SQL_DOMAIN_REMOVE] = "DELETE FROM local_domain WHERE name IN (?, ?)",
    [SQL_DOMAIN_LIST] = "SELECT name, owner FROM local_domain ORDER BY name",
    [SQL_REALMS_ALL] =
	"UPDATE setting SET value = (SELECT ifnull(group_concat(name, ' '), '')"
	" FROM local_domain) WHERE name = 'realms'",
    [SQL_REALMS_LACK] =
	"SELECT value FROM setting WHERE name = 'realms' AND value <> ''"
	" AND instr(' ' || lower(value) || ' ', ' ' || ? || ' ') = 0",

    [SQL_RULE_THERE] = "SELECT seq FROM rule WHERE seq = ?",
    [SQL_RULE_ADD] =
	"INSERT INTO rule(seq, principal, client, sender, recipient, tls,"
	" mechanism, hours, verdict, reply, mode, note) VALUES"
	" (ifnull(CAST(? AS INTEGER),"
	" (SELECT ifnull(max(seq), 0) / 10 * 10 + 10 FROM rule)),"
	" ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq",
    [SQL_RULE_LIST] =
	"SELECT seq, nullif(principal, ?1) AS principal,"
	" nullif(client, ?1) AS client, nullif(sender, ?1) AS sender,"
	" nullif(recipient, ?1) AS recipient, nullif(tls, ?1) AS tls,"
	" nullif(mechanism, ?1) AS mechanism, nullif(hours, ?1) AS hours,"
	" verdict, reply, mode, note FROM rule ORDER BY seq",
    [SQL_RULE_MOVE] = "UPDATE rule SET seq = CAST(? AS INTEGER)"
		      " WHERE seq = ?",
    [SQL_RULE_REMOVE] = "DELETE FROM rule WHERE seq = ?",

    [SQL_NETWORK_THERE] = "SELECT name FROM network WHERE name = ? LIMIT 1",
    [SQL_NETWORK_ADD] = "INSERT INTO network(name, cidr) VALUES (?, ?)"
			" ON CONFLICT DO NOTHING",
    [SQL_NETWORK_REMOVE] =
	"DELETE FROM network WHERE name = ? AND cidr IN (?, ?)",
    [SQL_NETWORK_CLEAR] = "DELETE FROM network WHERE name = ?",
    [SQL_NETWORK_LIST] = "SELECT name, cidr FROM network ORDER BY name, cidr",
    [SQL_NETWORK_KEPT] =
	"SELECT 'rule ' || seq FROM rule WHERE client IN (?1, '!' || ?1)"
	" AND" ALL_OF("network", "cidr") " UNION ALL"
					 " SELECT 'peer ' || login FROM "
					 "trusted_peer WHERE client = ?1"
					 " AND" ALL_OF("network", "cidr"),
    [SQL_ADDRESS_SET_THERE] =
	"SELECT name FROM address_set WHERE name = ? LIMIT 1",
    [SQL_ADDRESS_SET_ADD] = "INSERT INTO address_set(name, pattern)"
			    " VALUES (?, ?) ON CONFLICT DO NOTHING",
    [SQL_ADDRESS_SET_REMOVE] =
	"DELETE FROM address_set WHERE name = ? AND pattern IN (?, ?)",
    [SQL_ADDRESS_SET_CLEAR] = "DELETE FROM address_set WHERE name = ?",
    [SQL_ADDRESS_SET_LIST] = "SELECT name, pattern AS address FROM address_set"
			     " ORDER BY name, pattern",
    [SQL_ADDRESS_SET_KEPT] =
	"SELECT 'rule ' || seq FROM rule WHERE (sender IN (?1, '!' || ?1)"
	" OR recipient IN (?1, '!' || ?1))"
	" AND" ALL_OF("address_set", "pattern"),

    [SQL_IDENTITY_LOGIN] =
	"SELECT login FROM identity WHERE kind = ? AND subject = ?"
	" AND issuer = ? AND cidr = ? AND uid = -1",
    [SQL_IDENTITY_ADD] =
	"INSERT INTO identity(kind, subject, issuer, cidr, login, note)"
	" VALUES (?, ?, ?, ?, ?, ?)"
	" ON CONFLICT(kind, subject, issuer, cidr, uid) DO UPDATE SET"
	" note = ifnull(excluded.note, note)",
    [SQL_IDENTITY_REMOVE] =
	"DELETE FROM identity WHERE login = ifnull(?1, login)"
	" AND (?2 IS NULL OR kind = ?2 AND subject = ?3 AND issuer = ?4"
	" AND cidr IN (?5, ?6))",
    [SQL_IDENTITY_LIST] = "SELECT kind, subject, issuer, cidr AS network,"
			  " nullif(uid, -1) AS uid, login, note FROM identity"
			  " ORDER BY login, kind, subject, cidr",
    [SQL_PEER_ADD] =
	"INSERT INTO trusted_peer(login, client, asserts, note)"
	" VALUES (?, ?, ?, ?) ON CONFLICT(login, client, asserts) DO UPDATE"
	" SET note = ifnull(excluded.note, note)",
    [SQL_PEER_REMOVE] = "DELETE FROM trusted_peer WHERE login = ?1"
			" AND (?2 IS NULL OR asserts IN (?2, ?3)) AND client = "
			"ifnull(?4, client)",
    [SQL_PEER_LIST] = "SELECT login, client, asserts, note FROM trusted_peer"
		      " ORDER BY login, client, asserts",

    [SQL_LIMIT_SET] =
	"INSERT INTO quota(name, principal, metric, amount, period, per,"
	" counting, on_exceed, suspend_for, mode, note)"
	" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
	" ON CONFLICT(name) DO UPDATE SET principal = excluded.principal,"
	" metric = excluded.metric, amount = excluded.amount,"
	" period = excluded.period, per = excluded.per,"
	" counting = excluded.counting, on_exceed = excluded.on_exceed,"
	" suspend_for = excluded.suspend_for, mode = excluded.mode,"
	" note = excluded.note",
    /* in text what goes without saying is left out */
    [SQL_LIMIT_LIST] =
	"SELECT name, principal, metric,"
	" iif(?2 = 'text', ifnull(amount, 'unlimited'), amount) AS amount,"
	" period, iif(?2 = 'text', nullif(per, 'login'), per) AS per,"
	" iif(?2 = 'text', nullif(counting, 'leaky'), counting) AS counting,"
	" on_exceed, suspend_for, mode, note FROM quota"
	" WHERE ?1 IS NULL OR principal IN " THROUGH
	" ORDER BY principal, metric, name",
    [SQL_LIMIT_REMOVE] = "DELETE FROM quota WHERE name = ?",

    [SQL_SETTING] = "SELECT value FROM setting WHERE name = ?",
    [SQL_SETTING_SET] = "UPDATE setting SET value = ? WHERE name = ?",
    [SQL_SETTING_LIST] =
	"SELECT name, value FROM setting WHERE name = ifnull(?, name)"
	" ORDER BY name",
    [SQL_HISTORY] = "SELECT id, at, ifnull(editor, 'sqlite3') AS editor,"
		    " tbl AS \"table\", op, " CHANGE " AS change" CHANGES,
    [SQL_HISTORY_JSON] = "SELECT id, at, editor, tbl, op, old, new" CHANGES,
    [SQL_HISTORY_TABLE] = "SELECT name" RECORDED " AND name = ?1 UNION"
			  " SELECT tbl FROM history WHERE tbl = ?1 LIMIT 1",
    [SQL_HISTORY_TABLES] = "SELECT group_concat(name, ', ')" RECORDED,
    [SQL_HISTORY_LAST] = "SELECT ifnull(max(id), 0) FROM history",
    [SQL_HISTORY_SAYS] =
	"SELECT tbl || ' ' || op || ' ' || ifnull(" CHANGE ", '')"
	" FROM history WHERE id = ?",
    [SQL_HISTORY_OLD] = "SELECT old FROM history WHERE id = ?",
    [SQL_HISTORY_NEW] = "SELECT new FROM history WHERE id = ?",
    [SQL_HISTORY_INVERSE] =
	"SELECT CASE op WHEN 'insert' THEN 'DELETE FROM ' || tbl ||"
	" ' WHERE ' || same WHEN 'delete' THEN 'INSERT INTO ' || tbl || '(' ||"
	" columns || ') SELECT ' || back || ' WHERE 1 ON CONFLICT DO NOTHING'"
	" ELSE 'UPDATE ' || tbl || ' SET (' || columns || ') = (SELECT ' ||"
	" back || ') WHERE ' || same END FROM (SELECT tbl, op,"
	" group_concat(name, ', ') AS columns,"
	" group_concat('?1 ->> ''$.' || name || '''', ', ') AS back,"
	/* the column's collation for the index, bytes for the truth */
	" group_concat(name || ' IS ?2 ->> ''$.' || name || ''' AND ' || name"
	" || ' COLLATE BINARY IS ?2 ->> ''$.' || name || '''', ' AND ')"
	" AS same FROM history JOIN pragma_table_info(tbl)"
	" WHERE id = ? AND tbl IN (SELECT name" RECORDED ") GROUP BY id)",
    [SQL_HISTORY_LATER] =
	"SELECT max(later.id) FROM history JOIN history AS later"
	" ON later.id > history.id AND later.tbl = history.tbl AND"
	" iif(history.op = 'delete', later.new IS NOT NULL AND NOT EXISTS"
	" (SELECT 1 FROM pragma_table_info(history.tbl) WHERE pk > 0 AND"
	" (later.new ->> name) COLLATE NOCASE IS NOT (history.old ->> name)),"
	" later.old = history.new) WHERE history.id = ?",
    [SQL_HISTORY_UNDONE] =
	"SELECT CASE WHEN (SELECT count(*) FROM history WHERE id > ?2 AND"
	" op = 'delete') > (op = 'insert') THEN 'other rows would go with it;"
	" first remove what belongs to ' || (new ->> 'name')"
	" WHEN NOT EXISTS (SELECT 1 FROM history AS undone WHERE id > ?2 AND"
	" undone.tbl = history.tbl AND undone.old IS history.new AND"
	" undone.new IS history.old) THEN 'the row would not be as it was'"
	" ELSE '' END FROM history WHERE id = ?1",
    [SQL_LINT] =
	"SELECT 'send_as(' || principal || ', ' || address || '): ' ||"
	" domain || ' is not in local_domain; authpolicy domain add ' ||"
	" domain || ', or revoke the grant' FROM (SELECT principal,"
	" address, substr(address, instr(address, '@') + 1) AS domain"
	" FROM send_as WHERE instr(address, '@') > 0 AND"
	" address <> '@{domain}') WHERE domain NOT GLOB '[.[]*'"
	" AND domain COLLATE NOCASE NOT IN (SELECT name FROM local_domain)"
	" UNION ALL SELECT 'send_as(' || principal || ', *): it may use"
	" every address there is' || iif(EXISTS (SELECT 1 FROM quota"
	" WHERE quota.principal IN (send_as.principal, 'everyone')"
	" OR quota.principal IN (SELECT member.principal FROM member"
	" WHERE login = send_as.principal)), '', ', without a limit') ||"
	" '; grant what it needs, as @example.com' FROM send_as"
	" WHERE address = '*'"
	" UNION ALL SELECT 'send_as(anonymous, ' || address || '): whoever"
	" can connect may use it; authpolicy revoke anonymous ' || address"
	" FROM send_as WHERE principal = 'anonymous'"
	" UNION ALL SELECT 'principal(' || name || '): a group without"
	" members; authpolicy group join ' || name || ' LOGIN, or remove it'"
	" FROM unused_group"
	" UNION ALL SELECT 'send_as: ' || address || ' is granted by name"
	" to several logins: ' || group_concat(name, ', ') ||"
	" '; grant it to a group'"
	" FROM (SELECT DISTINCT address, name FROM send_as"
	" JOIN principal ON name = principal AND kind = 'login'"
	" WHERE address GLOB '[^@{*]*@*') GROUP BY address"
	" HAVING count(*) > 1",
    [SQL_LINT_REFERENCES] =
	"SELECT 'rule(' || seq || '): its client ' || text || ' is no network"
	" and no name of some; authpolicy network add ' || text || ' CIDR, or"
	" authpolicy rule remove ' || seq FROM (SELECT seq, ltrim(client, '!')"
	" AS text FROM rule) WHERE text NOT GLOB '[0-9]*' AND"
	" text NOT GLOB '*[:/]*' AND lower(text) <> 'any' AND"
	" text COLLATE NOCASE NOT IN (SELECT name FROM network)"
	" UNION ALL SELECT 'rule(' || seq || '): its ' || part || ' ' || text"
	" || ' is no address and no set of some; authpolicy address-set add '"
	" || text || ' ADDRESS, or authpolicy rule remove ' || seq FROM"
	" (SELECT seq, 'sender' AS part, ltrim(sender, '!') AS text FROM rule"
	" UNION ALL SELECT seq, 'recipient', ltrim(recipient, '!') FROM rule)"
	" WHERE text NOT GLOB '*[@*<]*' AND lower(text) <> 'any' AND"
	" text COLLATE NOCASE NOT IN (SELECT name FROM address_set)"
	" UNION ALL SELECT 'rule(' || seq || '): its principal ' || text || '"
	" is not there; authpolicy login add ' || text || ', or authpolicy rule"
	" remove ' || seq FROM (SELECT seq, ltrim(principal, '!') AS text"
	" FROM rule) WHERE text NOT GLOB '@*' AND lower(text) <> 'any' AND"
	" text COLLATE NOCASE NOT IN (SELECT name FROM principal)",
    [SQL_LINT_MTA] =
	"SELECT 'identity(certificate, ' || subject || '): ' || CASE"
	" WHEN (subject GLOB '/*') <> (issuer GLOB '/*') THEN 'subject and"
	" issuer are never told like that: both are names on Postfix, and like"
	" /O=Corp/CN=name on Sendmail'"
	" WHEN subject GLOB '/*' THEN 'never matches on Postfix, which tells"
	" the common name alone'"
	" ELSE 'never matches on Sendmail, which tells whole names like"
	" /O=Corp/CN=name' END || '; authpolicy identity remove it and add it "
	"as"
	" it is told' FROM identity WHERE kind = 'certificate' AND"
	" ((subject GLOB '/*') <> (issuer GLOB '/*') OR ?1 IN ('',"
	" iif(subject GLOB '/*', 'postfix', 'sendmail')))"
	" UNION ALL SELECT 'identity(local): never matches on Sendmail, where"
	" all mail comes by SMTP; authpolicy identity remove --local, and add"
	" --network 127.0.0.1' FROM identity WHERE kind = 'local'"
	" AND uid = -1 AND ?1 IN ('', 'sendmail')"
	" UNION ALL SELECT 'rule(' || seq || '): mail of ' || rule.principal ||"
	" ' that does not come by SMTP is never asked about its recipients;"
	" authpolicy identity remove --local, or rely on other rules'"
	" FROM rule JOIN identity ON kind = 'local' AND uid = -1"
	" AND login = rule.principal WHERE ?1 <> 'sendmail'"
	" UNION ALL SELECT 'rule(' || seq || '): never matches: who has no "
	"login"
	" has no mechanism but none; authpolicy rule remove ' || seq FROM rule"
	" WHERE principal = 'anonymous' AND mechanism NOT GLOB '!*'"
	" AND mechanism <> 'any' AND ' ' || lower(mechanism) || ' '"
	" NOT GLOB '* none *' AND ' ' || lower(mechanism) || ' '"
	" NOT GLOB '* anonymous *'",
    [SQL_LINT_RULES] =
	"SELECT seq, (SELECT kind FROM principal WHERE name = rule.principal),"
	" mode IS 'enforce' OR mode IS NULL AND (verdict <> 'hold' OR"
	" (SELECT value FROM setting WHERE name = 'mode') = 'enforce'),"
	" principal, client, sender, recipient, tls, mechanism, hours"
	" FROM rule ORDER BY seq",
    [SQL_LINT_MEMBER] =
	"SELECT login FROM membership WHERE group_name = ? AND login = ?",

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

    [SQL_ERROR] = "SELECT ?1 ->> '$.error'",
    [SQL_DAEMON] = "SELECT ?1 ->> '$.database', ?1 ->> '$.problem',"
		   " ?1 ->> '$.seen.dev', ?1 ->> '$.seen.ino',"
		   " ?1 ->> '$.seen.size', ?1 ->> '$.seen.mtime_ns',"
		   " ?1 ->> '$.seen.change_counter', ?1 ->> '$.generation',"
		   " ?1 ->> '$.available', ?1 ->> '$.fallback',"
		   " ?1 ->> '$.suspensions_taken', ?1 ->> '$.errors[0]'",
    [SQL_DAEMON_TABLE] =
	"SELECT 'daemon', 'authpolicyd ' || (?1 ->> '$.version') ||"
	" ', process ' || (?1 ->> '$.pid') || ', since ' ||"
	" (?1 ->> '$.started') || " AGE_STARTED " UNION ALL"
	" SELECT 'socket', ?1 ->> '$.socket' UNION ALL"
	" SELECT 'policy', ?1 ->> '$.database' UNION ALL"
	" SELECT 'copy', 'generation ' || (?1 ->> '$.generation') ||"
	" ', loaded ' || (?1 ->> '$.loaded') || " AGE_LOADED " || ': ' ||"
	" (?1 ->> '$.principals') || ' principals, ' ||"
	" (?1 ->> '$.grants') || ' grants' UNION ALL"
	" SELECT 'mode', (?1 ->> '$.mode') || iif(?1 ->> '$.passed_over' > 0,"
	" ', ' || (?1 ->> '$.passed_over') || ' refusals passed over', '')"
	" UNION ALL"
	" SELECT 'sessions', (?1 ->> '$.sessions') || ', of them ' ||"
	" (?1 ->> '$.callbacks') || ' being answered' UNION ALL"
	" SELECT 'verdicts', (SELECT group_concat(value || ' ' || key, ', ')"
	" FROM json_each(?1, '$.verdicts_last_hour')) || ' in the last hour'"
	" WHERE json_type(?1, '$.verdicts_last_hour') = 'object' UNION ALL"
	" SELECT 'limits', (?1 ->> '$.limits_tripped_last_hour') ||"
	" ' tripped in the last hour, ' || ifnull(?1 ->> '$.state.suspended',"
	" 0) || ' logins suspended by them'"
	" WHERE json_type(?1, '$.limits_tripped_last_hour') = 'integer'"
	" UNION ALL"
	" SELECT 'suspended', (value ->> '$.principal') || ' until ' ||"
	" (value ->> '$.until') || ', by the limit ' || (value ->> '$.limit')"
	" FROM json_each(?1, '$.suspensions') WHERE type = 'object' UNION ALL"
	" SELECT 'audit', ifnull('last record ' || (?1 ->> '$.audit_last') ||"
	" " AGE_AUDIT_LAST ", 'no record since the start') ||"
	" ', ' || (?1 ->> '$.audit_log')"
	" WHERE ?1 ->> '$.audit_log' <> '' UNION ALL"
	" SELECT 'audit', (?1 ->> '$.audit_failures') ||"
	" ' records could not be written: look at the log and its disk'"
	" WHERE ?1 ->> '$.audit_failures' > 0 UNION ALL"
	" SELECT 'counts', (?1 ->> '$.state.problem') || ': what limits count"
	" is in memory only, not in ' || (?1 ->> '$.state.path')"
	" WHERE ?1 ->> '$.state.healthy' = 0 UNION ALL"
	" SELECT 'notices', (?1 ->> '$.notices.failed') || ' failed, ' ||"
	" (?1 ->> '$.notices.dropped') || ' not run: look at the log'"
	" WHERE ?1 ->> '$.notices.failed' > 0 OR"
	" ?1 ->> '$.notices.dropped' > 0",
    [SQL_DAEMON_NOTES] =
	"SELECT 'error: ' || value FROM json_each(?1, '$.errors')"
	" UNION ALL"
	" SELECT 'warning: ' || value FROM json_each(?1, '$.warnings')"
	" UNION ALL"
	" SELECT 'advice: ' || value FROM json_each(?1, '$.advice')",
    [SQL_DAEMON_NEXT] =
	"SELECT 'df -h ' || (?1 ->> '$.audit_log') || '   # its disk: records"
	" could not be written' WHERE ?1 ->> '$.audit_failures' > 0 UNION ALL"
	" SELECT 'authpolicy learn   # grants for what mode monitor passed "
	"over'"
	" WHERE ?1 ->> '$.passed_over' > 0 UNION ALL"
	" SELECT 'authpolicy set mode enforce   # nothing was passed over for a"
	" day' WHERE ?1 ->> '$.mode' = 'monitor' AND"
	" ?1 ->> '$.passed_over' = 0 AND ?1 ->> '$.audit_last' IS NOT NULL AND"
	" julianday('now') - julianday(?1 ->> '$.started') > 1 UNION ALL"
	" SELECT 'authpolicy resume LOGIN   # ends a suspension'"
	" WHERE ?1 ->> '$.state.suspended' > 0",
    [SQL_DAEMON_MTA] = "SELECT ?1 ->> '$.mta'",
    [SQL_DAEMON_JSON] =
	"SELECT json_patch(json_set(?1, '$.current', json(?2), '$.trouble',"
	" ?3, '$.warnings', (SELECT json_group_array(value) FROM (SELECT value"
	" FROM json_each(?1, '$.warnings') UNION ALL"
	" SELECT value FROM json_each(?5)))), ?4)",
    [SQL_USAGE_FIELDS] =
	"SELECT 'name', ?1 ->> '$.name' WHERE ?1 ->> '$.name' IS NOT NULL"
	" UNION ALL SELECT 'mode', ?1 ->> '$.mode'"
	" WHERE ?1 ->> '$.mode' IS NOT NULL"
	" UNION ALL SELECT 'accounts', ?1 ->> '$.accounts'"
	" WHERE ?1 ->> '$.accounts' IS NOT NULL",
    [SQL_USAGE_LIMITS] =
	"SELECT value ->> '$.limit' AS \"limit\","
	" value ->> '$.account' AS account, value ->> '$.metric' AS metric,"
	" (value ->> '$.used') || ' of ' || (value ->> '$.amount') ||"
	" ifnull(' in ' || (value ->> '$.period'), '') AS used,"
	" value ->> '$.percent' AS percent,"
	" iif(value ->> '$.relief_s' > 0, " SPAN(
	    "value ->> '$.relief_s'") ", NULL) AS relief, iif(value ->> "
				      "'$.tripped', 'tripped', NULL)"
				      " AS tripped, (value ->> '$.on_exceed') "
				      "||"
				      " ifnull(' ' || (value ->> "
				      "'$.suspend_for'), '') AS on_exceed,"
				      " nullif(value ->> '$.mode', 'enforce') "
				      "AS mode"
				      " FROM json_each(?1, '$.limits') ORDER "
				      "BY key",
    [SQL_AUTOMATIC] =
	"SELECT raw(value ->> '$.principal'), raw(value ->> '$.limit'),"
	" value ->> '$.since', value ->> '$.until', raw(value ->> '$.why')"
	" FROM json_each(?1, '$.suspensions')",
    [SQL_USAGE_SUSPENDED] =
	"SELECT value ->> '$.principal', value ->> '$.limit',"
	" ifnull(value ->> '$.until', ''), value ->> '$.principal' ="
	" ?1 ->> '$.name' AS own FROM json_each(?1, '$.suspensions')"
	" ORDER BY own DESC, key",
    [SQL_USAGE_SUSPENSIONS] =
	"SELECT value ->> '$.principal' AS suspended,"
	" ifnull(value ->> '$.limit', 'by hand') AS \"limit\","
	" value ->> '$.since' AS since,"
	" ifnull(value ->> '$.until', 'resumed') AS until,"
	" value ->> '$.why' AS why"
	" FROM json_each(?1, '$.suspensions') ORDER BY key",
    [SQL_COUNTS] =
	"SELECT 'logins', count(*) FROM principal WHERE kind = 'login'"
	" UNION ALL SELECT 'groups', count(*) FROM principal"
	" WHERE kind = 'group' AND name NOT IN ('everyone', 'anonymous')"
	" AND name NOT GLOB '@*'"
	" UNION ALL SELECT 'grants', count(*) FROM send_as"
	" UNION ALL SELECT 'denies', count(*) FROM deny_as"
	" UNION ALL SELECT 'domains', count(*) FROM local_domain"
	" UNION ALL SELECT 'rules', count(*) FROM rule"
	" UNION ALL SELECT 'limits', count(*) FROM quota",
    [SQL_SUSPENDED] = "SELECT name || ifnull(' until ' || suspended_until, '')"
		      " || ifnull(': ' || suspended_why, '') FROM suspended"
		      " ORDER BY name LIMIT 20",
    [SQL_DAEMON_SUSPENDED] =
	"SELECT (value ->> 'principal') || ' until ' || (value ->> 'until') ||"
	" ': limit ' || (value ->> 'limit')"
	" FROM json_each(?1, '$.state.suspensions') ORDER BY 1 LIMIT 20",
    [SQL_NEXT] =
	"SELECT 'authpolicy lint   # all there is to mend' WHERE ?1 <> 'true'"
	" UNION ALL SELECT 'authpolicy history --undo ' || id ||"
	" '   # take the last change back: ' || tbl || ' ' || op || ' by ' ||"
	" ifnull(editor, 'sqlite3') || ', ' || at FROM history"
	" WHERE ?1 <> 'true' AND id = (SELECT max(id) FROM history)"
	" AND tbl IN (SELECT name" RECORDED ")"
	" UNION ALL SELECT 'authpolicy domain add DOMAIN...   # mail is "
	"received"
	" for none' WHERE NOT EXISTS (SELECT 1 FROM local_domain)"
	" UNION ALL SELECT 'authpolicy grant everyone {login}   # nobody may"
	" send as anybody' WHERE NOT EXISTS (SELECT 1 FROM send_as)"
	" UNION ALL SELECT 'authpolicy sql \"SELECT * FROM expiring\"   # ' ||"
	" count(*) || ' grants end within a week' FROM expiring WHERE days <= 7"
	" HAVING count(*) > 0",
    [SQL_IS_OBJECT] = "SELECT iif(json_valid(?1), json_type(?1) = 'object', 0)",
    [SQL_MEMBERS] = "SELECT key, type, atom, value FROM json_each(?)",
    [SQL_RECIPIENTS] =
	"SELECT type, iif(type = 'object', value ->> '$.rcpt', atom),"
	" iif(type = 'object', value ->> '$.rcpt_addr', NULL),"
	" iif(type = 'object', json_type(value, '$.rcpt'), type),"
	" iif(type = 'object', json_type(value, '$.rcpt_addr'), NULL)"
	" FROM json_each(?)",
    [SQL_RAW] = "SELECT ?1 -> ?2",

    [SQL_RECORDED] =
	"SELECT j ->> '$.stage', j ->> '$.verdict', j ->> '$.reason',"
	/* what a limit would have refused is no matter here */
	" iif(j ->> '$.would' = 'limit-exceeded', (SELECT value ->> '$.reason'"
	" FROM json_each(j, '$.findings') WHERE type = 'object' AND"
	" value ->> '$.reason' <> 'limit-exceeded' AND (j ->> '$.reason' IS"
	" NULL OR key + 1 < json_array_length(j, '$.findings'))"
	" ORDER BY key LIMIT 1), j ->> '$.would'),"
	" j ->> '$.time', j ->> '$.mail_time', raw(j ->> '$.ref'),"
	" raw(j ->> '$.login'), max(CAST(ifnull(j ->> '$.repeated', 1) AS "
	"INTEGER), 1), j -> "
	"'$.flags',"
	" j -> '$.recipients', json_array_length(j, '$.recipients'),"
	" j ->> '$.recipients_not_named', j ->> '$.originators',"
	" j ->> '$.originators_cut', j ->> '$.mta', j ->> '$.cipher_bits',"
	" j ->> '$.row' GLOB 'quota(*', raw(j ->> '$.sasl_login'), raw(j ->> "
	"'$.mechanism'),"
	" raw(j ->> '$.tls'), raw(j ->> '$.cert.subject'),"
	" raw(j ->> '$.cert.issuer'), raw(j ->> '$.cert.verify'),"
	" raw(j ->> '$.client'), raw(j ->> '$.client_name'),"
	" raw(j ->> '$.helo'), raw(j ->> '$.listener'),"
	" raw(j ->> '$.mail_from'), raw(j ->> '$.mail_addr'),"
	" raw(j ->> '$.auth_param')" IF_RECORD,
    [SQL_RECORDED_RECIPIENTS] =
	"SELECT raw(value ->> '$.rcpt'), raw(value ->> '$.rcpt_addr'),"
	" value ->> '$.after_s', value ->> '$.verdict', value ->> '$.reason'"
	" FROM json_each(?) WHERE type = 'object'",
    [SQL_CHANGES_MAKE] =
	"CREATE TABLE change(worse INTEGER, login TEXT, before TEXT,"
	" after TEXT, row TEXT, time TEXT, ref TEXT, sender TEXT,"
	" recipient TEXT)",
    [SQL_CHANGES_ADD] = "INSERT INTO change VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [SQL_CHANGES_SORT] = "CREATE INDEX change_kind ON change(login, before,"
			 " after, worse)",
    [SQL_CHANGES] =
	"SELECT min(rowid), worse, login, before, after, count(*), min(time),"
	" max(time) FROM change GROUP BY worse, login, before, after"
	" ORDER BY worse DESC, count(*) DESC, login, before, after",
    [SQL_CHANGES_OF] =
	"SELECT other.time, other.ref, other.sender, other.recipient,"
	" other.row FROM change JOIN change AS other USING (worse, before,"
	" after) WHERE change.rowid = ? AND other.login IS change.login"
	" ORDER BY other.rowid LIMIT 3",
    [SQL_RECORDS_ADD] =
	"INSERT INTO record SELECT j ->> '$.time', j ->> '$.ref',"
	" j ->> '$.stage', j ->> '$.verdict', j ->> '$.reason',"
	" j ->> '$.would', raw(j ->> '$.row'), raw(j ->> '$.login'),"
	" raw(j ->> '$.sender'),"
	" min(max(coalesce(CAST(j ->> '$.repeated' AS INTEGER), 1), 1), "
	"1000)," OF_TYPE("array", "limits") "," OF_TYPE("object", "suspension")
	    IF_RECORD,
    /* iif() asks the next condition only when the last holds */
    [SQL_RECORDS_FIND] =
	"SELECT iif(j ->> '$.time' >= ?2 AND j ->> '$.time' < ?3 AND"
	" (?4 IS NULL OR raw(j ->> '$.login') = ?4 COLLATE NOCASE OR"
	" raw(j ->> '$.peer') = ?4 COLLATE NOCASE) AND"
	" (?5 IS NULL OR j ->> '$.reason' IS ?5 OR j ->> '$.would' IS ?5 OR"
	" EXISTS (SELECT 1 FROM json_each(j, '$.findings') WHERE"
	" iif(type = 'object', value ->> '$.reason', NULL) = ?5)) AND"
	" (?6 IS NULL OR j ->> '$.verdict' = ?6) AND"
	" (?7 IS NULL OR j ->> '$.ref' = ?7 COLLATE NOCASE) AND"
	" (?8 IS NULL OR is_wanted_client(j ->> '$.client')) AND"
	" (?9 IS NULL OR is_wanted_address(raw(j ->> '$.sender')) OR"
	" is_wanted_address(raw(j ->> '$.mail_from')) OR"
	" EXISTS (SELECT 1 FROM json_each(j, '$.authors') WHERE"
	" is_wanted_address(raw(value))) OR"
	" EXISTS (SELECT 1 FROM json_each(j, '$.recipients') WHERE"
	" is_wanted_address(raw(iif(type = 'object', value ->> '$.rcpt',"
	" NULL))))), 1, 0)" IF_RECORD,
    [SQL_RECORDS_TEXT] =
	"SELECT replace(substr(?1 ->> '$.time', 1, 19), 'T', ' '),"
	" ?1 ->> '$.ref',"
	" iif(?1 ->> '$.stage' = 'abort', 'abort', ?1 ->> '$.verdict'),"
	" coalesce(?1 ->> '$.reason', 'would ' || (?1 ->> '$.would'), '-') ||"
	" ifnull(' x' || (?1 ->> '$.repeated'), ''),"
	" raw(?1 ->> '$.login'), raw(?1 ->> '$.client'),"
	" coalesce(raw(?1 ->> '$.sender'), raw(?1 ->> '$.mail_from'), '-') ||"
	" ifnull(' > ' || trim(raw(?1 ->> '$.recipients[0].rcpt'), '<> '), '')"
	" || ifnull(' +' || nullif(max(json_array_length(?1, '$.recipients') - "
	"1"
	" + ifnull(CAST(?1 ->> '$.recipients_not_named' AS INTEGER), 0), 0),"
	" 0), '')",
    [SQL_REPORT_ASK] = "INSERT INTO asked VALUES (?, ?, ?, ?)",
    [SQL_REPORT_COVERED] = "SELECT * FROM covered",
    [SQL_REPORT_TOTAL] = "SELECT * FROM total",
    [SQL_REPORT_PERIODS] = "SELECT * FROM periods ORDER BY period",
    [SQL_REPORT_REASONS] = "SELECT * FROM reasons",
    [SQL_REPORT_LOGINS] = "SELECT * FROM logins LIMIT ?",
    [SQL_REPORT_REFUSALS] = "SELECT * FROM refusals LIMIT ?",
    [SQL_REPORT_LIMITS] = "SELECT * FROM limits LIMIT ?",
    [SQL_REPORT_SUSPENSIONS] = "SELECT * FROM suspensions LIMIT ?",
    [SQL_REPORT_NEW_SENDERS] = "SELECT * FROM new_senders LIMIT ?",

    [SQL_LEARN_SENDER] = "INSERT INTO sender VALUES (?, 1)"
			 " ON CONFLICT DO UPDATE SET messages = messages + 1",
    [SQL_LEARN_USED] = "INSERT INTO used VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [SQL_LEARN_UNMENDED] =
	"INSERT INTO unmended SELECT DISTINCT value ->> '$.reason', 1"
	" FROM json_each(?, '$.findings') WHERE type = 'object' AND"
	" value ->> '$.reason' NOT IN ('sender-not-granted',"
	" 'author-not-granted', 'sender-header-not-granted',"
	" 'resent-not-granted') ON CONFLICT DO UPDATE SET"
	" messages = messages + 1",
    [SQL_LEARN_WANTED] = "INSERT INTO wanted VALUES (?)",
    [SQL_LEARN_ATTACH] = "ATTACH ? AS policy",
    [SQL_LEARN_GROUPS] =
	"SELECT set_name, EXISTS (SELECT 1 FROM policy.principal WHERE"
	" name = set_name), sum(count) FROM proposal WHERE set_name IS NOT NULL"
	" GROUP BY set_name ORDER BY 3 DESC, 1",
    [SQL_LEARN_ADDRESSES] =
	"SELECT address, iif(min(scope) = max(scope), min(scope), 'any'),"
	" sum(count), count(*), min(first), max(last) FROM proposal"
	" WHERE set_name = ? GROUP BY address ORDER BY 3 DESC, 1",
    [SQL_LEARN_MEMBERS] =
	"SELECT " ROW_NAME ", " HAS_ROW " FROM (SELECT DISTINCT login"
	" FROM proposal WHERE set_name = ?) AS proposal ORDER BY 1",
    [SQL_LEARN_GRANTS] =
	"SELECT " ROW_NAME ", " HAS_ROW ", address, scope,"
	" manner = 'on-behalf', count, messages, first, last, clients, client,"
	" caution, walled, login IN (SELECT login FROM busy),"
	" (SELECT min(principal) FROM named WHERE named.address ="
	" proposal.address AND kind = 'group')"
	" FROM proposal JOIN sender USING (login) WHERE set_name IS NULL AND"
	" (caution IS NOT NULL) = CAST(? AS INTEGER)"
	" ORDER BY login, count DESC, address",
    [SQL_LEARN_SUMS] =
	"SELECT (SELECT count(*) FROM sender), count(*) FROM (SELECT 1 FROM"
	" used GROUP BY login, address HAVING count(DISTINCT message) <"
	" (SELECT messages FROM wanted))",
    [SQL_LEARN_LEFT] =
	"SELECT reason, messages FROM unmended ORDER BY messages DESC, reason",

    /* the line is read twice, what is of interest in it as often as it takes */
    [SQL_SENT] =
	"WITH record(r) AS MATERIALIZED (SELECT iif(json_valid(j),"
	" json_extract(j, '$.time', '$.verdict', '$.stage', '$.login',"
	" '$.client', '$.sender', '$.recipients_not_named', '$.recipients',"
	" '$.authors'), NULL)"
	" FROM (SELECT iif(yes, ?1, NULL) AS j FROM one_row))"
	" SELECT r ->> 2 = 'eom' AND r ->> 1 IN ('accept', 'hold') AND"
	" length(CAST(raw(r ->> 3) AS BLOB)) BETWEEN 1 AND 255 AND r ->> 0 >= "
	"?2 AND r ->> 0 < ?3,"
	" raw(r ->> 3), strftime('%s', substr(r ->> 0, 1, 19)), raw(r ->> 4),"
	" raw(r ->> 5), min(max(ifnull(CAST(r ->> 6 AS INTEGER), 0), 0),"
	" 1000000),"
	" iif(json_type(r, '$[7]') = 'array', r -> 7, NULL),"
	" iif(json_type(r, '$[8]') = 'array', r -> 8, NULL)"
	" FROM record WHERE" IS_RECORD("r ->> 0", "r ->> 1"),
    [SQL_SENT_RECIPIENTS] =
	"SELECT raw(value ->> '$.rcpt') FROM json_each(ifnull(?, '[]'))"
	" WHERE iif(type = 'object', ifnull(value ->> '$.verdict', 'accept')"
	" NOT IN ('reject', 'tempfail'), 0)",
    [SQL_SENT_AUTHORS] =
	"SELECT raw(value) FROM json_each(ifnull(?, '[]')) WHERE type = 'text'",
    [SQL_SENT_ADD] =
	"INSERT INTO sent(login, at, messages, recipients, fresh, largest)"
	" VALUES (?1, ?2, 1, ?3, ?4, ?3)"
	" ON CONFLICT(login, at) DO UPDATE SET messages = messages + 1,"
	" recipients = recipients + excluded.recipients,"
	" fresh = fresh + excluded.fresh,"
	" largest = max(largest, excluded.largest)",
    [SQL_SENT_WRITTEN] =
	"INSERT INTO written(login, recipient, at) VALUES (?, ?, ?)"
	" ON CONFLICT(login, recipient) DO UPDATE SET at = excluded.at"
	" WHERE excluded.at < at",
    [SQL_SENT_USED] = "INSERT INTO used(metric, login, value, at)"
		      " VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
    [SQL_SENT_FRESH] =
	"UPDATE sent SET fresh = fresh + first.count FROM (SELECT login, at,"
	" count(*) AS count FROM written GROUP BY login, at) AS first"
	" WHERE first.login = sent.login AND first.at = sent.at",
    [SQL_SENT_MOMENTS] =
	"SELECT login, at, messages, recipients, fresh, largest FROM sent"
	" ORDER BY login, at",
    [SQL_SENT_USES] = "SELECT metric, login, value, at FROM used"
		      " ORDER BY metric, login, value, at",
    [SQL_BUSIEST_ADD] = "INSERT INTO busiest(metric, period, login, used)"
			" VALUES (?, ?, ?, ?)",
    [SQL_SUGGEST_COVERED] = "SELECT messages, logins, first, last FROM covered",
    [SQL_SUGGEST_TABLE] =
	"SELECT metric, nullif(length, '0d') AS period, p50 AS \"50%\","
	" p95 AS \"95%\", p99 AS \"99%\", most AS max,"
	" ifnull(amount, 'none') AS proposed, nullif((SELECT count(*)"
	" FROM beyond WHERE beyond.metric = proposal.metric AND"
	" beyond.period = proposal.period), 0) AS beyond"
	" FROM proposal ORDER BY metric, proposal.period",
    [SQL_SUGGEST] =
	"SELECT metric, nullif(length, '0d'), amount, period, p50, p95, p99,"
	" most FROM proposal ORDER BY metric, proposal.period",
    [SQL_SUGGEST_BEYOND] =
	"SELECT login, used, ifnull(amount, 'unlimited') FROM beyond"
	" WHERE metric = ? AND period = CAST(? AS INTEGER)"
	" ORDER BY used DESC, login",
};
