"""How authpolicyd starts, stops and refuses to start; what it decides is tested elsewhere."""

import grp
import json
import os
import pwd
import re
import signal
import socket
import stat
import struct
import subprocess

import pytest

from lib import net, place
from lib.daemon import PATIENCE, Daemon
from lib.policy import Policy
from lib.wait import until

ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not ROOT, reason="only root can become another user")

# SMFIC_OPTNEG of an MTA that offers version 6, all actions and all steps.
NEGOTIATE = struct.pack("!IcIII", 13, b"O", 6, 0x1FF, 0x1FFFFF)


@pytest.fixture(scope="module")
def policy(build):
    return Policy(place.scratch("policy") / "policy.db").init("example.com")


@pytest.fixture
def daemon(policy):
    daemon = Daemon(policy)
    yield daemon
    daemon.stop()


def run(*args, **options):
    """authpolicyd, which is expected to end soon: (status, what it says)."""
    done = subprocess.run([place.program("authpolicyd"), *args], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=PATIENCE, **options)
    return done.returncode, done.stdout + done.stderr


def refused(daemon, *words, **options):
    """It does not start, and says why in these words."""
    status, said = run("-f", "-c", daemon.config, **options)
    assert status == 1, said
    for word in words:
        assert word in said, said
    assert "serves at" not in said, said


def socket_path(daemon):
    return daemon.home / "milter.sock"


def negotiates(family, address):
    """Whether a milter answers there, as an MTA would ask."""
    with socket.socket(family) as s:
        s.settimeout(PATIENCE)
        s.connect(address)
        s.sendall(NEGOTIATE)
        return s.recv(5)[4:] == b"O"


def leave_stale(path):
    """A socket file as a crash leaves it."""
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(path))


# --- the command line ---

def test_an_unknown_option_is_a_usage_error():
    for args in (["-x"], ["-c"], ["extra"]):
        status, said = run(*args)
        assert status == 2 and "usage: authpolicyd" in said


def test_version():
    status, said = run("-V")
    assert status == 0 and re.fullmatch(r"authpolicyd \d+\.\d+\.\d+\n", said)


# --- the configuration ---

@pytest.mark.parametrize("line, words", [
    ('sokcet = "unix:/run/x"', ["no such option 'sokcet'", "the keys are", "socket_mode"]),
    ('socket = "/run/x"', ["socket:", "inet:PORT@HOST"]),
    ('socket_mode = "rw"', ["socket_mode:", "octal"]),
    ('socket_group = "no-such-group"', ["socket_group:", "a group of this host"]),
    ('allow_network = "perhaps"', ["allow_network:", "true or false"]),
    ('control = "control.sock"', ["control:", "an absolute path"]),
    ('user = "no-such-user"', ["user:", "a user of this host"]),
    ('database = "policy.db"', ["database:", "an absolute path"]),
    ('state = "state.db"', ["state:", "an absolute path"]),
    ('audit_log = ""', ["audit_log:", "an absolute path"]),
    ('audit_failure = "ignore"', ["audit_failure:", "tempfail or continue"]),
    ('mta = "exim"', ["mta:", "auto, postfix or sendmail"]),
    ('syslog_facility = "news"', ["syslog_facility:", "local7"]),
    ('pid_file = "authpolicyd.pid"', ["pid_file:", "an absolute path, or empty"]),
    ("max_callbacks = many", ["max_callbacks:", "a number from 1"]),
    ("max_callbacks = 0", ["max_callbacks:", "a number from 1"]),
    ("max_sessions = -1", ["max_sessions:", "a number from 0"]),
    ('authserv_id = "a b"', ["authserv_id:", "a host name"]),
    ('metrics = "9893"', ["metrics:", "ADDRESS:PORT"]),
    ('notice_command = {"mail", "root"}', ["notice_command:", "absolute path"]),
    ('mta = "auto"\nmta = "postfix"', ["mta:", "set in line"]),
    ('mta = {"auto"}', ["unexpected token"]),
    ('mta = "auto', ["premature end of file"]),
    ('audit_log = "${HOME}/audit.log"', ["${", "not filled in"]),
])
def test_a_wrong_line_is_named_and_nothing_starts(policy, line, words):
    daemon = Daemon(policy)
    daemon.settings.pop(line.split(" ")[0], None)
    daemon.configure()
    with open(daemon.config, "a", encoding="ascii") as config:
        config.write(line + "\n")
    lines = len(daemon.settings) + line.count("\n") + 1
    where = [f"{daemon.config}:{lines + ('premature' in words[0])}: "]
    refused(daemon, *where, *words)
    status, said = run("-t", "-c", daemon.config)
    assert status == 1 and words[0] in said
    assert not daemon.home.joinpath("control.sock").exists()


