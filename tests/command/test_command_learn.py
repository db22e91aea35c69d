"""`learn`: grants proposed for what mode monitor passed over, from logs whose truth is known."""

import base64
import json
import subprocess

import pytest

from lib import audit, place
from lib.audit import record


@pytest.fixture
def monitor(bare):
    bare.ok("init", "example.com", "example.org")
    return bare


def sent(login, sender, author=None, header=None, times=1, **more):
    """Messages of a login that mode monitor let through."""
    reasons = more.pop("passed", ["sender-not-granted"])
    lines = header or f"From: {author or sender}\r\n"
    return [record(
        login=login, sender=sender, mail_from=more.get("mail_from", f"<{sender}>"), mode="monitor", would=reasons[0] if reasons else None,
        findings=[{"stage": "mail", "reason": r, "row": None} for r in reasons],
        originators=base64.b64encode(lines.encode()).decode(),
        time=f"2026-11-{day + 1:02}T09:00:00.000000Z", client=f"192.0.2.{day % 3}", **more) for day in range(times)]


def own(login, times=1):
    return sent(login, login if "@" in login else f"{login}@example.com", times=times, passed=[])


@pytest.fixture
def learn(monitor, tmp_path):
    def run(*messages, args=("--json",)):
        log = audit.write(tmp_path / "audit.log", [one for group in messages for one in group])
        done = monitor.ok("learn", log, *args)
        return done.json if "--json" in args else done
    return run


def grants(found):
    """(login, address, scope) of what may be granted, and of what somebody has to choose."""
    return ([(p["login"], p["address"], p["scope"]) for p in found["proposals"] if not p["caution"]],
            [(p["login"], p["address"], p["caution"]) for p in found["proposals"] if p["caution"]])


def pasted(command, text):
    """Runs the text in a shell, as somebody would who pastes it."""
    script = f'set -e\nauthpolicy() {{ {place.program("authpolicy")} "$@"; }}\n' + text
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr + text


def test_an_address_of_nobody_is_proposed_with_its_evidence(learn):
    found = learn(own("alice", 6), sent("alice", "sales@example.com", times=4))
    assert found["messages"] == 10
    assert found["proposals"] == [{
        "login": "alice", "address": "sales@example.com", "scope": "any", "first": "2026-11-01T09:00:00.000000Z",
        "last": "2026-11-04T09:00:00.000000Z", "client": "192.0.2.0", "caution": None, "on_behalf": False, "count": 4,
        "sub_addresses": 0, "messages": 10, "clients": 3, "commands": [["authpolicy", "grant", "alice", "sales@example.com"]]}]
    text = learn(own("alice", 6), sent("alice", "sales@example.com", times=4), args=()).lines
    assert "# alice as sales@example.com: 4 of 10 messages (40 %), 2026-11-01 to 2026-11-04, " \
           "from 192.0.2.0 and 2 more" in text
    assert text[-1].endswith(" grant alice sales@example.com")


def test_no_more_is_proposed_than_was_used(learn):
    found = learn(
        sent("alice", "envelope@example.com", "alice@example.com", times=3),
        sent("alice", "alice@example.com", "header@example.com", times=3, passed=["author-not-granted"]),
        sent("alice", "alice@example.com", header="From: alice@example.com\r\nSender: other@example.com\r\n", times=3),
        sent("alice", "alice@example.com", header="From: alice@example.com\r\nResent-From: again@example.com\r\n", times=3))
    assert sorted(grants(found)[0]) == [
        ("alice", "again@example.com", "header"), ("alice", "envelope@example.com", "envelope"),
        ("alice", "header@example.com", "header"), ("alice", "other@example.com", "header")]


def test_a_sender_of_ones_own_makes_it_on_behalf(learn, monitor):
    header = "From: Board <board@example.com>\r\nSender: alice@example.com\r\n"
    found = learn(sent("alice", "alice@example.com", header=header, times=3))
    assert [p["commands"] for p in found["proposals"]] == [[["authpolicy", "grant", "--on-behalf", "alice", "board@example.com"]]]
    foreign = "From: Board <board@example.com>\r\nSender: desk@example.com\r\n"
    found = learn(sent("alice", "alice@example.com", header=foreign, times=3))
    assert sorted((p["address"], p["on_behalf"]) for p in found["proposals"]) == [("board@example.com", False), ("desk@example.com", False)]


