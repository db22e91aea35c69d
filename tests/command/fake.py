"""`authpolicy` as the tests run it, and a daemon that only says what it is told to say."""

import json
import os
import pathlib
import socket
import sqlite3
import subprocess
import threading

from lib import place
from lib.wait import PATIENCE

KINDS = {0: "ok", 1: "refused", 2: "usage", 75: "could not tell"}


class Done:
    """What a run of the command gave."""

    def __init__(self, done):
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr

    def __repr__(self):
        return f"{KINDS.get(self.status, self.status)}: {self.out!r} {self.err!r}"

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def lines(self):
        return self.out.splitlines()


class Command:
    """`authpolicy` on one policy."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.path = self.folder / "policy.db"
        self.control = self.folder / "control.sock"

    def run(self, *args, stdin=None, env=None):
        return Done(subprocess.run(
            [place.program("authpolicy"), "--db", self.path, "--control", self.control, *args],
            input=stdin, capture_output=True, text=True, errors="surrogateescape", timeout=PATIENCE,
            env=os.environ | (env or {})))

    def ok(self, *args, **more):
        done = self.run(*args, **more)
        assert done.status == 0, done
        return done

    def sql(self, statement, *values):
        """Ask or change the database behind the command's back."""
        with sqlite3.connect(self.path) as db:
            return db.execute(statement, values).fetchall()

    def grants(self, principal):
        return self.sql("SELECT address FROM send_as WHERE principal = ? ORDER BY address", principal)


class Daemon(threading.Thread):
    """Answers `status` on the control socket with what `answer` gives for the file as it is."""

    def __init__(self, command, answer):
        super().__init__(daemon=True)
        self.command, self.answer, self.asked = command, answer, 0
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(command.control))
        self.socket.listen()

    def run(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                question = connection.recv(400)
                if question == b"status\n":
                    self.asked += 1
                    answer = self.answer(self)
                else:
                    answer = {"error": "only status is told"}
                connection.sendall(answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    def stop(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def stamp(self, path=None):
        """What a loader sees of the file now."""
        path = path or self.command.path
        st = os.stat(path)
        with open(path, "rb") as file:
            counter = int.from_bytes(file.read(28)[24:], "big")
        return {"dev": st.st_dev, "ino": st.st_ino, "size": st.st_size, "mtime_ns": st.st_mtime_ns,
                "change_counter": counter}

    def says(self, **more):
        """The answer of a daemon that has the file as it is now in force."""
        seen = more.pop("seen", None) or self.stamp()
        return {"pid": 4711, "version": "0.1.0", "started": "2026-01-01T00:00:00Z", "socket": "unix:/run/m.sock",
                "database": str(self.command.path), "generation": 3, "loaded": "2026-01-01T00:00:01Z",
                "mode": "enforce", "principals": 2, "grants": 2, "in_force": seen, "seen": seen, "problem": "",
                "errors": [], "warnings": [], "fallback": False, "available": True, "suspensions_taken": 0,
                "sessions": 0, "callbacks": 0, "audit_failures": 0,
                "notices": {"queued": 0, "running": 0, "run": 0, "failed": 0, "dropped": 0}, "advice": []} | more
