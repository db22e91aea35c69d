"""`lint` finds what is odd, and only that; `status` says what this MTA never tells."""

import sqlite3
import time

import pytest

CERTIFICATE = ["identity", "add", "--login", "crm", "--certificate-subject"]
REJECT = ["--verdict", "reject"]

# Two rules: is the second never reached?
HIDDEN = {
    "any and anything": ([], ["--principal", "alice"], True),
    "the same": (["--principal", "alice"], ["--principal", "Alice"], True),
    "the same, both negated": (["--client", "!office"], ["--client", "!office"], True),
    "one login and any": (["--principal", "alice"], [], False),
    "a condition and its negation": (["--client", "office"], ["--client", "!office"], False),
    "any and a negation": ([], ["--client", "!office"], True),
    "a narrower network": (["--client", "192.0.2.0/24"], ["--client", "192.0.2.128/25"], True),
    "a wider network": (["--client", "192.0.2.128/25"], ["--client", "192.0.2.0/24"], False),
    "a network beside": (["--client", "192.0.2.0/24"], ["--client", "198.51.100.0/25"], False),
    "a network of the other family": (["--client", "0.0.0.0/0"], ["--client", "2001:db8::/32"], False),
    "a network in a named one": (["--client", "office"], ["--client", "192.0.2.7"], True),
    "a network in no row of a named one": (["--client", "office"], ["--client", "198.51.100.7"], False),
    "a named network all within another": (["--client", "office"], ["--client", "desk"], True),
    "a named network partly within another": (["--client", "desk"], ["--client", "office"], False),
    "a named network within one": (["--client", "192.0.0.0/16"], ["--client", "desk"], True),
    "a not narrower network": (["--client", "192.0.2.0/24"], ["--client", "!192.0.2.128/25"], False),
    "everyone and a login": (["--principal", "everyone"], ["--principal", "alice"], True),
    "everyone and a group": (["--principal", "everyone"], ["--principal", "staff"], True),
    "everyone and those without a login": (["--principal", "everyone"], ["--principal", "anonymous"], False),
    "a group and its member": (["--principal", "staff"], ["--principal", "alice"], True),
    "a group and another": (["--principal", "staff"], ["--principal", "bob@example.com"], False),
    "a domain and its login": (["--principal", "@example.com"], ["--principal", "bob@example.com"], True),
    "a domain and a login without": (["--principal", "@example.com"], ["--principal", "alice"], False),
    "not a group and its member": (["--principal", "!staff"], ["--principal", "alice"], False),
    "a domain and its address": (["--recipient", "@x.example"], ["--recipient", "a@X.example"], True),
    "a domain and a pattern in it": (["--recipient", "@x.example"], ["--recipient", "a-*@x.example"], True),
    "a domain and its subdomains": (["--recipient", "@x.example"], ["--recipient", "@.x.example"], False),
    "the subdomains and one": (["--recipient", "@.x.example"], ["--recipient", "@y.x.example"], True),
    "the subdomains and a domain that ends like them": (["--recipient", "@.x.example"], ["--recipient", "@yx.example"], False),
    "the subdomains and the domain": (["--recipient", "@.x.example"], ["--recipient", "@x.example"], False),
    "any address and an address": (["--sender", "*"], ["--sender", "a@x.example"], True),
    "any address and the null sender": (["--sender", "*"], ["--sender", "<>"], False),
    "any address and anything": (["--sender", "*"], [], False),
    "a set and an address in it": (["--recipient", "partners"], ["--recipient", "a@p.example"], True),
    "a set and an address beside": (["--recipient", "partners"], ["--recipient", "a@x.example"], False),
    "a set and a set": (["--recipient", "partners"], ["--recipient", "buyers"], True),
    "a domain and a set in it": (["--recipient", "@p.example"], ["--recipient", "buyers"], True),
    "TLS 1.2 and TLS 1.3": (["--tls", "1.2"], ["--tls", "1.3"], True),
    "TLS 1.3 and TLS 1.2": (["--tls", "1.3"], ["--tls", "1.2"], False),
    "TLS and TLS 1.2": (["--tls", "!none"], ["--tls", "1.2"], True),
    "TLS and no TLS": (["--tls", "!none"], ["--tls", "none"], False),
    "bits and more bits": (["--tls", "128 bits"], ["--tls", "256 bits"], True),
    "more bits and bits": (["--tls", "256 bits"], ["--tls", "128 bits"], False),
    "a version and bits": (["--tls", "1.2"], ["--tls", "256 bits"], False),
    "mechanisms and one of them": (["--mechanism", "PLAIN LOGIN"], ["--mechanism", "login"], True),
    "mechanisms and one more": (["--mechanism", "PLAIN"], ["--mechanism", "PLAIN LOGIN"], False),
    "a mechanism and one that begins so": (["--mechanism", "SCRAM-SHA-1-PLUS"], ["--mechanism", "SCRAM-SHA-1"], False),
    "all wider": (["--principal", "staff", "--client", "office", "--recipient", "@p.example"],
                  ["--principal", "alice", "--client", "192.0.2.1", "--recipient", "a@p.example", "--tls", "1.2"], True),
    "all wider but one": (["--principal", "staff", "--client", "office", "--hours", "Mon 08:00-09:00"],
                          ["--principal", "alice", "--client", "192.0.2.1"], False),
    "one that is only watched": (["--mode", "monitor"], ["--principal", "alice"], False),
    "one that is enforced": (["--mode", "enforce"], ["--principal", "alice"], True),
}

