"""`authpolicy import`: what a file wants becomes rows of its origin, whole or not at all."""

import random
import re

import pytest

MAP = """\
# who may use what
alice@example.com   alice, bob
   # a comment within an entry
   carol
\t
BOB@Example.com bob,dave
@example.net        dave
"al ice"@example.com erin
"""


@pytest.fixture
def write(command):
    """Writes a file beside the policy; its path."""
    def write(text, name="file"):
        path = command.folder / name
        path.write_text(text) if isinstance(text, str) else path.write_bytes(text)
        return path
    return write


def rows(command, table, origin=None):
    where = "" if origin is None else " WHERE origin = '" + origin + "'"
    columns = {"send_as": "principal, address, scope, manner, valid_from, valid_until, note",
               "principal": "name, kind, note", "membership": "group_name, login"}[table]
    return command.sql(f"SELECT {columns} FROM {table}{where} ORDER BY 1, 2, 3" if table != "membership"
                       else f"SELECT {columns} FROM {table}{where} ORDER BY 1, 2")


def grants(command, origin):
    return [(who, address) for who, address, *_ in rows(command, "send_as", origin)]


def everything(command):
    """All rows of all tables but the history."""
    tables = [name for name, in command.sql("SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'history'")]
    return {table: command.sql(f"SELECT * FROM {table}") for table in tables}


# --- login maps ---

def test_a_login_map_becomes_grants(command, write):
    done = command.ok("import", "postfix-login-maps", write(MAP))
    assert grants(command, "postfix-login-maps") == [
        ("alice", "alice@example.com"), ("bob", "alice@example.com"), ("bob", "bob@example.com"),
        ("carol", "alice@example.com"), ("dave", "@example.net"), ("dave", "bob@example.com"),
        ("erin", '"al ice"@example.com')]
    assert [name for name, *_ in rows(command, "principal", "postfix-login-maps")] == ["alice", "bob", "carol", "dave", "erin"]
    assert "grants added: 7" in done.lines and "logins added: 5" in done.lines
    assert {scope for _, _, scope, *_ in rows(command, "send_as", "postfix-login-maps")} == {"any"}


def test_the_scope_can_be_the_envelope_alone(command, write):
    command.ok("import", "postfix-login-maps", write(MAP), "--scope", "envelope")
    assert {scope for _, _, scope, *_ in rows(command, "send_as", "postfix-login-maps")} == {"envelope"}


def test_an_import_reads_standard_input(command):
    command.ok("import", "postfix-login-maps", "-", stdin=MAP)
    assert len(grants(command, "postfix-login-maps")) == 7


def test_a_name_without_domain_needs_to_be_told_of_which(command, write):
    file = write("carol carol\ncarol+x dave\n")
    done = command.run("import", "postfix-login-maps", file)
    assert done.status == 1 and f"{file}:1: " in done.err and f"{file}:2: " in done.err and "--domain" in done.err
    command.ok("import", "postfix-login-maps", file, "--domain", "Example.com", "--domain", "example.net")
    assert grants(command, "postfix-login-maps") == [
        ("carol", "carol@example.com"), ("carol", "carol@example.net"),
        ("dave", "carol+x@example.com"), ("dave", "carol+x@example.net")]


@pytest.mark.parametrize("key", ["postmaster@", "<>", "*@example.com", "dev-*@example.com", "@.example.com"])
def test_what_postfix_never_finds_is_left_out_and_said(command, write, key):
    file = write(f"{key} alice\nbob@example.com bob\n")
    done = command.ok("import", "postfix-login-maps", file)
    assert f"{file}:1: {key}: " in done.out and "left out" in done.out
    assert grants(command, "postfix-login-maps") == [("bob", "bob@example.com")]


def test_of_a_key_that_is_there_twice_the_first_counts_as_in_postfix(command, write):
    file = write("a@example.com alice\nA@example.com bob\n")
    done = command.ok("import", "postfix-login-maps", file)
    assert f"{file}:2: " in done.out and "on line 1" in done.out
    assert grants(command, "postfix-login-maps") == [("alice", "a@example.com")]


