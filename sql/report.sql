-- What `authpolicy report` counts, of the records of one period.  Run behind
-- audit.sql, when `record` is full and `asked` has its row.

-- Records by what is counted.  The verdict is abort where a message was not
-- delivered; what it was refused for has records of its own.
CREATE TABLE tally (
	period     TEXT NOT NULL, -- the day, or the Monday of the week
	login      TEXT COLLATE NOCASE,
	verdict    TEXT NOT NULL,
	reason     TEXT,
	would      TEXT,          -- of accepted messages
	limit_name TEXT,          -- that refused
	count      INTEGER NOT NULL,
	last       TEXT NOT NULL, -- time
	ref        TEXT           -- of that one
);
INSERT INTO tally
SELECT iif(step = 'week', date(substr(time, 1, 10), 'weekday 0', '-6 days'),
           substr(time, 1, 10)),
       login,
       iif(stage = 'abort', 'abort', verdict),
       iif(stage = 'abort', NULL, reason),
       iif(verdict = 'accept' AND stage <> 'abort', would, NULL),
       iif(reason = 'limit-exceeded' AND row GLOB 'quota(*)',
           substr(row, 7, length(row) - 7), NULL),
       sum(repeated), max(time), ref
FROM record, asked
WHERE time >= since AND time < until
GROUP BY 1, 2, 3, 4, 5, 6;

-- The sender addresses of delivered messages, by login; first used when, as
-- far as there are records.
CREATE TABLE sender_use (
	login    TEXT NOT NULL COLLATE NOCASE,
	sender   TEXT NOT NULL,
	first    TEXT NOT NULL,
	messages INTEGER NOT NULL -- in the period
);
INSERT INTO sender_use
SELECT login, sender, min(time), sum(time >= since)
FROM record, asked
WHERE time < until AND stage = 'eom' AND verdict IN ('accept', 'hold')
  AND login IS NOT NULL AND sender <> '<>'
GROUP BY 1, 2;

CREATE VIEW covered AS
SELECT count(*) AS records, min(time) AS first, max(time) AS last
FROM record, asked WHERE time >= since AND time < until;

CREATE VIEW total AS
SELECT ifnull(sum(iif(verdict = 'accept', count, 0)), 0) AS accepted,
       ifnull(sum(iif(verdict = 'hold', count, 0)), 0) AS held,
       ifnull(sum(iif(verdict = 'reject', count, 0)), 0) AS rejected,
       ifnull(sum(iif(verdict = 'tempfail', count, 0)), 0) AS tempfailed,
       ifnull(sum(iif(would IS NOT NULL, count, 0)), 0) AS passed_over,
       ifnull(sum(iif(verdict = 'abort', count, 0)), 0) AS aborted,
       count(DISTINCT login) AS logins,
       (SELECT count(*) FROM new_senders) AS new_senders
FROM tally;

-- Backwards from the last period, those without records too.
CREATE TABLE periods AS
WITH RECURSIVE span(period) AS (
	SELECT max(period) FROM tally
	UNION ALL
	SELECT date(period, iif(step = 'week', '-7 days', '-1 day'))
	FROM span, asked
	WHERE period > (SELECT min(period) FROM tally)
	LIMIT 366),
news(period, count) AS (
	SELECT iif(step = 'week', date(substr(first, 1, 10), 'weekday 0', '-6 days'),
	           substr(first, 1, 10)), count(*)
	FROM sender_use, asked WHERE first >= since
	GROUP BY 1)
SELECT period,
       sum(iif(verdict = 'accept', tally.count, 0)) AS accepted,
       sum(iif(verdict = 'hold', tally.count, 0)) AS held,
       sum(iif(verdict = 'reject', tally.count, 0)) AS rejected,
       sum(iif(verdict = 'tempfail', tally.count, 0)) AS tempfailed,
       sum(iif(would IS NOT NULL, tally.count, 0)) AS passed_over,
       sum(iif(verdict = 'abort', tally.count, 0)) AS aborted,
       count(DISTINCT login) AS logins,
       ifnull((SELECT count FROM news WHERE news.period = span.period), 0)
           AS new_senders