def test_every_fault_is_told_at_once(policy):
    daemon = Daemon(policy, mta="exim", max_callbacks=0, audit_failure="maybe")
    refused(daemon, "mta:", "max_callbacks:", "audit_failure:")


def test_a_missing_configuration_is_named():
    status, said = run("-f", "-c", "/nonexistent/authpolicyd.conf")
    assert status == 1 and "/nonexistent/authpolicyd.conf: can't be read: No such file" in said


def test_folders_that_are_missing_or_closed_to_the_daemon_are_named(policy):
    daemon = Daemon(policy)
    closed = place.scratch("closed")
    closed.chmod(0o500)
    daemon.configure(state="/nowhere/state.db", audit_log=f"{closed}/audit.log")
    status, said = run("-t", "-c", daemon.config)
    assert status == 1
    assert "state: the folder /nowhere: No such file" in said
    assert os.geteuid() != 0 or f"audit_log: the folder {closed}: Permission denied" in said


def test_the_sample_shows_every_key_with_its_default(policy):
    sample = place.TOP / "milter" / "authpolicyd.conf.in"
    keys = re.findall(r"^#(\w+ *= .*)$", sample.read_text(), re.M)
    assert len(keys) == 18
    daemon = Daemon(policy)
    daemon.config.write_text("".join(k + "\n" for k in keys if not k.startswith(("user ", "socket_group", "database", "state", "audit_log")))
                             + f'user = "{place.USER}"\ndatabase = "{policy.path}"\n'
                             + f'state = "{daemon.home}/state.db"\naudit_log = "{daemon.home}/audit.log"\n')
    status, said = run("-t", "-c", daemon.config)
    assert status == 0, said


def test_a_notice_command_that_can_not_be_run_is_warned_of_and_counted_from(policy):
    daemon = Daemon(policy, notice_command=["/nonexistent/notify", "argument"]).start()
    assert "notice_command: /nonexistent/notify: No such file or directory; the daemon's user must" in daemon.said()
    done = policy.authpolicy("status", "--json", "--control", daemon.settings["control"])
    assert json.loads(done.stdout)["notices"] == {"queued": 0, "running": 0, "run": 0, "failed": 0, "dropped": 0}
    daemon.stop()


# --- -t ---

def test_the_check_is_content_with_a_good_policy(policy):
    status, said = run("-t", "-c", Daemon(policy).config)
    assert status == 0 and "are good" in said, said


def test_the_check_names_what_is_wrong_with_the_policy(policy):
    daemon = Daemon(policy)
    broken = daemon.home / "broken.db"
    broken.write_bytes(b"this is not SQLite's format" * 100)
    broken.chmod(0o644)
    daemon.configure(database=broken)
    status, said = run("-t", "-c", daemon.config)
    assert status == 1 and "broken.db" in said, said


@needs_root
def test_the_check_reads_the_policy_as_the_daemon_would(policy):
    daemon = Daemon(policy)
    secret = daemon.home / "secret.db"
    secret.write_bytes(policy.path.read_bytes())
    secret.chmod(0o600)
    daemon.configure(database=secret)
    status, said = run("-t", "-c", daemon.config)
    assert status == 1 and "Permission denied" in said, said


@pytest.mark.parametrize("settings, words", [
    ({"socket": "inet:8893@127.0.0.1"}, "every user of this host can connect"),
    ({"socket_mode": "0666"}, "every user of this host can connect"),
    ({"socket": "inet:8893", "allow_network": True}, "over the network"),
    ({"metrics": "0.0.0.0:9893", "allow_network": True}, "metrics: whoever can reach 0.0.0.0:9893"),
    ({"notice_command": ["/nonexistent/notify"]}, "notice_command: /nonexistent/notify: No such file"),
    ({"notice_command": ["/etc/passwd"]}, "notice_command: /etc/passwd: Permission denied"),
])
def test_what_is_allowed_but_unwise_is_a_warning(policy, settings, words):
    status, said = run("-t", "-c", Daemon(policy, **settings).config)
    assert status == 0 and "warning: " in said and words in said, said


