"""The wall clock steps, both ways, while the daemon runs and between two runs: nobody waits for it, and no limit or suspension is undone by it."""

import contextlib
import datetime
import itertools
import os
import select
import struct
import subprocess
import time

import pytest

from lib import place
from lib.daemon import PATIENCE
from lib.milter import CONTINUE, Milter
from lib.wait import until

FRIEND = "friend@example.org"
MINUTE, HOUR, DAY = 60, 3600, 86400
BACK = [-5 * MINUTE, -DAY, -400 * DAY]
STEPS = [*BACK, 5 * MINUTE, DAY, 400 * DAY]
NUMBERS = itertools.count()


class Clock:
    """The wall clock of the daemon and of all commands; no other clock steps."""

    def __init__(self, path):
        self.offset = 0
        self.file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        self.step(0)

    def step(self, seconds):
        self.offset += seconds
        os.pwrite(self.file, struct.pack("q", self.offset), 0)

    def set(self, when):
        self.step(round(when.timestamp() - self.now()))

    def now(self):
        return time.time() + self.offset

    def reads(self, text):
        """Is a record's time what the clock reads, more or less?"""
        then = datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
        return abs(then - self.now()) < MINUTE


@pytest.fixture
def clock(build, monkeypatch):
    subprocess.run(["make", "-s", "-C", build, "tests/faults/clock.so"], check=True)
    path = place.scratch("clock") / "offset"
    clock = Clock(path)
    monkeypatch.setenv("LD_PRELOAD", str(place.program("tests/faults/clock.so")))
    monkeypatch.setenv("CLOCK_OFFSET", str(path))
    yield clock
    os.close(clock.file)


@pytest.fixture(scope="module")
def policy(policy):
    policy.login("alice")
    return policy


@pytest.fixture
def daemon(clock, daemon):
    """Ends before the clock does."""
    yield daemon
    daemon.stop()


def session_of(daemon, login="alice"):
    return Milter(daemon.home / "milter.sock", login=login)


def send(daemon, login):
    """A message of the login's: the answer's code, or the beginning of its text."""
    with session_of(daemon, login) as session:
        code, text = session.begin().message(f"{login}@example.com", FRIEND)
    return " ".join(text.split()[:2]) if code == "y" else code


def may_use(daemon, address):
    with session_of(daemon) as session:
        return session.begin().mail(address)[0] == CONTINUE


@pytest.fixture
def limited(policy):
    """Makes a login with a limit, and with `suspend_for` one that suspends: its name."""
    def made(amount, period, suspend_for=None):
        login = f"limited{next(NUMBERS)}"
        policy.login(login)
        policy.sql("INSERT INTO quota(name, principal, metric, amount, period, on_exceed, suspend_for)"
                   f" VALUES('{login}', '{login}', 'messages', {amount}, '{period}', "
                   + (f"'suspend', '{suspend_for}');" if suspend_for else "'tempfail', NULL);"))
        return login
    return made


@pytest.mark.parametrize("seconds", STEPS)
def test_mail_and_edits_go_on(daemon, policy, clock, load, seconds):
    daemon.start()
    address = f"step{seconds}@example.com"
    with session_of(daemon) as session:
        session.begin()
        assert session.mail("alice@example.com", "4QUEUEID")[0] == CONTINUE
        assert session.rcpt(FRIEND)[0] == CONTINUE
        clock.step(seconds)
        session.ask_end("alice@example.com")
        assert session.answer()[0] == CONTINUE, "a message under way comes to its end"
        assert clock.reads(daemon.record(stage="eom")["time"])
        assert session.mail(address)[1].startswith("550 5.7.1")
        assert not may_use(daemon, address)
        policy.grant("alice", address)
        daemon.in_force(lambda: may_use(daemon, address))
        assert session.message(address, FRIEND)[0] == CONTINUE
    assert load(0.3) < 0.3
    daemon.content()


@pytest.mark.parametrize("seconds", BACK)
def test_set_back_nothing_passes_that_a_limit_refused(daemon, clock, limited, seconds):
    login = limited(2, "1h")
    daemon.start()
    assert [send(daemon, login) for _ in range(3)] == [CONTINUE, CONTINUE, "450 4.7.1"]
    clock.step(seconds)
    assert send(daemon, login) == "450 4.7.1"
    daemon.restart()
    assert send(daemon, login) == "450 4.7.1"
    clock.step(2 * HOUR)
    assert send(daemon, login) == CONTINUE, "an hour later by any clock"


@pytest.mark.parametrize("seconds", BACK)
def test_set_back_between_two_runs_nothing_passes_that_a_limit_refused(daemon, clock, limited, seconds):
    login = limited(2, "1h")
    daemon.start()
    assert [send(daemon, login) for _ in range(3)] == [CONTINUE, CONTINUE, "450 4.7.1"]
    daemon.stop()
    clock.step(seconds)
    daemon.start()
    assert send(daemon, login) == "450 4.7.1"
    clock.step(2 * HOUR)
    assert send(daemon, login) == CONTINUE