def test_where_grants_add_up_beyond_postfix_is_said(command, write):
    done = command.ok("import", "postfix-login-maps", write("a@example.com alice\n@example.com bob, alice\n"))
    assert "authpolicy deny bob a@example.com" in done.out and "deny alice" not in done.out


def test_an_alias_of_one_user_never_takes_anothers_own_address(command, write):
    """The address of bob's mailbox is in the map, for alice alone: bob keeps what he has by everyone."""
    command.ok("import", "postfix-login-maps", write("bob@example.com alice\n"))
    for login in ("alice", "bob"):
        command.ok("check", "--login", login, "--mail-from", "bob@example.com")
    assert command.run("check", "--login", "carol", "--mail-from", "bob@example.com").status == 1


BAD_MAP = {
    "a key alone": ("alice@example.com", "nothing behind the key"),
    "an aliases file": ("alice: bob", "aliases(5)"),
    "a regular expression": (r"/^(.*)@example\.com$/ $1", "regexp and pcre tables cannot be imported"),
    "an open quote": ('"alice@example.com bob', "not closed"),
    "a route": ("a%b@example.com alice", "no address"),
    "two at signs": ("a@b@example.com alice", "no address"),
    "a login that is a group": ("a@example.com staff", "staff is a group"),
    "everyone": ("a@example.com everyone", "reserved name"),
    "a login like a domain": ("a@example.com @example.net", "reserved name"),
    "any": ("a@example.com any", "is no name"),
    "a login with a control character": ("a@example.com al\x01ice", "is no name"),
    "not UTF-8": (b"a@example.com m\xfcller", "not UTF-8"),
    "a NUL": (b"a@example.com al\0ice", "NUL"),
}


@pytest.mark.parametrize("name", BAD_MAP)
def test_a_bad_line_is_named_and_nothing_is_done(command, write, name):
    line, why = BAD_MAP[name]
    line = line.encode() if isinstance(line, str) else line
    command.ok("group", "add", "staff")
    before = everything(command)
    file = write(b"x@example.com good\n" + line + b"\ny@example.com good\n")
    done = command.run("import", "postfix-login-maps", file)
    assert done.status == 1, done
    assert re.search(rf"^authpolicy: {re.escape(str(file))}:2: .*{re.escape(why)}", done.err, re.M), done
    assert "bad lines: 1; nothing was changed" in done.err and done.out == ""
    assert everything(command) == before


def test_every_bad_line_is_named(command, write):
    file = write("".join(f"a%{n}@example.com alice\n" for n in range(200)))
    done = command.run("import", "postfix-login-maps", file)
    assert [int(n) for n in re.findall(rf"^authpolicy: {re.escape(str(file))}:(\d+):", done.err, re.M)] == list(range(1, 201))


def test_a_first_line_that_goes_on_is_bad(command, write):
    assert "begin the line" in command.run("import", "postfix-login-maps", write("  a@example.com alice\n")).err


def test_a_file_that_cannot_be_read_is_no_answer(command):
    assert command.run("import", "csv", "none").status == 75
    assert command.run("import", "csv", command.folder).status == 75


# --- aliases ---

def test_who_is_behind_an_alias_may_use_it(command, write):
    command.ok("login", "add", "guest@elsewhere.example")
    file = write("info@example.com team@example.com, guest@elsewhere.example\n"
                 "team@example.com alice@example.com bob@example.com\n"
                 "alice@example.com alice@example.com, archive@far.example\n"
                 "loop@example.com pool@example.com\npool@example.com loop@example.com\n"
                 "@example.com boss@example.com\nall@example.com @far.example\n")
    done = command.ok("import", "postfix-aliases", file)
    assert grants(command, "postfix-aliases") == [
        ("alice@example.com", "alice@example.com"), ("alice@example.com", "info@example.com"),
        ("alice@example.com", "team@example.com"), ("bob@example.com", "info@example.com"),
        ("bob@example.com", "team@example.com"), ("boss@example.com", "@example.com"),
        ("guest@elsewhere.example", "info@example.com")]
    assert f"{file}:3: alice@example.com: archive@far.example" in done.out
    assert f"{file}:7: @far.example is no login" in done.out


