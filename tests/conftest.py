"""Fixtures for the tests that run programs: the build, and mail servers with the daemon attached."""

import os
import resource

import pytest

from lib import place
from lib.site import Site


@pytest.fixture(scope="session")
def build():
    """The build folder (AP_BUILDDIR, else build/ in the source); without programs in it nothing can be tested."""
    for name in ("authpolicyd", "authpolicy"):
        assert os.access(place.BUILD / name, os.X_OK), f"{place.BUILD / name} is not built"
    return place.BUILD


@pytest.fixture(scope="module", params=["postfix", "sendmail"])
def shared_site(build, request):
    """One mail server of each kind for all tests of a module."""
    site = Site(request.param)
    try:
        yield site.start()
    finally:
        site.stop()


@pytest.fixture
def site(shared_site):
    """The module's mail server; connections the test opened are closed after it."""
    yield shared_site
    shared_site.hang_up()


@pytest.fixture
def fresh(shared_site):
    """The module's mail server with a new policy, for tests that break things."""
    shared_site.renew()
    yield shared_site
    shared_site.hang_up()


@pytest.fixture
def many_descriptors():
    """As many as the system allows, for the test and the programs it starts."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)
