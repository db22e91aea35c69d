"""What limits counted and whom they suspended outlives the daemon, its files and its disk."""

import json
import os
import pathlib
import subprocess

import pytest

from lib import place
from lib.daemon import PATIENCE, Daemon
from lib.milter import Milter
from lib.policy import Policy
from lib.wait import until

ACCEPTED, AMOUNT = "c", 3


@pytest.fixture
def daemon(build):
    policy = Policy(place.scratch("policy") / "policy.db").init("example.com")
    policy.login("alice")
    policy.grant("alice", "alice@example.com")
    policy.sql("INSERT INTO quota(name, principal, metric, amount, period, on_exceed, suspend_for)"
               f" VALUES('daily', 'everyone', 'messages', {AMOUNT}, '1d', 'suspend', '1d')")
    daemon = Daemon(policy).start()
    yield daemon
    daemon.stop()


def send(daemon):
    """A message of alice's: the answer."""
    with Milter(daemon.home / "milter.sock") as session:
        code, text = session.begin().message("alice@example.com", "bob@example.org")
    return " ".join(text.split()[:2]) if code == "y" else code


def state(daemon):
    done = daemon.policy.authpolicy("status", "--json", "--control", daemon.settings["control"])
    return json.loads(done.stdout)["state"]


def kept(daemon):
    """How much the database holds, read as an administrator does; 0 while there is no table."""
    done = subprocess.run(["sqlite3", daemon.settings["state"], "SELECT total(length(data)) FROM (SELECT data FROM posting UNION ALL"
                           " SELECT data FROM snapshot)"], capture_output=True, text=True, check=False)
    return float(done.stdout or 0)


def suspend(daemon):
    """Send until the limit suspends."""
    assert [send(daemon) for _ in range(AMOUNT)] == [ACCEPTED] * AMOUNT
    assert send(daemon) == "550 5.7.1"
    assert send(daemon) == "550 5.7.13"
    assert daemon.record(reason="login-suspended")


def is_suspended(daemon):
    """Whether alice is told so; and status tells who, by which limit."""
    refusals = len(daemon.records())
    send(daemon)
    return daemon.records()[refusals]["reason"] == "login-suspended" and [
        (s["principal"], s["limit"]) for s in state(daemon)["suspensions"]] == [("alice", "daily")]


def test_counts_outlive_a_crash(daemon):
    assert send(daemon) == send(daemon) == ACCEPTED
    until(lambda: kept(daemon), PATIENCE, "what was counted to be kept")
    daemon.kill()
    daemon.start()
    assert send(daemon) == ACCEPTED
    assert send(daemon) != ACCEPTED
    assert daemon.record(reason="limit-exceeded", row="quota(daily)")["suspension"]["principal"] == "alice"


def test_a_suspension_outlives_a_crash_at_once(daemon):
    suspend(daemon)
    daemon.kill()
    daemon.start()
    assert is_suspended(daemon)


def test_a_suspension_outlives_its_database(daemon):
    suspend(daemon)
    daemon.kill()
    for file in daemon.home.glob("state.db*"):
        file.unlink()
    daemon.start()
    assert is_suspended(daemon)


def test_a_pardon_ends_a_suspension_for_good(daemon):
    suspend(daemon)
    daemon.policy.authpolicy("resume", "alice", "--control", daemon.settings["control"])
    assert send(daemon) == ACCEPTED
    daemon.restart()
    assert send(daemon) == ACCEPTED and state(daemon)["suspended"] == 0


def test_a_full_disk_stops_neither_the_daemon_nor_the_counting(daemon, monkeypatch):
    wrapper = os.environ.get("AP_WRAPPER", "")
    daemon.stop()
    for file in daemon.home.glob("state.db*"):
        file.unlink()
    monkeypatch.setenv("AP_WRAPPER", f"prlimit --fsize=30000 {wrapper}")
    daemon.start()
    suspend(daemon)
    assert is_suspended(daemon)
    assert not state(daemon)["healthy"] and not kept(daemon)
    assert daemon.said().count("what is counted can't be kept") == 1
    monkeypatch.setenv("AP_WRAPPER", wrapper)
    daemon.restart()
    assert is_suspended(daemon) and state(daemon)["healthy"]


def test_a_damaged_database_is_kept_for_the_curious(daemon):
    suspend(daemon)
    daemon.kill()
    path = pathlib.Path(daemon.settings["state"])
    path.write_bytes(b"x" * 8192)
    for suffix in ("-wal", "-shm"):
        pathlib.Path(f"{path}{suffix}").unlink()
    daemon.start()
    aside, = daemon.home.glob("state.db.damaged-*")
    assert aside.read_bytes() == b"x" * 8192 and str(aside) in daemon.said()
    assert is_suspended(daemon)