def test_logins_can_be_the_local_parts(command, write):
    command.ok("import", "postfix-aliases", write("info@example.com alice@example.com bob\n"), "--local-part")
    assert grants(command, "postfix-aliases") == [("alice", "info@example.com"), ("bob", "info@example.com")]


def test_a_key_that_is_a_local_domain_is_that_of_virtual_and_no_alias(command, write):
    file = write("Example.COM anything\ninfo@example.com alice@example.com\n")
    done = command.ok("import", "postfix-aliases", file)
    assert grants(command, "postfix-aliases") == [("alice@example.com", "info@example.com")] and done.err == ""
    command.ok("import", "postfix-aliases", file, "--domain", "example.com", "--origin", "again")
    assert grants(command, "again") == []
    # who may send as it is another matter, and a domain that is not local may be a name
    assert command.run("import", "postfix-login-maps", file).status == 1
    assert "has no domain" in command.run("import", "postfix-aliases", write("far.example anything\n")).err


def test_a_table_is_named_by_its_file(command, write):
    done = command.run("import", "postfix-aliases", f"hash:{write('a@example.com b')}")
    assert done.status == 75 and "without the type of the table" in done.err


# --- csv ---

CSV = """\
\ufefftype,name
login,Alice,"Smith, ""Al""
of Leeds"\r
login,bob
# a comment

group,staff,everybody
member,staff,alice
member,staff,bob
grant,staff,info@example.com
grant,@example.net,@example.net
grant,everyone,help@example.com,any,as,2026-01-01,2026-12-31,why not
grant,alice,ceo@example.com,header,on-behalf
"""


def test_csv_has_logins_groups_members_and_grants(command, write):
    command.ok("import", "csv", write(CSV), "--origin", "hr")
    assert rows(command, "principal", "hr") == [
        ("alice", "login", 'Smith, "Al"\nof Leeds'), ("bob", "login", None), ("staff", "group", "everybody")]
    assert rows(command, "membership", "hr") == [("staff", "alice"), ("staff", "bob")]
    assert rows(command, "send_as", "hr") == [
        ("@example.net", "@example.net", "any", "as", None, None, None),
        ("alice", "ceo@example.com", "header", "on-behalf", None, None, None),
        ("everyone", "help@example.com", "any", "as", "2026-01-01", "2026-12-31", "why not"),
        ("staff", "info@example.com", "any", "as", None, None, None)]


BAD_CSV = {
    "an unknown type": ("user,alice", "is no type"),
    "a name missing": ("login,", "write login,NAME"),
    "a field too many": ("member,staff,alice,x", "write member,GROUP,LOGIN"),
    "very many fields": ("grant" + ",a" * 20, "too many fields"),
    "a quote within": ('login,al"ice', "a quote within a field"),
    "text behind a quote": ('login,"alice"x', "behind a quoted field"),
    "an open quote": ('login,"alice', "not closed"),
    "no address": ("grant,alice,bob", "is no address"),
    "no scope": ("grant,alice,a@example.com,body", "is no scope"),
    "no manner": ("grant,alice,a@example.com,header,for", "is no manner"),
    "on behalf in the envelope": ("grant,alice,a@example.com,any,on-behalf", "needs the scope header"),
    "no date": ("grant,alice,a@example.com,any,as,2026-02-30", "is no date"),
    "an end before the begin": ("grant,alice,a@example.com,any,as,2026-02-02,2026-02-01", "before it begins"),
    "a member of no group": ("member,nix,alice", "no group nix"),
    "a member that is none": ("member,staff,nix", "no login nix"),
    "a group in a group": ("member,staff,staff", "no login staff"),
    "a grant for nobody": ("grant,nix,a@example.com", "no login or group nix"),
    "a login that is a group": ("login,staff", "line 1 has the same staff with other values"),
    "a group that is a login of the policy": ("group,zoe", "zoe is a login in the policy"),
    "a group that is built in": ("group,everyone", "reserved name"),
    "a domain as a login": ("login,@example.com", "reserved name"),
    "a name too long": ("login," + "x" * 256, "is no name"),
    "other dates for the same grant": ("grant,alice,a@example.com,any,as,2026-01-01", "line 3 has the same alice a@example.com with other values"),
}


