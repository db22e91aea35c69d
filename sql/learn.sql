-- What `authpolicy learn` found in the records, in a database of its own that
-- is gone afterwards.  sql/propose.sql makes proposals of it.

-- How many messages a login sent.
CREATE TABLE sender (
	login    TEXT NOT NULL COLLATE NOCASE,
	messages INTEGER NOT NULL,
	PRIMARY KEY (login)
) WITHOUT ROWID;

-- An address that a login used without a grant: once a message and place.
CREATE TABLE used (
	message INTEGER NOT NULL,
	login   TEXT NOT NULL COLLATE NOCASE,
	form    TEXT NOT NULL,         -- canonical, or <>
	address TEXT NOT NULL,         -- what would cover it as its sub-address; else the same
	local   TEXT COLLATE NOCASE,   -- its local part, without a sub-address
	domain  TEXT,
	scope   TEXT NOT NULL,         -- envelope or header
	manner  TEXT NOT NULL,         -- as; on-behalf: beside an own Sender
	walled  INTEGER NOT NULL,      -- the domain is another's
	time    TEXT NOT NULL,
	client  TEXT
);

-- What was passed over and no grant can mend.
CREATE TABLE unmended (
	reason   TEXT NOT NULL,
	messages INTEGER NOT NULL,
	PRIMARY KEY (reason)
) WITHOUT ROWID;

-- A pair of login and address is proposed from so many messages on.
CREATE TABLE wanted (messages INTEGER NOT NULL);

CREATE TABLE proposal (
	login    TEXT NOT NULL COLLATE NOCASE,
	address  TEXT NOT NULL,
	local    TEXT COLLATE NOCASE,
	domain   TEXT,
	scope    TEXT NOT NULL,
	manner   TEXT NOT NULL,
	walled   INTEGER NOT NULL,
	count    INTEGER NOT NULL,     -- messages
	subs     INTEGER NOT NULL,     -- sub-addresses of it that were used
	first    TEXT NOT NULL,
	last     TEXT NOT NULL,
	clients  INTEGER NOT NULL,
	client   TEXT,                 -- one of them
	caution  TEXT,                 -- why somebody has to choose; NULL: nothing speaks against it
	set_name TEXT                  -- the group for all who share the address; NULL: none
);

-- Domains where anybody gets an address.
CREATE TABLE free_mail (domain TEXT PRIMARY KEY) WITHOUT ROWID;
INSERT INTO free_mail VALUES
	('126.com'), ('163.com'), ('aol.com'), ('free.fr'), ('freenet.de'), ('gmail.com'), ('gmx.at'), ('gmx.ch'), ('gmx.com'), ('gmx.de'),
	('gmx.net'), ('googlemail.com'), ('hotmail.com'), ('hotmail.fr'), ('icloud.com'), ('laposte.net'), ('libero.it'), ('live.com'),
	('mac.com'), ('mail.com'), ('mail.ru'), ('me.com'), ('msn.com'), ('o2.pl'), ('orange.fr'), ('outlook.com'), ('outlook.de'),
	('proton.me'), ('protonmail.com'), ('qq.com'), ('seznam.cz'), ('t-online.de'), ('web.de'), ('wp.pl'), ('yahoo.com'), ('yahoo.de'),
	('yahoo.fr'), ('yandex.com'), ('yandex.ru'), ('ymail.com'), ('zoho.com');
