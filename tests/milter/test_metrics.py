"""The metrics page: what is counted, who may ask, and that nobody is named."""

import json
import os
import re
import signal
import socket
import subprocess

import pytest

from lib import metrics, net, place
from lib.daemon import PATIENCE, Daemon
from lib.policy import Policy
from lib.wait import until

CONNECTIONS = 16        # that are served at once

# A login, and what it and others type: none of it may be on the page.
NAMED = ["alice", "bob", "example.com", "example.org", "192.0.2.10", "client.example"]

CONNECT = """\
c = mt.connect("{socket}")
mt.macro(c, SMFIC_CONNECT, "v", "Postfix 3.7.11")
mt.conninfo(c, "client.example", "192.0.2.10")
mt.helo(c, "client.example")
function mail(sender)
    mt.macro(c, SMFIC_MAIL, "{{auth_authen}}", "alice", "{{auth_type}}", "PLAIN", "{{mail_mailer}}", "smtp")
    mt.mailfrom(c, "<" .. sender .. ">")
end
"""

TRAFFIC = """\
mail("alice@example.com")
mt.rcptto(c, "<one@example.org>")
mt.rcptto(c, "<two@example.org>")
mt.rcptto(c, "three")
mt.header(c, "From", "<alice@example.com>")
mt.eom(c)
mail("bob@example.com")
mail("bob@example.com")
mail("alice@example.com")
mt.rcptto(c, "<one@example.org>")
mt.header(c, "From", "<bob@example.com>")
mt.eom(c)
"""

TOO_MUCH = """\
mail("alice@example.com")
mt.rcptto(c, "<one@example.org>")
mt.rcptto(c, "<two@example.org>")
mt.abort(c)
mail("bob@example.com")
mail("bob@example.com")
mail("bob@example.com")
mail("alice@example.com")
"""


@pytest.fixture(scope="module")
def policy(build):
    policy = Policy(place.scratch("policy") / "policy.db").init("example.com")
    policy.login("alice")
    policy.grant("alice", "alice@example.com")
    return policy


@pytest.fixture
def daemon(policy):
    daemon = Daemon(policy, metrics=f"{net.V4}:{net.free_port()}").start()
    yield daemon
    daemon.stop()


def address(daemon):
    host, _, port = daemon.settings["metrics"].rpartition(":")
    return host.strip("[]"), int(port)


def page(daemon):
    status, _, text = metrics.ask(*address(daemon))
    assert status == 200
    return text


def blocked(daemon):
    """The signals that each thread blocks, as a mask, by the thread's name."""
    masks = {}
    for task in os.listdir(f"/proc/{daemon.process.pid}/task"):
        with open(f"/proc/{daemon.process.pid}/task/{task}/status", encoding="ascii") as status:
            fields = dict(line.rstrip("\n").split(":\t", 1) for line in status)
        masks[fields["Name"]] = int(fields["SigBlk"], 16)
    return masks


