"""A change counts when the daemon has it in force; `status` says whether the file as it is now is."""

import os
import re
import socket
import subprocess
import threading
import time

import pytest

from fake import Daemon
from lib import place


def grant(command, *more):
    return command.run("grant", "alice", "a@example.com", *more)


def test_without_a_daemon_nothing_is_waited_for(command):
    started = time.monotonic()
    assert grant(command).status == 0
    assert time.monotonic() - started < 2


def test_a_socket_file_of_a_dead_daemon_is_no_daemon(command):
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(command.control))
    assert grant(command).status == 0


def test_a_change_in_force_is_confirmed(command, daemon):
    one = daemon()
    assert grant(command, "--json").json["in_force"] is True
    assert one.asked == 1


def test_the_command_waits_until_the_daemon_has_seen_the_change(command, daemon):
    old = {}

    def slowly(d):
        return d.says(seen=old["stamp"]) if d.asked < 4 else d.says()
    one = daemon(slowly)
    old["stamp"] = one.stamp()
    assert grant(command, "--json").json["in_force"] is True
    assert one.asked == 4


def test_a_daemon_of_another_policy_is_not_waited_for(command, daemon, tmp_path):
    other = tmp_path / "other.db"
    other.write_bytes(command.path.read_bytes())
    one = daemon(lambda d: d.says(database=str(other), seen=d.stamp(other), problem="broken"))
    assert grant(command, "--json").json["in_force"] is None
    assert one.asked == 1


def test_a_row_that_blocks_the_load_is_named(command, daemon):
    daemon(lambda d: d.says(problem="rule(10) cannot be read", errors=["rule(10): no such network: office"]))
    done = grant(command)
    assert done.status == 75
    assert "no such network: office" in done.err and "committed but not in force" in done.err
    assert command.grants("alice") == [("a@example.com",)]
    assert grant(command, "--json").json["in_force"] is False


def test_a_suspension_counts_even_while_a_row_blocks_the_load(command, daemon):
    daemon(lambda d: d.says(problem="rule(10) cannot be read", suspensions_taken=1))
    done = command.run("suspend", "alice")
    assert done.status == 75 and "newly suspends is in force" in done.err


def test_an_old_problem_is_not_ours_while_our_change_was_not_seen(command, daemon):
    old = {}
    one = daemon(lambda d: d.says(seen=old["stamp"], problem="gone by now") if d.asked < 3 else d.says())
    old["stamp"] = one.stamp()
    assert grant(command).status == 0


def test_a_daemon_that_stands_still_is_not_waited_for_for_ever(command, daemon):
    old = {}
    one = daemon(lambda d: d.says(seen=old["stamp"]))
    old["stamp"] = one.stamp()
    started = time.monotonic()
    done = grant(command)
    assert done.status == 75 and "has not looked at it" in done.err
    assert 9 < time.monotonic() - started < 20


def test_why_the_daemon_cannot_look_is_said(command, daemon):
    old = {}
    one = daemon(lambda d: d.says(seen=old["stamp"], problem="policy.db: Permission denied"))
    old["stamp"] = one.stamp()
    done = grant(command)
    assert done.status == 75 and done.err.endswith("has not looked at it: policy.db: Permission denied\n")


@pytest.mark.parametrize("answer", [b"", b"hello\n", b"[]", b'{"pid":'])
def test_what_is_no_daemon_cannot_tell(command, daemon, answer):
    daemon(lambda d: answer)
    done = grant(command)
    assert done.status == 75 and "cannot be told" in done.err and "no authpolicyd" in done.err
    assert command.run("status").status == 75


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_a_socket_one_may_not_ask_cannot_tell(command, daemon):
    daemon()
    command.folder.chmod(0o777)
    command.path.chmod(0o666)
    command.control.chmod(0o600)
    done = _as_nobody(command, "grant", "alice", "a@example.com")
    assert done[0] == 75 and "committed" in done[1] and "Permission denied" in done[1]
    assert command.grants("alice") == [("a@example.com",)]


def _as_nobody(command, *args):
    done = subprocess.run(
        [place.program("authpolicy"), "--db", command.path, "--control", command.control, *args],
        capture_output=True, text=True, user="nobody", extra_groups=[])
    return done.returncode, done.stderr


