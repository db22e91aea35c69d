"""The mail server dies in the middle of a message or a packet, says too much, or does nothing but connect; the disk of the state is slow or stands still."""

import contextlib
import json
import os
import pathlib
import select
import shutil
import socket
import struct
import time

import pytest

from lib import place
from lib.daemon import PATIENCE, SLOW
from lib.milter import CONTINUE, OFFER, Milter, packet, strings
from lib.wait import until

FRIEND = "friend@example.org"
CONNECTS = 1000 if SLOW else 10000
PACKET_MAX = 1 << 20        # of libmilter


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


def holdings(daemon):
    """Descriptors, threads, and megabytes of memory, when nobody is served."""
    until(lambda: status(daemon)["sessions"] == 0, PATIENCE, "the sessions to end")
    folder = pathlib.Path(f"/proc/{daemon.process.pid}")
    resident = (folder / "status").read_text(encoding="ascii").split("VmRSS:")[1].split()[0]
    return len(os.listdir(folder / "fd")), len(os.listdir(folder / "task")), int(resident) / 1024


@pytest.fixture
def leaves_nothing(daemon):
    """Does something once to warm up, and then many times: what the daemon holds may not grow."""
    def done(act, times):
        act()
        before = holdings(daemon)
        for _ in range(times):
            act()
        until(lambda: len(os.listdir(f"/proc/{daemon.process.pid}/fd")) <= before[0], PATIENCE, "the descriptors to be closed")
        _, threads, megabytes = holdings(daemon)
        assert threads <= before[1] + 8, "libmilter keeps some workers"
        assert megabytes <= before[2] + 0.75
        with open_session(daemon) as session:
            assert session.begin().message("alice@example.com", FRIEND)[0] == CONTINUE
            assert session.message("bob@example.com", FRIEND)[0] == "y"
        daemon.content()
    return done


def test_a_mail_server_that_dies_leaves_nothing_but_the_record_of_what_it_began(daemon, leaves_nothing):
    daemon.start()

    def die():
        for act, _ in DEATHS:
            with open_session(daemon) as session:
                act(session)
    leaves_nothing(die, 50)
    begun = 51 * sum(begun for _, begun in DEATHS)
    until(lambda: sum(r["stage"] == "abort" for r in daemon.records()) == begun, PATIENCE, "what was begun to be recorded")
    assert sum(r["stage"] == "eom" for r in daemon.records()) == 1, "nothing else came to its end"


def test_thousands_of_connections_leave_nothing(daemon, leaves_nothing):
    daemon.start()

    def connect():
        for n in range(CONNECTS // 10):
            with contextlib.closing(socket.socket(socket.AF_UNIX)) as s:
                s.connect(str(daemon.home / "milter.sock"))
                if n % 3 == 0:
                    s.sendall(packet("O", OFFER))
    leaves_nothing(connect, 9)


def macros(stage, *names_and_values):
    return packet("D", stage.encode() + strings(*names_and_values))


# What a mail server says from the beginning to the end of a session, packet by packet.
TALK = [
    packet("O", OFFER), macros("C", "v", "Postfix 3.7.11"), packet("C", strings("client.example.org") + b"4" + b"\x9c\x40" + strings("192.0.2.10")),
    packet("H", strings("client.example.org")),
    macros("M", "{auth_authen}", "alice", "{auth_type}", "PLAIN", "{mail_mailer}", "smtp", "{mail_addr}", "alice@example.com"),
    packet("M", strings("<alice@example.com>")), macros("R", "{rcpt_addr}", FRIEND), packet("R", strings(f"<{FRIEND}>")), packet("T"),
    packet("L", strings("From", "<alice@example.com>")), packet("N"), packet("B", b"Hello\r\n"), macros("E", "i", "4QUEUEID"), packet("E"),
]


def test_a_mail_server_that_dies_within_any_packet_leaves_nothing(daemon, leaves_nothing):
    daemon.start()

    def break_off():
        for n, last in enumerate(TALK):
            for length in {1, 4, 5, len(last) // 2, len(last) - 1} - {len(last)}:
                with open_session(daemon) as session:
                    session.socket.sendall(b"".join(TALK[:n]) + last[:length])
    leaves_nothing(break_off, 30)
    assert sum(r["stage"] == "eom" for r in daemon.records()) == 1, "of the one that spoke to the end"


def test_more_than_a_packet_may_hold_ends_the_session(daemon, leaves_nothing):
    daemon.start()

    def send_too_much():
        for n, last in enumerate(TALK):
            with open_session(daemon) as session, contextlib.suppress(BrokenPipeError, ConnectionResetError):
                session.socket.sendall(b"".join(TALK[:n]) + struct.pack("!I", PACKET_MAX + 2) + last[4:5] + bytes(PACKET_MAX + 1))
                while session.answer()[0]:
                    pass
    leaves_nothing(send_too_much, 3)
    assert sum(r["stage"] == "eom" for r in daemon.records()) == 1


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
