"""What people see on a terminal: colours unless they want none, and how far a long run is."""

import json
import os
import re
import time

import pytest

from lib import audit, place, terminal
from lib.audit import record

MIXED = [record(), record(verdict="reject", reason="sender-not-granted"), record(verdict="hold"), record(stage="abort")]


@pytest.fixture
def on_terminal(command):
    """The status and the screen of a run."""
    def run(*args, **env):
        return terminal.shown(place.program("authpolicy"), "--db", command.path, "--control", command.control, *args,
                              env={n: v for n, v in os.environ.items() if n != "NO_COLOR"} | {"TERM": "xterm"} | env)
    return run


def check(sender):
    return "check", "--login", "alice", "--mail-from", sender


def test_a_verdict_has_its_colour_on_a_terminal(command, on_terminal):
    assert on_terminal(*check("alice@example.com"))[1].startswith("verdict   \x1b[32maccept\x1b[m\n")
    status, text = on_terminal(*check("bob@example.com"))
    assert status == 1 and text.startswith("verdict   \x1b[31mreject\x1b[m\n")
    text = on_terminal("log", audit.write(command.folder / "audit.log", MIXED))[1]
    assert re.findall(r"\x1b\[(\d+)m(\w+)\x1b\[m", text) == [("32", "accept"), ("31", "reject"), ("33", "hold"), ("33", "abort")]


def test_colours_move_no_column(command, on_terminal):
    log = audit.write(command.folder / "audit.log", MIXED)
    assert re.sub(r"\x1b\[\d*m", "", on_terminal("log", log)[1]) == command.ok("log", log).out


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_there_is_no_colour_where_none_is_wanted(command, on_terminal, env):
    for args in (check("bob@example.com"), ("log", audit.write(command.folder / "audit.log", MIXED))):
        assert "\x1b" not in on_terminal(*args, **env)[1]
    assert "\x1b" in on_terminal(*check("bob@example.com"), NO_COLOR="")[1]


def test_there_is_no_colour_but_on_a_terminal(command):
    assert command.run(*check("bob@example.com"), env={"TERM": "xterm"}).out.startswith("verdict   reject\n")


@pytest.mark.parametrize("args, phases, content", [
    (("import", "csv", "--dry-run"), ("reading", "writing"), lambda n: "".join(f"login,user{i}\n" for i in range(n))),
    (("report",), ("reading",), lambda n: audit.lines([record()]) * n),
], ids=["import", "report"])
def test_a_long_run_shows_how_far_it_is(command, on_terminal, args, phases, content):
    path, size, passed, drawn = command.folder / "file", 20000, 0, {"": []}
    while not all(drawn.values()) and passed < 5:       # however fast it is here
        size *= 2
        path.write_text(content(size))
        began = time.monotonic()
        status, text = on_terminal(*args, path, "--json")
        passed = time.monotonic() - began
        assert status == 0
        drawn = {phase: re.findall(rf"\r{phase} \[([#.]{{30}})\] (\d+) %(?:, \d+ s left)?\x1b\[K", text) for phase in phases}
    for phase, bars in drawn.items():
        assert bars, f"{phase} is not shown within {passed:.1f} s"
        assert bars == sorted(bars, key=lambda bar: int(bar[1]))
        assert all(int(share) * 30 // 100 <= bar.count("#") <= (int(share) + 1) * 30 // 100 for bar, share in bars)
    # and nothing is left of it beside the answer
    assert json.loads(text.rsplit("\r\x1b[K", 1)[1])
    assert command.ok(*args, path).err == ""
