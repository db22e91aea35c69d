"""A terminal, and what a program shows on it."""

import os
import pty
import subprocess

from lib.wait import PATIENCE


def shown(*args, env=None):
    """The exit status, and all that standard output and standard error were sent."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, env=env) as process:
        os.close(theirs)
        text = b""
        try:
            while data := os.read(ours, 1 << 16):
                text += data
        except OSError:     # EIO: nobody has it open any more
            pass
        os.close(ours)
        return process.wait(PATIENCE), text.decode().replace("\r\n", "\n")
