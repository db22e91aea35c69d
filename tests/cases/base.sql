-- The small firm most cases are about: two domains of its own, four people, one group.
UPDATE setting SET value = 'enforce' WHERE name = 'mode';
INSERT INTO local_domain (name) VALUES ('example.com'), ('example.org');
INSERT INTO principal (name, kind) VALUES
	('alice', 'login'), ('bob', 'login'), ('carol', 'login'), ('dave', 'login'),
	('sales', 'group');
INSERT INTO membership (group_name, login) VALUES ('sales', 'carol');
INSERT INTO send_as (principal, address) VALUES
	('alice', 'alice@example.com'),
	('bob', 'bob@example.com'),
	('carol', 'carol@example.com'),
	('sales', 'sales@example.com');
