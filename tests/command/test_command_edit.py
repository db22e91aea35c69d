"""Each subcommand that changes the policy: what it writes, what it says, when it refuses."""

import os
import sqlite3
import stat

import pytest

from lib import place

MIGRATIONS = sorted((place.TOP / "sql").glob("[0-9]*.sql"))


def test_init_makes_a_policy_that_is_useful_at_once(bare):
    done = bare.ok("init", "Example.COM", "bücher.example")
    assert "mode monitor" in done.out
    assert bare.sql("SELECT name, owner FROM local_domain ORDER BY name") == [
        ("example.com", None), ("xn--bcher-kva.example", None)]
    assert bare.grants("everyone") == [("{login}",), ("{user}@example.com",), ("{user}@xn--bcher-kva.example",)]
    assert dict(bare.sql("SELECT name, value FROM setting WHERE name IN ('mode', 'realms')")) == {
        "mode": "monitor", "realms": "example.com xn--bcher-kva.example"}
    assert stat.S_IMODE(bare.path.stat().st_mode) == 0o640
    assert [p.name for p in bare.folder.iterdir()] == ["policy.db"]
    done = bare.run("check", "--login", "alice", "--mail-from", "alice@example.com", "--rcpt", "x@elsewhere.example")
    assert done.status == 0, done


def test_init_takes_the_mode(bare):
    bare.ok("init", "example.com", "--mode", "enforce")
    assert bare.sql("SELECT value FROM setting WHERE name = 'mode'") == [("enforce",)]


def test_init_without_domains_makes_a_policy_without_any(bare):
    bare.ok("init")
    assert bare.sql("SELECT count(*) FROM local_domain") == [(0,)]


def test_init_never_touches_what_is_there(bare):
    bare.path.write_text("mine")
    done = bare.run("init", "example.com")
    assert done.status == 1 and "is there already" in done.err
    assert bare.path.read_text() == "mine"


def test_init_leaves_nothing_behind_when_it_fails(bare):
    assert bare.run("init", "no domain").status == 2
    assert list(bare.folder.iterdir()) == []


def test_init_in_no_folder_says_so(bare):
    done = bare.run("init", "--db", bare.folder / "none" / "policy.db")
    assert done.status == 2 and "given twice" in done.err
    bare.path = bare.folder / "none" / "policy.db"
    done = bare.run("init")
    assert done.status == 75 and "No such file or directory" in done.err


def test_without_a_policy_the_mend_is_named(bare):
    for args in (["login", "list"], ["grant", "alice", "a@example.com"], ["sql", "SELECT 1"], ["migrate"]):
        done = bare.run(*args)
        assert done.status == 75 and "authpolicy init" in done.err
    assert list(bare.folder.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"hello, this is no database at all" * 100])
def test_what_is_no_policy_is_not_taken_for_one(bare, content):
    bare.path.write_bytes(content)
    assert bare.run("grant", "alice", "a@example.com").status == 75
    assert bare.run("migrate").status in (1, 75)
    assert bare.path.read_bytes() == content


def test_migrate_has_nothing_to_do_on_a_new_policy(command):
    assert "already" in command.ok("migrate").out


def test_migrate_keeps_the_policy_as_it_was_beside_it(bare):
    with sqlite3.connect(bare.path) as db:
        db.executescript("PRAGMA application_id = 0x41755070; CREATE TABLE old(x); INSERT INTO old VALUES (7);")
    bare.path.chmod(0o640)
    assert "migrate" in bare.run("login", "list").err
    assert f"is now of version {len(MIGRATIONS)}" in bare.ok("migrate").out
    backup, = [p for p in bare.folder.iterdir() if p != bare.path]
    assert stat.S_IMODE(backup.stat().st_mode) == 0o640
    assert sqlite3.connect(backup).execute("SELECT x FROM old").fetchall() == [(7,)]
    bare.ok("grant", "alice", "a@example.com")