# --- the sockets ---

def test_a_socket_left_by_a_crash_is_replaced(daemon):
    daemon.start()
    daemon.kill()
    assert socket_path(daemon).is_socket()
    daemon.start()
    assert negotiates(socket.AF_UNIX, str(socket_path(daemon)))


@pytest.mark.parametrize("name", ["milter.sock", "control.sock"])
def test_a_socket_in_use_is_refused_and_left_alone(policy, name):
    daemon = Daemon(policy)
    path = daemon.home / name
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()
        refused(daemon, str(path), "in use")
        assert net.listening_unix(path)


def test_a_second_daemon_is_refused_and_the_first_stays(daemon):
    daemon.start()
    refused(daemon, "in use")
    assert daemon.ready()


def test_a_file_that_is_no_socket_is_not_touched(policy):
    daemon = Daemon(policy)
    socket_path(daemon).write_text("precious")
    refused(daemon, "milter.sock: is there already and is no socket")
    assert socket_path(daemon).read_text() == "precious"


def test_a_missing_folder_is_named(policy):
    daemon = Daemon(policy)
    daemon.configure(socket=f"unix:{daemon.home}/missing/milter.sock")
    refused(daemon, f"the folder {daemon.home}/missing does not exist")


@needs_root
def test_the_socket_gets_its_mode_and_group(policy):
    group = grp.getgrgid(max(g.gr_gid for g in grp.getgrall() if g.gr_gid < 60000))
    daemon = Daemon(policy, socket_mode="0620", socket_group=group.gr_name).start()
    try:
        uid = pwd.getpwnam(place.USER).pw_uid
        for name, mode in (("milter.sock", 0o620), ("control.sock", 0o660)):
            st = os.lstat(daemon.home / name)
            assert stat.S_ISSOCK(st.st_mode)
            assert (st.st_mode & 0o777, st.st_uid, st.st_gid) == (mode, uid, group.gr_gid)
    finally:
        daemon.stop()


@pytest.mark.parametrize("spec, family, host", [
    ("inet:{}@127.0.0.1", socket.AF_INET, net.V4),
    ("inet:{}@localhost", socket.AF_INET, net.V4),
    ("inet6:{}@[::1]", socket.AF_INET6, net.V6),
])
def test_a_loopback_socket_serves_and_is_warned_of(policy, spec, family, host):
    port = net.free_port()
    daemon = Daemon(policy, socket=spec.format(port)).start()
    try:
        assert negotiates(family, (host, port))
        assert "every user of this host can connect" in daemon.said()
        refused(daemon, "in use")
    finally:
        daemon.stop()


@pytest.mark.parametrize("spec", ["inet:{}", "inet:{}@0.0.0.0", "inet6:{}@[::]", "inet:{}@192.0.2.1"])
def test_a_network_socket_needs_to_be_allowed(policy, spec):
    daemon = Daemon(policy, socket=spec.format(net.free_port()))
    refused(daemon, f"{daemon.config}:1: ", "can claim any login", "allow_network")


def test_an_allowed_network_socket_serves(policy):
    port = net.free_port()
    daemon = Daemon(policy, socket=f"inet:{port}@0.0.0.0", allow_network=True).start()
    try:
        assert negotiates(socket.AF_INET, (net.V4, port))
    finally:
        daemon.stop()


