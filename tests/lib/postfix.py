"""A private Postfix: own configuration, queue and log, loopback ports; the system's is never touched."""

import os
import re
import shutil
import subprocess
import time

from lib import net, place, tls
from lib.wait import PATIENCE, until

MAIN = """\
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
maillog_file = {home}/maillog
maillog_file_prefixes = {home}
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.example.com
mydestination = {domains}
myorigin = example.com
mynetworks =
inet_interfaces = loopback-only
inet_protocols = all
alias_maps =
alias_database =
local_recipient_maps =
local_transport = discard:
default_transport = discard:
recipient_delimiter = +
smtputf8_enable = yes
biff = no
smtpd_client_restrictions = {hold}
smtpd_relay_restrictions = {relay}
smtpd_authorized_xclient_hosts = 127.0.0.0/8 [::1]/128
smtpd_tls_cert_file = {cert}
smtpd_tls_key_file = {key}
smtpd_tls_CAfile = {ca}
smtpd_tls_security_level = may
smtpd_tls_ask_ccert = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {sasl}
smtpd_sasl_security_options = noanonymous
smtpd_sasl_tls_security_options = noanonymous
smtpd_milters = {milter}
non_smtpd_milters = {milter}
milter_default_action = tempfail
milter_connect_timeout = 10s
in_flow_delay = 0
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 10000
smtpd_hard_error_limit = 10000
smtpd_junk_command_limit = 10000
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
"""

# SASL is offered only where people submit mail, as on real servers.
MASTER = """\
{submission} inet n - n - - smtpd -o smtpd_sasl_auth_enable={sasl_enabled} -o milter_macro_daemon_name=submission
[::1]:{submission_port} inet n - n - - smtpd -o smtpd_sasl_auth_enable={sasl_enabled} -o milter_macro_daemon_name=submission
{mx} inet n - n - - smtpd -o milter_macro_daemon_name=mx
[::1]:{mx_port} inet n - n - - smtpd -o milter_macro_daemon_name=mx
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""

RELAY = {
    "mta": "permit_sasl_authenticated, reject_unauth_destination",
    "milter": "check_client_access static:OK, reject",     # whatever the milter lets pass
}


def milter_address(address):
    """A milter's address in Postfix' words: libmilter's inet:PORT@HOST is its inet:HOST:PORT."""
    kind, _, rest = address.partition(":")
    if kind in ("inet", "inet6"):
        port, _, host = rest.partition("@")
        return f"inet:{host}:{port}"
    return address


def aged(*paths):
    """Postfix' programs read what was changed just now again and again, for up to two seconds: it was changed a minute ago."""
    for path in paths:
        os.utime(path, (time.time() - 60,) * 2)


class Postfix:
    """Listens for submission (SASL) and as an MX (none); anonymous clients relay only as `relay` says.

    milter: the milter's address in libmilter's words, or ''. domains: those mail is received for.
    relay: 'milter' leaves relaying to the milter, 'mta' refuses it itself. sasl: a started Dovecot.
    hold: keep what comes by SMTP in the queue, to be read with held(), instead of throwing it away.
    """

    name = "postfix"

    def __init__(self, milter="", sasl=None, domains=("example.com",), relay="milter", hold=False):
        self.home = place.scratch("postfix")
        self.port = net.free_port()         # submission
        self.mx_port = net.free_port()
        self.milter = milter_address(milter)
        self.sasl, self.domains, self.relay, self.hold = sasl, domains, relay, hold
        self.running = False

    def start(self):
        made = tls.certificates()
        main = MAIN.format(home=self.home, domains=", ".join(self.domains), milter=self.milter,
                           relay=RELAY[self.relay], hold="check_client_access static:HOLD" if self.hold else "",
                           sasl=self.sasl.socket if self.sasl else "", cert=made.cert, key=made.key, ca=made.ca)
        master = MASTER.format(submission=f"{net.V4}:{self.port}", submission_port=self.port,
                               mx=f"{net.V4}:{self.mx_port}", mx_port=self.mx_port,
                               sasl_enabled="yes" if self.sasl else "no")
        config = self.home / "etc"
        config.mkdir()
        (config / "main.cf").write_text(main)
        (config / "master.cf").write_text(master)
        for shared in ("dynamicmaps.cf", "postfix-files"):
            shutil.copy(f"/etc/postfix/{shared}", config)
        aged(*config.iterdir())
        (self.home / "queue").mkdir()
        (self.home / "data").mkdir()
        shutil.chown(self.home / "data", "postfix")
        self.run("postfix", "start")        # returns when the listeners are there
        self.running = True
        return self

    def run(self, program, *args, **options):
        """Run one of Postfix' own programs on this instance."""
        return subprocess.run([program, "-c", self.home / "etc", *args], check=True, capture_output=True, **options)

    def stop(self):
        if self.running:
            self.run("postfix", "stop")
            self.running = False

    def add_login(self, login):
        """Nothing to do: Dovecot takes everybody who knows the password."""

    def reconfigure(self, **settings):
        """Change main.cf settings and reload."""
        self.run("postconf", *(f"{name} = {value}" for name, value in settings.items()))
        aged(self.home / "etc/main.cf")
        self.run("postfix", "reload")

    def submit(self, message, *recipients, sender=None):
        """Local submission with sendmail(1)."""
        args = ["-f", sender] if sender is not None else []
        subprocess.run(["/usr/sbin/sendmail", "-C", self.home / "etc", "-i", *args, "--", *recipients],
                       input=message.replace("\r\n", "\n").encode(), check=True, capture_output=True)

    def log(self):
        path = self.home / "maillog"
        return path.read_text(errors="backslashreplace") if path.exists() else ""

    def logged(self, pattern, timeout=PATIENCE):
        """Wait for a line of the log; return the match."""
        return until(lambda: re.search(pattern, self.log()), timeout, lambda: f"{pattern!r} in Postfix' log, which ends:\n{self.log()[-2000:]}")

    def held_ids(self):
        """The queue ids of the messages in the hold queue."""
        return sorted(p.name for p in (self.home / "queue/hold").iterdir())

    def held(self):
        """The messages in the hold queue, as (queue id, text of the whole message)."""
        return [(i, self.run("postcat", "-hbq", i).stdout.decode(errors="surrogateescape")) for i in self.held_ids()]

    def maildrop(self):
        """What sendmail(1) left behind that was not taken on yet."""
        return os.listdir(self.home / "queue/maildrop")
