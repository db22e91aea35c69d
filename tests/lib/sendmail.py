"""A private Sendmail 8.17, unpacked from Debian's packages (they cannot be installed beside Postfix)."""

import subprocess

from lib import debian, net, place, tls
from lib.dovecot import PASSWORD
from lib.wait import PATIENCE, until

PACKAGES = ["sendmail-bin", "sendmail-base", "sendmail-cf"]

CF = """\
OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `mx.example.com')dnl
define(`QUEUE_DIR', `{home}/queue')dnl
define(`confPID_FILE', `{home}/pid')dnl
define(`STATUS_FILE', `{home}/statistics')dnl
define(`HELP_FILE', `{home}/helpfile')dnl
define(`ALIAS_FILE', `')dnl
define(`confSERVICE_SWITCH_FILE', `{home}/service.switch')dnl
define(`confTO_IDENT', `0')dnl
define(`confDELIVERY_MODE', `queue')dnl
define(`confBAD_RCPT_THROTTLE', `0')dnl
define(`confLOG_LEVEL', `14')dnl
define(`confAUTH_MECHANISMS', `PLAIN LOGIN SCRAM-SHA-256')dnl
TRUST_AUTH_MECH(`PLAIN LOGIN SCRAM-SHA-256')dnl
define(`confAUTH_REALM', `mx.example.com')dnl
define(`confSERVER_CERT', `{cert}')dnl
define(`confSERVER_KEY', `{key}')dnl
define(`confCACERT', `{ca}')dnl
define(`confCACERT_PATH', `{home}')dnl
FEATURE(`no_default_msa')dnl
FEATURE(`nocanonify')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`accept_unqualified_senders')dnl
{relay}dnl
DAEMON_OPTIONS(`Name=submission, Family=inet, Addr=127.0.0.1, Port={port}, M=E')dnl
DAEMON_OPTIONS(`Name=submission, Family=inet6, Addr=::1, Port={port}, M=E')dnl
DAEMON_OPTIONS(`Name=mx, Family=inet, Addr=127.0.0.1, Port={mx_port}, M=EA')dnl
DAEMON_OPTIONS(`Name=mx, Family=inet6, Addr=::1, Port={mx_port}, M=EA')dnl
{milter}dnl
MODIFY_MAILER_FLAGS(`LOCAL', `-w5')dnl
MAILER(`local')dnl
MAILER(`smtp')dnl
LOCAL_CONFIG
Cw {domains}
ESASL_CONF_PATH={home}/sasl
"""

SASL = """\
pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: {home}/sasl/sasldb2
mech_list: PLAIN LOGIN SCRAM-SHA-256
"""

RELAY = {
    "milter": "FEATURE(`promiscuous_relay')",
    "mta": "",
}


def unpacked():
    """The folder with Debian's Sendmail."""
    folder = debian.unpacked("sendmail", *PACKAGES)
    (folder / "usr/libexec/sendmail/sendmail").chmod(0o755)     # no set-gid
    return folder


class Sendmail:
    """Listens for submission (SASL) and as an MX (none). What it accepts stays in its queue: see queued().

    milter: the milter's address in libmilter's words, or ''. logins: who can log in, with dovecot.PASSWORD, 'name' or 'name@realm'.
    relay: 'milter' leaves relaying to the milter, 'mta' refuses it itself.
    """

    name = "sendmail"

    def __init__(self, milter="", logins=(), domains=("example.com",), relay="milter"):
        self.home = place.scratch("sendmail")
        self.port = net.free_port()         # submission
        self.mx_port = net.free_port()
        self.milter = milter.replace("[", "").replace("]", "")      # inet6:PORT@::1: it cannot reach [::1]
        self.logins, self.domains, self.relay = logins, domains, relay
        self.process = None

    def start(self):
        made = tls.certificates()
        sendmail = unpacked()
        for folder in ("queue", "sasl"):
            (self.home / folder).mkdir(mode=0o700)
        (self.home / "service.switch").write_text("hosts files\naliases files\npasswd files\n")
        (self.home / "helpfile").touch()
        (self.home / "sasl/Sendmail.conf").write_text(SASL.format(home=self.home))
        for login in self.logins:
            self.add_login(login)
        filters = f"INPUT_MAIL_FILTER(`authpolicy', `S={self.milter}, F=T, T=C:1m;S:10s;R:10s;E:5m')"
        mc = CF.format(home=self.home, port=self.port, mx_port=self.mx_port, domains=" ".join(self.domains),
                       relay=RELAY[self.relay], milter=filters if self.milter else "",
                       cert=made.cert, key=made.key, ca=made.ca)
        self.make_cf(self.home / "sendmail.cf", mc)
        # Sendmail sleeps for a minute when the host has no qualified name: give it one of its own.
        self.process = subprocess.Popen(
            ["unshare", "--uts", "sh", "-c", 'hostname mx.example.com; exec "$0" "$@"',
             sendmail / "usr/libexec/sendmail/sendmail", "-C", self.home / "sendmail.cf", "-bD",
             "-X", self.home / "traffic"],
            stdin=subprocess.DEVNULL, start_new_session=True, stdout=open(self.home / "output", "wb"), stderr=subprocess.STDOUT)
        until(self.ready, PATIENCE, lambda: f"Sendmail: {(self.home / 'output').read_text()}")
        return self

    def make_cf(self, path, mc):
        """A configuration file of Sendmail, from what is written for m4."""
        cf_dir = unpacked() / "usr/share/sendmail/cf"
        cf = subprocess.run(["m4", f"-D_CF_DIR_={cf_dir}/", cf_dir / "m4/cf.m4", "-"], input=mc.encode(), check=True, capture_output=True)
        path.write_bytes(cf.stdout)

    def ready(self):
        assert self.process.poll() is None, f"Sendmail ended: {(self.home / 'output').read_text()}"
        return all(net.listening(host, port) for host in (net.V4, net.V6) for port in (self.port, self.mx_port))

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(PATIENCE)
            self.process = None

    def add_login(self, login):
        """Let a name, or name@realm, log in."""
        name, _, realm = login.partition("@")
        subprocess.run(["saslpasswd2", "-f", self.home / "sasl/sasldb2", "-u", realm or "mx.example.com", "-c", "-p", name],
                       input=PASSWORD.encode(), check=True, capture_output=True)

    def queued(self):
        """What was accepted, as (queue id, text of the control file, text of the body)."""
        found = []
        for control in sorted((self.home / "queue").glob("[qh]f*")):
            data = control.with_name("d" + control.name[1:])
            found.append((control.name[2:], control.read_text(errors="surrogateescape"),
                          data.read_text(errors="surrogateescape") if data.exists() else ""))
        return found

    def held_ids(self):
        """The queue ids of the messages in quarantine."""
        return sorted(p.name[2:] for p in (self.home / "queue").glob("hf*"))

    def log(self):
        """Every line that went over the wire (Sendmail itself logs to syslog only)."""
        path = self.home / "traffic"
        return path.read_text(errors="backslashreplace") if path.exists() else ""
