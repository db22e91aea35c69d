"""The one way to wait: for a condition, never for a time."""

import os
import time

# Valgrind and the sanitizers are slow.
SLOW = bool(os.environ.get("AP_WRAPPER") or os.environ.get("AP_SLOW"))

# What comes at once on an idle machine may take long on a busy one with a busy disk; only a test that fails waits to the end.
PATIENCE = 120 if SLOW else 40


class TimedOut(AssertionError):
    """The condition did not come true in time."""


def until(condition, timeout=PATIENCE, what="the condition"):
    """Return the first true value of condition(); raise TimedOut, naming `what`, after `timeout` seconds.

    `what` may be a function, called only on failure, so that the message can show the last state.
    """
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise TimedOut(f"after {timeout} s still waiting for {what() if callable(what) else what}")
        time.sleep(0.01)