def test_init_waits_for_a_daemon_that_has_been_without_a_policy(bare):
    one = Daemon(bare, lambda d: d.says() if d.asked > 1 else d.says(
        seen={"dev": 0, "ino": 0, "size": 0, "mtime_ns": 0, "change_counter": 0}, problem="no such file", available=False))
    one.start()
    try:
        assert bare.ok("init", "example.com", "--json").json["in_force"] is True
        assert one.asked == 2
    finally:
        one.stop()


def test_sql_waits_only_for_a_change(command, daemon):
    one = daemon()
    command.ok("sql", "SELECT 1")
    assert one.asked == 0
    command.ok("sql", "UPDATE setting SET value = 'monitor' WHERE name = 'mode'")
    assert one.asked == 1


def test_status_of_a_daemon_with_the_file_in_force(command, daemon):
    daemon(lambda d: d.says(warnings=["send_as(x, y): skipped"], advice=["socket is on inet 127.0.0.1"]))
    done = command.ok("status")
    for says in ("authpolicyd 0.1.0, process 4711", "in force as it is now", "warning: send_as(x, y): skipped",
                 "advice: socket is on inet", "generation 3", "enforce"):
        assert says in done.out
    assert command.ok("status", "--json").json["current"] is True
    assert command.ok("status", "--json").json["pid"] == 4711


@pytest.mark.parametrize("more, says", [
    ({"problem": "mode is loose", "errors": ["setting(mode): loose"]}, "the last good one is: mode is loose"),
    ({"problem": "no such file", "fallback": True}, "the copy kept in the state folder is: no such file"),
    ({"problem": "no such file", "available": False}, "all mail is answered 451: no such file"),
])
def test_status_says_what_is_wrong(command, daemon, more, says):
    daemon(lambda d: d.says(**more))
    done = command.run("status")
    assert done.status == 1 and says in done.out
    assert all("error: " + e in done.out for e in more.get("errors", []))
    assert command.run("status", "--json").json["current"] is False


def test_status_looks_again_while_the_daemon_has_not_looked(command, daemon):
    old = {}
    one = daemon(lambda d: d.says(seen=old["stamp"]) if d.asked < 3 else d.says())
    old["stamp"] = one.stamp() | {"mtime_ns": 1}
    assert command.run("status").status == 0
    assert one.asked == 3


def test_status_cannot_tell_while_the_daemon_never_looks(command, daemon):
    daemon(lambda d: d.says(seen=d.stamp() | {"change_counter": 0}))
    done = command.run("status")
    assert done.status == 75 and "not looked" in done.out


def test_status_without_a_daemon_judges_the_file_itself(command):
    done = command.ok("status")
    assert "none runs" in done.out and "good" in done.out
    said = command.ok("status", "--json").json
    assert {k: said[k] for k in ("pid", "database", "current", "errors", "warnings", "suspended")} == {
        "pid": None, "database": str(command.path), "current": True, "errors": [], "warnings": [], "suspended": []}
    command.path.write_bytes(command.path.read_bytes()[:5000])
    done = command.run("status")
    assert done.status == 1 and "error: " in done.out
    command.path.unlink()
    assert command.run("status").status == 1


def test_status_of_another_policy_than_the_daemon_has(command, daemon, tmp_path):
    other = tmp_path / "other.db"
    other.write_bytes(command.path.read_bytes())
    daemon(lambda d: d.says(database=str(other), seen=d.stamp(other)))
    assert "the one that runs has another" in command.ok("status").out


def test_status_tells_of_notices_that_failed_or_were_too_many(command, daemon):
    figures = {"queued": 0, "running": 0, "run": 9, "failed": 2, "dropped": 5}
    daemon(lambda d: d.says(notices=figures))
    assert re.search(r"^notices +2 failed, 5 not run: look at the log$", command.ok("status").out, re.M)


def test_status_does_not_tell_of_notices_that_went_well(command, daemon):
    daemon(lambda d: d.says(notices={"queued": 1, "running": 1, "run": 9, "failed": 0, "dropped": 0}))
    assert "notices" not in command.ok("status").out


def test_no_terminal_sequence_of_the_daemon_gets_through(command, daemon):
    daemon(lambda d: d.says(warnings=["a\x1b[2Jb"], mode="\u009b"))
    assert "\x1b" not in command.ok("status").out
    assert "\u009b" not in command.ok("status").out


def test_many_writers_at_once_lose_nothing(command):
    threads = [threading.Thread(target=command.run, args=("grant", f"u{i}", f"u{i}@example.com")) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert command.sql("SELECT count(*) FROM send_as WHERE principal LIKE 'u_'") == [(8,)]
