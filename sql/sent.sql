-- What logins sent, for `authpolicy limit suggest`, in a database of its own
-- that is gone afterwards.  Times are seconds since 1970.

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

-- One row; no times when there is no message.
CREATE TABLE covered (
	messages INTEGER NOT NULL,
	first    INTEGER,
	last     INTEGER
);

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
