"""What the daemon tells systemd, or whoever else speaks sd_notify(3): a socket of the test stands in for it."""

import contextlib
import ctypes
import json
import os
import pathlib
import re
import select
import shlex
import signal
import socket
import subprocess

import pytest

from lib import net, place
from lib.daemon import PATIENCE, Daemon
from lib.milter import Milter
from lib.policy import Policy
from lib.wait import until

# Of ptrace(2) and waitpid(2).
PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207
WALL = 0x40000000


@pytest.fixture(scope="module")
def policy(build):
    return Policy(place.scratch("policy") / "policy.db").init("example.com")


@pytest.fixture
def daemon(policy):
    daemon = Daemon(policy)
    yield daemon
    daemon.stop()


@pytest.fixture
def supervisor(request, monkeypatch):
    """The socket, which daemons started from now on find in their environment."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        folder = place.scratch("supervisor")
        abstract = getattr(request, "param", "") == "abstract"
        name = f"{'@' if abstract else ''}{folder}/notify"
        s.bind(name.replace("@", "\0"))
        s.settimeout(PATIENCE)
        if not abstract:
            (folder / "notify").chmod(0o777)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        yield s


def told(supervisor):
    """The next datagram, as a dictionary."""
    return dict(line.split("=", 1) for line in supervisor.recv(4096).decode("ascii").splitlines())


def forget(supervisor):
    """Drop what waits to be heard."""
    while select.select([supervisor], [], [], 0)[0]:
        told(supervisor)


def hears(supervisor, **expected):
    """The first datagram with these words; what came before it is dropped."""
    while True:
        words = told(supervisor)
        if all(words.get(k) == v for k, v in expected.items()):
            return words


@pytest.mark.parametrize("supervisor", ["path", "abstract"], indirect=True)
def test_it_is_ready_with_the_first_policy_copy(daemon, supervisor):
    daemon.start()
    first = told(supervisor)
    assert first["READY"] == "1"
    # one: our own first question may not have ended
    assert re.fullmatch("policy generation 1 is in force, mode enforce; [01] sessions?", first["STATUS"]), first
    assert daemon.said().index("generation 1 in force") < daemon.said().index("serves at")


def test_without_a_policy_it_says_what_mail_is_answered(supervisor):
    daemon = Daemon(Policy(place.scratch("policy") / "none.db"))
    process = subprocess.Popen([place.program("authpolicyd"), "-f", "-c", daemon.config], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        status = told(supervisor)["STATUS"]
        assert re.match(r"no usable policy, mail is answered 451: \S+/none\.db: .*; [01] sessions?$", status), status
    finally:
        process.terminate()
        assert process.wait(PATIENCE) == 0


def test_a_reload_begins_and_ends(daemon, supervisor):
    daemon.start()
    hears(supervisor, READY="1")
    daemon.signal(signal.SIGHUP)
    began = hears(supervisor, RELOADING="1")
    assert int(began["MONOTONIC_USEC"]) > 0
    hears(supervisor, READY="1")
    assert "configuration read again" in daemon.said()


def test_a_stop_is_told(daemon, supervisor):
    daemon.start().stop()
    assert hears(supervisor, STOPPING="1")


def test_the_watchdog_hears_that_it_lives_as_long_as_it_does(daemon, supervisor, monkeypatch):
    monkeypatch.setenv("WATCHDOG_USEC", "2000000")
    daemon.start()
    for _ in range(3):
        hears(supervisor, WATCHDOG="1")
    daemon.policy.set("mode", "monitor")
    until(lambda: "mode monitor" in hears(supervisor, WATCHDOG="1")["STATUS"], PATIENCE, "the status to change")
    daemon.policy.set("mode", "enforce")
    assert "stands still" not in daemon.said() and "does not answer" not in daemon.said()


@contextlib.contextmanager
def stopped(tid):
    """One thread stands still, as a deadlock would have it; the others run."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    for request in (PTRACE_SEIZE, PTRACE_INTERRUPT):
        assert libc.ptrace(request, tid, None, None) == 0, os.strerror(ctypes.get_errno())
    os.waitpid(tid, WALL)
    try:
        yield
    finally:
        assert libc.ptrace(PTRACE_DETACH, tid, None, None) == 0