def play(daemon, traffic=TRAFFIC):
    script = CONNECT.format(socket=daemon.settings["socket"]) + traffic + "mt.disconnect(c)\n"
    done = subprocess.run(["miltertest"], input=script, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr


# --- what is told ---

def test_promtool_finds_nothing_to_complain_of(daemon):
    play(daemon)
    assert metrics.judged("check", "metrics", text=page(daemon)) == ""


def test_each_verdict_is_counted_once(daemon):
    before = metrics.read(page(daemon))
    assert not any(v for k, v in before.items() if k[0].endswith("_total"))
    play(daemon)
    seen = metrics.read(page(daemon))
    assert {k[1:]: v for k, v in seen.items() if k[0] == "authpolicy_verdicts_total" and v} == {
        ("mail", "accept", "none"): 2,
        ("rcpt", "accept", "none"): 3,
        ("rcpt", "reject", "recipient-malformed"): 1,
        ("eom", "accept", "none"): 1,
        ("mail", "reject", "sender-not-granted"): 2,
        ("eom", "reject", "author-not-granted"): 1,
    }
    assert seen["authpolicy_decision_duration_seconds_count",] == 10
    assert 0 < seen["authpolicy_decision_duration_seconds_sum",] < PATIENCE
    buckets = [v for k, v in seen.items() if k[0] == "authpolicy_decision_duration_seconds_bucket"]
    assert buckets == sorted(buckets) and buckets[-1] == 10
    # each that appears was there before, as 0
    assert set(seen) == set(before)


def test_status_has_the_last_hour(daemon):
    def last_hour():
        status = daemon.policy.authpolicy("status", "--json", "--control", daemon.settings["control"], check=False)
        return json.loads(status.stdout)["verdicts_last_hour"]
    assert last_hour() == {"accept": 0, "reject": 0, "tempfail": 0, "hold": 0}
    play(daemon)
    assert last_hour() == {"accept": 1, "reject": 4, "tempfail": 0, "hold": 0}


def test_what_monitor_passes_over_is_counted_apart(build):
    policy = Policy(place.scratch("policy") / "policy.db").init("example.com", mode="monitor")
    daemon = Daemon(policy, metrics=f"{net.V4}:{net.free_port()}").start()
    try:
        play(daemon)
        seen = {k: v for k, v in metrics.read(page(daemon)).items() if v}
        assert {k[1:]: v for k, v in seen.items() if k[0] == "authpolicy_passed_over_total"} == {
            ("mail", "sender-not-granted"): 2,
            ("rcpt", "recipient-malformed"): 1,
            ("eom", "author-not-granted"): 1,
        }
        assert not any("reject" in k for k in seen)
    finally:
        daemon.stop()


def test_nobody_is_named(daemon):
    daemon.policy.sql("INSERT INTO local_domain(name, owner) VALUES('example.org', 'alice')")
    play(daemon)
    assert len(daemon.records()) == 5
    text = page(daemon).lower()
    assert [word for word in NAMED if word in text] == []


def test_the_state_of_the_policy_is_told(daemon):
    def told(name):
        return metrics.read(page(daemon))[f"authpolicy_policy_{name}",]
    status = json.loads(daemon.policy.authpolicy("status", "--json", "--control", daemon.settings["control"]).stdout)
    assert [told(n) for n in ("available", "current", "fallback", "errors", "load_failures_total")] == [1, 1, 0, 0, 0]
    assert [told(n) for n in ("generation", "principals", "grants")] == [status[n] for n in ("generation", "principals", "grants")]
    assert status["started"][:19] == daemon_time(metrics.read(page(daemon))["authpolicy_process_start_time_seconds",])
    daemon.policy.path.rename(daemon.policy.path.with_suffix(".away"))
    try:
        until(lambda: told("current") == 0, PATIENCE)
        assert [told(n) for n in ("available", "errors")] == [1, 1]
    finally:
        daemon.policy.path.with_suffix(".away").rename(daemon.policy.path)
    until(lambda: told("current") == 1, PATIENCE)


def daemon_time(seconds):
    """As `status` writes it."""
    return subprocess.run(["date", "-u", "-d", f"@{int(seconds)}", "+%Y-%m-%dT%H:%M:%S"], capture_output=True, text=True,
                          check=True).stdout.strip()


def test_a_refused_policy_is_counted(build):
    policy = Policy(place.scratch("policy") / "policy.db").init("example.com")
    daemon = Daemon(policy, metrics=f"{net.V4}:{net.free_port()}").start()

    def told(name):
        return metrics.read(page(daemon))[f"authpolicy_policy_{name}",]
    try:
        generation = told("generation")
        policy.sql("PRAGMA writable_schema = ON; PRAGMA ignore_check_constraints = ON;"
                   " UPDATE setting SET value = 'perhaps' WHERE name = 'mode'")
        until(lambda: told("load_failures_total") == 1, PATIENCE)
        assert [told(n) for n in ("available", "current", "generation")] == [1, 0, generation]
        assert told("errors") >= 1
    finally:
        daemon.stop()


def session(daemon):
    """A connection as a mail server makes it, its first question asked."""
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(PATIENCE)
    s.connect(daemon.settings["socket"].removeprefix("unix:"))
    s.sendall(bytes.fromhex("0000000d4f00000006000001ff001fffff"))      # SMFIC_OPTNEG
    return s


def test_open_sessions_are_told(daemon):
    with session(daemon) as s:
        assert s.recv(5)[4:] == b"O"
        assert metrics.read(page(daemon))["authpolicy_sessions",] == 1
    until(lambda: metrics.read(page(daemon))["authpolicy_sessions",] == 0, PATIENCE)


def test_limits_that_trip_are_counted(build):
    policy = Policy(place.scratch("policy") / "policy.db").init("example.com")
    policy.sql("INSERT INTO quota(name, principal, metric, amount, period, on_exceed, suspend_for) VALUES"
               " ('guesses', 'everyone', 'refusals', 2, '1h', 'suspend', '1d'), ('few', 'everyone', 'recipients', 1, '1h', 'tempfail', NULL)")
    daemon = Daemon(policy, metrics=f"{net.V4}:{net.free_port()}").start()
    try:
        assert metrics.read(page(daemon))["authpolicy_policy_limits",] == 2
        play(daemon, TOO_MUCH)
        seen = metrics.read(page(daemon))
        assert {k[1:]: v for k, v in seen.items() if k[0] == "authpolicy_limit_trips_total" and v} == {
            ("recipients", "tempfail"): 1,
            ("refusals", "suspend"): 1,
        }
        assert seen["authpolicy_verdicts_total", "rcpt", "tempfail", "limit-exceeded"] == 1
        assert seen["authpolicy_suspensions",] == seen["authpolicy_accounts",] == seen["authpolicy_state_healthy",] == 1
        assert seen["authpolicy_verdicts_total", "mail", "reject", "login-suspended"] == 1
        text = page(daemon).lower()
        assert [word for word in [*NAMED, "guesses", "few"] if word in text] == [], "nobody is named, nor the limit"
    finally:
        daemon.stop()


def test_lost_records_are_counted(policy):
    daemon = Daemon(policy, metrics=f"{net.V4}:{net.free_port()}", audit_log="/dev/full").start()
    try:
        play(daemon)
        seen = metrics.read(page(daemon))
        # the malformed recipient, the end of the message, two senders, and an author
        assert seen["authpolicy_audit_write_failures_total",] == 5
        assert seen["authpolicy_verdicts_total", "eom", "tempfail", "internal"] == 2
    finally:
        daemon.stop()


def test_sessions_over_the_limit_are_counted(policy):
    daemon = Daemon(policy, metrics=f"{net.V4}:{net.free_port()}", max_sessions=1).start()
    try:
        until(lambda: metrics.read(page(daemon))["authpolicy_sessions",] == 0, PATIENCE)
        with session(daemon) as first:
            assert first.recv(5)[4:] == b"O"
            with session(daemon) as second:
                assert second.recv(5)[4:] == b""        # it is hung up on
            seen = metrics.read(page(daemon))
            assert seen["authpolicy_sessions_refused_total",] == 1
            assert seen["authpolicy_sessions",] == seen["authpolicy_sessions_limit",] == 1
    finally:
        daemon.stop()


# --- who may ask, and how ---

def test_only_get_and_head_of_metrics_are_answered(daemon):
    status, headers, text = metrics.ask(*address(daemon))
    assert status == 200 and headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    status, head, nothing = metrics.ask(*address(daemon), "HEAD")
    assert status == 200 and nothing == ""
    assert int(head["Content-Length"]) == len(text) == int(headers["Content-Length"])
    for path in ("/", "/metrics/", "/metrics/../metrics", "/etc/passwd", "//metrics"):
        assert metrics.ask(*address(daemon), path=path)[0] == 404, path
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get"):
        status, headers, _ = metrics.ask(*address(daemon), method, body=b"x" * 100000 if method == "POST" else None)
        assert status == 405 and headers["Allow"] == "GET, HEAD", method
    assert metrics.ask(*address(daemon), path="/metrics?name=x")[0] == 200


def test_nothing_is_served_unless_asked_for(policy):
    daemon = Daemon(policy).start()
    try:
        assert not any(name.startswith("MHD") for name in blocked(daemon))
    finally:
        daemon.stop()


@pytest.mark.parametrize("host", [net.V6, "localhost", "127.9.9.9"])
def test_every_loopback_address_serves(policy, host):
    shown = f"[{host}]" if ":" in host else host
    daemon = Daemon(policy, metrics=f"{shown}:{net.free_port()}").start()
    try:
        assert "authpolicy_build_info" in page(daemon)
        assert "metrics:" not in daemon.said()
    finally:
        daemon.stop()


def start_fails(daemon):
    done = subprocess.run([place.program("authpolicyd"), "-f", "-c", daemon.config], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=PATIENCE)
    assert done.returncode == 1, done.stderr
    assert "serves at" not in done.stderr
    return done.stderr


@pytest.mark.parametrize("spec", ["0.0.0.0:{}", "[::]:{}", "192.0.2.1:{}"])
def test_the_network_needs_to_be_allowed(policy, spec):
    said = start_fails(Daemon(policy, metrics=spec.format(net.free_port())))
    assert "metrics: " in said and "allow_network" in said


def test_an_allowed_network_is_served_and_warned_of(policy):
    port = net.free_port()
    daemon = Daemon(policy, metrics=f"0.0.0.0:{port}", allow_network=True).start()
    try:
        assert metrics.ask(net.V4, port)[0] == 200
        assert f"whoever can reach 0.0.0.0:{port} over the network" in daemon.said()
    finally:
        daemon.stop()


def test_a_port_in_use_is_a_clear_error_and_nothing_starts(policy):
    with socket.create_server((net.V4, 0)) as other:
        port = other.getsockname()[1]
        daemon = Daemon(policy, metrics=f"{net.V4}:{port}")
        said = start_fails(daemon)
        assert f"port {port} at {net.V4}: in use" in said and f"metrics: {net.V4}:{port} can't be served" in said
        assert not daemon.home.joinpath("milter.sock").exists()


def test_a_restart_finds_its_port_again(daemon):
    for _ in range(3):
        assert "authpolicy_build_info" in page(daemon)      # the connection lingers in TIME_WAIT
        daemon.restart()
    assert "authpolicy_build_info" in page(daemon)


def test_sighup_keeps_the_address(daemon):
    host, port = address(daemon)
    daemon.configure(metrics=f"{net.V4}:{net.free_port()}")
    daemon.signal(signal.SIGHUP)
    until(lambda: "metrics has changed: restart" in daemon.said(), PATIENCE, daemon.said)
    assert metrics.ask(host, port)[0] == 200
    assert not net.listening(*address(daemon))


# --- what a hostile client can do ---

def descriptors(daemon):
    return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))


