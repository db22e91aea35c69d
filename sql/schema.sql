-- The policy database of authpolicy-milter: what is allowed.
--
-- Made with `authpolicy init`, or `sqlite3 policy.db < schema.sql`.  This is what the migrations make, in one piece.  Edit it with `authpolicy` or the plain sqlite3 shell while the
-- daemon runs; recipes.sql shows how.  A wrong value is refused with a sentence that says what is allowed.
--
-- The shell has foreign keys and recursive triggers off and none of our functions, so all that must hold is made of CHECKs and triggers here.
-- A CHECK is named by the sentence SQLite prints when it fails.  What a table cannot say itself a `must_be_…` view says: `INSERT INTO
-- must_be_address VALUES (x)` stores nothing and fails unless x is an address or NULL.  These also speak under INSERT OR IGNORE, which skips CHECKs.
--
-- To add many rows, use one INSERT for all or a prepared statement: SQLite compiles the triggers anew for each statement.
-- Run this file inside one transaction.  Key columns come first and in key order: quick_check of SQLite 3.40 reports false errors otherwise.

PRAGMA application_id = 0x41755070;     -- "AuPp"

---- who

-- ('alice', 'login'), ('staff', 'group'), or ('@example.com', 'group'): every login whose domain that is.
-- A name means one principal, be it typed Alice or alice.  `everyone` (all with a login) and `anonymous` (all without) always exist.
-- @d exists without a row; a row for it only carries state, mode and originators.
-- Renaming a principal takes all its rows along, its denies and quotas too; deleting it deletes them, but not while it owns a domain or a rule
-- names it.  Deleting a login does not lock it out: see the setting unknown_login.
CREATE TABLE principal (
	name            TEXT NOT NULL COLLATE NOCASE,
	kind            TEXT NOT NULL,
	state           TEXT NOT NULL DEFAULT 'active', -- a suspended group suspends its members
	suspended_until TEXT,                           -- NULL: until somebody sets it active; a date: to its end, UTC
	suspended_why   TEXT,                           -- may stay when it is over
	mode            TEXT,                           -- NULL: inherited (login, group, @d, everyone, setting)
	originators     TEXT,                           -- NULL: inherited
	origin          TEXT,                           -- NULL: by hand; else the import it came from
	note            TEXT,
	PRIMARY KEY (name),
	CONSTRAINT "principal.name is 1 to 255 bytes without control characters or blanks at its ends; it is not 'any' and does not begin with !"
		CHECK (length(CAST(name AS BLOB)) BETWEEN 1 AND 255 AND instr(name, char(0)) = 0 AND name = trim(name)
		AND name NOT GLOB '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || ']*'
		AND name <> 'any' AND name NOT GLOB '!*'),
	CONSTRAINT "principal.kind is login or group"
		CHECK (kind IN ('login', 'group')),
	CONSTRAINT "everyone, anonymous and @domain are of kind group"
		CHECK (kind = 'group' OR (name NOT IN ('everyone', 'anonymous') AND name NOT GLOB '@*')),
	CONSTRAINT "principal.state is active or suspended"
		CHECK (state IN ('active', 'suspended')),
	CONSTRAINT "principal.suspended_until is NULL or UTC like 2026-12-31 or 2026-12-31T18:00:00Z"
		CHECK (suspended_until GLOB '[0-9]*' AND (suspended_until IS strftime('%Y-%m-%d', suspended_until, '+0 days')
		OR suspended_until IS strftime('%Y-%m-%dT%H:%M:%SZ', suspended_until, '+0 days'))),
	CONSTRAINT "principal.suspended_until needs state suspended; to end a suspension, set state = 'active', suspended_until = NULL"
		CHECK (suspended_until IS NULL OR state = 'suspended'),
	CONSTRAINT "principal.mode is NULL (inherited), enforce or monitor"
		CHECK (mode IN ('enforce', 'monitor')),
	CONSTRAINT "principal.originators is NULL (inherited), strict, aligned or off; off only for a login or a group of your own"
		CHECK (originators IN ('strict', 'aligned')
		OR (originators = 'off' AND name NOT IN ('everyone', 'anonymous') AND name NOT GLOB '@*'))
) STRICT, WITHOUT ROWID;

-- ('staff', 'alice').  Groups are flat: only logins are members.
CREATE TABLE membership (
	group_name TEXT NOT NULL COLLATE NOCASE,
	login      TEXT NOT NULL COLLATE NOCASE,
	origin     TEXT,
	PRIMARY KEY (group_name, login)
) STRICT, WITHOUT ROWID;

CREATE INDEX membership_login ON membership (login);

---- may use which address

