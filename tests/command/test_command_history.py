"""`history`: who changed what, with which tool, and how a change is taken back."""

import os
import sqlite3

import pytest


def changes(command, *args):
    return command.ok("history", "--json", *args).json


def last(command):
    return changes(command, "--limit", "1")[0]


def rows(command, table):
    return command.sql(f"SELECT * FROM {table}")


def test_each_tool_names_its_editor(command):
    command.ok("grant", "alice", "a@example.com", env={"SUDO_USER": "carol"} if os.getuid() == 0 else None)
    command.ok("sql", "UPDATE send_as SET note = 'x' WHERE principal = 'alice'")
    command.sql("UPDATE send_as SET note = 'y' WHERE principal = 'alice'")
    command.ok("grant", "alice", "b@example.com", "--editor", "the provisioning")
    command.ok("--editor", "o'brien", "sql", "DELETE FROM send_as WHERE address = 'b@example.com'")
    editors = [c["editor"] for c in changes(command, "--table", "send_as", "--limit", "5")]
    assert editors[1:] == ["sql", None, "the provisioning", "o'brien"]
    if os.getuid() == 0:
        assert editors[0] == "carol"
    assert rows(command, "editor") == []


def test_init_names_its_editor(bare):
    bare.ok("init", "example.com", "--editor", "setup")
    assert {c["editor"] for c in changes(bare)} == {"setup"}


def test_a_change_has_the_whole_row_before_and_after(command):
    command.ok("rule", "add", "--verdict", "reject", "--recipient", "@a.example")
    inserted = last(command)
    assert inserted["old"] is None and inserted["new"]["seq"] == 10 and inserted["new"]["note"] is None
    command.sql("UPDATE rule SET note = 'a\u202e' || char(7)")
    updated = last(command)
    assert updated["old"] == inserted["new"]
    assert updated["new"] == inserted["new"] | {"note": "a\u202e\x07"}
    assert "\u202e" not in command.ok("history", "--json").out


def test_people_read_the_key_and_what_is_another(command):
    command.ok("grant", "alice", "a@example.com")
    command.ok("grant", "alice", "a@example.com", "--until", "2099-12-31")
    assert command.ok("history", "--limit", "1").lines[1].split("update  ")[1] == (
        "principal=alice, address=a@example.com, scope=any, manner=as, valid_until=none -> 2099-12-31")


def test_the_filters_hold_together(command):
    command.ok("grant", "alice", "a@example.com", "--editor", "bob")
    command.ok("deny", "alice", "b@example.com", "--editor", "bob")
    command.ok("grant", "alice", "c@example.com", "--editor", "carol")
    command.sql("INSERT INTO history(at, editor, tbl, op, new) VALUES ('2020-01-01T00:00:00Z', 'bob', 'deny_as', 'insert', '{}')")

    def seen(*args):
        return [(c["table"], (c["new"] or {}).get("address")) for c in changes(command, *args)]
    assert seen("--editor", "bob", "--since", "2021-01-01", "--table", "send_as") == [("send_as", "a@example.com")]
    assert seen("--editor", "bob", "--table", "deny_as") == [("deny_as", "b@example.com"), ("deny_as", None)]
    assert seen("--editor", "bob", "--table", "deny_as", "--since", "2020-01-01T00:00:01Z") == [("deny_as", "b@example.com")]
    assert seen("--editor", "bob", "--limit", "1") == [("deny_as", None)]
    assert seen("--editor", "sqlite3") == []


def test_a_large_import_is_one_change_that_no_undo_takes_back(command):
    row = '{"file": "login-maps", "done": "9000 grants"}'
    command.sql("INSERT INTO history(editor, tbl, op, new) VALUES ('bob', 'import', 'insert', ?)", row)
    change, = changes(command, "--table", "import")
    assert change["new"] == {"file": "login-maps", "done": "9000 grants"}
    assert command.ok("history", "--table", "import").lines[1].endswith("file=login-maps, done=9000 grants")
    done = command.run("history", "--undo", str(change["id"]))
    assert done.status == 1 and "is no change of a row" in done.err


def test_unknown_tables_are_named(command):
    done = command.run("history", "--table", "history")
    assert done.status == 2 and "send_as" in done.err and "editor" not in done.err