# What is done, and the line that lint then has.
ODD = {
    "a network within another": ([["network", "add", "x", "10.0.0.0/8", "10.1.0.0/16"]],
                                 "network(x, 10.1.0.0/16): is within 10.0.0.0/8 of the same name; "
                                 "authpolicy network remove x 10.1.0.0/16"),
    "a grant to whoever connects": ([["grant", "anonymous", "form@example.com"]],
                                    "send_as(anonymous, form@example.com): whoever can connect may use it; "
                                    "authpolicy revoke anonymous form@example.com"),
    "a grant of all": ([["grant", "alice", "*"]],
                       "send_as(alice, *): it may use every address there is, without a limit; "
                       "grant what it needs, as @example.com"),
    "a grant in a foreign domain": ([["grant", "alice", "@elsewhere.example"]],
                                    "send_as(alice, @elsewhere.example): elsewhere.example is not in local_domain; "
                                    "if mail for it is received here: authpolicy domain add elsewhere.example"),
    "a group without members": ([["group", "add", "empty"]],
                                "principal(empty): a group without members; authpolicy group join empty LOGIN, or remove it"),
    "mechanisms of those who have none": ([["rule", "add", *REJECT, "--principal", "anonymous", "--mechanism", "PLAIN"]],
                                          "rule(10): never matches: who has no login has no mechanism but none; "
                                          "authpolicy rule remove 10"),
    "a rule for mail that is never asked about": (
        [["identity", "add", "--login", "web", "--local"], ["rule", "add", *REJECT, "--principal", "web"]],
        "rule(10): mail of web that does not come by SMTP is never asked about its recipients; "
        "authpolicy identity remove --local, or rely on other rules"),
    "a limit that suspends everyone at once": (
        [["limit", "set", "all", "Everyone", "messages", "100", "1h", "--cap", "--suspend", "1d"]],
        "quota(all): one login that sends too much suspends everyone; "
        "set the limit again without --cap, or with --on-exceed tempfail"),
    "a limit that suspends a domain at once": (
        [["limit", "set", "all", "@example.com", "messages", "100", "1h", "--cap", "--suspend", "1d"]],
        "quota(all): one login that sends too much suspends all of @example.com; "
        "set the limit again without --cap, or with --on-exceed tempfail"),
    "a suspension shorter than the period": (
        [["limit", "set", "strangers", "everyone", "new_recipients", "200", "7d", "--suspend", "120h"]],
        "quota(strangers): a suspension of 120h is over before the period of 7d, and begins anew with the next message; "
        "set the limit again with --suspend 7d"),
    "a rule that is never reached": (
        [["rule", "add", *REJECT], ["rule", "add", *REJECT, "--principal", "alice"]],
        "rule(20): is never reached: rule 10 decides all it could; "
        "authpolicy rule move 20 to before it, or authpolicy rule remove 20"),
}


