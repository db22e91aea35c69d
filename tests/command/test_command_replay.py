"""`replay`: what was recorded, decided once more under another policy. That a record holds all facts is proved in tests/cases."""

import base64
import shutil

import pytest

from lib import audit
from lib.audit import record, refusal



@pytest.fixture
def other(command, tmp_path):
    """Another policy, the same so far: edited with other(...)."""
    command.ok("set", "mode", "enforce")
    path = tmp_path / "new.db"
    shutil.copy(command.path, path)

    class Other:
        file = path

        def __call__(self, *args):
            old, command.path = command.path, path
            try:
                return command.ok(*args)
            finally:
                command.path = old
    return Other()


@pytest.fixture
def replay(command, other, tmp_path):
    """Replays these records against the other policy."""
    def run(*records, json=True, refused=False):
        log = audit.write(tmp_path / "audit.log", records)
        options = ["--json"] * json + ["--refused"] * refused
        return command.run("replay", log, "--against", other.file, *options)
    return run


def changes(done):
    return [(c["login"], c["before"], c["after"], c["count"], c["worse"]) for c in done.json["changes"]]


def test_the_same_policy_changes_nothing(replay):
    done = replay(record(), refusal("sender-not-granted", sender="bob@example.com"))
    assert done.status == 0
    assert done.json == {"messages": 2, "changed": 0, "newly_refused": 0, "still_refused": 1, "cut": 0, "limits": 0, "faults": 0,
                         "counted": 0, "old": 0, "changes": []}


def test_a_new_refusal_is_shown_with_examples_and_fails(replay, other):
    other("deny", "alice", "alice@example.com")
    records = [record(time=f"2026-11-24T09:00:0{n}.000000Z", ref=f"REF{n}") for n in range(5)]
    done = replay(record(login="bob", sender="bob@example.com"), *records)
    assert done.status == 1
    assert changes(done) == [("alice", "accept", "reject sender-denied", 5, True)]
    change, = done.json["changes"]
    assert (change["first"], change["last"]) == (records[0]["time"], records[4]["time"])
    assert change["examples"] == [
        {"time": f"2026-11-24T09:00:0{n}.000000Z", "ref": f"REF{n}", "sender": "<alice@example.com>",
         "recipient": "<friend@example.org>", "row": "deny_as(alice, alice@example.com)"} for n in range(3)]
    assert done.json["newly_refused"] == done.json["changed"] == 5
    text = replay(*records, json=False)
    assert text.status == 1
    assert text.lines[0] == "alice: accept -> reject sender-denied: 5 (worse)"
    assert text.lines[1] == ("    2026-11-24T09:00:00.000000Z  ref REF0  from <alice@example.com> to <friend@example.org>"
                             "  by deny_as(alice, alice@example.com)")
    assert text.lines[-1] == "5 messages: 0 as before, of them 0 refused, 5 otherwise, of them 5 newly refused"


def test_what_was_refused_at_mail_is_unknown_beyond(replay, other):
    other("grant", "alice", "bob@example.com")
    done = replay(refusal("sender-not-granted", sender="bob@example.com"))
    assert done.status == 0
    assert changes(done) == [("alice", "reject sender-not-granted", "accept, unknown beyond MAIL", 1, False)]


def test_another_reason_is_a_change_and_not_worse(replay, other):
    other("deny", "everyone", "bob@example.com")
    done = replay(refusal("sender-not-granted", sender="bob@example.com"))
    assert done.status == 0
    assert changes(done) == [("alice", "reject sender-not-granted", "reject sender-denied", 1, False)]


def test_a_header_is_decided_again(replay, other):
    shown = base64.b64encode(b"From: bob@example.com\r\n").decode()
    refused = record(verdict="reject", reason="author-not-granted", originators=shown)
    assert replay(refused).json["changed"] == 0
    other("grant", "alice", "bob@example.com", "--scope", "header")
    assert changes(replay(refused)) == [("alice", "reject author-not-granted", "accept", 1, False)]


def test_the_session_is_who_it_is_under_the_other_policy(replay):
    believed = record(login="alice", sasl_login="listserver", peer="listserver", source="auth-param", auth_param="alice@example.com")
    assert changes(replay(believed)) == [("alice", "accept", "reject sender-not-granted", 1, True)]


def recipients(*verdicts):
    """Recipients with these verdicts: a reason, or None for accept."""
    return [{"rcpt": f"<r{n}@{'example.net' if reason else 'example.org'}>", "rcpt_addr": None, "after_s": 0,
             "verdict": "reject" if reason else "accept", "reason": reason, "row": None} for n, reason in enumerate(verdicts)]


def test_each_recipient_is_decided_and_counted_once(replay, other):
    many = record(recipients=recipients(None, None))
    own = refusal("rule", stage="rcpt", recipients=recipients("rule"))
    other("rule", "add", "--recipient", "<r1@example.org>".strip("<>"), "--verdict", "reject")
    done = replay(many, own)
    assert done.status == 1 and done.json["messages"] == 1
    assert changes(done) == [("alice", "accept", "reject rule", 1, True)]
    assert done.json["changes"][0]["examples"][0]["recipient"] == "<r1@example.org>"


