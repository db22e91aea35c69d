#!/usr/bin/python3
"""What checks of the sender cost a real Postfix: none, its own (smtpd_sender_login_maps), ours, and both.

Where tests/bench/null is built, also a milter that decides nothing: what any milter costs.

    bench_mta.py [--logins N] [--connections N] [--messages N] [--rounds N] [--json FILE]

One private Postfix has a submission service for each; they are measured in turn, so only the ratios mean something.
Messages come over SMTP with AUTH and are thrown away (discard:); the queue is under AP_SCRATCH: /run, mostly in memory.
"""

import argparse
import itertools
import json
import pathlib
import sqlite3
import statistics
import subprocess
import sys
import threading
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1])]

from lib import net, place, smtp                        # noqa: E402
from lib.daemon import Daemon                           # noqa: E402
from lib.dovecot import PASSWORD, Dovecot               # noqa: E402
from lib.policy import Policy                           # noqa: E402
from lib.postfix import Postfix, milter_address         # noqa: E402
from lib.wait import until                              # noqa: E402
import policies                                         # noqa: E402

PER_SESSION = 10    # messages
TEXT = smtp.text("{author}", extra="".join(f"X-Field-{i}: value\r\n" for i in range(4)))


class Server:
    """Postfix, Dovecot and the daemon; `ports` has the submission service of each kind of check."""

    def __init__(self, logins):
        self.home = place.scratch("bench")
        self.logins = logins
        self.daemon = Daemon(Policy(self.home / "policy.db"))
        self.sasl = Dovecot()
        self.mta = Postfix("", self.sasl, relay="mta")
        self.null = None
        self.ports = {}

    def start(self):
        policies.make(self.daemon.policy.path, self.logins)
        for one in self.daemon, self.sasl, self.mta:
            one.start()
        maps = {"sqlite": self.sqlite(), "texthash": self.texthash()}
        with open(self.mta.home / "etc/master.cf", "a", encoding="ascii") as master:
            for milter, table in [*itertools.product(("", self.daemon.address), ("", *maps)), *self.start_null()]:
                ours = "milter" if milter == self.daemon.address else "null milter" if milter else ""
                name = " and ".join(filter(None, (ours, table))) or "nothing"
                self.ports[name] = net.free_port()
                master.write(self.service(self.ports[name], milter_address(milter), maps.get(table, "")))
        self.mta.run("postfix", "reload")
        for name, port in self.ports.items():
            until(lambda: net.listening(net.V4, port), 10, f"the service with {name}")
            self.prove(name)

    def start_null(self):
        """The milter that decides nothing, as a kind of check; none where it is not built."""
        program, socket = place.BUILD / "tests/bench/null", self.home / "null.sock"
        if not program.exists():
            return []
        self.null = subprocess.Popen([program, "quiet", f"unix:{socket}"])
        until(lambda: net.listening_unix(socket), 10, "the null milter")
        socket.chmod(0o666)
        return [(f"unix:{socket}", "")]

    @staticmethod
    def service(port, milter, table):
        check = f" -o smtpd_sender_login_maps={table} -o smtpd_sender_restrictions=reject_authenticated_sender_login_mismatch"
        return f"{net.V4}:{port} inet n - n - - smtpd -o smtpd_sasl_auth_enable=yes -o smtpd_milters={milter}{check if table else ''}\n"

    def sqlite(self):
        db = sqlite3.connect(self.home / "senders.db")
        db.execute("CREATE TABLE sender (address TEXT PRIMARY KEY, login TEXT NOT NULL) WITHOUT ROWID")
        db.executemany("INSERT INTO sender VALUES (?1, ?1)", ((address(i),) for i in range(self.logins)))
        db.commit()
        db.close()
        config = self.home / "senders.cf"
        config.write_text(f"dbpath = {self.home}/senders.db\nquery = SELECT login FROM sender WHERE address = '%s'\n")
        return f"sqlite:{config}"

    def texthash(self):
        (self.home / "senders").write_text("".join(f"{address(i)} {address(i)}\n" for i in range(self.logins)))
        return f"texthash:{self.home}/senders"

    def prove(self, name):
        """Each check lets a login use its own address and no other; without one any is good."""
        with smtp.connect(net.V4, self.ports[name], address(0), PASSWORD, starttls=False) as client:
            own, other = (client.message(address(i), "someone@example.org").ok for i in (0, 1))
        assert own and other == (name in ("nothing", "null milter")), f"with {name} the own address is {own}, another's {other}"

    def drain(self):
        """Wait until what was accepted is thrown away."""
        queues = [self.mta.home / "queue" / name for name in ("incoming", "active")]
        until(lambda: not any(p.is_file() for q in queues for p in q.rglob("*")), 120, "the queue to be empty")

    def stop(self):
        self.mta.stop()
        self.sasl.stop()
        self.daemon.stop()
        if self.null:
            self.null.kill()
            self.null.wait()


