/* The SQL of the command: what has changed, what is odd, and what the daemon
 * says. */
#include "policy/command/statements.h"

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

/* A number of the daemon's answer and what there are so many of: `1 grant`. */
#define COUNTED(member, word)                                  \
	"(SELECT n || ' " word "' || iif(n = 1, '', 's') FROM" \
	" (SELECT ifnull(?1 ->> '$." member "', 0) AS n))"
#define PRINCIPALS COUNTED("principals", "principal")
#define GRANTS COUNTED("grants", "grant")
#define PASSED_OVER COUNTED("passed_over", "refusal")
#define SUSPENDED COUNTED("state.suspended", "login")
#define AUDIT_FAILURES COUNTED("audit_failures", "record")

/* Seconds of a length of time in a row; of none NULL. */
#define LENGTH(column)                                              \
	"(CAST(" column " AS INTEGER) * CASE substr(" column        \
	", -1) WHEN 's' THEN 1 WHEN 'm' THEN 60 WHEN 'h' THEN 3600" \
	" WHEN 'd' THEN 86400 END)"
#define LENGTH_SUSPENDED LENGTH("suspend_for")
#define LENGTH_PERIOD LENGTH("period")
#define SUSPENDS                                                 \
	" on_exceed = 'suspend' AND amount IS NOT NULL AND mode" \
	" IS NOT 'monitor'"

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

const char *const statements_status[STATEMENT_COUNT] = {
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
	" domain || ' is not in local_domain; if mail for it is received here:"
	" authpolicy domain add ' || domain FROM (SELECT principal,"
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
	" HAVING count(*) > 1"
	" UNION ALL SELECT 'quota(' || name || '): one login that sends too"
	" much suspends ' || iif(principal = 'everyone', 'everyone',"
	" 'all of ' || principal) || '; set the limit again without --cap, or"
	" with --on-exceed tempfail' FROM quota WHERE per = 'group'"
	" AND (principal = 'everyone' OR principal GLOB '@*') AND" SUSPENDS
	" UNION ALL SELECT 'quota(' || name || '): a suspension of ' ||"
	" suspend_for || ' is over before the period of ' || period || ', and"
	" begins anew with the next message; set the limit again with"
	" --suspend ' || period"
	" FROM quota WHERE " LENGTH_SUSPENDED " < " LENGTH_PERIOD
	" AND" SUSPENDS,
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
	" " PRINCIPALS " || ', ' || " GRANTS " UNION ALL"
	" SELECT 'mode', (?1 ->> '$.mode') || iif(?1 ->> '$.passed_over' > 0,"
	" ', ' || " PASSED_OVER " || ' passed over', '')"
	" UNION ALL"
	" SELECT 'sessions', (?1 ->> '$.sessions') || ', of them ' ||"
	" (?1 ->> '$.callbacks') || ' being answered' UNION ALL"
	" SELECT 'verdicts', (SELECT group_concat(value || ' ' || key, ', ')"
	" FROM json_each(?1, '$.verdicts_last_hour')) || ' in the last hour'"
	" WHERE json_type(?1, '$.verdicts_last_hour') = 'object' UNION ALL"
	" SELECT 'limits', (?1 ->> '$.limits_tripped_last_hour') ||"
	" ' tripped in the last hour, ' || " SUSPENDED
	" || ' suspended by them'"
	" WHERE json_type(?1, '$.limits_tripped_last_hour') = 'integer'"
	" UNION ALL"
	" SELECT 'suspended', (value ->> '$.principal') || ' until ' ||"
	" (value ->> '$.until') || ', by the limit ' || (value ->> '$.limit')"
	" FROM json_each(?1, '$.suspensions') WHERE type = 'object' UNION ALL"
	" SELECT 'audit', ifnull('last record ' || (?1 ->> '$.audit_last') ||"
	" " AGE_AUDIT_LAST ", 'no record since the start') ||"
	" ', ' || (?1 ->> '$.audit_log')"
	" WHERE ?1 ->> '$.audit_log' <> '' UNION ALL"
	" SELECT 'audit', " AUDIT_FAILURES
	" || ' could not be written: look at the log and its disk'"
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
	" count(*) || iif(count(*) = 1, ' grant ends', ' grants end') ||"
	" ' within a week' FROM expiring WHERE days <= 7"
	" HAVING count(*) > 0",
};
