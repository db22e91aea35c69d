"""The mail server dies in the middle of a message, or does nothing but connect; the disk of the state is slow or stands still."""

import contextlib
import json
import os
import select
import shutil
import socket
import time

from lib import place
from lib.daemon import PATIENCE, SLOW
from lib.milter import CONTINUE, Milter, packet, strings
from lib.wait import until

FRIEND = "friend@example.org"
CONNECTS = 1000 if SLOW else 10000


def status(daemon):
    return json.loads(daemon.policy.authpolicy("status", "--json", "--control", daemon.settings["control"], check=False).stdout)


def open_session(daemon, login="alice"):
    return Milter(daemon.home / "milter.sock", login=login)


def to_mail(session):
    session.begin()
    assert session.mail("alice@example.com", "4QUEUEID")[0] == CONTINUE


def to_recipient(session):
    to_mail(session)
    assert session.rcpt(FRIEND)[0] == CONTINUE


def to_half_a_field(session):
    to_recipient(session)
    session.socket.sendall(packet("L", strings("From", "<alice@example.com>"))[:12])


def to_header(session):
    to_recipient(session)
    session.send("L", strings("From", "<alice@example.com>"))


def to_half_an_end(session):
    to_header(session)
    session.socket.sendall(packet("E")[:3])


# What the mail server does before it dies, and whether a message was begun.
DEATHS = [
    (lambda session: None, 0), (Milter.negotiate, 0), (Milter.begin, 0), (lambda session: session.begin().ask_mail("bob@example.com"), 0),
    (to_mail, 1), (to_recipient, 1), (to_half_a_field, 1), (to_header, 1), (to_half_an_end, 1)]


def test_a_mail_server_that_dies_leaves_nothing_but_the_record_of_what_it_began(daemon):
    daemon.start()
    for _ in range(5):
        for act, _ in DEATHS:
            with open_session(daemon) as session:
                act(session)
    begun = 5 * sum(begun for _, begun in DEATHS)
    until(lambda: status(daemon)["sessions"] == 0, PATIENCE, "the sessions to end")
    until(lambda: sum(r["stage"] == "abort" for r in daemon.records()) == begun, PATIENCE, "what was begun to be recorded")
    assert {r["verdict"] for r in daemon.records() if r["stage"] == "eom"} == set(), "nothing came to its end"
    with open_session(daemon) as session:
        assert session.begin().message("alice@example.com", FRIEND)[0] == CONTINUE
        assert session.message("bob@example.com", FRIEND)[0] == "y"


def test_thousands_of_connections_leave_nothing(daemon):
    daemon.start()
    handles = f"/proc/{daemon.process.pid}/fd"
    before = len(os.listdir(handles))
    for n in range(CONNECTS):
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as s:
            s.connect(str(daemon.home / "milter.sock"))
            if n % 3 == 0:
                s.sendall(packet("O", b"\0\0\0\6\0\0\1\xff\0\x1f\xff\xff"))
    until(lambda: len(os.listdir(handles)) <= before and status(daemon)["sessions"] == 0, PATIENCE, "the connections to be forgotten")
    with open_session(daemon) as session:
        assert session.begin().message("alice@example.com", FRIEND)[0] == CONTINUE
    daemon.content()


def test_a_slow_disk_of_the_state_holds_up_nobody_else(daemon, monkeypatch):
    """Each write to it takes a second: who is suspended waits two at most, and everybody else does not at all."""
    policy = daemon.policy
    policy.login("alice")
    policy.sql("INSERT INTO quota(name, principal, metric, amount, period, on_exceed, suspend_for)"
               " VALUES('one', 'alice', 'messages', 1, '1d', 'suspend', '1d');")
    state = daemon.settings["state"]
    daemon.start()
    daemon.stop()
    monkeypatch.setenv("AP_WRAPPER", f"strace -D -f -qq -o /dev/null -P {state} -P {state}-wal -P {state}-journal"
                       " -e inject=pwrite64,fdatasync,fsync:delay_enter=1000000")
    daemon.start()
    with open_session(daemon) as alice, open_session(daemon, "bob") as bob:
        assert alice.begin().message("alice@example.com", FRIEND)[0] == CONTINUE
        bob.begin()
        alice.ask_mail("alice@example.com")
        began = time.monotonic()
        answers = 0
        while not select.select([alice], [], [], 0)[0] and time.monotonic() < began + PATIENCE:
            asked = time.monotonic()
            assert bob.message("bob@example.com", FRIEND)[0] == CONTINUE
            assert time.monotonic() < asked + 1
            answers += 1
        assert answers > 3, "the suspension did not wait for the disk"
        assert alice.answer()[0] == "y"
    with open_session(daemon) as alice:
        assert alice.begin().mail("alice@example.com")[1].startswith("550 5.7.13"), "it is in force"
    monkeypatch.setenv("AP_WRAPPER", "")
    daemon.kill()


def change(daemon, name):
    """A change of the policy; it is in force when this returns."""
    before = status(daemon)["principals"]
    daemon.policy.login(name)
    until(lambda: status(daemon)["principals"] > before, PATIENCE, f"{name} in the policy")


def test_no_change_of_the_policy_waits_until_the_one_before_is_kept(daemon):
    """The last good policy is written into a pipe that nobody empties until the end."""
    kept = daemon.home / "last-good-policy.db"
    aside = daemon.home / "last-good-policy.db.new"
    daemon.start()
    until(lambda: kept.exists() and not aside.exists(), PATIENCE, "the first one to be kept")
    os.mkfifo(aside)
    if os.geteuid() == 0:
        shutil.chown(aside, place.USER)
    for name in "first", "second", "third":
        change(daemon, name)
    with open(aside, "rb") as pipe:
        assert pipe.read().startswith(b"SQLite format 3"), "the first one was being written"
    daemon.stop()
    assert "can't keep the last good policy" in daemon.said(), "a pipe can't be synced"
    assert kept.read_bytes() == daemon.policy.path.read_bytes(), "the newest of those that waited"
