"""Limits on real servers, with real sessions: what a stolen password is worth."""

import concurrent.futures
import json
import os
import shutil
import statistics
import stat
import threading
import time

import pytest

from lib import net, place, smtp
from lib.dovecot import PASSWORD
from lib.site import Site
from lib.wait import PATIENCE, until

AMOUNTS = """
    INSERT INTO quota(name, principal, metric, amount, period, on_exceed) VALUES ('strangers', 'everyone', 'new_recipients', 100, '1d', 'hold');
    INSERT INTO quota(name, principal, metric, amount, period, on_exceed, suspend_for)
        VALUES ('places', 'everyone', 'networks', 30, '1h', 'suspend', '2d');
"""

# Who knocks with wrong senders more than twice in three seconds is not stolen, but stopped.
KNOCKING = """
    INSERT INTO quota(name, principal, metric, amount, period, on_exceed, suspend_for)
        VALUES ('knocking', 'everyone', 'refusals', 2, '3s', 'suspend', '6s');
"""

ONE = """
    INSERT INTO quota(name, principal, metric, amount, period) VALUES ('one', 'everyone', 'messages', 1, '1h');
"""


@pytest.fixture(scope="module", params=["postfix", "sendmail"])
def shared_site(build, request):
    """A mail server whose daemon appends every notice's environment to a file, as one line of JSON."""
    folder = place.scratch("notices")
    command = folder / "notice"
    command.write_text("#!/bin/sh\nexec jq -cn env >>" + str(folder / "lines") + "\n")
    command.chmod(command.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    if os.geteuid() == 0:
        shutil.chown(folder, place.USER)
    site = Site(request.param, notice_command=[str(command)])
    site.notices = folder / "lines"
    try:
        yield site.start()
    finally:
        site.stop()


@pytest.fixture
def limited(fresh):
    """The site with two logins and no notice so far; the limits are each test's."""
    fresh.notices.unlink(missing_ok=True)
    for name in ("alice", "bob"):
        fresh.login(name)
    return fresh


def limit(site, sql):
    """Change what holds, and wait until it does."""
    before = generation(site)
    site.policy.sql(sql)
    until(lambda: generation(site) > before, what=lambda: f"the limits in force: {site.daemon.status()}")


def generation(site):
    status = site.policy.authpolicy("status", "--json", "--control", site.daemon.settings["control"], check=False)
    return json.loads(status.stdout)["generation"]


def session(site, login="alice", network=0):
    """A session of the login from the network 127.9.N.0/24."""
    client = smtp.connect(net.V4, site.mta.port, login, PASSWORD, source=f"127.9.{network}.1", timeout=PATIENCE)
    site.clients.append(client)
    return client


def send(client, recipients, sender="alice@example.com"):
    """One message; the first refusal, else the last reply."""
    replies = client.pipeline(f"MAIL FROM:<{sender}>", *(f"RCPT TO:<{r}>" for r in recipients)) \
        if "PIPELINING" in client.features else [client.mail(f"<{sender}>"), *(client.rcpt(f"<{r}>") for r in recipients)]
    for reply in replies:
        if not reply.ok:
            client.rset()
            return reply
    return client.data(smtp.text(sender))


def told(site):
    """The environments of all notices so far."""
    if not site.notices.exists():
        return []
    return [json.loads(line) for line in site.notices.read_text().splitlines()]


def timed(client, recipient):
    """Seconds that a message of bob's takes; it must go through."""
    start = time.monotonic()
    reply = send(client, [recipient], "bob@example.com")
    assert reply.code == 250, reply
    return time.monotonic() - start


def test_a_stolen_account_is_held_and_suspended(limited):
    limit(limited, AMOUNTS)
    bob = session(limited, "bob", 200)
    before = [timed(bob, "friend@example.org") for _ in range(20)]
    bystander, meanwhile, over = session(limited, "bob", 200), [], threading.Event()

    def go_on():
        while not over.is_set():
            meanwhile.append(timed(bystander, "friend@example.org"))

    other = threading.Thread(target=go_on)
    other.start()
    waiting = session(limited, network=0)       # opened before anything is wrong
    replies = []
    try:
        for n in range(40):
            first = n * 12 + (n + 1) // 2       # 12 and 13 in turn: 500 in all
            client = session(limited, network=n)
            replies.append(send(client, [f"victim{i}@example.org" for i in range(first, first + 12 + n % 2)]))
            client.close()
    finally:
        over.set()
        other.join()
    # 8 messages reach 100 strangers, 22 more are held, and the 31st network is one too many.
    assert [r.code for r in replies] == [250] * 30 + [550] * 10
    assert len(limited.mta.held_ids()) == 22
    verdicts = [r["verdict"] for r in limited.daemon.records() if r["login"] == "alice" and r["stage"] == "eom"]
    assert verdicts == ["accept"] * 8 + ["hold"] * 22
    tripped = limited.refusal(replies[30])
    assert tripped["reason"] == "limit-exceeded" and tripped["row"] == "quota(places)"
    assert tripped["suspension"]["principal"] == "alice" and tripped["suspension"]["limit"] == "places"
    for reply in replies[31:]:
        assert reply.status == "550 5.7.13" and "places" in reply.text and tripped["suspension"]["until"] in reply.text
    # it works in a session that was there before, and nobody else notices
    assert waiting.mail("<alice@example.com>").status == "550 5.7.13"
    assert len(meanwhile) > 20 and statistics.median(meanwhile) < 10 * statistics.median(before)
    # one notice for each limit that tripped
    notices = until(lambda: len(told(limited)) >= 2 and told(limited), what=lambda: f"the notices: {told(limited)}; {limited.daemon.said()}")
    assert [(n["AUTHPOLICY_LIMIT"], n["AUTHPOLICY_ACTION"], n["AUTHPOLICY_LOGIN"]) for n in notices] == \
        [("strangers", "hold", "alice"), ("places", "suspend", "alice")]
    assert notices[1]["AUTHPOLICY_UNTIL"] == tripped["suspension"]["until"]
    assert notices[1]["AUTHPOLICY_REF"] == replies[30].ref
    # it is over when the administrator says so
    limited.policy.authpolicy("resume", "alice", "--control", limited.daemon.settings["control"])
    assert send(waiting, ["friend@example.org"]).code == 250
    assert len(told(limited)) == 2


def test_a_pardon_by_sql_ends_it_too(limited):
    limit(limited, KNOCKING.replace("'6s'", "'2d'").replace("'3s'", "'1h'"))
    client = session(limited)
    for _ in range(3):
        assert client.try_mail("<ceo@example.com>").status == "550 5.7.1"
    assert client.try_mail("<alice@example.com>").status == "550 5.7.13"
    # who goes on trying makes the suspension no younger than the pardon
    suspended = int(time.time())
    until(lambda: client.try_mail("<alice@example.com>").status == "550 5.7.13" and time.time() > suspended + 2)
    limited.policy.sql(f"INSERT INTO pardon(login, at) VALUES ('alice', strftime('%Y-%m-%dT%H:%M:%SZ', {suspended}, 'unixepoch'));")
    until(lambda: client.accepts("<alice@example.com>"), what="the pardon in force")
    # and what was counted before is void
    for _ in range(2):
        assert client.try_mail("<ceo@example.com>").status == "550 5.7.1"
    assert client.accepts("<alice@example.com>")


def test_a_suspension_ends_by_itself(limited):
    limit(limited, KNOCKING)
    client = session(limited)
    for _ in range(3):
        client.try_mail("<ceo@example.com>")
    assert client.try_mail("<alice@example.com>").status == "550 5.7.13"
    until(lambda: client.try_mail("<alice@example.com>").status != "550 5.7.13", what="the end of the suspension")


def test_one_of_many_sessions_gets_the_last_one(limited):
    limit(limited, ONE)
    clients = [session(limited, network=n) for n in range(12)]
    for client in clients:
        assert client.mail("<alice@example.com>").ok and client.rcpt("<friend@example.org>").ok
        assert client.command("DATA").code == 354
        client.send(smtp.text("alice@example.com"))
    with concurrent.futures.ThreadPoolExecutor(len(clients)) as pool:
        replies = list(pool.map(lambda c: c.command("."), clients))
    assert sorted(r.code for r in replies) == [250] + [450] * 11
    for reply in replies:
        if reply.code == 450:
            assert reply.enhanced == "4.7.1" and "one" in reply.text
            assert limited.refusal(reply)["stage"] == "eom"


def test_counts_outlive_the_daemon(limited):
    limit(limited, ONE.replace("1, '1h'", "3, '1h'"))
    client = session(limited)
    for _ in range(3):
        assert send(client, ["friend@example.org"]).code == 250
    limited.daemon.restart()
    assert send(session(limited), ["friend@example.org"]).status == "450 4.7.1"


def test_a_suspension_outlives_a_killed_daemon(limited):
    limit(limited, KNOCKING.replace("'6s'", "'2d'"))
    client = session(limited)
    for _ in range(3):
        client.try_mail("<ceo@example.com>")
    limited.daemon.kill()
    limited.daemon.start()
    assert session(limited).mail("<alice@example.com>").status == "550 5.7.13"


@pytest.mark.parametrize("damage", ["removed", "garbled"])
def test_a_lost_state_is_rebuilt_from_the_audit_log(limited, damage):
    limit(limited, KNOCKING.replace("'6s'", "'2d'"))
    client = session(limited)
    for _ in range(3):
        client.try_mail("<ceo@example.com>")
    limited.daemon.stop()
    for path in limited.daemon.home.glob("state.db*"):
        if damage == "removed":
            path.unlink()
        else:
            path.write_bytes(b"nothing like a database" * 999)
    limited.daemon.start()
    assert session(limited).mail("<alice@example.com>").status == "550 5.7.13"
    assert send(session(limited, "bob"), ["friend@example.org"], "bob@example.com").code == 250
