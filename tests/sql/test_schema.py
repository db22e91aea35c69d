"""The schema as a whole: what the migrations make, how it is looked up in, how it survives a dump, how fast it fills."""

import hashlib
import re
import resource
import sqlite3

import pytest

from shell import MIGRATIONS, SQL, Shell


def contents(db):
    """What a database is made of, blanks aside."""
    schema = sorted((kind, name, " ".join(re.sub(r"--[^\n]*", "", sql).split()))
                    for kind, name, sql in db("SELECT type, name, ifnull(sql, '') FROM sqlite_schema;"))
    rows = {name: sorted(db(f"SELECT * FROM {name};")) for kind, name, _ in schema if kind == "table"}
    return schema, rows, db.value("PRAGMA user_version;"), db.value("PRAGMA application_id;")


def test_schema_sql_is_what_the_migrations_make(empty, tmp_path):
    read = Shell(tmp_path / "read.db")
    read((SQL / "schema.sql").read_text())
    assert contents(read) == contents(empty)


def test_each_migration_counts_itself_and_runs_in_the_callers_transaction(tmp_path):
    db = Shell(tmp_path / "new.db")
    for number, migration in enumerate(MIGRATIONS, 1):
        text = migration.read_text()
        assert migration.name.startswith(f"{number:04}-")
        assert not re.search(r"^\s*(BEGIN|COMMIT|ROLLBACK|PRAGMA journal_mode)\b.*;", text, re.M | re.I)
        db(f"BEGIN;\n{text}\nROLLBACK;")
        assert db.value("PRAGMA user_version;") == str(number - 1)
        db(f"BEGIN;\n{text}\nCOMMIT;")
        assert db.value("PRAGMA user_version;") == str(number)
    assert db.value("PRAGMA application_id;") == str(0x41755070)
    assert db.value("PRAGMA journal_mode;") == "delete"
    assert db.value("PRAGMA quick_check;") == "ok"


def test_a_migration_that_policies_were_made_with_stays_as_it_is():
    """What is to be otherwise is a new one: a policy of that version would never hear of it."""
    assert {m.name: hashlib.sha256(m.read_bytes()).hexdigest() for m in MIGRATIONS[:-1]} == {
        "0001-policy.sql": "c007ae4fc444466a1f3102f092b3581e0158cd8d8c53a03549e8a90b1574f9d8"}


def test_every_table_is_strict_and_has_its_key_first(empty):
    for name, kind, columns, without_rowid, strict in empty("SELECT name, type, ncol, wr, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT GLOB 'sqlite_*';"):
        assert strict == "1", name
        if without_rowid == "1":
            keys = [int(pk) for *_, pk in empty(f"PRAGMA table_info({name});")]
            assert keys == list(range(1, max(keys) + 1)) + [0] * (len(keys) - max(keys)), name


def test_a_dump_can_be_restored(db, tmp_path):
    db("INSERT INTO send_as(principal, address) VALUES ('alice', 'a@d'); INSERT INTO local_domain VALUES ('d', 'staff');")
    restored = Shell(tmp_path / "restored.db")
    restored(db.run(".dump\n").stdout + "PRAGMA user_version = 2; PRAGMA application_id = 0x41755070;")
    assert contents(restored) == contents(db)


LOOK_UPS = [
    "SELECT * FROM principal WHERE name = 'x'", "SELECT * FROM membership WHERE login = 'x'", "SELECT * FROM membership WHERE group_name = 'x'",
    "SELECT * FROM send_as WHERE principal = 'x'", "SELECT * FROM send_as WHERE principal = 'x' AND address = 'y'", "SELECT * FROM deny_as WHERE principal = 'x'",
    "SELECT * FROM local_domain WHERE name = 'x'", "SELECT * FROM local_domain WHERE owner = 'x'", "SELECT * FROM network WHERE name = 'x'",
    "SELECT * FROM address_set WHERE name = 'x'", "SELECT * FROM rule WHERE seq = 1", "SELECT * FROM rule WHERE principal IN ('x', '!x')",
    "SELECT * FROM quota WHERE name = 'x'", "SELECT * FROM quota WHERE principal = 'x'", "SELECT * FROM identity WHERE login = 'x'",
    "SELECT * FROM identity WHERE kind = 'certificate' AND subject = 'x' AND issuer = 'y'", "SELECT * FROM trusted_peer WHERE login = 'x'",
    "SELECT * FROM pardon WHERE login = 'x'", "SELECT * FROM setting WHERE name = 'x'", "SELECT * FROM history WHERE id = 1",
    "SELECT * FROM member WHERE login = 'x'", "SELECT * FROM effective_grant WHERE login = 'x'",
]


@pytest.mark.parametrize("question", LOOK_UPS)
def test_a_look_up_by_key_is_a_search(empty, question):
    plan = [step for *_, step in sqlite3.connect(empty.path).execute("EXPLAIN QUERY PLAN " + question)]
    assert any(step.startswith("SEARCH") for step in plan), plan
    # The few rows of a view made for this question may be walked; no table is.
    assert not [step for step in plan if step.startswith("SCAN") and step != "SCAN member"], plan


@pytest.mark.parametrize("change", [
    "INSERT INTO principal(name, kind) VALUES ('x', 'login')", "INSERT INTO membership(group_name, login) VALUES ('x', 'y')",
    "INSERT INTO send_as(principal, address) VALUES ('x', 'a@d')", "INSERT OR REPLACE INTO deny_as(principal, address) VALUES ('x', 'a@d')",
    "UPDATE principal SET name = 'x' WHERE name = 'y'", "DELETE FROM principal WHERE name = 'x'"])
def test_no_change_scans_what_grows_with_the_logins(empty, change):
    """EXPLAIN lists the programs of the triggers too: none may start at the first row of such a table."""
    shell = sqlite3.connect(empty.path)
    large = {root for root, table in shell.execute("SELECT rootpage, tbl_name FROM sqlite_schema")
             if table in ("principal", "membership", "send_as", "deny_as", "local_domain", "identity", "pardon", "history")}
    opened, seen = {}, 0
    for _, op, p1, p2, *_ in shell.execute("EXPLAIN " + change):
        if op.startswith("Open"):
            opened[p1] = op in ("OpenRead", "OpenWrite") and p2 in large
            seen += opened[p1]
        assert op not in ("Rewind", "Last") or not opened.get(p1)
    assert seen


def seconds():
    """Processor time of the shells so far: a busy machine does not change it."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_many_rows_come_in_quickly(empty):
    start = seconds()
    empty("""
        BEGIN;
        WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
            INSERT INTO principal(name, kind) SELECT printf('user%07d@example.com', i), 'login' FROM n;
        WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
            INSERT INTO send_as(principal, address) SELECT printf('user%07d@example.com', i), column1 || printf('user%07d@example.com', i)
            FROM n, (VALUES (''), ('info.'), ('sales.'));
        COMMIT;
    """)
    # 0.5 s where this was written; ten times that is a scan or a temporary table for each row.
    assert seconds() - start < 5
    start = seconds()
    empty("BEGIN; UPDATE principal SET name = 'x' || name WHERE kind = 'login' AND name < 'user0001000'; DELETE FROM principal WHERE name GLOB 'x*'; COMMIT;")
    assert seconds() - start < 5
    assert empty.value("SELECT count(*) FROM send_as;") == "27003"
