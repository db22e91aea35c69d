"""Rows follow their principal, and nothing is lost by INSERT OR REPLACE, UPDATE OR REPLACE or OR IGNORE."""

import pytest

EVERYWHERE = """
    INSERT INTO membership(group_name, login) VALUES ('staff', 'bob');
    INSERT INTO send_as(principal, address) VALUES ('alice', 'a@d'), ('staff', 's@d'), ('bob', 'b@d');
    INSERT INTO deny_as(principal, address) VALUES ('alice', 'x@d'), ('staff', 'y@d');
    INSERT INTO local_domain VALUES ('a.example', 'alice'), ('s.example', 'staff');
    INSERT INTO rule(seq, principal, verdict) VALUES (1, 'alice', 'accept'), (2, '!alice', 'reject'), (3, 'staff', 'hold'), (4, '!staff', 'hold');
    INSERT INTO quota(name, principal, metric, amount, period) VALUES ('a', 'alice', 'messages', 1, '1h'), ('s', 'staff', 'messages', 2, '1h');
    INSERT INTO identity(kind, cidr, login) VALUES ('network', '192.0.2.1', 'alice'), ('network', '192.0.2.2', 'bob');
    INSERT INTO trusted_peer(login, asserts) VALUES ('alice', '*'), ('bob', '*');
    INSERT INTO pardon(login) VALUES ('alice'), ('bob');
"""
NAMED = """
    SELECT 'principal', name FROM principal UNION ALL SELECT 'membership', group_name FROM membership UNION ALL SELECT 'membership', login FROM membership
    UNION ALL SELECT 'send_as', principal FROM send_as UNION ALL SELECT 'deny_as', principal FROM deny_as UNION ALL SELECT 'local_domain', owner FROM local_domain
    UNION ALL SELECT 'rule', principal FROM rule UNION ALL SELECT 'quota', principal FROM quota UNION ALL SELECT 'identity', login FROM identity
    UNION ALL SELECT 'trusted_peer', login FROM trusted_peer UNION ALL SELECT 'pardon', login FROM pardon;
"""


def tables(db, name):
    return sorted({table for table, value in db(NAMED) if value.lower() == name.lower()})


@pytest.mark.parametrize("how", ["UPDATE", "UPDATE OR IGNORE", "UPDATE OR REPLACE"])
def test_renaming_a_login_takes_its_rows_along(db, how):
    db(EVERYWHERE)
    before = tables(db, "alice")
    assert len(before) == 9 + 1
    db(f"{how} principal SET name = 'alicia' WHERE name = 'ALICE';")
    assert tables(db, "alice") == [] and tables(db, "alicia") == before
    assert db("SELECT principal FROM rule ORDER BY seq;") == [["alicia"], ["!alicia"], ["staff"], ["!staff"]]
    assert db.value("SELECT count(*) FROM membership WHERE login = 'bob';") == "1"


def test_renaming_a_group_takes_its_rows_along(db):
    db(EVERYWHERE)
    before = tables(db, "staff")
    assert before == ["deny_as", "local_domain", "membership", "principal", "quota", "rule", "send_as"]
    db("UPDATE principal SET name = 'crew' WHERE name = 'staff';")
    assert tables(db, "staff") == [] and tables(db, "crew") == before
    assert db("SELECT group_name, login FROM membership;") == [["crew", "alice"], ["crew", "bob"]]


def test_a_name_can_change_its_case(db):
    db(EVERYWHERE)
    db("UPDATE principal SET name = 'Alice' WHERE name = 'alice';")
    assert {value for _, value in db(NAMED) if value.lower() == "alice"} == {"Alice"}


def test_deleting_a_login_takes_its_rows_along(db):
    db(EVERYWHERE)
    assert "this principal owns a domain: first UPDATE local_domain SET owner = …" in db.refused("DELETE FROM principal WHERE name = 'alice';")
    db("UPDATE local_domain SET owner = NULL WHERE owner = 'alice';")
    for seq in (1, 2):
        assert "a rule names this principal: first DELETE FROM rule WHERE principal = …" in db.refused("DELETE FROM principal WHERE name = 'alice';")
        db(f"DELETE FROM rule WHERE seq = {seq};")
    db("DELETE FROM principal WHERE name = 'Alice';")
    assert tables(db, "alice") == []
    assert tables(db, "bob") == ["identity", "membership", "pardon", "principal", "send_as", "trusted_peer"]


def test_deleting_a_group_takes_its_rows_along_and_not_its_members(db):
    db(EVERYWHERE)
    db("DELETE FROM local_domain; DELETE FROM rule; DELETE FROM principal WHERE name = 'staff';")
    assert tables(db, "staff") == []
    assert db("SELECT name FROM principal WHERE kind = 'login';") == [["alice"], ["bob"], ["carol@example.com"]]


def test_everyone_and_anonymous_stay_what_they_are(db):
    for name in ("everyone", "anonymous"):
        assert "everyone and anonymous cannot be deleted" in db.refused(f"DELETE FROM principal WHERE name = '{name}';")
        for new in ("all", name.upper(), "@d"):
            assert "cannot be renamed" in db.refused(f"UPDATE principal SET name = '{new}' WHERE name = '{name}';")
        assert "cannot change its kind" in db.refused(f"INSERT OR REPLACE INTO principal(name, kind) VALUES ('{name}', 'login');")
        db(f"UPDATE principal SET mode = 'enforce' WHERE name = '{name}';")