-- ('alice', 'info@example.com'): alice may send as info@example.com.
-- Address forms: a@d   @d (all of d)   @.d (its subdomains, not d)   dev-*@d (one *: zero or more bytes)   <> (null sender)
-- * (any, never <>)   a@[192.0.2.1].  Here only, templates: {login} (the login is an address: that)   {user}@d (a login without domain, or of d:
-- its local part at d)   @{domain} (all of the login's own domain).
CREATE TABLE send_as (
	principal   TEXT NOT NULL COLLATE NOCASE,
	address     TEXT NOT NULL COLLATE NOCASE,
	scope       TEXT NOT NULL DEFAULT 'any',
	manner      TEXT NOT NULL DEFAULT 'as',     -- on-behalf: as author, when Sender shows who really sent it
	valid_from  TEXT,                           -- UTC; NULL: always
	valid_until TEXT,                           -- UTC; a date includes that day
	origin      TEXT,
	note        TEXT,
	PRIMARY KEY (principal, address, scope, manner),
	CONSTRAINT "send_as.address holds no NUL byte"
		CHECK (instr(address, char(0)) = 0),
	CONSTRAINT "send_as.scope is any, envelope or header"
		CHECK (scope IN ('any', 'envelope', 'header')),
	CONSTRAINT "send_as.manner is as or on-behalf"
		CHECK (manner IN ('as', 'on-behalf')),
	CONSTRAINT "send_as.manner on-behalf needs scope header"
		CHECK (manner = 'as' OR scope = 'header'),
	CONSTRAINT "send_as.valid_from is NULL or UTC like 2026-12-31 or 2026-12-31T18:00:00Z"
		CHECK (valid_from GLOB '[0-9]*' AND (valid_from IS strftime('%Y-%m-%d', valid_from, '+0 days')
		OR valid_from IS strftime('%Y-%m-%dT%H:%M:%SZ', valid_from, '+0 days'))),
	CONSTRAINT "send_as.valid_until is NULL or UTC like 2026-12-31 or 2026-12-31T18:00:00Z"
		CHECK (valid_until GLOB '[0-9]*' AND (valid_until IS strftime('%Y-%m-%d', valid_until, '+0 days')
		OR valid_until IS strftime('%Y-%m-%dT%H:%M:%SZ', valid_until, '+0 days'))),
	CONSTRAINT "send_as.valid_until is not before valid_from"
		CHECK (valid_from <= valid_until OR substr(valid_from, 1, 10) = valid_until)
) STRICT, WITHOUT ROWID;

-- ('everyone', 'ceo@example.com').  On a login it always wins; on a group, @d or everyone it beats every grant except one made to the login by
-- name for exactly that address.
CREATE TABLE deny_as (
	principal TEXT NOT NULL COLLATE NOCASE,
	address   TEXT NOT NULL COLLATE NOCASE,
	note      TEXT,
	PRIMARY KEY (principal, address)
) STRICT, WITHOUT ROWID;

-- ('example.com', NULL), ('tenant.example', '@tenant.example').  Domains mail is received for.  With an owner, only that principal may use
-- addresses of the domain, whatever was granted: the wall between tenants.
CREATE TABLE local_domain (
	name  TEXT NOT NULL COLLATE NOCASE,
	owner TEXT COLLATE NOCASE,
	PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;

CREATE INDEX local_domain_owner ON local_domain (owner) WHERE owner IS NOT NULL;

---- may send to whom

-- ('office', '192.0.2.0/24'), ('office', '2001:db8::/32').
CREATE TABLE network (
	name TEXT NOT NULL COLLATE NOCASE,
	cidr TEXT NOT NULL COLLATE NOCASE,
	PRIMARY KEY (name, cidr),
	CONSTRAINT "network.name is a word that begins with a letter: letters, digits, dot, - and _; not any"
		CHECK (name GLOB '[A-Za-z]*' AND name NOT GLOB '*[^A-Za-z0-9._-]*' AND length(name) <= 255 AND instr(name, char(0)) = 0 AND name <> 'any')
) STRICT, WITHOUT ROWID;

-- ('partners', '@partner.example'), ('partners', 'orders@shop.example').  Address forms of send_as, no templates.
CREATE TABLE address_set (
	name    TEXT NOT NULL COLLATE NOCASE,
	pattern TEXT NOT NULL COLLATE NOCASE,
	PRIMARY KEY (name, pattern),
	CONSTRAINT "address_set.name is a word that begins with a letter: letters, digits, dot, - and _; not any"
		CHECK (name GLOB '[A-Za-z]*' AND name NOT GLOB '*[^A-Za-z0-9._-]*' AND length(name) <= 255 AND instr(name, char(0)) = 0 AND name <> 'any')
) STRICT, WITHOUT ROWID;

-- (10, 'interns', recipient '!@example.com', verdict 'reject').  The first rule by seq whose conditions all hold decides, for each recipient
-- on its own.  A condition is any, or one of the forms below, or ! and that form (not).
CREATE TABLE rule (
	seq       INTEGER PRIMARY KEY,
	principal TEXT NOT NULL DEFAULT 'any' COLLATE NOCASE,   -- a principal
	client    TEXT NOT NULL DEFAULT 'any' COLLATE NOCASE,   -- 192.0.2.0/24, 2001:db8::/32 or the name of a network
	sender    TEXT NOT NULL DEFAULT 'any' COLLATE NOCASE,   -- an address form, no template, or the name of an address_set
	recipient TEXT NOT NULL DEFAULT 'any' COLLATE NOCASE,   -- likewise
	tls       TEXT NOT NULL DEFAULT 'any' COLLATE NOCASE,   -- none; 1.2 or 1.3 (at least); 128 bits (at least).  !none: any TLS
	mechanism TEXT NOT NULL DEFAULT 'any' COLLATE NOCASE,   -- PLAIN LOGIN (one of these), none (no SASL)
	hours     TEXT NOT NULL DEFAULT 'any' COLLATE NOCASE,   -- Mon-Fri 08:00-18:00, Sat 09:00-12:00 (in the host's zone)
	verdict   TEXT NOT NULL,
	reply     TEXT,                                         -- 550 5.7.1 Ask the help desk
	mode      TEXT,                                         -- NULL: the login's
	note      TEXT,
	CONSTRAINT "rule.seq is not negative"
		CHECK (seq >= 0),
	CONSTRAINT "rule: no column holds a NUL byte"
		CHECK (instr(principal || client || sender || recipient || hours, char(0)) = 0),
	CONSTRAINT "rule: !any would never match; leave the column out for any"
		CHECK ('!any' COLLATE NOCASE NOT IN (principal, client, sender, recipient, tls, mechanism, hours)),
	CONSTRAINT "rule.tls is any, none, 1.2, 1.3 or like '128 bits', with ! for not"
		CHECK (ltrim(tls, '!') IN ('any', 'none', '1.2', '1.3') AND tls NOT GLOB '!!*'
		OR tls GLOB '[1-9]* bits' AND substr(tls, 1, length(tls) - 5) NOT GLOB '*[^0-9]*' AND length(tls) <= 9
		OR tls GLOB '![1-9]* bits' AND substr(tls, 2, length(tls) - 6) NOT GLOB '*[^0-9]*' AND length(tls) <= 10),
	CONSTRAINT "rule.mechanism is any, none or SASL mechanisms with a blank between, like 'PLAIN LOGIN', with ! before all for not"
		CHECK (mechanism NOT GLOB '!!*' AND ltrim(mechanism, '!') NOT GLOB '*[^A-Za-z0-9 _-]*' AND instr(mechanism, char(0)) = 0
		AND ' ' || ltrim(mechanism, '!') || ' ' NOT GLOB '*  *'
		AND (mechanism = 'any' OR ' ' || lower(ltrim(mechanism, '!')) || ' ' NOT GLOB '* any *')),
	CONSTRAINT "rule.verdict is accept, reject, tempfail or hold"
		CHECK (verdict IN ('accept', 'reject', 'tempfail', 'hold')),
	CONSTRAINT "rule.reply: verdict reject takes 5xx, tempfail takes 4xx, accept and hold take none"
		CHECK (verdict = 'reject' AND reply GLOB '5*' OR verdict = 'tempfail' AND reply GLOB '4*' OR reply IS NULL),
	CONSTRAINT "rule.mode is NULL (the login's), enforce or monitor"
		CHECK (mode IN ('enforce', 'monitor'))
) STRICT;

CREATE INDEX rule_principal ON rule (principal);

---- how much

-- ('mail an hour', 'everyone', 'messages', 100, '1h').
CREATE TABLE quota (
	name        TEXT NOT NULL COLLATE NOCASE,
	principal   TEXT NOT NULL COLLATE NOCASE,
	metric      TEXT NOT NULL,
	amount      INTEGER,                            -- NULL: unlimited
	period      TEXT,                               -- 15m, 1h, 7d
	per         TEXT NOT NULL DEFAULT 'login',      -- group: caps the sum of all its members
	counting    TEXT NOT NULL DEFAULT 'leaky',      -- leaky: what was accepted; strict: refused attempts too
	on_exceed   TEXT NOT NULL DEFAULT 'tempfail',
	suspend_for TEXT,                               -- like period
	mode        TEXT,                               -- NULL: the login's
	note        TEXT,
	PRIMARY KEY (name),
	CONSTRAINT "quota.name is 1 to 255 bytes without control characters or blanks at its ends"
		CHECK (length(CAST(name AS BLOB)) BETWEEN 1 AND 255 AND instr(name, char(0)) = 0 AND name = trim(name)
		AND name NOT GLOB '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || ']*'),
	CONSTRAINT "quota.metric is messages, recipients, new_recipients, senders, networks, refusals or recipients_per_message"
		CHECK (metric IN ('messages', 'recipients', 'new_recipients', 'senders', 'networks', 'refusals', 'recipients_per_message')),
	CONSTRAINT "quota.amount is NULL (unlimited) or 0 to 1000000000"
		CHECK (amount BETWEEN 0 AND 1000000000),
	CONSTRAINT "quota.period is a number and s, m, h or d, like 15m, 1h or 7d"
		CHECK (period GLOB '[1-9]*[smhd]' AND substr(period, 1, length(period) - 1) NOT GLOB '*[^0-9]*' AND length(period) <= 7),
	CONSTRAINT "quota.period is NULL for recipients_per_message and only for it"
		CHECK ((metric = 'recipients_per_message') = (period IS NULL)),
	CONSTRAINT "quota.per is login or group"
		CHECK (per IN ('login', 'group')),
	CONSTRAINT "quota.counting is leaky or strict"
		CHECK (counting IN ('leaky', 'strict')),
	CONSTRAINT "quota.on_exceed is tempfail, reject, hold or suspend"
		CHECK (on_exceed IN ('tempfail', 'reject', 'hold', 'suspend')),
	CONSTRAINT "quota.suspend_for is a number and s, m, h or d, like 2d"
		CHECK (suspend_for GLOB '[1-9]*[smhd]' AND substr(suspend_for, 1, length(suspend_for) - 1) NOT GLOB '*[^0-9]*' AND length(suspend_for) <= 7),
	CONSTRAINT "quota.suspend_for is set with on_exceed suspend and only with it"
		CHECK ((on_exceed = 'suspend') = (suspend_for IS NOT NULL)),
	CONSTRAINT "quota.mode is NULL (the login's), enforce or monitor"
		CHECK (mode IN ('enforce', 'monitor'))
) STRICT, WITHOUT ROWID;

CREATE INDEX quota_principal ON quota (principal);

-- ('alice'): automatic suspensions and tripped counts of alice up to now are void.  The login needs no row of its own; it may be a group,
-- @domain or everyone, whom a limit with per = 'group' suspends.
CREATE TABLE pardon (
	login TEXT NOT NULL COLLATE NOCASE,
	at    TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
	note  TEXT,
	PRIMARY KEY (login, at),
	CONSTRAINT "pardon.login is 1 to 255 bytes without control characters"
		CHECK (length(CAST(login AS BLOB)) BETWEEN 1 AND 255 AND instr(login, char(0)) = 0
		AND login NOT GLOB '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || ']*'),
	CONSTRAINT "pardon.at is UTC like 2026-12-31T18:00:00Z"
		CHECK (at GLOB '[0-9]*' AND at IS strftime('%Y-%m-%dT%H:%M:%SZ', at, '+0 days'))
) STRICT, WITHOUT ROWID;

---- who it is without SASL

-- ('certificate', subject, issuer, login 'crm'), ('network', cidr '192.0.2.7', login 'printer'), ('local', uid 33, login 'web').
-- Columns a kind does not use stay empty.  uid -1 is every local user.
CREATE TABLE identity (
	kind    TEXT NOT NULL,
	subject TEXT NOT NULL DEFAULT '',
	issuer  TEXT NOT NULL DEFAULT '',
	cidr    TEXT NOT NULL DEFAULT '' COLLATE NOCASE,
	uid     INTEGER NOT NULL DEFAULT -1,
	login   TEXT NOT NULL COLLATE NOCASE,
	note    TEXT,
	PRIMARY KEY (kind, subject, issuer, cidr, uid),
	CONSTRAINT "identity.kind is certificate, network or local"
		CHECK (kind IN ('certificate', 'network', 'local')),
	CONSTRAINT "identity: a certificate has subject and issuer, a network has cidr, local may have uid; the rest stays empty"
		CHECK ((kind = 'certificate') = (subject <> '') AND (kind = 'certificate') = (issuer <> '')
		AND (kind = 'network') = (cidr <> '') AND (uid = -1 OR kind = 'local' AND uid >= 0)),
	CONSTRAINT "identity.subject and issuer have no control characters"
		CHECK (instr(subject || issuer, char(0)) = 0
		AND subject || issuer NOT GLOB '*[' || char(1) || '-' || char(31) || char(127) || ']*')
) STRICT, WITHOUT ROWID;

CREATE INDEX identity_login ON identity (login);

-- ('listserver', '192.0.2.0/24', '@example.com'): when listserver, from there, says MAIL FROM AUTH=a@example.com, it is believed.
CREATE TABLE trusted_peer (
	login   TEXT NOT NULL COLLATE NOCASE,
	client  TEXT NOT NULL DEFAULT 'any' COLLATE NOCASE,     -- any, a CIDR or the name of a network
	asserts TEXT NOT NULL COLLATE NOCASE,                   -- an address form, no template
	note    TEXT,
	PRIMARY KEY (login, client, asserts)
) STRICT, WITHOUT ROWID;

---- policy-wide switches

-- UPDATE setting SET value = 'enforce' WHERE name = 'mode'.  All rows are here from the start; none can go.
CREATE TABLE setting (
	name  TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (name),
	CONSTRAINT "setting.name is mode, unknown_login, realms, default_realm, recipient_delimiter, null_sender, protect_local_senders, anonymous_relay, login_required, originators or display_name"
		CHECK (name IN ('mode', 'unknown_login', 'realms', 'default_realm', 'recipient_delimiter', 'null_sender', 'protect_local_senders',
		'anonymous_relay', 'login_required', 'originators', 'display_name')),
	CONSTRAINT "setting mode is enforce or monitor"
		CHECK (name <> 'mode' OR value IN ('enforce', 'monitor')),
	CONSTRAINT "setting unknown_login is accept or reject"
		CHECK (name <> 'unknown_login' OR value IN ('accept', 'reject')),
	CONSTRAINT "setting recipient_delimiter is empty or some of + - = _ # ~ & $ / ? ^ |"
		CHECK (name <> 'recipient_delimiter' OR value NOT GLOB '*[^+=_#~&$/?^|-]*' AND instr(value, char(0)) = 0 AND length(value) <= 12),
	CONSTRAINT "setting null_sender is own-author or reject"
		CHECK (name <> 'null_sender' OR value IN ('own-author', 'reject')),
	CONSTRAINT "setting protect_local_senders is off, envelope or header"
		CHECK (name <> 'protect_local_senders' OR value IN ('off', 'envelope', 'header')),
	CONSTRAINT "setting anonymous_relay is local-domains or mta"
		CHECK (name <> 'anonymous_relay' OR value IN ('local-domains', 'mta')),
	CONSTRAINT "setting login_required is empty or names and ports of listeners with a blank between, like '465 587'"
		CHECK (name <> 'login_required' OR value NOT GLOB '*[^A-Za-z0-9._:/ -]*' AND instr(value, char(0)) = 0
		AND (value = '' OR ' ' || value || ' ' NOT GLOB '*  *')),
	CONSTRAINT "setting originators is strict or aligned; off is only for one principal, in principal.originators"
		CHECK (name <> 'originators' OR value IN ('strict', 'aligned')),
	CONSTRAINT "setting display_name is refuse, log or off"
		CHECK (name <> 'display_name' OR value IN ('refuse', 'log', 'off'))
) STRICT, WITHOUT ROWID;

---- what every table asks

-- example.com, münchen.example.  Full IDNA rules are the daemon's.
CREATE VIEW must_be_domain(domain) AS SELECT NULL;
CREATE TRIGGER must_be_domain_insert INSTEAD OF INSERT ON must_be_domain WHEN NEW.domain IS NOT NULL BEGIN
	SELECT RAISE(ABORT, 'not a domain: write it like example.com, in ASCII or UTF-8, labels of letters, digits and inner - up to 63 bytes, no @, no dot at either end')
	WHERE NEW.domain GLOB '*[^A-Za-z0-9.' || char(161) || '-' || char(1114111) || '-]*'
	OR instr('.' || NEW.domain || '.', '..')
	OR instr('.' || NEW.domain || '.', '.-')
	OR instr('.' || NEW.domain || '.', '-.')
	OR instr(NEW.domain, char(0))
	OR '.' || rtrim(NEW.domain, '0123456789') GLOB '*.'
	OR length(CAST(NEW.domain AS BLOB)) > 63 AND (length(CAST(NEW.domain AS BLOB)) > 253
		OR (SELECT max(length(CAST(value AS BLOB))) FROM json_each('["' || replace(NEW.domain, '.', '","') || '"]')) > 63);
END;

-- 192.0.2.1, 192.0.2.0/24, 2001:db8::/32.  JSON does the counting: 192.0.2.1 as [192,0,2,1], 2001:db8:: as ["2001","db8","",""].
CREATE VIEW must_be_cidr(cidr) AS SELECT NULL;
CREATE TRIGGER must_be_cidr_insert INSTEAD OF INSERT ON must_be_cidr WHEN NEW.cidr IS NOT NULL BEGIN
	SELECT RAISE(ABORT, 'not a network: write 192.0.2.1, 192.0.2.0/24 (up to /32), 2001:db8::1 or 2001:db8::/32 (up to /128)')
	FROM (SELECT substr(NEW.cidr, 1, instr(NEW.cidr || '/', '/') - 1) AS ip, substr(NEW.cidr, instr(NEW.cidr || '/', '/')) AS slash)
	WHERE instr(NEW.cidr, char(0))
	OR slash GLOB '/*[^0-9]*' OR slash GLOB '/0?*' OR slash = '/'
	OR CASE
	WHEN ip GLOB '*[^0-9A-Fa-f.:]*' THEN 1
	WHEN ip GLOB '*:*' THEN ip GLOB '*.*' OR ip GLOB '*:::*' OR ip GLOB '*::*::*' OR ip GLOB ':[^:]*' OR ip GLOB '*[^:]:'
		OR ip GLOB '*[^:][^:][^:][^:][^:]*' OR length(slash) > 4 OR CAST(ltrim(slash, '/') AS INTEGER) > 128
		OR (SELECT count(*) FROM json_each('["' || replace(ip, ':', '","') || '"]') WHERE value <> '')
			NOT BETWEEN iif(ip GLOB '*::*', 0, 8) AND iif(ip GLOB '*::*', 7, 8)
	WHEN json_valid('[' || replace(ip, '.', ',') || ']') THEN ip GLOB '*[^0-9.]*' OR length(slash) > 3 OR CAST(ltrim(slash, '/') AS INTEGER) > 32
		OR (SELECT count(*) <> 4 OR max(value) > 255 FROM json_each('[' || replace(ip, '.', ',') || ']'))
	ELSE 1 END;
END;

-- The address forms of send_as, without templates.  What one cannot see here (NFC, IDNA) is the daemon's.
CREATE VIEW must_be_address(address) AS SELECT NULL;
CREATE TRIGGER must_be_address_insert INSTEAD OF INSERT ON must_be_address WHEN NEW.address NOT IN ('*', '<>') BEGIN
	SELECT RAISE(ABORT, 'not an address: write a@d, @d (all of d), @.d (its subdomains), dev-*@d (one *), a@[192.0.2.1], * (any) or <> (null sender); only send_as also takes {login}, {user}@d and @{domain}')
	FROM (SELECT substr(NEW.address, 1, instr(NEW.address, '@') - 1) AS local, substr(NEW.address, instr(NEW.address, '@') + 1) AS domain)
	WHERE instr(NEW.address, '@') = 0 OR instr(domain, '@') OR instr(NEW.address, char(0))
	OR length(CAST(local AS BLOB)) > 64
	OR instr(domain, '[') AND (local = '' OR instr(local, '*') OR instr(domain, '/') OR domain NOT GLOB '[[]*]')
	OR CASE
	WHEN local = '' THEN 0
	WHEN local GLOB '"?*"' THEN local GLOB '*[*%!' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || ']*'
		OR replace(replace(substr(local, 2, length(local) - 2), '\\', ''), '\"', '') GLOB '*"*'
		OR replace(substr(local, 2, length(local) - 2), '\\', '') GLOB '*\'
	ELSE local GLOB '*[^A-Za-z0-9.#$&''*+/=?_`|~^' || char(161) || '-' || char(1114111) || '-]*'
		OR instr('.' || local || '.', '..') OR local GLOB '*[*]*[*]*'
	END;
	INSERT INTO must_be_domain VALUES (CASE WHEN NEW.address NOT GLOB '*@[[]*'
		THEN substr(NEW.address, instr(NEW.address, '@') + iif(NEW.address GLOB '@.*', 2, 1)) END);
	INSERT INTO must_be_cidr VALUES (CASE WHEN NEW.address GLOB '*@[[]*'
		THEN rtrim(substr(NEW.address, instr(NEW.address, '@[') + iif(NEW.address LIKE '%@[IPv6:%', 7, 2)), ']') END);
END;

CREATE VIEW must_be_principal(name) AS SELECT NULL;
CREATE TRIGGER must_be_principal_insert INSTEAD OF INSERT ON must_be_principal WHEN NEW.name IS NOT NULL BEGIN
	SELECT RAISE(ABORT, 'no such principal: create it first with INSERT INTO principal(name, kind) VALUES (…, ''login'') or ''group'', or name a domain like @example.com')
	WHERE NEW.name NOT GLOB '@*' AND NOT EXISTS (SELECT 1 FROM principal WHERE name = NEW.name) OR instr(NEW.name, char(0));
	INSERT INTO must_be_domain VALUES (CASE WHEN NEW.name GLOB '@*' THEN substr(NEW.name, 2) END);
END;

CREATE VIEW must_be_login(name) AS SELECT NULL;
CREATE TRIGGER must_be_login_insert INSTEAD OF INSERT ON must_be_login
WHEN NOT EXISTS (SELECT 1 FROM principal WHERE name = NEW.name AND kind = 'login') BEGIN
	SELECT RAISE(ABORT, 'no such login: create it first with INSERT INTO principal(name, kind) VALUES (…, ''login''); a group or @domain cannot stand here');
END;

-- any, a CIDR or the name of a network.
CREATE VIEW must_be_client(client) AS SELECT NULL;
CREATE TRIGGER must_be_client_insert INSTEAD OF INSERT ON must_be_client WHEN NEW.client <> 'any' COLLATE NOCASE BEGIN
	SELECT RAISE(ABORT, 'no such network: write any, a CIDR like 192.0.2.0/24, or a name, created first with INSERT INTO network(name, cidr) VALUES (…)')
	WHERE NEW.client NOT GLOB '[0-9]*' AND NEW.client NOT GLOB '*[:/]*' AND NOT EXISTS (SELECT 1 FROM network WHERE name = NEW.client);
	INSERT INTO must_be_cidr VALUES (CASE WHEN NEW.client GLOB '[0-9]*' OR NEW.client GLOB '*[:/]*' THEN NEW.client END);
END;

-- any, an address form or the name of an address_set.
CREATE VIEW must_be_addresses(addresses) AS SELECT NULL;
CREATE TRIGGER must_be_addresses_insert INSTEAD OF INSERT ON must_be_addresses WHEN NEW.addresses <> 'any' COLLATE NOCASE BEGIN
	SELECT RAISE(ABORT, 'no such address_set: write any, an address like a@d or @d, or a name, created first with INSERT INTO address_set(name, pattern) VALUES (…)')
	WHERE NEW.addresses GLOB '[A-Za-z]*' AND NOT instr(NEW.addresses, '@') AND NOT EXISTS (SELECT 1 FROM address_set WHERE name = NEW.addresses);
	INSERT INTO must_be_address VALUES (CASE WHEN NOT (NEW.addresses GLOB '[A-Za-z]*' AND NOT instr(NEW.addresses, '@')) THEN NEW.addresses END);
END;

-- 550 5.7.1 Ask the help desk.
CREATE VIEW must_be_reply(reply) AS SELECT NULL;
CREATE TRIGGER must_be_reply_insert INSTEAD OF INSERT ON must_be_reply WHEN NEW.reply IS NOT NULL BEGIN
	SELECT RAISE(ABORT, 'not a reply: write it like ''550 5.7.1 text'': printable ASCII, at most 400 characters, both codes of one class, never 421')
	FROM (SELECT substr(NEW.reply, 5, instr(substr(NEW.reply, 5), ' ') - 1) AS status)
	WHERE NEW.reply NOT GLOB '[45][0-5][0-9] [45].[0-9]*.[0-9]* [!-~]*' OR NEW.reply GLOB '*[^ -~]*' OR instr(NEW.reply, char(0))
	OR NEW.reply GLOB '421*' OR length(NEW.reply) > 400 OR substr(NEW.reply, 1, 1) <> substr(status, 1, 1)
	OR status GLOB '*[^0-9.]*' OR status GLOB '*.*.*.*' OR status GLOB '*.0[0-9]*' OR status GLOB '*[0-9][0-9][0-9][0-9]*';
END;

-- any, or periods like Mon-Fri 08:00-18:00 with ', ' between.  A night is two periods: Fri 22:00-24:00, Sat 00:00-06:00.
CREATE VIEW must_be_hours(hours) AS SELECT NULL;
CREATE TRIGGER must_be_hours_insert INSTEAD OF INSERT ON must_be_hours WHEN NEW.hours <> 'any' COLLATE NOCASE BEGIN
	SELECT RAISE(ABORT, 'not hours: write any or ''Mon-Fri 08:00-18:00'', several with '', '' between; each ends after it begins, at 24:00 at the latest; ten at most')
	WHERE NEW.hours GLOB '*[^A-Za-z0-9:, -]*' OR instr(NEW.hours, char(0)) OR length(NEW.hours) > 208 OR EXISTS (
		SELECT 1 FROM json_each('["' || replace(iif(NEW.hours GLOB '*[^A-Za-z0-9:, -]*', '', NEW.hours), ', ', '","') || '"]')
		WHERE substr(value, -12) NOT GLOB ' [0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]'
		OR substr(value, -11, 5) >= substr(value, -5) OR substr(value, -5) > '24:00'
		OR NOT (length(value) = 15 OR length(value) = 19 AND substr(value, 4, 1) = '-')
		OR instr('MonTueWedThuFriSatSun', substr(value, 1, 3)) % 3 <> 1
		OR instr('MonTueWedThuFriSatSun', substr(value, -15, 3)) % 3 <> 1);
END;

---- guards, table by table

CREATE TRIGGER principal_insert BEFORE INSERT ON principal BEGIN
	SELECT RAISE(ABORT, 'this name is taken: a group and a login cannot share a name, and a principal cannot change its kind')
	WHERE EXISTS (SELECT 1 FROM principal WHERE name = NEW.name AND kind <> NEW.kind);
	INSERT INTO must_be_domain VALUES (CASE WHEN NEW.name GLOB '@*' THEN substr(NEW.name, 2) END);
END;

CREATE TRIGGER principal_change BEFORE UPDATE OF name, kind ON principal BEGIN
	SELECT RAISE(ABORT, 'a principal cannot change its kind: delete it and create it anew')
	WHERE NEW.kind IS NOT OLD.kind;
	SELECT RAISE(ABORT, 'everyone, anonymous and @domain cannot be renamed, nor another principal to such a name')
	WHERE NEW.name <> OLD.name COLLATE BINARY AND (OLD.name IN ('everyone', 'anonymous') OR OLD.name GLOB '@*'
		OR NEW.name IN ('everyone', 'anonymous') OR NEW.name GLOB '@*');
	SELECT RAISE(ABORT, 'this name is taken by another principal')
	WHERE NEW.name <> OLD.name AND EXISTS (SELECT 1 FROM principal WHERE name = NEW.name);
END;

CREATE TRIGGER principal_rename AFTER UPDATE OF name ON principal WHEN NEW.name <> OLD.name COLLATE BINARY BEGIN
	UPDATE membership SET group_name = NEW.name WHERE group_name = OLD.name;
	UPDATE membership SET login = NEW.name WHERE login = OLD.name;
	UPDATE send_as SET principal = NEW.name WHERE principal = OLD.name;
	UPDATE deny_as SET principal = NEW.name WHERE principal = OLD.name;
	UPDATE local_domain SET owner = NEW.name WHERE owner = OLD.name;
	UPDATE rule SET principal = NEW.name WHERE principal = OLD.name;
	UPDATE rule SET principal = '!' || NEW.name WHERE principal = '!' || OLD.name;
	UPDATE quota SET principal = NEW.name WHERE principal = OLD.name;
	UPDATE identity SET login = NEW.name WHERE login = OLD.name;
	UPDATE trusted_peer SET login = NEW.name WHERE login = OLD.name;
	UPDATE pardon SET login = NEW.name WHERE login = OLD.name;
END;

CREATE TRIGGER principal_keep BEFORE DELETE ON principal BEGIN
	SELECT RAISE(ABORT, 'everyone and anonymous cannot be deleted')
	WHERE OLD.name IN ('everyone', 'anonymous');
	SELECT RAISE(ABORT, 'this principal owns a domain: first UPDATE local_domain SET owner = … (another principal, or NULL to let anyone be granted its addresses)')
	WHERE OLD.name NOT GLOB '@*' AND EXISTS (SELECT 1 FROM local_domain WHERE owner = OLD.name);
	SELECT RAISE(ABORT, 'a rule names this principal: first DELETE FROM rule WHERE principal = …, or UPDATE it to name another')
	WHERE OLD.name NOT GLOB '@*' AND EXISTS (SELECT 1 FROM rule WHERE principal IN (OLD.name, '!' || OLD.name));
END;

CREATE TRIGGER principal_delete AFTER DELETE ON principal WHEN OLD.name NOT GLOB '@*' BEGIN
	DELETE FROM membership WHERE group_name = OLD.name;
	DELETE FROM membership WHERE login = OLD.name;
	DELETE FROM send_as WHERE principal = OLD.name;
	DELETE FROM deny_as WHERE principal = OLD.name;
	DELETE FROM quota WHERE principal = OLD.name;
	DELETE FROM identity WHERE login = OLD.name;
	DELETE FROM trusted_peer WHERE login = OLD.name;
	DELETE FROM pardon WHERE login = OLD.name;
END;

CREATE VIEW must_be_group(name) AS SELECT NULL;
CREATE TRIGGER must_be_group_insert INSTEAD OF INSERT ON must_be_group
WHEN NEW.name COLLATE NOCASE IN ('everyone', 'anonymous') OR NEW.name GLOB '@*'
OR NOT EXISTS (SELECT 1 FROM principal WHERE name = NEW.name AND kind = 'group') BEGIN
	SELECT RAISE(ABORT, 'no such group: create it first with INSERT INTO principal(name, kind) VALUES (…, ''group''); everyone, anonymous and @domain take no members');
END;

CREATE TRIGGER membership_insert BEFORE INSERT ON membership BEGIN
	INSERT INTO must_be_group VALUES (NEW.group_name);
	INSERT INTO must_be_login VALUES (NEW.login);
END;
CREATE TRIGGER membership_change BEFORE UPDATE OF group_name, login ON membership BEGIN
	INSERT INTO must_be_group VALUES (NEW.group_name);
	INSERT INTO must_be_login VALUES (NEW.login);
END;

CREATE TRIGGER send_as_insert BEFORE INSERT ON send_as BEGIN
	INSERT INTO must_be_principal VALUES (NEW.principal);
	INSERT INTO must_be_domain VALUES (CASE WHEN NEW.address GLOB '{user}@*' THEN substr(NEW.address, 8) END);
	INSERT INTO must_be_address VALUES (CASE WHEN NEW.address NOT GLOB '{user}@*' AND NEW.address COLLATE BINARY NOT IN ('{login}', '@{domain}')
		THEN NEW.address END);
END;
CREATE TRIGGER send_as_change BEFORE UPDATE OF principal, address ON send_as BEGIN
	INSERT INTO must_be_principal VALUES (NEW.principal);
	INSERT INTO must_be_domain VALUES (CASE WHEN NEW.address GLOB '{user}@*' THEN substr(NEW.address, 8) END);
	INSERT INTO must_be_address VALUES (CASE WHEN NEW.address NOT GLOB '{user}@*' AND NEW.address COLLATE BINARY NOT IN ('{login}', '@{domain}')
		THEN NEW.address END);
END;

CREATE TRIGGER deny_as_insert BEFORE INSERT ON deny_as BEGIN
	INSERT INTO must_be_principal VALUES (NEW.principal);
	INSERT INTO must_be_address VALUES (NEW.address);
END;
CREATE TRIGGER deny_as_change BEFORE UPDATE OF principal, address ON deny_as BEGIN
	INSERT INTO must_be_principal VALUES (NEW.principal);
	INSERT INTO must_be_address VALUES (NEW.address);
END;

CREATE TRIGGER local_domain_insert BEFORE INSERT ON local_domain BEGIN
	INSERT INTO must_be_domain VALUES (NEW.name);
	INSERT INTO must_be_principal VALUES (NEW.owner);
END;
CREATE TRIGGER local_domain_change BEFORE UPDATE OF name, owner ON local_domain BEGIN
	SELECT RAISE(ABORT, 'this domain is in local_domain already')
	WHERE NEW.name <> OLD.name AND EXISTS (SELECT 1 FROM local_domain WHERE name = NEW.name);
	INSERT INTO must_be_domain VALUES (NEW.name);
	INSERT INTO must_be_principal VALUES (NEW.owner);
END;

CREATE TRIGGER network_insert BEFORE INSERT ON network BEGIN
	INSERT INTO must_be_cidr VALUES (NEW.cidr);
END;
CREATE TRIGGER network_change BEFORE UPDATE OF cidr ON network BEGIN
	INSERT INTO must_be_cidr VALUES (NEW.cidr);
END;
-- A name still in use cannot vanish.  To rename a set: insert it under its new name, change the rules, delete the old one.
CREATE TRIGGER network_delete AFTER DELETE ON network WHEN NOT EXISTS (SELECT 1 FROM network WHERE name = OLD.name) BEGIN
	SELECT RAISE(ABORT, 'a rule or trusted_peer names this network: change that first')
	WHERE EXISTS (SELECT 1 FROM rule WHERE client IN (OLD.name, '!' || OLD.name))
	OR EXISTS (SELECT 1 FROM trusted_peer WHERE client = OLD.name);
END;
CREATE TRIGGER network_rename AFTER UPDATE OF name ON network WHEN NOT EXISTS (SELECT 1 FROM network WHERE name = OLD.name) BEGIN
	SELECT RAISE(ABORT, 'a rule or trusted_peer names this network: change that first')
	WHERE EXISTS (SELECT 1 FROM rule WHERE client IN (OLD.name, '!' || OLD.name))
	OR EXISTS (SELECT 1 FROM trusted_peer WHERE client = OLD.name);
END;

CREATE TRIGGER address_set_insert BEFORE INSERT ON address_set BEGIN
	INSERT INTO must_be_address VALUES (NEW.pattern);
END;
CREATE TRIGGER address_set_change BEFORE UPDATE OF pattern ON address_set BEGIN
	INSERT INTO must_be_address VALUES (NEW.pattern);
END;
CREATE TRIGGER address_set_delete AFTER DELETE ON address_set WHEN NOT EXISTS (SELECT 1 FROM address_set WHERE name = OLD.name) BEGIN
	SELECT RAISE(ABORT, 'a rule names this address_set: change that first')
	WHERE EXISTS (SELECT 1 FROM rule WHERE sender IN (OLD.name, '!' || OLD.name) OR recipient IN (OLD.name, '!' || OLD.name));
END;
CREATE TRIGGER address_set_rename AFTER UPDATE OF name ON address_set WHEN NOT EXISTS (SELECT 1 FROM address_set WHERE name = OLD.name) BEGIN
	SELECT RAISE(ABORT, 'a rule names this address_set: change that first')
	WHERE EXISTS (SELECT 1 FROM rule WHERE sender IN (OLD.name, '!' || OLD.name) OR recipient IN (OLD.name, '!' || OLD.name));
END;

CREATE TRIGGER rule_insert BEFORE INSERT ON rule BEGIN
	INSERT INTO must_be_principal VALUES (CASE WHEN NEW.principal NOT IN ('any', '!any') THEN substr(NEW.principal, 1 + (NEW.principal GLOB '!*')) END);
	INSERT INTO must_be_client VALUES (substr(NEW.client, 1 + (NEW.client GLOB '!*')));
	INSERT INTO must_be_addresses VALUES (substr(NEW.sender, 1 + (NEW.sender GLOB '!*')));
	INSERT INTO must_be_addresses VALUES (substr(NEW.recipient, 1 + (NEW.recipient GLOB '!*')));
	INSERT INTO must_be_hours VALUES (substr(NEW.hours, 1 + (NEW.hours GLOB '!*')));
	INSERT INTO must_be_reply VALUES (NEW.reply);
END;
CREATE TRIGGER rule_change BEFORE UPDATE ON rule BEGIN
	SELECT RAISE(ABORT, 'this seq is taken by another rule')
	WHERE NEW.seq <> OLD.seq AND EXISTS (SELECT 1 FROM rule WHERE seq = NEW.seq);
	INSERT INTO must_be_principal VALUES (CASE WHEN NEW.principal NOT IN ('any', '!any') THEN substr(NEW.principal, 1 + (NEW.principal GLOB '!*')) END);
	INSERT INTO must_be_client VALUES (substr(NEW.client, 1 + (NEW.client GLOB '!*')));
	INSERT INTO must_be_addresses VALUES (substr(NEW.sender, 1 + (NEW.sender GLOB '!*')));
	INSERT INTO must_be_addresses VALUES (substr(NEW.recipient, 1 + (NEW.recipient GLOB '!*')));
	INSERT INTO must_be_hours VALUES (substr(NEW.hours, 1 + (NEW.hours GLOB '!*')));
	INSERT INTO must_be_reply VALUES (NEW.reply);
END;

CREATE TRIGGER quota_insert BEFORE INSERT ON quota BEGIN
	INSERT INTO must_be_principal VALUES (NEW.principal);
	SELECT RAISE(ABORT, 'anonymous has no quota: limits are for logins') WHERE NEW.principal = 'anonymous';
	SELECT RAISE(ABORT, 'quota.per group needs a group, @domain or everyone as principal')
	WHERE NEW.per = 'group' AND EXISTS (SELECT 1 FROM principal WHERE name = NEW.principal AND kind = 'login');
END;
CREATE TRIGGER quota_change BEFORE UPDATE ON quota BEGIN
	SELECT RAISE(ABORT, 'this name is taken by another quota')
	WHERE NEW.name <> OLD.name AND EXISTS (SELECT 1 FROM quota WHERE name = NEW.name);
	INSERT INTO must_be_principal VALUES (NEW.principal);
	SELECT RAISE(ABORT, 'anonymous has no quota: limits are for logins') WHERE NEW.principal = 'anonymous';
	SELECT RAISE(ABORT, 'quota.per group needs a group, @domain or everyone as principal')
	WHERE NEW.per = 'group' AND EXISTS (SELECT 1 FROM principal WHERE name = NEW.principal AND kind = 'login');
END;

CREATE TRIGGER pardon_insert BEFORE INSERT ON pardon BEGIN
	SELECT RAISE(ABORT, 'anonymous is never suspended by a limit') WHERE NEW.login = 'anonymous';
	SELECT RAISE(ABORT, 'pardon.at is not in the future') WHERE NEW.at > strftime('%Y-%m-%dT%H:%M:%SZ', 'now');
END;
CREATE TRIGGER pardon_change BEFORE UPDATE ON pardon BEGIN
	SELECT RAISE(ABORT, 'anonymous is never suspended by a limit') WHERE NEW.login = 'anonymous';
	SELECT RAISE(ABORT, 'pardon.at is not in the future') WHERE NEW.at > strftime('%Y-%m-%dT%H:%M:%SZ', 'now');
END;

CREATE TRIGGER identity_insert BEFORE INSERT ON identity BEGIN
	INSERT INTO must_be_login VALUES (NEW.login);
	INSERT INTO must_be_cidr VALUES (nullif(NEW.cidr, ''));
END;
CREATE TRIGGER identity_change BEFORE UPDATE ON identity BEGIN
	INSERT INTO must_be_login VALUES (NEW.login);
	INSERT INTO must_be_cidr VALUES (nullif(NEW.cidr, ''));
END;

CREATE TRIGGER trusted_peer_insert BEFORE INSERT ON trusted_peer BEGIN
	INSERT INTO must_be_login VALUES (NEW.login);
	INSERT INTO must_be_client VALUES (NEW.client);
	INSERT INTO must_be_address VALUES (NEW.asserts);
	SELECT RAISE(ABORT, 'trusted_peer.asserts is an address form, not <>') WHERE NEW.asserts = '<>';
END;
CREATE TRIGGER trusted_peer_change BEFORE UPDATE ON trusted_peer BEGIN
	INSERT INTO must_be_login VALUES (NEW.login);
	INSERT INTO must_be_client VALUES (NEW.client);
	INSERT INTO must_be_address VALUES (NEW.asserts);
	SELECT RAISE(ABORT, 'trusted_peer.asserts is an address form, not <>') WHERE NEW.asserts = '<>';
END;

CREATE VIEW must_be_realms(realms) AS SELECT NULL;
CREATE TRIGGER must_be_realms_insert INSTEAD OF INSERT ON must_be_realms WHEN NEW.realms <> '' BEGIN
	INSERT INTO must_be_domain SELECT value
	FROM json_each('["' || replace(iif(NEW.realms GLOB '*["\' || char(1) || '-' || char(31) || ']*' OR instr(NEW.realms, char(0)), '', NEW.realms), ' ', '","') || '"]');
END;

CREATE TRIGGER setting_insert BEFORE INSERT ON setting BEGIN
	INSERT INTO must_be_realms VALUES (CASE NEW.name WHEN 'realms' THEN NEW.value END);
	INSERT INTO must_be_domain VALUES (CASE NEW.name WHEN 'default_realm' THEN nullif(NEW.value, '') END);
END;
CREATE TRIGGER setting_change BEFORE UPDATE ON setting BEGIN
	SELECT RAISE(ABORT, 'a setting cannot be renamed') WHERE NEW.name <> OLD.name;
	INSERT INTO must_be_realms VALUES (CASE NEW.name WHEN 'realms' THEN NEW.value END);
	INSERT INTO must_be_domain VALUES (CASE NEW.name WHEN 'default_realm' THEN nullif(NEW.value, '') END);
END;
CREATE TRIGGER setting_delete BEFORE DELETE ON setting BEGIN
	SELECT RAISE(ABORT, 'a setting cannot be deleted: UPDATE setting SET value = … to its default');
END;

---- what is there from the start

INSERT INTO principal(name, kind, note) VALUES
	('everyone', 'group', 'built in: all with a login'),
	('anonymous', 'group', 'built in: all without a login');

INSERT INTO setting(name, value) VALUES
	('mode', 'monitor'),                    -- monitor records refusals and lets the mail pass; enforce refuses
	('unknown_login', 'accept'),            -- logins without a row: accept (as member of everyone) or reject
	('realms', ''),                         -- domains a login may have, with a blank between; empty: any
	('default_realm', ''),                  -- the domain of a login without one
	('recipient_delimiter', '+'),           -- a+anything@d is used and counted as a@d, in local domains
	('null_sender', 'own-author'),          -- a login's MAIL FROM:<>: own-author (the author must be granted) or reject
	('protect_local_senders', 'off'),       -- anonymous mail from local domains is refused: off, by envelope, or by header too
	('anonymous_relay', 'local-domains'),   -- where anonymous mail may go: local-domains, or wherever the mta lets it
	('login_required', '465 587'),          -- listeners (names or ports) where anonymous mail is refused
	('originators', 'strict'),              -- From must be granted (strict), or also equal the sender (aligned)
	('display_name', 'refuse');             -- a display name that shows another's address: refuse, log or off

---- who changed what

-- Filled by triggers.  old and new are the row as JSON; INSERT OR REPLACE of a row is an update of it.  To shorten it: DELETE FROM history WHERE at < '2026'.
CREATE TABLE history (
	id     INTEGER PRIMARY KEY,
	at     TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
	editor TEXT,                    -- NULL: the plain shell
	tbl    TEXT NOT NULL,
	op     TEXT NOT NULL,           -- insert, update or delete
	old    TEXT,
	new    TEXT
) STRICT;

CREATE TRIGGER history_change BEFORE UPDATE ON history BEGIN
	SELECT RAISE(ABORT, 'history is never changed; old rows may be deleted');
END;

-- The command names the editor: it inserts the one row as its transaction begins and deletes it before it commits.  bulk leaves its changes out
-- of the history (a million imported rows would make the file the daemon reads four times as large); the command then writes one row itself.
CREATE TABLE editor (
	name TEXT NOT NULL,
	bulk INTEGER NOT NULL DEFAULT 0,
	one  INTEGER NOT NULL DEFAULT 1 UNIQUE,
	CONSTRAINT "editor.bulk is 0 or 1" CHECK (bulk IN (0, 1)),
	CONSTRAINT "editor holds one row" CHECK (one = 1)
) STRICT;

-- What INSERT OR REPLACE is about to replace, from before each insert to after it: no delete trigger sees that row.
CREATE TABLE replaced (row TEXT NOT NULL) STRICT;

CREATE TRIGGER history_principal_replace BEFORE INSERT ON principal BEGIN
	DELETE FROM replaced;
	INSERT INTO replaced SELECT json_object('name', name, 'kind', kind, 'state', state, 'suspended_until', suspended_until, 'suspended_why', suspended_why,
			'mode', mode, 'originators', originators, 'origin', origin, 'note', note)
	FROM principal WHERE name = NEW.name;
END;
CREATE TRIGGER history_principal_insert AFTER INSERT ON principal
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old, new)
	SELECT (SELECT name FROM editor), 'principal', iif(old IS NULL, 'insert', 'update'), old,
		json_object('name', NEW.name, 'kind', NEW.kind, 'state', NEW.state, 'suspended_until', NEW.suspended_until,
			'suspended_why', NEW.suspended_why, 'mode', NEW.mode, 'originators', NEW.originators, 'origin', NEW.origin, 'note', NEW.note)
	FROM (SELECT (SELECT row FROM replaced) AS old);
END;
CREATE TRIGGER history_principal_update AFTER UPDATE ON principal
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old, new)
	SELECT (SELECT name FROM editor), 'principal', 'update', old, new
	FROM (SELECT json_object('name', OLD.name, 'kind', OLD.kind, 'state', OLD.state, 'suspended_until', OLD.suspended_until,
			'suspended_why', OLD.suspended_why, 'mode', OLD.mode, 'originators', OLD.originators, 'origin', OLD.origin, 'note', OLD.note) AS old,
		json_object('name', NEW.name, 'kind', NEW.kind, 'state', NEW.state, 'suspended_until', NEW.suspended_until,
			'suspended_why', NEW.suspended_why, 'mode', NEW.mode, 'originators', NEW.originators, 'origin', NEW.origin, 'note', NEW.note) AS new) WHERE old <> new;
END;
CREATE TRIGGER history_principal_delete AFTER DELETE ON principal
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old)
	VALUES ((SELECT name FROM editor), 'principal', 'delete',
		json_object('name', OLD.name, 'kind', OLD.kind, 'state', OLD.state, 'suspended_until', OLD.suspended_until,
			'suspended_why', OLD.suspended_why, 'mode', OLD.mode, 'originators', OLD.originators, 'origin', OLD.origin, 'note', OLD.note));
END;

CREATE TRIGGER history_membership_replace BEFORE INSERT ON membership BEGIN
	DELETE FROM replaced;
	INSERT INTO replaced SELECT json_object('group_name', group_name, 'login', login, 'origin', origin)
	FROM membership WHERE group_name = NEW.group_name AND login = NEW.login;
END;
CREATE TRIGGER history_membership_insert AFTER INSERT ON membership
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old, new)
	SELECT (SELECT name FROM editor), 'membership', iif(old IS NULL, 'insert', 'update'), old,
		json_object('group_name', NEW.group_name, 'login', NEW.login, 'origin', NEW.origin)
	FROM (SELECT (SELECT row FROM replaced) AS old);
END;
CREATE TRIGGER history_membership_update AFTER UPDATE ON membership
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old, new)
	SELECT (SELECT name FROM editor), 'membership', 'update', old, new
	FROM (SELECT json_object('group_name', OLD.group_name, 'login', OLD.login, 'origin', OLD.origin) AS old,
		json_object('group_name', NEW.group_name, 'login', NEW.login, 'origin', NEW.origin) AS new) WHERE old <> new;
