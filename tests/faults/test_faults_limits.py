"""Limits of the system, and a mail server that is slow, silent or wrong: no crash, no spinning, no wrong yes."""

import contextlib
import os
import random
import re
import select
import shutil
import socket
import struct
import subprocess

import pytest

from lib import place
from lib.daemon import PATIENCE, SLOW
from lib.milter import CONTINUE, OFFER, Milter, packet
from lib.wait import until

FRIEND = "friend@example.org"
ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not ROOT, reason="only root can become a user without other processes")
IDLE = 1000 if SLOW else 5000
pytestmark = pytest.mark.usefixtures("many_descriptors")


def milter_socket(daemon):
    return daemon.home / "milter.sock"


def decides(session):
    """Alice is herself and nobody else."""
    assert session.message("alice@example.com", FRIEND)[0] == CONTINUE
    code, text = session.message("bob@example.com", FRIEND)
    assert (code, text[:9]) == ("y", "550 5.7.1"), text


def decides_for_a_new_one(daemon):
    with Milter(milter_socket(daemon)) as session:
        decides(session.begin())


def is_taken(daemon):
    """Whether a new session is begun, soon."""
    with contextlib.suppress(TimeoutError), Milter(milter_socket(daemon), timeout=2) as session:
        return session.negotiate()


@pytest.fixture
def silent(daemon):
    """Opens connections that say nothing, or only these bytes."""
    with contextlib.ExitStack() as stack:
        def opened(count, data=b"", hang_up=False):
            for _ in range(count):
                s = stack.enter_context(socket.socket(socket.AF_UNIX))
                s.connect(str(milter_socket(daemon)))
                s.sendall(data)
                if hang_up:
                    s.close()
        yield opened


def wrap(monkeypatch, command):
    monkeypatch.setenv("AP_WRAPPER", f"{command} {os.environ.get('AP_WRAPPER', '')}")


def test_without_descriptors_it_neither_spins_nor_forgets_whom_it_serves(daemon, monkeypatch, load, silent):
    wrap(monkeypatch, "prlimit --nofile=128:128")
    daemon.start()
    with Milter(milter_socket(daemon)) as session:
        decides(session.begin())
        silent(200)
        until(lambda: len(os.listdir(f"/proc/{daemon.process.pid}/fd")) >= 126, PATIENCE, "all descriptors to be taken")
        assert load() < 0.3
        decides(session)


def test_it_recovers_when_there_are_descriptors_again(daemon, monkeypatch):
    wrap(monkeypatch, "prlimit --nofile=128:128")
    daemon.start()
    connections = [socket.socket(socket.AF_UNIX) for _ in range(200)]
    for s in connections:
        s.connect(str(milter_socket(daemon)))
    for s in connections:
        s.close()
    decides_for_a_new_one(daemon)
    daemon.content()


def test_more_sessions_than_allowed_are_turned_away_at_once(daemon, monkeypatch):
    wrap(monkeypatch, "prlimit --nofile=128:128")
    daemon.start()
    with contextlib.ExitStack() as stack:
        sessions = [stack.enter_context(Milter(milter_socket(daemon))) for _ in range(80)]
        taken = [s.negotiate() for s in sessions]
        assert taken == [True] * 64 + [False] * 16
    assert "64 sessions are open, no more are taken (max_sessions)" in daemon.said()
    until(lambda: is_taken(daemon), PATIENCE, "the sessions that ended to be noticed")
    decides_for_a_new_one(daemon)


@pytest.fixture
def few_threads(daemon):
    """The daemon has a user of its own, who may have only so many threads: the command to put before its own."""
    uid = 50000 + os.getpid() % 10000
    del daemon.settings["user"]
    daemon.configure(socket_group="")
    for path in (daemon.home, *daemon.home.iterdir()):
        shutil.chown(path, uid)
    return lambda most: f"setpriv --reuid={uid} --regid={uid} --clear-groups prlimit --nproc={most}:{most}"