def test_a_socket_that_was_handed_over_serves_and_is_left(policy):
    daemon = Daemon(policy)
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(socket_path(daemon)))
        s.listen()
        daemon.configure(socket=f"fd:{s.fileno()}")
        process = subprocess.Popen([place.program("authpolicyd"), "-f", "-c", daemon.config], pass_fds=[s.fileno()],
                                   stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        with process:
            assert negotiates(socket.AF_UNIX, str(socket_path(daemon)))
            until(lambda: net.listening_unix(daemon.settings["control"]))
            process.terminate()
            assert process.wait(PATIENCE) == 0
        assert socket_path(daemon).is_socket()


def test_a_descriptor_that_is_no_listener_is_refused(policy):
    refused(Daemon(policy, socket="fd:9"), "fd:9: no listening socket was handed over")


# --- signals ---

def test_sigterm_stops_and_cleans_up(policy):
    daemon = Daemon(policy)
    daemon.configure(pid_file=daemon.home / "pid")
    daemon.start()
    with socket.socket(socket.AF_UNIX) as session:
        session.connect(str(socket_path(daemon)))
        session.sendall(NEGOTIATE)
        assert session.recv(5)[4:] == b"O"
        daemon.stop()
    for name in ("milter.sock", "control.sock", "pid"):
        assert not daemon.home.joinpath(name).exists(), name


def test_sigint_stops_too(daemon):
    daemon.start().signal(signal.SIGINT)
    assert daemon.process.wait(PATIENCE) == 0
    daemon.process = None


def reread(daemon, times=1):
    """SIGHUP, and wait until it was acted on."""
    said = "configuration read again"
    before = daemon.said().count(said)
    for n in range(times):
        daemon.signal(signal.SIGHUP)
        until(lambda: daemon.said().count(said) > before + n, PATIENCE, daemon.said)


def test_sighup_is_survived(daemon):
    daemon.start()
    reread(daemon, times=20)
    assert negotiates(socket.AF_UNIX, str(socket_path(daemon)))


def test_a_storm_of_sighups_is_survived(daemon):
    daemon.start()
    for _ in range(500):
        daemon.signal(signal.SIGHUP)
    reread(daemon)
    assert negotiates(socket.AF_UNIX, str(socket_path(daemon)))


def test_sighup_tells_what_needs_a_restart(daemon):
    daemon.start()
    daemon.configure(mta="postfix", max_callbacks=32)
    reread(daemon)
    assert "mta has changed: restart" in daemon.said()
    assert "max_callbacks has changed: restart" in daemon.said()
    assert "socket has changed" not in daemon.said()


def test_sighup_with_a_wrong_configuration_keeps_what_was(daemon):
    daemon.start()
    daemon.configure(mta="exim")
    daemon.signal(signal.SIGHUP)
    until(lambda: "the configuration in force stays" in daemon.said(), PATIENCE, daemon.said)
    assert f"{daemon.config}:" in daemon.said()
    assert negotiates(socket.AF_UNIX, str(socket_path(daemon)))
    daemon.configure(mta="auto")
    reread(daemon)


def test_sighup_survives_an_unterminated_string(daemon):
    good = daemon.start().config.read_text()
    daemon.config.write_text('mta = "auto')
    daemon.signal(signal.SIGHUP)
    until(lambda: "the configuration in force stays" in daemon.said(), PATIENCE, daemon.said)
    daemon.config.write_text(good)
    reread(daemon)


def test_sighup_reopens_the_audit_log(daemon):
    daemon.start()
    os.rename(daemon.settings["audit_log"], daemon.home / "audit.log.1")
    reread(daemon)
    assert daemon.ready()


def test_signals_ignored_by_the_parent_are_heard(policy):
    daemon = Daemon(policy)
    ignored = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(s, signal.SIG_IGN) for s in ignored]
    try:
        daemon.start()
    finally:
        for s, handler in zip(ignored, before):
            signal.signal(s, handler)
    reread(daemon)
    daemon.stop()


# --- the process ---

def in_background(daemon):
    """Started without -f: the daemon's pid."""
    daemon.configure(pid_file=daemon.home / "pid")
    status, said = run("-c", daemon.config)
    assert status == 0, said
    return int((daemon.home / "pid").read_text())


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    with open(f"/proc/{pid}/stat", encoding="ascii") as s:
        return s.read().rpartition(")")[2].split()[0] == "Z"


