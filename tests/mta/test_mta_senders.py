"""A logged-in client may use only what was granted to it, on both mail servers, however it says it."""

import pytest

from lib import net, smtp

SOMEONE = "someone@example.org"


@pytest.mark.parametrize("host", [net.V4, net.V6])
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "SCRAM-SHA-256"])
def test_alice_is_accepted_as_herself_and_refused_as_bob(site, mechanism, host):
    alice = site.login("alice", mechanism, host)

    record = site.delivery(alice.message("alice@example.com", SOMEONE))
    assert record["login"] == "alice"
    assert record["source"] == "sasl"
    assert record["mechanism"].upper() == mechanism
    assert record["client"] == host
    assert record["sender"] == "alice@example.com"

    refused = alice.message("bob@example.com", SOMEONE)
    assert refused.status == "550 5.7.1"
    assert "bob@example.com" in refused.text and "alice" in refused.text
    record = site.refusal(refused)
    assert record["verdict"] == "reject"
    assert record["reason"] == "sender-not-granted"
    assert record["login"] == "alice"
    assert record["client"] == host
    assert record["mail_from"] == "<bob@example.com>"


def test_bob_has_an_address_of_his_own(site):
    bob = site.login("bob")
    assert bob.message("bob@example.com", SOMEONE).code == 250
    assert bob.message("alice@example.com", SOMEONE).status == "550 5.7.1"


def test_a_login_with_a_realm_sends_as_itself(site):
    carol = site.login("carol@example.com")
    assert carol.message("carol@example.com", SOMEONE).code == 250
    assert carol.message("carol@example.net", SOMEONE).status == "550 5.7.1"


def test_each_message_of_a_session_is_decided_on_its_own(site):
    alice = site.login("alice")
    for _ in range(3):
        assert alice.message("alice@example.com", SOMEONE).code == 250
        assert alice.message("bob@example.com", SOMEONE).status == "550 5.7.1"
    assert alice.message("alice@example.net", SOMEONE).code == 250


def test_rset_ends_the_message_and_keeps_the_login(site):
    alice = site.login("alice")
    assert alice.mail("<alice@example.com>").ok
    assert alice.rcpt(f"<{SOMEONE}>").ok
    assert alice.rset().ok
    assert alice.mail("<bob@example.com>").status == "550 5.7.1"
    assert alice.rset().ok
    assert site.delivery(alice.message("alice@example.com", SOMEONE))["login"] == "alice"


def test_ehlo_within_a_message_ends_it_and_keeps_the_login(site):
    alice = site.login("alice")
    assert alice.mail("<alice@example.com>").ok
    assert alice.ehlo().ok
    assert alice.mail("<bob@example.com>").status == "550 5.7.1"
    assert alice.message("alice@example.com", SOMEONE).code == 250


def test_an_abandoned_message_leaves_nothing_for_the_next(site):
    alice = site.login("alice")
    assert alice.mail("<alice@example.com>").ok
    assert alice.rcpt("<first@example.org>").ok
    assert alice.rset().ok
    record = site.delivery(alice.message("alice@example.com", "second@example.org"))
    assert "first@example.org" not in str(record)


def test_the_tls_of_the_session_is_known_with_a_second_ehlo(site):
    assert site.delivery(site.login("alice").message("alice@example.com", SOMEONE))["tls"] == "TLSv1.3"


def test_the_tls_of_the_session_is_known_without_a_second_ehlo(site):
    alice = site.open()
    alice.ehlo()
    assert alice.starttls().ok
    site.login("alice")     # so that the name is known to the server
    answer = alice.auth_plain("alice", "secret")
    if answer.code == 503:  # Sendmail wants to be greeted again
        alice.ehlo()
        answer = alice.auth_plain("alice", "secret")
    assert answer.code == 235, answer
    assert site.delivery(alice.message("alice@example.com", SOMEONE))["tls"] == "TLSv1.3"


def test_a_session_is_anonymous_until_it_logs_in(site):
    site.login("alice")
    client = site.open()
    client.ehlo()
    client.starttls()
    client.ehlo()
    assert client.message("alice@example.com", SOMEONE).status == "550 5.7.1"
    assert client.auth_plain("alice", "secret").code == 235
    assert client.message("alice@example.com", SOMEONE).code == 250
    assert client.message("bob@example.com", SOMEONE).status == "550 5.7.1"


def test_a_failed_login_leaves_the_session_anonymous(site):
    client = site.open()
    client.ehlo()
    assert client.auth_plain("alice", "wrong").code == 535
    refused = client.message("alice@example.com", SOMEONE)
    assert refused.status == "550 5.7.1"
    assert site.refusal(refused)["reason"] == "relay-denied"


def test_pipelined_commands_get_the_same_verdicts(site):
    alice = site.login("alice")
    mail, one, two, data = alice.pipeline("MAIL FROM:<alice@example.com>", "RCPT TO:<one@example.org>",
                                          "RCPT TO:<two@example.org>", "DATA")
    assert (mail.code, one.code, two.code, data.code) == (250, 250, 250, 354)
    alice.send(smtp.text("alice@example.com"))
    sent, mail, rcpt, rset = alice.pipeline(".", "MAIL FROM:<bob@example.com>", "RCPT TO:<one@example.org>", "RSET")
    assert sent.code == 250
    assert mail.status == "550 5.7.1" and rcpt.code == 503 and rset.code == 250
    assert site.refusal(mail)["reason"] == "sender-not-granted"


