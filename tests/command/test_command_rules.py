"""Rules, named sets, identities and peers: what is written is what was meant, or nothing is."""

import pytest

RULE = ["rule", "add", "--verdict", "reject"]
CERTIFICATE = ["--certificate-subject", "crm.example.com", "--certificate-issuer", "Corp CA"]

# What is typed for a condition, and what the row then has.
STORED = {
    "a login": ("principal", "Alice", "alice"),
    "a group": ("principal", "STAFF", "staff"),
    "not a group": ("principal", "!staff", "!staff"),
    "a domain": ("principal", "@Bücher.example", "@xn--bcher-kva.example"),
    "nobody with a login": ("principal", "anonymous", "anonymous"),
    "any": ("principal", "ANY", "any"),
    "a network with bits behind its prefix": ("client", "192.0.2.77/24", "192.0.2.0/24"),
    "a network of one": ("client", "192.0.2.1/32", "192.0.2.1"),
    "a long IPv6 address": ("client", "2001:0DB8:0::1", "2001:db8::1"),
    "an IPv4-mapped network": ("client", "::ffff:192.0.2.1/120", "192.0.2.0/24"),
    "an IPv6 address that looks like IPv4": ("client", "::192.0.2.1", "::c000:201"),
    "not a network": ("client", "!2001:DB8::/32", "!2001:db8::/32"),
    "a named network": ("client", "Office", "office"),
    "not a named network": ("client", "!office", "!office"),
    "an address": ("sender", "Bob@EXAMPLE.com", "bob@example.com"),
    "the null sender": ("sender", "<>", "<>"),
    "not the null sender": ("sender", "!<>", "!<>"),
    "any address": ("sender", "*", "*"),
    "a set of addresses": ("recipient", "Partners", "partners"),
    "not a domain": ("recipient", "!@example.com", "!@example.com"),
    "the subdomains": ("recipient", "@.example.com", "@.example.com"),
    "no TLS": ("tls", "none", "none"),
    "not at least a version": ("tls", "!1.2", "!1.2"),
    "bits": ("tls", "128 bits", "128 bits"),
    "mechanisms": ("mechanism", "PLAIN login", "PLAIN login"),
    "not a mechanism": ("mechanism", "!CRAM-MD5", "!CRAM-MD5"),
    "hours": ("hours", "Mon-Fri 08:00-18:00, Sat 09:00-12:00", "Mon-Fri 08:00-18:00, Sat 09:00-12:00"),
    "not hours": ("hours", "!Fri-Mon 00:00-24:00", "!Fri-Mon 00:00-24:00"),
}