def test_a_policy_of_each_version_is_brought_to_the_newest(bare):
    for version in range(1, len(MIGRATIONS)):
        with sqlite3.connect(bare.path) as db:
            for migration in MIGRATIONS[:version]:
                db.executescript("BEGIN;" + migration.read_text() + "COMMIT;")
        bare.ok("migrate")
        bare.ok("group", "add", "staff")
        bare.ok("resume", "staff")
        assert "staff" in bare.ok("sql", "SELECT login FROM pardon").out
        for path in bare.folder.iterdir():
            path.unlink()


def test_a_newer_policy_is_left_alone(command):
    command.sql("PRAGMA user_version = 99")
    done = command.run("migrate")
    assert done.status == 1 and "newer" in done.err
    done = command.run("grant", "alice", "a@example.com")
    assert done.status == 75 and "newer" in done.err


def test_grant_simply_works_for_a_login_without_a_row(command):
    done = command.ok("grant", "Alice", "Bob@Example.COM", "@bücher.example", "dev-*@example.com")
    assert done.lines[0] == "login alice added"
    assert command.grants("alice") == [("@xn--bcher-kva.example",), ("bob@example.com",), ("dev-*@example.com",)]
    assert command.run("check", "--login", "alice", "--mail-from", "bob@example.com").status == 0


def test_grant_writes_all_it_is_told(command):
    command.ok("grant", "alice", "a@example.com", "--scope", "envelope", "--from", "2026-01-01",
               "--until", "2026-12-31T18:00:00Z", "--note", "for the fair")
    command.ok("grant", "alice", "ceo@example.com", "--on-behalf")
    assert command.sql("SELECT address, scope, manner, valid_from, valid_until, origin, note FROM send_as"
                       " WHERE principal = 'alice' ORDER BY address") == [
        ("a@example.com", "envelope", "as", "2026-01-01", "2026-12-31T18:00:00Z", None, "for the fair"),
        ("ceo@example.com", "header", "on-behalf", None, None, None, None)]


def test_granting_again_takes_the_new_dates_and_keeps_the_note(command):
    command.ok("grant", "alice", "a@example.com", "--until", "2026-12-31", "--note", "kept")
    command.ok("grant", "alice", "A@example.com")
    assert command.sql("SELECT valid_until, note FROM send_as WHERE principal = 'alice'") == [(None, "kept")]


def test_the_time_of_a_grant_is_said(command):
    for dates, says in [(("--until", "2020-12-31"), " until 2020-12-31, which is over"),
                        (("--from", "2020-01-01", "--until", "9999-12-31"), " from 2020-01-01 until 9999-12-31"),
                        ((), "")]:
        assert command.ok("grant", "alice", "a@example.com", *dates).lines[-1] == f"alice may use a@example.com{says}"


def test_grants_of_domains_and_built_in_groups_need_no_row(command):
    command.ok("grant", "@example.com", "info@example.com")
    command.ok("grant", "Everyone", "all@example.com")
    command.ok("grant", "anonymous", "form@example.com")
    assert command.sql("SELECT count(*) FROM principal") == [(2,)]


def test_a_login_is_not_made_where_unknown_logins_are_refused(command):
    command.ok("set", "unknown_login", "reject")
    done = command.run("grant", "alice", "a@example.com")
    assert done.status == 1 and "authpolicy login add alice" in done.err
    assert command.sql("SELECT count(*) FROM principal") == [(2,)]


def test_a_login_of_a_foreign_realm_is_not_made(command):
    done = command.run("grant", "alice@elsewhere.example", "a@example.com")
    assert done.status == 1 and "realms is example.com" in done.err


def test_with_a_default_realm_the_row_that_is_there_is_meant(command):
    command.ok("set", "default_realm", "example.com")
    command.ok("login", "add", "alice", "bob@example.com")
    command.ok("grant", "alice@example.com", "x@example.com")
    command.ok("grant", "bob", "y@example.com")
    assert command.grants("alice") == [("x@example.com",)]
    assert command.grants("bob@example.com") == [("y@example.com",)]