def test_in_the_background_it_returns_when_it_serves(policy):
    daemon = Daemon(policy)
    pid = in_background(daemon)
    try:
        assert negotiates(socket.AF_UNIX, str(socket_path(daemon)))
        with open(f"/proc/{pid}/stat", encoding="ascii") as s:
            session = int(s.read().rpartition(")")[2].split()[3])
        assert session not in (pid, os.getsid(0)), "it could get a terminal"
        assert os.readlink(f"/proc/{pid}/cwd") == "/"
        for fd in (0, 1, 2):
            assert os.readlink(f"/proc/{pid}/fd/{fd}") == "/dev/null"
    finally:
        os.kill(pid, signal.SIGTERM)
        until(lambda: gone(pid), PATIENCE, f"the end of {pid}")
    assert not daemon.home.joinpath("pid").exists()


def test_in_the_background_a_failed_start_is_told(policy):
    daemon = Daemon(policy)
    socket_path(daemon).write_text("")
    status, said = run("-c", daemon.config)
    assert status == 1 and "is no socket" in said


def test_the_configuration_may_be_named_relatively(policy):
    daemon = Daemon(policy)
    daemon.configure(pid_file=daemon.home / "pid")
    status, said = run("-c", daemon.config.name, cwd=daemon.home)
    assert status == 0, said
    pid = int((daemon.home / "pid").read_text())
    os.kill(pid, signal.SIGTERM)
    until(lambda: gone(pid), PATIENCE, f"the end of {pid}")


def test_a_pid_file_in_use_is_refused(policy):
    first, second = Daemon(policy), Daemon(policy)
    for daemon in (first, second):
        daemon.configure(pid_file=first.home / "pid")
    first.start()
    try:
        assert int((first.home / "pid").read_text()) == first.process.pid
        refused(second, f"process {first.process.pid} runs with it")
        assert int((first.home / "pid").read_text()) == first.process.pid
        assert not socket_path(second).exists() and not (second.home / "control.sock").exists()
    finally:
        first.stop()


def test_a_pid_file_left_by_a_crash_is_replaced(daemon):
    daemon.configure(pid_file=daemon.home / "pid")
    daemon.start()
    daemon.kill()
    daemon.start()
    assert int((daemon.home / "pid").read_text()) == daemon.process.pid


def test_a_pid_file_is_not_written_through_a_link(policy):
    daemon = Daemon(policy)
    (daemon.home / "precious").write_text("precious")
    (daemon.home / "pid").symlink_to("precious")
    daemon.configure(pid_file=daemon.home / "pid")
    refused(daemon, "pid_file")
    assert (daemon.home / "precious").read_text() == "precious"


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)


@needs_root
def test_the_rights_of_root_are_gone_in_every_thread(daemon):
    daemon.start()
    user = pwd.getpwnam(place.USER)
    for thread in os.listdir(f"/proc/{daemon.process.pid}/task"):
        status = status_of(f"{daemon.process.pid}/task/{thread}")
        assert status["Uid"].split() == [str(user.pw_uid)] * 4
        assert status["Gid"].split() == [str(user.pw_gid)] * 4
        assert {int(g) for g in status["Groups"].split()} == set(os.getgrouplist(user.pw_name, user.pw_gid))
        for capabilities in ("CapPrm", "CapEff", "CapAmb"):
            assert int(status[capabilities], 16) == 0


@needs_root
def test_root_is_nobody_to_run_as(policy):
    refused(Daemon(policy, user="root"), "user:", "not root")


@needs_root
def test_not_started_as_root_it_stays_who_it_is(policy):
    me = pwd.getpwnam(place.USER)
    daemon = Daemon(policy, user="daemon", socket_group="")
    options = {"user": me.pw_uid, "group": me.pw_gid, "extra_groups": []}
    with subprocess.Popen([place.program("authpolicyd"), "-f", "-c", daemon.config], stdin=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, **options) as process:
        until(lambda: net.listening_unix(socket_path(daemon)) and net.listening_unix(daemon.settings["control"]), PATIENCE)
        process.terminate()
        assert process.wait(PATIENCE) == 0
        assert "user: daemon is ignored: only root can become another user" in process.stderr.read()


def test_it_takes_all_descriptors_it_may_have(daemon):
    daemon.start()
    with open(f"/proc/{daemon.process.pid}/limits", encoding="ascii") as limits:
        soft, hard = re.search(r"Max open files +(\d+) +(\d+)", limits.read()).groups()
    assert soft == hard