# What is refused: the status, and what is said.
REFUSED = {
    "an unknown principal": (["--principal", "ghost"], 1, "--principal: there is no login or group ghost"),
    "an unknown network": (["--client", "ghost"], 1, "authpolicy network add ghost"),
    "an address that is none": (["--client", "300.1.1.1"], 2, '--client: "300.1.1.1" is no network: write'),
    "a prefix too long": (["--client", "192.0.2.0/33"], 2, "--client: "),
    "an unknown set": (["--recipient", "ghost"], 1, "--recipient: there is no address-set ghost"),
    "a template": (["--sender", "{user}@example.com"], 2, "--sender: "),
    "a form that is none": (["--recipient", "!a@@b"], 2, "--recipient: "),
    "an empty sender": (["--sender", ""], 2, "--sender: "),
    "never any": (["--client", "!any"], 2, "--client: !any would never match"),
    "old TLS": (["--tls", "1.1"], 2, "--tls: \"1.1\": write none, 1.2, 1.3"),
    "any among mechanisms": (["--mechanism", "PLAIN any"], 2, "--mechanism: "),
    "a mechanism of odd letters": (["--mechanism", "PL;AIN"], 1, "rule.mechanism is any, none or SASL"),
    "an evening over midnight": (["--hours", "Mon 18:00-08:00"], 2, "--hours: "),
    "a day that is none": (["--hours", "Foo 08:00-18:00"], 2, "--hours: "),
    "more days than are kept": (["--hours", ", ".join(["Mon-Sun 08:00-09:00"] * 11)], 2, "at most 70"),
    "a reply of another class": (["--reply", "451 4.7.1 later"], 2, "--reply: "),
    "a reply of two classes": (["--reply", "550 4.7.1 no"], 2, "--reply: "),
    "a reply that is no code": (["--reply", "go away"], 2, "write '550 5.7.1 text' for reject"),
    "a reply beyond ASCII": (["--reply", "550 5.7.1 n\u00f6"], 2, "--reply: "),
    "a reply of two lines": (["--reply", "550 5.7.1 no\r\n250 yes"], 2, "--reply: "),
    "a number that is none": (["--seq", "-1"], 2, "--seq takes a number"),
    "a number of ten digits": (["--seq", "1234567890"], 2, "--seq takes a number of at most nine"),
    "a number that is taken": (["--seq", "10"], 1, "there is a rule 10 already"),
    "another verdict": (["--verdict", "drop"], 2, "accept|reject|tempfail|hold, not \"drop\""),
    "another mode": (["--mode", "off"], 2, "enforce|monitor|inherit, not \"off\""),
}


@pytest.fixture
def named(command):
    """A policy with something for rules to name."""
    command.ok("group", "add", "staff")
    command.ok("login", "add", "alice")
    command.ok("network", "add", "office", "192.0.2.0/24")
    command.ok("address-set", "add", "partners", "@partner.example")
    return command


@pytest.mark.parametrize("name", STORED)
def test_a_condition_is_stored_in_its_one_spelling(named, name):
    option, typed, stored = STORED[name]
    assert named.ok(*RULE, f"--{option}", typed).out == "rule 10 added\n"
    assert named.sql(f"SELECT {option} FROM rule") == [(stored,)]
    assert "0 errors" in named.ok("lint").out


@pytest.mark.parametrize("name", REFUSED)
def test_a_rule_the_daemon_would_refuse_is_not_written(named, name):
    args, status, says = REFUSED[name]
    named.ok(*RULE)
    given = ["rule", "add"] if "--verdict" in args else RULE
    done = named.run(*given, *args)
    assert (done.status, done.out) == (status, "") and says in done.err, done
    assert named.sql("SELECT count(*) FROM rule") == [(1,)]


def test_a_rule_needs_its_verdict(command):
    done = command.run("rule", "add", "--tls", "1.2")
    assert done.status == 2 and "--verdict is missing: accept|reject|tempfail|hold" in done.err


def test_a_rule_is_written_whole(named):
    named.ok("rule", "add", "--verdict", "tempfail", "--reply", "451 4.7.1 100%s of %d", "--mode", "monitor", "--note", "why",
             "--seq", "007")
    assert named.sql("SELECT seq, verdict, reply, mode, note FROM rule") == [
        (7, "tempfail", "451 4.7.1 100%s of %d", "monitor", "why")]
    named.ok("rule", "add", "--verdict", "accept", "--mode", "inherit")
    assert named.sql("SELECT seq, mode FROM rule WHERE verdict = 'accept'") == [(10, None)]


def test_a_new_rule_stands_behind_the_last(command):
    for args in ([], ["--seq", "15"], [], ["--seq", "40"], []):
        command.ok(*RULE, *args)
    assert [seq for seq, in command.sql("SELECT seq FROM rule ORDER BY seq")] == [10, 15, 20, 40, 50]


def test_rules_are_listed_as_they_are_tried(named):
    named.ok(*RULE, "--principal", "staff")
    named.ok(*RULE, "--seq", "5", "--client", "office")
    text = named.ok("rule", "list")
    assert [line.split() for line in text.lines] == [
        ["seq", "principal", "client", "verdict"], ["5", "office", "reject"], ["10", "staff", "reject"]]
    assert [(r["seq"], r["principal"], r["client"], r["hours"], r["reply"]) for r in named.ok("rule", "list", "--json").json] == [
        (5, "any", "office", "any", None), (10, "staff", "any", "any", None)]