def test_revoke_takes_the_grant_away_in_any_spelling(command):
    command.ok("grant", "alice", "bob@bücher.example", "carol@example.com")
    command.ok("revoke", "ALICE", "Bob@BÜCHER.example")
    assert command.grants("alice") == [("carol@example.com",)]


def test_revoke_removes_what_the_shell_wrote_in_another_spelling(command):
    command.ok("login", "add", "alice")
    command.sql("INSERT INTO send_as(principal, address) VALUES ('alice', 'bob@bücher.example')")
    command.ok("revoke", "alice", "bob@bücher.example")
    assert command.grants("alice") == []


def test_revoke_may_be_of_one_scope_only(command):
    command.ok("grant", "alice", "a@example.com", "--scope", "envelope")
    command.ok("grant", "alice", "a@example.com", "--on-behalf")
    command.ok("revoke", "alice", "a@example.com", "--on-behalf")
    assert command.sql("SELECT scope FROM send_as WHERE principal = 'alice'") == [("envelope",)]


def test_revoke_of_what_was_not_granted_changes_nothing(command):
    command.ok("grant", "alice", "a@example.com")
    done = command.run("revoke", "alice", "a@example.com", "b@example.com")
    assert done.status == 1 and "no such grant" in done.err and done.out == ""
    assert command.grants("alice") == [("a@example.com",)]
    assert command.run("revoke", "nobody", "a@example.com").status == 1


def test_deny_and_undeny(command):
    command.ok("deny", "everyone", "CEO@example.com", "--note", "nobody")
    assert command.sql("SELECT * FROM deny_as") == [("everyone", "ceo@example.com", "nobody")]
    done = command.run("check", "--login", "ceo", "--mail-from", "ceo@example.com")
    assert done.status == 1 and "sender-denied" in done.out
    command.ok("undeny", "everyone", "ceo@example.com")
    assert command.run("check", "--login", "ceo", "--mail-from", "ceo@example.com").status == 0
    assert command.run("undeny", "everyone", "ceo@example.com").status == 1


def test_logins_come_change_their_name_and_go(command):
    command.ok("login", "add", "Alice", "bob", "--note", "new")
    command.ok("grant", "alice", "a@example.com")
    assert "already" in command.run("login", "add", "alice").err
    command.ok("login", "rename", "alice", "alicia")
    assert command.grants("alicia") == [("a@example.com",)]
    command.ok("login", "remove", "alicia", "bob")
    assert command.sql("SELECT count(*) FROM principal WHERE kind = 'login'") == [(0,)]
    assert command.grants("alicia") == []


@pytest.mark.parametrize("args, says", [
    (["login", "remove", "alice", "nobody"], "there is no login nobody"),
    (["login", "remove", "staff"], "staff is a group, not a login"),
    (["login", "rename", "alice", "staff"], "this name is taken"),
    (["login", "add", "staff"], "there is a group staff already"),
    (["login", "add", "everyone"], "everyone is built in"),
    (["login", "show", "nobody"], "there is no login nobody"),
    (["login", "mode", "nobody", "enforce"], "there is no login nobody"),
    (["group", "remove", "alice"], "alice is a login, not a group"),
    (["group", "remove", "everyone"], "cannot be deleted"),
    (["group", "join", "staff", "nobody"], "there is no login nobody"),
    (["group", "join", "nowhere", "alice"], "there is no group nowhere"),
    (["group", "join", "everyone", "alice"], "take no members"),
    (["domain", "remove", "elsewhere.example"], "there is no domain elsewhere.example"),
    (["domain", "add", "new.example", "--owner", "nobody"], "there is no login or group nobody"),
    (["set", "mode", "loose"], "setting mode is enforce or monitor"),
    (["set", "originators", "off"], "off is only for one principal"),
    (["resume", "nobody"], "there is no login or group nobody"),
])
def test_refused_with_the_reason_and_nothing_changed(command, args, says):
    command.ok("login", "add", "alice")
    command.ok("group", "add", "staff")
    before = command.sql("SELECT * FROM history")
    done = command.run(*args)
    assert done.status == 1 and says in done.err, done
    assert done.out == "" and command.sql("SELECT * FROM history") == before


