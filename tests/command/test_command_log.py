"""`log`: finds what is asked for in the audit log and its rotated files, whatever stands in them."""

import json
import os
import subprocess
import time

import pytest

from lib import audit, place
from lib.audit import record, refusal
from lib.wait import PATIENCE, until


@pytest.fixture
def log(bare):
    """Runs `log` on a file with these records; gives the refs found."""
    def search(records, *options):
        path = audit.write(bare.folder / "audit.log", records)
        done = bare.run("log", path, "--json", *options)
        found = [json.loads(line)["ref"] for line in done.lines]
        assert done.err == "", done
        assert done.status == (0 if found else 1), done
        return found
    return search


# --- what is looked for ---

RECORDS = [
    record(ref="A", time="2026-11-23T23:59:59.999999Z", login="Alice"),
    record(ref="B", time="2026-11-24T00:00:00.000000Z", login="bob@example.com", sender="bob@example.com", client="2001:db8::7"),
    record(ref="C", time="2026-11-24T12:00:00.500000Z", login="carol", peer="list", authors=["sales@example.com"]),
    record(ref="D", time="2026-11-24T23:59:59.999999Z", login=None, rcpt=["<x@y.example>", "< Friend@EXAMPLE.net >"]),
    refusal("sender-not-granted", ref="E", time="2026-11-25T00:00:00.000000Z", login="mallory", client="198.51.100.9",
            mail_from="<CEO@Example.COM>", sender="ceo@example.com"),
    record(ref="F", time="2026-11-26T00:00:00.000000Z", login="mallory", would="author-not-granted",
           findings=[{"stage": "mail", "reason": "sender-denied", "row": None},
                     {"stage": "eom", "reason": "author-not-granted", "row": None}]),
    refusal("policy-unavailable", ref="G", time="2026-11-27T00:00:00.000000Z", verdict="tempfail", sender=None,
            mail_from="<not an address>", client=None, login="a\udcffb"),
]


@pytest.mark.parametrize("options, found", [
    ([], "ABCDEFG"),
    (["--login", "alice"], "A"),
    (["--login", "BOB@example.com"], "B"),
    (["--login", "list"], "C"),
    (["--login", "a\udcffb"], "G"),
    (["--login", "ali"], ""),
    (["--address", "ceo@example.com"], "E"),
    (["--address", "<ceo@example.com>"], None),
    (["--address", "sales@example.com"], "C"),
    (["--address", "friend@example.net"], "D"),
    (["--address", "@example.net"], "D"),
    (["--address", "@.example"], "D"),
    (["--address", "fr*@example.org"], "ABCF"),
    (["--reason", "sender-not-granted"], "E"),
    (["--reason", "author-not-granted"], "F"),
    (["--reason", "sender-denied"], "F"),
    (["--reason", "limit-exceeded"], ""),
    (["--verdict", "reject"], "E"),
    (["--verdict", "tempfail"], "G"),
    (["--verdict", "hold"], ""),
    (["--ref", "e"], "E"),
    (["--client", "198.51.100.9"], "E"),
    (["--client", "192.0.2.0/24"], "ACDF"),
    (["--client", "2001:db8::/32"], "B"),
    (["--client", "0.0.0.0/0"], "ACDEF"),
    (["--since", "2026-11-24"], "BCDEFG"),
    (["--until", "2026-11-24"], "ABCD"),
    (["--since", "2026-11-24", "--until", "2026-11-24"], "BCD"),
    (["--since", "2026-11-24T12:00:00Z", "--until", "2026-11-24T12:00:00Z"], "C"),
    (["--since", "2026-11-24T12:00:01Z", "--until", "2026-11-25T02:00:00+02:00"], "DE"),
    (["--login", "mallory", "--verdict", "accept"], "F"),
    (["--login", "mallory", "--client", "192.0.2.0/24", "--address", "alice@example.com", "--since", "2026-11-25"], "F"),
])
def test_it_finds_just_what_is_asked_for(log, bare, options, found):
    if found is None:
        assert bare.run("log", audit.write(bare.folder / "audit.log", RECORDS), *options).status == 2
    else:
        assert "".join(log(RECORDS, *options)) == found


def test_times_may_be_relative(log):
    def ago(seconds):
        return time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(time.time() - seconds))
    records = [record(ref=ref, time=ago(hours * 3600)) for ref, hours in (("A", 100), ("B", 50), ("C", 3), ("D", 1))]
    assert log(records, "--since", "2h") == ["D"]
    assert log(records, "--since", "3d", "--until", "2h") == ["B", "C"]
    assert log(records, "--until", "90m") == ["A", "B", "C"]


