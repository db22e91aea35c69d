"""Fixtures for the tests of `authpolicy`: a policy of one's own, with or without a daemon."""

import tempfile

import pytest

from fake import Command, Daemon


@pytest.fixture
def bare():
    """The command without a policy."""
    with tempfile.TemporaryDirectory() as folder:
        yield Command(folder)


@pytest.fixture
def command(bare):
    """The command with a policy as `init` makes it."""
    bare.ok("init", "example.com", "--mode", "enforce")
    return bare


@pytest.fixture
def daemon(command):
    """Starts a daemon: daemon(lambda d: d.says(...))."""
    started = []

    def start(answer=lambda d: d.says()):
        started.append(Daemon(command, answer))
        started[-1].start()
        return started[-1]
    yield start
    for one in started:
        one.stop()
