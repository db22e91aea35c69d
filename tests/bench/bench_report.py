"""How fast `report`, `log` and `limit suggest` read an audit log: bench_report.py PROGRAM [RECORDS]."""

import pathlib
import resource
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from lib import audit       # noqa: E402 (the path comes first)


def measure(name, count, *command):
    """Runs a command and says how many records it did in a second, by the clock and of processor time."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    assert done.returncode in (0, 1)
    after, passed = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - begin
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{name:<24} {passed:6.1f} s {used:6.1f} s of processor {count / used:10,.0f} records/s of it", flush=True)


def main(program, count):
    with tempfile.TemporaryDirectory() as folder:
        log = f"{folder}/audit.log"
        with open(log, "w", encoding="ascii") as file:
            for one in audit.busy(count, logins=5000):
                file.write(audit.lines([one]))
        print(f"{count:,} records, {pathlib.Path(log).stat().st_size / 1e6:,.0f} MB")
        measure("report", count, program, "report", log)
        measure("report --html", count, program, "report", log, "--html", f"{folder}/report.html")
        measure("log --login", count, program, "log", log, "--login", "user77")
        measure("log --address", count, program, "log", log, "--address", "@nowhere.example")
        subprocess.run([program, "--db", f"{folder}/policy.db", "init", "example.com"], stdout=subprocess.DEVNULL, check=True)
        measure("limit suggest", count, program, "--db", f"{folder}/policy.db", "limit", "suggest", log)


main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1000000)
