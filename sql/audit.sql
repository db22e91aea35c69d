-- The audit log as a table, for `authpolicy report` and its like: made anew,
-- in a database of its own, each time.

-- One row a record.  Text from clients is as it came.
CREATE TABLE record (
	time       TEXT NOT NULL, -- RFC 3339, UTC, with microseconds
	ref        TEXT,
	stage      TEXT,          -- mail, rcpt, eom, abort
	verdict    TEXT NOT NULL, -- accept, reject, tempfail, hold
	reason     TEXT,
	would      TEXT,          -- the first reason passed over
	row        TEXT,
	login      TEXT COLLATE NOCASE,
	sender     TEXT,
	repeated   INTEGER NOT NULL, -- how many refusals it stands for, 1 at least
	limits     TEXT, -- JSON, as the next; NULL: empty, or not there
	suspension TEXT
);

-- What an INSERT ... SELECT of values selects from.
CREATE TABLE one_row (yes INTEGER NOT NULL);
INSERT INTO one_row VALUES (1);

-- What a report is about.
CREATE TABLE asked (
	since  TEXT NOT NULL, -- as `time` is compared with
	until  TEXT NOT NULL, -- not included
	step   TEXT NOT NULL, -- day or week
	nobody TEXT           -- stands for no login
);
