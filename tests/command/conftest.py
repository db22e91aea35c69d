"""Fixtures for the tests of `authpolicy`: a policy of one's own, with or without a daemon."""

import shutil
import tempfile

import pytest

from fake import Command, Daemon


@pytest.fixture
def bare():
    """The command without a policy."""
    with tempfile.TemporaryDirectory() as folder:
        yield Command(folder)


@pytest.fixture(scope="session")
def policy(tmp_path_factory):
    """A policy as `init` makes it."""
    made = Command(tmp_path_factory.mktemp("policy"))
    made.ok("init", "example.com", "--mode", "enforce")
    return made.path


@pytest.fixture
def command(bare, policy):
    """The command with a policy as `init` makes it."""
    shutil.copy(policy, bare.path)
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
