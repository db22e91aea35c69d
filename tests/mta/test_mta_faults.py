"""Whatever happens to the policy file or the daemon: mail goes on under the last good policy, or waits; it is never lost or let loose."""

import contextlib
import os
import shutil
import signal
import sqlite3

import pytest

from lib.daemon import PATIENCE
from lib.wait import until

SOMEONE = "someone@example.org"


def last_good_policy_in_force(site):
    """New sessions are served as before: alice is herself and nobody else, strangers do not relay."""
    alice = site.login("alice")
    assert alice.message("alice@example.com", SOMEONE).code == 250
    assert alice.message("bob@example.com", SOMEONE).status == "550 5.7.1"
    assert site.anonymous().message("them@example.org", SOMEONE).status == "550 5.7.1"


def edit_unchecked(path, statements):
    """An edit that no trigger and no CHECK watches over, as a careless restore makes it."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript("BEGIN IMMEDIATE; PRAGMA ignore_check_constraints = ON;")
        triggers = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            db.execute(f'DROP TRIGGER "{name}"')
        for statement in statements:
            db.execute(statement)
        for _, sql in triggers:
            db.execute(sql)
        db.execute("COMMIT")


BROKEN_RULE = "INSERT INTO rule(seq, verdict) VALUES(10, 'perhaps')"


def locked_after_a_change(site, stack):
    db = stack.enter_context(contextlib.closing(sqlite3.connect(site.policy.path, isolation_level=None)))
    db.execute("PRAGMA locking_mode = EXCLUSIVE")
    db.execute("INSERT INTO principal(name, kind) VALUES('zoe', 'login')")


def truncated(site, _):
    os.truncate(site.policy.path, site.policy.path.stat().st_size // 2)


def emptied(site, _):
    os.truncate(site.policy.path, 0)


def deleted(site, _):
    site.policy.path.unlink()


def replaced_by_garbage(site, _):
    garbage = site.policy.path.with_name("garbage")
    garbage.write_bytes(os.urandom(20000))
    os.rename(garbage, site.policy.path)


def replaced_by_another_database(site, _):
    other = site.policy.path.with_name("other")
    with contextlib.closing(sqlite3.connect(other)) as db:
        db.execute("CREATE TABLE t(x)")
        db.commit()
    os.rename(other, site.policy.path)


def made_unreadable(site, _):
    if os.geteuid() == 0 and "user" not in site.daemon.settings:
        pytest.fail("root reads everything: the daemon must run as somebody else")
    site.policy.path.chmod(0)
    os.utime(site.policy.path)


def given_a_broken_rule(site, _):
    edit_unchecked(site.policy.path, [BROKEN_RULE])


FAULTS = {
    locked_after_a_change: ["locked"],
    truncated: [],
    emptied: [],
    deleted: [],
    replaced_by_garbage: [],
    replaced_by_another_database: [],
    made_unreadable: [],
    given_a_broken_rule: ["rule", "10"],
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.__name__)
def test_mail_goes_on_under_the_last_good_policy_while_the_database_is(fresh, fault):
    last_good_policy_in_force(fresh)
    good = fresh.policy.path.with_name("good.db")
    shutil.copy(fresh.policy.path, good)
    with contextlib.ExitStack() as stack:
        fault(fresh, stack)
        fresh.daemon.complains(*FAULTS[fault])
        last_good_policy_in_force(fresh)

    # And it recovers by itself, in the sessions that are open.
    alice = fresh.login("alice")
    edit_unchecked(good, ["INSERT INTO principal(name, kind) VALUES('alice', 'login')",
                          "INSERT INTO send_as(principal, address) VALUES('alice', 'sales@example.com')"])
    good.chmod(0o644)
    os.rename(good, fresh.policy.path)
    fresh.daemon.in_force(lambda: alice.accepts("<sales@example.com>"))
    fresh.daemon.content()


def test_an_exclusive_lock_without_a_change_stops_no_mail(fresh):
    with contextlib.closing(sqlite3.connect(fresh.policy.path, isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        last_good_policy_in_force(fresh)
        fresh.daemon.restart()
        last_good_policy_in_force(fresh)


def test_a_suspension_takes_effect_while_another_row_is_broken(fresh):
    alice, bob = fresh.login("alice"), fresh.login("bob")
    edit_unchecked(fresh.policy.path, [BROKEN_RULE])
    fresh.daemon.complains("rule")
    fresh.policy.login("alice")
    fresh.policy.sql("UPDATE principal SET state = 'suspended' WHERE name = 'alice';")

    fresh.daemon.in_force(lambda: not alice.accepts("<alice@example.com>"))
    answer = alice.mail("<alice@example.com>")
    assert answer.status == "550 5.7.13"
    assert fresh.refusal(answer)["reason"] == "login-suspended"
    assert bob.accepts("<bob@example.com>")
    fresh.daemon.complains("rule")


def test_a_grant_waits_until_the_broken_row_is_mended(fresh):
    alice = fresh.login("alice")
    edit_unchecked(fresh.policy.path, [BROKEN_RULE])
    fresh.daemon.complains("rule")
    fresh.policy.login("alice")
    fresh.policy.grant("alice", "sales@example.com")
    assert not alice.accepts("<sales@example.com>")
    fresh.policy.sql("DELETE FROM rule WHERE seq = 10;")
    fresh.daemon.in_force(lambda: alice.accepts("<sales@example.com>"))
    fresh.daemon.content()


@pytest.mark.parametrize("fault", [truncated, deleted, replaced_by_garbage], ids=lambda f: f.__name__)
def test_the_last_good_policy_survives_a_restart_while_the_database_is(fresh, fault):
    last_good_policy_in_force(fresh)
    fault(fresh, None)
    fresh.daemon.restart()
    fresh.daemon.complains()
    last_good_policy_in_force(fresh)


def test_without_any_policy_mail_waits_until_one_appears(fresh):
    good = fresh.policy.path.with_name("good.db")
    fresh.daemon.stop()
    os.rename(fresh.policy.path, good)
    for path in fresh.daemon.home.iterdir():
        if path not in (fresh.daemon.config, fresh.daemon.output):
            path.unlink()       # the last good copy too
    fresh.daemon.start()

    fresh.daemon.complains()
    alice = fresh.login("alice")
    answer = alice.mail("<alice@example.com>")
    assert answer.status == "451 4.3.0"
    assert fresh.refusal(answer)["reason"] == "policy-unavailable"
    assert fresh.anonymous().mail("<them@example.org>").status == "451 4.3.0"

    alice.rset()
    os.rename(good, fresh.policy.path)
    fresh.daemon.in_force(lambda: alice.accepts("<alice@example.com>"))
    fresh.daemon.content()
    last_good_policy_in_force(fresh)


def test_sighup_ends_no_session_and_opens_the_log_anew(fresh):
    alice = fresh.login("alice")
    assert alice.message("alice@example.com", SOMEONE).code == 250
    log = fresh.daemon.settings["audit_log"]
    os.rename(log, log + ".1")
    fresh.daemon.signal(signal.SIGHUP)
    until(lambda: "log reopened" in fresh.daemon.said(), PATIENCE, fresh.daemon.said)
    refused = alice.message("bob@example.com", SOMEONE)
    assert refused.status == "550 5.7.1"
    assert fresh.refusal(refused)["login"] == "alice"
    last_good_policy_in_force(fresh)


def test_a_rotated_log_is_noticed_without_a_signal(fresh):
    log = fresh.daemon.settings["audit_log"]
    answers = [fresh.login("alice").mail("<bob@example.com>")]
    os.rename(log, log + ".1")

    def written():
        answers.append(fresh.login("alice").mail("<bob@example.com>"))
        return any(r["ref"] == answers[-1].ref for r in fresh.daemon.records())

    until(written, PATIENCE, "the new log")
    everything = open(log + ".1").read() + open(log).read()
    assert all(a.ref in everything for a in answers)


def deferred(site):
    """Without the daemon nothing is accepted and nothing refused for good."""
    stranger = site.anonymous()
    answer = stranger.mail("<them@example.org>")
    if answer.ok:
        answer = stranger.rcpt("<alice@example.com>")
    assert 400 <= answer.code < 500, answer


def test_sigterm_ends_the_daemon_with_sessions_open(fresh):
    alice = fresh.login("alice")
    assert alice.mail("<alice@example.com>").ok
    fresh.daemon.stop()
    deferred(fresh)
    fresh.daemon.start()
    last_good_policy_in_force(fresh)


def test_sigterm_is_taken_well_however_early_it_comes(fresh):
    for _ in range(20):
        fresh.daemon.restart()
    last_good_policy_in_force(fresh)


def test_a_crash_leaves_nothing_in_the_way_of_a_new_start(fresh):
    last_good_policy_in_force(fresh)
    fresh.daemon.kill()
    deferred(fresh)
    fresh.daemon.start()
    last_good_policy_in_force(fresh)