END;
CREATE TRIGGER history_membership_delete AFTER DELETE ON membership
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old)
	VALUES ((SELECT name FROM editor), 'membership', 'delete',
		json_object('group_name', OLD.group_name, 'login', OLD.login, 'origin', OLD.origin));
END;

CREATE TRIGGER history_send_as_replace BEFORE INSERT ON send_as BEGIN
	DELETE FROM replaced;
	INSERT INTO replaced SELECT json_object('principal', principal, 'address', address, 'scope', scope, 'manner', manner, 'valid_from', valid_from,
			'valid_until', valid_until, 'origin', origin, 'note', note)
	FROM send_as WHERE principal = NEW.principal AND address = NEW.address AND scope = NEW.scope AND manner = NEW.manner;
END;
CREATE TRIGGER history_send_as_insert AFTER INSERT ON send_as
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old, new)
	SELECT (SELECT name FROM editor), 'send_as', iif(old IS NULL, 'insert', 'update'), old,
		json_object('principal', NEW.principal, 'address', NEW.address, 'scope', NEW.scope, 'manner', NEW.manner,
			'valid_from', NEW.valid_from, 'valid_until', NEW.valid_until, 'origin', NEW.origin, 'note', NEW.note)
	FROM (SELECT (SELECT row FROM replaced) AS old);
