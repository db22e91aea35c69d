"""Where things are: the source, the build, the scratch folders and the cache."""

import atexit
import functools
import os
import pathlib
import shutil
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("AP_BUILDDIR", TOP / "build")).resolve()
CACHE = pathlib.Path(os.environ.get("AP_CACHE", "/var/cache/authpolicy-tests"))

# Mail servers refuse keys and sockets under a folder that everyone may write to, so not /tmp; and a
# socket's path has to stay under 108 bytes, so not the build folder.
SCRATCH = pathlib.Path(os.environ.get("AP_SCRATCH", "/run/authpolicy-tests"))

# Whom the daemon runs as when the tests run as root.
USER = "nobody"


def scratch(name):
    """A new folder that every user may enter, removed when the process ends (kept with AP_KEEP=1)."""
    SCRATCH.mkdir(mode=0o755, parents=True, exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix=name + "-", dir=SCRATCH))
    folder.chmod(0o755)
    if not os.environ.get("AP_KEEP"):
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def everyone_enters(folder):
    """Whether every user may go through this folder."""
    return all(part.stat().st_mode & 0o001 for part in (folder, *folder.parents))


@functools.cache
def program(name):
    """A program of this build, where every user can run it: a copy when the build is under, say, /root."""
    built = BUILD / name
    if not built.exists() or everyone_enters(BUILD):
        return built
    return pathlib.Path(shutil.copy(built, scratch("bin")))