def test_what_is_rare_is_left_out_and_counted(learn):
    messages = own("alice"), sent("alice", "sales@example.com", times=2), sent("alice", "info@example.com", times=1)
    assert learn(*messages)["proposals"] == []
    assert "addresses used too rarely\n# (--min-count): 2." in learn(*messages, args=()).out
    assert [p["address"] for p in learn(*messages, args=("--json", "--min-count", "2"))["proposals"]] == ["sales@example.com"]


def test_one_message_counts_once(learn):
    """Its envelope and its header, and the records of its recipients, are one message."""
    one = sent("alice", "sales@example.com")[0]
    refused = one | {"stage": "rcpt", "verdict": "reject", "reason": "rule"}
    assert learn([one, refused, refused, refused])["proposals"] == []
    assert learn([one], args=("--json", "--min-count", "1"))["proposals"][0]["count"] == 1


@pytest.mark.parametrize("login, address, why", [
    ("alice", "bob@example.com", "bob@example.com may be the own address of bob"),
    ("alice", "Bob+list@example.com", "bob+list@example.com may be the own address of bob"),
    ("alice", "bob@example.org", "may be the own address of bob"),
    ("alice", "carol@example.org", "carol@example.org may be the own address of carol@example.org"),
    ("alice", "carol@example.com", "may be the own address of carol@example.org"),
    ("carol@example.org", "dora@example.com", "may be the own address of dora"),
    ("alice", "ceo@example.com", "ceo@example.com is granted by name to dora"),
    ("alice", "ceo+x@example.com", "ceo@example.com is granted by name to dora"),
    ("carol@example.org", "desk@example.com", "carol@example.org is not of example.com"),
    ("carol@example.org", "carol@example.com", "carol@example.org is not of example.com"),
    ("alice", "alice@gmail.com", "anybody can have an address at gmail.com"),
    ("alice", "alice@elsewhere.example", "elsewhere.example is no domain of yours"),
    ("alice", "x@[192.0.2.1]", "is no domain of yours"),
])
def test_nobody_becomes_another_without_a_choice(learn, monitor, login, address, why):
    monitor.ok("login", "add", "dora")
    monitor.ok("grant", "dora", "ceo@example.com")
    found = learn(own("alice"), own("bob"), own("carol@example.org"), sent(login, address, times=5))
    assert grants(found)[0] == []
    (who, what, caution), = grants(found)[1]
    assert (who, what) == (login, address.lower()) and why in caution
    assert found["proposals"][0]["choices"] == [
        ["authpolicy", "grant", login, what], ["authpolicy", "deny", login, what]]
    text = learn(own("alice"), own("bob"), own("carol@example.org"), sent(login, address, times=5), args=()).out
    assert all(line == "" or line.startswith("# ") for line in text.splitlines())
    assert f"# CHOOSE: {caution}" in text


def test_of_several_sub_addresses_the_address_is_proposed(learn, monitor, tmp_path):
    forms = [f"sales+{n}@example.com" for n in range(12)]
    messages = [m for form in forms for m in sent("alice", form)]
    found = learn(messages)
    assert grants(found) == ([("alice", "sales@example.com", "any")], [])
    assert (found["proposals"][0]["count"], found["proposals"][0]["sub_addresses"]) == (12, 12)
    text = learn(messages, args=()).out
    assert "from 192.0.2.0; with 12 sub-addresses\n" in text
    pasted(monitor, text)
    log = audit.write(tmp_path / "audit.log", messages)
    assert monitor.ok("learn", log, "--json").json["proposals"] == []


def test_one_sub_address_alone_is_all_that_is_proposed(learn):
    assert grants(learn(sent("alice", "sales+a@example.com", times=3)))[0] == [("alice", "sales+a@example.com", "any")]
    found = learn(sent("alice", "sales+a@example.com", times=1), sent("alice", "sales@example.com", times=2))
    assert grants(found)[0] == [("alice", "sales@example.com", "any")]
    assert found["proposals"][0]["sub_addresses"] == 1


def test_what_an_address_would_not_cover_is_no_sub_address(learn, monitor):
    """In no local domain, where there is no delimiter, and where it is another's."""
    used = [m for form in "ab" for m in sent("alice", f"sales+{form}@example.com", times=3)]
    far = [m for form in "ab" for m in sent("alice", f"sales+{form}@elsewhere.example", times=3)]
    assert [what for _, what, _ in grants(learn(far))[1]] == ["sales+a@elsewhere.example", "sales+b@elsewhere.example"]
    monitor.ok("login", "add", "dora")
    monitor.ok("grant", "dora", "sales+b@example.com")
    found = learn(used, sent("alice", "sales+c@example.com", times=3))
    assert grants(found) == ([("alice", "sales@example.com", "any")], [
        ("alice", "sales+b@example.com", "sales+b@example.com is granted by name to dora")])
    monitor.ok("set", "recipient_delimiter", "")
    assert [what for _, what, _ in grants(learn(used))[0]] == ["sales+a@example.com"]