def test_rules_move_and_go(command):
    for _ in range(3):
        command.ok(*RULE)
    assert command.ok("rule", "move", "30", "5").out == "rule 30 is now rule 5\n"
    for args, status, says in ((["move", "10", "20"], 1, "there is a rule 20 already"), (["move", "99", "1"], 1, "no rule 99"),
                               (["move", "x", "1"], 2, "takes a number"), (["move", "10", "-1"], 2, ""),
                               (["remove", "5", "99"], 1, "no rule 99")):
        done = command.run("rule", *args)
        assert done.status == status and says in done.err and done.out == "", done
    assert command.ok("rule", "remove", "5", "20").lines == ["rule 5 removed", "rule 20 removed"]
    assert command.sql("SELECT seq FROM rule") == [(10,)]


@pytest.mark.parametrize("word, table, column, members, other", [
    ("network", "network", "cidr", ["192.0.2.0/24", "2001:db8::/32"], "10.0.0.0/8"),
    ("address-set", "address_set", "pattern", ["@partner.example", "a@shop.example"], "b@shop.example")])
def test_named_sets_are_kept_as_long_as_they_are_named(command, word, table, column, members, other):
    option = "--client" if word == "network" else "--recipient"
    assert command.ok(word, "add", "Things", *members).lines[0] == f"{word} things has got {members[0]}"
    assert command.ok(word, "add", "things", members[0]).out == f"{word} things had already {members[0]}\n"
    assert [list(r.values()) for r in command.ok(word, "list", "--json").json] == [["things", m] for m in members]
    command.ok(*RULE, option, "!things")
    for args in ([], members):
        done = command.run(word, "remove", "things", *args)
        assert done.status == 1 and f"rule 10 names the {word} things" in done.err
    assert command.sql(f"SELECT count(*) FROM {table}") == [(2,)]
    done = command.run(word, "remove", "things", members[0], other)
    assert done.status == 1 and f"there is no {other} in the {word} things" in done.err
    command.ok(word, "remove", "things", members[0].upper())
    assert command.sql(f"SELECT {column} FROM {table}") == [(members[1],)]
    command.ok("rule", "remove", "10")
    command.ok(word, "remove", "things")
    assert command.run(word, "remove", "things").status == 1


def test_a_network_that_a_peer_names_stays(named):
    named.ok("peer", "add", "listserver", "@example.com", "--client", "office")
    done = named.run("network", "remove", "office")
    assert done.status == 1 and "peer listserver names the network office" in done.err


