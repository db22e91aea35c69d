"""Edits with the plain sqlite3 shell are in force within a second, in sessions that are already open."""

import os
import shutil

import pytest

from lib import smtp
from lib.policy import Policy

SOMEONE = "someone@example.org"


@pytest.fixture
def alice(fresh):
    return fresh.login("alice")


def reason(site, client, sender):
    """Why MAIL is refused; None when it is not."""
    answer = client.try_mail(f"<{sender}>")
    return None if answer.ok else site.refusal(answer)["reason"]


def test_a_grant_works_on_the_next_message_of_an_open_session(fresh, alice):
    fresh.policy.login("alice")
    assert alice.message("sales@example.com", SOMEONE).status == "550 5.7.1"
    fresh.policy.grant("alice", "sales@example.com")
    fresh.daemon.in_force(lambda: alice.accepts("<sales@example.com>"))
    assert alice.message("sales@example.com", SOMEONE).code == 250

    fresh.policy.sql("DELETE FROM send_as WHERE address = 'sales@example.com';")
    fresh.daemon.in_force(lambda: not alice.accepts("<sales@example.com>"))


def test_grants_reach_the_members_of_a_group(fresh, alice):
    fresh.policy.login("alice")
    fresh.policy.group("sales", "alice")
    fresh.policy.grant("sales", "sales@example.com")
    fresh.daemon.in_force(lambda: alice.accepts("<sales@example.com>"))
    assert not fresh.login("bob").accepts("<sales@example.com>")

    fresh.policy.sql("DELETE FROM membership WHERE login = 'alice';")
    fresh.daemon.in_force(lambda: not alice.accepts("<sales@example.com>"))


def test_a_deny_beats_the_grants_of_everyone(fresh, alice):
    fresh.policy.login("alice")
    fresh.policy.sql("INSERT INTO deny_as(principal, address) VALUES('alice', 'alice@example.com');")
    assert fresh.daemon.in_force(lambda: reason(fresh, alice, "alice@example.com")) == "sender-denied"
    assert alice.accepts("<alice@example.net>")


def test_a_suspension_stops_an_open_session(fresh, alice):
    fresh.policy.login("alice")
    fresh.policy.sql("UPDATE principal SET state = 'suspended' WHERE name = 'alice';")
    fresh.daemon.in_force(lambda: not alice.accepts("<alice@example.com>"))
    answer = alice.mail("<alice@example.com>")
    assert answer.status == "550 5.7.13"
    assert fresh.refusal(answer)["reason"] == "login-suspended"

    fresh.policy.sql("UPDATE principal SET state = 'active' WHERE name = 'alice';")
    fresh.daemon.in_force(lambda: alice.accepts("<alice@example.com>"))


def test_a_suspended_group_suspends_its_members(fresh, alice):
    fresh.policy.login("alice")
    fresh.policy.group("interns", "alice")
    fresh.policy.sql("UPDATE principal SET state = 'suspended' WHERE name = 'interns';")
    assert fresh.daemon.in_force(lambda: reason(fresh, alice, "alice@example.com")) == "login-suspended"
    assert fresh.login("bob").accepts("<bob@example.com>")


def test_monitor_mode_records_the_refusal_and_goes_on(fresh, alice):
    fresh.policy.set("mode", "monitor")
    fresh.daemon.in_force(lambda: alice.accepts("<bob@example.com>"))
    record = fresh.delivery(alice.message("bob@example.com", SOMEONE))
    assert record["verdict"] == "accept"
    assert "sender-not-granted" in str(record["would"])


def test_unknown_logins_can_be_refused(fresh, alice):
    fresh.policy.set("unknown_login", "reject")
    assert fresh.daemon.in_force(lambda: reason(fresh, alice, "alice@example.com")) == "login-unknown"
    fresh.policy.login("alice")
    fresh.daemon.in_force(lambda: alice.accepts("<alice@example.com>"))


def test_with_a_default_realm_both_forms_are_one_login(fresh, alice):
    fresh.policy.login("alice")
    fresh.policy.login("alice@example.com")
    fresh.policy.grant("alice", "short@example.com")
    fresh.policy.grant("alice@example.com", "long@example.com")
    fresh.policy.set("default_realm", "example.com")
    long, probe = fresh.login("alice@example.com"), fresh.login("alice")
    fresh.daemon.in_force(lambda: probe.accepts("<long@example.com>"))
    for client in (alice, long):
        record = fresh.delivery(client.message("short@example.com", SOMEONE))
        assert record["login"] == "alice@example.com"

    fresh.policy.sql("UPDATE principal SET state = 'suspended' WHERE name = 'alice';")
    assert fresh.daemon.in_force(lambda: reason(fresh, long, "long@example.com")) == "login-suspended"
    assert reason(fresh, alice, "long@example.com") == "login-suspended"


def test_a_message_begun_before_a_change_is_finished(fresh, alice):
    fresh.policy.login("alice")
    assert alice.mail("<alice@example.com>").ok
    fresh.policy.grant("alice", "sales@example.com")
    other = fresh.login("alice")
    fresh.daemon.in_force(lambda: other.accepts("<sales@example.com>"))
    assert alice.rcpt(f"<{SOMEONE}>").ok
    assert alice.data(smtp.text("alice@example.com")).code == 250


def test_a_new_file_renamed_into_place_is_in_force(fresh, alice):
    new = Policy(fresh.policy.path.with_name("new.db"))
    shutil.copy(fresh.policy.path, new.path)
    new.login("alice")
    new.grant("alice", "sales@example.com")
    os.rename(new.path, fresh.policy.path)
    fresh.daemon.in_force(lambda: alice.accepts("<sales@example.com>"))


def test_a_grant_of_the_command_is_in_force_when_it_returns(fresh, alice):
    fresh.policy.authpolicy("grant", "--control", fresh.daemon.settings["control"], "alice", "sales@example.com")
    assert alice.accepts("<sales@example.com>")


def test_edits_never_meet_a_lock_of_the_daemon(fresh):
    for n in range(100):
        fresh.policy.sql(f"INSERT INTO principal(name, kind) VALUES('login{n}', 'login');")
    assert fresh.policy.sql("SELECT count(*) FROM principal WHERE name LIKE 'login%';") == "100"