END;
CREATE TRIGGER history_send_as_update AFTER UPDATE ON send_as
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old, new)
	SELECT (SELECT name FROM editor), 'send_as', 'update', old, new
	FROM (SELECT json_object('principal', OLD.principal, 'address', OLD.address, 'scope', OLD.scope, 'manner', OLD.manner,
			'valid_from', OLD.valid_from, 'valid_until', OLD.valid_until, 'origin', OLD.origin, 'note', OLD.note) AS old,
		json_object('principal', NEW.principal, 'address', NEW.address, 'scope', NEW.scope, 'manner', NEW.manner,
			'valid_from', NEW.valid_from, 'valid_until', NEW.valid_until, 'origin', NEW.origin, 'note', NEW.note) AS new) WHERE old <> new;
END;
CREATE TRIGGER history_send_as_delete AFTER DELETE ON send_as
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old)
	VALUES ((SELECT name FROM editor), 'send_as', 'delete',
		json_object('principal', OLD.principal, 'address', OLD.address, 'scope', OLD.scope, 'manner', OLD.manner,
			'valid_from', OLD.valid_from, 'valid_until', OLD.valid_until, 'origin', OLD.origin, 'note', OLD.note));
END;

CREATE TRIGGER history_deny_as_replace BEFORE INSERT ON deny_as BEGIN
	DELETE FROM replaced;
	INSERT INTO replaced SELECT json_object('principal', principal, 'address', address, 'note', note)
	FROM deny_as WHERE principal = NEW.principal AND address = NEW.address;
