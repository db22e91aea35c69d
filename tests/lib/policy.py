"""The policy of a test: made by `authpolicy`, edited as an administrator would with the sqlite3 shell."""

import json
import subprocess

from lib import place


class Policy:
    """One policy database. Everything that knows how `authpolicy` is called is here."""

    def __init__(self, path):
        self.path = path

    def authpolicy(self, *args, check=True):
        """Run `authpolicy`; with check, exit status 0 is expected."""
        done = subprocess.run([place.program("authpolicy"), "--db", self.path, *args], capture_output=True, text=True)
        assert not check or done.returncode == 0, f"authpolicy {args}: {done.returncode} {done.stderr}"
        return done

    def init(self, *domains, mode="enforce"):
        """A new policy, as `authpolicy init` makes it, in the given mode."""
        self.authpolicy("init", *domains)
        self.path.chmod(0o644)      # the daemon runs as somebody else
        self.set("mode", mode)
        return self

    def sql(self, statements):
        """Run SQL in the plain sqlite3 shell: it must neither fail nor meet a lock. Returns what it prints."""
        done = subprocess.run(["sqlite3", "-bail", self.path], input=statements, capture_output=True, text=True)
        assert done.returncode == 0, f"{statements}: {done.stderr}"
        return done.stdout.rstrip("\n")

    def set(self, name, value):
        self.sql(f"INSERT INTO setting(name, value) VALUES('{name}', '{value}')"
                 " ON CONFLICT(name) DO UPDATE SET value = excluded.value;")

    def login(self, name):
        self.sql(f"INSERT INTO principal(name, kind) VALUES('{name}', 'login');")

    def group(self, name, *members):
        self.sql(f"INSERT INTO principal(name, kind) VALUES('{name}', 'group');" + "".join(
            f"INSERT INTO membership(group_name, login) VALUES('{name}', '{m}');" for m in members))

    def grant(self, principal, address):
        self.sql(f"INSERT INTO send_as(principal, address) VALUES('{principal}', '{address}');")

    def status(self, daemon):
        """`authpolicy status`, asked of a running daemon: (exit status, what it says)."""
        done = self.authpolicy("status", "--control", daemon.settings["control"], check=False)
        return done.returncode, done.stdout + done.stderr

    def served_by(self, daemon):
        """The process that `authpolicy status` says serves this policy; None when there is none."""
        done = self.authpolicy("status", "--json", "--control", daemon.settings["control"], check=False)
        return json.loads(done.stdout).get("pid") if done.stdout else None

    def check(self, *args):
        """`authpolicy check`: the decision as JSON."""
        return json.loads(self.authpolicy("check", "--json", *args, check=False).stdout)
