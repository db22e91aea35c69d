"""The milter socket in each of its kinds, with each mail server and with both."""

import pytest

from lib import net, smtp
from lib.dovecot import PASSWORD
from lib.sendmail import Sendmail
from lib.site import DOMAINS, Site


@pytest.mark.parametrize("mta", ["postfix", "sendmail"])
@pytest.mark.parametrize("socket", ["inet:{}@127.0.0.1", "inet6:{}@[::1]"], ids=["inet", "inet6"])
def test_the_daemon_serves_on(build, mta, socket):
    site = Site(mta, socket=socket.format(net.free_port()))
    try:
        site.start()
        alice = site.login("alice", host=net.V6)
        assert site.delivery(alice.message("alice@example.com", "someone@example.org"))["login"] == "alice"
        assert alice.message("bob@example.com", "someone@example.org").status == "550 5.7.1"
    finally:
        site.stop()


def test_postfix_and_sendmail_share_one_daemon(build):
    """Its logins alone are in xtext: here two of them come as the same bytes. What one sends is counted over both."""
    site = Site("postfix")
    sendmail = Sendmail(site.daemon.address, ["alice", "joe+x"], DOMAINS)
    try:
        site.start()
        sendmail.start()
        for login, address in (("joe+x", "plus@example.com"), ("joe+2Bx", "code@example.com"), ("alice", "alice@example.com")):
            site.policy.login(login)
            site.policy.grant(login, address)
        site.policy.sql("INSERT INTO quota(name, principal, metric, amount, period) VALUES ('one', 'alice', 'messages', 1, '1h')")
        code, first = site.login("joe+2Bx"), site.login("alice")
        plus, second = (smtp.connect(net.V4, sendmail.port, login, PASSWORD) for login in ("joe+x", "alice"))
        site.clients += [plus, second]
        site.daemon.in_force(lambda: plus.accepts("<plus@example.com>"))
        assert code.accepts("<code@example.com>")
        assert plus.mail("<code@example.com>").status == code.mail("<plus@example.com>").status == "550 5.7.1"
        assert first.message("alice@example.com", "someone@example.org").ok
        assert second.mail("<alice@example.com>").status == "450 4.7.1"
    finally:
        sendmail.stop()
        site.stop()
