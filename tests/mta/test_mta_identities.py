"""Clients that are a login without SASL, and peers that say for whom they send, on real servers."""

import pytest

from lib import net, smtp, tls

SOMEONE = "someone@example.org"


@pytest.fixture
def site(fresh):
    """A printer with a certificate, a scanner with an address, a list server that is believed."""
    subject, issuer = ("printer1", "Test CA") if fresh.is_postfix else (tls.DEVICE, tls.ISSUER)
    fresh.policy.sql(f"""
        INSERT INTO principal(name, kind) VALUES ('printer', 'login'), ('scanner', 'login'), ('listserver', 'login'),
            ('anna@example.com', 'login');
        INSERT INTO identity(kind, subject, issuer, login) VALUES ('certificate', '{subject}', '{issuer}', 'printer');
        INSERT INTO identity(kind, cidr, login) VALUES ('network', '::1', 'scanner');
        INSERT INTO trusted_peer(login, client, asserts) VALUES ('listserver', '127.0.0.0/8', '@example.com');
        INSERT INTO rule(seq, principal, recipient, verdict) VALUES (10, 'scanner', '!@example.com', 'reject');
        """)
    stranger = fresh.anonymous(net.V6)
    fresh.daemon.in_force(lambda: not stranger.accepts("<them@example.org>"))     # the scanner, bound to its own
    return fresh


def with_certificate(site, certificate):
    """A session that shows a certificate and does not log in."""
    client = site.open(mx=True)
    client.ehlo()
    assert client.starttls(certificate=certificate).ok
    client.ehlo()
    return client


def test_a_verified_certificate_is_a_login(site):
    printer = with_certificate(site, tls.certificates().device)
    record = site.delivery(printer.message("printer@example.com", SOMEONE))
    assert (record["source"], record["login"], record["peer"]) == ("certificate", "printer", None)
    assert record["cert"]["subject"] and record["cert"]["issuer"]

    refused = printer.message("alice@example.com", SOMEONE)
    assert refused.status == "550 5.7.1"
    assert site.refusal(refused)["reason"] == "sender-not-granted"


@pytest.mark.parametrize("kind", ["forged", "alone"])
def test_a_self_made_certificate_of_the_same_name_is_nobodys(site, kind):
    stranger = with_certificate(site, getattr(tls.certificates(), kind))
    refused = stranger.message("printer@example.com", SOMEONE)
    assert refused.status == "550 5.7.1"
    record = site.refusal(refused)
    assert (record["reason"], record["source"], record["login"]) == ("relay-denied", "none", None)


def test_a_client_without_a_certificate_is_nobody(site):
    stranger = with_certificate(site, None)
    refused = stranger.message("printer@example.com", SOMEONE)
    assert site.refusal(refused)["reason"] == "relay-denied"


def test_a_login_beats_the_certificate(site):
    site.login("alice")
    client = site.open()
    client.ehlo()
    assert client.starttls(certificate=tls.certificates().device).ok
    client.ehlo()
    assert client.auth_plain("alice", "secret").code == 235
    refused = client.message("printer@example.com", SOMEONE)
    assert refused.status == "550 5.7.1"
    record = site.refusal(refused)
    assert (record["source"], record["login"]) == ("sasl", "alice")
    assert site.delivery(client.message("alice@example.com", SOMEONE))["source"] == "sasl"


def test_a_device_is_a_login_by_its_address(site):
    scanner = site.anonymous(net.V6)
    record = site.delivery(scanner.message("scanner@example.com", "alice@example.com"))
    assert (record["source"], record["login"]) == ("network", "scanner")

    outside = scanner.message("scanner@example.com", SOMEONE)
    assert outside.status == "550 5.7.1"
    assert site.refusal(outside)["row"] == "rule(10)"
    claimed = scanner.message("alice@example.com", "bob@example.com")
    assert site.refusal(claimed)["reason"] == "sender-not-granted"


def test_a_trusted_peer_sends_for_a_login(site):
    peer = site.login("listserver")
    assert peer.mail("<anna@example.com>", "AUTH=anna+40example.com").ok
    assert peer.rcpt(f"<{SOMEONE}>").ok
    record = site.delivery(peer.data(smtp.text("anna@example.com")))
    assert (record["source"], record["login"], record["peer"]) == ("auth-param", "anna@example.com", "listserver")
    assert record["auth_param"] == "anna+40example.com"


@pytest.mark.parametrize("who, value", [("alice", "anna@example.com"), ("listserver", "<>"), ("listserver", "other@example.org"),
                                        ("listserver", "nobody@example.com")])
def test_nobody_else_does(site, who, value):
    client = site.login(who)
    refused = client.try_mail("<anna@example.com>", f"AUTH={value}")
    assert refused.status == "550 5.7.1"
    record = site.refusal(refused)
    assert (record["reason"], record["source"], record["login"]) == ("sender-not-granted", "sasl", who)
    assert record["peer"] is None and record["auth_param"] == value
