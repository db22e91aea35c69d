"""`check --batch`: a verdict for each line, whatever the line is."""

import json
import select
import subprocess
import time

import pytest

from lib import place

ME = {"login": "alice", "sender": "<alice@example.com>"}

WRONG = {
    "no JSON": ("nonsense", "not a JSON object"),
    "an empty line": ("", "not a JSON object"),
    "an array": ("[]", "not a JSON object"),
    "a string": ('"x"', "not a JSON object"),
    "half an object": ('{"login":', "not a JSON object"),
    "two objects": ("{} {}", "not a JSON object"),
    "an unknown fact": ('{"logn":"alice"}', "logn: there is no such fact"),
    "a fact given twice": ('{"login":"alice","login":"bob"}', "login: given twice"),
    "a login that is a number": ('{"login":5}', "login: not a string"),
    "a sender that is an object": ('{"sender":{}}', "sender: not a string"),
    "bits that are text": ('{"cipher_bits":"256"}', "cipher_bits: not a number"),
    "bits below zero": ('{"cipher_bits":-1}', "cipher_bits: not a number"),
    "bits beyond all": ('{"cipher_bits":99999999999999999999}', "cipher_bits: not a number"),
    "local that is a number": ('{"local":1}', "local: it is true or false"),
    "another MTA": ('{"mta":"exim"}', "mta: it is postfix or sendmail"),
    "a time that is a date": ('{"time":"2026-01-01"}', "time: write RFC 3339"),
    "a time without a zone": ('{"time":"2026-01-01T00:00:00"}', "time: write RFC 3339"),
    "a day that is none": ('{"time":"2026-02-30T00:00:00Z"}', "time: write RFC 3339"),
    "a time with a fraction as a number": ('{"time":1.5}', "time: write RFC 3339"),
    "recipients that are a string": ('{"recipients":"<a@b.c>"}', "recipients: not an array"),
    "a recipient that is a number": ('{"recipients":["<a@b.c>",1]}', "recipients: each is a string or"),
    "a recipient without rcpt": ('{"recipients":[{"rcpt_addr":"a@b.c"}]}', "recipients: each is a string or"),
    "a recipient whose macro is a number": ('{"recipients":[{"rcpt":"<a@b.c>","rcpt_addr":1}]}', "recipients: each is"),
    "a NUL in the sender": ('{"sender":"<alice@example.com>\\u0000"}', "sender: it holds a NUL"),
    "a NUL in a recipient": ('{"recipients":[{"rcpt":"<a@b.c\\u0000>"}]}', "recipients: one holds a NUL"),
    "headers that are an array": ('{"headers":[]}', "headers: not a string"),
}


def batch(command, lines):
    done = command.run("check", "--batch", stdin="".join(line + "\n" for line in lines))
    return done.status, [json.loads(line) for line in done.lines]


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_line_is_named_and_the_next_is_answered(command, name):
    line, says = WRONG[name]
    status, answers = batch(command, [json.dumps(ME), line, json.dumps(ME)])
    assert status == 2
    assert [a.get("verdict") for a in answers] == ["accept", None, "accept"]
    assert list(answers[1]) == ["error"] and answers[1]["error"].startswith(f"line 2: {says}")


def test_the_answer_has_all_keys(command):
    status, (answer,) = batch(command, [json.dumps(ME | {"recipients": ["<x@y.example>", {"rcpt": "<bad"}]})])
    assert status == 0
    assert answer == {
        "verdict": "accept", "would": None, "reason": None, "stage": "eom", "row": "send_as(everyone, {user}@example.com)",
        "reply": None, "recipients": [
            {"rcpt": "<x@y.example>", "verdict": "accept", "would": None, "reason": None, "row": None, "reply": None},
            {"rcpt": "<bad", "verdict": "reject", "would": None, "reason": "recipient-malformed", "row": None,
             "reply": answer["recipients"][1]["reply"]}]}