def test_few_connections_are_served_at_once_and_the_silent_are_dropped(daemon):
    before = descriptors(daemon)        # one or two may be about to be closed
    silent = [socket.create_connection(address(daemon)) for _ in range(CONNECTIONS + 8)]
    try:
        until(lambda: descriptors(daemon) >= before + CONNECTIONS - 2, PATIENCE)
        play(daemon)        # mail has nothing to do with it
        assert descriptors(daemon) <= before + CONNECTIONS + 2
        assert "authpolicy_build_info" in page(daemon)      # when some were dropped
    finally:
        for s in silent:
            s.close()


def test_a_head_without_end_is_cut(daemon):
    with socket.create_connection(address(daemon), timeout=PATIENCE) as s:
        s.sendall(b"GET /metrics HTTP/1.1\r\nX: ")
        try:
            for _ in range(100):
                s.sendall(b"x" * 10000)
            answer = s.recv(100)
        except ConnectionError:
            answer = b""
        assert answer == b"" or re.match(rb"HTTP/1.1 4", answer)
    assert "authpolicy_build_info" in page(daemon)


def test_its_thread_takes_no_signal(daemon):
    mask, = until(lambda: [m for name, m in blocked(daemon).items() if name.startswith("MHD")], what="the thread to have its name")
    never = {signal.SIGKILL, signal.SIGSTOP}
    assert all(mask >> (s - 1) & 1 for s in signal.valid_signals() - never)