def test_ones_own_name_in_another_domain_is_ones_own(learn, monitor):
    monitor.ok("domain", "add", "example.net")
    found = learn(own("alice", 3), sent("alice", "alice@example.net", times=3), sent("carol@example.org", "desk@example.org", times=3))
    assert grants(found) == ([("alice", "alice@example.net", "any"), ("carol@example.org", "desk@example.org", "any")], [])


def test_a_login_with_and_without_its_realm_is_one(learn, monitor):
    monitor.ok("domain", "add", "example.net")
    monitor.ok("set", "default_realm", "example.com")
    monitor.ok("login", "add", "alice")
    monitor.ok("grant", "alice", "desk@example.com", "--scope", "header")
    monitor.ok("grant", "alice", "alice@example.net", "--scope", "envelope")
    found = learn(sent("alice", "desk@example.com", times=3), sent("alice", "alice@example.net", times=3))
    assert grants(found)[0] == [("alice", "desk@example.com", "envelope")]
    assert [why for *_, why in grants(found)[1]] == [
        "alice@example.com is not of example.net: where customers share a server, that is another's"]


def test_a_tenants_wall_is_not_climbed(learn, monitor):
    monitor.ok("domain", "add", "tenant.example", "--owner", "@tenant.example")
    found = learn(sent("alice", "info@tenant.example", times=5))
    assert grants(found)[1] == [("alice", "info@tenant.example",
                                 "only @tenant.example may use addresses of tenant.example: a grant has no effect")]
    assert found["proposals"][0]["choices"] == []


def test_what_was_denied_is_not_proposed(learn, monitor):
    monitor.ok("deny", "everyone", "ceo@example.com")
    found = learn(sent("alice", "ceo@example.com", times=5, passed=["sender-denied", "author-denied"]))
    assert found["proposals"] == [] and found["unmended"] == {"author-denied": 5, "sender-denied": 5}


def test_many_senders_look_like_a_stolen_password(learn):
    found = learn(own("alice", 3), *(sent("alice", f"x{n}@example.com", times=3) for n in range(12)),
                  *(sent("bob", f"y{n}@example.com", times=3) for n in range(9)))
    safe, choose = grants(found)
    assert len(safe) == 9 and {login for login, *_ in safe} == {"bob"}
    assert len(choose) == 12 and choose[0][2].startswith("alice used 12 addresses without a grant")
    assert ["authpolicy", "suspend", "alice"] in [c for p in found["proposals"] if p["caution"] for c in p["choices"]]


def test_who_shares_addresses_becomes_a_group(learn, monitor):
    shared = [m for login in ("alice", "bob", "carol") for address in ("sales@example.com", "offers@example.com")
              for m in sent(login, address, times=3)]
    found = learn(shared, sent("alice", "offers@example.com", times=4), sent("alice", "desk@example.com", times=3),
                  sent("bob", "desk@example.com", times=3))
    group = found["proposals"][0]
    name = "senders of offers@example.com"
    assert group["group"] == name and group["caution"] is None
    assert group["commands"] == [
        ["authpolicy", "group", "add", name],
        *(c for login in ("alice", "bob", "carol") for c in (["authpolicy", "login", "add", login], ["authpolicy", "group", "join", name, login])),
        ["authpolicy", "grant", name, "offers@example.com"], ["authpolicy", "grant", name, "sales@example.com"]]
    assert [p["login"] for p in found["proposals"][1:]] == ["alice", "bob"]


def test_only_what_went_through_is_learned(learn):
    refused = sent("alice", "sales@example.com", times=5, verdict="reject", reason="rule")
    assert learn(refused) == {"messages": 0, "proposals": [], "unmended": {}}
    assert learn(sent(None, "sales@example.com", times=5, source="none"))["messages"] == 0


def test_what_is_granted_by_now_is_not_proposed(learn, monitor):
    monitor.ok("grant", "alice", "sales@example.com")
    assert learn(sent("alice", "sales@example.com", times=5))["proposals"] == []


@pytest.mark.parametrize("address", ["*@example.com", "a*b@example.com", "{user}@example.com"])
def test_an_address_that_reads_as_more_is_never_proposed(learn, address):
    assert learn(sent("alice", address, times=5))["proposals"] == []