@pytest.mark.parametrize("name", BAD_CSV)
def test_a_bad_record_is_named_and_nothing_is_done(command, write, name):
    line, why = BAD_CSV[name]
    command.ok("login", "add", "zoe")
    before = everything(command)
    file = write(f"group,staff\nlogin,alice\ngrant,alice,a@example.com\n{line}\n")
    done = command.run("import", "csv", file)
    assert done.status == 1, done
    assert re.search(rf"^authpolicy: {re.escape(str(file))}:4: .*{re.escape(why)}", done.err, re.M), done
    assert done.out == "" and everything(command) == before


def test_the_same_line_twice_harms_nothing_and_is_said(command, write):
    file = write("login,alice\nlogin,ALICE\n")
    assert f"{file}:2: the same as line 1" in command.ok("import", "csv", file).out


def test_either_form_of_a_login_is_the_one_that_is_there(command, write):
    command.ok("set", "default_realm", "example.com")
    command.ok("login", "add", "alice@example.com", "bob")
    command.ok("import", "csv", write("grant,alice,a@example.com\ngrant,bob@example.com,b@example.com\n"))
    assert grants(command, "csv") == [("alice@example.com", "a@example.com"), ("bob", "b@example.com")]


def test_logins_get_their_row_also_where_unknown_ones_are_refused(command, write):
    command.ok("set", "unknown_login", "reject")
    command.ok("import", "postfix-login-maps", write("a@example.com alice\n"))
    command.ok("check", "--login", "alice", "--mail-from", "a@example.com")


def test_a_realm_that_may_not_log_in_is_said(command, write):
    done = command.ok("import", "csv", write("login,a@far.example\nlogin,b@example.com\nlogin,c\n"))
    assert done.out.count("are refused") == 1 and "authpolicy set realms example.com far.example" in done.out


# --- origins ---

def test_exact_makes_the_rows_of_the_origin_those_of_the_file_and_touches_no_others(command, write):
    command.ok("import", "csv", write("".join(f"login,user{n}\ngrant,user{n},user{n}@example.com\n" for n in range(20))),
               "--origin", "ldap")
    command.ok("grant", "user3", "sales@example.com", "user4@example.com")
    command.ok("import", "csv", write("login,other\ngrant,other,o@example.com\n"), "--origin", "other")
    untouched = command.sql("SELECT * FROM send_as WHERE origin IS NOT 'ldap'") + command.sql(
        "SELECT * FROM principal WHERE origin IS NOT 'ldap'")
    text = "".join(f"login,user{n}\n" for n in range(19)) + "".join(
        f"grant,user{n},user{n}@example.com,any,as,,2030-01-01\n" for n in range(19))
    command.ok("import", "csv", write(text), "--origin", "ldap", "--exact")
    assert len(rows(command, "principal", "ldap")) == 19
    assert rows(command, "send_as", "ldap") == [
        (f"user{n}", f"user{n}@example.com", "any", "as", None, "2030-01-01", None) for n in sorted(range(19), key=str)]
    assert untouched == command.sql("SELECT * FROM send_as WHERE origin IS NOT 'ldap'") + command.sql(
        "SELECT * FROM principal WHERE origin IS NOT 'ldap'")


