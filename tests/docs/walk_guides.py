"""Does what docs/postfix.md, docs/sendmail.md and the guides beside them say on the mail server itself: walk_guides.py postfix|sendmail EMPTY-FOLDER.

Called by test_readme.py, in a private system as walk.py's. Nothing in a block is changed: paths, ports and addresses are the guide's.
"""

import contextlib
import fcntl
import json
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import sys
import threading

import walk
from walk import PATIENCE, do, net, smtp, tls, until
from lib import sendmail
from lib.dovecot import PASSWORD
from lib.guide import blocks
from lib.site import QUEUE_ID

AUDIT = pathlib.Path("/var/log/authpolicy/audit.log")
MAILLOG = pathlib.Path("/var/log/postfix.log")
ALICE, BOB, FRIEND = "alice@example.com", "bob@example.com", "friend@example.org"


class Guide:
    """The blocks of a guide, taken in their order: each by what its fence says, and by a word in it."""

    def __init__(self, name):
        # Those of other milters are for tests/mta/test_mta_milters.py.
        self.blocks = [b for b in blocks(name) if "opendkim" not in b[0] and "rspamd" not in b[0]]

    def take(self, kind, word):
        found, text = self.blocks.pop(0)
        assert found == kind and word in text, f"a block {kind} with {word} was expected, and not {found}:\n{text}"
        print(f"--- {kind}\n{text}", end="", flush=True)
        return text

    def do(self, word):
        return do(self.take("sh", word))

    def main_cf(self, word):
        walk.set_main_cf(*(" ".join(line.split()) for line in logical_lines(self.take("main.cf", word))))

    def master_cf(self, word):
        """Services of the same name and type are replaced."""
        text = self.take("master.cf", word)
        new = [line.split()[:2] for line in logical_lines(text)]
        path = pathlib.Path("/etc/postfix/master.cf")
        old = [line for line in logical_lines(path.read_text()) if line.split()[:2] not in new]
        path.write_text("\n".join(old) + "\n" + text)


def logical_lines(text):
    """The lines of main.cf or master.cf, each with those that continue it; no comments."""
    return re.split(r"\n(?=\S)", "\n".join(line for line in text.splitlines() if line.strip() and not line.startswith("#")))


def reload(*settings):
    """Have Postfix read its configuration again, with these settings of ours beside the guide's."""
    walk.set_main_cf(*settings)
    old = set(running("smtpd", "cleanup"))
    done = walk.run_quietly("postfix", "reload")
    assert done.returncode == 0, done.stderr
    until(lambda: old.isdisjoint(running("smtpd", "cleanup")), PATIENCE, "those with the old configuration to end")


def running(*names):
    return walk.run_quietly("pidof", *names).stdout.split()


# --- evidence ---

def records():
    return [json.loads(line) for line in AUDIT.read_text().splitlines()]


def record(**fields):
    """The one record with these values, once it is there."""
    def found():
        return [r for r in records() if all(r.get(k) == v for k, v in fields.items())]
    until(found, PATIENCE, lambda: f"a record with {fields}; the last is {records()[-1]}")
    assert len(found()) == 1, found()
    return found()[0]


def logged(pattern, log=MAILLOG):
    return until(lambda: re.search(pattern, log.read_text()), PATIENCE, lambda: f"{pattern!r} in the log of Postfix:\n{log.read_text()[-2000:]}")


def queue_id(answer):
    assert answer.ok, answer
    found = QUEUE_ID.search(answer.raw)
    return found[1] or found[2]


def sent(port, sender=ALICE, host=net.V4, login="alice", **options):
    """A message of a login, as a client sends it: the reply."""
    client = smtp.connect(host, port, login, PASSWORD, **options)
    answer = client.message(sender, FRIEND)
    client.quit()
    return answer


def binds(port, **options):
    """On this port alice is herself and nobody else; the record of her message."""
    answer = sent(port, BOB, **options)
    assert answer.status == "550 5.7.1" and answer.ref, answer
    assert record(ref=answer.ref)["reason"] == "sender-not-granted"
    return record(queue_id=queue_id(sent(port, **options)))


# --- docs/postfix.md ---

def submission(guide):
    guide.master_cf("submissions inet")
    guide.main_cf("milter_default_action = tempfail")
    reload()
    do("authpolicy set mode enforce\n")
    for port, options in ((587, {}), (465, {"wrapped": True})):
        until(lambda p=port: net.listening(net.V4, p), PATIENCE, f"port {port}")
        seen = binds(port, **options)
        assert (seen["listener"], seen["login"], seen["source"]) == (f"submission{'s' * (port == 465)}:{port}", "alice", "sasl")
    guide.do("test -w")