@pytest.mark.parametrize("facts, verdict, reason, stage", [
    (ME, "accept", None, "mail"),
    (ME | {"sender": "<bob@example.com>", "recipients": ["<x@y.example>"]}, "reject", "sender-not-granted", "mail"),
    (ME | {"recipients": ["<x@y.example>"]}, "accept", None, "eom"),
    (ME | {"recipients": ["<bad", "<x@y.example>"]}, "accept", None, "eom"),
    (ME | {"recipients": ["<bad", "<worse"]}, "reject", "recipient-malformed", "rcpt"),
    ({"sender": "<x@y.example>", "recipients": ["<x@y.example>", "<bad"]}, "reject", "relay-denied", "rcpt"),
    ({"sender": "<x@y.example>", "listener": "465"}, "reject", "login-required", "mail"),
    (ME | {"login": "al\u0001ice"}, "reject", "login-unknown", "mail"),
    (ME | {"login": "alice\u0000"}, "reject", "login-unknown", "mail"),
    (ME | {"login": None, "sender": "<x@y.example>"}, "accept", None, "mail"),
    (ME | {"sender": "<ali\\u0000ce@example.com>"}, "reject", "sender-malformed", "mail"),
    (ME | {"sender": "<bob@example.com>", "local": True}, "accept", None, "mail"),
    (ME | {"mta": "postfix", "mail_addr": "bob@example.com"}, "reject", "sender-malformed", "mail"),
    (ME | {"headers": "From: <alice@example.com>\r\n", "time": 1767225600}, "accept", None, "eom"),
    (ME | {"headers_b64": "RnJvbTogPGFAYi5jPg0K"}, "reject", "author-not-granted", "eom"),
    (ME | {"client": "192.0.2.1", "client_name": "c.example", "tls": "TLSv1.3", "cipher_bits": 256,
           "mechanism": "PLAIN", "auth_param": "<>", "cert_subject": "s", "cert_issuer": "i", "verify": "OK",
           "helo": "c.example", "mta": "sendmail", "time": "2026-01-01T00:00:00.123456Z"}, "accept", None, "mail"),
])
def test_verdict(command, facts, verdict, reason, stage):
    status, (answer,) = batch(command, [json.dumps(facts)])
    assert status == 0
    assert (answer["verdict"], answer["reason"], answer["stage"]) == (verdict, reason, stage), answer


def test_monitor_shows_the_first_refusal_passed_over(command):
    command.ok("set", "mode", "monitor")
    _, (answer,) = batch(command, [json.dumps(ME | {"sender": "<bob@example.com>", "recipients": ["<bad"]})])
    assert (answer["verdict"], answer["reason"], answer["would"]) == ("accept", None, "sender-not-granted")
    assert answer["recipients"][0]["would"] == "recipient-malformed"


def test_a_line_that_is_not_utf8_is_answered(command):
    done = subprocess.run([place.program("authpolicy"), "--db", command.path, "check", "--batch"],
                          input=b'{"login":"al\xffice","sender":"<alice@example.com>"}\n\x00\n{}', capture_output=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == 3 and answers[0]["verdict"] == "reject"
    assert answers[1] == {"error": "line 2: the line holds a NUL"}
    assert answers[2]["stage"] == "mail"


def test_each_line_is_answered_at_once(command):
    with subprocess.Popen([place.program("authpolicy"), "--db", command.path, "check", "--batch"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for _ in range(3):
            process.stdin.write(json.dumps(ME).encode() + b"\n")
            process.stdin.flush()
            assert select.select([process.stdout], [], [], 10)[0]
            assert json.loads(process.stdout.readline())["verdict"] == "accept"
        process.stdin.close()


def test_many_recipients_are_answered_in_order(command):
    rcpts = [f"<u{i}@example.com>" for i in range(5000)]
    status, (answer,) = batch(command, [json.dumps(ME | {"recipients": rcpts})])
    assert status == 0 and [r["rcpt"] for r in answer["recipients"]] == rcpts


def test_ten_thousand_lines_take_no_time_worth_speaking_of(command):
    started = time.monotonic()
    status, answers = batch(command, [json.dumps(ME | {"recipients": ["<x@y.example>"]})] * 10000)
    assert status == 0 and len(answers) == 10000
    assert time.monotonic() - started < 10