@pytest.mark.parametrize("options, says", [
    (["--since", "yesterday"], '--since: "yesterday" is no time'),
    (["--until", "2026-02-30"], '--until: "2026-02-30" is no time'),
    (["--since", "2026"], '--since: "2026" is no time'),
    (["--since", "2026-11-25", "--until", "2026-11-24"], "--until is before --since"),
    (["--client", "office"], '--client: "office" is no address or network'),
    (["--address", "nobody"], '"nobody" is no address form'),
    (["--reason", "sender-granted"], "there is no reason sender-granted"),
    (["--verdict", "refuse"], "--verdict takes accept|reject|tempfail|hold"),
    (["-x"], "no option -x"),
])
def test_a_wrong_option_is_named(bare, options, says):
    done = bare.run("log", audit.write(bare.folder / "audit.log", RECORDS), *options)
    assert (done.status, done.out) == (2, "")
    assert says in done.err


# --- what is printed ---

def test_a_line_shows_who_did_what(bare):
    path = audit.write(bare.folder / "audit.log", [
        record(), record(stage="abort", rcpt=["<a@x.example>", "<b@x.example>", "<c@x.example>"], recipients_not_named=7),
        refusal("sender-not-granted", sender="ceo@example.com", repeated=1000, login="a-login-that-is-longer-than-its-column"),
        record(would="sender-denied", login=None)])
    assert bare.ok("log", path).out == (
        "2026-11-24 09:00:00 7K2M-9QXD accept   -                        alice               192.0.2.1       "
        "alice@example.com > friend@example.org\n"
        "2026-11-24 09:00:00 7K2M-9QXD abort    -                        alice               192.0.2.1       "
        "alice@example.com > a@x.example +9\n"
        "2026-11-24 09:00:00 7K2M-9QXD reject   sender-not-granted x1000 a-login-that-is-longer-than-its-column "
        "192.0.2.1       ceo@example.com\n"
        "2026-11-24 09:00:00 7K2M-9QXD accept   would sender-denied      -                   192.0.2.1       "
        "alice@example.com > friend@example.org\n")


HOSTILE = "a\x1b[31m\u202eb\n\x00\udcff\u200b"


def test_nothing_of_a_record_drives_the_terminal(bare):
    # a forger writes what the daemon never would: raw bytes, and a string in each field
    text = HOSTILE.replace("\x00", "")
    fields = {"ref": text, "login": text, "client": text, "sender": text, "reason": text, "rcpt": [text]}
    raw = json.dumps(record(**fields), ensure_ascii=False).encode("utf-8", "surrogateescape")
    path = bare.folder / "audit.log"
    path.write_bytes(raw + b"\t\r\n")
    shown = bare.ok("log", path).out
    assert shown.count("\n") == 1
    assert shown.rstrip("\n").isprintable() and "\u202e" not in shown and shown.isascii()
    assert shown.count(r"a\x1B[31m\u{202E}b\x0A\xFF\u{200B}") == 6
    whole = bare.ok("log", path, "--json").out
    assert whole.rstrip("\n").isprintable() and whole.isascii()
    assert json.loads(whole)["login"] == text


def test_json_is_the_record_as_it_is_in_the_log(bare):
    path = audit.write(bare.folder / "audit.log", RECORDS)
    assert bare.ok("log", path, "--json").out == path.read_text()


# --- files ---

def test_rotated_files_are_read_oldest_first(bare):
    names = ["audit.log-20251231.xz", "audit.log-20260101", "audit.log.12.gz", "audit.log.3.zst", "audit.log.2.bz2", "audit.log.1",
             "audit.log"]
    for number, name in enumerate(names):
        audit.write(bare.folder / name, [record(ref=f"{number}a"), record(ref=f"{number}b")])
    for name in ("audit.log.bak", "audit.log.gz", "audit.logs", "audit.log-old", "audit.log.1.orig", "xaudit.log.1", "audit.log.1.gz"):
        audit.write(bare.folder / name, [record(ref="not")])
    refs = [f"{number}{letter}" for number in range(len(names)) for letter in "ab"]
    done = bare.ok("log", bare.folder / "audit.log", "--json")
    assert [json.loads(line)["ref"] for line in done.lines] == refs and done.err == ""
    # one that is named is read once; a rotated one alone has no others
    done = bare.ok("log", *sorted(bare.folder.glob("audit.log.[123]")), bare.folder / "audit.log", "--json")
    assert sorted(json.loads(line)["ref"] for line in done.lines) == refs
    done = bare.ok("log", bare.folder / "audit.log.12.gz", "--json")
    assert [json.loads(line)["ref"] for line in done.lines] == ["2a", "2b"]


