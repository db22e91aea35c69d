"""What is typed wrongly is refused with the mend, and nothing happens."""

import pytest

WRONG = {
    "no subcommand": ([], "no subcommand was given"),
    "an unknown subcommand": (["frob"], 'no subcommand "frob"'),
    "a subcommand without its verb": (["login"], "login what?"),
    "an unknown verb": (["login", "frob"], 'no subcommand "login frob"'),
    "too few words": (["grant", "alice"], "usage: authpolicy grant PRINCIPAL ADDRESS..."),
    "too many words": (["status", "now"], "now: usage: authpolicy status"),
    "an unknown option": (["grant", "alice", "a@example.com", "--frob"], "no option --frob here"),
    "an option before its subcommand": (["--scope", "any", "grant"], "a subcommand's options follow it"),
    "an option without its value": (["grant", "alice", "a@example.com", "--note"], "--note needs a value: TEXT"),
    "a value for a switch": (["login", "list", "--json=yes"], "--json takes no value"),
    "a value out of the choice": (["grant", "alice", "a@example.com", "--scope", "body"],
                                  '--scope takes any|envelope|header, not "body"'),
    "part of a value of the choice": (["grant", "alice", "a@example.com", "--scope", "head"], "not \"head\""),
    "an option given twice": (["suspend", "alice", "--for", "1d", "--for", "2d"], "--for was given twice"),
    "an option with one dash": (["-j", "status"], "options have two dashes"),
    "an address without a domain": (["grant", "alice", "bob"], '"bob" is no address form'),
    "an address with a route": (["grant", "alice", "a%b@example.com"], "is no address form"),
    "a template in a deny": (["deny", "alice", "{login}"], "is no address form"),
    "a second address that is wrong": (["grant", "alice", "a@example.com", "b@"], '"b@" is no address form'),
    "a date that is none": (["grant", "alice", "a@example.com", "--until", "2026-02-30"], "--until: \"2026-02-30\" is no date"),
    "an end before the begin": (["grant", "alice", "a@example.com", "--from", "2026-02-02", "--until", "2026-02-01"],
                                "is before --from"),
    "on behalf in the envelope": (["grant", "alice", "a@example.com", "--on-behalf", "--scope", "any"],
                                  "--on-behalf is for the header"),
    "a length without a unit": (["suspend", "alice", "--for", "2"], "--for takes a number and"),
    "a length with more behind": (["suspend", "alice", "--for", "2days"], "--for takes a number and"),
    "a domain that is none": (["domain", "add", "exa_mple..com"], "is no domain"),
    "a login with a control character": (["login", "add", "al\x1bice"], "is no name"),
    "an empty login": (["login", "add", ""], "is no name"),
    "an unknown mode": (["login", "mode", "alice", "loose"], "enforce, monitor or inherit"),
    "an unknown setting": (["set", "frob", "1"], "there is no setting frob"),
    "a realm that is no domain": (["set", "realms", "example.com", "a..b"], '"a..b" is no domain'),
    "a history of no number": (["history", "--limit", "ten"], "--limit takes a number"),
    "a history since no date": (["history", "--since", "yesterday"], '--since: "yesterday" is no date'),
    "an undo of no number": (["history", "--undo", "-1"], "--undo takes a number"),
    "an editor without a name": (["grant", "alice", "a@example.com", "--editor", ""], "--editor needs a name"),
    "a check without a sender": (["check", "--login", "alice"], "check needs --mail-from"),
    "a check from no address": (["check", "--mail-from", "a@b.c", "--client", "300.1.1.1"], "--client takes an IP address"),
    "a check at no time": (["check", "--mail-from", "a@b.c", "--time", "noon"], "--time takes a time"),
    "a check with odd bits": (["check", "--mail-from", "a@b.c", "--cipher-bits", "many"], "--cipher-bits takes a number"),
    "a batch with facts": (["check", "--batch", "--login", "alice"], "leave other options out"),
}


@pytest.mark.parametrize("name", WRONG)
def test_refused_as_a_mistake_of_typing(command, name):
    args, says = WRONG[name]
    before = command.path.read_bytes()
    done = command.run(*args)
    assert done.status == 2, done
    assert says in done.err
    assert done.out == ""
    assert command.path.read_bytes() == before


GUESSES = {
    "a letter too few": (["grnt"], "did you mean grant? see authpolicy --help"),
    "two letters swapped": (["histroy"], "did you mean history? "),
    "a letter too many": (["group", "joinn"], "did you mean join? see authpolicy group --help"),
    "an option of the subcommand": (["grant", "alice", "a@example.com", "--unitl", "2026-12-31"], "did you mean --until? "),
    "an option of all": (["grant", "alice", "a@example.com", "--jsn"], "did you mean --json? "),
    "an option before the subcommand": (["--jsom", "status"], "did you mean --json? "),
    "a setting": (["set", "recipient-delimiter"], "did you mean recipient_delimiter? authpolicy set lists all"),
    "a reason": (["log", "--reason", "sender-not-grantd"], "did you mean sender-not-granted? "),
}


@pytest.mark.parametrize("name", GUESSES)
def test_what_was_meant_is_said(command, name):
    args, says = GUESSES[name]
    done = command.run(*args)
    assert done.status == 2
    assert says in done.err


@pytest.mark.parametrize("args", [["user"], ["g"], ["login", "delete"], ["grant", "--scopes-of-what"], ["x" * 5000], ["set", ""],
                                  ["--"], ["--", "--json"]])
def test_what_is_like_nothing_is_not_guessed(command, args):
    done = command.run(*args)
    assert done.status == 2
    assert "did you mean" not in done.err


def test_a_control_character_never_reaches_the_terminal(command):
    done = command.run("login", "add", "al\x1b[2Jice")
    assert "\x1b" not in done.err and "\\x1B[2J" in done.err
    command.ok("login", "add", "bob", "--note", "a\u202eb\x07\u0085")
    shown = command.ok("login", "list").out
    assert "a\\u{202E}b\\x07\\u{85}" in shown


def test_options_may_stand_before_and_after_the_subcommand(command):
    assert command.ok("--json", "login", "list").json == []
    assert command.ok("login", "--json", "list").json == []
    assert command.ok("login", "list", "--json").json == []
    command.ok("grant", "alice", "--note=x y", "a@example.com")
    assert command.sql("SELECT note FROM send_as WHERE principal = 'alice'") == [("x y",)]


def test_two_dashes_end_the_options(command):
    command.ok("login", "add", "--", "--json")
    assert command.sql("SELECT name FROM principal WHERE kind = 'login'") == [("--json",)]


def test_help_names_every_subcommand_and_one_topic_alone(command):
    whole = command.ok("--help").out
    assert " \n" not in whole
    for name in ("init", "migrate", "status", "lint", "login rename", "group join", "grant", "revoke", "deny", "undeny",
                 "domain add", "set", "suspend", "resume", "history", "sql", "check"):
        assert any(line == name or line.startswith(f"{name} ") for line in whole.splitlines()), name
    topic = command.ok("group", "--help").out
    assert "group leave" in topic and "grant" not in topic.replace("grants", "")


def test_version(command):
    assert command.ok("--version").out.startswith("authpolicy ")