HOSTILE = ["al'ice; touch pwned", "$(touch pwned)", "`touch pwned`", "-rf", "--sql", "a b", 'a"b', "a\\", "é", "#x", "!x", "~", "*"]


@pytest.mark.parametrize("login", HOSTILE)
@pytest.mark.parametrize("args", [(), ("--sql",)])
def test_what_is_pasted_is_what_was_meant(learn, monitor, tmp_path, monkeypatch, login, args):
    monkeypatch.chdir(tmp_path)
    text = learn(sent(login, "sales@example.com", times=3), args=args).out
    if args:
        if login == "!x":       # no name of a row: the SQL is refused as a whole
            return
        monitor.ok("sql", stdin=text)
    elif login != "!x":
        pasted(monitor, text)
    if login != "!x":
        assert monitor.sql("SELECT principal, address FROM send_as WHERE principal <> 'everyone'") == [(login, "sales@example.com")]
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("login", ["a\x1b[2Jb", "a\u202eb", "a\nauthpolicy suspend everyone", "a\udcffb"])
def test_what_no_terminal_should_see_is_only_in_json(learn, login):
    for args in ((), ("--sql",)):
        text = learn(sent(login, "sales@example.com", times=3), args=args).out
        assert "\x1b" not in text and "\u202e" not in text
        assert all(line == "" or line.startswith(("# ", "-- ")) for line in text.splitlines())


def test_pasting_it_leaves_no_refusal_for_what_is_right(monitor, learn, tmp_path):
    """The truth: sales is shared, desk is alice's, billing a program's header; bob plays carol, and eve's password was stolen."""
    monitor.ok("domain", "add", "example.net")
    right = [own("alice", 20), own("bob", 20), own("carol", 20), own("crm", 5),
             *(sent(login, "sales@example.com", times=6) for login in ("alice", "bob", "carol")),
             sent("alice", "desk@example.org", times=5), sent("alice", "alice@example.net", times=4),
             sent("crm", "crm@example.com", "billing@example.com", times=9, passed=["author-not-granted"]),
             sent("carol", "carol@example.com", header="From: board@example.com\r\nSender: carol@example.com\r\n", times=4)]
    wrong = [sent("bob", "carol@example.com", times=8), sent("bob", "boss@gmail.com", times=8),
             *(sent("eve", f"spam{n}@example.com", times=4) for n in range(15))]
    for args in ((), ("--sql",)):
        text = learn(*right, *wrong, args=args).out
        copy = tmp_path / f"copy{len(args)}.db"
        copy.write_bytes(monitor.path.read_bytes())
        if args:
            subprocess.run(["sqlite3", "-bail", copy], input=text, text=True, check=True)
        else:
            pasted(monitor, text.replace(str(monitor.path), str(copy)))
        subprocess.run(["sqlite3", copy, "UPDATE setting SET value = 'enforce' WHERE name = 'mode'"], check=True)
        log = audit.write(tmp_path / "right.log", [m for group in right for m in group])
        done = monitor.run("replay", log, "--against", copy, "--json")
        assert done.status == 0, done
        assert all(c["after"] == "accept" for c in done.json["changes"])
        log = audit.write(tmp_path / "wrong.log", [m for group in wrong for m in group])
        done = monitor.run("replay", log, "--against", copy, "--json")
        assert done.status == 1 and done.json["newly_refused"] == sum(len(group) for group in wrong)
        assert all(c["after"] == "reject sender-not-granted" for c in done.json["changes"])


def test_it_tells_what_no_grant_mends(learn):
    found = learn(sent("alice", "alice@example.com", times=3, passed=["relay-denied", "sender-not-granted"]))
    assert found["unmended"] == {"relay-denied": 3}
    assert "# relay-denied: 3 messages, for which nothing is proposed; authpolicy log --reason relay-denied" in learn(
        sent("alice", "alice@example.com", times=3, passed=["relay-denied"]), args=()).lines


def test_lines_that_are_no_records_are_named(monitor, tmp_path):
    log = tmp_path / "audit.log"
    log.write_text("hello\n" + audit.lines(sent("alice", "sales@example.com", times=3)))
    done = monitor.ok("learn", log, "--json")
    assert "line 1: not a record" in done.err and len(json.loads(done.out)["proposals"]) == 1
    assert monitor.run("learn", tmp_path / "none").status == 75
    assert monitor.run("learn", log, "--min-count", "x").status == 2
