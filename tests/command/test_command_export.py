"""`authpolicy export`: the policy as SQL and back, row by row; its envelope senders as a table for Postfix."""

import re
import sqlite3
import subprocess

import pytest

from lib.postfix import aged

TABLES = ("principal", "membership", "send_as", "deny_as", "local_domain", "network", "address_set", "rule", "quota", "identity",
          "trusted_peer", "pardon", "setting")

ROWS = """
INSERT INTO principal(name, kind, state, suspended_until, suspended_why, mode, originators, origin, note) VALUES
    ('alice', 'login', 'active', NULL, 'it''s over', 'enforce', 'off', 'ldap', 'quo''ted, ü, x
y'),
    ('bob', 'login', 'suspended', '2030-12-31', 'stolen', NULL, NULL, NULL, CAST(x'1b5b324a' AS TEXT)),
    ('o''brien', 'login', 'active', NULL, NULL, NULL, NULL, NULL, 'a\u202eb'), ('staff', 'group', 'suspended', NULL, NULL, 'monitor', 'aligned', NULL, ''),
    ('@example.com', 'group', 'active', NULL, NULL, 'enforce', NULL, NULL, NULL);
UPDATE principal SET mode = 'enforce', note = 'all of us' WHERE name = 'everyone';
UPDATE principal SET state = 'suspended' WHERE name = 'anonymous';
INSERT INTO membership(group_name, login, origin) VALUES ('staff', 'alice', 'ldap'), ('staff', 'bob', NULL);
INSERT INTO send_as VALUES ('alice', 'ceo@example.com', 'header', 'on-behalf', '2026-01-01', '2026-12-31T18:00:00Z', 'ldap', 'why'),
    ('@example.com', '@.example.com', 'any', 'as', NULL, NULL, NULL, NULL), ('staff', 'dev-*@example.com', 'envelope', 'as', NULL, NULL, NULL, NULL);
INSERT INTO deny_as VALUES ('everyone', 'ceo@example.com', 'ask'), ('staff', '<>', NULL);
INSERT INTO local_domain VALUES ('tenant.example', 'staff'), ('own.example', '@own.example');
INSERT INTO network VALUES ('office', '192.0.2.0/24'), ('office', '2001:db8::/32');
INSERT INTO address_set VALUES ('partners', '@partner.example');
INSERT INTO rule VALUES (10, '!staff', 'office', '!partners', '@example.com', '!1.2', 'PLAIN LOGIN', 'Mon-Fri 08:00-18:00', 'reject',
    '550 5.7.1 It''s closed', 'monitor', NULL), (20, 'any', 'any', 'any', 'any', 'any', 'any', 'any', 'accept', NULL, NULL, 'last');
INSERT INTO quota(name, principal, metric, amount, period, mode) VALUES ('hourly', 'everyone', 'messages', 100, '1h', 'monitor'),
    ('none', 'alice', 'messages', NULL, '1h', 'monitor');
INSERT INTO identity(kind, subject, issuer, login) VALUES ('certificate', 'CRM', 'Corp CA', 'alice');
INSERT INTO identity(kind, uid, login) VALUES ('local', 33, 'bob');
INSERT INTO trusted_peer VALUES ('alice', 'office', '@example.com', NULL);
INSERT INTO pardon(login, at) VALUES ('nobody', '2026-01-01T00:00:00Z');
UPDATE setting SET value = '+-' WHERE name = 'recipient_delimiter';
UPDATE setting SET value = 'example.com' WHERE name = 'default_realm';
"""


def contents(path):
    """Every row of every table, with the type of each value."""
    with sqlite3.connect(path) as db:
        return {table: db.execute("SELECT * FROM " + table).fetchall() for table in TABLES} | {
            "version": db.execute("PRAGMA user_version").fetchall() + db.execute("PRAGMA application_id").fetchall(),
            "schema": db.execute("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY 1, 2").fetchall(),
            "left": db.execute("SELECT * FROM editor").fetchall() + db.execute("SELECT * FROM replaced").fetchall()}


