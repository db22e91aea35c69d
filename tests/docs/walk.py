"""Does what README says, in a copy of the system that nobody else sees: walk.py postfix|sendmail EMPTY-FOLDER.

Called by test_readme.py in namespaces of its own: mounts, network, processes and host name are private, /etc, /usr/local and /var are
overlaid and /run is empty. Each block of commands must end with status 0; `authpolicy check`, `log` and `replay` may say 1.
"""

import fcntl
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from lib import net, place, sendmail, smtp, tls         # noqa: E402 (the path comes first)
from lib.dovecot import PASSWORD, Dovecot               # noqa: E402
from lib.guide import blocks                            # noqa: E402
from lib.postfix import aged                            # noqa: E402
from lib.wait import PATIENCE, until                    # noqa: E402

CANNOT = 77     # there can be no private system here

PRELUDE = """\
set -e
postconf() { command postconf "$@" && touch -d '1 minute ago' /etc/postfix/main.cf; }       # see postfix.aged()
authpolicy() { command authpolicy "$@" || { [ $? = 1 ] && case $1 in check | log | replay) ;; *) false ;; esac; }; }
"""

MAIN = """\
compatibility_level = 3.6
maillog_file = /var/log/postfix.log
myhostname = mx.example.com
mydestination = example.com
mynetworks =
inet_interfaces = loopback-only
alias_maps =
alias_database =
local_recipient_maps =
local_transport = discard:
default_transport = discard:
smtpd_peername_lookup = no
smtpd_tls_security_level = may
smtpd_tls_cert_file = {cert}
smtpd_tls_key_file = {key}
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
"""


# --- the private system ---

def make_private(upper):
    """Whatever is changed from now on is in memory, under `upper`, and goes with this process."""
    try:
        mount("-t", "tmpfs", "tmpfs", upper)
        for folder in ("/etc", "/usr/local", "/var"):
            layer = f"{upper}/{folder.strip('/').replace('/', '-')}"
            for part in ("upper", "work"):
                os.makedirs(f"{layer}/{part}")
            mount("-t", "overlay", "overlay", "-o", f"lowerdir={folder},upperdir={layer}/upper,workdir={layer}/work", folder)
        mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    except subprocess.CalledProcessError as e:
        print(f"no private system here: {e.stderr.decode().strip()}")
        sys.exit(CANNOT)
    loopback_up()
    socket.sethostname("mx.example.com")
    with open("/etc/hosts", "a", encoding="ascii") as hosts:
        hosts.write("127.0.0.1 mx.example.com\n")


def mount(*args):
    subprocess.run(["mount", *args], check=True, capture_output=True)


def loopback_up():
    with socket.socket() as s:
        fcntl.ioctl(s, 0x8914, struct.pack("16sh14x", b"lo", 0x1 | 0x40))       # SIOCSIFFLAGS, UP and RUNNING


def install():
    """What `make install` would: the programs of this build, and a configuration without a key."""
    for name in ("authpolicy", "authpolicyd"):
        shutil.copy(place.program(name), "/usr/local/sbin")
    if subprocess.run(["id", "authpolicy"], capture_output=True, check=False).returncode == 0:
        subprocess.run(["userdel", "authpolicy"], check=True, capture_output=True)
    for folder in ("/etc/authpolicy", "/var/lib/authpolicy", "/var/log/authpolicy"):
        shutil.rmtree(folder, ignore_errors=True)
    os.mkdir("/etc/authpolicy")
    compiled = re.search(r"configuration \((.*)\)", run_quietly("/usr/local/sbin/authpolicyd", "-?").stderr)[1]
    if compiled != "/etc/authpolicy/authpolicyd.conf":
        folder = pathlib.Path(compiled).parent
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.symlink_to("/etc/authpolicy")


def run_quietly(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False)


# --- doing what is written ---

def do(text):
    """Run a block of commands; what it printed."""
    print(text, end="", flush=True)
    with tempfile.TemporaryFile("w+") as output:        # a pipe would be held by the daemon
        done = subprocess.run(["/bin/sh", "-c", PRELUDE + text], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                              check=False)
        output.seek(0)
        said = output.read()
    print("".join(f"    {line}\n" for line in said.splitlines()), flush=True)
    assert done.returncode == 0, f"status {done.returncode}"
    return said


class Readme:
    """README's blocks, taken in their order."""

    def __init__(self, mta):
        self.blocks = [(kind, text) for kind, text in blocks("README")
                       if kind in ("sh", f"sh {mta}", "master.cf" if mta == "postfix" else "sendmail.mc") and "autoreconf" not in text]

    def do(self, word):
        """The next block, which has this word in it."""
        kind, text = self.blocks.pop(0)
        assert word in text, f"{word} was expected in:\n{text}"
        return do(text) if kind.startswith("sh") else text


def refused_as_bob(port):
    """Log in as alice, send as bob: the reply."""
    client = smtp.connect(net.V4, port, "alice", PASSWORD)
    answer = client.message("bob@example.com", "friend@example.org")
    client.quit()
    return answer


