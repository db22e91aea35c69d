"""The case corpus against a real Postfix with real SASL; clients have their addresses by XCLIENT."""

import pytest

import play
from lib import net, smtp
from lib.dovecot import Dovecot
from lib.postfix import Postfix


@pytest.fixture(scope="module")
def bench(build):
    bench = play.Bench()
    yield bench
    bench.stop()


@pytest.fixture(scope="module")
def postfix(bench):
    sasl = Dovecot()
    server = Postfix(bench.daemon.address, sasl, play.DOMAINS)
    try:
        sasl.start()
        server.start()
        # XCLIENT comes too late for Postfix to see that the client is a remote one, whose headers it leaves alone.
        server.reconfigure(local_header_rewrite_clients="")
        yield server
    finally:
        server.stop()
        sasl.stop()


def connect(server, case):
    """A session from the client's address to the listener, with TLS and login as the case says."""
    listener = case.get("listener", "submission" if case.get("login") else "mx")
    address = case.get("client", play.CLIENT)
    attributes = {"NAME": "[UNAVAILABLE]", "ADDR": ("IPV6:" if ":" in address else "") + address}
    if listener.isdigit():
        attributes["DESTPORT"] = listener
        listener = "submission" if case.get("login") else "mx"
    client = smtp.Client(net.V6 if ":" in address else net.V4, server.port if listener == "submission" else server.mx_port)
    client.ehlo()
    greeting = client.xclient(**attributes)
    assert greeting.code == 220, f"{case.where}: {greeting}"
    client.ehlo(case.get("helo", play.HELO))
    if case.get("tls"):
        play.start_tls(client, case)
    if case.get("login"):
        play.log_in(client, case)
    return client


def submit(server, case):
    """Mail that does not come by SMTP: sendmail(1). It answers nothing; the audit log tells."""
    for message in case.messages():
        mail, *rest = message
        recipients = [e for e in rest if e.kind == "rcpt"]
        server.submit(play.content(case, mail).decode(), *[e.arg for e in recipients], sender=mail.arg)
        for event in [mail, *recipients]:
            assert event.expect("postfix").verdict == "accept", f"{case.where}: sendmail(1) hears of no refusal"
            yield play.Played(event, event.expect("postfix"))


@pytest.mark.parametrize("file, case", play.cases("postfix"))
def test(bench, postfix, file, case):
    bench.load(file)
    evidence = play.Evidence(bench.daemon)
    if case.local:
        played = list(submit(postfix, case))
    else:
        with connect(postfix, case) as client:
            played = play.play_smtp(client, case, "postfix", lambda: len(postfix.held_ids()))
    evidence.judge(case, played)
