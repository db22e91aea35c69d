"""The Debian package: it is built from the sources alone, lintian is content, and it is installed, upgraded and purged."""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from lib import place

HOME = place.BUILD / "packages"
SUITE = "bookworm"

# What the walks install beside the package and what it needs.
BESIDE = ["logrotate", "postfix", "sqlite3", "systemd"]

UNSHARE = ["unshare", "--mount", "--net", "--pid", "--uts", "--fork", "--kill-child", "--mount-proc"]


def run(*command, **options):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **options)
    assert done.returncode == 0, f"{command}: {done.stdout[-5000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def package(build):
    """The package, built in a folder that holds nothing but what a checkout does."""
    shutil.rmtree(HOME / "build", ignore_errors=True)
    (HOME / "build").mkdir(parents=True)
    run("make", "--quiet", "-C", build, "distdir", f"distdir={HOME}/build/source")
    source = HOME / "build/source"
    for made in ("configure", "aclocal.m4", "Makefile.in", "build-config.h.in", "autom4te.cache", "build-aux"):
        path = source / made
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    (source / "build-aux").mkdir()
    command = re.search(r"^dpkg-buildpackage .*$", (place.TOP / "README").read_text(), re.M)[0]
    # The unit tests are `make check`, which runs by itself.
    run("/bin/sh", "-ec", command, cwd=source, env={**os.environ, "DEB_BUILD_OPTIONS": f"nocheck parallel={os.cpu_count()}"})
    [made] = (HOME / "build").glob("authpolicy-milter_*.deb")
    return made


def mirror():
    """Where this host has its Debian from."""
    targets = run("apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME)", "Created-By: Packages", "Component: main")
    return next(uri for uri, suite in map(str.split, targets.splitlines()) if suite == SUITE)


@pytest.fixture(scope="module")
def base(package):
    """A bare Debian, with the packages the walks install in apt's cache: they have no network."""
    needs = run("dpkg-deb", "-f", package, "Depends")
    wanted = hashlib.sha256("\n".join([SUITE, needs, *BESIDE]).encode()).hexdigest()
    made = HOME / "base" / "made-of"
    if made.exists() and made.read_text() == wanted:
        return HOME / "base"
    shutil.rmtree(HOME / "base", ignore_errors=True)
    fill = f"""cp {package} $1/tmp/package.deb
        chroot $1 apt-get -qq -y --no-install-recommends --download-only install /tmp/package.deb {' '.join(BESIDE)}
        rm $1/tmp/package.deb"""
    run("mmdebstrap", "--quiet", "--variant=apt", "--mode=root", "--skip=cleanup/apt", f"--customize-hook=set -e; {fill}", SUITE,
        HOME / "base", f"deb {mirror()} {SUITE} main")
    made.write_text(wanted)
    return HOME / "base"


def test_the_version_is_that_of_the_sources():
    changelog = (place.TOP / "debian/changelog").read_text().splitlines()[0]
    configure = (place.TOP / "configure.ac").read_text()
    assert re.search(r"\((.*)\)", changelog)[1] == re.search(r"AC_INIT\(\[.*\], \[(.*)\]\)", configure)[1]


def test_it_is_built_with_the_libraries_of_the_build():
    depends = re.search(r"^Build-Depends:(.*?)^\S", (place.TOP / "debian/control").read_text(), re.M | re.S)[1]
    listed = re.search(r'BUILD_PACKAGES="(.*?)"', (place.TOP / "tests/lib/install.sh").read_text(), re.S)[1]
    libraries = re.compile(r"\blib[\w.+-]+-dev\b")
    assert set(libraries.findall(depends)) == set(libraries.findall(listed)) - {"libc6-dev"}


def test_lintian_is_content(package):
    [changes] = package.parent.glob("*.changes")
    done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", changes], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and not re.search("^[EW]:", done.stdout, re.M), done.stdout + done.stderr


def test_all_that_belongs_to_it_is_in_it(package):
    files = set(re.findall(r" \./(\S+[^/\s])$", run("dpkg-deb", "-c", package), re.M))
    wanted = {
        "usr/sbin/authpolicy", "usr/sbin/authpolicyd", "etc/authpolicy/authpolicyd.conf", "etc/logrotate.d/authpolicy-milter",
        "lib/systemd/system/authpolicyd.service", "usr/share/bash-completion/completions/authpolicy",
        *(f"usr/share/man/man{p.suffix[1:]}/{p.name}.gz" for p in (place.TOP / "docs").glob("*.[58]"))}
    assert not wanted - files, wanted - files
    assert run("dpkg-deb", "-I", package, "conffiles").split() == [
        "/etc/authpolicy/authpolicyd.conf", "/etc/init.d/authpolicyd", "/etc/logrotate.d/authpolicy-milter"]


@pytest.mark.parametrize("name", ["whole-life", "before-postfix", "without-systemd", "under-systemd"])
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a private system")
def test_a_walk(base, package, name, tmp_path):
    walk = pathlib.Path(__file__).parent / "walk.py"
    print(run(*UNSHARE, "/usr/bin/python3", walk, name, base, package, tmp_path, timeout=180))