@pytest.fixture
def policy(command):
    """A policy in which nothing is odd."""
    command.ok("login", "add", "alice", "bob@example.com")
    command.ok("group", "add", "staff")
    command.ok("group", "join", "staff", "alice")
    command.ok("network", "add", "office", "192.0.2.0/24", "2001:db8::/32")
    command.ok("network", "add", "desk", "192.0.2.8/29", "192.0.2.16/29")
    command.ok("address-set", "add", "partners", "@p.example", "@q.example")
    command.ok("address-set", "add", "buyers", "a@p.example", "b@p.example")
    assert command.ok("lint").out == "0 errors, 0 warnings\n"
    return command


@pytest.mark.parametrize("name", HIDDEN)
def test_a_rule_is_never_reached_where_an_earlier_one_covers_it(policy, name):
    first, second, hidden = HIDDEN[name]
    policy.ok("rule", "add", *REJECT, *first)
    policy.ok("rule", "add", "--verdict", "accept", *second)
    found = policy.ok("lint", "--json").json["warnings"]
    assert [w.startswith("rule(20): is never reached: rule 10 ") for w in found] == ([True] if hidden else []), found


@pytest.mark.parametrize("mode, hidden", [("enforce", True), ("monitor", False)])
def test_a_rule_that_holds_hides_others_only_where_it_is_enforced(policy, mode, hidden):
    policy.ok("set", "mode", mode)
    policy.ok("rule", "add", "--verdict", "hold")
    policy.ok("rule", "add", *REJECT)
    assert len(policy.ok("lint", "--json").json["warnings"]) == hidden


@pytest.mark.parametrize("name", ODD)
def test_what_is_odd_is_one_line_with_table_key_and_mend(policy, name):
    done, line = ODD[name]
    for args in done:
        policy.ok(*args)
    found = policy.ok("lint", "--mta", "postfix").lines
    assert found == [f"warning: {line}", "0 errors, 1 warning"]


@pytest.mark.parametrize("limit", [
    ("all", "everyone", "messages", "100", "1h", "--cap"), ("all", "staff", "messages", "100", "1h", "--cap", "--suspend", "1d"),
    ("all", "everyone", "messages", "100", "1h", "--suspend", "1h"), ("all", "everyone", "messages", "100", "7d", "--suspend", "168h"),
    ("all", "everyone", "recipients_per_message", "100", "--suspend", "1m"), ("all", "everyone", "messages", "unlimited", "1h", "--cap"),
    ("all", "everyone", "messages", "100", "1d", "--cap", "--suspend", "1h", "--mode", "monitor")])
def test_a_limit_that_is_not_odd_is_not_named(policy, limit):
    policy.ok("limit", "set", *limit)
    assert policy.ok("lint", "--json").json["warnings"] == []


def test_networks_in_other_words_are_the_same(policy):
    policy.sql("INSERT INTO network VALUES ('x', '10.0.0.0/8'), ('x', '10.9.9.9/8'), ('x', '2001:db8::/32'), ('x', '2001:DB8:0::/48')")
    assert [w.split(":")[0] for w in policy.ok("lint", "--json").json["warnings"]][0].startswith("network(x, 10.")
    assert len(policy.ok("lint", "--json").json["warnings"]) == 2


CERTIFICATES = {  # subject, issuer, and what is said to each MTA and to none
    "common names": ("crm", "CA", {"sendmail": "never matches on Sendmail", "": "never matches on Sendmail"}),
    "whole names": ("/O=x/CN=crm", "/CN=CA", {"postfix": "never matches on Postfix", "": "never matches on Postfix"}),
    "one of each": ("/CN=crm", "CA", {"postfix": "never told like that", "sendmail": "never told like that",
                                      "": "never told like that"}),
}


@pytest.mark.parametrize("mta", ["postfix", "sendmail", ""])
@pytest.mark.parametrize("name", CERTIFICATES)
def test_a_certificate_that_the_mta_never_tells_is_named(policy, name, mta):
    subject, issuer, says = CERTIFICATES[name]
    policy.ok(*CERTIFICATE, subject, "--certificate-issuer", issuer)
    found = policy.ok("lint", "--json", *(["--mta", mta] if mta else [])).json["warnings"]
    assert len(found) == (mta in says)
    assert all(f"identity(certificate, {subject}): " in w and says[mta] in w for w in found)