def test_a_log_that_was_just_renamed_is_found_by_its_rotated_files(bare):
    audit.write(bare.folder / "audit.log.1", [record(ref="A")])
    assert bare.ok("log", bare.folder / "audit.log", "--json").json["ref"] == "A"


@pytest.mark.parametrize("path, says", [
    ("missing.log", "missing.log: No such file or directory"),
    (".", "/.: Is a directory"),
    ("no/audit.log", "no/: No such file or directory"),
])
def test_a_file_that_cannot_be_read_is_named(bare, path, says):
    done = bare.run("log", f"{bare.folder}/{path}")
    assert (done.status, done.out) == (75, "")
    assert says in done.err


def test_a_damaged_file_is_named_and_the_rest_is_read(bare):
    whole = audit.write(bare.folder / "audit.log.1.gz", [record(ref=f"{n:08}") for n in range(2000)])
    whole.write_bytes(whole.read_bytes()[:-30])
    (bare.folder / "audit.log.2.xz").write_bytes(b"nonsense")
    audit.write(bare.folder / "audit.log", [record(ref="LAST")])
    done = bare.run("log", bare.folder / "audit.log", "--json", "--ref", "LAST")
    assert (done.status, done.json["ref"]) == (75, "LAST")
    assert "audit.log.2.xz: xz could not read all of it" in done.err
    assert "audit.log.1.gz: gzip could not read all of it" in done.err


def test_a_missing_program_is_named(bare, tmp_path):
    path = audit.write(bare.folder / "audit.log.1.gz", [record()])
    done = bare.run("log", path, env={"PATH": str(tmp_path)})
    assert done.status == 75
    assert "audit.log.1.gz: there is no program gzip to read it" in done.err


def test_the_name_of_a_file_is_no_command(bare):
    path = audit.write(bare.folder / "a; touch owned; $(touch owned).gz", [record(ref="A")])
    assert bare.ok("log", path, "--json").json["ref"] == "A"
    assert not (bare.folder / "owned").exists() and not os.path.exists("owned")


# --- lines that are no records ---

NOT_RECORDS = {
    "an empty line": b"",
    "text": b"nonsense",
    "half a record": audit.lines([record()]).encode()[:500],
    "a record and more": audit.lines([record()]).encode().rstrip() + b" x",
    "an array": b"[1]",
    "a number": b"5",
    "an object without a time": b'{"verdict":"accept"}',
    "a time that is none": audit.lines([record(time="2026-13-45T00:00:00Z")]).encode().rstrip(),
    "a time in words": audit.lines([record(time="now")]).encode().rstrip(),
    "a time that is a number": audit.lines([record(time=1795000000)]).encode().rstrip(),
    "another verdict": audit.lines([record(verdict="maybe")]).encode().rstrip(),
    "no verdict": audit.lines([record(verdict=None)]).encode().rstrip(),
    "a NUL": b"\0",
    "a record behind a NUL": b"\0" + audit.lines([record()]).encode().rstrip(),
    "a NUL behind a record": audit.lines([record()]).encode().rstrip() + b"\0 and more",
    "an escaped NUL": audit.lines([record(login="alice\0x")]).encode().rstrip(),
    "depth": b"[" * 5000,
    "a very long line": b'{"time":"' + b"x" * (17 << 20) + b'"}',
}


@pytest.mark.parametrize("name", NOT_RECORDS)
def test_a_line_that_is_no_record_is_named_and_the_next_is_found(bare, name):
    path = bare.folder / "audit.log"
    good = [audit.lines([record(ref=ref)]).encode() for ref in "AB"]
    path.write_bytes(good[0] + NOT_RECORDS[name] + b"\n" + good[1])
    done = bare.ok("log", path, "--json")
    assert [json.loads(line)["ref"] for line in done.lines] == ["A", "B"]
    assert done.err.startswith(f"authpolicy: {path}: line 2: ")
    assert done.err.endswith("authpolicy: lines that are no records: 1\n") and done.err.count("\n") == 2


HOSTILE_VALUES = [None, 5, True, "", [], {}, [[]], {"a": 1}, ["x", 5, None, {}], "[", [{"rcpt": 5}], {"rcpt": {"x": []}}, 1e308, -1]


@pytest.mark.parametrize("field", [name for name in record() if name not in ("time", "verdict")] + ["repeated"])
def test_a_record_with_any_value_in_a_field_stops_nothing(bare, field):
    path = audit.write(bare.folder / "audit.log", [record(**{field: value}) for value in HOSTILE_VALUES] + [record(ref="LAST")])
    for options in ([], ["--address", "@nowhere.example", "--client", "::/0", "--reason", "rule", "--login", "x"], ["--json"],
                    ["--address", "@example.com"], ["--reason", "rule"]):
        done = bare.run("log", path, *options)
        assert done.status in (0, 1) and done.err == "", done
    assert bare.ok("log", path, "--ref", "LAST")