@needs_root
@pytest.mark.parametrize("most", [1, 2, 3, 4, 8])
def test_it_does_not_start_without_its_threads_and_says_so(daemon, few_threads, most):
    done = subprocess.run([*few_threads(most).split(), place.program("authpolicyd"), "-f", "-c", daemon.config],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 1
    assert re.search(r"can't start .*thread: Resource temporarily unavailable|libmilter does not serve it; syslog", done.stderr), done.stderr
    assert "serves at" not in done.stderr and not milter_socket(daemon).exists()


@needs_root
def test_without_threads_for_all_nobody_is_answered_wrongly(daemon, stuck_log, few_threads, load, monkeypatch):
    """libmilter forgets a session it has no thread for: the MTA waits, and tempfails."""
    wrap(monkeypatch, few_threads(14))
    daemon.start()
    with contextlib.ExitStack() as stack:
        sessions = [stack.enter_context(Milter(milter_socket(daemon))) for _ in range(25)]
        for session in sessions:
            session.send("O", OFFER)
            session.ask_mail("bob@example.com")
        until(lambda: select.select(sessions, [], [], 0)[0], PATIENCE, "an answer")
        assert load() < 0.3
        assert {s.answer()[0] for s in select.select(sessions, [], [], 0)[0]} == {"O"}, "no verdict without its record"
        stuck_log.flow()

    until(lambda: is_taken(daemon), PATIENCE, "a new session to be taken")


# --- the mail server ---

def test_thousands_of_idle_sessions_need_few_threads_and_no_time(daemon, threads, load):
    daemon.start()
    with contextlib.ExitStack() as stack:
        sessions = [stack.enter_context(Milter(milter_socket(daemon))).begin() for _ in range(IDLE)]
        assert threads() <= 64
        assert load() < 0.3
        decides(sessions[0])
        decides(sessions[-1])
        decides_for_a_new_one(daemon)


HALVES = {
    "nothing": b"",
    "half a length": b"\0\0",
    "a length alone": struct.pack("!I", 100),
    "half a negotiation": packet("O", OFFER)[:9],
    "a negotiation and half a MAIL": packet("O", OFFER) + packet("M", b"<alice@example.com>\0")[:12],
    "a length of four gigabytes": b"\xff\xff\xff\xff" + b"M" * 100,
    "a length of nothing": b"\0\0\0\0" * 100,
    "a MAIL before all else": packet("M", b"<alice@example.com>\0"),
    "an end before all else": packet("O", OFFER) + packet("E"),
    "a MAIL without its end": packet("O", OFFER) + packet("M", b"<alice@example.com>"),
    "another protocol": b"EHLO client.example.org\r\n",
}


@pytest.mark.parametrize("data", HALVES.values(), ids=HALVES)
def test_others_are_served_while_a_mail_server_says(daemon, load, silent, data):
    daemon.start()
    silent(50, data)
    assert load(0.5) < 0.3
    decides_for_a_new_one(daemon)


def test_noise_is_survived(daemon, silent):
    daemon.start()
    noise = random.Random(1)
    for _ in range(300):
        data = packet("O", OFFER) + b"".join(packet(noise.choice("ACDEHLMNORTUBQ"), noise.randbytes(noise.randrange(60)))
                                             for _ in range(noise.randrange(8))) + noise.randbytes(noise.randrange(9))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            silent(1, data, hang_up=True)
    decides_for_a_new_one(daemon)


def test_a_slow_mail_server_is_waited_for(daemon):
    """Each byte in a packet of its own, and others in between."""
    daemon.start()
    with Milter(milter_socket(daemon)) as slow:
        slow.begin()
        slow.macros("M", auth_authen="alice", auth_type="PLAIN", mail_mailer="smtp", mail_addr="bob@example.com")
        for byte in packet("M", b"<bob@example.com>\0"):
            slow.socket.sendall(bytes([byte]))
            decides_for_a_new_one(daemon)
        code, text = slow.answer()
        assert (code, text[:9]) == ("y", "550 5.7.1")
