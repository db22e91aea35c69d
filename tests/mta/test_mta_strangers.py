"""Clients without a login may send to local domains only, and nothing they type makes them somebody."""

import pytest

from lib import net, smtp


@pytest.mark.parametrize("host", [net.V4, net.V6])
def test_anonymous_clients_may_send_to_local_domains_only(site, host):
    stranger = site.anonymous(host)
    record = site.delivery(stranger.message("them@example.org", "alice@example.com"))
    assert record["source"] == "none" and record["client"] == host

    refused = stranger.message("them@example.org", "other@example.org")
    assert refused.status == "550 5.7.1"
    record = site.refusal(refused)
    assert record["reason"] == "relay-denied"
    assert "other@example.org" in refused.text


def test_a_refused_recipient_leaves_the_others(site):
    stranger = site.anonymous()
    assert stranger.mail("<them@example.org>").ok
    assert stranger.rcpt("<alice@example.com>").ok
    assert stranger.rcpt("<other@example.org>").status == "550 5.7.1"
    assert stranger.rcpt("<bob@example.net>").ok
    assert stranger.data(smtp.text("them@example.org")).code == 250


RECIPIENTS = {
    "by the percent hack": "<other%example.org@example.com>",
    "by a bang path": "<example.org!other@example.com>",
    "with an @ within quotes": '<"other@example.org"@example.com>',
    "by a route": "<@example.com:other@example.org>",
}


@pytest.mark.parametrize("typed", RECIPIENTS.values(), ids=[name.replace(" ", "_") for name in RECIPIENTS])
def test_a_recipient_cannot_be_routed_onward(site, typed):
    stranger = site.anonymous()
    assert stranger.mail("<them@example.org>").ok
    answer = stranger.rcpt(typed)
    assert answer.status == "553 5.1.3", answer
    assert site.refusal(answer)["reason"] == "recipient-malformed"


def test_bounces_reach_local_domains(site):
    stranger = site.anonymous()
    assert stranger.mail("<>").ok
    assert stranger.rcpt("<alice@example.com>").ok
    assert stranger.data(smtp.text("MAILER-DAEMON@example.org")).code == 250


def test_auth_parameter_of_a_stranger_changes_nothing(site):
    stranger = site.anonymous()
    assert stranger.mail("<alice@example.com>", "AUTH=alice@example.com").ok
    refused = stranger.rcpt("<other@example.org>")
    assert refused.status == "550 5.7.1"
    record = site.refusal(refused)
    assert record["reason"] == "relay-denied"
    assert record["source"] == "none"
    assert record["auth_param"] == "alice@example.com"


@pytest.mark.parametrize("value", ["bob@example.com", "<>", "bob+40example.com"])
def test_auth_parameter_of_a_login_changes_nothing(site, value):
    alice = site.login("alice")
    answer = alice.mail("<bob@example.com>", f"AUTH={value}")
    assert answer.status == "550 5.7.1"
    assert site.refusal(answer)["login"] == "alice"
    assert alice.rset().ok
    assert alice.mail("<alice@example.com>", f"AUTH={value}").ok


def test_auth_parameter_of_a_failed_command_is_forgotten(site):
    alice = site.login("alice")
    assert alice.mail("<alice@example.com>", "AUTH=bob@example.com BOGUS=1").code == 555
    answer = alice.mail("<bob@example.com>")
    assert answer.status == "550 5.7.1"
    record = site.refusal(answer)
    assert record["login"] == "alice"
    assert not record.get("auth_param")


def test_a_listener_where_login_is_required_refuses_strangers(fresh):
    fresh.policy.set("login_required", "submission")
    stranger = fresh.anonymous(mx=False)
    fresh.daemon.in_force(lambda: not stranger.accepts("<them@example.org>"))
    answer = stranger.mail("<them@example.org>")
    assert answer.status == "530 5.7.0"
    assert fresh.refusal(answer)["reason"] == "login-required"
    assert fresh.anonymous(mx=True).mail("<them@example.org>").ok
    assert fresh.login("alice").mail("<alice@example.com>").ok


def test_strangers_cannot_claim_protected_local_senders(fresh):
    fresh.policy.set("protect_local_senders", "envelope")
    stranger = fresh.anonymous()
    fresh.daemon.in_force(lambda: not stranger.accepts("<alice@example.com>"))
    answer = stranger.mail("<alice@example.com>")
    assert answer.status == "550 5.7.1"
    assert fresh.refusal(answer)["reason"] == "local-sender-protected"
    assert stranger.accepts("<them@example.org>")

    fresh.policy.grant("anonymous", "alice@example.com")
    fresh.daemon.in_force(lambda: stranger.accepts("<alice@example.com>"))
    assert stranger.mail("<bob@example.com>").status == "550 5.7.1"
