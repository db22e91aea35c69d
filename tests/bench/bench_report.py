"""How fast `report`, `log` and `limit suggest` read an audit log, and `import` a table: bench_report.py PROGRAM [RECORDS].

Ends with status 1 when more processor time was used than what is the most for a million.
"""

import pathlib
import resource
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from lib import audit       # noqa: E402 (the path comes first)


def measure(name, count, *command, most=None):
    """Runs a command and says how many records it did in a second, by the clock and of processor time; true when that is too much."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    assert done.returncode == 0 or most is None and done.returncode == 1     # nothing was found
    after, passed = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - begin
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    missed = most is not None and used * 1000000 / count > most
    print(f"{name:<24} {passed:6.1f} s {used:6.1f} s of processor {count / used:10,.0f} records/s of it"
          + (f" (at most {most} s a million{', MISSED' if missed else ''})" if most else ""), flush=True)
    return missed


def main(program, count):
    with tempfile.TemporaryDirectory() as folder:
        log = f"{folder}/audit.log"
        with open(log, "w", encoding="ascii") as file:
            for one in audit.busy(count, logins=5000):
                file.write(audit.lines([one]))
        print(f"{count:,} records, {pathlib.Path(log).stat().st_size / 1e6:,.0f} MB")
        missed = measure("report", count, program, "report", log, most=20)
        measure("report --html", count, program, "report", log, "--html", f"{folder}/report.html")
        measure("log --login", count, program, "log", log, "--login", "user77")
        measure("log --address", count, program, "log", log, "--address", "@nowhere.example")
        policy = [program, "--db", f"{folder}/policy.db", "--control", f"{folder}/none"]
        subprocess.run([*policy, "init", "example.com"], stdout=subprocess.DEVNULL, check=True)
        measure("limit suggest", count, *policy, "limit", "suggest", log)
        table = pathlib.Path(folder, "senders")
        table.write_text("".join(f"user{n}@example.com user{n}\n" for n in range(count)))
        missed |= measure("import", count, *policy, "import", "postfix-login-maps", table, most=60)
        return missed


sys.exit(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1000000))