INSERTS = {
    "principal": "INSERT INTO principal(name, kind) VALUES ('dan', 'login')",
    "membership": "INSERT INTO membership VALUES ('staff', 'bob', NULL)",
    "send_as": "INSERT INTO send_as(principal, address, valid_until) VALUES ('bob', 'x@example.com', '2099-01-01')",
    "deny_as": "INSERT INTO deny_as VALUES ('bob', 'y@example.com', 'it''s \"so\"')",
    "local_domain": "INSERT INTO local_domain VALUES ('new.example', '@new.example')",
    "network": "INSERT INTO network VALUES ('office', '192.0.2.0/24')",
    "address_set": "INSERT INTO address_set VALUES ('vip', '@a.example')",
    "rule": "INSERT INTO rule(seq, principal, verdict) VALUES (7, 'bob', 'reject')",
    "quota": "INSERT INTO quota(name, principal, metric, amount, period, mode) VALUES ('q', 'bob', 'messages', 5, '1h', 'monitor')",
    "pardon": "INSERT INTO pardon VALUES ('bob', '2026-01-01T00:00:00Z', NULL)",
    "identity": "INSERT INTO identity(kind, cidr, login) VALUES ('network', '192.0.2.7', 'bob')",
    "trusted_peer": "INSERT INTO trusted_peer VALUES ('bob', 'any', '@example.com', NULL)",
}
UPDATES = {
    "principal": "UPDATE principal SET mode = 'monitor' WHERE name = 'dan'",
    "membership": "UPDATE membership SET login = 'carol'",
    "send_as": "UPDATE send_as SET valid_until = NULL, note = 'é' WHERE principal = 'bob'",
    "deny_as": "UPDATE deny_as SET address = 'Y@example.com'",
    "local_domain": "UPDATE local_domain SET owner = NULL WHERE name = 'new.example'",
    "network": "UPDATE network SET cidr = '198.51.100.0/24'",
    "address_set": "UPDATE address_set SET name = 'best'",
    "rule": "UPDATE rule SET seq = 8, hours = 'Mon-Fri 08:00-18:00'",
    "quota": "UPDATE quota SET amount = NULL",
    "pardon": "UPDATE pardon SET note = '5'",
    "identity": "UPDATE identity SET login = 'carol'",
    "trusted_peer": "UPDATE trusted_peer SET note = '{\"a\": 1}'",
}
DELETES = {
    "principal": "DELETE FROM principal WHERE name = 'dan'",
    "send_as": "DELETE FROM send_as WHERE principal = 'bob'",
    "local_domain": "DELETE FROM local_domain WHERE name = 'new.example'",
}


@pytest.mark.parametrize("table", INSERTS)
def test_every_kind_of_change_of_every_table_can_be_undone(command, table):
    command.ok("login", "add", "bob", "carol")
    command.ok("group", "add", "staff")
    states = [rows(command, table)]
    for statement in (INSERTS[table], UPDATES[table], DELETES.get(table, f"DELETE FROM {table}")):
        command.sql(statement)
        states.append(rows(command, table))
    assert states[0] == states[3] != states[1] != states[2]
    first = last(command)["id"] - 2
    for i in (2, 1, 0):
        done = command.ok("history", "--undo", str(first + i), "--editor", "undoer")
        assert f"change {first + i} is undone: {table} " in done.out
        assert rows(command, table) == states[i]
        change = last(command)
        assert change["editor"] == "undoer" and change["table"] == table
    undone = {c["id"]: c for c in changes(command)}
    for i in (2, 1, 0):
        assert undone[first + i]["old"] == undone[first + 5 - i]["new"]
        assert undone[first + i]["new"] == undone[first + 5 - i]["old"]


def test_a_setting_goes_back(command):
    command.ok("set", "mode", "monitor")
    command.ok("history", "--undo", str(last(command)["id"]))
    assert command.sql("SELECT value FROM setting WHERE name = 'mode'") == [("enforce",)]


def test_an_undo_can_be_undone(command):
    command.ok("grant", "alice", "a@example.com")
    command.ok("history", "--undo", str(last(command)["id"]))
    assert command.grants("alice") == []
    command.ok("history", "--undo", str(last(command)["id"]))
    assert command.grants("alice") == [("a@example.com",)]


def test_a_login_comes_back_with_its_rows_or_not_at_all(command):
    command.ok("grant", "alice", "a@example.com", "b@example.com")
    command.ok("login", "remove", "alice")
    gone = [str(c["id"]) for c in changes(command) if c["op"] == "delete"]
    assert len(gone) == 3
    before = rows(command, "history")
    done = command.run("history", "--undo", gone[1], "--undo", gone[0])
    assert done.status == 1 and f"change {gone[1]} cannot be undone: no such principal" in done.err
    assert rows(command, "history") == before and command.grants("alice") == []
    done = command.ok("history", *(a for n in gone for a in ("--undo", n)))
    assert len(done.lines) == 3
    assert command.grants("alice") == [("a@example.com",), ("b@example.com",)]