def threads(daemon, name=None):
    """Their numbers, but the main thread's; or those of this name."""
    task = pathlib.Path(f"/proc/{daemon.process.pid}/task")
    return [int(t.name) for t in task.iterdir() if (name is None or (t / "comm").read_text() == f"{name}\n")
            and int(t.name) != daemon.process.pid]


def test_the_watchdog_does_not_hear_that_it_lives_when_a_thread_stands_still(daemon, supervisor, monkeypatch):
    """Each thread in turn: either it is missed, or the daemon decides mail without it."""
    monkeypatch.setenv("WATCHDOG_USEC", "1600000")
    daemon.start()
    missed = set()
    for tid in threads(daemon):
        hears(supervisor, WATCHDOG="1")
        before = len(daemon.said())
        with stopped(tid):
            forget(supervisor)
            told(supervisor)    # was on its way
            alive = "WATCHDOG" in told(supervisor)
        if not alive:
            missed |= set(re.findall(r"(the policy thread stands still|libmilter does not answer)", daemon.said()[before:]))
    assert missed == {"the policy thread stands still", "libmilter does not answer"}
    hears(supervisor, WATCHDOG="1")


def test_a_state_thread_that_stands_still_is_missed(daemon, supervisor, monkeypatch):
    """Mail goes on without it, and nothing is kept: the watchdog, the log and status tell."""
    def state():
        return json.loads(daemon.policy.authpolicy("status", "--json", "--control", daemon.settings["control"]).stdout)["state"]
    monkeypatch.setenv("WATCHDOG_USEC", "1600000")
    daemon.start()
    hears(supervisor, WATCHDOG="1")
    [tid] = threads(daemon, "state")
    with stopped(tid):
        until(lambda: "WATCHDOG" not in told(supervisor), PATIENCE, daemon.said)
        assert "the state thread stands still: the watchdog is not told" in daemon.said()
        assert (state()["healthy"], state()["problem"]) == (False, "the state thread stands still")
        with Milter(daemon.home / "milter.sock") as session:
            assert session.begin().mail("bob@example.com")[1].startswith("550 5.7.1")
    hears(supervisor, WATCHDOG="1")
    assert state()["healthy"] and state()["problem"] == ""


def test_a_start_that_fails_is_not_ready(policy, supervisor):
    daemon = Daemon(policy)
    (daemon.home / "milter.sock").write_text("")
    done = subprocess.run([place.program("authpolicyd"), "-f", "-c", daemon.config], stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=PATIENCE, check=False)
    assert done.returncode == 1
    assert "STOPPING" in told(supervisor)


def test_a_socket_made_by_systemd_serves(policy):
    daemon = Daemon(policy, socket="fd:3")
    path = daemon.home / "activated.sock"
    command = ["systemd-socket-activate", "-l", path, place.program("authpolicyd"), "-f", "-c", daemon.config]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            until(lambda: path.exists() and net.listening_unix(path), PATIENCE, shlex.join(map(str, command)))
            until(lambda: policy.served_by(daemon) == process.pid, PATIENCE, "the daemon to be started")
            with Milter(path) as session:
                assert session.negotiate()
            flags = re.search(r"^flags:\s+(\d+)$", pathlib.Path(f"/proc/{process.pid}/fdinfo/3").read_text("ascii"), re.M)[1]
            assert int(flags, 8) & os.O_CLOEXEC, "programs it starts would get the socket"
        finally:
            process.terminate()
        assert process.wait(PATIENCE) == 0


def test_the_journal_gets_each_line_once(daemon, monkeypatch):
    daemon.output.touch()
    st = daemon.output.stat()
    monkeypatch.setenv("JOURNAL_STREAM", f"{st.st_dev}:{st.st_ino}")
    assert daemon.start().said() == "", "syslog has it"
    daemon.stop()
    monkeypatch.setenv("JOURNAL_STREAM", f"{st.st_dev}:{st.st_ino}0")
    daemon.start()
    until(lambda: "serves at" in daemon.said(), PATIENCE, "the log on standard error")
