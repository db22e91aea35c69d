"""`check` says what the daemon would say, and its exit status whether that is yes."""

import pytest

ME = ["--login", "alice", "--mail-from", "alice@example.com"]
BOB = ["--login", "alice", "--mail-from", "bob@example.com"]

ANSWERS = {
    "an address of one's own": (ME, 0, "accept", None),
    "one's own to a stranger": (ME + ["--rcpt", "x@elsewhere.example"], 0, "accept", None),
    "another's address": (BOB, 1, "reject", "sender-not-granted"),
    "another's address in brackets": (["--login", "alice", "--mail-from", "<bob@example.com>"], 1, "reject",
                                      "sender-not-granted"),
    "nobody to one of ours": (["--mail-from", "x@elsewhere.example", "--rcpt", "alice@example.com"], 0, "accept", None),
    "nobody to a stranger": (["--mail-from", "x@elsewhere.example", "--rcpt", "y@elsewhere.example"], 1, "reject",
                             "relay-denied"),
    "nobody where a login is needed": (["--mail-from", "x@elsewhere.example", "--listener", "587"], 1, "reject",
                                       "login-required"),
    "a reserved login": (["--login", "everyone", "--mail-from", "a@example.com"], 1, "reject", "login-unknown"),
    "a foreign realm": (["--login", "alice@elsewhere.example", "--mail-from", "alice@example.com"], 1, "reject",
                        "login-unknown"),
    "a sender that is none": (["--login", "alice", "--mail-from", "alice"], 1, "reject", "sender-malformed"),
    "the null sender": (["--login", "alice", "--mail-from", "<>"], 0, "accept", None),
    "a second opinion that differs": (ME + ["--mta", "postfix", "--mail-addr", "bob@example.com"], 1, "reject",
                                      "sender-malformed"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_answer(command, name):
    args, status, verdict, reason = ANSWERS[name]
    command.ok("login", "add", "alice")
    done = command.run("check", *args, "--json")
    assert (done.status, done.json["verdict"], done.json["reason"]) == (status, verdict, reason), done
    text = command.run("check", *args)
    assert text.status == status and f"verdict   {verdict}" in text.out
    if reason:
        assert f"reason    {reason}" in text.out and done.json["reply"] in text.out


def test_a_refusal_passed_over_by_monitor_is_a_refusal_all_the_same(command):
    command.ok("set", "mode", "monitor")
    done = command.run("check", *BOB)
    assert done.status == 1 and "verdict   accept" in done.out and "sender-not-granted, passed over" in done.out
    assert command.run("check", *BOB, "--json").json["would"] == "sender-not-granted"


def test_each_recipient_has_its_answer(command):
    done = command.run("check", *ME, "--rcpt", "x@y.example", "--rcpt", "nonsense", "--json")
    assert done.status == 1
    assert [(r["rcpt"], r["reason"]) for r in done.json["recipients"]] == [
        ("<x@y.example>", None), ("<nonsense>", "recipient-malformed")]
    text = command.run("check", *ME, "--rcpt", "x@y.example", "--rcpt", "nonsense").out
    assert "<x@y.example>: accept" in text and "<nonsense>: reject recipient-malformed" in text


def test_explain_shows_the_steps_and_changes_nothing(command):
    plain = command.run("check", *BOB, "--json").json
    told = command.run("check", *BOB, "--json", "--explain").json
    steps = told.pop("explain")
    assert told == plain and any("authpolicy grant" in s for s in steps)
    assert "authpolicy grant" in command.run("check", *BOB, "--explain").out


KNOWN = {
    "a login": (["--login", "alice"], "alice, known by sasl"),
    "nobody": ([], "no login, known by none"),
    "a device in its network": (["--client", "192.0.2.7"], "scanner, known by network"),
    "a device beside its network": (["--client", "192.0.2.8"], "no login, known by none"),
    "a certificate on Postfix": (["--mta", "postfix", "--cert-subject", "crm", "--cert-issuer", "CA"], "crm, known by certificate"),
    "a certificate Sendmail verified": (["--mta", "sendmail", "--cert-subject", "crm", "--cert-issuer", "CA", "--verify", "OK"],
                                        "crm, known by certificate"),
    "a certificate Sendmail did not verify": (
        ["--mta", "sendmail", "--cert-subject", "crm", "--cert-issuer", "CA", "--verify", "FAIL"], "no login, known by none"),
    "a certificate and a login": (["--login", "alice", "--mta", "postfix", "--cert-subject", "crm", "--cert-issuer", "CA"],
                                  "alice, known by sasl"),
    "mail that did not come by SMTP": (["--local"], "web, known by local"),
    "a peer that is believed": (["--login", "relay", "--auth-param", "carol@example.com"],
                                "carol@example.com, known by auth-param of relay"),
    "a peer with an encoded name": (["--login", "relay", "--auth-param", "c+61rol@example.com"],
                                    "carol@example.com, known by auth-param of relay"),
    "a peer that names a stranger": (["--login", "relay", "--auth-param", "dan@example.com"],
                                     "relay, known by sasl; AUTH= changes nothing"),
    "a login that is no peer": (["--login", "alice", "--auth-param", "carol@example.com"],
                                "alice, known by sasl; AUTH= changes nothing"),
    "a login that says AUTH=<>": (["--login", "alice", "--auth-param", "<>"], "alice, known by sasl; AUTH= changes nothing"),
}


@pytest.mark.parametrize("name", KNOWN)
def test_explain_says_who_the_client_is_and_by_what(command, name):
    args, says = KNOWN[name]
    command.ok("login", "add", "alice", "carol@example.com")
    command.ok("identity", "add", "--login", "scanner", "--network", "192.0.2.7")
    command.ok("identity", "add", "--login", "crm", "--certificate-subject", "crm", "--certificate-issuer", "CA")
    command.ok("identity", "add", "--login", "web", "--local")
    command.ok("peer", "add", "relay", "@example.com")
    done = command.run("check", *args, "--mail-from", "x@example.com", "--explain", "--json")
    assert done.json["explain"][0] == f"client: {says}"
    assert f"client: {says}\n" in command.run("check", *args, "--mail-from", "x@example.com", "--explain").out


TRIED = {  # what differs from the facts rule 10 is about, and what is said of each rule
    "all of the first": ({}, ["rule 10 matches: reject"]),
    "another login": ({"--login": "bob"}, ["rule 10 does not match: principal", "rule 20 does not match: sender",
                                           "rule 30 does not match: recipient", "rule 40 matches: accept"]),
    "from elsewhere": ({"--client": "198.51.100.1"}, ["rule 10 does not match: client", "rule 20 does not match: sender",
                                                      "rule 30 does not match: recipient", "rule 40 matches: accept"]),
    "without TLS": ({"--rcpt": "x@other.example"}, ["rule 10 does not match: recipient", "rule 20 does not match: sender",
                                                    "rule 30 does not match: tls", "rule 40 matches: accept"]),
    "with TLS": ({"--rcpt": "x@other.example", "--tls": "TLSv1.3"}, [
        "rule 10 does not match: recipient", "rule 20 does not match: sender", "rule 30 matches: reject"]),
}


@pytest.mark.parametrize("name", TRIED)
def test_explain_shows_each_rule_tried_and_why_it_does_not_match(command, name):
    facts, says = TRIED[name]
    command.ok("login", "add", "alice", "bob")
    add = ["rule", "add", "--verdict", "reject"]
    command.ok(*add, "--principal", "alice", "--client", "192.0.2.0/24", "--recipient", "@partner.example")
    command.ok(*add, "--sender", "!@example.com")
    command.ok(*add, "--tls", "!none", "--recipient", "!@partner.example")
    command.ok("rule", "add", "--verdict", "accept")
    facts = {"--login": "alice", "--client": "192.0.2.1", "--rcpt": "x@partner.example"} | facts
    done = command.run("check", *[word for fact in facts.items() for word in fact], "--mail-from", f"{facts['--login']}@example.com",
                       "--explain", "--json")
    assert [s for s in done.json["explain"] if s.startswith("rule ")] == says


def test_the_time_is_a_fact(command):
    command.ok("grant", "alice", "bob@example.com", "--until", "2026-01-31")
    assert command.run("check", *BOB, "--time", "2026-01-31T23:59:59Z").status == 0
    assert command.run("check", *BOB, "--time", "2026-02-01T00:00:00Z").status == 1
    assert command.run("check", *BOB, "--time", "2026-02-01T00:30:00.25+01:00").status == 0
    assert command.run("check", *BOB, "--time", "1769904000").status == 1


def test_a_policy_that_cannot_be_loaded_cannot_tell(bare):
    done = bare.run("check", *ME)
    assert done.status == 75 and done.out == "" and done.err