@pytest.mark.parametrize("args, status, says", [
    (["network", "add", "9x", "192.0.2.0/24"], 1, "begins with a letter"),
    (["network", "add", "any", "192.0.2.0/24"], 1, "not any"),
    (["network", "add", "x", "192.0.2.0/24", "nonsense"], 2, '"nonsense" is no network'),
    (["address-set", "add", "x", "@y.example", "{login}"], 2, "is no address form"),
    (["address-set", "add", "@x", "@y.example"], 1, "begins with a letter"),
    (["identity", "add", "--local"], 2, "--login is missing"),
    (["identity", "add", "--login", "crm"], 2, "how is it known? give --network"),
    (["identity", "add", "--login", "crm", "--network", "x"], 2, "--network: \"x\" is no network"),
    (["identity", "add", "--login", "crm", "--certificate-subject", "x"], 2, "go together"),
    (["identity", "add", "--login", "crm", "--certificate-issuer", "x"], 2, "go together"),
    (["identity", "add", "--login", "crm", "--local", "--network", "192.0.2.1"], 2, "give one of"),
    (["identity", "add", "--login", "staff", "--local"], 1, "staff is a group, not a login"),
    (["identity", "add", "--login", "x@elsewhere.example", "--local"], 1, "cannot log in"),
    (["identity", "remove"], 2, "which one?"),
    (["identity", "remove", "--local"], 1, "there is no such identity"),
    (["peer", "add", "staff", "@example.com"], 1, "staff is a group"),
    (["peer", "add", "relay", "@example.com", "<>"], 2, "AUTH=<> names nobody"),
    (["peer", "add", "relay", "@example.com", "--client", "!office"], 2, "--client: a peer is known by where it is"),
    (["peer", "add", "relay", "@example.com", "--client", "ghost"], 1, "--client: there is no network ghost"),
    (["peer", "add", "relay", "{login}"], 2, "is no address form"),
    (["peer", "remove", "alice"], 1, "alice is no such peer"),
])
def test_what_is_wrong_is_named_and_nothing_is_written(named, args, status, says):
    before = named.sql("SELECT count(*) FROM history")
    done = named.run(*args)
    assert (done.status, done.out) == (status, "") and says in done.err, done
    assert named.sql("SELECT count(*) FROM history") == before


def test_clients_that_do_not_log_in_are_named(command):
    assert command.ok("identity", "add", "--login", "Scanner", "--network", "192.0.2.7/32", "--note", "hall").lines == [
        "login scanner added", "network 192.0.2.7 is scanner"]
    command.ok("identity", "add", "--login", "crm", *CERTIFICATE)
    command.ok("identity", "add", "--login", "crm", "--local")
    done = command.run("identity", "add", "--login", "crm", "--network", "192.0.2.7")
    assert done.status == 1 and "network 192.0.2.7 is scanner already" in done.err
    command.ok("identity", "add", "--login", "scanner", "--network", "192.0.2.7")
    assert [(r["kind"], r["subject"], r["issuer"], r["network"], r["uid"], r["login"], r["note"])
            for r in command.ok("identity", "list", "--json").json] == [
        ("certificate", "crm.example.com", "Corp CA", "", None, "crm", None), ("local", "", "", "", None, "crm", None),
        ("network", "", "", "192.0.2.7", None, "scanner", "hall")]
    assert command.run("identity", "remove", "--login", "scanner", *CERTIFICATE).status == 1
    command.ok("identity", "remove", "--network", "192.0.2.7/32")
    assert command.ok("identity", "remove", "--login", "crm").out == "crm lost all its identities\n"
    assert command.sql("SELECT count(*) FROM identity") == [(0,)]


def test_peers_are_believed_for_what_they_may_say(named):
    assert named.ok("peer", "add", "ListServer", "@Example.com", "a@x.example", "--client", "OFFICE").lines == [
        "login listserver added", "listserver is believed AUTH=@example.com from office",
        "listserver is believed AUTH=a@x.example from office"]
    named.ok("peer", "add", "listserver", "@example.com")
    assert len(named.ok("peer", "list", "--json").json) == 3
    named.ok("peer", "remove", "listserver", "@example.com", "--client", "office")
    assert [(r["client"], r["asserts"]) for r in named.ok("peer", "list", "--json").json] == [
        ("any", "@example.com"), ("office", "a@x.example")]
    assert named.run("peer", "remove", "listserver", "b@x.example").status == 1
    named.ok("peer", "remove", "listserver")
    assert named.sql("SELECT count(*) FROM trusted_peer") == [(0,)]


@pytest.mark.parametrize("args", [RULE, ["network", "add", "x", "192.0.2.0/24"], ["address-set", "add", "x", "@y.example"],
                                  ["identity", "add", "--login", "x", "--local"], ["peer", "add", "x", "@example.com"]])
def test_each_change_is_in_force_when_it_is_told(command, daemon, args):
    started = daemon()
    assert command.ok(*args, "--json").json["in_force"] is True and started.asked > 0
