"""Runs authpolicyd on a configuration of its own and reads its audit log.

AP_WRAPPER is put before the command, for example AP_WRAPPER='valgrind -q --error-exitcode=99'.
"""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess

from lib import net, place
from lib.wait import PATIENCE, SLOW, until

# A sanitizer's report fails the test even where the exit status does not show it.
REPORT = re.compile(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:|^==\d+== .*(?:Invalid|uninitialised)", re.M)

# A change has to be in force within one second of its commit.
IN_FORCE = 10.0 if SLOW else 1.0


class Daemon:
    """One authpolicyd in the foreground. `settings` are keys of authpolicyd.conf, over the defaults below."""

    def __init__(self, policy, **settings):
        self.home = place.scratch("daemon")
        self.policy = policy
        self.process = None
        self.output = self.home / "output"
        self.begun = 0      # where in it the last start is
        self.settings = {
            "socket": f"unix:{self.home}/milter.sock",
            "socket_mode": "0666",
            "control": str(self.home / "control.sock"),
            "database": str(policy.path),
            "state": str(self.home / "state.db"),
            "audit_log": str(self.home / "audit.log"),
        }
        if os.geteuid() == 0:
            self.settings["user"] = place.USER
            shutil.chown(self.home, place.USER)
        self.settings.update(settings)
        self.config = self.home / "authpolicyd.conf"
        self.configure()

    def configure(self, **settings):
        """Write the configuration file, with these settings changed."""
        self.settings.update(settings)
        self.config.write_text("".join(f"{k} = {quoted(v)}\n" for k, v in self.settings.items()))

    @property
    def address(self):
        """The milter's address, in the words of libmilter and Sendmail."""
        return self.settings["socket"]

    # --- the process ---

    def start(self):
        """Start, and return when it answers on the milter socket and `authpolicy status` reaches it."""
        command = [*shlex.split(os.environ.get("AP_WRAPPER", "")), str(place.program("authpolicyd")), "-f", "-c", str(self.config)]
        self.begun = len(self.output.read_bytes()) if self.output.exists() else 0
        with open(self.output, "ab") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, stdout=output, stderr=output)
        until(self.ready, PATIENCE, lambda: f"authpolicyd: {self.said()}")
        return self

    def ready(self):
        assert self.process.poll() is None, f"authpolicyd ended with {self.process.returncode}: {self.said()}"
        return self.listens() and self.policy.served_by(self) == self.process.pid

    def listens(self):
        """Whether the milter socket takes connections."""
        kind, _, rest = self.address.partition(":")
        if kind == "unix":
            return net.listening_unix(rest)
        port, _, host = rest.partition("@")
        return net.listening(host.strip("[]"), int(port))

    def stop(self):
        """SIGTERM; it must end with status 0 and without a sanitizer's report. Safe to call again."""
        if self.process:
            process, self.process = self.process, None
            process.send_signal(signal.SIGTERM)
            try:
                status = process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise AssertionError(f"authpolicyd did not end on SIGTERM: {self.said()}") from None
            assert status == 0, f"authpolicyd ended with {status}: {self.said()}"
            assert not REPORT.search(self.said()), self.said()

    def kill(self):
        """SIGKILL: what a crash leaves behind."""
        self.process.kill()
        self.process.wait()
        self.process = None

    def restart(self):
        self.stop()
        return self.start()

    def signal(self, number):
        self.process.send_signal(number)

    def said(self):
        """What it wrote to its standard output and error since it was started."""
        return self.output.read_bytes()[self.begun:].decode(errors="backslashreplace")

    # --- the audit log ---

    def records(self):
        """All audit records so far."""
        path = self.settings["audit_log"]
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as log:
            return [json.loads(line) for line in log if line.endswith("\n")]

    def record(self, timeout=PATIENCE, **fields):
        """Wait for the first audit record with these values, and return it."""
        def found():
            return next((r for r in self.records() if all(r.get(k) == v for k, v in fields.items())), None)
        return until(found, timeout, lambda: f"a record with {fields}; the last ones: {self.records()[-5:]}")

    # --- the policy in force ---

    def in_force(self, seen):
        """Wait until a change of the policy shows: the first true value of seen(), within a second of the commit.

        A session has a record for each of its first 20 refusals only: what is refused until then is asked in a session apart.
        """
        return until(seen, IN_FORCE, lambda: f"a change of the policy to be in force: {self.status()}")

    def status(self):
        """`authpolicy status`: (exit status, text)."""
        return self.policy.status(self)

    def complains(self, *words, timeout=PATIENCE):
        """Wait until `authpolicy status` fails and its text has all these words (case ignored)."""
        def complaint():
            code, text = self.status()
            return code != 0 and all(w.lower() in text.lower() for w in words) and text
        return until(complaint, timeout, lambda: f"a complaint about {words} in {self.status()}")

    def content(self, timeout=PATIENCE):
        """Wait until `authpolicy status` has nothing to complain of."""
        return until(lambda: self.status()[0] == 0, timeout, lambda: f"a good status: {self.status()}")


def quoted(value):
    """A value in libconfuse's syntax."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return "{" + ", ".join(quoted(v) for v in value) + "}"
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