def test_groups_and_their_members(command):
    command.ok("login", "add", "alice", "bob")
    command.ok("group", "add", "staff")
    assert command.ok("group", "join", "staff", "alice", "bob").lines == ["alice joined staff", "bob joined staff"]
    assert command.ok("group", "join", "staff", "bob").lines == ["bob was already in staff"]
    command.ok("grant", "staff", "team@example.com")
    shown = command.ok("group", "show", "staff", "--json").json
    assert [m["login"] for m in shown["members"]] == ["alice", "bob"]
    assert [g["address"] for g in shown["grants"]] == ["team@example.com"]
    shown = command.ok("login", "show", "alice", "--json").json
    assert [g["group"] for g in shown["groups"]] == ["staff"]
    assert ("team@example.com", "staff") in [(g["address"], g["through"]) for g in shown["grants"]]
    assert "team@example.com" in command.ok("login", "show", "alice").out
    command.ok("group", "leave", "staff", "alice")
    command.ok("group", "rename", "staff", "team")
    listed = {g["name"]: g for g in command.ok("group", "list", "--json").json}
    assert listed["team"]["members"] == 1 and listed["team"]["grants"] == 1
    command.ok("group", "remove", "team")
    assert command.sql("SELECT count(*) FROM membership") == [(0,)]


def test_the_mode_of_a_login_a_group_and_a_domain(command):
    command.ok("login", "add", "alice")
    command.ok("login", "mode", "alice", "monitor")
    command.ok("group", "mode", "everyone", "enforce")
    command.ok("group", "mode", "@Example.com", "monitor")
    assert command.sql("SELECT name, mode FROM principal WHERE mode IS NOT NULL ORDER BY name") == [
        ("@example.com", "monitor"), ("alice", "monitor"), ("everyone", "enforce")]
    command.ok("login", "mode", "alice", "inherit")
    assert command.sql("SELECT mode FROM principal WHERE name = 'alice'") == [(None,)]


def test_domains_and_their_owners(command):
    done = command.ok("domain", "add", "Tenant.example", "--owner", "@tenant.example")
    assert "authpolicy set realms example.com tenant.example" in done.out
    assert command.ok("domain", "list", "--json").json == [
        {"name": "example.com", "owner": None}, {"name": "tenant.example", "owner": "@tenant.example"}]
    command.ok("domain", "add", "tenant.example")
    assert command.sql("SELECT owner FROM local_domain WHERE name = 'tenant.example'") == [("@tenant.example",)]
    command.ok("domain", "add", "tenant.example", "--owner", "")
    assert command.sql("SELECT owner FROM local_domain WHERE name = 'tenant.example'") == [(None,)]
    command.ok("domain", "remove", "TENANT.example")
    assert command.sql("SELECT name FROM local_domain") == [("example.com",)]


def test_settings_are_shown_and_set(command):
    assert len(command.ok("set", "--json").json) == 11
    assert command.ok("set", "mode", "--json").json == [{"name": "mode", "value": "enforce"}]
    command.ok("set", "realms", "Example.com", "bücher.example")
    assert command.ok("set", "realms", "--json").json[0]["value"] == "example.com xn--bcher-kva.example"
    command.ok("set", "realms", "")
    assert command.ok("set", "realms", "--json").json[0]["value"] == ""
    command.ok("set", "login_required", "465 587", "2525")
    assert command.ok("set", "login_required", "--json").json[0]["value"] == "465 587 2525"


def test_settings_can_be_read_while_somebody_writes(command):
    db = sqlite3.connect(command.path)
    db.execute("BEGIN IMMEDIATE")
    assert "enforce" in command.ok("set", "mode").out
    db.rollback()


