#!/usr/bin/python3
"""What the daemon costs beside milters that decide nothing: pair by pair in one run, since only ratios mean something.

    bench.py [--logins 1000,100000,1000000] [--messages N] [--rounds N] [--json FILE]

The targets are those of docs/performance.md.  Exit status 1 when one is missed.
"""

import argparse
import json
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1])]

from lib import place                                   # noqa: E402
from lib.daemon import Daemon                           # noqa: E402
from lib.policy import Policy                           # noqa: E402
from lib.wait import until                              # noqa: E402
import policies                                         # noqa: E402

WARM_UP = 3000      # messages
TICK = 100          # of /proc/PID/stat, a second


def program(name):
    return place.BUILD / "tests/bench" / name


def processor_time(pid):
    """Seconds of all threads, user and system."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def resident(pid):
    """MB."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0]) / 1024


def threads(pid):
    return len(list(pathlib.Path(f"/proc/{pid}/task").iterdir()))


def load(socket, **options):
    """Run the load generator; what it reports."""
    done = subprocess.run([program("load"), socket, *(f"{k}={v}" for k, v in options.items())], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"load: {done.stderr}")
    return json.loads(done.stdout)


class Null:
    """A milter that decides nothing."""

    def __init__(self, kind):
        self.socket = f"unix:{place.scratch('null')}/{kind}.sock"
        self.process = subprocess.Popen([program("null"), kind, self.socket])
        until(lambda: pathlib.Path(self.socket[5:]).exists(), 10, "the null milter")
        self.pid = self.process.pid

    def stop(self):
        self.process.kill()
        self.process.wait()


class Ours:
    """The daemon with a policy of so many logins, audit on."""

    def __init__(self, logins, folder):
        self.logins = logins
        self.path = folder / f"policy-{logins}.db"
        start = time.monotonic()
        policies.make(self.path, logins)
        print(f"a policy of {logins} logins: {self.path.stat().st_size / 1e6:.0f} MB, made in {time.monotonic() - start:.0f} s",
              flush=True)
        self.daemon = Daemon(Policy(self.path), max_callbacks=64).start()
        self.socket = self.daemon.address
        self.pid = self.daemon.process.pid

    def stop(self):
        self.daemon.stop()


def measure(milter, messages, **options):
    """Processor time a message in microseconds, beside what the load saw."""
    options = {"logins": getattr(milter, "logins", 1000), **options}
    before = processor_time(milter.pid)
    seen = load(milter.socket, messages=messages, **options)
    seen["cpu_us"] = (processor_time(milter.pid) - before) / seen["messages"] * 1e6
    return seen


def compare(quiet, plain, ours, messages, rounds):
    """In turn: quiet, each of ours, plain; the figures of all rounds by name."""
    turns = [("quiet", quiet), *((o.logins, o) for o in ours), ("plain", plain)]
    for _, milter in turns:
        measure(milter, WARM_UP)
    seen = {name: [] for name, _ in turns}
    for i in range(rounds):
        for name, milter in turns if i % 2 == 0 else reversed(turns):
            seen[name].append(measure(milter, messages))
    return seen


def ratio(a, b, key):
    """The median of the ratios of each round."""
    return statistics.median(x[key] / y[key] for x, y in zip(a, b))


def middle(figures, key):
    return statistics.median(f[key] for f in figures)


def in_force(ours, rate):
    """Seconds from the commit of a single edit until the daemon has it in force, and the slowest verdict meanwhile."""
    loading = subprocess.Popen([program("load"), ours.socket, f"rate={rate}", "seconds=120", "messages=0", f"logins={ours.logins}"],
                               stdout=subprocess.PIPE, text=True)
    time.sleep(1)
    took = []
    for i in range(2):
        policy = ours.daemon.policy
        before = generation(ours)
        policy.sql(f"INSERT INTO principal(name, kind) VALUES ('new{i}-{time.time_ns()}', 'login');")
        start = time.monotonic()
        until(lambda: generation(ours) > before, 30, "the change in force")
        took.append(time.monotonic() - start)
    loading.terminate()
    return max(took), json.loads(loading.communicate()[0])


