"""contrib/notice-mail.py: whom it mails, and that nothing from outside gets into a header or becomes a recipient."""

import email
import email.policy
import os
import re
import socketserver
import subprocess
import threading

import pytest

from lib import net, place

SCRIPT = place.TOP / "contrib/notice-mail.py"
FACTS = {"PRINCIPAL": "everyone", "LOGIN": "alice@example.com", "LIMIT": "mail an hour", "METRIC": "messages", "ACTION": "suspend",
         "AMOUNT": "100", "USED": "101", "PERIOD": "1h", "UNTIL": "2026-11-26T12:00:00Z", "TIME": "2026-11-24T12:00:00Z",
         "CLIENT": "192.0.2.1", "SENDER": "alice@example.com", "REF": "7K2M-9QXD"}


class Session(socketserver.StreamRequestHandler):
    """A mail server's side of one session: it keeps what it is told, and refuses recipients of its `refuses`."""

    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self):
        self.say("220 mx.example.com")
        while line := self.rfile.readline().decode().rstrip("\r\n"):
            self.server.commands.append(line)
            verb = line[:4].upper()
            if verb == "DATA":
                self.say("354 go on")
                self.server.message = b"".join(iter(self.rfile.readline, b".\r\n"))
            refused = verb == "RCPT" and self.server.refuses in line
            self.say("550 no such user" if refused else "221 bye" if verb == "QUIT" else "250 ok")


@pytest.fixture
def server():
    with socketserver.TCPServer((net.V4, 0), Session) as one:
        one.commands, one.message, one.refuses = [], None, "nobody at all"
        thread = threading.Thread(target=one.serve_forever, args=(0.05,))
        thread.start()
        yield one
        one.shutdown()
        thread.join()


@pytest.fixture
def run(server):
    def start(admin, domain="", **facts):
        environment = {f"AUTHPOLICY_{name}": value for name, value in (FACTS | facts).items()} | {"PATH": os.defpath, "LANG": "C"}
        return subprocess.run([SCRIPT, admin, domain, f"{net.V4}:{server.server_address[1]}"], env=environment,
                              capture_output=True, text=True, check=False)
    return start


@pytest.fixture
def notify(server, run):
    """Run it: (recipients, message)."""
    def mailed(*arguments, **facts):
        server.commands.clear()
        done = run(*arguments, **facts)
        assert (done.returncode, done.stderr) == (0, "")
        assert re.match(r"MAIL FROM:<>", server.commands[1], re.I), "from the null sender"
        recipients = [line[9:-1] for line in server.commands if line.upper().startswith("RCPT TO:<")]
        assert len(recipients) == len(server.commands) - 4      # EHLO, MAIL, DATA, QUIT
        return recipients, email.message_from_bytes(server.message.replace(b"\r\n", b"\n"), policy=email.policy.default)
    return mailed


def test_the_administrator_and_the_login_get_mail(notify):
    to, message = notify("postmaster@example.com", "example.com")
    assert to == ["postmaster@example.com", "alice@example.com"]
    assert message["To"] == "postmaster@example.com, alice@example.com"
    assert message["Auto-Submitted"] == "auto-generated"
    body = message.get_content()
    for fact in (*FACTS.values(), "100 messages in 1h", "suspend until 2026-11-26T12:00:00Z"):
        assert fact in body


def test_a_limit_per_message_has_no_period(notify):
    _, message = notify("postmaster@example.com", PERIOD="", UNTIL="", ACTION="reject", METRIC="recipients_per_message")
    assert "100 recipients_per_message\n" in message.get_content()
    assert "action     reject\n" in message.get_content()


def test_a_login_without_a_domain_gets_that_of_the_configuration(notify):
    assert notify("postmaster@example.com", "example.com", LOGIN="bob")[0] == ["postmaster@example.com", "bob@example.com"]
    assert notify("postmaster@example.com", LOGIN="bob")[0] == ["postmaster@example.com"]


@pytest.mark.parametrize("login", [
    "a@example.com,b@example.org", "a b@example.com", "a@example.com>\nBcc: b@example.org", "a@b@example.com", "|id@example.com",
    "=?utf-8?q?a?=@example.com", "@example.com", "alice@", "$(id)@example.com", "`id`@example.com", "", "*@example.com", '"a"@example.com',
    "{TIME}@example.com", "a@example.com\n",
])
def test_a_login_that_is_no_plain_address_gets_none_and_is_in_no_header(notify, login):
    to, message = notify("postmaster@example.com", "example.com", LOGIN=login, SENDER=login, LIMIT=f"x\nBcc: c@example.org\n.\n{login}")
    assert to == ["postmaster@example.com"]
    assert sorted(message.keys()) == ["Auto-Submitted", "Content-Transfer-Encoding", "Content-Type", "Date", "From", "MIME-Version", "Subject", "To"]
    assert message["Subject"] == "A limit of outgoing mail was reached"
    assert message["To"] == "postmaster@example.com"
    assert login in message.get_content() and "Bcc: c@example.org\n" in message.get_content()


def test_no_line_is_longer_than_mail_can_carry(server, notify):
    _, message = notify("postmaster@example.com", SENDER="s" * 5000, LIMIT="l" * 5000)
    assert max(map(len, server.message.splitlines())) < 998
    assert "s" * 5000 in message.get_content()


def test_an_administrator_that_is_no_address_is_refused(server, run):
    done = run("-oQ/tmp")
    assert done.returncode == 1 and "the administrator is no address" in done.stderr and not server.commands


def test_who_gets_no_mail_is_said(server, run):
    server.refuses = "alice@"
    done = run("postmaster@example.com")
    assert done.returncode == 1 and "refused: {'alice@example.com': (550" in done.stderr
    assert b"To: postmaster@example.com" in server.message, "the administrator has it all the same"
    server.refuses = "@"
    done = run("postmaster@example.com")
    assert done.returncode == 1 and "no mail was sent" in done.stderr and "Traceback" not in done.stderr
