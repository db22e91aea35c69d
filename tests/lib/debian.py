"""Debian packages that are only unpacked: they would start something, or cannot be installed beside others."""

import fcntl
import pathlib
import subprocess
import tempfile

from lib import place


def unpacked(name, *packages):
    """The folder with what is in these packages, fetched once."""
    folder = place.CACHE / name
    place.CACHE.mkdir(mode=0o755, parents=True, exist_ok=True)
    with open(place.CACHE / "lock", "w") as lock, tempfile.TemporaryDirectory(dir=place.CACHE) as fetched:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            done = subprocess.run(["apt-get", "-qq", "download", *packages], cwd=fetched, capture_output=True, text=True)
            assert done.returncode == 0, f"{packages}: {done.stderr}"
            for package in pathlib.Path(fetched).glob("*.deb"):
                subprocess.run(["dpkg-deb", "-x", package, folder], check=True)
            (folder / "complete").touch()
    return folder