def test_many_bad_lines_are_counted(bare):
    path = bare.folder / "audit.log"
    path.write_text("nonsense\n" * 1000 + audit.lines([record()]))
    done = bare.ok("log", path)
    assert len(done.lines) == 1
    assert done.err.count("\n") == 51 and done.err.endswith("lines that are no records: 1000\n")


def test_a_backslash_before_u0000_is_no_nul(log):
    assert log([record(ref="A", login="a\\u0000b")], "--login", "a\\u0000b") == ["A"]


def test_a_last_line_that_is_cut_off_is_no_error(bare):
    path = audit.write(bare.folder / "audit.log", [record(ref="A")])
    with open(path, "ab") as file:
        file.write(audit.lines([record(ref="B")]).encode()[:300])
    done = bare.ok("log", path, "--json")
    assert done.json["ref"] == "A"
    assert done.err == f"authpolicy: {path}: the last line is cut off\n"


def test_a_last_line_without_a_newline_counts(log, bare):
    path = bare.folder / "audit.log"
    path.write_text(audit.lines([record(ref="A"), record(ref="B")]).rstrip("\n"))
    assert len(bare.ok("log", path).lines) == 2


# --- following ---

class Follower:
    """`log -f` as it runs."""

    def __init__(self, bare, path, *options):
        self.out = bare.folder / "followed"
        with open(self.out, "wb") as out:
            self.process = subprocess.Popen([place.program("authpolicy"), "log", path, "-f", "--json", *options], stdout=out,
                                            stderr=subprocess.PIPE)

    def refs(self):
        return [json.loads(line)["ref"] for line in self.out.read_bytes().splitlines()]

    def wait_for(self, *refs):
        until(lambda: self.refs() == list(refs), what=lambda: f"{refs}, not {self.refs()}")

    def wait_until_it_looked_again(self):
        """It sleeps after each look."""
        def sleeps():
            with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
                return int(next(line for line in status if line.startswith("voluntary_ctxt")).split()[1])
        before = sleeps()
        until(lambda: sleeps() > before + 3)

    def stop(self):
        self.process.terminate()
        return self.process.communicate(timeout=PATIENCE)[1].decode()


@pytest.fixture
def follow(bare):
    running = []

    def start(path, *options):
        running.append(Follower(bare, path, *options))
        return running[-1]
    yield start
    for one in running:
        one.stop()


def append(path, *records):
    with open(path, "ab") as file:
        file.write(audit.lines(records).encode())


def test_it_follows(bare, follow):
    path = audit.write(bare.folder / "audit.log", [record(ref="A"), record(ref="no", login="bob")])
    following = follow(path, "--login", "alice")
    following.wait_for("A")
    append(path, record(ref="no", login="bob"), record(ref="B"))
    following.wait_for("A", "B")
    # a line comes in parts
    whole = audit.lines([record(ref="C")]).encode()
    with open(path, "ab", buffering=0) as file:
        file.write(whole[:200])
        append(bare.folder / "other", record())
        file.write(whole[200:])
    following.wait_for("A", "B", "C")


def test_it_follows_through_rotation(bare, follow):
    path = audit.write(bare.folder / "audit.log", [record(ref="A")])
    following = follow(path)
    following.wait_for("A")
    with open(path, "ab", buffering=0) as old:
        path.rename(bare.folder / "audit.log.1")
        # the daemon still has the old one
        old.write(audit.lines([record(ref="B")]).encode())
        following.wait_for("A", "B")
        path.touch()
        following.wait_until_it_looked_again()
        old.write(audit.lines([record(ref="C")]).encode())
        append(path, record(ref="D"))
    following.wait_for("A", "B", "C", "D")
    path.rename(bare.folder / "audit.log.2")
    append(path, record(ref="E"))
    following.wait_for("A", "B", "C", "D", "E")


def test_it_follows_a_file_that_is_emptied_in_place(bare, follow):
    path = audit.write(bare.folder / "audit.log", [record(ref="A", login="a-long-name" * 9)])
    following = follow(path)
    following.wait_for("A")
    os.truncate(path, 0)
    append(path, record(ref="B"))
    following.wait_for("A", "B")


def test_a_bad_line_is_named_while_it_follows(bare, follow):
    path = audit.write(bare.folder / "audit.log", [record(ref="A")])
    following = follow(path)
    following.wait_for("A")
    with open(path, "ab") as file:
        file.write(b"nonsense\n")
    append(path, record(ref="B"))
    following.wait_for("A", "B")
    assert "line 2: not a record of the audit log" in following.stop()
