-- From what logins used to what is proposed.  The policy is attached as `policy`.

-- Who used an address with several sub-addresses gets the address, which covers them; one alone is granted as it is.
UPDATE used SET address = form WHERE address <> form AND (login, address) IN
	(SELECT login, address FROM used GROUP BY login, address HAVING count(DISTINCT form) = 1);

INSERT INTO proposal(login, address, local, domain, scope, manner, walled, count, subs, first, last, clients, client)
	SELECT login, address, local, domain,
		CASE WHEN min(manner) = 'on-behalf' THEN 'header' WHEN min(scope) = max(scope) THEN min(scope) ELSE 'any' END,
		min(manner), max(walled), count(DISTINCT message), count(DISTINCT nullif(form, address)), min(time), max(time), count(DISTINCT client), min(client)
	FROM used GROUP BY login, address HAVING count(DISTINCT message) >= (SELECT messages FROM wanted);

-- Another login whose own address it may be: it is its name, or has its name before the @.  Known are logins with a row and those that sent.
CREATE TABLE other_owner (proposal INTEGER, name TEXT COLLATE NOCASE);
INSERT INTO other_owner
	SELECT proposal.rowid, principal.name FROM proposal JOIN policy.principal ON principal.name IN (address, local)
	WHERE kind = 'login'
	UNION ALL
	SELECT proposal.rowid, sender.login FROM proposal JOIN sender ON sender.login IN (address, local)
	UNION ALL
	-- between `@` and `A` is nothing, but case is folded to `a`: the last term looks again
	SELECT proposal.rowid, principal.name FROM proposal JOIN policy.principal
	ON principal.name >= local || '@' AND principal.name < local || 'a' AND substr(principal.name, length(local) + 1, 1) = '@'
	WHERE kind = 'login'
	UNION ALL
	SELECT proposal.rowid, sender.login FROM proposal JOIN sender
	ON sender.login >= local || '@' AND sender.login < local || 'a' AND substr(sender.login, length(local) + 1, 1) = '@';

-- With default_realm a login is known with its realm, and may have its row without.
CREATE TABLE realm (name TEXT NOT NULL);
INSERT INTO realm SELECT value FROM policy.setting WHERE name = 'default_realm';
DELETE FROM other_owner WHERE EXISTS (SELECT 1 FROM proposal, realm WHERE proposal.rowid = proposal
	AND login IN (other_owner.name, other_owner.name || '@' || realm.name));
CREATE INDEX other_owner_proposal ON other_owner (proposal);

-- Whom an address, or the one it is a sub-address of, is granted to by name.
CREATE TABLE named (address TEXT COLLATE NOCASE, principal TEXT COLLATE NOCASE, kind TEXT);
INSERT INTO named SELECT address, principal, kind FROM policy.send_as JOIN policy.principal ON name = principal
	WHERE address IN (SELECT address FROM proposal UNION SELECT local || '@' || domain FROM proposal);
CREATE INDEX named_address ON named (address);
CREATE TABLE granted_to_other (proposal INTEGER PRIMARY KEY, address TEXT, principal TEXT);
INSERT OR IGNORE INTO granted_to_other
	SELECT proposal.rowid, named.address, principal FROM proposal
	JOIN named ON named.address IN (proposal.address, local || '@' || domain), realm
	WHERE kind = 'login' AND login NOT IN (principal, principal || '@' || realm.name)
	ORDER BY named.address <> proposal.address, principal;

CREATE TABLE busy (login TEXT COLLATE NOCASE PRIMARY KEY, addresses INTEGER) WITHOUT ROWID;
INSERT INTO busy SELECT login, count(DISTINCT address) FROM used GROUP BY login HAVING count(DISTINCT address) >= 10;

UPDATE proposal SET caution = CASE
	WHEN walled THEN 'only ' || ifnull((SELECT owner FROM policy.local_domain WHERE name = proposal.domain), 'another')
		|| ' may use addresses of ' || domain || ': a grant has no effect'
	WHEN domain IN (SELECT domain FROM free_mail) THEN 'anybody can have an address at ' || domain
	WHEN domain COLLATE NOCASE NOT IN (SELECT name FROM policy.local_domain) THEN domain || ' is no domain of yours'
	WHEN rowid IN (SELECT proposal FROM other_owner) THEN
		address || ' may be the own address of ' || (SELECT min(name) FROM other_owner WHERE proposal = proposal.rowid)
	WHEN rowid IN (SELECT proposal FROM granted_to_other) THEN
		(SELECT other.address || ' is granted by name to ' || principal FROM granted_to_other AS other WHERE other.proposal = proposal.rowid)
	WHEN login NOT LIKE '%@' || domain AND login LIKE '%@%' THEN
		login || ' is not of ' || domain || ': where customers share a server, that is another''s'
	WHEN login IN (SELECT login FROM busy) THEN login || ' used ' || (SELECT addresses FROM busy WHERE busy.login = proposal.login)
		|| ' addresses without a grant: a stolen password, or a program that sends for many'
	END;

-- An address that three or more share is for a group; addresses that the same logins share are for the same group.
CREATE TABLE shared (address TEXT PRIMARY KEY, logins TEXT, count INTEGER) WITHOUT ROWID;
INSERT INTO shared
	SELECT address, group_concat(login, char(10)), sum(count)
	FROM (SELECT * FROM proposal WHERE caution IS NULL AND manner = 'as' AND domain IS NOT NULL ORDER BY login)
	GROUP BY address HAVING count(*) >= 3 AND length(address) <= 200;
UPDATE proposal SET set_name = (SELECT 'senders of ' || main.address FROM shared JOIN shared AS main USING (logins)
	WHERE shared.address = proposal.address ORDER BY main.count DESC, main.address LIMIT 1)
WHERE caution IS NULL AND manner = 'as' AND address IN (SELECT address FROM shared);
CREATE INDEX proposal_set_name ON proposal (set_name);