def test_suspend_and_resume(command):
    done = command.ok("suspend", "alice", "--for", "2d", "--reason", "phished")
    assert done.lines[0] == "login alice added"
    assert command.ok("login", "list", "--json").json[0]["state"] == "suspended"
    until, why = command.sql("SELECT suspended_until, suspended_why FROM principal WHERE name = 'alice'")[0]
    assert until.endswith("Z") and why == "phished"
    done = command.run("check", "--login", "alice", "--mail-from", "alice@example.com")
    assert done.status == 1 and "login-suspended" in done.out
    assert "active again" in command.ok("resume", "alice").out
    assert command.run("check", "--login", "alice", "--mail-from", "alice@example.com").status == 0
    assert command.sql("SELECT login FROM pardon") == [("alice",)]
    assert "not suspended by hand" in command.ok("resume", "alice").out


def test_a_suspension_that_is_over_is_shown_as_over(command):
    command.ok("suspend", "alice")
    command.sql("UPDATE principal SET suspended_until = '2020-01-01' WHERE name = 'alice'")
    assert command.ok("login", "list", "--json").json[0]["state"] == "active"


def test_a_domain_can_be_stopped(command):
    command.ok("suspend", "@example.com")
    done = command.run("check", "--login", "bob@example.com", "--mail-from", "bob@example.com")
    assert done.status == 1 and "login-suspended" in done.out
    command.ok("resume", "@example.com")
    assert command.run("check", "--login", "bob@example.com", "--mail-from", "bob@example.com").status == 0


def test_everyone_can_be_stopped(command):
    command.ok("suspend", "everyone")
    assert command.run("check", "--login", "bob", "--mail-from", "bob@example.com").status == 1
    command.ok("resume", "everyone")
    assert command.run("check", "--login", "bob", "--mail-from", "bob@example.com").status == 0
    assert command.sql("SELECT login FROM pardon") == [("everyone",)]


def test_sql_is_the_shell_on_the_policy(command):
    assert command.ok("sql", "SELECT value FROM setting WHERE name = 'mode'").out == "enforce\n"
    assert command.ok("sql", stdin="SELECT 7;\n").out == "7\n"
    assert command.ok("--json", "sql", "SELECT 7 AS x").json == [{"x": 7}]
    assert "was changed" in command.ok("sql", "UPDATE setting SET value = 'monitor' WHERE name = 'mode'").out
    assert command.run("sql", "SELECT frob").status == 1


def test_lint_finds_what_is_odd(command):
    command.ok("grant", "alice", "x@elsewhere.example", "*", "info@example.com")
    command.ok("grant", "bob", "info@example.com")
    command.ok("group", "add", "staff")
    found = command.ok("lint").out
    for says in ("elsewhere.example is not in local_domain", "send_as(alice, *)", "principal(staff)",
                 "info@example.com is granted by name to several logins: alice, bob", "0 errors, 4 warnings"):
        assert says in found
    assert len(command.ok("lint", "--json").json["warnings"]) == 4


def test_lint_refuses_what_the_daemon_would_refuse(command):
    command.sql("PRAGMA ignore_check_constraints = ON")
    with sqlite3.connect(command.path) as db:
        db.execute("PRAGMA ignore_check_constraints = ON")
        db.execute("UPDATE setting SET value = 'loose' WHERE name = 'mode'")
    done = command.run("lint")
    assert done.status == 1 and "error: " in done.out
    assert command.run("check", "--mail-from", "a@example.com").status == 75


def test_a_locked_policy_changes_nothing_and_says_so(command, tmp_path):
    db = sqlite3.connect(command.path)
    db.execute("BEGIN IMMEDIATE")
    done = command.run("grant", "alice", "a@example.com")
    assert done.status == 75 and "locked" in done.err
    db.rollback()
    assert command.grants("alice") == []


def test_json_says_what_was_changed(command):
    assert command.ok("grant", "alice", "a@example.com", "--json").json == {
        "changes": ["login alice added", "alice may use a@example.com"], "in_force": None}
