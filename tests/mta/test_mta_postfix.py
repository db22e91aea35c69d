"""What only Postfix does: local submission with sendmail(1), and XCLIENT."""

import os
import shutil
import subprocess

import pytest

from lib import net, place, smtp
from lib.wait import until

pytestmark = pytest.mark.parametrize("shared_site", ["postfix"], indirect=True, scope="module")


@pytest.mark.parametrize("sender", ["root@example.com", "somebody@example.org", ""])
def test_local_submission_is_never_refused(site, sender):
    before = len(site.daemon.records())
    site.mta.submit(smtp.text("root@example.com"), "local@example.com", "foreign@example.org", sender=sender)
    site.mta.logged(rf"from=<{sender}>, size=\d+, nrcpt=2 \(queue active\)")
    record = site.daemon.record(source="local", mail_from=sender)
    assert record["verdict"] == "accept"
    assert len(site.daemon.records()) > before
    until(lambda: not site.mta.maildrop(), what="the maildrop to be empty")


def test_the_example_for_notices_mails_from_the_null_sender(site):
    """As the unit for systemd runs it: as the daemon's user, who can neither get Postfix' groups nor write."""
    facts = dict.fromkeys(("PRINCIPAL", "LIMIT", "METRIC", "ACTION", "AMOUNT", "USED", "PERIOD", "UNTIL", "TIME", "CLIENT", "SENDER", "REF"), "x")
    environment = {f"AUTHPOLICY_{name}": value for name, value in facts.items()} | {"AUTHPOLICY_LOGIN": "limited", "PATH": os.defpath}
    user = ["--reuid", place.USER, "--regid", "nogroup", "--clear-groups"] if os.geteuid() == 0 else []
    script = shutil.copy(place.TOP / "contrib/notice-mail.py", place.scratch("notice"))
    subprocess.run(["setpriv", "--no-new-privs", *user, script, "postmaster@example.com", "example.com", f"{net.V4}:{site.mta.mx_port}"],
                   env=environment, cwd="/", check=True)
    to = ["postmaster@example.com", "limited@example.com"]
    record = next(r for r in site.daemon.records() if [one["rcpt_addr"] for one in r["recipients"]] == to)
    assert (record["verdict"], record["mail_from"], record["login"]) == ("accept", "<>", None)


def test_the_client_is_the_one_postfix_was_told_of(site):
    client = site.open(mx=True)
    assert client.xclient(ADDR="192.0.2.7", NAME="mail.example.org").code == 220
    client.ehlo("mail.example.org")
    refused = client.message("them@example.org", "other@example.org")
    record = site.refusal(refused)
    assert record["client"] == "192.0.2.7" and record["helo"] == "mail.example.org"


def test_strangers_on_the_submission_port_have_to_log_in(site):
    client = site.open()
    assert client.xclient(ADDR="192.0.2.7", DESTPORT="587").code == 220
    client.ehlo()
    answer = client.mail("<them@example.org>")
    assert answer.status == "530 5.7.0"
    assert site.refusal(answer)["reason"] == "login-required"


def test_utf8_senders_are_composed_and_not_folded(site):
    site.policy.login("uwe")
    site.policy.grant("uwe", "jürgen@example.com")
    uwe, probe = site.login("uwe"), site.login("uwe")
    site.daemon.in_force(lambda: probe.accepts("<jürgen@example.com>", "SMTPUTF8"))
    assert uwe.accepts("<ju\u0308rgen@example.com>", "SMTPUTF8")
    for other in ("JÜRGEN", "jürge\uff4e", "jürgen\u200b"):
        answer = uwe.try_mail(f"<{other}@example.com>", "SMTPUTF8")
        assert not answer.ok, other
        assert site.refusal(answer)["login"] == "uwe"


def test_a_login_may_hold_any_character(site):
    site.policy.login("al ice+x=y")
    site.policy.grant("al ice+x=y", "odd@example.com")
    odd = site.login("al ice+x=y")
    site.daemon.in_force(lambda: odd.accepts("<odd@example.com>"))
    assert site.delivery(odd.message("odd@example.com", "someone@example.org"))["login"] == "al ice+x=y"


TRICKS = ["info@example.net@example.com", "info%example.net@example.com", "example.net!info@example.com",
          "info@example.net ", " info@example.net", "info@example.net.", "info@[example.net]", "<info@example.net>",
          "info@example.com,info@example.net", "info@example.n\u212aet", "{login}@example.net", "@example.net",
          "*@example.net", "@.net", "*", "<>"]


@pytest.mark.parametrize("name", TRICKS)
def test_no_spelling_of_a_login_reaches_into_anothers_domain(site, name):
    site.policy.sql("UPDATE local_domain SET owner = '@example.net' WHERE name = 'example.net';")
    other = site.login("carol@example.com")
    site.daemon.in_force(lambda: not other.accepts("<carol@example.net>"))
    client = site.login(name)
    for address in ("info@example.net", "any@example.net"):
        answer = client.mail(f"<{address}>")
        assert answer.status == "550 5.7.1"
        assert site.refusal(answer)["reason"] in ("sender-not-granted", "login-unknown")