def generation(ours):
    """Asked without a process: one after the other they would take half a processor from what is measured."""
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(ours.daemon.settings["control"])
        control.sendall(b"status\n")
        return json.load(control.makefile())["generation"]


def idle(ours, sessions):
    """Threads, and MB more than before, with so many sessions that only exist."""
    before = resident(ours.pid)
    holder = subprocess.Popen([program("load"), ours.socket, f"idle={sessions}", "messages=100", f"logins={ours.logins}"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    holder.stdout.readline()
    held = threads(ours.pid), resident(ours.pid) - before
    holder.communicate("\n")
    return held


class Table:
    """What was measured beside its target."""

    def __init__(self):
        self.rows = []

    def add(self, what, value, most=None, least=None, unit=""):
        good = (most is None or value <= most) and (least is None or value >= least)
        self.rows.append({"what": what, "value": round(value, 3), "unit": unit, "at_most": most, "at_least": least, "good": good})

    def show(self):
        print(f"\n{'':58}{'measured':>12}  target")
        for r in self.rows:
            target = f"at most {r['at_most']}" if r["at_most"] is not None else f"at least {r['at_least']}" \
                if r["at_least"] is not None else ""
            print(f"{r['what']:58}{r['value']:>12g} {r['unit']:3} {target}{'' if r['good'] else '   MISSED'}")


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--logins", default="1000,100000,1000000")
    args.add_argument("--messages", type=int, default=30000)
    args.add_argument("--rounds", type=int, default=5)
    args.add_argument("--json")
    args = args.parse_args()

    table = Table()
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        folder = pathlib.Path(folder)
        folder.chmod(0o755)
        quiet, plain = Null("quiet"), Null("plain")
        ours = [Ours(int(n), folder) for n in args.logins.split(",")]
        seen = compare(quiet, plain, ours, args.messages, args.rounds)

        for name, figures in seen.items():
            label = f"{name} logins" if isinstance(name, int) else f"null milter, {name}"
            for key, unit in ("cpu_us", "us"), ("per_second", "/s"), ("p50_us", "us"), ("p99_us", "us"):
                table.add(f"{label}: {key}", middle(figures, key), unit=unit)
        few, many = ours[0], ours[-1]
        for o in ours:
            table.add(f"{o.logins} logins: CPU a message to the quiet null milter's", ratio(seen[o.logins], seen["quiet"], "cpu_us"),
                      most=1.15)
            table.add(f"{o.logins} logins: messages a second to the plain one's", ratio(seen[o.logins], seen["plain"], "per_second"),
                      least=1)
        if len(ours) > 1:
            table.add(f"CPU a message, {many.logins} logins to {few.logins}", ratio(seen[many.logins], seen[few.logins], "cpu_us"),
                      most=1.1)
        refusing = measure(few, args.messages // 3, refused=30)
        table.add("30 % refused: CPU a message", refusing["cpu_us"], unit="us")
        full = [f for o in ours for f in seen[o.logins]]
        table.add("99.9 % of the verdicts at full load", max(f["p999_us"] for f in full) / 1000, most=10, unit="ms")
        for o in ours:
            rate = int(middle(seen[o.logins], "per_second") / 2)
            took, meanwhile = in_force(o, rate)
            table.add(f"{o.logins} logins: a change in force at half load", took, most=1 if o.logins <= 100000 else 5, unit="s")
            table.add(f"{o.logins} logins: the slowest verdict meanwhile", meanwhile["max_us"] / 1000, most=10, unit="ms")
            table.add(f"{o.logins} logins: resident memory to the database's size",
                      resident(o.pid) / (o.path.stat().st_size / 1048576 + 1), unit="x")
        count, grown = idle(few, 5000)
        table.add("5,000 idle sessions: threads", count, most=64)
        table.add("5,000 idle sessions: memory beside the policy", grown, most=150, unit="MB")
        for milter in [quiet, plain, *ours]:
            milter.stop()
    table.show()
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps(table.rows, indent=1) + "\n")
    sys.exit(0 if all(r["good"] for r in table.rows) else 1)


if __name__ == "__main__":
    main()
