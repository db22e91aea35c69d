/* The SQL of the command: facts as JSON, and the audit log. */
#include "policy/command/statements.h"

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

const char *const statements_audit[STATEMENT_COUNT] = {
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
	" max(time), before = after FROM change"
	" GROUP BY worse, login, before, after"
	" ORDER BY before = after, worse DESC, count(*) DESC, login, before,"
	" after",
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
    [SQL_LEARN_USED] =
	"INSERT INTO used VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
	" manner = 'on-behalf', count, subs, messages, first, last, clients, "
	"client,"
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

    /* LIMIT keeps SQLite from looking each value up anew where it is used */
    [SQL_SENT] =
	"SELECT stage = 'eom' AND verdict IN ('accept', 'hold') AND"
	" length(CAST(login AS BLOB)) BETWEEN 1 AND 255 AND time >= ?2 AND"
	" time < ?3, login, strftime('%s', substr(time, 1, 19)), client,"
	" sender, min(max(ifnull(CAST(not_named AS INTEGER), 0), 0), 1000000),"
	" iif(substr(recipients, 1, 1) = '[', recipients, NULL),"
	" iif(substr(authors, 1, 1) = '[' AND authors <> json_array(sender),"
	" authors, NULL)"
	" FROM (SELECT j ->> '$.time' AS time, j ->> '$.verdict' AS verdict,"
	" j ->> '$.stage' AS stage, raw(j ->> '$.login') AS login,"
	" raw(j ->> '$.client') AS client, raw(j ->> '$.sender') AS sender,"
	" j ->> '$.recipients_not_named' AS not_named,"
	" j -> '$.recipients' AS recipients, j -> '$.authors' AS authors"
	" FROM (SELECT iif(yes, ?1, NULL) AS j FROM one_row)"
	" WHERE json_valid(j) LIMIT 1) WHERE" IS_RECORD("time", "verdict"),
    [SQL_SENT_RECIPIENTS] =
	"SELECT raw(value ->> '$.rcpt') FROM json_each(ifnull(?, '[]'))"
	" WHERE iif(type = 'object', ifnull(value ->> '$.verdict', 'accept')"
	" NOT IN ('reject', 'tempfail'), 0)",
    [SQL_SENT_AUTHORS] =
	"SELECT raw(value) FROM json_each(ifnull(?, '[]')) WHERE type = 'text'",
    [SQL_COVERED_ADD] =
	"INSERT INTO covered(messages, first, last) VALUES (?, ?, ?)",
    [SQL_BUSIEST_ADD] = "INSERT INTO busiest(metric, period, login, used)"
			" VALUES (?, ?, ?, ?)",
    [SQL_SUGGEST_COVERED] =
	"SELECT messages, (SELECT count(DISTINCT login) FROM busiest) AS"
	" logins, strftime('%Y-%m-%dT%H:%M:%SZ', first, 'unixepoch') AS first,"
	" strftime('%Y-%m-%dT%H:%M:%SZ', last, 'unixepoch') AS last"
	" FROM covered",
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
