-- What the header cases add to the firm of base.sql: alice has many addresses, some of them only in part.
INSERT INTO local_domain (name) VALUES ('team.example'), ('bücher.example');
INSERT INTO principal (name, kind) VALUES ('root', 'login');
INSERT INTO send_as (principal, address) VALUES
	('root', '*'),
	('alice', 'alice.smith@example.com'),
	('alice', 'shop@example.org'),
	('alice', 'kate@example.com'),
	('alice', 'info@bücher.example'),
	('alice', 'müller@example.com'),
	('alice', '"al ice"@example.com'),
	('alice', '@team.example'),
	('bob', 'alice+bob@example.com');
INSERT INTO send_as (principal, address, scope, manner) VALUES
	('alice', 'header@example.com', 'header', 'as'),
	('alice', 'envelope@example.com', 'envelope', 'as'),
	('alice', 'boss@example.com', 'header', 'on-behalf'),
	('alice', '@board.example', 'header', 'on-behalf');
INSERT INTO deny_as (principal, address) VALUES ('alice', 'ceo@team.example'), ('alice', 'chair@board.example');
