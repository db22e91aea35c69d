-- What an import works with, beside the policy, in the transaction that changes it: what the file wants, and views that compare.
-- A row belongs to its origin: only rows of the origin of this import are changed or removed, whatever else the file says.

PRAGMA temp.cache_size = -100000;
PRAGMA main.cache_size = -100000;

CREATE TEMP TABLE job (
	origin TEXT,                    -- of the rows that are made
	exact  INTEGER NOT NULL         -- rows of the origin that the file does not have go
);

-- One row for each that is wanted, under the key it has in its table.
CREATE TEMP TABLE wanted (
	tbl         TEXT NOT NULL,
	name        TEXT NOT NULL COLLATE NOCASE,               -- the first column of the key
	other       TEXT NOT NULL COLLATE NOCASE DEFAULT '',    -- the second
	scope       TEXT NOT NULL DEFAULT '',
	manner      TEXT NOT NULL DEFAULT '',
	kind        TEXT,               -- of a principal
	valid_from  TEXT,
	valid_until TEXT,
	note        TEXT,
	implied     INTEGER NOT NULL DEFAULT 0, -- a login that another row needs: if there, it is as it should be
	line        INTEGER NOT NULL,
	PRIMARY KEY (tbl, name, other, scope, manner)
) WITHOUT ROWID;

-- add; change; same; left: there with other values, but of another origin.
CREATE TEMP VIEW plan(op, tbl, name, other, scope, manner, kind, valid_from, valid_until, note, line) AS
	SELECT CASE WHEN p.name IS NULL THEN 'add' WHEN p.origin IS NOT job.origin OR implied OR p.note IS w.note THEN 'same' ELSE 'change' END,
		tbl, w.name, other, scope, manner, w.kind, valid_from, valid_until, w.note, line
	FROM job, wanted AS w LEFT JOIN principal AS p ON p.name = w.name
	WHERE tbl = 'principal'
	UNION ALL
	SELECT iif(m.login IS NULL, 'add', 'same'), tbl, name, other, scope, manner, kind, valid_from, valid_until, note, line
	FROM wanted LEFT JOIN membership AS m ON m.group_name = name AND m.login = other
	WHERE tbl = 'membership'
	UNION ALL
	SELECT CASE WHEN s.principal IS NULL THEN 'add'
		WHEN s.valid_from IS w.valid_from AND s.valid_until IS w.valid_until AND (s.note IS w.note OR s.origin IS NOT job.origin) THEN 'same'
		WHEN s.origin IS job.origin THEN 'change' ELSE 'left' END,
		tbl, w.name, w.other, w.scope, w.manner, kind, w.valid_from, w.valid_until, w.note, line
	FROM job, wanted AS w LEFT JOIN send_as AS s
		ON s.principal = w.name AND s.address = w.other AND s.scope = w.scope AND s.manner = w.manner
	WHERE tbl = 'send_as'
	UNION ALL
	SELECT iif(d.name IS NULL, 'add', 'same'), tbl, w.name, other, scope, manner, kind, valid_from, valid_until, note, line
	FROM wanted AS w LEFT JOIN local_domain AS d ON d.name = w.name
	WHERE tbl = 'local_domain'
	UNION ALL
	SELECT iif(n.name IS NULL, 'add', 'same'), tbl, w.name, other, scope, manner, kind, valid_from, valid_until, note, line
	FROM wanted AS w LEFT JOIN network AS n ON n.name = w.name AND n.cidr = w.other
	WHERE tbl = 'network';

-- remove; keep: a principal that has what is not of this origin, which would go with it.
CREATE TEMP VIEW gone(op, tbl, name, other, scope, manner, kind) AS
	SELECT 'remove', 'send_as', principal, address, s.scope, s.manner, NULL
	FROM job JOIN send_as AS s ON s.origin = job.origin
	WHERE exact AND NOT EXISTS (SELECT 1 FROM wanted AS w
		WHERE tbl = 'send_as' AND w.name = principal AND other = address AND w.scope = s.scope AND w.manner = s.manner)
	UNION ALL
	SELECT 'remove', 'membership', group_name, login, '', '', NULL
	FROM job JOIN membership AS m ON m.origin = job.origin
	WHERE exact AND NOT EXISTS (SELECT 1 FROM wanted WHERE tbl = 'membership' AND name = group_name AND other = login)
	UNION ALL
	SELECT iif(state = 'suspended' OR mode IS NOT NULL OR originators IS NOT NULL
		OR EXISTS (SELECT 1 FROM send_as WHERE principal = p.name AND origin IS NOT job.origin)
		OR EXISTS (SELECT 1 FROM membership WHERE group_name = p.name AND origin IS NOT job.origin)
		OR EXISTS (SELECT 1 FROM membership WHERE login = p.name AND origin IS NOT job.origin)
		OR EXISTS (SELECT 1 FROM deny_as WHERE principal = p.name)
		OR EXISTS (SELECT 1 FROM local_domain WHERE owner = p.name)
		OR EXISTS (SELECT 1 FROM rule WHERE principal = p.name)
		OR EXISTS (SELECT 1 FROM rule WHERE principal = '!' || p.name)
		OR EXISTS (SELECT 1 FROM quota WHERE principal = p.name)
		OR EXISTS (SELECT 1 FROM identity WHERE login = p.name)
		OR EXISTS (SELECT 1 FROM trusted_peer WHERE login = p.name)
		OR EXISTS (SELECT 1 FROM pardon WHERE login = p.name), 'keep', 'remove'),
		'principal', p.name, '', '', '', p.kind
	FROM job JOIN principal AS p ON p.origin = job.origin
	WHERE exact AND NOT EXISTS (SELECT 1 FROM wanted AS w WHERE tbl = 'principal' AND w.name = p.name)
	UNION ALL
	SELECT 'remove', 'network', n.name, cidr, '', '', NULL
	FROM job JOIN network AS n ON n.name = 'mynetworks'
	WHERE exact AND job.origin = 'postfix-main' AND NOT EXISTS (SELECT 1 FROM wanted AS w WHERE tbl = 'network' AND w.name = n.name AND other = cidr);

