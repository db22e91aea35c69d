"""The milter socket in each of its kinds, with each mail server."""

import pytest

from lib import net
from lib.site import Site


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
