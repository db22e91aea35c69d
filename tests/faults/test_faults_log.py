"""The audit log is rotated while mail flows, or can't be written at all; the daemon is stopped while records wait."""

import collections
import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import threading

import pytest

from lib.daemon import PATIENCE
from lib.milter import CONTINUE, Milter
from lib.wait import until

WRITERS = 4
FRIEND = "friend@example.org"


class Traffic:
    """Messages without end, on several connections; `accepted` are the queue ids of those that were."""

    def __init__(self, daemon):
        self.ended = False
        self.accepted = []
        self.wrong = []
        self.threads = [threading.Thread(target=self.send, args=(daemon.home / "milter.sock", n)) for n in range(WRITERS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended = True
        for thread in self.threads:
            thread.join(PATIENCE)

    def send(self, socket, number):
        with Milter(socket) as session:
            session.begin()
            count = 0
            while not self.ended:
                queue_id = f"{number}-{count}"
                answer = session.message("alice@example.com", FRIEND, queue_id)
                (self.accepted if answer[0] == CONTINUE else self.wrong).append(queue_id)
                count += 1


@pytest.mark.parametrize("hangup", [False, True], ids=["without a signal", "with SIGHUP"])
def test_no_record_is_lost_while_the_log_is_rotated(daemon, hangup):
    daemon.start()
    log = daemon.home / "audit.log"
    rotated = []
    with Traffic(daemon) as traffic:
        for n in range(20 if hangup else 3):
            sent = len(traffic.accepted)
            until(lambda before=sent: len(traffic.accepted) > before + 50, PATIENCE, "mail to flow")
            rotated.append(daemon.home / f"audit.log.{n}")
            os.rename(log, rotated[-1])
            if hangup:
                daemon.signal(signal.SIGHUP)
            until(log.exists, PATIENCE, "the new log")
    assert not traffic.wrong and len(traffic.accepted) > 200
    records = [json.loads(line) for path in (*rotated, log) for line in path.read_text().splitlines()]
    assert collections.Counter(r["queue_id"] for r in records) == collections.Counter(traffic.accepted), "each of them once"


def blocked(daemon):
    """A session whose answer can't be recorded yet."""
    session = Milter(daemon.home / "milter.sock").begin()
    session.ask_mail("bob@example.com")
    until(lambda: '"callbacks":1' in status(daemon), PATIENCE, lambda: status(daemon))
    return session


def status(daemon):
    return daemon.policy.authpolicy("status", "--json", "--control", daemon.settings["control"], check=False).stdout.replace(" ", "")


def test_sigterm_lets_running_callbacks_end(daemon, stuck_log):
    daemon.start()
    with blocked(daemon) as session:
        daemon.signal(signal.SIGTERM)
        until(lambda: "stopping" in daemon.said(), PATIENCE, daemon.said)
        assert not select.select([session], [], [], 0)[0], "recorded before it is spoken"
        stuck_log.flow()
        code, text = session.answer()
        assert (code, text[:9]) == ("y", "550 5.7.1")
        assert daemon.process.wait(PATIENCE) == 0
        until(lambda: text[-10:-1].encode() in stuck_log.records, PATIENCE, "the record")
    assert "did not end" not in daemon.said()


def test_sigterm_does_not_wait_for_ever(daemon, stuck_log):
    daemon.start()
    with blocked(daemon) as session:
        daemon.signal(signal.SIGTERM)
        assert daemon.process.wait(PATIENCE) == 0
        assert "some callbacks did not end in 5000 ms" in daemon.said()
        assert session.answer() == ("", ""), "no answer: the MTA tempfails"
    daemon.process = None


def test_who_has_no_room_is_answered_at_once_and_all_others_when_the_log_flows(daemon, stuck_log, load):
    daemon.configure(max_callbacks=4)
    daemon.start()
    with contextlib.ExitStack() as stack:
        sessions = [stack.enter_context(Milter(daemon.home / "milter.sock")).begin() for _ in range(12)]
        for session in sessions:
            session.ask_mail("bob@example.com")
            until(lambda: stuck_log.holds(daemon), PATIENCE, "the first to write")
        until(lambda: len(select.select(sessions, [], [], 0)[0]) == 8, PATIENCE, "those beyond the four to be answered")
        at_once = select.select(sessions, [], [], 0)[0]
        assert {session.answer()[1][:9] for session in at_once} == {"451 4.3.2"}
        assert json.loads(status(daemon))["audit_failures"] == 8, "they could not be recorded"
        assert load() < 0.3
        stuck_log.flow()
        assert [session.answer()[1][:9] for session in sessions if session not in at_once] == ["550 5.7.1"] * 4


@contextlib.contextmanager
def slow_writes(daemon, seconds):
    """Each write to the audit log takes so long, as on a disk that others keep busy."""
    tracer = subprocess.Popen(["strace", "-f", "-p", str(daemon.process.pid), "-P", daemon.settings["audit_log"], "-o", "/dev/null", "-e",
                               f"inject=writev:delay_enter={round(seconds * 1e6)}"], stderr=subprocess.PIPE, text=True)
    assert "attached" in tracer.stderr.readline()
    yield
    tracer.terminate()
    tracer.wait()


def test_a_slow_disk_of_the_log_lets_nobody_pass_unrecorded(daemon):
    """Who is let in waits for its record and that of the one before; all others are told at once."""
    daemon.configure(max_callbacks=2)
    daemon.start()
    with contextlib.ExitStack() as stack:
        sessions = [stack.enter_context(Milter(daemon.home / "milter.sock")).begin() for _ in range(6)]
        for session in sessions:
            assert session.mail("alice@example.com", "4QUEUEID")[0] == CONTINUE
            assert session.rcpt(FRIEND)[0] == CONTINUE
        with slow_writes(daemon, 3):
            for number, session in enumerate(sessions[:2]):
                session.ask_end("alice@example.com", f"Q{number}")
                until(lambda n=number: f'"callbacks":{n + 1}' in status(daemon), PATIENCE, lambda: status(daemon))
            for session in sessions[2:]:
                session.ask_end("alice@example.com")
                assert session.answer()[1].startswith("451 4.3.2")
            assert not select.select(sessions[:2], [], [], 0)[0], "these still wait"
            assert not daemon.records()
        for number, session in enumerate(sessions[:2]):
            assert session.answer()[0] == CONTINUE
            assert daemon.record(queue_id=f"Q{number}", verdict="accept", timeout=0)
        assert json.loads(status(daemon))["audit_failures"] == 4
        for session in sessions:
            assert session.message("alice@example.com", FRIEND)[0] == CONTINUE, "all is well again"
    assert sum(r["verdict"] == "accept" for r in daemon.records()) == 2 + 6


def test_without_its_folder_the_log_puts_mail_off_until_that_is_back(daemon):
    folder = daemon.home / "log"
    folder.mkdir()
    folder.chmod(0o777)
    daemon.configure(audit_log=str(folder / "audit.log"))
    daemon.start()
    with Milter(daemon.home / "milter.sock") as session:
        assert session.begin().message("alice@example.com", FRIEND)[0] == CONTINUE
        shutil.rmtree(folder)
        until(lambda: session.message("alice@example.com", FRIEND)[1].startswith("451 4.3.0"), PATIENCE, "the removed log to be noticed")
        assert session.message("bob@example.com", FRIEND)[1].startswith("451 4.3.0")
        folder.mkdir()
        folder.chmod(0o777)
        assert session.message("alice@example.com", FRIEND)[0] == CONTINUE
        assert session.message("bob@example.com", FRIEND)[1].startswith("550 5.7.1")
    assert [r["verdict"] for r in daemon.records()] == ["accept", "reject"]
    until(lambda: "the audit log is written again" in daemon.said(), PATIENCE, daemon.said)
