"""Sessions race for the last of a limit: as many messages pass as may, and the audit log has the same."""

import collections
import contextlib
import json

import pytest

from lib import place
from lib.daemon import SLOW, Daemon
from lib.milter import CONTINUE, Milter
from lib.policy import Policy

ATTEMPTS = 1000 if SLOW else 10000
FRIENDS = ["one@example.org", "two@example.org", "three@example.org"]
pytestmark = pytest.mark.usefixtures("many_descriptors")


@pytest.fixture
def policy(build):
    return Policy(place.scratch("policy") / "policy.db").init("example.com")


@pytest.fixture
def daemon(policy):
    daemon = Daemon(policy, max_callbacks=4096).start()
    yield daemon
    daemon.stop()


def command(daemon, *args):
    return daemon.policy.authpolicy(*args, "--control", daemon.settings["control"])


@contextlib.contextmanager
def at_the_end(daemon, logins, count, recipients):
    """So many sessions whose messages have come to their end, all accepted so far: nothing is counted yet."""
    with contextlib.ExitStack() as stack:
        sessions = []
        for number in range(count):
            login = logins[number % len(logins)]
            session = stack.enter_context(Milter(daemon.home / "milter.sock", login=login)).begin()
            assert session.mail(f"{login}@example.com")[0] == CONTINUE
            for recipient in FRIENDS[:recipients]:
                assert session.rcpt(recipient)[0] == CONTINUE
            sessions.append(session)
        yield sessions


def race(sessions):
    """All end their messages at once; the logins of those that were accepted."""
    for session in sessions:
        session.ask_end(f"{session.login}@example.com")
    answers = [(session.login, session.answer()) for session in sessions]
    assert all(code == CONTINUE or text.startswith("450 4.7.1 ") for _, (code, text) in answers)
    return collections.Counter(login for login, (code, _) in answers if code == CONTINUE)


def recorded(daemon):
    """What the audit log has of it: accepted messages of each login, and how many were refused by a limit."""
    records = daemon.records()
    refused = sum(r.get("repeated") or 1 for r in records if r["reason"] == "limit-exceeded")
    return collections.Counter(r["login"] for r in records if (r["stage"], r["verdict"]) == ("eom", "accept")), refused


def used(daemon, name):
    row, = json.loads(command(daemon, "usage", name, "--json").stdout)["limits"]
    return row["used"]


def test_of_ten_thousand_attempts_a_hundred_pass(daemon):
    command(daemon, "limit", "set", "hourly", "everyone", "messages", "100", "1h")
    with at_the_end(daemon, ["alice"], ATTEMPTS // 2, 1) as sessions:
        assert race(sessions) == {"alice": 100}
        for session in sessions:        # once more, and this time MAIL is refused
            session.ask_mail("alice@example.com")
        assert {session.answer()[1][:9] for session in sessions} == {"450 4.7.1"}
    assert recorded(daemon) == ({"alice": 100}, ATTEMPTS // 2 * 2 - 100)
    assert used(daemon, "alice") == 100


def test_the_last_one_is_for_one_of_each_login(daemon):
    logins = [f"user{n}" for n in range(50)]
    command(daemon, "limit", "set", "hourly", "everyone", "messages", "1", "1h")
    with at_the_end(daemon, logins, 1000, 1) as sessions:
        each = dict.fromkeys(logins, 1)
        assert race(sessions) == each
    assert recorded(daemon) == (each, 950)


def test_what_a_group_may_send_is_shared_to_the_last(daemon, policy):
    """Three recipients a message: the hundredth is for nobody."""
    logins = ["alice", "bob", "carol"]
    for login in logins:
        policy.login(login)
    policy.group("staff", *logins)
    command(daemon, "limit", "set", "shared", "staff", "recipients", "100", "1h", "--cap")
    with at_the_end(daemon, logins, 600, 3) as sessions:
        assert sum(race(sessions).values()) == 33
    accepted, refused = recorded(daemon)
    assert (sum(accepted.values()), refused) == (33, 567)
    assert used(daemon, "staff") == 99
