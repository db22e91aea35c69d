"""The views answer what an administrator asks."""


def test_effective_grant_shows_where_each_grant_comes_from(db):
    db("""
        INSERT INTO membership(group_name, login) VALUES ('staff', 'carol@example.com');
        INSERT INTO send_as(principal, address) VALUES ('carol@example.com', 'own@d'), ('STAFF', 'group@d'), ('@example.com', 'domain@d'), ('everyone', '{login}'),
            ('bob', 'bob@d'), ('anonymous', 'x@d'), ('@other.example', 'y@d');
        INSERT INTO send_as(principal, address, valid_from, valid_until) VALUES ('bob', 'today@d', date('now'), date('now')),
            ('bob', 'over@d', NULL, date('now', '-1 day')), ('bob', 'later@d', date('now', '+1 day'), NULL);
    """)
    ask = "SELECT address, principal FROM effective_grant WHERE login = '{}' ORDER BY address;"
    assert db(ask.format("CAROL@example.com")) == [["domain@d", "@example.com"], ["group@d", "STAFF"], ["own@d", "carol@example.com"], ["{login}", "everyone"]]
    assert db(ask.format("bob")) == [["bob@d", "bob"], ["today@d", "bob"], ["{login}", "everyone"]]
    db("UPDATE setting SET value = 'other.example' WHERE name = 'default_realm';")
    assert ["y@d", "@other.example"] in db(ask.format("bob"))


def test_member_shows_what_a_login_is(db):
    db("INSERT INTO principal(name, kind) VALUES ('a@b@c.example', 'login');")
    assert sorted(db("SELECT principal FROM member WHERE login = 'alice';")) == [["alice"], ["everyone"], ["staff"]]
    assert sorted(db("SELECT principal FROM member WHERE login = 'a@b@c.example';")) == [["@c.example"], ["a@b@c.example"], ["everyone"]]
    assert db("SELECT login FROM member WHERE principal = 'staff';") == [["alice"]]


def test_suspended_shows_who_is_suspended_now(db):
    db("""
        UPDATE principal SET state = 'suspended', suspended_why = 'left' WHERE name = 'alice';
        UPDATE principal SET state = 'suspended', suspended_until = date('now') WHERE name = 'bob';
        UPDATE principal SET state = 'suspended', suspended_until = date('now', '-1 day') WHERE name = 'staff';
    """)
    assert db("SELECT name, suspended_why FROM suspended;") == [["alice", "left"], ["bob", "NULL"]]


def test_expiring_shows_grants_that_end_soon(db):
    for days in (-1, 0, 5, 30, 31):
        db(f"INSERT INTO send_as(principal, address, valid_until) VALUES ('alice', 'x{days + 1}@d', date('now', '{days} days'));")
    assert db("SELECT address, days FROM expiring;") == [["x1@d", "0"], ["x6@d", "5"], ["x31@d", "30"]]


def test_recent_change_shows_the_newest_first(db):
    db("UPDATE setting SET value = 'enforce' WHERE name = 'mode'; DELETE FROM principal WHERE name = 'bob';")
    assert db("SELECT editor, tbl, op FROM recent_change;") == [["sqlite3", "principal", "delete"], ["sqlite3", "setting", "update"]]


def test_unused_group_shows_groups_without_members(db):
    db("INSERT INTO principal(name, kind) VALUES ('empty', 'group');")
    assert db("SELECT name FROM unused_group;") == [["empty"]]
