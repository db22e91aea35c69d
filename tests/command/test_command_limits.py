"""Limits: what is typed is the row that is written, and what no daemon would load is not."""

import pytest

ROW = "SELECT principal, metric, amount, period, per, counting, on_exceed, suspend_for, mode, note FROM quota WHERE name = ?"

# What is typed behind the name, and the row.
STORED = {
    "an hourly limit": (["everyone", "messages", "100", "1h"],
                        ("everyone", "messages", 100, "1h", "login", "leaky", "tempfail", None, None, None)),
    "a suspension": (["everyone", "new_recipients", "200", "1d", "--suspend", "2d"],
                     ("everyone", "new_recipients", 200, "1d", "login", "leaky", "suspend", "2d", None, None)),
    "none at all": (["Staff", "recipients", "unlimited", "7d"],
                    ("staff", "recipients", None, "7d", "login", "leaky", "tempfail", None, None, None)),
    "nothing": (["alice", "refusals", "0", "15m", "--on-exceed", "reject"],
                ("alice", "refusals", 0, "15m", "login", "leaky", "reject", None, None, None)),
    "a cap": (["staff", "messages", "5000", "1d", "--cap", "--on-exceed", "hold", "--mode", "monitor"],
              ("staff", "messages", 5000, "1d", "group", "leaky", "hold", None, "monitor", None)),
    "of a domain": (["@Bücher.example", "senders", "1000", "366d", "--strict", "--mode", "enforce", "--note", "new"],
                    ("@xn--bcher-kva.example", "senders", 1000, "366d", "login", "strict", "tempfail", None, "enforce", "new")),
    "of each message": (["everyone", "recipients_per_message", "1000000000", "--mode", "inherit"],
                        ("everyone", "recipients_per_message", 1000000000, None, "login", "leaky", "tempfail", None, None, None)),
    "for a login without a row": (["Zoe", "networks", "3", "1d"],
                                  ("zoe", "networks", 3, "1d", "login", "leaky", "tempfail", None, None, None)),
}

# What is refused: the status, and what is said.
REFUSED = {
    "another metric": (["everyone", "bytes", "1", "1h"], 2, 'no metric "bytes": write messages, recipients,'),
    "no metric": (["everyone", "none", "1", "1h"], 2, 'no metric "none"'),
    "a negative amount": (["everyone", "messages", "--", "-1", "1h"], 2, 'AMOUNT is a number or unlimited, not "-1"'),
    "an empty amount": (["everyone", "messages", "", "1h"], 2, "AMOUNT is a number or unlimited"),
    "an amount with a unit": (["everyone", "messages", "1k", "1h"], 2, "AMOUNT is a number or unlimited"),
    "an amount too large": (["everyone", "messages", "1000000001", "1h"], 2, "0 to 1000000000"),
    "an amount that wraps": (["everyone", "messages", "18446744073709551617", "1h"], 2, "0 to 1000000000"),
    "too many senders": (["everyone", "senders", "1001", "1h"], 2, "over 1000"),
    "no period": (["everyone", "messages", "1"], 2, "counted in a PERIOD: write 15m"),
    "a period of a message": (["everyone", "recipients_per_message", "1", "1h"], 2, "takes no PERIOD"),
    "a period without a unit": (["everyone", "messages", "1", "60"], 2, "period is not a number and s, m, h or d"),
    "a period of weeks": (["everyone", "messages", "1", "1w"], 2, "period is not a number and s, m, h or d"),
    "a period too long": (["everyone", "messages", "1", "367d"], 2, "up to 366d"),
    "no time of a suspension": (["everyone", "messages", "1", "1h", "--suspend", "long"], 2, "suspend_for is not a number and"),
    "two actions": (["everyone", "messages", "1", "1h", "--suspend", "1d", "--on-exceed", "hold"], 2, "--suspend or --on-exceed"),
    "a suspension as an action": (["everyone", "messages", "1", "1h", "--on-exceed", "suspend"], 2, "tempfail|reject|hold"),
    "a cap of one": (["alice", "messages", "1", "1h", "--cap"], 2, "per is group and the principal a login"),
    "of strangers": (["anonymous", "messages", "1", "1h"], 2, "limits are for logins: anonymous has none"),
    "of a login that is no name": (["al\x1bice", "messages", "1", "1h"], 2, "is no name"),
}


