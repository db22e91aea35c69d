"""The policy is replaced while it is read, can't be read for a while, or lies on a full disk: what is in force is one whole policy, and the newest soon."""

import json
import os
import shutil
import socket
import subprocess
import threading
import time

import pytest

from lib import place
from lib.daemon import PATIENCE
from lib.milter import CONTINUE, Milter
from lib.policy import Policy
from lib.wait import until

FRIEND = "friend@example.org"


@pytest.fixture
def policy(build):
    """One for each test."""
    policy = Policy(place.scratch("policy") / "policy.db").init("example.com")
    policy.login("alice")
    return policy


def may_use(daemon, address):
    with Milter(daemon.home / "milter.sock") as session:
        code, text = session.begin().message(address, FRIEND)
    assert code == CONTINUE or text.startswith("550 5.7.1"), text
    return code == CONTINUE


def decides(daemon):
    return may_use(daemon, "alice@example.com") and not may_use(daemon, "bob@example.com")


# --- replaced while it is read ---

def by_renaming(new, path):
    aside = path.with_name("aside.db")
    shutil.copy(new, aside)
    os.rename(aside, path)


def by_writing_over_it(new, path):
    """As a backup that is copied back in place, page by page and without a lock."""
    with open(new, "rb") as source, open(path, "r+b", buffering=0) as target:
        while page := source.read(4096):
            target.write(page)
            time.sleep(0.002)
        target.truncate()


def by_restoring(new, path):
    """In one transaction, on a slow disk."""
    subprocess.run(["strace", "-qq", "-o", "/dev/null", "-P", path, "-e", "inject=pwrite64:delay_enter=1000",
                    "sqlite3", "-cmd", ".timeout 2000", path, f".restore {new}"], check=True)


def by_vacuum_into(new, path):
    aside = path.with_name("aside.db")
    subprocess.run(["sqlite3", new, f"VACUUM INTO '{aside}'"], check=True)
    aside.chmod(0o644)
    os.rename(aside, path)


@pytest.mark.parametrize("replace", [by_renaming, by_writing_over_it, by_restoring, by_vacuum_into])
def test_replaced_while_it_is_read_one_whole_policy_is_in_force(daemon, policy, replace):
    """Two that differ in three tables: of no two of these does one come from each."""
    other = Policy(policy.path.with_name("other.db")).init("example.com", mode="monitor")
    for p, logins, grants in (policy, 300, 200), (other, 200, 300):
        p.sql(f"INSERT INTO principal(name, kind) SELECT 'user' || value, 'login' FROM generate_series(1, {logins});"
              "INSERT INTO send_as(principal, address) SELECT 'user' || (1 + value % 100), 'a' || value || '@example.com'"
              f" FROM generate_series(1, {grants}); VACUUM;")
    one = policy.path.with_name("one.db")
    shutil.copy(policy.path, one)
    daemon.start()

    def in_force():
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(daemon.settings["control"])
            s.sendall(b"status\n")
            status = json.load(s.makefile())
        return status["mode"], status["principals"], status["grants"]

    whole = {in_force()}
    by_renaming(other.path, policy.path)
    until(lambda: in_force() not in whole, PATIENCE, "the other one")
    whole.add(in_force())

    def keep_replacing():
        for n in range(10):
            replace(one if n % 2 else other.path, policy.path)
            time.sleep(n / 100)
    replacing = threading.Thread(target=keep_replacing)
    replacing.start()
    while replacing.is_alive():
        assert in_force() in whole
    daemon.in_force(lambda: in_force()[0] == "enforce")
    daemon.content()
    if replace != by_writing_over_it:
        assert "refused" not in daemon.said(), "not even looked at when it was half of each"


# --- can't be read for a while ---

@pytest.mark.parametrize("of", ["file", "folder"])
def test_permissions_that_are_gone_and_come_back(daemon, policy, of):
    daemon.start()
    path = policy.path if of == "file" else policy.path.parent
    mode = path.stat().st_mode & 0o777
    path.chmod(0)
    daemon.complains("Permission denied")
    assert decides(daemon)
    policy.grant("alice", "sales@example.com")      # as root
    daemon.restart()
    assert "Permission denied" in daemon.said()
    assert decides(daemon) and not may_use(daemon, "sales@example.com")
    path.chmod(mode)
    daemon.in_force(lambda: may_use(daemon, "sales@example.com"))
    daemon.content()


# --- a full disk ---

@pytest.mark.parametrize("left", [0, 65536], ids=["nothing left", "a little left"])
def test_an_edit_that_finds_the_disk_full_changes_nothing(daemon, disk, left):
    policy = daemon.policy = Policy(disk.path / "policy.db").init("example.com")
    daemon.configure(database=str(policy.path))
    daemon.start()
    policy.login("alice")
    policy.grant("alice", "sales@example.com")
    daemon.in_force(lambda: may_use(daemon, "sales@example.com"))
    disk.fill(but=left)
    edit = subprocess.run(["sqlite3", "-bail", policy.path], capture_output=True, text=True, input=(
        "BEGIN; DELETE FROM send_as WHERE address = 'sales@example.com';"
        " INSERT INTO send_as(principal, address, note) SELECT 'alice', 'a' || value || '@example.com', hex(randomblob(200))"
        " FROM generate_series(1, 1000); COMMIT;"))
    assert edit.returncode and ("full" in edit.stderr or "disk I/O error" in edit.stderr), edit
    assert may_use(daemon, "sales@example.com") and not may_use(daemon, "a1@example.com") and decides(daemon)
    daemon.content()
    daemon.restart()
    assert may_use(daemon, "sales@example.com") and not may_use(daemon, "a1@example.com") and decides(daemon)
    disk.relieve()
    policy.grant("alice", "a1@example.com")
    daemon.in_force(lambda: may_use(daemon, "a1@example.com"))
    daemon.content()


def test_a_last_good_policy_that_cannot_be_kept_is_the_one_before(daemon, policy, disk):
    daemon.configure(state=str(disk.path / "state.db"))
    daemon.start()
    kept = disk.path / "last-good-policy.db"
    disk.fill()
    before = kept.read_bytes()
    policy.grant("alice", "sales@example.com")
    daemon.in_force(lambda: may_use(daemon, "sales@example.com"))
    until(lambda: f"{kept}: can't keep the last good policy for the next start: No space left on device" in daemon.said(), PATIENCE, daemon.said)
    assert kept.read_bytes() == before and not (disk.path / "last-good-policy.db.new").exists()
    good = policy.path.read_bytes()
    policy.path.write_bytes(b"no policy")
    daemon.restart()
    assert decides(daemon) and not may_use(daemon, "sales@example.com")

    disk.relieve()
    policy.path.write_bytes(good)
    daemon.in_force(lambda: may_use(daemon, "sales@example.com"))
    until(lambda: kept.read_bytes() == good, PATIENCE, "the newest to be kept")
    policy.path.write_bytes(b"no policy")
    daemon.restart()
    assert decides(daemon) and may_use(daemon, "sales@example.com")
