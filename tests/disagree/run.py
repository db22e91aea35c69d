#!/usr/bin/python3
"""No parser may see in an accepted From field an address that the login may not write.

    python3 tests/disagree/run.py --accepted 100000 --seed 1

makes fields, asks `authpolicy check --batch` about each, and each that it accepts goes to all other parsers.  Prints the
rate and every disagreement, made as small as it gets; exits 1 when there was one.
"""

import argparse
import base64
import collections
import json
import pathlib
import re
import subprocess
import sys
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parents[1])]

import grants
import peers
from generate import Generator
from lib import place

BATCH = 500
Disagreement = collections.namedtuple("Disagreement", "parser kind seen value")


class Us:
    """One `authpolicy check --batch` under the policy of grants.py."""

    def __init__(self, folder):
        database = folder / "policy.db"
        migrations = sorted((place.TOP / "sql").glob("[0-9]*.sql"))
        text = "".join("BEGIN;" + m.read_text() + "COMMIT;" for m in migrations) + grants.SQL
        subprocess.run(["sqlite3", "-bail", database], input=text, text=True, check=True)
        self.worker = peers.Worker([place.program("authpolicy"), "--db", database, "check", "--batch"])

    def accepts(self, values):
        lines = []
        for value in values:
            header = base64.b64encode(field(value) + b"Sender: me@example.com\r\n").decode()
            lines.append(json.dumps({"login": grants.LOGIN, "sender": "<me@example.com>", "headers_b64": header}))
        answers = self.worker.ask(lines)
        assert all("verdict" in a for a in answers), answers
        return [a["verdict"] == "accept" for a in answers]


def field(value):
    return b"From: " + value.encode("utf-8", "surrogateescape") + b"\r\n"


def is_one_field(value):
    """Are its line ends folds only?  What comes after them else is another field, which peers are not asked about."""
    return re.search(r"\r(?!\n[ \t])|(?<!\r)\n", value) is None


def complaints(value, answers):
    """What the parsers see that the login may not write."""
    for parser, answer in answers.items():
        for address in answer.get("addresses", []):
            if not grants.may_use(address):
                yield Disagreement(parser, "address", address, value)
        for name in answer.get("names", []):
            for address in grants.visible(name):
                if not grants.may_use(address):
                    yield Disagreement(parser, "name", address, value)


class Search:
    def __init__(self, seed, folder):
        self.us = Us(folder)
        self.peers = peers.Peers(folder)
        self.generator = Generator(seed)
        self.seen = set()
        self.asked = self.accepted = 0
        self.found = []
        self.answered = collections.Counter()

    def step(self):
        """One batch."""
        values = list({self.generator.value(): None for _ in range(BATCH)})
        values = [v for v in values if hash(v) not in self.seen and is_one_field(v)]
        self.seen.update(hash(v) for v in values)
        self.asked += len(values)
        good = [v for v, ok in zip(values, self.us.accepts(values)) if ok]
        self.accepted += len(good)
        for value, answers in zip(good, self.peers.ask([field(v) for v in good])):
            self.generator.accepted(value)
            self.answered.update(p for p, a in answers.items() if a.get("addresses"))
            self.found += list(complaints(value, answers))[:1]

    def is_still(self, value, d):
        if not value or not is_one_field(value) or not self.us.accepts([value])[0]:
            return False
        answers, = self.peers.ask([field(value)])
        return any((c.parser, c.kind) == (d.parser, d.kind) for c in complaints(value, answers))

    def minimise(self, d):
        """The disagreement with everything left out that it does not need."""
        value, size = d.value, len(d.value) // 2
        while size > 0:
            at = 0
            while at < len(value):
                shorter = value[:at] + value[at + size:]
                if self.is_still(shorter, d):
                    value = shorter
                else:
                    at += size
            size //= 2
        answers, = self.peers.ask([field(value)])
        return next((c for c in complaints(value, answers) if (c.parser, c.kind) == (d.parser, d.kind)), d)

    def report(self, most=20):
        """Each kind of disagreement once, minimised."""
        small = {}
        for d in self.found[:most]:
            m = self.minimise(d)
            small[(m.parser, m.kind, m.value)] = m
        return list(small.values())

    def close(self):
        self.us.worker.close()
        self.peers.close()


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--accepted", type=int, default=100000, help="how many accepted fields to try")
    options.add_argument("--seed", type=int, default=None)
    options.add_argument("--stop", type=int, default=0, help="end after so many disagreements")
    given = options.parse_args()
    seed = given.seed if given.seed is not None else int(time.time())
    search = Search(seed, place.scratch("disagree"))
    print(f"seed {seed}, parsers: {', '.join(search.peers.parsers)}", flush=True)
    start = shown = time.monotonic()
    while search.accepted < given.accepted and (not given.stop or len(search.found) < given.stop):
        search.step()
        if time.monotonic() - shown > 10:
            shown = time.monotonic()
            print(f"{search.asked} asked, {search.accepted} accepted, {search.accepted / (shown - start):.0f}/s, "
                  f"{len(search.found)} disagreements", flush=True)
    print(f"{search.asked} asked, {search.accepted} accepted in {time.monotonic() - start:.0f} s, {len(search.found)} disagreements")
    for parser, count in sorted(search.answered.items()):
        print(f"  {parser} saw an address in {count}")
    for d in search.report():
        print(f"{d.parser} sees the {d.kind} {d.seen!r} in {d.value!r}")
    search.close()
    return 1 if search.found else 0


if __name__ == "__main__":
    sys.exit(main())