def test_a_message_all_of_whose_recipients_are_refused_is_one_change_a_recipient(replay, other):
    other("rule", "add", "--recipient", "@example.org", "--verdict", "reject")
    done = replay(record(recipients=recipients(None, None)))
    assert changes(done) == [("alice", "accept", "reject rule", 2, True)]
    assert (done.json["changed"], done.json["newly_refused"]) == (1, 1)


def test_a_message_without_an_accepted_recipient_is_unknown_beyond(replay, other):
    other("rule", "add", "--recipient", "@example.net", "--verdict", "accept")
    aborted = record(stage="abort", verdict="reject", reason="rule", originators=None, recipients=recipients("rule", "rule"))
    own = refusal("rule", stage="rcpt", recipients=recipients("rule"))
    assert changes(replay(own, own, aborted)) == [("alice", "reject rule", "accept, unknown beyond RCPT", 2, False)]


def test_the_recipients_that_are_not_named_may_have_been_accepted(replay, other):
    other("rule", "add", "--recipient", "@example.org", "--verdict", "reject")
    other("deny", "alice", "alice@example.com")
    other("undeny", "alice", "alice@example.com")
    done = replay(record(recipients=recipients(None), recipients_not_named=7))
    assert changes(done) == [("alice", "accept", "reject rule", 1, True)]
    held = record(verdict="hold", reason="rule", recipients_not_named=7)
    other("rule", "remove", "10")
    assert replay(held).json["changed"] == 0


def test_hold_is_a_change_and_no_refusal(replay, other):
    other("rule", "add", "--recipient", "@example.org", "--verdict", "hold")
    done = replay(record())
    assert done.status == 0 and changes(done) == [("alice", "accept", "hold rule", 1, False)]


def test_what_monitor_passes_over_counts_as_refused(replay, other):
    passed = record(would="sender-not-granted", mode="monitor", sender="bob@example.com",
                    findings=[{"stage": "mail", "reason": "sender-not-granted", "row": None}],
                    originators=base64.b64encode(b"From: alice@example.com\r\n").decode())
    done = replay(passed)
    assert done.status == 1
    assert changes(done) == [("alice", "accept, would sender-not-granted", "reject sender-not-granted", 1, True)]
    other("set", "mode", "monitor")
    assert replay(passed).json["changed"] == 0
    other("grant", "alice", "bob@example.com")
    done = replay(passed)
    assert done.status == 0 and changes(done) == [("alice", "accept, would sender-not-granted", "accept", 1, False)]
    other("deny", "alice", "alice@example.com")
    done = replay(record())
    assert done.status == 1 and changes(done) == [("alice", "accept", "accept, would sender-denied", 1, True)]


def test_all_that_is_refused_is_shown_when_asked_for(replay, other):
    def passed(sender, ref):
        return record(sender=sender, ref=ref, mode="monitor", would="sender-not-granted",
                      findings=[{"stage": "mail", "reason": "sender-not-granted", "row": None}])

    records = [record(), passed("sales@example.com", "R1"), passed("ceo@example.com", "R2"), passed("ceo@example.com", "R3")]
    other("set", "mode", "monitor")
    other("grant", "alice", "sales@example.com")
    mended = ("alice", "accept, would sender-not-granted", "accept", 1, False)
    done = replay(*records)
    assert done.status == 0 and changes(done) == [mended] and done.json["still_refused"] == 2
    done = replay(*records, refused=True)
    assert done.status == 0
    assert changes(done) == [("alice", "accept, would sender-not-granted", "accept, would sender-not-granted", 2, False)]
    assert [e["ref"] for e in done.json["changes"][0]["examples"]] == ["R2", "R3"] and done.json["changed"] == 1
    lines = replay(*records, refused=True, json=False).lines
    assert lines[0] == "alice: accept, would sender-not-granted, as before: 2"
    assert lines[-1] == "4 messages: 3 as before, of them 2 refused, 1 otherwise, of them 0 newly refused"


def test_a_recipient_that_stays_refused_is_shown(replay, other):
    other("rule", "add", "--recipient", "@example.net", "--verdict", "reject")
    done = replay(record(recipients=recipients("rule", None)), refused=True)
    assert changes(done) == [("alice", "reject rule", "reject rule", 1, False)]
    assert done.json["changes"][0]["examples"][0]["recipient"] == "<r0@example.net>" and done.json["still_refused"] == 1


def test_each_stage_is_decided_at_its_own_time(replay, other):
    other("grant", "alice", "x@example.com", "--until", "2026-11-24T10:00:00Z")
    late = {"sender": "x@example.com", "mail_time": "2026-11-24T10:00:00Z", "time": "2026-11-24T10:00:05.000000Z",
            "originators": base64.b64encode(b"From: alice@example.com\r\n").decode()}
    assert replay(record(**late)).json["changed"] == 0
    assert changes(replay(record(**late | {"mail_time": "2026-11-24T10:00:01Z"}))) == [
        ("alice", "accept", "reject sender-not-granted", 1, True)]
    late["originators"] = base64.b64encode(b"From: x@example.com\r\n").decode()
    assert changes(replay(record(**late))) == [("alice", "accept", "reject author-not-granted", 1, True)]