def test_a_row_for_a_domain_only_carries_its_switches(db):
    db("INSERT INTO send_as(principal, address) VALUES ('@example.com', '@example.com');")
    for new in ("@other.example", "domain", "everyone"):
        assert "cannot be renamed" in db.refused(f"UPDATE principal SET name = '{new}' WHERE name = '@example.com';")
    assert "cannot be renamed" in db.refused("UPDATE principal SET name = '@d' WHERE name = 'staff';")
    assert "off only for a login or a group of your own" in db.refused("UPDATE principal SET originators = 'off' WHERE name GLOB '@*';")
    db("DELETE FROM principal WHERE name = '@example.com';")
    assert tables(db, "@example.com") == ["send_as"], "the principal itself is built in"


@pytest.mark.parametrize("sql, message", [
    ("INSERT OR REPLACE INTO principal(name, kind) VALUES ('alice', 'group');", "a group and a login cannot share a name"),
    ("INSERT OR REPLACE INTO principal(name, kind) VALUES ('Staff', 'login');", "a group and a login cannot share a name"),
    ("UPDATE OR REPLACE principal SET name = 'bob' WHERE name = 'alice';", "this name is taken by another principal"),
    ("UPDATE OR REPLACE principal SET name = 'staff' WHERE name = 'alice';", "this name is taken by another principal"),
    ("UPDATE OR IGNORE principal SET name = 'bob' WHERE name = 'alice';", "this name is taken by another principal"),
    ("UPDATE OR REPLACE rule SET seq = 2 WHERE seq = 1;", "this seq is taken by another rule"),
    ("UPDATE OR REPLACE quota SET name = 's' WHERE name = 'a';", "this name is taken by another quota"),
    ("UPDATE OR REPLACE local_domain SET name = 's.example' WHERE name = 'a.example';", "this domain is in local_domain already"),
    ("INSERT OR REPLACE INTO rule(seq, verdict) VALUES (1, 'accept');", "this seq is taken by another rule"),
    ("INSERT OR REPLACE INTO local_domain(name) VALUES ('A.example');", "this domain has an owner"),
    ("UPDATE principal SET state = 'suspended' WHERE name = 'alice'; INSERT OR REPLACE INTO principal(name, kind) VALUES ('Alice', 'login');",
     "this principal is suspended"),
    ("INSERT OR IGNORE INTO deny_as(principal, address) VALUES ('everyone', 'ceo');", "not an address"),
    ("INSERT OR IGNORE INTO deny_as(principal, address) VALUES ('evryone', 'ceo@d');", "no such principal"),
    ("INSERT OR REPLACE INTO membership(group_name, login) VALUES ('staff', 'dave');", "no such login"),
])
def test_replace_and_ignore_lose_nothing(db, sql, message):
    db(EVERYWHERE)
    before = db(NAMED)
    assert message in db.refused(sql)
    assert db(NAMED) == before


def test_replacing_a_principal_keeps_its_rows(db):
    db(EVERYWHERE)
    before = tables(db, "alice")
    db("INSERT OR REPLACE INTO principal(name, kind, mode) VALUES ('alice', 'login', 'enforce');")
    assert tables(db, "alice") == before


def test_upserts_work(db):
    for _ in range(2):
        db("INSERT INTO principal(name, kind, note) VALUES ('dave', 'login', 'x') ON CONFLICT(name) DO UPDATE SET note = excluded.note;")
        db("INSERT INTO send_as(principal, address) VALUES ('dave', 'dave@d') ON CONFLICT DO NOTHING;")
        db("INSERT OR REPLACE INTO send_as(principal, address, note) VALUES ('dave', 'dave@d', 'y');")
        db("INSERT OR IGNORE INTO local_domain VALUES ('t.example', 'dave'); INSERT INTO local_domain(name) VALUES ('T.example') ON CONFLICT DO NOTHING;")
        db("INSERT OR IGNORE INTO principal(name, kind, state) VALUES ('erin', 'login', 'suspended'); INSERT OR IGNORE INTO principal(name, kind) VALUES ('erin', 'login');")
    assert db("SELECT address, note FROM send_as;") == [["dave@d", "y"]]
    assert db("SELECT owner FROM local_domain;") == [["dave"]]
    assert db("SELECT name FROM suspended;") == [["erin"]]


@pytest.mark.parametrize("sql", ["DELETE FROM {t};", "UPDATE {t} SET name = 'other';", "UPDATE OR REPLACE {t} SET name = 'other';"])
@pytest.mark.parametrize("table, use, message", [
    ("network", "INSERT INTO rule(verdict, client) VALUES ('reject', 'office');", "a rule or trusted_peer names this network"),
    ("network", "INSERT INTO rule(verdict, client) VALUES ('reject', '!OFFICE');", "a rule or trusted_peer names this network"),
    ("network", "INSERT INTO trusted_peer(login, client, asserts) VALUES ('bob', 'office', '*');", "a rule or trusted_peer names this network"),
    ("address_set", "INSERT INTO rule(verdict, sender) VALUES ('reject', 'partners');", "a rule names this address_set"),
    ("address_set", "INSERT INTO rule(verdict, recipient) VALUES ('reject', '!partners');", "a rule names this address_set"),
])
def test_a_set_in_use_cannot_vanish(db, table, use, message, sql):
    db(use)
    assert message in db.refused(sql.format(t=table))
    db("INSERT INTO network VALUES ('office', '198.51.100.0/24'); DELETE FROM network WHERE cidr = '192.0.2.0/24';")
    db("DELETE FROM rule; DELETE FROM trusted_peer;" + sql.format(t=table))
