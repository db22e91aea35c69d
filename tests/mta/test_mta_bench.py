"""`make bench-mta` works: it measures every check, each of which it has first seen to let through and to refuse."""

import json
import os
import subprocess

from lib import place

CHECKS = {"nothing", "sqlite", "texthash", "milter", "milter and sqlite", "milter and texthash"}


def test_a_tiny_run_measures_every_check(build):
    report = place.scratch("bench") / "report.json"
    small = ["--logins", "10", "--connections", "2", "--messages", "8", "--rounds", "1", "--json", report]
    done = subprocess.run([place.TOP / "tests/bench/bench_mta.py", *small], env=os.environ | {"AP_BUILDDIR": build},
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = {row["check"]: row for row in json.loads(report.read_text())["rows"]}
    assert set(rows) - {"null milter"} == CHECKS
    assert all(row["per_second"] > 0 and 0 < row["p50_ms"] <= row["p99_ms"] for row in rows.values())
    assert rows["nothing"]["per_second_ratio"] == 1
