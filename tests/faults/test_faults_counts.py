"""The daemon dies, or is stopped, in the middle of mail: what was counted and who was suspended is still known."""

import contextlib
import json
import signal
import threading
import time

import pytest

from lib import place
from lib.daemon import PATIENCE, SLOW, Daemon
from lib.milter import CONTINUE, Milter
from lib.policy import Policy
from lib.wait import until

WRITERS = 4
LOGINS = [f"user{n}" for n in range(WRITERS)]
AMOUNT = 3              # then who sends on is suspended
WRITTEN = 5 if SLOW else 2          # seconds: appended once a second, by a thread that has its turn now and then


@pytest.fixture
def daemon(build):
    policy = Policy(place.scratch("policy") / "policy.db").init("example.com")
    policy.sql("INSERT INTO quota(name, principal, metric, amount, period, on_exceed, suspend_for) VALUES"
               " ('counted', 'everyone', 'messages', 1000000, '1d', 'tempfail', NULL);"
               "INSERT INTO principal(name, kind) VALUES('few', 'group');"
               "INSERT INTO principal(name, kind) SELECT 'few' || value, 'login' FROM generate_series(1, 2000);"
               "INSERT INTO membership(group_name, login) SELECT 'few', 'few' || value FROM generate_series(1, 2000);"
               "INSERT INTO quota(name, principal, metric, amount, period, on_exceed, suspend_for) VALUES"
               f" ('few', 'few', 'recipients', {AMOUNT}, '1d', 'suspend', '1d');")
    daemon = Daemon(policy, mta="postfix").start()
    yield daemon
    daemon.stop()


class Traffic:
    """Messages of each login without end, until the daemon is gone; `accepted` has when each was answered.

    Beside them one login after the other sends until it is told to be suspended: those are `suspended`.
    """

    def __init__(self, daemon):
        self.socket = daemon.home / "milter.sock"
        self.accepted = {login: [] for login in LOGINS}
        self.suspended = []
        self.threads = [threading.Thread(target=self.until_it_is_gone, args=(self.send, login)) for login in LOGINS]
        self.threads.append(threading.Thread(target=self.until_it_is_gone, args=(self.exceed,)))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        for thread in self.threads:
            thread.join(PATIENCE)

    @staticmethod
    def until_it_is_gone(send, *args):
        with contextlib.suppress(ConnectionError, EOFError, FileNotFoundError):
            send(*args)

    def message(self, session):
        code, text = session.message(f"{session.login}@example.com", "friend@example.net")
        if not code:
            raise EOFError
        return code, text

    def send(self, login):
        with Milter(self.socket, login=login) as session:
            session.begin()
            while self.message(session)[0] == CONTINUE:
                self.accepted[login].append(time.monotonic())

    def exceed(self):
        for number in range(1, 2001):
            with Milter(self.socket, login=f"few{number}") as session:
                if not session.negotiate():
                    return
                answers = [self.message(session) for _ in range(AMOUNT + 1)]
                assert "suspended until" in answers[-1][1], answers
                self.suspended.append(session.login)

    def is_well_under_way(self):
        """Has each login sent for longer than it takes to write, and is a suspension just told?"""
        return self.suspended and all(times and times[-1] - times[0] > 2 * WRITTEN for times in self.accepted.values())


def used(daemon, login):
    done = daemon.policy.authpolicy("usage", login, "--json", "--control", daemon.settings["control"])
    return next(row["used"] for row in json.loads(done.stdout)["limits"] if row["limit"] == "counted")


def is_suspended(daemon, login):
    with Milter(daemon.home / "milter.sock", login=login) as session:
        return session.begin().mail(f"{login}@example.com")[1].startswith("550 5.7.13 ")


def recorded(daemon, login):
    return sum((r["login"], r["stage"], r["verdict"]) == (login, "eom", "accept") for r in daemon.records())


def test_a_crash_in_the_middle_of_mail_costs_a_second_of_counting_at_most(daemon):
    with Traffic(daemon) as traffic:
        until(traffic.is_well_under_way, PATIENCE, "mail to flow")
        died = time.monotonic()
        daemon.kill()
    daemon.start()
    for login, times in traffic.accepted.items():
        kept = used(daemon, login)
        assert sum(at < died - WRITTEN for at in times) <= kept <= len(times) + 1, "one at most was counted and not answered"
    assert all(is_suspended(daemon, login) for login in traffic.suspended), "who was told so is"


def test_a_stop_in_the_middle_of_mail_costs_nothing(daemon):
    with Traffic(daemon) as traffic:
        until(traffic.is_well_under_way, PATIENCE, "mail to flow")
        daemon.signal(signal.SIGTERM)
        assert daemon.process.wait(PATIENCE) == 0
    daemon.process = None
    daemon.start()
    for login, times in traffic.accepted.items():
        assert len(times) <= used(daemon, login) == recorded(daemon, login) <= len(times) + 1
    assert all(is_suspended(daemon, login) for login in traffic.suspended)