END;
CREATE TRIGGER history_deny_as_insert AFTER INSERT ON deny_as
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old, new)
	SELECT (SELECT name FROM editor), 'deny_as', iif(old IS NULL, 'insert', 'update'), old,
		json_object('principal', NEW.principal, 'address', NEW.address, 'note', NEW.note)
	FROM (SELECT (SELECT row FROM replaced) AS old);
END;
CREATE TRIGGER history_deny_as_update AFTER UPDATE ON deny_as
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old, new)
	SELECT (SELECT name FROM editor), 'deny_as', 'update', old, new
	FROM (SELECT json_object('principal', OLD.principal, 'address', OLD.address, 'note', OLD.note) AS old,
		json_object('principal', NEW.principal, 'address', NEW.address, 'note', NEW.note) AS new) WHERE old <> new;
END;
CREATE TRIGGER history_deny_as_delete AFTER DELETE ON deny_as
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old)
	VALUES ((SELECT name FROM editor), 'deny_as', 'delete',
		json_object('principal', OLD.principal, 'address', OLD.address, 'note', OLD.note));
END;

CREATE TRIGGER history_local_domain_replace BEFORE INSERT ON local_domain BEGIN
	DELETE FROM replaced;
	INSERT INTO replaced SELECT json_object('name', name, 'owner', owner)
	FROM local_domain WHERE name = NEW.name;