@pytest.mark.parametrize("seconds", BACK)
def test_set_back_who_is_suspended_stays_so_until_the_time_has_come(daemon, clock, limited, seconds):
    login = limited(1, "1h", "1h")
    daemon.start()
    assert [send(daemon, login) for _ in range(3)] == [CONTINUE, "550 5.7.1", "550 5.7.13"]
    clock.step(seconds)
    assert send(daemon, login) == "550 5.7.13"
    daemon.restart()
    assert send(daemon, login) == "550 5.7.13"
    clock.step(-seconds + 2 * HOUR)
    assert send(daemon, login) == CONTINUE


@pytest.mark.parametrize("restart", [False, True], ids=["running", "at a start"])
def test_a_year_ahead_counts_and_suspensions_are_over_and_limits_hold(daemon, clock, limited, restart):
    counted, suspended = limited(1, "1d"), limited(1, "1d", "1d")
    daemon.start()
    assert [send(daemon, counted) for _ in range(2)] == [CONTINUE, "450 4.7.1"]
    assert [send(daemon, suspended) for _ in range(2)] == [CONTINUE, "550 5.7.1"]
    if restart:
        daemon.stop()
    clock.step(366 * DAY)
    if restart:
        daemon.start()
    for login, refused in (counted, "450 4.7.1"), (suspended, "550 5.7.1"):
        assert [send(daemon, login) for _ in range(2)] == [CONTINUE, refused]
    clock.step(-366 * DAY)
    assert send(daemon, counted) == "450 4.7.1", "what was counted ahead counts now"
    assert send(daemon, suspended) == "550 5.7.13"


def test_a_pardon_holds_again_when_its_time_has_come(daemon, clock, limited):
    login = limited(2, "1h", "1d")
    daemon.start()
    assert [send(daemon, login) for _ in range(4)] == [CONTINUE, CONTINUE, "550 5.7.1", "550 5.7.13"]
    clock.step(5 * MINUTE)
    daemon.policy.authpolicy("resume", login, "--control", daemon.settings["control"])
    assert send(daemon, login) == CONTINUE
    clock.step(-5 * MINUTE)
    assert send(daemon, login) == "550 5.7.13", "it is not pardoned yet"
    daemon.restart()
    assert send(daemon, login) == "550 5.7.13"
    clock.step(10 * MINUTE)
    assert send(daemon, login) == CONTINUE


def test_a_suspension_of_a_clock_that_ran_ahead_stays_until_its_row_is_deleted(daemon, clock, limited):
    """No pardon is late enough for it: the manual says what to do."""
    login = limited(1, "1h", "1d")
    clock.step(366 * DAY)
    daemon.start()
    assert [send(daemon, login) for _ in range(3)] == [CONTINUE, "550 5.7.1", "550 5.7.13"]
    clock.step(-366 * DAY)
    daemon.policy.authpolicy("resume", login, "--control", daemon.settings["control"])
    assert send(daemon, login) == "550 5.7.13"
    daemon.stop()
    subprocess.run(["sqlite3", daemon.settings["state"], f"DELETE FROM suspension WHERE principal = '{login}'"], check=True)
    daemon.start()
    clock.step(2 * HOUR)
    assert send(daemon, login) == CONTINUE


def test_dates_and_hours_go_by_the_clock_as_it_is(daemon, policy, clock):
    policy.sql("INSERT INTO send_as(principal, address, valid_from, valid_until) VALUES('alice', 'dated@example.com', '2027-06-01', '2027-06-30');"
               "INSERT INTO principal(name, kind) VALUES('worker', 'login');"
               "INSERT INTO principal(name, kind, state, suspended_until) VALUES('guest', 'login', 'suspended', '2027-06-30');"
               "INSERT INTO rule(seq, principal, hours, verdict) VALUES(10, 'worker', '!Mon-Fri 00:00-24:00', 'reject');")
    daemon.start()
    for month, day, dated, worker, guest in [(6, 2, True, CONTINUE, "550 5.7.13"), (7, 3, False, "550 5.7.1", CONTINUE),
                                             (5, 31, False, CONTINUE, "550 5.7.13"), (6, 5, True, "550 5.7.1", "550 5.7.13")]:
        clock.set(datetime.datetime(2027, month, day, 12, tzinfo=datetime.timezone.utc))
        assert (may_use(daemon, "dated@example.com"), send(daemon, "worker"), send(daemon, "guest")) == (dated, worker, guest)


@pytest.mark.parametrize("seconds", [-DAY, DAY])
def test_who_finds_no_room_is_told_so_at_once_by_any_clock(daemon, clock, stuck_log, seconds):
    daemon.configure(max_callbacks=1)
    daemon.start()
    clock.step(seconds)
    with contextlib.ExitStack() as stack:
        sessions = [stack.enter_context(session_of(daemon)).begin() for _ in range(3)]
        for session in sessions:
            session.ask_mail("bob@example.com")
            until(lambda: stuck_log.holds(daemon), PATIENCE, "the first to write")
        until(lambda: len(select.select(sessions, [], [], 0)[0]) == 2, PATIENCE, "those beyond the one to be answered")
        stuck_log.flow()
        assert sorted(session.answer()[1][:9] for session in sessions) == ["451 4.3.2", "451 4.3.2", "550 5.7.1"]
