"""`status` beside the state of the policy: how much there is, how old it is, and what to do next."""

import datetime

import pytest

UTC = datetime.timezone.utc


def ago(**how_long):
    return (datetime.datetime.now(UTC) - datetime.timedelta(**how_long)).strftime("%Y-%m-%dT%H:%M:%SZ")


def field(done, name):
    """The lines of a field."""
    return [line[10:] for line in done.lines if line[:10] == f"{name:10}"]


def steps(done):
    """The commands of the next steps, without what they are for."""
    return [line[6:].split("   #")[0] for line in done.lines if line.startswith("next: ")]


def test_it_counts_what_is_in_the_file(command):
    command.ok("grant", "alice", "a@example.com", "b@example.com")
    command.ok("login", "add", "bob")
    command.ok("group", "add", "staff")
    command.ok("deny", "@example.com", "c@example.com")
    command.ok("rule", "add", "--verdict", "accept")
    command.ok("suspend", "@example.com")
    done = command.ok("status")
    assert field(done, "rows") == ["logins 2, groups 1, grants 4, denies 1, domains 1, rules 1, limits 0"]
    assert command.ok("status", "--json").json["rows"] == {
        "logins": 2, "groups": 1, "grants": 4, "denies": 1, "domains": 1, "rules": 1, "limits": 0}


def test_it_names_who_is_suspended_by_hand(command):
    command.ok("suspend", "alice", "--reason", "stolen \u202e password")
    command.ok("suspend", "bob", "--for", "2d")
    command.ok("suspend", "carol")
    command.sql("UPDATE principal SET suspended_until = '2020-01-01' WHERE name = 'carol'")
    until, = command.sql("SELECT suspended_until FROM principal WHERE name = 'bob'")[0]
    assert field(command.ok("status"), "suspended") == ["alice: stolen \\u{202E} password", f"bob until {until}"]
    assert command.ok("status", "--json").json["suspended"] == ["alice: stolen \u202e password", f"bob until {until}"]


@pytest.mark.parametrize("age, says", [
    ({"seconds": 30}, "s ago"), ({"minutes": 30}, "(30 min ago)"), ({"hours": 5}, "(5 h ago)"), ({"days": 3}, "(3 days ago)")])
def test_ages_are_said_in_words(command, daemon, age, says):
    daemon(lambda d: d.says(started=ago(**age), loaded=ago(**age), audit_last=ago(**age), audit_log="/var/log/a.log"))
    done = command.ok("status")
    for name in ("daemon", "copy", "audit"):
        assert says in field(done, name)[0], name
    assert "/var/log/a.log" in field(done, "audit")[0]


def test_verdicts_and_limits_are_shown_where_the_daemon_tells_them(command, daemon):
    state = {"path": "/s.db", "healthy": True, "problem": "", "failures": 0, "accounts": 1, "suspended": 1}
    stopped = [{"principal": "eve", "limit": "an hour", "since": "2026-11-24T09:00:00Z", "until": "2026-11-26T09:00:00Z"}]
    hour = {"accept": 12, "reject": 3, "tempfail": 0, "hold": 1}
    one = daemon(lambda d: d.says(verdicts_last_hour=hour, limits_tripped_last_hour=2, state=state, suspensions=stopped,
                                passed_over=7))
    done = command.ok("status")
    assert field(done, "verdicts") == ["12 accept, 3 reject, 0 tempfail, 1 hold in the last hour"]
    assert field(done, "limits") == ["2 tripped in the last hour, 1 login suspended by them"]
    assert field(done, "suspended") == ["eve until 2026-11-26T09:00:00Z, by the limit an hour"]
    assert field(done, "mode") == ["enforce, 7 refusals passed over"]
    assert "authpolicy resume LOGIN" in steps(done) and "authpolicy learn" in steps(done)
    one.answer = lambda d: d.says()
    done = command.ok("status")
    assert field(done, "verdicts") == field(done, "limits") == [] and field(done, "mode") == ["enforce"]


@pytest.mark.parametrize("n, grants, passed, records", [
    (1, "1 principal, 1 grant", "1 refusal", "1 record"), (2, "2 principals, 2 grants", "2 refusals", "2 records")])
def test_of_one_there_is_no_plural(command, daemon, n, grants, passed, records):
    daemon(lambda d: d.says(principals=n, grants=n, passed_over=n, audit_failures=n))
    done = command.ok("status")
    assert field(done, "copy")[0].endswith(f": {grants}")
    assert field(done, "mode") == [f"enforce, {passed} passed over"]
    assert field(done, "audit")[0].startswith(f"{records} could not be written")