END;
CREATE TRIGGER history_local_domain_insert AFTER INSERT ON local_domain
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old, new)
	SELECT (SELECT name FROM editor), 'local_domain', iif(old IS NULL, 'insert', 'update'), old,
		json_object('name', NEW.name, 'owner', NEW.owner)
	FROM (SELECT (SELECT row FROM replaced) AS old);
END;
CREATE TRIGGER history_local_domain_update AFTER UPDATE ON local_domain
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old, new)
	SELECT (SELECT name FROM editor), 'local_domain', 'update', old, new
	FROM (SELECT json_object('name', OLD.name, 'owner', OLD.owner) AS old,
		json_object('name', NEW.name, 'owner', NEW.owner) AS new) WHERE old <> new;
END;
CREATE TRIGGER history_local_domain_delete AFTER DELETE ON local_domain
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old)
	VALUES ((SELECT name FROM editor), 'local_domain', 'delete',
		json_object('name', OLD.name, 'owner', OLD.owner));
END;

CREATE TRIGGER history_network_replace BEFORE INSERT ON network BEGIN
	DELETE FROM replaced;
	INSERT INTO replaced SELECT json_object('name', name, 'cidr', cidr)
	FROM network WHERE name = NEW.name AND cidr = NEW.cidr;
END;
CREATE TRIGGER history_network_insert AFTER INSERT ON network
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old, new)
	SELECT (SELECT name FROM editor), 'network', iif(old IS NULL, 'insert', 'update'), old,
		json_object('name', NEW.name, 'cidr', NEW.cidr)
	FROM (SELECT (SELECT row FROM replaced) AS old);
