-- What `authpolicy limit suggest` proposes.  Run when the tables of sent.sql
-- are full.

-- Senders of nothing but the null sender, and the like.
INSERT OR IGNORE INTO busiest
SELECT metric, period, login, 0
FROM (SELECT DISTINCT metric, period FROM busiest),
     (SELECT DISTINCT login FROM busiest);

-- A limit for everyone, above the 99th percentile.  Of windows that the log
-- does not fill nothing can be said: amount is NULL.
CREATE TABLE proposal AS
SELECT metric, period,
       iif(period % 86400 = 0, (period / 86400) || 'd', (period / 3600) || 'h') AS length,
       p50, p95, p99, most,
       iif(period <= (SELECT last - first FROM covered),
           (SELECT min(sensible.amount) FROM sensible WHERE sensible.amount > p99
            AND (metric NOT IN ('senders', 'networks') OR sensible.amount <= 1000)),
           NULL) AS amount
FROM spread;

-- Who would have exceeded it, and what would be enough.
CREATE TABLE beyond AS
SELECT proposal.metric, proposal.period, login, used,
       (SELECT min(sensible.amount) FROM sensible WHERE sensible.amount > used
        AND (proposal.metric NOT IN ('senders', 'networks') OR sensible.amount <= 1000)) AS amount
FROM proposal JOIN busiest USING (metric, period)
WHERE used > proposal.amount;
CREATE INDEX beyond_of ON beyond (metric, period);