def silence(guide):
    guide.main_cf("default_action=tempfail")
    reload()
    binds(587)
    walk.stopped(587)
    do("authpolicyd\n")
    binds(587)


@contextlib.contextmanager
def forwarding(port, to):
    """A content filter that changes nothing: what connects to the port is passed on to another, both ways."""
    def copy(a, b):
        with contextlib.suppress(OSError):
            while data := a.recv(65536):
                b.sendall(data)
            b.shutdown(socket.SHUT_WR)

    def serve():
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection((net.V4, to))
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=copy, args=pair, daemon=True).start()

    with socket.create_server((net.V4, port)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield
        listener.shutdown(socket.SHUT_RDWR)


def content_filter(guide):
    guide.master_cf("smtpd_milters=\n")
    guide.main_cf("content_filter")
    reload("non_smtpd_milters = $smtpd_milters")    # which are not asked either
    before = len(records())
    with forwarding(10024, 10025):
        first = queue_id(sent(587))
        again = logged(rf"{first}: .*relay=127\.0\.0\.1\[127\.0\.0\.1\]:10024.*status=sent.*queued as (\w+)")[1]
        logged(rf"postfix/reinject/smtpd\[\d+\]: {again}: ")
        logged(rf"{again}: .*status=sent")
    assert [r["queue_id"] for r in records()[before:]] == [first], "judged once"
    walk.set_main_cf("content_filter =", "non_smtpd_milters =")


def add_address(number, address):
    """Give the loopback interface of this namespace another address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, 0x8916, struct.pack("16sHH4s8x", b"lo:%d" % number, socket.AF_INET, 0, socket.inet_aton(address)))   # SIOCSIFADDR


def haproxy(guide):
    config = pathlib.Path("/etc/haproxy-guide.cfg")
    config.write_text(guide.take("haproxy.cfg", "send-proxy-v2"))
    guide.master_cf("smtpd_upstream_proxy_protocol")
    reload()
    until(lambda: net.listening("192.0.2.25", 10587), PATIENCE, "port 10587")
    proxy = subprocess.Popen(["haproxy", "-f", config])
    try:
        until(lambda: net.listening("192.0.2.1", 587), PATIENCE, "HAProxy")
        seen = binds(587, host="192.0.2.1", source="192.0.2.77")
        assert (seen["client"], seen["listener"], seen["login"]) == ("192.0.2.77", "submission:587", "alice")
    finally:
        proxy.terminate()
        proxy.wait()


def list_server(guide):
    guide.do("rule add")
    with smtp.Client(net.V4, 25) as client:
        client.ehlo()
        answer = client.message("list-bounces@example.com", FRIEND, author="member@example.net")
        assert record(queue_id=queue_id(answer))["row"] is None
        assert client.message("member@example.net", FRIEND).status == "550 5.7.1"


def local(sender, user="root"):
    """Mail from the command line."""
    return subprocess.run(["runuser", "-u", user, "--", "/usr/sbin/sendmail", "-f", sender, FRIEND],
                          input=f"From: {sender}\nSubject: test\n\n", text=True, capture_output=True, check=False)


def local_mail(guide):
    assert local("root@example.com").returncode == 0
    logged(r"from=<root@example.com>")
    assert not [r for r in records() if r["sender"] == "root@example.com"], "without non_smtpd_milters nobody asks"

    guide.main_cf("non_smtpd_milters")
    reload()
    local("bob@example.com")
    assert record(sender=BOB, source="local")["verdict"] == "accept"

    guide.do("identity add")
    local("bob@example.com")
    refused = record(sender=BOB, source="local", verdict="reject")
    assert (refused["login"], refused["reason"]) == ("local-mail", "sender-not-granted")
    logged(rf"{refused['queue_id']}: .*status=bounced")
    local("root@example.com")
    assert record(sender="root@example.com", source="local", verdict="accept")["login"] == "local-mail"

    guide.main_cf("authorized_submit_users")
    assert local("root@example.com", user="nobody").returncode != 0


def instances(guide):
    guide.do("postmulti")
    until(lambda: net.listening("192.0.2.26", 25), PATIENCE, "the second instance")
    with smtp.Client("192.0.2.26", 25, source="192.0.2.26") as client:     # from mynetworks: Postfix would relay
        client.ehlo()
        answer = client.message("stranger@example.net", FRIEND)
        assert answer.ref, answer
        assert record(ref=answer.ref)["listener"] == "out:25"
    binds(587)


def smuggled():
    """How many transactions Postfix makes of a message with another one behind a bare newline."""
    before = len(records())
    client = smtp.connect(net.V4, 587, "alice", PASSWORD)
    client.mail(f"<{ALICE}>")
    client.rcpt(f"<{FRIEND}>")
    client.command("DATA")
    client.send(smtp.text(ALICE) + f"\n.\r\nMAIL FROM:<{BOB}>\r\nRCPT TO:<{FRIEND}>\r\nDATA\r\n" + smtp.text(BOB) + "\r\n.\r\n")
    client.reply()
    client.quit()
    return len(records()) - before


def keep(guide):
    assert smuggled() > 1, "Debian's default: the milter is asked about the second one too"
    guide.main_cf("smtpd_forbid_bare_newline")
    reload("mynetworks =")
    assert smuggled() == 1
    found = guide.do("postconf -P")
    assert re.findall(r"^\s*(\S+)/inet/(\S+) =", found, re.M) == [
        ("127.0.0.1:10025", "smtpd_milters"), ("127.0.0.1:10025", "receive_override_options")]
    assert "local_domain" not in found and "0 errors" in found


def monitoring():
    """docs/monitoring.md: the daemon tells, and whoever asks finds the figures it asks for."""
    todo = dict(blocks("docs/monitoring.md"))
    with open("/etc/authpolicy/authpolicyd.conf", "a", encoding="ascii") as config:
        config.write(todo["authpolicyd.conf"])
    walk.stopped(587)
    do("authpolicyd\n")
    assert "\nauthpolicy_policy_current 1\n" in do(todo["sh"])
    binds(587)


def walk_postfix():
    readme, guide = walk.Readme("postfix"), Guide("docs/postfix.md")
    readme.do("useradd")
    for number, address in enumerate(("192.0.2.1", "192.0.2.25", "192.0.2.26", "192.0.2.77")):
        add_address(number, address)
    walk.start_postfix("mynetworks = 127.0.0.0/8")
    try:
        readme.do("/var/spool/postfix/authpolicy")
        for part in (submission, silence, content_filter, haproxy, list_server, local_mail, instances, keep):
            part(guide)
        assert not guide.blocks
        monitoring()
    except BaseException:
        print(walk.run_quietly("tail", "-n", "40", MAILLOG).stdout)
        raise


# --- docs/sendmail.md ---

def the_filter(guide):
    """Returns Sendmail, started as the guide says."""
    sendmail.CF = sendmail.CF.replace("{milter}dnl\n", guide.take("sendmail.mc", "F=T"))
    with open("/etc/authpolicy/authpolicyd.conf", "a", encoding="ascii") as config:
        config.write(guide.take("authpolicyd.conf", 'mta          = "sendmail"'))
    do("authpolicyd\nauthpolicy set mode enforce\n")
    guide.do("lint --mta sendmail")
    server = sendmail.Sendmail(logins=["alice", "joe+x"]).start()
    assert binds(server.port)["listener"] == f"submission:{server.port}"
    walk.stopped(server.port)
    do("authpolicyd\n")
    binds(server.port)
    return server


def logins(guide, server):
    guide.do("login add joe+x")
    seen = record(queue_id=queue_id(sent(server.port, "joe@example.com", login="joe+x")))
    assert seen["login"] == "joe+x"
    guide.do("default_realm")
    assert binds(server.port)["login"] == "alice@mx.example.com"
    assert sent(server.port, "joe@example.com", login="joe+x").ok


def headers(guide, server):
    said = guide.do("--mta sendmail").split("\n\n")
    client = smtp.connect(net.V4, server.port, "alice", PASSWORD)
    for field, answer in (("Subject: no From", "250 2.0.0"), ("From: <victim.example!ceo>", "554 5.6.0")):
        assert client.mail(f"<{ALICE}>").ok and client.rcpt(f"<{FRIEND}>").ok
        assert client.data(f"{field}\r\n\r\nHello.\r\n").status == answer
        assert answer.startswith("250") or answer in "".join(said), said
    client.quit()


def auth_in_the_clear(server):
    """AuthOptions p leaves SCRAM, which shows no password; the login stays across STARTTLS."""
    with smtp.Client(net.V4, server.port) as client:
        client.ehlo()
        assert not [f for f in client.features if f.startswith("AUTH") and "PLAIN" in f]
        assert client.auth("SCRAM-SHA-256", "alice", PASSWORD).ok and client.starttls().ok
        client.ehlo()
        refused = record(ref=client.mail(f"<{BOB}>").ref)
        assert (refused["login"], refused["tls"]) == ("alice@mx.example.com", "TLSv1.3")


def certificate(guide, server):
    guide.do("--certificate-subject")
    do("authpolicy grant printer printer@example.com\n")
    with smtp.Client(net.V4, server.mx_port) as client:
        client.ehlo()
        assert client.starttls(certificate=tls.certificates().device).ok
        client.ehlo()
        assert client.message(BOB, FRIEND).status == "550 5.7.1"
        assert record(queue_id=queue_id(client.message("printer@example.com", FRIEND)))["source"] == "certificate"


def tenants(server):
    """docs/security.md: no grant gets over the wall."""
    [(_, text)] = blocks("docs/security.md")
    do(text + "authpolicy grant everyone '*'\n")
    for login in ("anna@tenant-a.example", "carl@tenant-b.example"):
        server.add_login(login)
    for sender, granted in (("sales@tenant-a.example", True), ("sales@tenant-b.example", False)):
        assert sent(server.port, sender, login="anna@tenant-a.example").ok == granted, sender


SUBMIT = """\
OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `mx.example.com')dnl
define(`MSP_QUEUE_DIR', `{home}/clientmqueue')dnl
define(`confPID_FILE', `{home}/submit.pid')dnl
define(`confRUN_AS_USER', `games:games')dnl
define(`confTRUSTED_USER', `games')dnl
define(`STATUS_FILE', `{home}/clientmqueue/sm-client.st')dnl
define(`confSERVICE_SWITCH_FILE', `{home}/service.switch')dnl
FEATURE(`nocanonify')dnl
define(`RELAY_MAILER_ARGS', `TCP $h {port}')dnl
FEATURE(`msp', `[127.0.0.1]')dnl
"""


def command_line(server, *options):
    """sendmail(1): the mail submission program hands the message over by SMTP. Returns what they said to each other."""
    folder = sendmail.unpacked()
    queue = server.home / "clientmqueue"
    if not queue.exists():
        queue.mkdir(mode=0o770)
        shutil.chown(queue, "games", "games")
        server.make_cf(server.home / "submit.cf", SUBMIT.format(home=server.home, port=server.mx_port))
    done = subprocess.run([folder / "usr/libexec/sendmail/sendmail", "-C", server.home / "submit.cf", "-Ac", "-v", *options, FRIEND],
                          input="Subject: test\n\n", text=True, capture_output=True, check=False)
    return done.stdout


def local_mail_of_sendmail(guide, server):
    assert record(ref=reference(command_line(server)))["reason"] == "relay-denied"
    guide.do("--network 127.0.0.1")
    command_line(server)
    assert record(sender="root@mx.example.com", stage="eom")["source"] == "network"
    said = command_line(server, "-f", BOB)
    assert record(ref=reference(said))["reason"] == "sender-not-granted"
    assert record(sender="<>", login="local-mail@mx.example.com")["authors"] == ["mailer-daemon@mx.example.com"], "its bounce"


def reference(said):
    return smtp.REFERENCE.search(said)[1]


def upgrade(server):
    """docs/upgrade.md: what was backed up is in force again, whatever became of the file, and mail flows."""
    todo = dict(blocks("docs/upgrade.md"))
    do(todo.pop("sh backup"))
    do("authpolicy grant everyone sales@example.com\n")
    assert sent(server.port, "sales@example.com").ok
    policy = pathlib.Path("/var/lib/authpolicy/policy.db")
    policy.write_bytes(b"garbage" * 1000)
    assert "in force as it is now" in do(todo.pop("sh restore"))
    until(lambda: not sent(server.port, "sales@example.com").ok, 1, "the policy as it was")
    binds(server.port)
    assert "are good" in do(todo.pop("sh upgrade")) and not todo


def walk_sendmail():
    readme, guide = walk.Readme("sendmail"), Guide("docs/sendmail.md")
    readme.do("useradd")
    server = the_filter(guide)
    logins(guide, server)
    headers(guide, server)
    upgrade(server)
    auth_in_the_clear(server)
    certificate(guide, server)
    local_mail_of_sendmail(guide, server)
    tenants(server)
    assert not guide.blocks


if __name__ == "__main__":
    walk.main({"postfix": walk_postfix, "sendmail": walk_sendmail})
