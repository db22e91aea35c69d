"""The case corpus against the decision itself, through `authpolicy check --batch`."""

import json
import os
import subprocess

import pytest

import corpus
import play
from lib import place


@pytest.fixture(scope="module")
def databases(build):
    """The policy of each case file, made when it is first asked for."""
    folder = place.scratch("batch")
    made = {}

    def database(file):
        if file.path not in made:
            made[file.path] = folder / (file.path.stem + ".db")
            play.make_policy(made[file.path], file)
        return made[file.path]
    return database


def facts(case, message):
    """One message of a case as the object of facts that --batch reads."""
    mta = case.get("mta", "postfix")
    found = {key: case.get(key) for key in ("time", "login", "tls", "listener", "helo", "cert_subject", "cert_issuer", "verify")
             if case.get(key)}
    found |= {"mta": mta, "client": case.get("client", play.CLIENT)}
    if found["client"] == corpus.UNTOLD:
        del found["client"]
    if case.get("login"):
        found["mechanism"] = case.get("mechanism", "PLAIN")
    if case.get("cipher_bits"):
        found["cipher_bits"] = int(case.get("cipher_bits"))
    if case.local:
        found["local"] = True
    found["recipients"] = []
    for event in message:
        macro = event.macro("batch", default=mta == "postfix")
        if event.kind == "mail":
            found["sender"] = event.arg
            if macro is not None:
                found["mail_addr"] = macro
            if event.auth_param is not None:
                found["auth_param"] = event.auth_param
        elif event.kind == "rcpt":
            found["recipients"].append({"rcpt": event.arg, "rcpt_addr": macro} if macro is not None else event.arg)
        elif event.kind == "end" and event.headers:
            found["headers"] = "".join(h + "\r\n" for h in event.headers)
    return found


def ask(database, objects):
    """The verdicts of `authpolicy check --batch`, one for each object."""
    done = subprocess.run([place.program("authpolicy"), "check", "--batch", "--db", database],
                          input="".join(json.dumps(o) + "\n" for o in objects), capture_output=True, text=True,
                          env={**os.environ, "TZ": "UTC"})
    assert done.returncode in (0, 1) and not done.stderr, f"exit {done.returncode}: {done.stderr}"
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(objects), f"exit {done.returncode}: {done.stdout}{done.stderr}"
    return answers


def judge(case, message, verdict):
    """Compare the one verdict on a message with what is expected of each of its events."""
    expected = [(e, e.expect("batch")) for e in message if e.kind in corpus.JUDGED]
    would = next((x.would for _, x in expected if x.would), None)
    assert (verdict.get("would") or None) == would, f"{case.where}: {verdict}"
    mail = expected[0]
    if mail[1].refuses:
        assert verdict["stage"] == "mail", f"{case.where}: {verdict}"
        play.judge(case, *mail, verdict)
        return
    assert verdict["verdict"] in ("accept", "hold") or verdict["stage"] != "mail", f"{case.where}: {verdict}"
    recipients = [(e, x) for e, x in expected if e.kind == "rcpt"]
    assert len(verdict["recipients"]) == len(recipients), f"{case.where}: {verdict}"
    for (event, expect), seen in zip(recipients, verdict["recipients"]):
        play.judge(case, event, expect, seen)
        assert (seen.get("would") or None) == expect.would, f"{case.where}: {seen}"
        assert seen["rcpt"] == event.arg
    judge_whole(case, expected, recipients, verdict)


def judge_whole(case, expected, recipients, verdict):
    """All recipients refused is a refusal at RCPT; else the end of the message decides."""
    if recipients and all(x.refuses for _, x in recipients):
        assert verdict["verdict"] in ("reject", "tempfail") and verdict["stage"] == "rcpt", f"{case.where}: {verdict}"
        return
    end = [(e, x) for e, x in expected if e.kind == "end"]
    if end:
        play.judge(case, *end[0], verdict)
        return
    held = any(x.verdict == "hold" for _, x in recipients)
    assert verdict["verdict"] == ("hold" if held else "accept"), f"{case.where}: {verdict}"
    if held:
        return
    play.judge_row(case, *expected[0], verdict)


@pytest.mark.parametrize("file, case", play.cases("batch"))
def test(databases, file, case):
    messages = case.messages()
    verdicts = ask(databases(file), [facts(case, m) for m in messages])
    for message, verdict in zip(messages, verdicts):
        judge(case, message, verdict)
