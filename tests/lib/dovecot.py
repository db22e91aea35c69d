"""A private Dovecot that does nothing but answer Postfix's SASL questions."""

import subprocess

from lib import net, place
from lib.wait import PATIENCE, until

# Any user name is a login, with this password: what a login may do is the policy's affair.
PASSWORD = "secret"

CONFIG = """\
base_dir = {home}/run
state_dir = {home}/run
log_path = {home}/dovecot.log
protocols =
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5 scram-sha-256
auth_username_format =
auth_username_chars =
auth_failure_delay = 0
default_internal_user = dovecot
default_login_user = dovenull
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home=/nonexistent
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service auth {{
  unix_listener {socket} {{
    mode = 0666
  }}
}}
"""


class Dovecot:
    def __init__(self):
        self.home = place.scratch("dovecot")
        self.socket = self.home / "auth"
        self.process = None

    def start(self):
        config = self.home / "dovecot.conf"
        config.write_text(CONFIG.format(home=self.home, socket=self.socket, password=PASSWORD))
        self.process = subprocess.Popen(["/usr/sbin/dovecot", "-F", "-c", config], stdin=subprocess.DEVNULL, start_new_session=True)
        until(lambda: net.listening_unix(self.socket), PATIENCE, lambda: f"Dovecot: {self.log()}")
        return self

    def log(self):
        path = self.home / "dovecot.log"
        return path.read_text() if path.exists() else ""

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(PATIENCE)
            self.process = None
