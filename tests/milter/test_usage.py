"""Limits as the administrator sees them, of a daemon that counts: usage, what suspends, and resume."""

import json
import socket
import time

import pytest

from lib import place
from lib.daemon import PATIENCE, Daemon
from lib.milter import CONTINUE, Milter
from lib.policy import Policy


@pytest.fixture
def policy(build):
    policy = Policy(place.scratch("policy") / "policy.db").init("example.com")
    policy.set("default_realm", "example.com")
    policy.login("bob@example.com")
    policy.group("staff", "bob@example.com")
    return policy


@pytest.fixture
def daemon(policy):
    daemon = Daemon(policy).start()
    yield daemon
    daemon.stop()


def command(daemon, *args, check=True):
    return daemon.policy.authpolicy(*args, "--control", daemon.settings["control"], check=check)


def usage(daemon, *names):
    return json.loads(command(daemon, "usage", *names, "--json").stdout)


def limit(daemon, *words):
    """Set a limit; the command returns once it is in force."""
    command(daemon, "limit", "set", *words)


def send(daemon, login, times=1, sender=None, recipient="friend@example.org"):
    """How many of the messages are accepted, in one session."""
    address = sender or f"{login.partition('@')[0]}@example.com"
    with Milter(daemon.address.partition(":")[2], login=login) as milter:
        milter.begin()
        return sum(milter.message(address, recipient)[0] in (CONTINUE, "a") for _ in range(times))


