/* The SQL of the command: who there is and what each may do. */
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

const char *const statements_policy[STATEMENT_COUNT] = {
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
};