@pytest.fixture
def people(command):
    command.ok("group", "add", "staff")
    command.ok("login", "add", "alice")
    command.ok("group", "join", "staff", "alice")
    return command


@pytest.mark.parametrize("name", STORED)
def test_a_limit_is_the_row_that_was_meant(people, name):
    typed, row = STORED[name]
    people.ok("limit", "set", name, *typed)
    assert people.sql(ROW, name) == [row]
    people.ok("lint")       # the loader takes it


@pytest.mark.parametrize("name", REFUSED)
def test_a_limit_that_no_daemon_would_load_is_not_written(people, name):
    typed, status, says = REFUSED[name]
    people.ok("limit", "set", "x", "everyone", "messages", "7", "1h")
    before = people.path.read_bytes()
    done = people.run("limit", "set", "x", *typed)
    assert done.status == status and says in done.err and done.out == "", done
    assert people.path.read_bytes() == before


@pytest.mark.parametrize("name", ["", " x", "a\nb", "n" * 256])
def test_the_name_is_one(people, name):
    done = people.run("limit", "set", name, "everyone", "messages", "7", "1h")
    assert done.status == 1 and "quota.name is 1 to 255 bytes" in done.err and people.sql("SELECT * FROM quota") == []


def test_a_limit_is_replaced_as_a_whole(people):
    people.ok("limit", "set", "Hourly", "staff", "messages", "5", "1h", "--cap", "--strict", "--suspend", "1d",
              "--mode", "monitor", "--note", "old")
    done = people.ok("limit", "set", "hourly", "everyone", "recipients", "9", "2h")
    assert done.lines == ["limit hourly: everyone, 9 recipients in 2h, then tempfail"]
    assert people.sql("SELECT count(*) FROM quota") == [(1,)]
    assert people.sql(ROW, "HOURLY") == [("everyone", "recipients", 9, "2h", "login", "leaky", "tempfail", None, None, None)]
    number = people.ok("history", "--json", "--limit", "1").json[0]["id"]
    people.ok("history", "--undo", str(number))
    assert people.sql(ROW, "hourly") == [("staff", "messages", 5, "1h", "group", "strict", "suspend", "1d", "monitor", "old")]


def test_it_says_what_was_set(people):
    assert people.ok("limit", "set", "a", "staff", "messages", "5", "1h", "--cap", "--suspend", "2d").lines == [
        "limit a: staff together, 5 messages in 1h, then suspend for 2d"]
    assert people.ok("limit", "set", "b", "alice", "recipients_per_message", "unlimited").lines == [
        "limit b: alice, unlimited recipients_per_message"]


def test_limits_are_listed(people):
    people.ok("limit", "set", "hourly", "everyone", "messages", "100", "1h")
    people.ok("limit", "set", "office", "staff", "messages", "unlimited", "1h", "--on-exceed", "hold")
    people.ok("limit", "set", "bob", "bob", "messages", "5", "1h", "--suspend", "2d")
    assert [line.split() for line in people.ok("limit", "list").lines] == [
        ["name", "principal", "metric", "amount", "period", "on_exceed", "suspend_for"],
        ["bob", "bob", "messages", "5", "1h", "suspend", "2d"],
        ["hourly", "everyone", "messages", "100", "1h", "tempfail"],
        ["office", "staff", "messages", "unlimited", "1h", "hold"]]
    assert people.ok("limit", "list", "--json").json[2] == {
        "name": "office", "principal": "staff", "metric": "messages", "amount": None, "period": "1h", "per": "login",
        "counting": "leaky", "on_exceed": "hold", "suspend_for": None, "mode": None, "note": None}
    assert [row["name"] for row in people.ok("limit", "list", "ALICE", "--json").json] == ["hourly", "office"]
    assert [row["name"] for row in people.ok("limit", "list", "staff", "--json").json] == ["office"]
    assert people.run("limit", "list", "ghost").status == 1


def test_limits_are_removed_all_or_none(people):
    for name in "abc":
        people.ok("limit", "set", name, "everyone", "messages", "100", "1h")
    done = people.run("limit", "remove", "a", "ghost", "b")
    assert done.status == 1 and "there is no limit ghost" in done.err and done.out == ""
    assert people.ok("limit", "remove", "A", "b").lines == ["limit A removed", "limit b removed"]
    assert people.sql("SELECT name FROM quota") == [("c",)]
