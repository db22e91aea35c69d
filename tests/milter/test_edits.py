"""Edits of the policy in the plain sqlite3 shell, one on the heels of the other, while the daemon watches."""

import json
import subprocess

import pytest

from lib import place
from lib.daemon import Daemon
from lib.policy import Policy

EDITS = 150


@pytest.fixture
def daemon(build):
    policy = Policy(place.scratch("edits") / "policy.db").init("example.com")
    daemon = Daemon(policy).start()
    yield daemon
    daemon.stop()


def test_no_edit_fails_because_the_daemon_reads(daemon):
    for i in range(EDITS):
        done = subprocess.run(["sqlite3", daemon.policy.path, f"INSERT INTO principal(name, kind) VALUES('u{i}', 'login');"
                               f" INSERT INTO send_as(principal, address) VALUES('u{i}', 'a{i}@example.com')"],
                              capture_output=True, text=True)
        assert done.returncode == 0, f"edit {i}: {done.stderr}"
    last = ("--login", f"u{EDITS - 1}", "--mail-from", f"a{EDITS - 1}@example.com")
    assert daemon.policy.check(*last)["verdict"] == "accept"

    def all_are_there():
        status = daemon.policy.authpolicy("status", "--json", "--control", daemon.settings["control"], check=False)
        return json.loads(status.stdout)["grants"] == EDITS + 2
    daemon.in_force(all_are_there)
