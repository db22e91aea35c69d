"""The case corpus against a real Sendmail with real SASL; clients come from the loopback address of their family."""

import pytest

import corpus
import play
from lib import net, smtp
from lib.sendmail import Sendmail


@pytest.fixture(scope="module")
def bench(build):
    bench = play.Bench()
    yield bench
    bench.stop()


@pytest.fixture(scope="module")
def sendmail(bench):
    # Sendmail knows domains in ASCII only.
    server = Sendmail(bench.daemon.address, corpus.logins("sendmail"), [d for d in play.DOMAINS if d.isascii()])
    try:
        yield server.start()
    finally:
        server.stop()


def connect(server, case):
    """A session to the listener, with TLS and login as the case says."""
    listener = case.get("listener", "submission" if case.get("login") else "mx")
    host = net.V6 if ":" in case.get("client", "") else net.V4
    client = smtp.Client(host, server.port if listener == "submission" else server.mx_port)
    client.ehlo(case.get("helo", play.HELO))
    if case.get("tls"):
        assert client.starttls().ok
        client.ehlo(case.get("helo", play.HELO))
    if case.get("login"):
        play.log_in(client, case)
    return client


@pytest.mark.parametrize("file, case", play.cases("sendmail"))
def test(bench, sendmail, file, case):
    bench.load(file)
    evidence = play.Evidence(bench.daemon)
    with connect(sendmail, case) as client:
        played = play.play_smtp(client, case, "sendmail")
    evidence.judge(case, played)