def ask(daemon, question):
    """What the control socket says to these bytes."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(PATIENCE)
        s.connect(daemon.settings["control"])
        s.sendall(question)
        said = b""
        while part := s.recv(65536):
            said += part
    return said


def near(seconds, text):
    """Whether the time is so many seconds from now, but for what the test takes."""
    at = time.mktime(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ")) - time.timezone
    return abs(at - time.time() - seconds) < 30


def test_a_login_is_shown_against_each_limit(daemon):
    limit(daemon, "hourly", "everyone", "messages", "4", "1h")
    limit(daemon, "daily", "staff", "recipients", "10", "1d", "--cap", "--on-exceed", "hold")
    limit(daemon, "size", "everyone", "recipients_per_message", "50")
    limit(daemon, "trial", "everyone", "messages", "2", "1d", "--mode", "monitor")
    assert send(daemon, "bob", 3) == 3
    seen = usage(daemon, "BOB")     # the realm is added, and case is nothing
    assert (seen["name"], seen["mode"], seen["suspensions"]) == ("bob@example.com", "enforce", [])
    by = {row["limit"]: row for row in seen["limits"]}
    assert sorted(by) == ["daily", "hourly", "size", "trial"]
    assert by["hourly"] == {
        "account": "bob@example.com", "limit": "hourly", "metric": "messages", "period": "1h", "used": 3, "amount": 4,
        "percent": 75, "relief_s": 0, "tripped": False, "on_exceed": "tempfail", "suspend_for": None, "mode": "enforce"}
    assert (by["daily"]["account"], by["daily"]["used"], by["daily"]["percent"]) == ("staff", 3, 30)
    assert (by["size"]["used"], by["size"]["period"]) == (0, None)
    assert (by["trial"]["used"], by["trial"]["percent"], by["trial"]["mode"]) == (3, 150, "monitor")


def test_relief_and_trips_are_told(daemon):
    limit(daemon, "hourly", "everyone", "messages", "2", "1h")
    assert send(daemon, "bob", 2) == 2
    row, = usage(daemon, "bob")["limits"]
    assert row["percent"] == 100 and 3500 < row["relief_s"] <= 3840 and not row["tripped"]
    assert send(daemon, "bob") == 0
    row, = usage(daemon, "bob")["limits"]
    assert row["used"] == 2 and row["tripped"]
    out = command(daemon, "usage", "bob").stdout
    line, = [line.split() for line in out.splitlines() if line.startswith("hourly")]
    assert line == ["hourly", "bob@example.com", "messages", "2", "of", "2", "in", "1h", "100", line[9], "min", "tripped", "tempfail"]
    assert 59 <= int(line[9]) <= 64
    status = json.loads(command(daemon, "status", "--json").stdout)
    assert status["limits_tripped_last_hour"] == 1


def test_what_a_group_may_send_together(daemon):
    limit(daemon, "cap", "staff", "messages", "10", "1h", "--cap")
    limit(daemon, "each", "staff", "messages", "5", "1h")
    assert send(daemon, "bob", 2) == 2
    row, = usage(daemon, "staff")["limits"]
    assert (row["limit"], row["account"], row["used"]) == ("cap", "staff", 2)


def test_a_login_that_was_never_seen_has_used_nothing(daemon):
    limit(daemon, "hourly", "everyone", "messages", "4", "1h")
    row, = usage(daemon, "nobody")["limits"]
    assert (row["account"], row["used"], row["percent"]) == ("nobody@example.com", 0, 0)
    assert usage(daemon)["limits"] == []


def test_no_limits_are_no_rows(daemon):
    assert usage(daemon, "bob")["limits"] == []
    assert "limits: none" in command(daemon, "usage", "bob").stdout


def test_the_foremost_are_named_in_their_order(daemon):
    limit(daemon, "hourly", "everyone", "messages", "1000", "1h")
    limit(daemon, "bob", "bob", "messages", "50", "1h")
    limit(daemon, "daily", "everyone", "recipients", "100", "1d")
    limit(daemon, "all", "everyone", "messages", "500", "1h", "--cap")
    for n in range(25):
        assert send(daemon, f"user{n:02}", n + 1) == n + 1
    assert send(daemon, "bob", 45) == 45
    seen = usage(daemon)
    assert seen["accounts"] == 27
    rows = [(row["account"], row["limit"], row["used"]) for row in seen["limits"]]
    assert rows[:2] == [("bob@example.com", "bob", 45), ("everyone", "all", 370)]
    assert rows[2:] == [(f"user{n:02}@example.com", "daily", n + 1) for n in range(24, 6, -1)]
    assert "accounts  27" in command(daemon, "usage").stdout


def test_a_suspension_is_shown(daemon):
    limit(daemon, "burst", "everyone", "messages", "2", "1h", "--suspend", "2d")
    assert send(daemon, "bob", 5) == 2
    assert send(daemon, "eve", 1) == 1
    for suspensions in (usage(daemon, "bob")["suspensions"], usage(daemon)["suspensions"]):
        assert [(s["principal"], s["limit"]) for s in suspensions] == [("bob@example.com", "burst")]
        assert near(0, suspensions[0]["since"]) and near(2 * 86400, suspensions[0]["until"])
    assert usage(daemon, "eve")["suspensions"] == []
    assert "bob@example.com  burst" in command(daemon, "usage").stdout


def test_check_knows_whom_a_limit_suspended(daemon, tmp_path):
    limit(daemon, "burst", "everyone", "messages", "2", "1h", "--suspend", "2d")
    limit(daemon, "cap", "@tenant.example", "messages", "1", "1h", "--cap", "--suspend", "1d")
    command(daemon, "grant", "everyone", "shared@example.com")
    command(daemon, "set", "realms", "example.com", "tenant.example")
    asked = ("check", "--mail-from", "shared@example.com", "--json", "--login")
    odd = "\udcff\u202e"      # a byte that is no UTF-8, and text from right to left
    assert json.loads(command(daemon, *asked, "bob").stdout)["verdict"] == "accept"
    assert send(daemon, "bob", 3) == send(daemon, odd, 3, "shared@example.com") == 2
    assert send(daemon, "ann@tenant.example", 2, "shared@example.com") == 1
    for login, row in (("BOB@example.com", "quota(burst)"), (odd, "quota(burst)"), ("joe@tenant.example", "quota(cap)")):
        done = command(daemon, *asked, login, check=False)
        said = json.loads(done.stdout)
        assert (done.returncode, said["verdict"], said["reason"], said["row"]) == (1, "reject", "login-suspended", row), login
    until_, = [s["until"] for s in usage(daemon, "bob")["suspensions"]]
    assert until_ in json.loads(command(daemon, *asked, "bob", check=False).stdout)["reply"]
    # before it began it did not hold; what has ended since nobody knows
    past = str(int(time.time()) - 86400)
    done = json.loads(command(daemon, *asked, "bob", "--explain", "--time", past).stdout)
    assert done["verdict"] == "accept"
    assert "whom limits suspended is not known: what has ended since is not told" in done["explain"]
    assert json.loads(command(daemon, *asked, "bob", "--time", str(int(time.time()) + 86400), check=False).stdout)["row"] == "quota(burst)"
    assert json.loads(command(daemon, *asked, "bob", "--time", str(int(time.time()) + 3 * 86400)).stdout)["verdict"] == "accept"
    # another file is another policy, and the daemon is not asked about it
    daemon.policy.authpolicy("sql", f".backup {tmp_path}/new.db")
    other = Policy(tmp_path / "new.db")
    done = other.authpolicy(*asked, "bob", "--explain", "--control", daemon.settings["control"])
    assert "whom limits suspended is not known: the daemon that runs has another policy" in json.loads(done.stdout)["explain"]
    done = daemon.policy.authpolicy(*asked, "bob", "--explain", "--control", tmp_path / "none")
    assert "whom limits suspended is not known: no daemon runs" in json.loads(done.stdout)["explain"]
    assert not done.stderr
    command(daemon, "resume", "bob")
    assert json.loads(command(daemon, *asked, "bob", "--explain").stdout)["verdict"] == "accept"


@pytest.mark.parametrize("name", ["Bob", "eve"])     # with a row, and without one
def test_resume_ends_what_a_limit_did(daemon, name):
    limit(daemon, "burst", "everyone", "messages", "2", "1h", "--suspend", "2d")
    login = f"{name.lower()}@example.com"
    assert send(daemon, name, 3) == 2
    assert send(daemon, name) == 0
    until_, = [s["until"] for s in usage(daemon, name)["suspensions"]]
    done = command(daemon, "resume", name)
    assert done.stdout == f"{login} is active again: the limit burst had suspended it until {until_}\n"
    assert send(daemon, name, 2) == 2       # at once, and what was counted is void
    assert usage(daemon, name)["suspensions"] == []
    assert daemon.policy.sql("SELECT count(*) FROM principal WHERE name GLOB 'eve' OR name GLOB 'eve@*'") == "0"


def test_resume_ends_what_a_cap_did(daemon):
    limit(daemon, "cap", "staff", "messages", "2", "1h", "--cap", "--suspend", "2d")
    assert send(daemon, "bob", 3) == 2
    assert command(daemon, "resume", "bob").stdout == (
        "still suspended through staff: see authpolicy resume staff\nbob@example.com was not suspended\n")
    assert send(daemon, "bob") == 0
    assert command(daemon, "resume", "STAFF").stdout.startswith("staff is active again: the limit cap had suspended it until 2")
    assert send(daemon, "bob", 2) == 2


def test_a_name_that_nobody_has_is_not_resumed(daemon):
    done = command(daemon, "resume", "ghost", check=False)
    assert (done.returncode, done.stdout) == (1, "") and "there is no login or group ghost, nor did a limit suspend it" in done.stderr


def test_a_suspension_by_hand_is_shown_for_its_logins(daemon):
    command(daemon, "suspend", "staff", "--reason", "moved")
    row, = usage(daemon, "bob")["suspensions"]
    assert row == {"principal": "staff", "limit": None, "since": None, "until": None, "why": "moved"}
    assert usage(daemon, "eve")["suspensions"] == [] == usage(daemon)["suspensions"]


@pytest.mark.parametrize("question", [
    b"usage \n", b"usage \x01\n", b"usage " + b"a" * 256 + b"\n", b"usagebob\n", b"frob\n", b"\n", b"usage everyone anonymous\xff\xfe\n",
    b"suspensions \n"])
def test_a_question_that_is_none_is_told_so(daemon, question):
    said = json.loads(ask(daemon, question))
    assert set(said) == {"error"} or said["limits"] == [], said


@pytest.mark.parametrize("question", [b"usage bob\0\n", b"status\0\n", b"\0" * 400, b"usage " + b"a" * 400 + b"\n"])
def test_a_question_that_cannot_be_read_has_no_answer(daemon, question):
    try:
        assert ask(daemon, question) == b""
    except ConnectionResetError:
        pass
    assert json.loads(ask(daemon, b"status\n"))["pid"] == daemon.process.pid


def test_any_login_can_be_asked_for(daemon):
    limit(daemon, "hourly", "everyone", "messages", "4", "1h")
    command(daemon, "set", "default_realm", "")
    long = "n" * 255
    for name in (long, "\u202etext", "a b\"c"):
        row, = usage(daemon, name)["limits"]
        assert (row["account"], row["used"]) == (name, 0)
    done = command(daemon, "usage", "n" * 256, check=False)
    assert done.returncode == 2 and "is no name" in done.stderr


def test_without_a_daemon_it_cannot_be_told(policy, tmp_path):
    done = policy.authpolicy("usage", "bob", "--control", tmp_path / "none", check=False)
    assert done.returncode == 75 and "systemctl start authpolicyd" in done.stderr and done.stdout == ""
