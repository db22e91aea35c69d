"""Fixtures for what goes wrong around the daemon: the log, the disk, the limits of the system, the mail server."""

import contextlib
import fcntl
import os
import pathlib
import shutil
import subprocess
import threading
import time

import pytest

from lib import place
from lib.daemon import Daemon
from lib.policy import Policy

SET_PIPE_SIZE = 1031    # F_SETPIPE_SZ


@pytest.fixture(scope="module")
def policy(build):
    return Policy(place.scratch("policy") / "policy.db").init("example.com")


@pytest.fixture
def daemon(policy):
    """Not started. It is told the MTA, and its socket is open to all users, as in all tests."""
    daemon = Daemon(policy, mta="postfix")
    yield daemon
    daemon.stop()


@pytest.fixture
def stuck_log(daemon):
    """The audit log is a pipe that nobody empties until flow() is called: who writes a record waits."""
    log = StuckLog(daemon.home / "pipe")
    daemon.configure(audit_log=log.path)
    return log


class StuckLog:
    def __init__(self, path):
        os.mkfifo(path)
        if os.geteuid() == 0:
            shutil.chown(path, place.USER)
        self.path = path
        self.records = b""
        self.reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        writer = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        fcntl.fcntl(writer, SET_PIPE_SIZE, 4096)
        try:
            while os.write(writer, b"\n"):
                pass
        except BlockingIOError:
            os.close(writer)

    def holds(self, daemon):
        """Whether a thread of the daemon waits for room in it."""
        for wait in pathlib.Path(f"/proc/{daemon.process.pid}/task").glob("*/wchan"):
            with contextlib.suppress(OSError):      # a thread that has ended
                if "pipe_write" in wait.read_text():
                    return True
        return False

    def flow(self):
        """Empty it from now on; what was in it, and comes, is in `records`."""
        def read():
            while data := os.read(self.reader, 65536):
                self.records += data
        os.set_blocking(self.reader, True)
        threading.Thread(target=read, daemon=True).start()


class Disk:
    """A disk of 2 MB of its own; the file `ballast` is what fills it."""

    def __init__(self, path):
        self.path = path
        path.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=777", "tmpfs", path], check=True)

    def fill(self, but=0):
        """Leave so many bytes."""
        with open(self.path / "ballast", "wb", buffering=0) as ballast, contextlib.suppress(OSError):
            while ballast.write(bytes(4096)):
                pass
        if but:
            os.truncate(self.path / "ballast", (self.path / "ballast").stat().st_size - but)

    def relieve(self):
        (self.path / "ballast").unlink()

    def remove(self):
        subprocess.run(["umount", self.path], check=True)


@pytest.fixture
def disk(daemon):
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    disk = Disk(daemon.home / "disk")
    yield disk
    daemon.stop()
    disk.remove()


@pytest.fixture
def load(daemon):
    """Measures how busy the daemon is: processor time over time, 1.0 being one processor."""
    def measured(seconds=1.0):
        used, began = processor_time(daemon.process.pid), time.monotonic()
        time.sleep(seconds)
        return (processor_time(daemon.process.pid) - used) / (time.monotonic() - began)
    return measured


def processor_time(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.fixture
def threads(daemon):
    return lambda: len(os.listdir(f"/proc/{daemon.process.pid}/task"))
