"""A week of a mail server in a minute: people send by SMTP all the time, every night the log is rotated and the daemon
reloaded, the policy is edited by day, Postfix and the daemon are restarted as they come.
"""

import collections
import contextlib
import json
import os
import signal
import threading

from lib import net, smtp
from lib.daemon import PATIENCE
from lib.dovecot import PASSWORD
from lib.site import QUEUE_ID, Site
from lib.wait import until

DAYS, SENDERS, MESSAGES = 7, 3, 40      # messages of each kind a day, at least
FRIEND, NEIGHBOUR = "friend@example.org", "neighbour@example.com"

# What is sent in turn: login or None, envelope sender, From, recipient, and whether it may pass.
KINDS = [
    ("{}", "{}@example.com", None, FRIEND, True),
    ("{}", "boss@example.com", None, FRIEND, False),
    ("{}", "{}@example.com", "boss@example.com", FRIEND, False),
    (None, "stranger@example.org", None, NEIGHBOUR, True),
    (None, "stranger@example.org", None, FRIEND, False),
]


class Sender(threading.Thread):
    """Sends all kinds until it is told to end; what the server says about each is kept."""

    def __init__(self, week, name):
        super().__init__()
        self.week, self.login = week, name
        self.accepted, self.refused, self.wrong, self.put_off, self.cut = [], [], [], 0, 0
        self.decided = collections.Counter()    # by kind

    def run(self):
        while not self.week.ended:
            for kind in KINDS:
                # while Postfix is away, or says 421
                with contextlib.suppress(OSError, smtp.Disconnected, AssertionError):
                    with self.connect(kind[0]) as client:
                        self.send(client, kind)
                    continue
                self.cut += 1
                until(lambda: self.week.ended or net.listening(net.V4, self.week.site.mta.port), 3 * PATIENCE, "Postfix to come back")

    def connect(self, login):
        mta = self.week.site.mta
        if login:
            return smtp.connect(net.V4, mta.port, self.login, PASSWORD, timeout=PATIENCE)
        return smtp.connect(net.V4, mta.mx_port, starttls=False, timeout=PATIENCE)

    def send(self, client, kind):
        _, sender, author, recipient, may_pass = kind
        answer = client.message(sender.format(self.login), recipient, author)
        if 400 <= answer.code < 500:
            self.put_off += 1
            return
        self.decided[kind] += 1
        if answer.ok != may_pass:
            self.wrong.append((self.login, sender, author, recipient, answer))
        elif answer.ok:
            found = QUEUE_ID.search(answer.raw)
            self.accepted.append(found[1] or found[2])
        else:
            self.refused.append(answer.ref)


class Week:
    def __init__(self):
        self.ended = False
        self.site = Site("postfix")
        self.logs = []
        self.edits = 0

    def run(self):
        self.site.start()
        self.senders = [Sender(self, f"user{n}") for n in range(SENDERS)]
        try:
            for sender in self.senders:
                sender.start()
            for day in range(DAYS):
                self.day(day)
                self.night()
            self.site.daemon.content(PATIENCE)
        finally:
            self.ended = True
            for sender in self.senders:
                sender.join(3 * PATIENCE)
            self.site.stop()
        self.judge()

    def sent(self):
        return sum(len(s.accepted) + len(s.refused) for s in self.senders)

    def flows(self, messages):
        until(lambda before=self.sent(): self.sent() >= before + messages, 3 * PATIENCE, "mail to flow")

    def edit(self):
        policy, self.edits = self.site.policy, self.edits + 1
        policy.login(f"new{self.edits}")
        policy.grant(f"new{self.edits}", f"sales{self.edits}@example.com")
        policy.authpolicy("grant", f"new{self.edits}", f"info{self.edits}@example.com", "--control", self.site.daemon.settings["control"])
        assert policy.check("--login", f"new{self.edits}", "--mail-from", f"sales{self.edits}@example.com")["verdict"] == "accept"

    def day(self, day):
        for _ in range(3):
            self.edit()
            self.flows(MESSAGES)
        if day % 2 == 0:
            self.site.mta.run("postfix", "stop")
            self.site.mta.run("postfix", "start")
        elif day % 4 == 1:
            self.site.daemon.restart()
        else:
            self.site.mta.run("postfix", "reload")
        self.flows(MESSAGES)

    def night(self):
        """As logrotate does it, and an administrator's cron job."""
        daemon = self.site.daemon
        log = daemon.settings["audit_log"]
        self.logs.append(f"{log}.{len(self.logs) + 1}")
        os.rename(log, self.logs[-1])
        before = daemon.said().count("log reopened")
        daemon.signal(signal.SIGHUP)
        until(lambda: daemon.said().count("log reopened") > before and os.path.exists(log), PATIENCE, daemon.said)

    def judge(self):
        records = []
        for path in (*self.logs, self.site.daemon.settings["audit_log"]):
            with open(path, encoding="utf-8") as log:
                records += [json.loads(line) for line in log]
        delivered = collections.Counter(r["queue_id"] for r in records if r["verdict"] == "accept" and r["stage"] == "eom")
        told = {r["ref"] for r in records}
        accepted = [i for s in self.senders for i in s.accepted]
        refused = [ref for s in self.senders for ref in s.refused]
        print(f"{DAYS} days, {self.edits * 3} edits, {len(accepted)} messages accepted, {len(refused)} refused, "
              f"{sum(s.put_off for s in self.senders)} put off, {sum(s.cut for s in self.senders)} connections failed")
        wrong = [w for s in self.senders for w in s.wrong]
        assert not wrong, wrong[:3]
        assert {delivered[i] for i in accepted} == {1}, f"{sum(delivered[i] != 1 for i in accepted)} messages without a record, or with two"
        assert all(s.decided[kind] >= DAYS for s in self.senders for kind in KINDS), [s.decided for s in self.senders]
        assert None not in refused and set(refused) <= told, f"{len(set(refused) - told)} refusals without a record"
