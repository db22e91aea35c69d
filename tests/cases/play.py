"""What the drivers share: the policy of a case file, the daemon under it, and the comparison of verdicts."""

import collections
import itertools
import re
import subprocess

import pytest

import corpus
from lib import place, smtp
from lib.daemon import PATIENCE, Daemon
from lib.dovecot import PASSWORD
from lib.policy import Policy
from lib.wait import until

# Nobody's address: what a client has unless the case says otherwise.
CLIENT = "192.0.2.10"
HELO = "client.elsewhere.example"

# Domains the mail servers receive mail for: the local domains of all policies.
DOMAINS = ("example.com", "example.org", "tenant-a.example", "tenant-b.example", "carol.example",
           "bücher.example", "xn--bcher-kva.example", "straße.example", "xn--strae-oqa.example")

REFERENCE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}")
# A judged event that the milter has seen: what is expected of it, and the reference that the client heard.
Played = collections.namedtuple("Played", "event expect ref", defaults=[None])

STAGES = {"mail": "mail", "rcpt": "rcpt", "end": "eom"}


def cases(driver):
    """Every case that the driver plays, as pytest's parameters: each is a test named by its sentence."""
    return [pytest.param(file, case, id=case.name) for file in corpus.read_all() for case in file.played_by(driver)]


def make_policy(path, file):
    """The policy of a case file: the migrations in order, then the file's SQL, all by the sqlite3 shell."""
    migrations = sorted((place.TOP / "sql").glob("[0-9]*.sql"))
    for text in ["BEGIN;" + m.read_text() + "COMMIT;" for m in migrations] + [file.sql]:
        done = subprocess.run(["sqlite3", "-bail", path], input=text, capture_output=True, text=True)
        assert done.returncode == 0, f"{file.path.name}: {done.stderr}"
    path.chmod(0o644)       # the daemon runs as somebody else


class Bench:
    """One daemon, started anew with the policy of each case file in turn; its socket stays the same."""

    def __init__(self, **settings):
        self.policy = Policy(place.scratch("cases") / "policy.db")
        self.daemon = Daemon(self.policy, **settings)
        self.file = None

    def load(self, file):
        if self.file is file:
            return
        self.stop()
        for folder in (self.policy.path.parent, self.daemon.home):
            for path in folder.iterdir():
                if path not in (self.daemon.config, self.daemon.output):
                    path.unlink()
        make_policy(self.policy.path, file)
        self.daemon.start()
        self.file = file

    def stop(self):
        self.file = None
        self.daemon.stop()


class Evidence:
    """The audit records that one case adds to the log."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.before = len(daemon.records())

    def records(self):
        return self.daemon.records()[self.before:]

    def refusals(self):
        return [r for r in self.records() if r["stage"] in STAGES.values() and r["verdict"] in ("reject", "tempfail")]

    def ends(self):
        """One for each message whose MAIL was accepted: delivered or not."""
        return [r for r in self.records()
                if r["stage"] == "abort" or r["stage"] == "eom" and r["verdict"] in ("accept", "hold")]

    def judge(self, case, played):
        """Compare with what the case expects of the events that the milter has seen."""
        refused = [p for p in played if p.expect.refuses]
        accepted = [m for m in by_message(played) if not m[0].expect.refuses and not ended_in_refusal(m)]
        until(lambda: len(self.refusals()) >= len(refused) and len(self.ends()) >= len(accepted), PATIENCE,
              lambda: f"{case.where}: {len(refused)} refusals and {len(accepted)} ends, got {self.records()}")
        assert [(r["stage"], r["reason"]) for r in self.refusals()] == \
            [(STAGES[p.event.kind], p.expect.reason) for p in refused], f"{case.where}: refusals in the audit log"
        for one, record in zip(refused, self.refusals()):
            judge(case, one.event, one.expect, record)
            judge_record(case, one.event, one.expect, record)
            assert REFERENCE.fullmatch(record["ref"]), f"{case.where}: {record}"
            assert one.ref in (None, record["ref"]), f"{case.where}: the client heard {one.ref}: {record}"
        ends = self.ends()
        assert len(ends) == len(accepted), f"{case.where}: {ends}"
        for message, record in zip(accepted, ends):
            self.judge_end(case, message, record)

    def judge_end(self, case, message, record):
        """The record of a whole message: what monitor mode passed over, and each recipient's verdict."""
        passed = [(STAGES[p.event.kind], p.expect.would) for p in message if p.expect.would]
        found = {(f["stage"], f["reason"]) for f in record.get("findings") or []}
        besides = {(STAGES[p.event.kind], reason) for p in message for reason in p.expect.also}
        assert set(passed) | besides <= found, f"{case.where}: passed over in the record: {record}"
        assert (record.get("would") or None) == (passed[0][1] if passed else None), f"{case.where}: {record}"
        recipients = [p for p in message if p.event.kind == "rcpt"]
        assert [(r["verdict"], r["reason"]) for r in record.get("recipients") or []] == \
            [(p.expect.verdict, p.expect.reason) for p in recipients], f"{case.where}: {record}"
        for p, seen in zip(recipients, record.get("recipients") or []):
            judge_row(case, p.event, p.expect, seen)
        for p in message:
            if not p.expect.refuses:
                judge_record(case, p.event, p.expect, record)
        if message[-1].event.kind == "end":
            judge(case, message[-1].event, message[-1].expect, record)
        typed = message[0].event.arg.strip(" ")
        if typed.isascii() and typed.isprintable():
            assert record["mail_from"].strip(" ") == typed, f"{case.where}: {record}"


