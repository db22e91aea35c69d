-- What logins sent, for `authpolicy limit suggest`, in a database of its own
-- that is gone afterwards.  Times are seconds since 1970.

CREATE TABLE sent (
	login      TEXT NOT NULL,
	at         INTEGER NOT NULL,
	messages   INTEGER NOT NULL,
	recipients INTEGER NOT NULL,
	fresh      INTEGER NOT NULL, -- recipients never written to before
	largest    INTEGER NOT NULL, -- recipients of one message
	PRIMARY KEY (login, at)
) WITHOUT ROWID;

-- When a login first wrote to an address.
CREATE TABLE written (
	login     TEXT NOT NULL,
	recipient TEXT NOT NULL,
	at        INTEGER NOT NULL,
	PRIMARY KEY (login, recipient)
) WITHOUT ROWID;

-- What is counted as distinct, and when it was used.
CREATE TABLE used (
	metric TEXT NOT NULL, -- senders or networks
	login  TEXT NOT NULL,
	value  TEXT NOT NULL,
	at     INTEGER NOT NULL,
	PRIMARY KEY (metric, login, value, at)
) WITHOUT ROWID;

-- The busiest window of each login; period 0: of one message.
CREATE TABLE busiest (
	metric TEXT NOT NULL,
	period INTEGER NOT NULL,
	login  TEXT NOT NULL,
	used   INTEGER NOT NULL,
	PRIMARY KEY (metric, period, login)
) WITHOUT ROWID;

-- Amounts that a person would choose.
CREATE TABLE sensible (amount INTEGER PRIMARY KEY);
INSERT INTO sensible
SELECT digits * scale / 10
FROM (SELECT column1 AS digits FROM
      (VALUES (10), (12), (15), (20), (25), (30), (40), (50), (60), (80))),
     (SELECT column1 AS scale FROM
      (VALUES (1), (10), (100), (1000), (10000), (100000), (1000000), (10000000)))
WHERE digits * scale % 10 = 0;

CREATE VIEW covered AS
SELECT ifnull(sum(messages), 0) AS messages, count(DISTINCT login) AS logins,
       strftime('%Y-%m-%dT%H:%M:%SZ', min(at), 'unixepoch') AS first,
       strftime('%Y-%m-%dT%H:%M:%SZ', max(at), 'unixepoch') AS last,
       max(at) - min(at) AS seconds
FROM sent;

-- Percentiles by nearest rank, over logins.
CREATE VIEW spread AS
SELECT metric, period,
       max(iif(place <= (logins * 50 + 99) / 100, used, 0)) AS p50,
       max(iif(place <= (logins * 95 + 99) / 100, used, 0)) AS p95,
       max(iif(place <= (logins * 99 + 99) / 100, used, 0)) AS p99,
       max(used) AS most
FROM (SELECT metric, period, used,
             row_number() OVER (PARTITION BY metric, period ORDER BY used) AS place,
             count(*) OVER (PARTITION BY metric, period) AS logins
      FROM busiest)
GROUP BY metric, period;
