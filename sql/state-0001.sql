-- The state database of authpolicyd: what was counted for limits, and whom limits suspended.  The daemon makes and writes it; it is no place for
-- policy.  Look at it with `sqlite3 state.db "SELECT * FROM suspension"`; to end a suspension early, use `authpolicy resume`.
--
-- Rows are added and deleted, never changed: what happened in a second is one posting for each shard of the ledger; now and then a shard is written
-- as a whole, its snapshot, and its postings are deleted in the same transaction.  The bytes are described in policy/posting.h; in
-- which shard an account is follows from its name (policy/build.h, build_hash) and must not change without a new version here.

PRAGMA application_id = 0x41755073;     -- "AuPs"

-- The key of all fingerprints.  A file without this row is empty.
CREATE TABLE ledger_key (
	id  INTEGER PRIMARY KEY CHECK (id = 1),
	key BLOB NOT NULL CHECK (length(key) = 16)
) STRICT;

CREATE TABLE snapshot (
	shard INTEGER PRIMARY KEY CHECK (shard BETWEEN 0 AND 255),
	data  BLOB NOT NULL
) STRICT;

-- What came after the snapshot, in the order of id.
CREATE TABLE posting (
	id    INTEGER PRIMARY KEY,
	shard INTEGER NOT NULL CHECK (shard BETWEEN 0 AND 255),
	data  BLOB NOT NULL
) STRICT;
CREATE INDEX posting_shard ON posting (shard);

-- Times are UTC like 2026-12-31T18:00:00Z.  Rows that are long over are deleted.
CREATE TABLE suspension (
	id         INTEGER PRIMARY KEY,
	principal  TEXT NOT NULL,       -- in lower case
	limit_name TEXT NOT NULL,       -- quota.name
	why        TEXT NOT NULL,
	since      TEXT NOT NULL,       -- the message that exceeded the limit; a pardon from then on voids it
	until      TEXT NOT NULL,       -- the last second of it
	committed  TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
) STRICT;
CREATE UNIQUE INDEX suspension_once ON suspension (principal, limit_name, since, until);

PRAGMA user_version = 1;
