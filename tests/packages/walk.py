"""What becomes of a bare Debian when the package comes and goes: walk.py NAME BASE PACKAGE EMPTY-FOLDER.

Called by test_debian.py in namespaces of its own. The base is overlaid: nothing of it is changed. There is no systemd in it, so the
daemon is started as the unit says, but in the walk whose subject that is: there it boots.
"""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from docs.walk import accepted, loopback_up, mount, refused_as_bob      # noqa: E402 (the path comes first)
from lib import net, tls                                                # noqa: E402
from lib.dovecot import Dovecot                                         # noqa: E402
from lib.guide import block, blocks                                     # noqa: E402
from lib.milter import Milter                                           # noqa: E402
from lib.wait import PATIENCE, until                                    # noqa: E402

POLICY = "/var/lib/authpolicy/policy.db"

# What `authpolicy check` says when it would be refused is no failure.
PRELUDE = """\
set -e
export DEBIAN_FRONTEND=noninteractive
authpolicy() { command authpolicy "$@" || { [ $? = 1 ] && [ "$1" = check ]; }; }
cd /root/source
"""

# What an administrator's Postfix has already: logins, TLS, nobody else's mail.
MAIN = ["smtpd_sasl_type=dovecot", "smtpd_sasl_path=private/auth", "mydestination=example.com", "mynetworks=", "local_recipient_maps=",
        "local_transport=discard:", "default_transport=discard:", "maillog_file=/var/log/postfix.log", "inet_interfaces=loopback-only",
        "smtpd_peername_lookup=no"]


class System:
    """The overlaid Debian and the daemon that runs in it."""

    def __init__(self, base, upper):
        mount("-t", "tmpfs", "tmpfs", upper)
        self.root = pathlib.Path(upper, "root")
        for part in ("root", "upper", "work"):
            os.mkdir(f"{upper}/{part}")
        mount("-t", "overlay", "overlay", "-o", f"lowerdir={base},upperdir={upper}/upper,workdir={upper}/work", self.root)
        mount("--bind", "/proc", self.root / "proc")
        mount("--rbind", "/dev", self.root / "dev")
        mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", self.root / "run")
        (self.root / "run/lock").mkdir()
        (self.root / "root/source").mkdir()
        (self.root / "etc/mailname").write_text("mx.example.com\n")
        (self.root / "etc/dpkg/dpkg.cfg.d/fast").write_text("force-unsafe-io\n")
        (self.root / "etc/apt/apt.conf.d/few").write_text('APT::Install-Recommends "false";\n')
        loopback_up()
        socket.sethostname("mx.example.com")
        with open(self.root / "etc/hosts", "a", encoding="ascii") as hosts:
            hosts.write("127.0.0.1 localhost mx.example.com\n")
        self.enter = ["chroot", self.root]
        self.daemon = None
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.settimeout(PATIENCE)
        self.notify.bind(str(self.path("/run/notify")))
        self.path("/run/notify").chmod(0o777)

    def path(self, name):
        return self.root / name.lstrip("/")

    def do(self, text, status=0):
        """Run a block of commands; what it printed."""
        print(text, flush=True)
        with open(self.root / "tmp/output", "w+", encoding="utf-8", errors="backslashreplace") as output:   # daemons would hold a pipe
            done = subprocess.run([*self.enter, "/bin/sh", "-c", PRELUDE + text], stdin=subprocess.DEVNULL, stdout=output,
                                  stderr=subprocess.STDOUT, check=False)
            output.seek(0)
            said = output.read()
        print("".join(f"    {line}\n" for line in said.splitlines()), flush=True)
        assert done.returncode == status, f"status {done.returncode}"
        return said

    def owner(self, name):
        return self.do(f"stat -c '%U:%G %a' {name}\n").strip()

    # --- what systemd would do ---

    def start(self):
        """Start the daemon as the unit has it, and wait until it says that it is ready."""
        unit = dict(re.findall(r"^(\w+)=(.*)$", self.path("/lib/systemd/system/authpolicyd.service").read_text(), re.M))
        for key, folder, mode in (("Runtime", "/run", "0755"), ("State", "/var/lib", "0750"), ("Logs", "/var/log", "0750")):
            self.do(f"install -d -o {unit['User']} -g {unit['Group']} -m {mode} {folder}/{unit[f'{key}Directory']}\n")
        # --userspec takes the user's groups as well.
        self.daemon = subprocess.Popen(["chroot", f"--userspec={unit['User']}", self.root, *unit["ExecStart"].split()],
                                       stdin=subprocess.DEVNULL, env={"PATH": os.environ["PATH"], "NOTIFY_SOCKET": "/run/notify"})
        said = self.notify.recv(4096).decode()
        assert said.startswith("READY=1\n"), said
        return said

    def stop(self):
        self.daemon.send_signal(signal.SIGTERM)
        assert self.daemon.wait(PATIENCE) == 0
        while not self.notify.recv(4096).startswith(b"STOPPING=1"):
            pass
        shutil.rmtree(self.path("/run/authpolicy"))


