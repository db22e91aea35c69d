-- Recipes for the plain shell: sqlite3 policy.db.  Each works as printed, and the running daemon follows within a second.
-- All of them run in this order in a new database.

-- Domains we receive mail for.
INSERT INTO local_domain(name) VALUES ('example.com'), ('example.org');

-- A useful start: everyone may send as the address that is the login, or login@example.com for a login without domain.
INSERT INTO send_as(principal, address) VALUES ('everyone', '{login}'), ('everyone', '{user}@example.com');

-- New people.
INSERT INTO principal(name, kind) VALUES ('alice', 'login'), ('bob', 'login'), ('carol@tenant.example', 'login'), ('ceo', 'login'), ('scanner', 'login'), ('crm', 'login');

-- A group and its members.
INSERT INTO principal(name, kind) VALUES ('staff', 'group'), ('helpdesk', 'group');
INSERT INTO membership(group_name, login) VALUES ('staff', 'alice'), ('staff', 'bob'), ('helpdesk', 'bob');

-- One more address for alice.
INSERT INTO send_as(principal, address) VALUES ('alice', 'alice.smith@example.com');

-- A role address for a group.
INSERT INTO send_as(principal, address) VALUES ('helpdesk', 'info@example.com');

-- All addresses dev-… of a domain; all of a domain; all of its subdomains.
INSERT INTO send_as(principal, address) VALUES ('bob', 'dev-*@example.com'), ('crm', '@example.org'), ('crm', '@.example.org');

-- A grant that ends by itself (the last day is included), and what ends within 30 days.
INSERT INTO send_as(principal, address, valid_from, valid_until) VALUES ('bob', 'sales@example.com', '2026-07-01', '2026-08-31');
SELECT * FROM expiring;

-- An assistant writes on behalf of the boss: From: ceo@, Sender: her own address.
INSERT INTO send_as(principal, address, scope, manner) VALUES ('alice', 'ceo@example.com', 'header', 'on-behalf');

-- What may bob send as, and why?
SELECT * FROM effective_grant WHERE login = 'bob';

-- Take a grant back.
DELETE FROM send_as WHERE principal = 'bob' AND address = 'sales@example.com';

-- Nobody but the login granted exactly this address may use it, not even by @example.com or *.
INSERT INTO deny_as(principal, address, note) VALUES ('everyone', 'ceo@example.com', 'ask the office');
INSERT INTO send_as(principal, address) VALUES ('ceo', 'ceo@example.com');

-- The wall between tenants: only logins of tenant.example may use its addresses, whatever else is granted.
INSERT INTO local_domain(name, owner) VALUES ('tenant.example', '@tenant.example');

-- Stop one login now; and let it go on.
UPDATE principal SET state = 'suspended', suspended_why = 'stolen password' WHERE name = 'alice';
UPDATE principal SET state = 'active', suspended_until = NULL WHERE name = 'alice';

-- Stop a group until the end of a day; who is suspended?  End it.
UPDATE principal SET state = 'suspended', suspended_until = '2026-12-31' WHERE name = 'helpdesk';
SELECT * FROM suspended;
UPDATE principal SET state = 'active', suspended_until = NULL WHERE name = 'helpdesk';

-- Forgive an automatic suspension.
INSERT INTO pardon(login, note) VALUES ('bob', 'password changed');

-- Enforce for one group while the rest is only watched; later for all; and back.
UPDATE principal SET mode = 'enforce' WHERE name = 'staff';
UPDATE setting SET value = 'enforce' WHERE name = 'mode';
UPDATE setting SET value = 'monitor' WHERE name = 'mode';

-- Only logins we know, of our own domains.
UPDATE setting SET value = 'reject' WHERE name = 'unknown_login';
UPDATE setting SET value = 'example.com tenant.example' WHERE name = 'realms';

-- The scanner, without a password: known by its address, bound to one sender and to recipients of our own.
INSERT INTO identity(kind, cidr, login) VALUES ('network', '192.0.2.7', 'scanner');
INSERT INTO send_as(principal, address) VALUES ('scanner', 'scanner@example.com');
INSERT INTO rule(seq, principal, recipient, verdict, reply) VALUES (10, 'scanner', '!@example.com', 'reject', '550 5.7.1 The scanner sends to example.com only');

-- The CRM only from its network, only with TLS 1.2 or better.
INSERT INTO network(name, cidr) VALUES ('servers', '198.51.100.0/24'), ('servers', '2001:db8::/64');
INSERT INTO rule(seq, principal, client, verdict) VALUES (20, 'crm', '!servers', 'reject');
INSERT INTO rule(seq, principal, tls, verdict) VALUES (30, 'crm', '!1.2', 'reject');

-- Office hours for staff, first only watched.
INSERT INTO rule(seq, principal, hours, verdict, mode) VALUES (40, 'staff', '!Mon-Fri 07:00-19:00', 'tempfail', 'monitor');

-- Mail to some partners is held for review.
INSERT INTO address_set(name, pattern) VALUES ('partners', '@partner.example'), ('partners', 'orders@shop.example');
INSERT INTO rule(seq, recipient, verdict) VALUES (50, 'partners', 'hold');

-- Move a rule.
UPDATE rule SET seq = 5 WHERE seq = 50;

-- 200 messages an hour for each login; more for the CRM; 500 recipients nobody knew before end in a suspension; 100 recipients a message.
INSERT INTO quota(name, principal, metric, amount, period) VALUES ('hourly', 'everyone', 'messages', 200, '1h'), ('hourly crm', 'crm', 'messages', 5000, '1h');
INSERT INTO quota(name, principal, metric, amount, period, on_exceed, suspend_for) VALUES ('new people', 'everyone', 'new_recipients', 500, '1d', 'suspend', '2d');
INSERT INTO quota(name, principal, metric, amount, on_exceed) VALUES ('per message', 'everyone', 'recipients_per_message', 100, 'reject');

-- Our list server says for whom it sends (AUTH=) and is believed for our domain.
INSERT INTO trusted_peer(login, client, asserts) VALUES ('crm', 'servers', '@example.com');

-- Alice gets a new name; all her rows follow.
UPDATE principal SET name = 'alicia' WHERE name = 'alice';

-- Somebody leaves; all rows go too.
DELETE FROM principal WHERE name = 'carol@tenant.example';

-- What was changed lately?  Forget what is old.
SELECT * FROM recent_change LIMIT 10;
DELETE FROM history WHERE at < date('now', '-1 year');
