"""The audit log holds all that was decided by: the corpus, played against the daemon and replayed from its log, comes out the same."""

import json
import subprocess

import pytest

import corpus
import play
from lib.daemon import PATIENCE
from lib.wait import until
from test_milter import Script

FAULTS = ("internal", "policy-unavailable", "overloaded")
FILES = [f for f in corpus.read_all() if list(f.played_by("milter"))]


@pytest.fixture(scope="module")
def bench(build):
    bench = play.Bench()
    yield bench
    bench.stop()


def status(daemon):
    """What the daemon tells, once every session is over and recorded."""
    def over():
        said = json.loads(daemon.policy.authpolicy("status", "--json", "--control", daemon.settings["control"]).stdout)
        return said if said["sessions"] == 0 else None
    return until(over, PATIENCE, "the end of the sessions")


def by_a_limit(record):
    return record["reason"] == "limit-exceeded" or record["reason"] == "login-suspended" and record["row"].startswith("quota(")


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.path.stem)
def test_every_record_is_decided_as_before(bench, file):
    bench.load(file)
    script = "".join(Script(case, bench.daemon.address).text() for case in file.played_by("milter"))
    done = subprocess.run(["miltertest"], input=script, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    told = status(bench.daemon)
    records = bench.daemon.records()
    done = bench.policy.authpolicy("replay", bench.daemon.settings["audit_log"], "--json")
    found = json.loads(done.stdout)
    assert done.stderr == "" and found["changes"] == []
    faults = [r for r in records if r["reason"] in FAULTS]
    limits = [r for r in records if r["stage"] != "rcpt" and by_a_limit(r)]
    messages = [r for r in records if r["stage"] != "rcpt" and r not in faults and r not in limits and not r.get("repeated")]
    assert found["messages"] == len(messages) > 0
    assert (found["faults"], found["limits"], found["old"]) == (len(faults), len(limits), 0)
    assert told["audit_log"] == bench.daemon.settings["audit_log"] and told["audit_last"] >= records[-1]["time"][:19] + "Z"
    assert (told["passed_over"] > 0) == any(r["would"] for r in records)
