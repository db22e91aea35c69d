"""Policies of any size: N logins with three grants each, 200 rules, 8 limits, mode enforce."""

import sqlite3

from lib import place

LIMITS = [(metric, period) for metric in ("messages", "recipients", "new_recipients", "networks") for period in ("1h", "1d")]


def make(path, logins):
    """Write the policy file; a million logins take about a minute."""
    db = sqlite3.connect(path)
    db.executescript("PRAGMA synchronous = OFF; PRAGMA cache_size = -400000;")
    for migration in sorted((place.TOP / "sql").glob("[0-9]*.sql")):
        db.executescript(f"BEGIN;{migration.read_text()}COMMIT;")
    db.execute("BEGIN")
    db.execute("INSERT INTO editor(name, bulk) VALUES ('bench', 1)")
    db.execute("INSERT OR REPLACE INTO setting(name, value) VALUES ('mode', 'enforce')")
    db.execute("INSERT INTO local_domain(name) VALUES ('example.com')")
    db.executemany("INSERT INTO principal(name, kind) VALUES (?, 'login')",
                   ((f"user{i}@example.com",) for i in range(logins)))
    db.executemany("INSERT INTO send_as(principal, address) VALUES (?, ?)",
                   ((f"user{i}@example.com", address) for i in range(logins)
                    for address in (f"user{i}@example.com", f"team{i % 1000}@example.com", f"alias{i}@example.com")))
    db.executemany("INSERT INTO rule(seq, sender, recipient, verdict) VALUES (?, ?, ?, 'reject')",
                   ((i, f"nobody{i}@example.com", f"@blocked{i}.example") for i in range(1, 201)))
    db.executemany("INSERT INTO quota(name, principal, metric, amount, period) VALUES (?, 'everyone', ?, ?, ?)",
                   ((f"{metric} {period}", metric, 1000 if metric == "networks" else 1000000, period) for metric, period in LIMITS))
    db.execute("DELETE FROM editor")
    db.execute("COMMIT")
    db.close()
    path.chmod(0o644)
