"""Rules on real servers, over real TLS and SASL; what they hold is held."""

import pytest

from lib import net, smtp

RULES = """
    INSERT INTO address_set(name, pattern) VALUES ('lists', '@lists.example.org');
    INSERT INTO rule(seq, recipient, tls, verdict) VALUES (10, '@tls.example.org', 'none', 'reject'), (11, '@tls13.example.org', '!1.3', 'reject'),
        (12, '@strong.example.org', '!256 bits', 'reject');
    INSERT INTO rule(seq, recipient, mechanism, verdict) VALUES (20, '@scram.example.org', '!SCRAM-SHA-256', 'reject');
    INSERT INTO rule(seq, recipient, client, verdict) VALUES (30, '@four.example.org', '!127.0.0.0/8', 'reject');
    INSERT INTO rule(seq, recipient, verdict, reply) VALUES (40, '@reply.example.org', 'reject', '554 5.7.4 100% no, %s'),
        (41, '@later.example.org', 'tempfail', '450 4.2.1 Come back later');
    INSERT INTO rule(seq, recipient, verdict) VALUES (50, '@hold.example.org', 'hold'), (60, 'lists', 'reject');
"""


@pytest.fixture
def ruled(fresh):
    """The site under RULES."""
    fresh.policy.sql(RULES)
    fresh.login("alice")        # so that the name is known to the server
    fresh.daemon.in_force(lambda: not takes(fresh.login("alice"), "in@lists.example.org"))
    return fresh


def takes(client, address):
    """Whether a recipient is accepted from alice."""
    return answer(client, address).ok


def answer(client, address):
    """The reply to one recipient of alice's; the message is given up."""
    assert client.mail("<alice@example.com>").ok
    reply = client.rcpt(f"<{address}>")
    client.rset()
    return reply


def alice(site, tls="TLSv1.3", ciphers=None, mechanism="PLAIN", host=net.V4):
    client = site.open(host)
    client.ehlo()
    if tls:
        assert client.starttls(tls, ciphers).ok
        client.ehlo()
    assert client.auth(mechanism, "alice", "secret").code == 235
    return client


def test_of_three_recipients_one_is_refused_and_two_go_through(ruled):
    client = alice(ruled)
    assert client.mail("<alice@example.com>").ok
    assert client.rcpt("<one@example.org>").ok
    refused = client.rcpt("<two@lists.example.org>")
    assert client.rcpt("<three@example.org>").ok
    assert refused.status == "550 5.7.1" and "two@lists.example.org" in refused.text
    assert ruled.refusal(refused)["row"] == "rule(60)"
    record = ruled.delivery(client.data(smtp.text("alice@example.com")))
    assert [r["verdict"] for r in record["recipients"]] == ["accept", "reject", "accept"]


def test_tls_is_asked_for_and_seen(ruled):
    refused = answer(alice(ruled, tls=None), "a@tls.example.org")
    assert refused.status == "530 5.7.0"
    assert ruled.refusal(refused)["reason"] == "tls-required"
    assert takes(alice(ruled, "TLSv1.2"), "a@tls.example.org")
    assert takes(alice(ruled, "TLSv1.3"), "a@tls.example.org")


def test_the_version_of_tls_counts(ruled):
    refused = answer(alice(ruled, "TLSv1.2"), "a@tls13.example.org")
    assert refused.status == "530 5.7.0"
    assert ruled.refusal(refused)["tls"] == "TLSv1.2"
    assert takes(alice(ruled, "TLSv1.3"), "a@tls13.example.org")


def test_the_bits_of_the_cipher_count(ruled):
    refused = answer(alice(ruled, "TLSv1.2", "ECDHE+AES128"), "a@strong.example.org")
    assert refused.status == "530 5.7.0"
    assert ruled.refusal(refused)["cipher_bits"] == 128
    assert takes(alice(ruled, "TLSv1.2", "ECDHE+AES256"), "a@strong.example.org")


def test_the_mechanism_counts(ruled):
    for mechanism in ("PLAIN", "LOGIN"):
        refused = answer(alice(ruled, mechanism=mechanism), "a@scram.example.org")
        assert refused.status == "550 5.7.9"
        assert ruled.refusal(refused)["reason"] == "mechanism-weak"
    assert takes(alice(ruled, mechanism="SCRAM-SHA-256"), "a@scram.example.org")


def test_the_client_address_counts(ruled):
    assert takes(alice(ruled), "a@four.example.org")
    refused = answer(alice(ruled, host=net.V6), "a@four.example.org")
    assert refused.status == "550 5.7.1"
    assert ruled.refusal(refused)["client"] == net.V6


def test_replies_of_rules_are_heard_as_written(ruled):
    client = alice(ruled)
    refused = answer(client, "a@reply.example.org")
    assert refused.status == "554 5.7.4" and "100% no, %s" in refused.text
    later = answer(client, "a@later.example.org")
    assert later.status == "450 4.2.1" and "Come back later" in later.text


def test_a_held_message_is_held(ruled):
    client = alice(ruled)
    held = ruled.mta.held_ids()
    record = None
    for recipients in (["plain@example.org"], ["a@hold.example.org", "b@example.org"], ["plain@example.org"]):
        assert client.mail("<alice@example.com>").ok
        for address in recipients:
            assert client.rcpt(f"<{address}>").ok
        reply = client.data(smtp.text("alice@example.com"))
        assert reply.code == 250
        if len(recipients) == 2:
            record = ruled.daemon.record(verdict="hold")
    new = [i for i in ruled.mta.held_ids() if i not in held]
    assert new == [record["queue_id"]]
    assert (record["stage"], record["reason"], record["row"]) == ("eom", "rule", "rule(50)")
    assert [r["verdict"] for r in record["recipients"]] == ["hold", "accept"]


def test_an_edit_of_a_rule_is_in_force_within_a_second(ruled):
    client = alice(ruled)
    assert not takes(client, "in@lists.example.org")
    ruled.policy.sql("UPDATE rule SET verdict = 'accept' WHERE seq = 60;")
    ruled.daemon.in_force(lambda: takes(alice(ruled), "in@lists.example.org"))
    ruled.policy.sql("UPDATE rule SET verdict = 'reject', seq = 5 WHERE seq = 60;")
    ruled.daemon.in_force(lambda: not takes(alice(ruled), "in@lists.example.org"))