def address(i):
    """A login, and the address it sends as."""
    return f"user{i}@example.com"


def send(port, logins, times):
    """Sessions of up to PER_SESSION messages, one login each, until `times` has a value for every message."""
    for at in range(0, len(times), PER_SESSION):
        login = address(next(logins))
        content = TEXT.format(author=login)
        client = smtp.connect(net.V4, port, login, PASSWORD, starttls=False)
        for i in range(at, min(at + PER_SESSION, len(times))):
            begin = time.monotonic()
            replies = client.pipeline(f"MAIL FROM:<{login}>", "RCPT TO:<someone@example.org>", "DATA")
            client.send(content + ".\r\n")
            replies.append(client.reply())
            assert all(r.ok for r in replies), replies
            times[i] = time.monotonic() - begin
        client.quit()


def measure(server, name, args):
    """All connections at once, each with its share of the messages."""
    share = max(1, args.messages // args.connections)
    times = [[None] * share for _ in range(args.connections)]
    step = args.logins // args.connections
    threads = [threading.Thread(target=send, args=(server.ports[name], itertools.cycle(range(i * step, (i + 1) * step)), one))
               for i, one in enumerate(times)]
    begin = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - begin
    server.drain()
    everything = sorted(itertools.chain(*times))        # a connection that failed left a None: a TypeError
    return {"per_second": len(everything) / took, "p50_ms": everything[len(everything) // 2] * 1000,
            "p99_ms": everything[len(everything) * 99 // 100] * 1000}


def compare(server, args):
    """The figures of each round by name; every other round in the opposite order."""
    names = list(server.ports)
    seen = {name: [] for name in names}
    for name in names:                                  # warms up processes and caches
        measure(server, name, args)
    for i in range(args.rounds):
        for name in names if i % 2 == 0 else reversed(names):
            seen[name].append(measure(server, name, args))
    return seen


def summary(seen):
    """For each the medians, and the medians of the ratios to nothing in the same round."""
    rows = []
    for name, figures in seen.items():
        row = {"check": name}
        for key in figures[0]:
            row[key] = round(statistics.median(f[key] for f in figures), 2)
            row[f"{key}_ratio"] = round(statistics.median(f[key] / n[key] for f, n in zip(figures, seen["nothing"])), 3)
        rows.append(row)
    return rows


def show(rows):
    print(f"{'check':22}{'messages/s':>11}{'ratio':>8}{'p50 ms':>9}{'ratio':>8}{'p99 ms':>9}{'ratio':>8}")
    for row in rows:
        print(f"{row['check']:22}" + "".join(
            f"{row[key]:>{width}.1f}{row[key + '_ratio']:>8.2f}" for key, width in (("per_second", 11), ("p50_ms", 9), ("p99_ms", 9))))


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--logins", type=int, default=10000)
    args.add_argument("--connections", type=int, default=8)
    args.add_argument("--messages", type=int, default=1600)
    args.add_argument("--rounds", type=int, default=7)
    args.add_argument("--json")
    args = args.parse_args()
    server = Server(args.logins)
    try:
        server.start()
        rows = summary(compare(server, args))
    finally:
        server.stop()
    show(rows)
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps(vars(args) | {"rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