def test_a_recipient_is_decided_at_its_own_time(command, replay, other):
    other("rule", "add", "--hours", "Tue 09:00-09:01", "--verdict", "reject")
    early = record(mail_time="2026-11-24T08:59:58Z", time="2026-11-24T09:05:00.000000Z", recipients=recipients(None, None))
    early["recipients"][1]["after_s"] = 3
    done = replay(early)        # in the zone of the host; the tests run in UTC
    assert [e["recipient"] for c in done.json["changes"] for e in c["examples"]] == ["<r1@example.org>"]


def test_what_can_not_be_decided_again_is_counted(replay, other):
    other("deny", "everyone", "@example.com")
    done = replay(
        refusal("limit-exceeded"), refusal("login-suspended", row="quota(an hour)"), refusal("internal"), refusal("overloaded"), refusal("policy-unavailable"),
        refusal("sender-not-granted", repeated=980), refusal("sender-not-granted", mail_from=None))
    assert done.json == {"messages": 0, "changed": 0, "newly_refused": 0, "still_refused": 0, "cut": 0, "limits": 2, "faults": 3,
                         "counted": 981, "old": 0, "changes": []}
    older = [{k: v for k, v in r.items() if k != "flags"} for r in (record(), refusal("sender-not-granted"))]
    assert replay(*older).json["old"] == 2
    assert "not decided again: 2 recorded by an older version" in replay(*older, json=False).out


def test_a_limit_is_not_replayed_beside_others_either(replay):
    finding = {"stage": "mail", "reason": "limit-exceeded", "row": None}
    assert replay(record(would="limit-exceeded", findings=[finding])).json["changed"] == 0
    one = recipients(None, "limit-exceeded")
    assert replay(record(recipients=one)).json["changed"] == 0


def test_a_header_that_was_cut_is_not_asked_about(replay, other):
    cut = record(originators_cut=True, originators=None)
    done = replay(cut)
    assert done.json["changed"] == 0 and done.json["cut"] == 1
    other("deny", "alice", "alice@example.com")
    assert changes(replay(cut)) == [("alice", "accept", "reject sender-denied", 1, True)]


def test_lines_that_are_no_records_are_named_and_the_rest_is_played(command, replay, tmp_path):
    log = tmp_path / "audit.log"
    broken = [b"hello", b"[]", b'{"time":7}', audit.lines([record(time="2026-13-45T00:00:00Z")]).encode().strip(),
              audit.lines([record(stage="moon")]).encode().strip(), audit.lines([record(mail_time="x")]).encode().strip()]
    log.write_bytes(b"\n".join([*broken, audit.lines([record()]).encode()]))
    done = command.run("replay", log, "--json")
    assert done.json["messages"] == 1
    for number in range(1, 7):
        assert f"audit.log: line {number}: not a record" in done.err


def test_clients_cannot_break_the_output(replay, other):
    other("deny", "everyone", "@example.com")
    login = "al\x1b[2J\u202eice"
    for odd in (login, "a\udcffb"):
        done = replay(record(login=odd, sender="alice@example.com", ref="\x1b"), json=False)
        assert "\x1b" not in done.out and "\u202e" not in done.out
        assert changes(replay(record(login=odd)))[0][0] == odd


@pytest.mark.parametrize("field, value", [
    ("recipients", "x"), ("recipients", ["x", 1, None, {}]), ("recipients", {"a": 1}), ("recipients", [{"rcpt": 7, "after_s": "x"}]),
    ("findings", "x"), ("flags", {"a": "local"}), ("originators", "%%%"), ("originators", [1]), ("cert", "x"), ("cert", None),
    ("cipher_bits", "many"), ("sasl_login", {"x": 1}), ("mta", 7), ("repeated", -5), ("repeated", "x"), ("recipients_not_named", "y"),
    ("would", 5), ("mail_addr", True), ("after_s", 1e300)])
def test_nothing_in_a_record_is_believed(replay, field, value):
    done = replay(record(would="limit-exceeded" if field == "findings" else None) | {field: value}, record())
    assert done.status in (0, 1), done
    assert sum(done.json[k] for k in ("messages", "counted", "faults", "limits", "old")) == 2


def test_without_a_policy_nothing_can_be_told(command, tmp_path):
    log = audit.write(tmp_path / "audit.log", [record()])
    done = command.run("replay", log, "--against", tmp_path / "none.db")
    assert done.status == 75 and "none.db" in done.err
    assert command.run("replay", tmp_path / "none.log").status == 75
    assert command.ok("replay", log).lines == ["1 message: 1 as before, of them 0 refused, 0 otherwise, of them 0 newly refused"]