def accepted(port, sender="alice@example.com"):
    client = smtp.connect(net.V4, port, "alice", PASSWORD)
    answer = client.message(sender, "friend@example.org")
    client.quit()
    assert answer.ok, answer


def stopped(port):
    """Without the daemon nothing passes unasked, and nothing is refused for good."""
    for pid in run_quietly("pidof", "authpolicyd").stdout.split():      # of this namespace alone
        os.kill(int(pid), signal.SIGTERM)
    until(lambda: not run_quietly("pidof", "authpolicyd").stdout, PATIENCE, "the daemon to stop")
    with smtp.Client(net.V4, port) as client:
        for step in (client.ehlo, client.starttls, client.ehlo, lambda: client.auth("PLAIN", "alice", PASSWORD),
                     lambda: client.message("alice@example.com", "friend@example.org")):
            answer = step()
            if not answer.ok:
                break
    print(f"without the daemon: {answer}")
    assert 400 <= answer.code < 500, answer


def walk_readme_end(readme, port):
    """Monitor first, then enforce."""
    do("setpriv --reuid authpolicy --regid authpolicy --clear-groups sh -ec 'cd /var/lib/authpolicy; test -r policy.db; "
       "! test -w policy.db; ! test -w .; test -e state/last-good-policy.db'\n")
    accepted(port)
    assert refused_as_bob(port).ok, "mode monitor"
    assert "to allow it: authpolicy grant 'alice' 'bob@example.com'" in readme.do("--explain")
    said = readme.do("authpolicy report")
    assert "would sender-not-granted alice" in said and " bob@example.com > friend@example.org" in said
    assert "(--min-count): 1." in said
    assert not readme.blocks
    answer = refused_as_bob(port)
    assert answer.status == "550 5.7.1" and answer.ref, answer
    accepted(port, "sales@example.com")
    assert do(f"authpolicy log --ref {answer.ref}\n").split()[3:6] == ["reject", "sender-not-granted", "alice"]


# --- the mail servers ---

def set_main_cf(*settings):
    """Lines NAME = VALUE for main.cf."""
    if settings:
        subprocess.run(["postconf", "-e", *settings], check=True)
    aged("/etc/postfix/main.cf")


def start_postfix(*settings):
    """Debian's Postfix without listeners for people, and Dovecot, where everybody's password is PASSWORD."""
    made = tls.certificates()
    for name in ("main.cf", "master.cf"):
        pathlib.Path("/etc/postfix", name).unlink(missing_ok=True)
    pathlib.Path("/etc/postfix/main.cf").write_text(MAIN.format(cert=made.cert, key=made.key))
    shutil.copy("/usr/share/postfix/master.cf.dist", "/etc/postfix/master.cf")
    set_main_cf(*settings)
    subprocess.run(["postfix", "set-permissions"], capture_output=True, check=False)
    sasl = Dovecot()
    sasl.socket = pathlib.Path("/var/spool/postfix/private/auth")
    sasl.start()
    subprocess.run(["postfix", "start"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def walk_postfix():
    readme = Readme("postfix")
    readme.do("useradd")
    start_postfix()
    try:
        readme.do("/var/spool/postfix/authpolicy")
        with open("/etc/postfix/master.cf", "a", encoding="ascii") as master:
            master.write(readme.do("submission inet"))
        assert "in force as it is now" in readme.do("smtpd_milters")
        until(lambda: net.listening(net.V4, 587), PATIENCE, "the submission service")
        readme.do("import postfix-main")
        readme.do("anonymous_relay")
        readme.do("non_smtpd_milters")
        walk_readme_end(readme, 587)
        subprocess.run(["sendmail", "-f", "root@example.com", "friend@example.org"], input=b"Subject: test\n\n", check=True)
        until(lambda: '"source":"local"' in pathlib.Path("/var/log/authpolicy/audit.log").read_text(), PATIENCE, "the record of sendmail(1)")
        check = run_quietly("postfix", "check")
        assert check.returncode == 0 and "authpolicy" not in check.stderr, check.stderr
        stopped(587)
    except BaseException:
        print(run_quietly("tail", "-n", "30", "/var/log/postfix.log").stdout)
        raise


def walk_sendmail():
    readme = Readme("sendmail")
    readme.do("useradd")
    readme.do("socket_group")
    sendmail.CF = sendmail.CF.replace("{milter}dnl\n", readme.do("INPUT_MAIL_FILTER"))
    server = sendmail.Sendmail(logins=["alice"]).start()
    with smtp.Client(net.V4, server.port) as client:
        client.ehlo()
        assert not [f for f in client.features if f.startswith("AUTH") and "PLAIN" in f], "AuthOptions p"
    walk_readme_end(readme, server.port)
    stopped(server.port)


def main(walks):
    """Take the walk that is named, in a private system under the folder that is named."""
    os.environ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    make_private(sys.argv[2])
    install()
    walks[sys.argv[1]]()


if __name__ == "__main__":
    main({"postfix": walk_postfix, "sendmail": walk_sendmail})