def test_the_policy_comes_back_row_by_row(command):
    with sqlite3.connect(command.path) as db:
        db.executescript(ROWS)
    assert all(contents(command.path)[table] for table in TABLES)
    sql = command.ok("export").out
    again = command.folder / "again.db"
    done = subprocess.run(["sqlite3", "-bail", again], input=sql, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    expected = contents(command.path)
    expected["left"] = []
    assert contents(again) == expected
    command.path.unlink()
    again.rename(command.path)
    assert command.ok("export").out == sql
    assert "\n0 errors, " in command.ok("lint").out


def test_nothing_in_it_drives_the_terminal(command):
    with sqlite3.connect(command.path) as db:
        db.executescript(ROWS)
    rows = command.ok("export").out.split("INSERT INTO editor")[1]
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e]", rows)


def test_many_rows_come_back(command):
    with sqlite3.connect(command.path) as db:
        db.executemany("INSERT INTO principal(name, kind) VALUES (?, 'login')", [(f"user{n}",) for n in range(1501)])
    again = command.folder / "again.db"
    subprocess.run(["sqlite3", "-bail", again], input=command.ok("export").out, text=True, check=True)
    assert contents(again)["principal"] == contents(command.path)["principal"]


def test_a_row_that_the_tables_would_not_take_leaves_no_half_policy(command):
    with sqlite3.connect(command.path) as db:
        db.execute("PRAGMA ignore_check_constraints = 1")
        db.execute("INSERT INTO principal(name, kind) VALUES ('alice', 'login'), ('!odd', 'login')")
    again = command.folder / "again.db"
    done = subprocess.run(["sqlite3", "-bail", again], input=command.ok("export").out, capture_output=True, text=True)
    assert done.returncode != 0 and "principal.name" in done.stderr
    assert again.stat().st_size == 0


@pytest.mark.parametrize("args, says", [(["postfix"], "postfix-login-maps"), (["--json"], "leave --json out")])
def test_what_it_does_not_write(command, args, says):
    done = command.run("export", *args)
    assert done.status == 2 and says in done.err


# --- the table for Postfix ---

def table(command):
    """{key: logins} and the comments."""
    found, comments = {}, []
    for line in command.ok("export", "postfix-login-maps").lines:
        if line.startswith("#"):
            comments.append(line)
        else:
            key, logins = line.split(" ", 1) if not line.startswith('"') else re.fullmatch(r'("[^"]*"@\S+) (.*)', line).groups()
            assert key not in found
            found[key] = logins.split(", ")
    return found, comments


def test_the_table_has_who_may_use_what(command):
    command.ok("login", "add", "alice", "bob", "carol@example.com")
    command.ok("group", "add", "staff")
    command.ok("group", "join", "staff", "alice", "bob")
    command.ok("grant", "staff", "info@example.com")
    command.ok("grant", "bob", "@example.net", '"al ice"@example.com')
    command.ok("grant", "alice", "a@example.net", "--scope", "envelope")
    command.ok("grant", "alice", "header@example.com", "--scope", "header")
    command.ok("grant", "alice", "over@example.com", "--until", "2020-01-01")
    found, comments = table(command)
    assert found == {
        "alice@example.com": ["alice"], "bob@example.com": ["bob"], "carol@example.com": ["carol@example.com"],
        "info@example.com": ["alice", "bob"], "@example.net": ["bob"], "a@example.net": ["alice", "bob"],
        '"al ice"@example.com': ["bob"]}
    assert "# not expressed: send_as(everyone, {login}) for logins without a row" in comments