def traces(system):
    """All that is named after the package and is not the package manager's."""
    return system.do("find / -xdev -path /proc -prune -o -path /dev -prune -o -name '*authpolicy*' -print | "
                     "grep -v -e ^/var/lib/dpkg -e ^/var/lib/apt -e ^/var/cache -e ^/var/log/apt -e ^/root/ || true\n").split()


def let_log_in(system):
    """What Postfix is before the guide begins: people log in on the submission service."""
    sasl = Dovecot()
    sasl.socket = system.path("/var/spool/postfix/private/auth")
    sasl.start()
    with open(system.path("/etc/postfix/master.cf"), "a", encoding="ascii") as master:
        master.write(block("README", "master.cf"))
    made = tls.certificates()
    for name in (made.cert, made.key):
        shutil.copy(name, system.path("/etc/postfix"))
    MAIN.extend([f"smtpd_tls_cert_file=/etc/postfix/{made.cert.name}", f"smtpd_tls_key_file=/etc/postfix/{made.key.name}"])
    system.do("postconf -e " + " ".join(f"'{line}'" for line in MAIN) + "\npostfix stop 2>/dev/null || true\npostfix start\n")


def whole_life(system):
    first, second = [text for kind, text in blocks("README") if kind == "sh package"]
    [explain, enforce] = [text for kind, text in blocks("README") if kind == "sh" and ("--explain" in text or "mode enforce" in text)]

    # The guide, to the first refusal.
    began = time.monotonic()
    install, policy = first.split("\n", 1)
    system.do(install)
    system.start()
    assert "in force as it is now" in system.do(policy)
    let_log_in(system)
    system.do(second)
    until(lambda: net.listening(net.V4, 587), PATIENCE, "the submission service")
    assert refused_as_bob(587).ok, "mode monitor"
    accepted(587)
    assert "authpolicy grant" in system.do(explain)
    system.do(enforce)
    refused = refused_as_bob(587)
    assert refused.status == "550 5.7.1" and refused.ref, refused
    took = time.monotonic() - began
    print(f"from nothing to the first refusal: {took:.0f} s")
    assert took < 300
    assert system.owner("/var/lib/authpolicy") == "root:authpolicy 750"
    assert system.owner(POLICY) == "root:authpolicy 640"
    assert system.owner("/var/spool/postfix/authpolicy/milter.sock") == "authpolicy:postfix 660"
    check = system.do("postfix check\n")
    assert "authpolicy" not in check, check

    rotate(system)
    upgrade(system)
    purge(system)


def rotate(system):
    """The daemon goes on in a new file; the last one is not compressed while it may still be written to."""
    log = "/var/log/authpolicy/audit.log"
    system.do("apt-get install -y logrotate\n")
    for _ in range(2):
        system.do("logrotate --force /etc/logrotate.d/authpolicy-milter\n")
        until(lambda: accepted(587) or system.path(log).stat().st_size > 0, PATIENCE, "a record in the new audit log")
        assert system.owner(log) == "authpolicy:authpolicy 640"
    assert '"verdict":"accept"' in system.path(f"{log}.1").read_text()
    assert system.do(f"zcat {log}.2.gz\n").count('"verdict":"reject"') == 1