-- Who will be there.
CREATE TEMP VIEW known(name, kind) AS
	SELECT name, kind FROM wanted WHERE tbl = 'principal'
	UNION ALL
	SELECT name, kind FROM job, principal WHERE NOT exact OR principal.origin IS NOT job.origin;

-- What cannot be, by line.
CREATE TEMP VIEW conflict(line, text) AS
	SELECT line, w.name || ' is a ' || p.kind || ' in the policy, and a ' || w.kind || ' here'
	FROM wanted AS w JOIN principal AS p ON p.name = w.name AND p.kind <> w.kind
	WHERE tbl = 'principal'
	UNION ALL
	SELECT line, 'there is no group ' || w.name || ': it needs a line of its own, group,' || w.name
	FROM wanted AS w
	WHERE tbl = 'membership' AND NOT EXISTS (SELECT 1 FROM known AS k WHERE k.name = w.name AND k.kind = 'group')
	UNION ALL
	SELECT line, 'there is no login ' || other || ': it needs a line of its own, login,' || other
	FROM wanted
	WHERE tbl = 'membership' AND NOT EXISTS (SELECT 1 FROM known AS k WHERE k.name = other AND k.kind = 'login')
	UNION ALL
	SELECT line, 'there is no login or group ' || w.name || ': it needs a line of its own, login,' || w.name
	FROM wanted AS w
	WHERE tbl = 'send_as' AND w.name NOT GLOB '@*' AND NOT EXISTS (SELECT 1 FROM known AS k WHERE k.name = w.name);

-- What is to be done, as compared before anything is changed; the columns of plan.
CREATE TEMP TABLE step (op, tbl, name, other, scope, manner, kind, valid_from, valid_until, note, line);

-- For people: a line for each row that is added, changed or removed.
CREATE TEMP VIEW difference(op, word, text) AS
	SELECT op, word, CASE op WHEN 'add' THEN '+ ' WHEN 'change' THEN '~ ' ELSE '- ' END || word || ' ' || name
		|| iif(other <> '', ' ' || other, '') || iif(scope IN ('envelope', 'header'), ' ' || scope, '')
		|| iif(manner = 'on-behalf', ' on behalf', '') || ifnull(' from ' || valid_from, '')
		|| ifnull(' until ' || valid_until, '') || ifnull(' (' || note || ')', '')
	FROM (SELECT *, CASE tbl WHEN 'principal' THEN kind WHEN 'membership' THEN 'member' WHEN 'send_as' THEN 'grant'
		WHEN 'local_domain' THEN 'domain' ELSE tbl END AS word FROM step);

---- tables of Postfix

-- The keys, and on which line they are.
CREATE TEMP TABLE map_key (key TEXT NOT NULL COLLATE NOCASE, line INTEGER NOT NULL, PRIMARY KEY (key)) WITHOUT ROWID;

-- Virtual aliases: an address or @d, and one of those behind it, an address or a name.
CREATE TEMP TABLE alias (
	key    TEXT NOT NULL COLLATE NOCASE,
	target TEXT NOT NULL COLLATE NOCASE,
	line   INTEGER NOT NULL,
	PRIMARY KEY (key, target)
) WITHOUT ROWID;

-- Who is behind an address in the end: not another alias, unless of itself.
CREATE TEMP VIEW alias_leaf(key, target, line) AS
	WITH RECURSIVE reach(key, target, line) AS (
		SELECT key, target, line FROM alias
		UNION
		SELECT reach.key, alias.target, reach.line FROM reach JOIN alias ON alias.key = reach.target
	)
	SELECT key, target, line FROM reach
	WHERE NOT EXISTS (SELECT 1 FROM alias WHERE alias.key = reach.target)
	OR EXISTS (SELECT 1 FROM alias WHERE alias.key = reach.target AND alias.target = reach.target);
