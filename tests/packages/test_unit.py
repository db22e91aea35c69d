"""The unit for systemd: it takes from the daemon what it does not need, and nothing that it does."""

import os
import re
import signal
import subprocess

import pytest

from lib import metrics, net, place
from lib.daemon import PATIENCE, Daemon
from lib.milter import CONTINUE, Milter
from lib.policy import Policy
from lib.wait import until

UNIT = "packaging/authpolicyd.service"
MOST_EXPOSED = 1.5


@pytest.fixture(scope="module")
def unit(build):
    """The unit of this build, but with programs that are there."""
    text = (place.TOP / f"{UNIT}.in").read_text()
    assert (build / UNIT).read_text() == text.replace("@sbindir@", sbindir(build))
    folder = place.scratch("unit")
    path = folder / "authpolicyd.service"
    path.write_text(text.replace("@sbindir@", str(place.program("authpolicyd").parent)))
    return path


def sbindir(build):
    made = (build / "Makefile").read_text()
    prefix, exec_prefix, folder = (re.search(rf"^{name} = (.*)$", made, re.M)[1] for name in ("prefix", "exec_prefix", "sbindir"))
    return folder.replace("${exec_prefix}", exec_prefix).replace("${prefix}", prefix)


def analyze(*args):
    done = subprocess.run(["systemd-analyze", *args], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_systemd_understands_it(unit):
    assert analyze("verify", "--man=no", unit) == ""


def test_the_socket_is_understood_beside_it(unit):
    socket_unit = unit.parent / "authpolicyd.socket"
    socket_unit.write_text((place.TOP / "packaging/authpolicyd.socket").read_text())
    assert analyze("verify", "--man=no", socket_unit) == ""


def test_systemd_does_not_give_up(unit):
    """By default it does after five starts in ten seconds, and mail waits for somebody to come."""
    keys = dict(re.findall(r"^(\w+)=(.*)$", unit.read_text(), re.M))
    assert keys["Restart"] == "on-failure" and int(keys["RestartSec"]) >= 1 and keys["StartLimitIntervalSec"] == "0"


def test_little_is_exposed(unit):
    said = analyze("security", "--offline=true", f"--threshold={int(MOST_EXPOSED * 10)}", unit)
    exposure = re.search(r"exposure level for authpolicyd.service: ([\d.]+)", said)[1]
    assert float(exposure) <= MOST_EXPOSED
    assert f"its exposure is {exposure}\n" in (place.TOP / "docs/authpolicyd.8").read_text()


def allowed(unit):
    """The system calls that SystemCallFilter= leaves, as systemd reads it: line after line."""
    calls = set()
    for line in re.findall(r"^SystemCallFilter=(.*)$", unit.read_text(), re.M):
        named = set().union(*(expand(name) for name in line.lstrip("~").split()))
        calls = calls - named if line.startswith("~") else calls | named
    return calls | expand("@default")


def expand(name):
    if not name.startswith("@"):
        return {name}
    lines = [line.strip() for line in analyze("syscall-filter", name).splitlines()[1:]]
    return set().union(*(expand(line) for line in lines if line and not line.startswith("#")))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_no_system_call_is_used_that_is_not_allowed(unit, monkeypatch):
    """All that the daemon does, once, under strace; -D leaves it our child."""
    policy = Policy(place.scratch("policy") / "policy.db").init("example.com")
    policy.sql("INSERT INTO quota(name, principal, metric, amount, period, on_exceed, suspend_for)"
               " VALUES('guesses', 'everyone', 'refusals', 1, '1h', 'suspend', '1d')")
    home = place.scratch("notice")
    home.chmod(0o777)
    daemon = Daemon(policy, socket_group="", metrics=f"{net.V4}:{net.free_port()}", notice_command=["/bin/touch", f"{home}/tripped"])
    trace = daemon.home / "trace"
    monkeypatch.setenv("AP_WRAPPER", f"strace -D -f -qq -u {place.USER} -o {trace}")
    monkeypatch.setenv("NOTIFY_SOCKET", "@nobody-is-there")
    daemon.start()
    try:
        with Milter(daemon.address.removeprefix("unix:")) as session:
            assert session.begin().message("alice@example.com", "friend@example.org")[0] == CONTINUE
            until(lambda: " 5.7.13 " in session.mail("bob@example.com")[1], PATIENCE, "the suspension")
        until((home / "tripped").exists, PATIENCE, "the notice")
        assert metrics.ask(net.V4, int(daemon.settings["metrics"].rpartition(":")[2]))[0] == 200
        policy.grant("everyone", "info@example.com")
        daemon.content()
        os.rename(daemon.settings["audit_log"], daemon.home / "audit.log.1")
        daemon.signal(signal.SIGHUP)
        until(lambda: "configuration read again" in daemon.said(), PATIENCE, daemon.said)
    finally:
        daemon.stop()
    used = set(re.findall(r"^\d+ +(\w+)\(", trace.read_text(), re.M))
    assert {"execve", "fchownat", "accept4", "openat", "setsid"} <= used
    assert not used - allowed(unit)