END;
CREATE TRIGGER history_network_update AFTER UPDATE ON network
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old, new)
	SELECT (SELECT name FROM editor), 'network', 'update', old, new
	FROM (SELECT json_object('name', OLD.name, 'cidr', OLD.cidr) AS old,
		json_object('name', NEW.name, 'cidr', NEW.cidr) AS new) WHERE old <> new;
END;
CREATE TRIGGER history_network_delete AFTER DELETE ON network
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old)
	VALUES ((SELECT name FROM editor), 'network', 'delete',
		json_object('name', OLD.name, 'cidr', OLD.cidr));
END;

CREATE TRIGGER history_address_set_replace BEFORE INSERT ON address_set BEGIN
	DELETE FROM replaced;
	INSERT INTO replaced SELECT json_object('name', name, 'pattern', pattern)
	FROM address_set WHERE name = NEW.name AND pattern = NEW.pattern;
END;
CREATE TRIGGER history_address_set_insert AFTER INSERT ON address_set
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old, new)
	SELECT (SELECT name FROM editor), 'address_set', iif(old IS NULL, 'insert', 'update'), old,
		json_object('name', NEW.name, 'pattern', NEW.pattern)
	FROM (SELECT (SELECT row FROM replaced) AS old);
END;
CREATE TRIGGER history_address_set_update AFTER UPDATE ON address_set
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old, new)
	SELECT (SELECT name FROM editor), 'address_set', 'update', old, new
	FROM (SELECT json_object('name', OLD.name, 'pattern', OLD.pattern) AS old,
		json_object('name', NEW.name, 'pattern', NEW.pattern) AS new) WHERE old <> new;
END;
CREATE TRIGGER history_address_set_delete AFTER DELETE ON address_set
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old)
	VALUES ((SELECT name FROM editor), 'address_set', 'delete',
		json_object('name', OLD.name, 'pattern', OLD.pattern));
END;

CREATE TRIGGER history_rule_replace BEFORE INSERT ON rule BEGIN
	DELETE FROM replaced;
	INSERT INTO replaced SELECT json_object('seq', seq, 'principal', principal, 'client', client, 'sender', sender, 'recipient', recipient, 'tls', tls,
			'mechanism', mechanism, 'hours', hours, 'verdict', verdict, 'reply', reply, 'mode', mode, 'note', note)
	FROM rule WHERE seq = NEW.seq;
END;
CREATE TRIGGER history_rule_insert AFTER INSERT ON rule
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old, new)
	SELECT (SELECT name FROM editor), 'rule', iif(old IS NULL, 'insert', 'update'), old,
		json_object('seq', NEW.seq, 'principal', NEW.principal, 'client', NEW.client, 'sender', NEW.sender,
			'recipient', NEW.recipient, 'tls', NEW.tls, 'mechanism', NEW.mechanism, 'hours', NEW.hours, 'verdict', NEW.verdict,
			'reply', NEW.reply, 'mode', NEW.mode, 'note', NEW.note)
	FROM (SELECT (SELECT row FROM replaced) AS old);
END;
CREATE TRIGGER history_rule_update AFTER UPDATE ON rule
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old, new)
	SELECT (SELECT name FROM editor), 'rule', 'update', old, new
	FROM (SELECT json_object('seq', OLD.seq, 'principal', OLD.principal, 'client', OLD.client, 'sender', OLD.sender,
			'recipient', OLD.recipient, 'tls', OLD.tls, 'mechanism', OLD.mechanism, 'hours', OLD.hours, 'verdict', OLD.verdict,
			'reply', OLD.reply, 'mode', OLD.mode, 'note', OLD.note) AS old,
		json_object('seq', NEW.seq, 'principal', NEW.principal, 'client', NEW.client, 'sender', NEW.sender,
			'recipient', NEW.recipient, 'tls', NEW.tls, 'mechanism', NEW.mechanism, 'hours', NEW.hours, 'verdict', NEW.verdict,
			'reply', NEW.reply, 'mode', NEW.mode, 'note', NEW.note) AS new) WHERE old <> new;
END;
CREATE TRIGGER history_rule_delete AFTER DELETE ON rule
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old)
	VALUES ((SELECT name FROM editor), 'rule', 'delete',
		json_object('seq', OLD.seq, 'principal', OLD.principal, 'client', OLD.client, 'sender', OLD.sender,
			'recipient', OLD.recipient, 'tls', OLD.tls, 'mechanism', OLD.mechanism, 'hours', OLD.hours, 'verdict', OLD.verdict,
			'reply', OLD.reply, 'mode', OLD.mode, 'note', OLD.note));
END;

CREATE TRIGGER history_quota_replace BEFORE INSERT ON quota BEGIN
	DELETE FROM replaced;
	INSERT INTO replaced SELECT json_object('name', name, 'principal', principal, 'metric', metric, 'amount', amount, 'period', period, 'per', per,
			'counting', counting, 'on_exceed', on_exceed, 'suspend_for', suspend_for, 'mode', mode, 'note', note)
	FROM quota WHERE name = NEW.name;
END;
CREATE TRIGGER history_quota_insert AFTER INSERT ON quota
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old, new)
	SELECT (SELECT name FROM editor), 'quota', iif(old IS NULL, 'insert', 'update'), old,
		json_object('name', NEW.name, 'principal', NEW.principal, 'metric', NEW.metric, 'amount', NEW.amount, 'period', NEW.period,
			'per', NEW.per, 'counting', NEW.counting, 'on_exceed', NEW.on_exceed, 'suspend_for', NEW.suspend_for, 'mode', NEW.mode,
			'note', NEW.note)
	FROM (SELECT (SELECT row FROM replaced) AS old);
END;
CREATE TRIGGER history_quota_update AFTER UPDATE ON quota
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old, new)
	SELECT (SELECT name FROM editor), 'quota', 'update', old, new
	FROM (SELECT json_object('name', OLD.name, 'principal', OLD.principal, 'metric', OLD.metric, 'amount', OLD.amount, 'period', OLD.period,
			'per', OLD.per, 'counting', OLD.counting, 'on_exceed', OLD.on_exceed, 'suspend_for', OLD.suspend_for, 'mode', OLD.mode,
			'note', OLD.note) AS old,
		json_object('name', NEW.name, 'principal', NEW.principal, 'metric', NEW.metric, 'amount', NEW.amount, 'period', NEW.period,
			'per', NEW.per, 'counting', NEW.counting, 'on_exceed', NEW.on_exceed, 'suspend_for', NEW.suspend_for, 'mode', NEW.mode,
			'note', NEW.note) AS new) WHERE old <> new;
END;
CREATE TRIGGER history_quota_delete AFTER DELETE ON quota
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old)
	VALUES ((SELECT name FROM editor), 'quota', 'delete',
		json_object('name', OLD.name, 'principal', OLD.principal, 'metric', OLD.metric, 'amount', OLD.amount, 'period', OLD.period,
			'per', OLD.per, 'counting', OLD.counting, 'on_exceed', OLD.on_exceed, 'suspend_for', OLD.suspend_for, 'mode', OLD.mode,
			'note', OLD.note));
END;