def by_message(played):
    """The judged events of a case, a list for each message."""
    found = []
    for one in played:
        if one.event.kind == "mail":
            found.append([])
        found[-1].append(one)
    return found


def ended_in_refusal(message):
    """A message refused at its end has that one record and no other."""
    return message[-1].event.kind == "end" and message[-1].expect.refuses


def judge(case, event, expect, seen):
    """Compare one answer, given as a mapping, with the expectation."""
    where = f"{case.path.name}:{event.line}"
    assert seen["verdict"] == expect.verdict, f"{where}: {seen}"
    assert (seen.get("reason") or None) == expect.reason, f"{where}: {seen}"
    if expect.code:
        judge_reply(case, event, expect, seen["reply"])
    judge_row(case, event, expect, seen)


def judge_reply(case, event, expect, reply):
    """The reply has the codes and holds the texts that were promised, all in ASCII."""
    where = f"{case.path.name}:{event.line}"
    assert reply.startswith(expect.code + " "), f"{where}: {reply!r}, expected {expect.code}"
    assert reply.isascii() and reply.isprintable(), f"{where}: {reply!r}"
    for text in expect.text:
        assert text in reply, f"{where}: {reply!r} does not say {text!r}"


def judge_row(case, event, expect, seen):
    """The row that decided: the table first, then words that name the row."""
    if not expect.row:
        return
    row = seen.get("row") or ""
    table, *words = expect.row
    assert re.match(rf"{table}\b", row) and all(w in row for w in words), \
        f"{case.path.name}:{event.line}: decided by {row!r}, expected {' '.join(expect.row)}"


def judge_record(case, event, expect, record):
    """Fields of the audit record: that of the refusal, or that of the whole message."""
    for field, value in expect.record.items():
        assert record.get(field) == value, f"{case.path.name}:{event.line}: {field} is not {value}: {record}"


def heard(case, event, expect, reply):
    """What an SMTP client heard: the codes promised, and on a refusal a reference."""
    where = f"{case.path.name}:{event.line}"
    if not expect.refuses:
        assert reply.code == 250, f"{where}: {reply}"
        return
    assert reply.status == expect.code, f"{where}: {reply}, expected {expect.code}"
    assert reply.ref, f"{where}: no reference in {reply}"
    for text in expect.text:
        assert text in reply.raw, f"{where}: {reply} does not say {text!r}"


def content(case, event):
    """The message of an `end`: its header lines and a body, with CRLF."""
    headers = event.headers or ["From: nobody@elsewhere.example"]
    lines = headers + ["Subject: a case", f"Message-ID: <{case.line}@{case.path.stem}.case>", "", "Hello."]
    return b"".join(corpus.raw(line) + b"\r\n" for line in lines)


def log_in(client, case):
    """AUTH with the mechanism of the case, as it is written there."""
    mechanism = case.get("mechanism", "PLAIN")
    if mechanism.upper() == "PLAIN":
        answer = client.command(f"AUTH {mechanism} " + smtp.b64(f"\0{case.get('login')}\0{PASSWORD}"))
    else:
        answer = client.auth(mechanism, case.get("login"), PASSWORD)
    assert answer.code == 235, f"{case.where}: {answer}"


def start_tls(client, case):
    """STARTTLS as the case says, and a second EHLO."""
    small = {"128": "ECDHE+AES128"}.get(case.get("cipher_bits"))
    assert client.starttls(case.get("tls"), small).ok
    client.ehlo(case.get("helo", HELO))
    assert client.socket.version() == case.get("tls"), f"{case.where}: {client.socket.version()}"


def play_smtp(client, case, driver, held):
    """Play the events over SMTP; those that the milter has seen and judged. held() counts what the server keeps back."""
    seen = []
    kept = held()
    skipping = False
    for event in case.events:
        if event.kind == "mail":
            skipping = False
        if skipping:
            continue
        reply = say(client, case, event)
        if driver in event.says:
            expected = event.says[driver]
            assert reply.status.startswith(expected), f"{case.path.name}:{event.line}: {reply}, expected {expected}"
            assert not reply.ref, f"{case.path.name}:{event.line}: the milter answered: {reply}"
            if reply.code == 421:       # and hangs up
                return seen
            skipping = event.kind == "mail"
        elif event.kind in corpus.JUDGED:
            expect = event.expect(driver)
            heard(case, event, expect, reply)
            seen.append(Played(event, expect, reply.ref))
            if event.kind == "end":
                kept += expect.verdict == "hold"
                assert held() == kept, f"{case.path.name}:{event.line}: {held()} messages are held, not {kept}"
    client.quit()
    return seen


def say(client, case, event):
    """One event on the wire."""
    if event.kind in ("mail", "rcpt"):
        verb = {"mail": b"MAIL FROM:", "rcpt": b"RCPT TO:"}[event.kind]
        auth = [f"AUTH={event.auth_param}"] if event.auth_param is not None else []
        words = [corpus.raw(w) for w in itertools.chain([event.arg], event.params, auth)]
        return client.command(verb + b" ".join(words))
    if event.kind == "end":
        return client.data(content(case, event))
    if event.kind == "rset":
        return client.rset()
    return client.ehlo(case.get("helo", HELO))