def test_without_exact_nothing_goes(command, write):
    command.ok("import", "csv", write("login,alice\nlogin,bob\n"), "--origin", "ldap")
    command.ok("import", "csv", write("login,alice\n"), "--origin", "ldap")
    assert len(rows(command, "principal", "ldap")) == 2


def test_a_row_by_hand_stays_by_hand(command, write):
    command.ok("grant", "alice", "a@example.com", "--until", "2026-12-31", "--note", "mine")
    done = command.ok("import", "csv", write("login,alice\ngrant,alice,a@example.com\n"), "--origin", "ldap")
    assert "send_as(alice, a@example.com): there with other dates" in done.out
    assert command.sql("SELECT valid_until, origin, note FROM send_as WHERE principal = 'alice'") == [("2026-12-31", None, "mine")]
    assert command.sql("SELECT origin FROM principal WHERE name = 'alice'") == [(None,)]


KEEPERS = {
    "a grant by hand": ["grant", "bob", "x@example.com"],
    "a deny": ["deny", "bob", "x@example.com"],
    "a suspension": ["suspend", "bob"],
    "a group by hand": ["group", "join", "staff", "bob"],
    "a mode": ["login", "mode", "bob", "enforce"],
    "a rule": ["rule", "add", "--principal", "bob", "--verdict", "reject"],
    "a rule for others": ["rule", "add", "--principal", "!bob", "--verdict", "reject"],
    "a domain": ["domain", "add", "example.com", "--owner", "bob"],
    "an identity": ["identity", "add", "--login", "bob", "--network", "192.0.2.1"],
    "a peer": ["peer", "add", "bob", "@example.com"],
}


@pytest.mark.parametrize("name", KEEPERS)
def test_a_login_that_is_gone_but_has_more_is_kept_and_said(command, write, name):
    command.ok("group", "add", "staff")
    command.ok("import", "csv", write("login,alice\nlogin,bob\ngrant,bob,bob@example.com\n"), "--origin", "ldap")
    command.ok(*KEEPERS[name])
    before = {t: r for t, r in everything(command).items() if t != "send_as"}
    done = command.ok("import", "csv", write("login,alice\n"), "--origin", "ldap", "--exact", "--yes")
    assert "principal(bob): not in the file, and kept" in done.out
    assert {t: r for t, r in everything(command).items() if t != "send_as"} == before
    assert grants(command, "ldap") == []


def test_more_than_a_tenth_of_removals_needs_yes(command, write):
    text = "".join(f"login,u{n:02}\n" for n in range(20))
    command.ok("import", "csv", write(text), "--origin", "ldap")
    before = everything(command)
    less = write(text.replace("login,u00\n", "").replace("login,u01\n", "").replace("login,u02\n", ""), "less")
    done = command.run("import", "csv", less, "--origin", "ldap", "--exact")
    assert done.status == 1 and "3 of 20 rows of origin ldap" in done.err and "--yes" in done.err
    assert everything(command) == before
    assert "that takes --yes" in command.ok("import", "csv", less, "--origin", "ldap", "--exact", "--dry-run").out
    tenth = write(text.replace("login,u00\n", "").replace("login,u01\n", ""), "tenth")
    command.ok("import", "csv", tenth, "--origin", "ldap", "--exact")
    assert len(rows(command, "principal", "ldap")) == 18
    command.ok("import", "csv", write(""), "--origin", "ldap", "--exact", "--yes")
    assert rows(command, "principal", "ldap") == []


def test_exact_needs_an_origin(command, write):
    for kind in ("csv", "postfix-login-maps", "postfix-aliases"):
        done = command.run("import", kind, write(""), "--exact")
        assert done.status == 2 and "--origin" in done.err


def test_a_grant_of_a_login_that_would_go_is_bad(command, write):
    command.ok("import", "csv", write("login,alice\nlogin,bob\n"), "--origin", "ldap")
    done = command.run("import", "csv", write("login,alice\ngrant,bob,b@example.com\n"), "--origin", "ldap", "--exact", "--yes")
    assert done.status == 1 and "no login or group bob" in done.err


