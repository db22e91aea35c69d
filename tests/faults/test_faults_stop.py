"""The daemon ends while mail flows, as it was told or by a crash, and comes back: nobody is answered wrongly, no record is missing."""

import collections
import json
import pathlib
import random
import signal
import subprocess
import time

import pytest

from lib import place
from lib.daemon import PATIENCE, SLOW
from lib.wait import until

CONNECTIONS = 8
ENDS = 15 if SLOW else 40
MIXED = {"connections": CONNECTIONS, "patient": 1, "messages": 10 ** 9, "logins": 1, "refused": 30, "forged": 20, "relayed": 10, "rate": 1000}


@pytest.fixture(scope="module")
def generator(build):
    subprocess.run(["make", "-s", "-C", build, "tests/bench/load"], check=True)
    return place.program("tests/bench/load")


@pytest.fixture
def mail(daemon, generator, policy):
    """Starts the daemon and mail to it; called in the end for what it was answered."""
    policy.sql("INSERT OR IGNORE INTO quota(name, principal, metric, amount, period) VALUES('counted', 'everyone', 'messages', 1000000, '1d');")
    daemon.start()
    process = subprocess.Popen([generator, daemon.address, *(f"{k}={v}" for k, v in MIXED.items())],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def end():
        process.send_signal(signal.SIGTERM)
        said, complaint = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, complaint
        return json.loads(said)
    yield end
    process.kill()
    process.wait()


def kill(daemon):
    daemon.kill()
    daemon.start()


@pytest.mark.parametrize("end", [lambda daemon: daemon.restart(), kill], ids=["told to", "killed"])
def test_what_was_answered_is_recorded_whenever_the_daemon_ends(daemon, mail, end):
    moment = random.Random(1)
    log = pathlib.Path(daemon.settings["audit_log"])
    for _ in range(ENDS):
        until(lambda before=log.stat().st_size: log.stat().st_size > before, PATIENCE, "mail to flow")
        time.sleep(moment.random() / 20)
        end(daemon)
    answered = mail()["verdicts"]
    recorded = collections.Counter((r["stage"], r["verdict"]) for r in daemon.records())
    over = 0
    for stage in "mail", "rcpt", "eom":
        for verdict in "accept", "reject", "tempfail":
            assert recorded[stage, verdict] >= answered[stage][verdict], f"lost of {stage} {verdict}"
            over += recorded[stage, verdict] - answered[stage][verdict]
    assert over <= ENDS * CONNECTIONS, "more than was under way"
    assert recorded["eom", "accept"] > ENDS and recorded["mail", "reject"] > ENDS and recorded["eom", "reject"] > ENDS