FROM span LEFT JOIN tally USING (period)
WHERE period IS NOT NULL
GROUP BY period;

CREATE VIEW reasons AS
SELECT reason, sum(refused) AS refused, sum(held) AS held,
       sum(passed_over) AS passed_over, count(DISTINCT login) AS logins
FROM (SELECT reason, iif(verdict <> 'hold', count, 0) AS refused,
             iif(verdict = 'hold', count, 0) AS held, 0 AS passed_over, login
      FROM tally WHERE reason IS NOT NULL
      UNION ALL
      SELECT would, 0, 0, count, login FROM tally WHERE would IS NOT NULL)
GROUP BY reason
ORDER BY sum(refused) + sum(passed_over) + sum(held) DESC, reason;

CREATE VIEW logins AS
SELECT login, sum(iif(verdict IN ('accept', 'hold'), count, 0)) AS messages,
       sum(iif(verdict IN ('reject', 'tempfail'), count, 0)) AS refused,
       sum(iif(would IS NOT NULL, count, 0)) AS passed_over
FROM tally WHERE login IS NOT NULL
GROUP BY login
HAVING messages > 0
ORDER BY messages DESC, login;

-- With the most frequent reason, and the last reference.
CREATE VIEW refusals AS
SELECT ifnull(login, nobody) AS login, refused, reason, times,
       substr(last, 1, 19) || 'Z' AS last, ref
FROM (SELECT login, reason, times, sum(times) OVER whole AS refused,
             max(last) OVER whole AS last,
             first_value(ref) OVER (PARTITION BY login ORDER BY last DESC) AS ref,
             row_number() OVER (PARTITION BY login ORDER BY times DESC, reason) AS rank
      FROM (SELECT login, reason, sum(count) AS times, max(last) AS last, ref
            FROM tally WHERE verdict IN ('reject', 'tempfail')
            GROUP BY login, reason)
      WINDOW whole AS (PARTITION BY login)), asked
WHERE rank = 1
ORDER BY refused DESC, login;

-- How near a login came to a limit, and how often it was refused by it; which
-- one is not told of refusals that are told together.
CREATE VIEW limits AS
SELECT name AS "limit", ifnull(login, nobody) AS login, max(percent) AS percent, used, amount, sum(refused) AS refused
FROM (SELECT limit_name AS name, login, NULL AS percent, NULL AS used,
             NULL AS amount, count AS refused
      FROM tally WHERE reason = 'limit-exceeded' AND limit_name IS NOT NULL
      UNION ALL
      SELECT name, login, CAST(100.0 * used / amount AS INTEGER), used, amount, 0
      FROM (SELECT iif(type = 'object', raw(value ->> '$.limit'), NULL) AS name,
                   login,
                   iif(type = 'object', CAST(value ->> '$.used' AS INTEGER), NULL) AS used,
                   iif(type = 'object', CAST(value ->> '$.amount' AS INTEGER), NULL) AS amount
            FROM record, asked, json_each(limits)
            WHERE limits IS NOT NULL AND time >= since AND time < until)
      WHERE name IS NOT NULL AND used >= 0 AND amount > 0), asked
GROUP BY name, login
ORDER BY max(percent) DESC NULLS LAST, sum(refused) DESC, name, login;

-- Each once, though the end of its message tells it again.
CREATE VIEW suspensions AS
SELECT principal, "limit", at, until, ref
FROM (SELECT raw(suspension ->> '$.principal') AS principal,
             raw(suspension ->> '$.limit') AS "limit",
             raw(suspension ->> '$.at') AS at,
             raw(suspension ->> '$.until') AS until, ref, min(time) AS time
      FROM record, asked
      WHERE suspension IS NOT NULL AND time >= since AND time < asked.until
      GROUP BY 1, 2, 3, 4)
ORDER BY time DESC;

CREATE VIEW new_senders AS
SELECT substr(first, 1, 19) || 'Z' AS first, login, sender, messages
FROM sender_use, asked WHERE first >= since
ORDER BY first DESC, login, sender;