CREATE TRIGGER history_pardon_replace BEFORE INSERT ON pardon BEGIN
	DELETE FROM replaced;
	INSERT INTO replaced SELECT json_object('login', login, 'at', at, 'note', note)
	FROM pardon WHERE login = NEW.login AND at = NEW.at;
END;
CREATE TRIGGER history_pardon_insert AFTER INSERT ON pardon
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old, new)
	SELECT (SELECT name FROM editor), 'pardon', iif(old IS NULL, 'insert', 'update'), old,
		json_object('login', NEW.login, 'at', NEW.at, 'note', NEW.note)
	FROM (SELECT (SELECT row FROM replaced) AS old);
END;
CREATE TRIGGER history_pardon_update AFTER UPDATE ON pardon
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old, new)
	SELECT (SELECT name FROM editor), 'pardon', 'update', old, new
	FROM (SELECT json_object('login', OLD.login, 'at', OLD.at, 'note', OLD.note) AS old,
		json_object('login', NEW.login, 'at', NEW.at, 'note', NEW.note) AS new) WHERE old <> new;
END;
CREATE TRIGGER history_pardon_delete AFTER DELETE ON pardon
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old)
	VALUES ((SELECT name FROM editor), 'pardon', 'delete',
		json_object('login', OLD.login, 'at', OLD.at, 'note', OLD.note));
END;

CREATE TRIGGER history_identity_replace BEFORE INSERT ON identity BEGIN
	DELETE FROM replaced;
	INSERT INTO replaced SELECT json_object('kind', kind, 'subject', subject, 'issuer', issuer, 'cidr', cidr, 'uid', uid, 'login', login, 'note', note)
	FROM identity WHERE kind = NEW.kind AND subject = NEW.subject AND issuer = NEW.issuer AND cidr = NEW.cidr AND uid = NEW.uid;
END;
CREATE TRIGGER history_identity_insert AFTER INSERT ON identity
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old, new)
	SELECT (SELECT name FROM editor), 'identity', iif(old IS NULL, 'insert', 'update'), old,
		json_object('kind', NEW.kind, 'subject', NEW.subject, 'issuer', NEW.issuer, 'cidr', NEW.cidr, 'uid', NEW.uid,
			'login', NEW.login, 'note', NEW.note)
	FROM (SELECT (SELECT row FROM replaced) AS old);
END;
CREATE TRIGGER history_identity_update AFTER UPDATE ON identity
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old, new)
	SELECT (SELECT name FROM editor), 'identity', 'update', old, new
	FROM (SELECT json_object('kind', OLD.kind, 'subject', OLD.subject, 'issuer', OLD.issuer, 'cidr', OLD.cidr, 'uid', OLD.uid,
			'login', OLD.login, 'note', OLD.note) AS old,
		json_object('kind', NEW.kind, 'subject', NEW.subject, 'issuer', NEW.issuer, 'cidr', NEW.cidr, 'uid', NEW.uid,
			'login', NEW.login, 'note', NEW.note) AS new) WHERE old <> new;
END;
CREATE TRIGGER history_identity_delete AFTER DELETE ON identity
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old)
	VALUES ((SELECT name FROM editor), 'identity', 'delete',
		json_object('kind', OLD.kind, 'subject', OLD.subject, 'issuer', OLD.issuer, 'cidr', OLD.cidr, 'uid', OLD.uid,
			'login', OLD.login, 'note', OLD.note));
END;

CREATE TRIGGER history_trusted_peer_replace BEFORE INSERT ON trusted_peer BEGIN
	DELETE FROM replaced;
	INSERT INTO replaced SELECT json_object('login', login, 'client', client, 'asserts', asserts, 'note', note)
	FROM trusted_peer WHERE login = NEW.login AND client = NEW.client AND asserts = NEW.asserts;
END;
CREATE TRIGGER history_trusted_peer_insert AFTER INSERT ON trusted_peer
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old, new)
	SELECT (SELECT name FROM editor), 'trusted_peer', iif(old IS NULL, 'insert', 'update'), old,
		json_object('login', NEW.login, 'client', NEW.client, 'asserts', NEW.asserts, 'note', NEW.note)
	FROM (SELECT (SELECT row FROM replaced) AS old);
END;
CREATE TRIGGER history_trusted_peer_update AFTER UPDATE ON trusted_peer
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old, new)
	SELECT (SELECT name FROM editor), 'trusted_peer', 'update', old, new
	FROM (SELECT json_object('login', OLD.login, 'client', OLD.client, 'asserts', OLD.asserts, 'note', OLD.note) AS old,
		json_object('login', NEW.login, 'client', NEW.client, 'asserts', NEW.asserts, 'note', NEW.note) AS new) WHERE old <> new;
END;
CREATE TRIGGER history_trusted_peer_delete AFTER DELETE ON trusted_peer
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old)
	VALUES ((SELECT name FROM editor), 'trusted_peer', 'delete',
		json_object('login', OLD.login, 'client', OLD.client, 'asserts', OLD.asserts, 'note', OLD.note));
END;

CREATE TRIGGER history_setting_replace BEFORE INSERT ON setting BEGIN
	DELETE FROM replaced;
	INSERT INTO replaced SELECT json_object('name', name, 'value', value)
	FROM setting WHERE name = NEW.name;
END;
CREATE TRIGGER history_setting_insert AFTER INSERT ON setting
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old, new)
	SELECT (SELECT name FROM editor), 'setting', iif(old IS NULL, 'insert', 'update'), old,
		json_object('name', NEW.name, 'value', NEW.value)
	FROM (SELECT (SELECT row FROM replaced) AS old);
END;
CREATE TRIGGER history_setting_update AFTER UPDATE ON setting
WHEN NOT EXISTS (SELECT 1 FROM editor WHERE bulk) BEGIN
	INSERT INTO history(editor, tbl, op, old, new)
	SELECT (SELECT name FROM editor), 'setting', 'update', old, new
	FROM (SELECT json_object('name', OLD.name, 'value', OLD.value) AS old,
		json_object('name', NEW.name, 'value', NEW.value) AS new) WHERE old <> new;
END;

-- What INSERT OR REPLACE may not lose.
CREATE TRIGGER principal_replace AFTER INSERT ON principal WHEN NEW.state = 'active' BEGIN
	SELECT RAISE(ABORT, 'this principal is suspended: to end that, UPDATE principal SET state = ''active'', suspended_until = NULL')
	FROM replaced WHERE row ->> 'state' = 'suspended';
END;
CREATE TRIGGER local_domain_replace AFTER INSERT ON local_domain WHEN NEW.owner IS NULL BEGIN
	SELECT RAISE(ABORT, 'this domain has an owner: to take the wall down, UPDATE local_domain SET owner = NULL')
	FROM replaced WHERE row ->> 'owner' IS NOT NULL;
END;
CREATE TRIGGER rule_replace AFTER INSERT ON rule BEGIN
	SELECT RAISE(ABORT, 'this seq is taken by another rule: UPDATE or DELETE that')
	FROM replaced;
END;

---- for people who look

-- What each login is: itself, its groups, @domain and everyone.  SELECT * FROM member WHERE login = 'alice'.
CREATE VIEW member(login, principal) AS
	SELECT name, name FROM principal WHERE kind = 'login'
	UNION ALL
	SELECT login, group_name FROM membership
	UNION ALL
	SELECT name, '@' || substr(name, 1 + length(rtrim(name, replace(name, '@', '')))) FROM principal
		WHERE kind = 'login' AND name LIKE '%@%'
	UNION ALL
	SELECT principal.name, '@' || value FROM principal, setting
		WHERE kind = 'login' AND principal.name NOT LIKE '%@%' AND setting.name = 'default_realm' AND value <> ''
	UNION ALL
	SELECT name, 'everyone' FROM principal WHERE kind = 'login';

-- What each login may send as today, and from which principal that comes.  Denies and owned domains may still forbid it: `authpolicy check` knows.
CREATE VIEW effective_grant AS
	SELECT login, address, scope, manner, valid_until, send_as.principal, origin, note
	FROM member JOIN send_as ON send_as.principal = member.principal COLLATE NOCASE
	WHERE (valid_from IS NULL OR valid_from <= strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
	AND (valid_until IS NULL OR iif(length(valid_until) = 10, valid_until || 'T23:59:59Z', valid_until) >= strftime('%Y-%m-%dT%H:%M:%SZ', 'now'));

-- Who is suspended by hand now.  Automatic suspensions are in `authpolicy status`.
CREATE VIEW suspended AS
	SELECT name, kind, suspended_until, suspended_why FROM principal
	WHERE state = 'suspended' AND (suspended_until IS NULL
	OR iif(length(suspended_until) = 10, suspended_until || 'T23:59:59Z', suspended_until) >= strftime('%Y-%m-%dT%H:%M:%SZ', 'now'));

-- Grants that end within 30 days.
CREATE VIEW expiring AS
	SELECT principal, address, scope, manner, valid_until, CAST(julianday(valid_until) - julianday('now', 'start of day') AS INTEGER) AS days, note
	FROM send_as
	WHERE valid_until BETWEEN date('now') AND date('now', '+30 days') || 'T23:59:59Z'
	ORDER BY valid_until;

-- The last 100 changes, newest first.
CREATE VIEW recent_change AS
	SELECT at, ifnull(editor, 'sqlite3') AS editor, tbl, op, old, new FROM history ORDER BY id DESC LIMIT 100;

-- Groups without members.
CREATE VIEW unused_group AS
	SELECT name, note FROM principal
	WHERE kind = 'group' AND name NOT IN ('everyone', 'anonymous') AND name NOT GLOB '@*'
	AND NOT EXISTS (SELECT 1 FROM membership WHERE group_name = principal.name);

PRAGMA user_version = 2;