def upgrade(system):
    """A policy of the first version is brought up to date, with a copy beside it; what the administrator wrote stays in force."""
    newer = "1000"
    said = system.do(f"""
        dpkg-deb -R ../authpolicy-milter_*.deb /root/newer
        sed -i 's/^Version: .*/Version: {newer}/' /root/newer/DEBIAN/control
        dpkg-deb -b /root/newer /root/newer.deb
        version=$(sqlite3 {POLICY} 'PRAGMA user_version')
        sqlite3 /root/older.db </usr/share/authpolicy-milter/sql/0001-policy.sql
        sqlite3 -bail /root/older.db "ATTACH '{POLICY}' AS now;
            INSERT OR IGNORE INTO principal(name, kind) SELECT name, kind FROM now.principal;
            INSERT INTO local_domain SELECT * FROM now.local_domain;
            INSERT OR REPLACE INTO setting SELECT * FROM now.setting;
            INSERT INTO send_as(principal, address, note) SELECT principal, address, 'of version 1' FROM now.send_as"
        test "$(sqlite3 /root/older.db 'PRAGMA user_version')" = 1
        cat /root/older.db >{POLICY}
        echo '# mine' >>/etc/authpolicy/authpolicyd.conf
        dpkg -i /root/newer.deb
        test "$(dpkg-query -W -f '${{Version}}' authpolicy-milter)" = {newer}
        test "$(sqlite3 {POLICY} 'PRAGMA user_version')" = $version
        grep -qx '# mine' /etc/authpolicy/authpolicyd.conf
        test "$(sqlite3 {POLICY}.version-1.* 'PRAGMA user_version')" = 1
        cp {POLICY} /root/kept.db
        sqlite3 {POLICY} 'PRAGMA user_version = 99'
        ! dpkg -i /root/newer.deb || exit 1
        test "$(dpkg-query -W -f '${{db:Status-Status}}' authpolicy-milter)" = half-configured
        cat /root/kept.db >{POLICY}
        dpkg --configure -a
        """)
    assert "made by a newer authpolicy" in said
    assert system.owner(POLICY) == "root:authpolicy 640"
    assert system.owner(f"{POLICY}.version-1.*") == "root:authpolicy 640"
    system.stop()
    system.start()
    assert system.do(f"sqlite3 {POLICY} \"SELECT count(*) > 1 FROM send_as WHERE note = 'of version 1'\"\n") == "1\n"
    accepted(587)
    assert refused_as_bob(587).status == "550 5.7.1"


def purge(system):
    """The policy stays unless the administrator says otherwise; what else the package made goes."""
    system.do("dpkg --remove authpolicy-milter\n")      # systemd stops it then
    system.stop()
    assert system.path(POLICY).exists() and system.path("/var/log/authpolicy/audit.log").exists()
    system.do("dpkg --purge authpolicy-milter\n")
    left = [name for name in traces(system) if not name.startswith(POLICY)]
    assert left == ["/var/lib/authpolicy"], left
    assert system.owner(POLICY) == "root:authpolicy 640"

    system.do("dpkg -i ../authpolicy-milter_*.deb\n")
    system.start()
    assert refused_as_bob(587).status == "550 5.7.1", "the policy is in force again"
    system.stop()
    system.do("echo authpolicy-milter authpolicy-milter/remove-policy boolean true | debconf-set-selections\n"
              "dpkg --purge authpolicy-milter\ntest -z \"$(getent passwd authpolicy; getent group authpolicy)\"\n")
    assert traces(system) == []


