"""What only Sendmail does: logins arrive in xtext."""

import pytest

pytestmark = pytest.mark.parametrize("shared_site", ["sendmail"], indirect=True, scope="module")


def test_a_login_in_xtext_is_decoded_once(site):
    for name in ("joe+x", "joe+2Bx"):
        site.policy.login(name)
    site.policy.grant("joe+x", "plus@example.com")
    site.policy.grant("joe+2Bx", "code@example.com")
    plus, code = site.login("joe+x"), site.login("joe+2Bx")
    site.daemon.in_force(lambda: code.accepts("<code@example.com>"))

    assert site.delivery(plus.message("plus@example.com", "someone@example.org"))["login"] == "joe+x"
    assert site.delivery(code.message("code@example.com", "someone@example.org"))["login"] == "joe+2bx"       # letters folded
    assert plus.mail("<code@example.com>").status == "550 5.7.1"
    assert code.mail("<plus@example.com>").status == "550 5.7.1"
