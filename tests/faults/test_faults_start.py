"""The daemon is started where something is missing or full: it says what, and what would mend it."""

import subprocess

import pytest

from lib import place
from lib.daemon import PATIENCE
from lib.milter import CONTINUE, Milter
from lib.wait import until

FRIEND = "friend@example.org"


def refusal(daemon):
    """What it says when it does not start."""
    done = subprocess.run([place.program("authpolicyd"), "-f", "-c", daemon.config], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 1 and "serves at" not in done.stderr, done.stderr
    return done.stderr


@pytest.mark.parametrize("key, file, words", [
    ("socket", "unix:{}/milter.sock", "the folder {} does not exist: make it"),
    ("control", "{}/control.sock", "the folder {} does not exist: make it"),
    ("audit_log", "{}/audit.log", "{}/audit.log: can't open the audit log: No such file or directory; make its folder"),
    ("pid_file", "{}/pid", "pid_file {}/pid: No such file or directory"),
])
def test_a_folder_that_is_missing_is_named_with_the_mend(daemon, key, file, words):
    missing = daemon.home / "missing"
    daemon.configure(**{key: file.format(missing)})
    assert words.format(missing) in refusal(daemon)
    missing.mkdir(mode=0o777)
    missing.chmod(0o777)
    daemon.start()


def test_without_the_folder_of_the_state_it_serves_and_complains(daemon):
    daemon.configure(state=str(daemon.home / "missing/state.db"))
    daemon.start()
    assert "missing" in daemon.said()
    serves(daemon)


@pytest.fixture
def full(disk):
    """The path of a disk that has nothing left."""
    disk.fill()
    return disk.path


def serves(daemon):
    with Milter(daemon.home / "milter.sock") as session:
        session.begin()
        assert session.message("alice@example.com", FRIEND)[0] == CONTINUE
        assert session.message("bob@example.com", FRIEND)[1].startswith("550 5.7.1")


def test_a_full_disk_for_the_log_puts_mail_off_until_there_is_room(daemon, disk, full):
    daemon.configure(audit_log=str(full / "audit.log"))
    daemon.start()
    with Milter(daemon.home / "milter.sock") as session:
        session.begin()
        assert session.message("bob@example.com", FRIEND)[1].startswith("451 4.3.0")
        assert session.message("alice@example.com", FRIEND)[1].startswith("451 4.3.0")
    assert f"{full}/audit.log: can't write the audit log: No space left on device" in daemon.said()
    assert "2 records could not be written: look at the log and its disk" in daemon.status()[1]
    disk.relieve()
    serves(daemon)
    until(lambda: "the audit log is written again" in daemon.said(), PATIENCE, daemon.said)


def test_what_a_full_disk_puts_off_is_not_counted(daemon, policy, disk, full):
    """But for the message that found the disk full; the others come again and again."""
    policy.sql("INSERT INTO quota(name, principal, metric, amount, period) VALUES ('few', 'everyone', 'messages', 2, '1h')")
    daemon.configure(audit_log=str(full / "audit.log"))
    daemon.start()
    try:
        with Milter(daemon.home / "milter.sock") as session:
            session.begin()
            for _ in range(5):
                assert session.message("alice@example.com", FRIEND)[1].startswith("451 4.3.0")
            disk.relieve()
            assert session.message("alice@example.com", FRIEND)[0] == CONTINUE
            assert session.message("alice@example.com", FRIEND)[1].startswith("450 4.7.1")
    finally:
        policy.sql("DELETE FROM quota")


def test_a_full_disk_for_the_state_stops_no_mail(daemon, full):
    daemon.configure(state=str(full / "state.db"))
    daemon.start()
    assert f"{full}" in daemon.said() and "No space left on device" in daemon.said()
    serves(daemon)


def test_a_full_disk_for_the_pid_file_is_named(daemon, full):
    daemon.configure(pid_file=str(full / "pid"))
    assert f"pid_file {full}/pid: No space left on device" in refusal(daemon)