@pytest.mark.parametrize("mta, count", [("postfix", 0), ("sendmail", 1), ("", 1)])
def test_local_users_are_known_on_postfix_only(policy, mta, count):
    policy.ok("identity", "add", "--login", "web", "--local")
    assert len(policy.ok("lint", "--json", *(["--mta", mta] if mta else [])).json["warnings"]) == count


def test_a_uid_is_never_told(policy):
    policy.ok("login", "add", "web")
    policy.sql("INSERT INTO identity(kind, uid, login) VALUES ('local', 33, 'web')")
    assert "no MTA tells a milter the uid" in policy.ok("lint").out


@pytest.mark.parametrize("column, value, says", [
    ("client", "ghost", "rule(10): its client ghost is no network and no name of some; authpolicy network add ghost CIDR"),
    ("recipient", "!ghost", "rule(10): its recipient ghost is no address and no set of some; authpolicy address-set add ghost"),
    ("principal", "ghost", "rule(10): its principal ghost is not there; authpolicy login add ghost"),
])
def test_a_rule_that_names_nothing_is_an_error(policy, column, value, says):
    policy.ok("rule", "add", *REJECT)
    with sqlite3.connect(policy.path) as db:
        trigger, = db.execute("SELECT sql FROM sqlite_schema WHERE name = 'rule_change'").fetchone()
        db.execute("DROP TRIGGER rule_change")
        db.execute(f"UPDATE rule SET {column} = ?", [value])
        db.execute(trigger)
    done = policy.run("lint")
    assert done.status == 1 and f"error: {says}" in done.out


def test_a_limit_quiets_the_warning_of_a_grant_of_everything(policy):
    policy.ok("grant", "alice", "*")
    assert "without a limit" in policy.ok("lint").out
    policy.sql("INSERT INTO quota(name, principal, metric, amount, period) VALUES ('hourly', 'everyone', 'messages', 9, '1h')")
    assert "without a limit" not in policy.ok("lint").out


def test_a_limit_that_cannot_be_understood_is_an_error(policy):
    policy.sql("INSERT INTO quota(name, principal, metric, amount, period) VALUES ('wide', 'everyone', 'networks', 1001, '1h')")
    done = policy.run("lint")
    assert done.status == 1 and "error: quota wide: amount of senders or networks is over 1000" in done.out



def test_status_says_what_this_mta_never_tells(policy, daemon):
    policy.ok(*CERTIFICATE, "/CN=crm", "--certificate-issuer", "CA")
    assert "warning: identity(certificate, /CN=crm): subject and issuer are never told" in policy.ok("status").out
    policy.ok("identity", "remove", "--login", "crm")
    policy.ok(*CERTIFICATE, "/CN=crm", "--certificate-issuer", "/CN=CA")
    assert "warning" not in policy.ok("status").out
    daemon(lambda d: d.says(mta="postfix", warnings=["another"]))
    assert "warning: identity(certificate, /CN=crm): never matches on Postfix" in policy.ok("status").out
    told = policy.ok("status", "--json").json
    assert told["warnings"][0] == "another" and "never matches on Postfix" in told["warnings"][1] and told["current"] is True


def test_many_rules_and_networks_are_looked_at_in_a_moment(policy):
    with sqlite3.connect(policy.path) as db:
        db.execute("UPDATE editor SET bulk = 1")
        db.executemany("INSERT INTO network VALUES (?, ?)", [(f"n{i % 50}", f"10.{i // 256}.{i % 256}.0/24") for i in range(5000)])
        db.executemany("INSERT INTO principal(name, kind) VALUES (?, 'login')", [(f"u{i}",) for i in range(2000)])
        db.executemany("INSERT INTO rule(seq, principal, client, verdict) VALUES (?, ?, ?, 'reject')",
                       [(i + 1, f"u{i}" if i % 2 else "staff", f"!n{i % 50}" if i % 3 else f"n{i % 50}") for i in range(2000)])
    started = time.monotonic()
    assert policy.run("lint").status == 0
    assert time.monotonic() - started < 20