def before_postfix(system):
    """Postfix comes later: then it gets its folder, and the daemon its group."""
    system.do("""
        mkdir -p /tmp/other/DEBIAN
        cat >/tmp/other/DEBIAN/control <<END
Package: other-mta
Version: 1
Architecture: all
Maintainer: nobody <nobody@example.com>
Provides: mail-transport-agent, sendmail-bin
Conflicts: mail-transport-agent
Description: another mail server
END
        dpkg-deb -b /tmp/other /tmp/other.deb
        apt-get install -y /tmp/other.deb ../authpolicy-milter_*.deb
        """)
    assert not system.path("/var/spool/postfix").exists()
    system.do("apt-get install -y postfix\nid -nG authpolicy | grep -qw postfix\n")
    assert system.owner("/var/spool/postfix/authpolicy") == "authpolicy:postfix 750"
    system.start()
    assert system.path("/var/spool/postfix/authpolicy/milter.sock").is_socket()
    system.stop()


def without_systemd(system):
    """The package starts the daemon all the same, again after an upgrade or a boot, and stops it when it goes."""
    def does(verb, status=0):
        return system.do(f"service authpolicyd {verb}\n", status)

    def serves():
        with Milter(system.path("/var/spool/postfix/authpolicy/milter.sock")) as session:
            return session.negotiate()

    def process():
        return json.loads(system.do("authpolicy status --json\n"))["pid"]

    assert not system.path("/lib/systemd/systemd").exists()
    allow = system.path("/usr/sbin/policy-rc.d")        # without it, and without a first process that it knows, nothing is started
    allow.write_text("#!/bin/sh\n")
    allow.chmod(0o755)
    system.do("apt-get install -y ../authpolicy-milter_*.deb postfix sqlite3\n")
    assert serves() and "is running" in does("status")
    first = process()
    assert [system.owner(f) for f in (f"/proc/{first}", "/run/authpolicy", "/var/spool/postfix/authpolicy/milter.sock")] == [
        "authpolicy:authpolicy 555", "authpolicy:authpolicy 755", "authpolicy:postfix 660"]
    assert list(system.path("/etc/rc2.d").glob("S*authpolicyd")), "started at a boot"
    does("reload")
    assert process() == first
    system.do("dpkg -i ../authpolicy-milter_*.deb\n")
    second = process()
    assert serves() and second != first, "an upgrade starts it again"
    does("stop")
    does("status", 3)
    system.do("rm -r /run/authpolicy\n")        # a boot
    does("start")
    assert serves() and process() != second
    system.do("dpkg --remove authpolicy-milter\n")
    assert not system.path("/var/spool/postfix/authpolicy/milter.sock").exists()
    system.do("dpkg --purge authpolicy-milter\n! ls /etc/init.d /etc/rc?.d | grep authpolicyd\n")


class Booted:
    """systemd itself, in a tree of cgroups of its own, as a container has it."""

    def __init__(self, system):
        self.system = system
        self.cgroups = pathlib.Path(system.root.parent, "cgroups")
        self.cgroups.mkdir()
        mount("-t", "cgroup2", "cgroup2", self.cgroups)
        self.ours = pathlib.Path(tempfile.mkdtemp(prefix="authpolicy-", dir=self.cgroups))

    def __enter__(self):
        root = self.system.root
        mount("-t", "sysfs", "-o", "ro", "sysfs", root / "sys")
        begin = f"""
            echo $$ >{self.ours}/cgroup.procs
            exec unshare --mount --pid --cgroup --ipc --fork --kill-child /bin/sh -ec '
                mount -t proc proc {root}/proc
                mount -t tmpfs tmpfs {root}/sys/fs/cgroup
                mount -t cgroup2 cgroup2 {root}/sys/fs/cgroup
                exec env -i container=walk PATH="$PATH" chroot {root} /lib/systemd/systemd --unit=multi-user.target'"""
        self.process = subprocess.Popen(["/bin/sh", "-ec", begin], stdin=subprocess.DEVNULL)
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        [first] = until(lambda: children.read_text().split(), PATIENCE, "the first process")
        self.system.enter = ["nsenter", f"--target={first}", "--mount", "--pid", *self.system.enter]
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        for folder in [*sorted(self.ours.rglob("*/"), reverse=True), self.ours]:
            until(lambda f=folder: not (f / "cgroup.procs").read_text(), PATIENCE, f"nobody to be in {folder}")
            folder.rmdir()

    def says(self, *words):
        return subprocess.run([*self.system.enter, "systemctl", *words], capture_output=True, text=True, check=False).stdout.strip()

    def shows(self, name):
        return self.says("show", "authpolicyd", "--value", "-p", name)


