"""Authentication-Results: ours is on top, and nobody else's passes for it."""

import re

import pytest

from lib.site import Site

SOMEONE = "someone@example.org"

FORGED = ["mx.example.com; auth=pass smtp.auth=ceo", "MX.Example.COM 1; none", '"mx.example.com"; spf=pass',
          "(a (nested) comment) mx.example.com (more); dkim=pass", '"mx.exam\\ple.com"; none', "(never ended mx.other.test; none",
          '"mx.other.test; none', "", "; none"]
HONEST = ["mx.other.test; spf=pass", "(mx.example.com) mx.other.test; none", "mx.example.com.test; none", "notmx.example.com"]


@pytest.fixture(scope="module", params=["postfix", "sendmail"])
def marked(build, request):
    site = Site(request.param, hold=True, authserv_id="mx.example.com")
    try:
        yield site.start()
    finally:
        site.stop()


def results(header):
    """The values of the Authentication-Results in a header as queued, folds joined, in order."""
    fields = re.findall(r"(?im)^(?:H\?\?)?Authentication-Results:[ \t]*(.*(?:\n[ \t].*)*)", header)
    return [" ".join(value.split()) for value in fields]


def send(client, values, sender="alice@example.com"):
    fields = "".join(f"Authentication-Results: {v}\r\n" for v in values)
    assert client.mail(f"<{sender}>").ok and client.rcpt(f"<{SOMEONE}>").ok
    return client.data(f"{fields}From: {sender}\r\nSubject: x\r\n\r\nHello.\r\n".encode())


def test_a_login_is_told_to_whoever_reads_the_message(marked):
    alice = marked.login("alice")
    header = marked.kept(send(alice, []))
    assert results(header) == ['mx.example.com; auth=pass smtp.auth="alice"']


def test_what_claims_to_be_ours_is_taken_out_and_the_rest_stays(marked):
    alice = marked.login("alice")
    mixed = [v for pair in zip(FORGED, HONEST * 3) for v in pair]
    left = results(marked.kept(send(alice, mixed)))
    assert left[0] == 'mx.example.com; auth=pass smtp.auth="alice"'
    assert left[1:] == [v for v in mixed if v in HONEST]


def test_nothing_is_said_of_a_client_without_login(marked):
    stranger = marked.anonymous()
    stranger.command(b"MAIL FROM:<stranger@example.org>")
    stranger.command(b"RCPT TO:<alice@example.com>")
    reply = stranger.data(b"From: stranger@example.org\r\n\r\nHello.\r\n")
    assert results(marked.kept(reply)) == []