def test_a_login_may_send_with_the_null_sender(site):
    alice = site.login("alice")
    assert alice.mail("<>").ok
    assert alice.rcpt(f"<{SOMEONE}>").ok
    record = site.delivery(alice.data(smtp.text("alice@example.com")))
    assert record["login"] == "alice" and record["mail_from"] == "<>"


# What the client types, and what becomes of it for alice (alice@example.com is hers).
SENDERS = {
    "in other case": ("<ALICE@Example.COM>", "250"),
    "quoted without need": ('<"alice"@example.com>', "250"),
    "without brackets": ("alice@example.com", "250"),
    "as a sub-address": ("<alice+news@example.com>", "250"),
    "as a sub-address of another's": ("<bob+alice@example.com>", "550 5.7.1"),
    "by a route": ("<@relay.example:alice@example.com>", "553 5.1.7"),
    "by the percent hack": ("<alice%example.org@example.com>", "553 5.1.7"),
    "by the percent hack to herself": ("<alice%example.com@example.com>", "553 5.1.7"),
    "by a bang path": ("<example.org!alice@example.com>", "553 5.1.7"),
    "with an @ within quotes": ('<"bob@example.com"@example.com>', "553 5.1.7"),
    "without a domain": ("<alice>", "553 5.1.7"),
    "with a comment": ("<(bob@example.com)alice@example.com>", "553 5.1.7"),
    "as somebody with blanks": ('<"al ice"@example.com>', "550 5.7.1"),
    "of a subdomain": ("<alice@sub.example.com>", "550 5.7.1"),
    "of a foreign domain": ("<alice@example.org>", "550 5.7.1"),
}


@pytest.mark.parametrize("typed, status", SENDERS.values(), ids=[name.replace(" ", "_") for name in SENDERS])
def test_a_sender_is_read_strictly(site, typed, status):
    alice = site.login("alice")
    answer = alice.mail(typed)
    assert answer.status.startswith(status), answer
    if not answer.ok:
        assert site.refusal(answer)["mail_from"] == typed


def test_utf8_senders_are_used_only_as_granted(site):
    parameters = "SMTPUTF8" if site.is_postfix else ""      # Debian's Sendmail does not offer it, and takes these bytes as they are
    site.policy.login("uwe")
    site.policy.grant("uwe", "jürgen@example.com")
    uwe, probe = site.login("uwe"), site.login("uwe")
    site.daemon.in_force(lambda: probe.accepts("<jürgen@example.com>", parameters))
    for other in ("jurgen", "jérgen", "juergen"):
        answer = uwe.try_mail(f"<{other}@example.com>", parameters)
        assert answer.status == "550 5.7.1", other
        assert site.refusal(answer)["reason"] == "sender-not-granted"


@pytest.mark.parametrize("name", ["everyone", "Everyone", "anonymous", "sales"])
def test_an_account_named_like_a_group_is_refused(site, name):
    site.policy.sql("INSERT INTO principal(name, kind) SELECT 'sales', 'group'"
                    " WHERE NOT EXISTS (SELECT 1 FROM principal WHERE name = 'sales');")
    client = site.login(name)

    site.daemon.in_force(lambda: not client.accepts(f"<{name}@example.com>"))
    answer = client.mail(f"<{name}@example.com>")
    assert answer.status == "550 5.7.1"
    assert site.refusal(answer)["reason"] == "login-unknown"


def test_a_login_of_a_foreign_realm_is_refused(site):
    answer = site.login("alice@example.org").mail("<alice@example.com>")
    assert answer.status == "550 5.7.1"
    assert site.refusal(answer)["reason"] == "login-unknown"


@pytest.mark.parametrize("name", ["info@example.com", "info"])
def test_no_template_reaches_into_anothers_domain(fresh, name):
    fresh.policy.sql("UPDATE local_domain SET owner = '@example.net' WHERE name = 'example.net';")
    owner = fresh.login("info@example.net")
    other = fresh.login(name)
    fresh.daemon.in_force(lambda: not other.accepts("<info@example.net>"))

    assert owner.accepts("<info@example.net>")
    assert other.accepts("<info@example.com>")
    for address in ("info@example.net", "info+x@example.net", "other@example.net"):
        answer = other.mail(f"<{address}>")
        assert answer.status == "550 5.7.1"
        assert fresh.refusal(answer)["reason"] == "sender-not-granted"


def test_no_grant_reaches_over_the_wall_of_an_owned_domain(fresh):
    fresh.policy.sql("""
        UPDATE local_domain SET owner = '@example.net' WHERE name = 'example.net';
        INSERT INTO principal(name, kind) VALUES('tom@example.com', 'login');
        INSERT INTO send_as(principal, address) VALUES
            ('tom@example.com', '*'), ('tom@example.com', '@example.net'), ('tom@example.com', 'ceo@example.net');
        """)
    tom = fresh.login("tom@example.com")
    fresh.daemon.in_force(lambda: tom.accepts("<any@example.org>"))

    for address in ("ceo@example.net", "ceo+x@example.net", "any@example.net", '"ceo"@EXAMPLE.net'):
        assert tom.mail(f"<{address}>").status == "550 5.7.1", address
