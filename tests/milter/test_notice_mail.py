"""contrib/notice-mail.sh: whom it mails, and that nothing from outside gets into a header or becomes an option."""

import email
import os
import subprocess

import pytest

from lib import place

SCRIPT = place.TOP / "contrib/notice-mail.sh"
SENDMAIL = """\
#!/bin/sh
cat >"$0.message"
for i; do echo "$i"; done >"$0.arguments"
"""
FACTS = {"PRINCIPAL": "everyone", "LOGIN": "alice@example.com", "LIMIT": "mail an hour", "METRIC": "messages", "ACTION": "suspend",
         "AMOUNT": "100", "USED": "101", "PERIOD": "1h", "UNTIL": "2026-11-26T12:00:00Z", "TIME": "2026-11-24T12:00:00Z",
         "CLIENT": "192.0.2.1", "SENDER": "alice@example.com", "REF": "7K2M-9QXD"}


@pytest.fixture
def notify(tmp_path):
    """Run it with a sendmail of ours: (recipients, message)."""
    sendmail = tmp_path / "sendmail"
    sendmail.write_text(SENDMAIL)
    sendmail.chmod(0o755)

    def run(*arguments, **facts):
        environment = {f"AUTHPOLICY_{name}": value for name, value in (FACTS | facts).items()}
        subprocess.run([SCRIPT, *arguments], env=environment | {"PATH": f"{tmp_path}:{os.defpath}", "LANG": "C"}, check=True)
        called = (tmp_path / "sendmail.arguments").read_text().splitlines()
        assert called[:4] == ["-i", "-f", "<>", "--"], "from the null sender"
        return called[4:], email.message_from_bytes((tmp_path / "sendmail.message").read_bytes())
    return run


def test_the_administrator_and_the_login_get_mail(notify):
    to, message = notify("postmaster@example.com", "example.com")
    assert to == ["postmaster@example.com", "alice@example.com"]
    assert message["To"] == "<postmaster@example.com>, <alice@example.com>"
    assert message["Auto-Submitted"] == "auto-generated"
    body = message.get_payload()
    for fact in (*FACTS.values(), "100 messages in 1h", "suspend until 2026-11-26T12:00:00Z"):
        assert fact in body


def test_a_limit_per_message_has_no_period(notify):
    _, message = notify("postmaster@example.com", PERIOD="", UNTIL="", ACTION="reject", METRIC="recipients_per_message")
    assert "100 recipients_per_message\n" in message.get_payload()
    assert "action     reject\n" in message.get_payload()


def test_a_login_without_a_domain_gets_that_of_the_configuration(notify):
    assert notify("postmaster@example.com", "example.com", LOGIN="bob")[0] == ["postmaster@example.com", "bob@example.com"]
    assert notify("postmaster@example.com", LOGIN="bob")[0] == ["postmaster@example.com"]


@pytest.mark.parametrize("login", [
    "-f@example.com", "a@example.com,b@example.org", "a b@example.com", "a@example.com>\nBcc: b@example.org", "a@b@example.com", "|id@example.com",
    "=?utf-8?q?a?=@example.com", "@example.com", "alice@", "$(id)@example.com", "`id`@example.com", "", "*@example.com", '"a"@example.com',
])
def test_a_login_that_is_no_plain_address_gets_none_and_is_in_no_header(notify, login):
    to, message = notify("postmaster@example.com", "example.com", LOGIN=login, SENDER=login, LIMIT=f"x\nBcc: c@example.org\n{login}")
    assert to == ["postmaster@example.com"]
    assert sorted(message.keys()) == ["Auto-Submitted", "Content-Type", "From", "MIME-Version", "Subject", "To"]
    assert message["Subject"] == "A limit of outgoing mail was reached"
    assert message["To"] == "<postmaster@example.com>"
    assert login in message.get_payload()


def test_no_line_is_longer_than_mail_can_carry(notify):
    _, message = notify("postmaster@example.com", SENDER="s" * 5000, LIMIT="l" * 5000)
    assert max(map(len, message.as_string().splitlines())) < 998
    assert message.get_payload().replace("\n", "").count("s" * 5000) == 1


def test_an_administrator_that_is_no_address_is_refused(tmp_path):
    done = subprocess.run([SCRIPT, "-oQ/tmp"], env={"AUTHPOLICY_LOGIN": "a", "PATH": os.defpath}, capture_output=True, text=True, check=False)
    assert done.returncode == 64 and "the administrator is no address" in done.stderr
