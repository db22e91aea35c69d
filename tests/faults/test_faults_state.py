"""Whatever happens to the state database while the daemon runs: limits and suspensions hold, mail goes on, and when it is over all is kept again."""

import contextlib
import os
import pathlib
import shutil
import sqlite3

import pytest

from lib.daemon import PATIENCE
from lib.milter import CONTINUE, Milter
from lib.policy import Policy
from lib import place
from lib.wait import until

FRIEND = "friend@example.org"
OVER = "550 5.7.1"
SUSPENDED = "550 5.7.13"


@pytest.fixture(scope="module")
def policy(build):
    policy = Policy(place.scratch("policy") / "policy.db").init("example.com")
    policy.sql("INSERT INTO quota(name, principal, metric, amount, period, on_exceed, suspend_for)"
               " VALUES('three', 'everyone', 'messages', 3, '1d', 'suspend', '1d');")
    return policy


@pytest.fixture
def daemon(daemon, disk):
    """The state has a folder of its own, on a disk of its own."""
    folder = disk.path / "state"
    folder.mkdir()
    shutil.chown(folder, place.USER)
    daemon.configure(state=str(folder / "state.db"))
    return daemon.start()


def send(daemon, login):
    with Milter(daemon.home / "milter.sock", login=login) as session:
        code, text = session.begin().message(f"{login}@example.com", FRIEND)
    return " ".join(text.split()[:2]) if code == "y" else code


def path_of(daemon):
    return pathlib.Path(daemon.settings["state"])


def is_kept(daemon, *logins):
    """Is something of each login's in the database?"""
    data = b""
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(f"file:{path_of(daemon)}?mode=ro", uri=True)) as db:
        data = b"".join(row for row, in db.execute("SELECT data FROM posting UNION ALL SELECT data FROM snapshot"))
    return all(login.encode() in data for login in logins)


# --- what happens, until the stack is closed ---

def locked_by_another(daemon, disk, stack):
    db = stack.enter_context(contextlib.closing(sqlite3.connect(path_of(daemon), isolation_level=None)))
    db.execute("BEGIN IMMEDIATE")


def on_a_full_disk(daemon, disk, stack):
    disk.fill()
    stack.callback(disk.relieve)


def emptied(daemon, disk, stack):
    os.truncate(path_of(daemon), 0)


def overwritten(daemon, disk, stack):
    """All of it: nothing waits in the log, and what is cached is void by another's row."""
    with contextlib.closing(sqlite3.connect(path_of(daemon))) as db, db:
        assert db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
        db.execute("INSERT INTO suspension(principal, limit_name, why, since, until) VALUES('x', 'y', '', '', '')")
    with open(path_of(daemon), "r+b") as file:
        file.write(os.urandom(path_of(daemon).stat().st_size))


def replaced_by_that_of_another(daemon, disk, stack):
    other = path_of(daemon).with_name("other.db")
    with contextlib.closing(sqlite3.connect(other)) as db:
        db.execute("CREATE TABLE t(x)")
        db.commit()
    os.rename(other, path_of(daemon))


def in_a_folder_without_permissions(daemon, disk, stack):
    folder = path_of(daemon).parent
    folder.chmod(0)
    stack.callback(folder.chmod, 0o755)


FAULTS = [locked_by_another, on_a_full_disk, emptied, overwritten, replaced_by_that_of_another, in_a_folder_without_permissions]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.__name__)
def test_nothing_is_forgotten_when_the_state_is(daemon, disk, fault):
    assert send(daemon, "alice") == send(daemon, "bob") == send(daemon, "bob") == CONTINUE
    until(lambda: is_kept(daemon, "alice", "bob"), PATIENCE, "what was counted to be kept")
    with contextlib.ExitStack() as stack:
        fault(daemon, disk, stack)
        assert [send(daemon, "alice") for _ in range(4)] == [CONTINUE, CONTINUE, OVER, SUSPENDED]
        assert send(daemon, "carol") == CONTINUE
    until(lambda: "what is counted can't be kept" in daemon.said(), PATIENCE, "the fault to be noticed")
    until(lambda: is_kept(daemon, "alice", "bob", "carol"), PATIENCE, daemon.said)
    daemon.kill()
    daemon.start()
    assert send(daemon, "alice") == SUSPENDED
    assert [send(daemon, "bob") for _ in range(2)] == [CONTINUE, OVER]
    assert [send(daemon, "carol") for _ in range(3)] == [CONTINUE, CONTINUE, OVER]
    daemon.content()