def test_a_renaming_goes_back_with_all_rows(command):
    command.ok("grant", "alice", "a@example.com")
    command.ok("login", "rename", "alice", "anna")
    renamed, = [c["id"] for c in changes(command, "--table", "principal") if c["op"] == "update"]
    command.ok("grant", "anna", "b@example.com")
    command.ok("history", "--undo", str(renamed))
    assert command.grants("alice") == [("a@example.com",), ("b@example.com",)]


@pytest.mark.parametrize("after", [
    ["grant", "alice", "a@example.com", "--note", "better"],
    ["revoke", "alice", "a@example.com"],
    ["sql", "UPDATE send_as SET address = 'A@example.com' WHERE principal = 'alice'"],
])
def test_a_row_that_changed_since_stays_as_it_is(command, after):
    command.ok("grant", "alice", "a@example.com")
    change = last(command)["id"]
    command.ok(*after)
    before = rows(command, "send_as"), rows(command, "history")
    done = command.run("history", "--undo", str(change))
    assert done.status == 1
    assert f"change {change} cannot be undone: change {change + 1} came after it; undo that first" in done.err
    assert (rows(command, "send_as"), rows(command, "history")) == before


def test_what_the_history_does_not_know_counts_too(command):
    command.ok("grant", "alice", "a@example.com")
    change = last(command)["id"]
    with sqlite3.connect(command.path) as db:
        db.executescript("INSERT INTO editor(name, bulk) VALUES ('import', 1); UPDATE send_as SET note = 'x'"
                         " WHERE principal = 'alice'; DELETE FROM editor;")
    done = command.run("history", "--undo", str(change))
    assert done.status == 1 and "the row is no longer as the change left it" in done.err


def test_a_row_that_is_there_again_is_not_overwritten(command):
    command.ok("deny", "alice", "a@example.com")
    command.ok("undeny", "alice", "a@example.com")
    change = last(command)["id"]
    command.ok("deny", "alice", "a@example.com", "--note", "new")
    done = command.run("history", "--undo", str(change))
    assert done.status == 1 and f"change {change + 1} came after it" in done.err
    assert rows(command, "deny_as") == [("alice", "a@example.com", "new")]


def test_rows_that_would_go_along_are_kept(command):
    command.ok("login", "add", "alice")
    change = last(command)["id"]
    command.ok("grant", "alice", "a@example.com")
    done = command.run("history", "--undo", str(change))
    assert done.status == 1 and "other rows would go with it; first remove what belongs to alice" in done.err
    assert command.grants("alice") == [("a@example.com",)]


def test_what_a_trigger_forbids_is_said_in_its_words(command):
    command.ok("group", "add", "staff")
    change = last(command)["id"]
    command.ok("rule", "add", "--principal", "staff", "--verdict", "reject")
    done = command.run("history", "--undo", str(change))
    assert done.status == 1 and f"change {change} cannot be undone: a rule names this principal" in done.err


def test_a_row_that_cannot_come_back_whole_does_not(command):
    command.sql("INSERT INTO deny_as VALUES ('everyone', 'a@example.com', 'a' || char(0) || 'b')")
    command.sql("DELETE FROM deny_as")
    done = command.run("history", "--undo", str(last(command)["id"]))
    assert done.status == 1 and "the row would not be as it was" in done.err
    assert rows(command, "deny_as") == []


@pytest.mark.parametrize("table", ["sqlite_schema", "history", "editor", "must_be_domain", "nowhere"])
def test_a_forged_change_of_no_table_does_nothing(command, table):
    command.sql("INSERT INTO history(tbl, op, new) VALUES (?, 'insert', '{\"name\": \"history\"}')", table)
    done = command.run("history", "--undo", str(last(command)["id"]))
    assert done.status == 1 and "is no change of a row" in done.err


def test_an_undo_waits_for_the_daemon(command, daemon):
    command.ok("grant", "alice", "a@example.com")
    one = daemon()
    assert command.ok("history", "--undo", str(last(command)["id"]), "--json").json["in_force"] is True
    assert one.asked == 1
    one.answer = lambda d: d.says(problem="broken", errors=["rule(10): wrong"])
    done = command.run("history", "--undo", str(last(command)["id"]))
    assert done.status == 75 and "rule(10): wrong" in done.err