# --- trying, telling ---

def test_a_dry_run_shows_the_difference_and_changes_nothing(command, write):
    command.ok("import", "csv", write("login,alice\nlogin,bob\ngrant,alice,a@example.com\n"), "--origin", "ldap")
    before = command.path.read_bytes()
    file = write("login,alice,new\ngroup,staff\nmember,staff,alice\ngrant,staff,s@example.com,header,on-behalf,,2030-01-01\n")
    args = ["import", "csv", file, "--origin", "ldap", "--exact", "--dry-run"]
    expected = {"~ login alice (new)", "+ group staff", "+ member staff alice", "- grant alice a@example.com", "- login bob",
                "+ grant staff s@example.com header on behalf until 2030-01-01"}
    shown = command.ok(*args).lines
    assert {line for line in shown if line[:2] in ("+ ", "- ", "~ ")} == expected
    assert "logins removed: 1" in shown and shown[-1] == "dry run: nothing was changed"
    told = command.ok(*args, "--json").json
    assert set(told["difference"]) == expected and told["in_force"] is None
    assert command.path.read_bytes() == before


def test_an_import_is_waited_for_and_told(command, daemon, write):
    started = daemon()
    told = command.ok("import", "csv", write("login,alice\n"), "--json").json
    assert told == {"changes": ["logins added: 1"], "in_force": True}
    assert started.asked > 0
    asked = started.asked
    command.ok("import", "csv", write("login,bob\n"), "--dry-run")
    assert started.asked == asked


def test_few_changes_are_in_the_history_row_by_row_and_many_in_one(command, write):
    command.ok("import", "csv", write("".join(f"login,u{n}\n" for n in range(1000))))
    assert command.sql("SELECT count(*) FROM history WHERE tbl = 'principal'") == [(1000,)]
    command.ok("import", "csv", write("".join(f"login,v{n}\n" for n in range(1001))))
    assert command.sql("SELECT count(*) FROM history WHERE tbl = 'principal'") == [(1000,)]
    (new,), = command.sql("SELECT new FROM history WHERE tbl = 'import'")
    assert "logins added: 1001" in new
    assert command.sql("SELECT * FROM editor") == []


def test_an_imported_policy_loads_and_equals_itself(command, write):
    """Imported twice, nothing is to be done; whatever order the lines are in."""
    lines = CSV.lstrip("\ufeff").replace('"Smith, ""Al""\nof Leeds"\r', "Al").splitlines()[1:]
    random.Random(7).shuffle(lines)
    file = write("\n".join(lines) + "\n")
    command.ok("import", "csv", file)
    assert "\n0 errors, " in command.ok("lint").out
    assert command.ok("import", "csv", file).lines == ["there already: 9"]


PIECES = ["login", "group", "member", "grant", "alice", "bob", "staff", "@example.com", "a@example.com", "{login}", "<>", "*", ",", ",", ",", ",",
          '"', '""', "\n", "\n", "\r\n", "\\", " ", "\t", "#", "header", "on-behalf", "2026-01-01", "ü", "everyone", "!", ":", "@"]


@pytest.mark.parametrize("kind", ["csv", "postfix-login-maps", "postfix-aliases"])
def test_whatever_is_in_a_file_the_policy_stays_one(command, write, kind):
    rng = random.Random(kind)
    for number in range(25):
        text = "".join(rng.choice(PIECES) for _ in range(rng.randint(1, 60)))
        before = everything(command)
        done = command.run("import", kind, write(text), *rng.choice(([], ["--exact", "--origin", "x", "--yes"])))
        assert done.status in (0, 1), (number, text, done)
        assert done.status == 0 or everything(command) == before, (number, text, done)
        assert "\n0 errors, " in "\n" + command.ok("lint").out, (number, text)