def test_who_is_suspended_by_a_limit_is_shown(command, daemon):
    command.ok("suspend", "bob")
    by_limit = {"principal": "mallory\x1b[2J", "limit": "daily", "since": "2026-11-24T12:00:00Z", "until": "2026-11-26T12:00:00Z"}
    daemon(lambda d: d.says(state={"healthy": True, "suspended": 1, "suspensions": [by_limit]}))
    done = command.ok("status")
    assert field(done, "suspended") == ["bob", "mallory\\x1B[2J until 2026-11-26T12:00:00Z: limit daily"]
    assert field(done, "counts") == []


def test_counts_that_cannot_be_kept_are_said(command, daemon):
    daemon(lambda d: d.says(state={"path": "/var/lib/state.db", "healthy": False, "problem": "disk full", "suspended": 0, "suspensions": []}))
    assert field(command.ok("status"), "counts") == ["disk full: what limits count is in memory only, not in /var/lib/state.db"]


def test_records_that_were_lost_are_said(command, daemon):
    daemon(lambda d: d.says(audit_failures=4, audit_log="/var/log/a.log", audit_last=None))
    done = command.ok("status")
    assert field(done, "audit")[0].startswith("no record since the start")
    assert field(done, "audit")[1].startswith("4 records could not be written")
    assert "df -h /var/log/a.log" in steps(done)


def test_a_file_that_cannot_be_loaded_has_its_mend(command, daemon):
    command.ok("rule", "add", "--verdict", "accept", "--editor", "bob")
    number = command.ok("history", "--json", "--limit", "1").json[0]["id"]
    one = daemon(lambda d: d.says(problem="rule(10) cannot be read", errors=["rule(10): no such network: office"]))
    done = command.run("status")
    assert done.status == 1 and "error: rule(10): no such network: office" in done.out
    assert steps(done)[:2] == ["authpolicy lint", f"authpolicy history --undo {number}"]
    assert "rule insert by bob" in done.out
    one.answer = lambda d: d.says()
    assert steps(command.ok("status")) == []


def test_a_file_that_the_daemon_cannot_read_has_another_mend(command, daemon):
    daemon(lambda d: d.says(problem=f"{command.path}: Permission denied"))
    done = command.run("status")
    assert done.status == 1 and steps(done) == [f"chgrp authpolicy {command.path} && chmod 640 {command.path}"]


def test_a_daemon_of_before_the_upgrade_is_to_be_started_again(command, daemon):
    daemon(lambda d: d.says(problem="the policy has schema 2, made by a newer version, and this program knows 1; upgrade the program"))
    done = command.run("status")
    assert done.status == 1 and steps(done) == ["systemctl restart authpolicyd"]


def test_monitor_that_finds_nothing_may_become_enforce(command, daemon):
    quiet = {"mode": "monitor", "passed_over": 0, "audit_last": ago(seconds=5)}
    one = daemon(lambda d: d.says(started=ago(days=2), **quiet))
    assert "authpolicy set mode enforce" in steps(command.ok("status"))
    for other in ({"started": ago(hours=20)}, {"mode": "enforce"}, {"passed_over": 1}, {"audit_last": None}):
        one.answer = lambda d, other=other: d.says(**({"started": ago(days=2)} | quiet | other))
        assert "authpolicy set mode enforce" not in steps(command.ok("status")), other


def test_what_a_policy_lacks_is_named(bare):
    done = bare.run("status")
    assert done.status == 1 and steps(done)[:2] == ["authpolicy init DOMAIN...", "systemctl start authpolicyd"]
    bare.ok("init")
    assert "authpolicy domain add DOMAIN..." in steps(bare.ok("status"))
    bare.sql("DELETE FROM send_as")
    assert "authpolicy grant everyone {login}" in steps(bare.ok("status"))
    bare.ok("domain", "add", "example.com")
    bare.ok("grant", "alice", "a@example.com", "--until", ago(days=-3)[:10])
    bare.ok("grant", "alice", "b@example.com", "--until", ago(days=-20)[:10])
    done = bare.ok("status")
    assert steps(done) == ["systemctl start authpolicyd", 'authpolicy sql "SELECT * FROM expiring"']
    assert "1 grant ends within a week" in done.out
