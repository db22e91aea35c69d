"""The case corpus against a real Sendmail with real SASL;
clients of 127/8 have their addresses, others come from the loopback address of their family."""

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
    address = case.get("client", "")
    host = net.V6 if ":" in address else net.V4
    client = smtp.Client(host, server.port if listener == "submission" else server.mx_port,
                         source=address if address.startswith("127.") else None)
    client.ehlo(case.get("helo", play.HELO))
    if case.get("tls"):
        play.start_tls(client, case)
    if case.get("login"):
        play.log_in(client, case)
    return client


@pytest.mark.parametrize("file, case", play.cases("sendmail"))
def test(bench, sendmail, file, case):
    bench.load(file)
    evidence = play.Evidence(bench.daemon)
    with connect(sendmail, case) as client:
        played = play.play_smtp(client, case, "sendmail", lambda: len(sendmail.held_ids()))
    evidence.judge(case, played)
