"""rspamd and OpenDKIM behind the daemon, as docs/postfix.md attaches them: what nobody may send is neither scanned nor signed."""

import re
import subprocess

import pytest

from lib import guide, net, place
from lib.site import QUEUE_ID, Site
from lib.smtp import text
from lib.wait import PATIENCE, until

SOMEONE = "someone@example.org"


@pytest.fixture(scope="module")
def signer():
    """A running OpenDKIM, with the guide's configuration but for key and port; its port."""
    home, port = place.scratch("opendkim"), net.free_port()
    subprocess.run(["opendkim-genkey", "-D", home, "-d", "example.com", "-s", "mail"], check=True)
    config = guide.block("docs/postfix.md", "opendkim.conf")
    for given, here in (("/etc/dkimkeys", str(home)), ("8891", str(port))):
        assert given in config
        config = config.replace(given, here)
    (home / "opendkim.conf").write_text(config)
    process = subprocess.Popen(["opendkim", "-f", "-x", home / "opendkim.conf"], stdin=subprocess.DEVNULL)
    try:
        until(lambda: net.listening(net.V4, port), PATIENCE, "OpenDKIM")
        yield port
    finally:
        process.terminate()
        process.wait(PATIENCE)


RSPAMD = """\
options {{ filters = ""; url_tld = "{home}/tld"; pidfile = "{home}/pid"; control_socket = "{home}/control"; stats_file = "{home}/stats";
    hs_cache_dir = "{home}"; rrd = ""; dns {{ nameserver = ["127.0.0.1"]; }} }}
logging {{ type = "console"; level = "info"; }}
worker "rspamd_proxy" {{ count = 1; {worker} }}
"""


class Scanner:
    """A running rspamd without rules, with the guide's configuration of its milter but for the port."""

    def __init__(self):
        self.home, self.port = place.scratch("rspamd"), net.free_port()
        worker = guide.block("docs/postfix.md", "worker-proxy.inc rspamd")
        assert "11332" in worker
        (self.home / "tld").write_text("com\norg\n")
        (self.home / "rspamd.conf").write_text(RSPAMD.format(home=self.home, worker=worker.replace("11332", str(self.port))))
        with open(self.home / "log", "wb") as log:
            self.process = subprocess.Popen(["rspamd", "-f", "--insecure", "-u", "root", "-g", "root", "-c", self.home / "rspamd.conf"],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def scanned(self):
        """(queue id, login) of each message."""
        return re.findall(r"rspamd_task_write_log: .*qid: <(\w+)>.* user: (\w+)", (self.home / "log").read_text())


@pytest.fixture(scope="module")
def scanner():
    scanner = Scanner()
    try:
        until(lambda: net.listening(net.V4, scanner.port), PATIENCE, lambda: (scanner.home / "log").read_text())
        yield scanner
    finally:
        scanner.process.terminate()
        scanner.process.wait(PATIENCE)


@pytest.fixture(scope="module")
def shared(build, signer, scanner):
    site = Site("postfix", hold=True)
    try:
        site.start()
        milters = guide.block("docs/postfix.md", "main.cf opendkim rspamd").removeprefix("smtpd_milters =")
        for given, here in (("unix:authpolicy/milter.sock", site.daemon.address), ("11332", str(scanner.port)), ("8891", str(signer))):
            assert given in milters
            milters = milters.replace(given, here)
        site.mta.reconfigure(smtpd_milters=" ".join(milters.split()))
        yield site
    finally:
        site.stop()


@pytest.fixture
def site(shared):
    yield shared
    shared.hang_up()


def send(client, sender, author):
    assert client.mail(f"<{sender}>").ok and client.rcpt(f"<{SOMEONE}>").ok
    return client.data(text(author, SOMEONE))


def queue_id(reply):
    assert reply.ok, reply
    return QUEUE_ID.search(reply.raw)[1]


def signature(site, reply):
    """The tags of the DKIM-Signature in a message as queued; None when it has none."""
    found = re.search(r"^DKIM-Signature:((?:.*\n)(?:[ \t].*\n)*)", site.kept(reply), re.M)
    return found and dict(tag.strip().split("=", 1) for tag in "".join(found[1].split()).rstrip(";").split(";"))


def test_what_a_login_may_send_is_scanned_and_signed(site, scanner):
    reply = send(site.login("alice"), "alice@example.com", "alice@example.com")
    until(lambda: (queue_id(reply), "alice") in scanner.scanned(), PATIENCE, lambda: (scanner.home / "log").read_text())
    tags = signature(site, reply)
    assert (tags["d"], tags["s"]) == ("example.com", "mail") and "from" in tags["h"].lower().split(":")


def test_what_it_may_not_is_refused_and_neither_scanned_nor_signed_nor_queued(site, scanner):
    before = site.mta.held_ids()
    scanned = scanner.scanned()
    alice = site.login("alice")
    refused = [send(alice, "alice@example.com", "ceo@example.com"), alice.message("ceo@example.com", SOMEONE)]
    assert [site.refusal(r)["reason"] for r in refused] == ["author-not-granted", "sender-not-granted"]
    assert site.mta.held_ids() == before
    last = queue_id(send(site.login("bob"), "bob@example.com", "bob@example.com"))
    until(lambda: (last, "bob") in scanner.scanned(), PATIENCE, lambda: (scanner.home / "log").read_text())
    assert scanner.scanned() == [*scanned, (last, "bob")], "what is asked later is in the log, and nothing in between"


def test_only_a_login_is_signed(site):
    stranger = site.anonymous()
    assert stranger.mail("<them@example.org>").ok and stranger.rcpt("<alice@example.com>").ok
    assert signature(site, stranger.data(text("ceo@example.com", "alice@example.com"))) is None


def test_the_signer_itself_would_sign_any_from(site):
    """Why the order of milters and the mode matter: in mode monitor the same message goes out with our signature."""
    site.policy.set("mode", "monitor")
    try:
        alice = site.login("alice")
        site.daemon.in_force(lambda: alice.accepts("<ceo@example.com>"))
        assert signature(site, send(alice, "alice@example.com", "ceo@example.com"))["d"] == "example.com"
    finally:
        site.policy.set("mode", "enforce")