def under_systemd(system):
    """Ready, reloaded, started again when it dies or hangs, started by who connects; it can't write the policy."""
    system.do("apt-get install -y systemd\n")
    with Booted(system) as booted:
        until(lambda: booted.says("is-system-running") in ("running", "degraded"), PATIENCE, lambda: booted.says("list-jobs"))
        system.do("apt-get install -y ../authpolicy-milter_*.deb postfix\n")
        until(lambda: booted.says("is-active", "authpolicyd") == "active", PATIENCE, lambda: booted.says("status", "authpolicyd"))
        until(lambda: "policy generation 1 is in force" in booted.shows("StatusText"), PATIENCE, "the status")
        assert system.owner("/var/spool/postfix/authpolicy/milter.sock") == "authpolicy:postfix 660"
        assert [system.owner(f) for f in ("/run/authpolicy", "/var/lib/authpolicy", "/var/lib/authpolicy/state", "/var/log/authpolicy")] == [
            "authpolicy:authpolicy 755", "root:authpolicy 750", "authpolicy:authpolicy 750", "authpolicy:authpolicy 750"]
        inside = f"chroot /proc/{booted.shows('MainPID')}/root"
        said = system.do(f"{inside} touch /var/log/authpolicy/x /var/lib/authpolicy/state/x\n{inside} touch {POLICY} /etc/x /usr/x 2>&1 || true\n")
        assert said.count("Read-only file system") == 3, said

        system.do("systemctl reload authpolicyd\n")
        until(lambda: "configuration read again" in system.do("journalctl -u authpolicyd\n"), PATIENCE, "the reload")

        def ends_and_comes_back(name):
            """As another process."""
            before = booted.shows("MainPID")
            system.do(f"kill -{name} {before}\n")
            until(lambda: booted.shows("MainPID") not in ("0", before) and booted.says("is-active", "authpolicyd") == "active", PATIENCE,
                  lambda: booted.says("status", "authpolicyd"))
        ends_and_comes_back("KILL")
        system.do("""mkdir /run/systemd/system/authpolicyd.service.d
            printf '[Service]\\nWatchdogSec=2\\nTimeoutAbortSec=1\\n' >/run/systemd/system/authpolicyd.service.d/soon.conf
            systemctl daemon-reload
            systemctl restart authpolicyd
            """)
        ends_and_comes_back("STOP")

        system.do("""sed -i 's,^socket  *= .*,socket = "fd:3",' /etc/authpolicy/authpolicyd.conf
            cp /usr/share/doc/authpolicy-milter/authpolicyd.socket /etc/systemd/system
            systemctl daemon-reload
            systemctl stop authpolicyd
            systemctl enable --now authpolicyd.socket
            """)
        assert booted.says("is-active", "authpolicyd") == "inactive"
        with Milter(system.path("/var/spool/postfix/authpolicy/milter.sock")) as session:
            assert session.negotiate()
        assert booted.says("is-active", "authpolicyd") == "active"
        system.do("dpkg --remove authpolicy-milter\n")
        assert booted.says("is-active", "authpolicyd") == "inactive"


if __name__ == "__main__":
    os.environ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    name, base, package, upper = sys.argv[1:]
    debian = System(base, upper)
    shutil.copy(package, debian.root / "root")
    {"whole-life": whole_life, "before-postfix": before_postfix, "without-systemd": without_systemd, "under-systemd": under_systemd}[name](debian)