def test_who_is_denied_suspended_or_behind_a_wall_is_not_in_the_table(command):
    command.ok("domain", "add", "example.net")
    command.ok("grant", "alice", "@example.com")
    command.ok("grant", "bob", "b@example.com", "w@example.net", "--note", "x")
    command.ok("deny", "alice", "ceo@example.com")
    command.ok("suspend", "bob")
    command.ok("domain", "add", "example.net", "--owner", "alice")
    found, _ = table(command)
    assert found == {"ceo@example.com": ["!nobody"], "w@example.net": ["!nobody"],
                     **{key: ["alice"] for key in ("alice@example.com", "bob@example.com", "b@example.com", "@example.com")}}


def test_a_sub_address_that_is_denied_to_one_stays_anothers(command):
    command.ok("grant", "alice", "info@example.com")
    command.ok("grant", "bob", "@example.com")
    command.ok("deny", "bob", "info+x@example.com")
    command.ok("check", "--login", "alice", "--mail-from", "info+x@example.com")
    found, _ = table(command)
    assert found["info+x@example.com"] == ["alice"] and found["info@example.com"] == ["alice", "bob"]


def test_what_the_table_cannot_say_is_a_comment(command):
    command.ok("login", "add", "al ice", "bob")
    command.ok("grant", "bob", "dev-*@example.com", "@.example.com", "<>", "*")
    command.ok("grant", "al ice", "x@example.com")
    command.ok("deny", "everyone", "ceo-*@example.com")
    found, comments = table(command)
    for part in ("send_as(bob, dev-*@example.com)", "send_as(bob, @.example.com)", "send_as(bob, <>)", "send_as(bob, *)",
                 "principal(al ice)", "deny_as(everyone, ceo-*@example.com)"):
        assert any(part in line for line in comments), part
    assert found == {"bob@example.com": ["bob"], "x@example.com": ["bob"]}      # by *


def test_a_login_is_listed_with_and_without_the_default_realm(command):
    command.ok("set", "default_realm", "example.com")
    command.ok("login", "add", "alice", "bob@example.com")
    found, _ = table(command)
    assert found == {"alice@example.com": ["alice", "alice@example.com"], "bob@example.com": ["bob@example.com", "bob"]}


def test_addresses_that_postfix_takes_for_one_are_nobodys_there(command):
    """Two keys that are equal once folded would make the whole table unreadable."""
    command.ok("grant", "alice", "straße@example.com", "müller@example.com")
    command.ok("grant", "bob", "strasse@example.com", "mÜller@example.com")
    found, comments = table(command)
    assert found["strasse@example.com"] == found["müller@example.com"] == ["!nobody"]
    assert "mÜller@example.com" not in found and "straße@example.com" not in found
    assert any("one to Postfix: müller@example.com" in line for line in comments)


def test_postmap_reads_the_table(command):
    command.ok("grant", "alice", "info@example.com", '"al ice"@example.com')
    file = command.folder / "table"
    file.write_text(command.ok("export", "postfix-login-maps").out)
    aged(file)
    for key in ("info@example.com", '"al ice"@example.com'):
        done = subprocess.run(["postmap", "-q", key, f"texthash:{file}"], capture_output=True, text=True)
        assert (done.stdout, done.stderr) == ("alice\n", ""), key


def test_an_exported_table_comes_back_as_the_same_grants(command):
    text = "a@example.com alice, bob\n@example.net carol\n\"al ice\"@example.com bob\n"
    command.sql("DELETE FROM send_as")
    command.ok("import", "postfix-login-maps", "-", stdin=text)
    done = command.ok("import", "postfix-login-maps", "-", stdin=command.ok("export", "postfix-login-maps").out)
    assert done.lines == ["there already: 7"]


def test_a_broken_policy_exports_no_table(command):
    command.ok("login", "add", "alice")
    with sqlite3.connect(command.path) as db:
        db.execute("PRAGMA ignore_check_constraints = 1")
        db.execute("UPDATE setting SET value = 'odd' WHERE name = 'mode'")
    done = command.run("export", "postfix-login-maps")
    assert done.status == 75 and done.out == "" and "lint" in done.err
