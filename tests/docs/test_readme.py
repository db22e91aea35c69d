"""README and the guides are done as they are written, in a private copy of this system."""

import os
import re
import subprocess

import pytest

from lib import place, sendmail

UNSHARE = ["unshare", "--mount", "--net", "--pid", "--uts", "--fork", "--kill-child", "--mount-proc"]


@pytest.mark.parametrize("walk, mta", [
    ("walk.py", "postfix"), ("walk.py", "sendmail"), ("walk_guides.py", "postfix"), ("walk_guides.py", "sendmail"), ("walk_rollout.py", "postfix")])
def test_what_is_written_works(build, walk, mta, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root can make a private system")
    if mta == "sendmail":
        sendmail.unpacked()     # while there is a network
    done = subprocess.run([*UNSHARE, "/usr/bin/python3", place.TOP / "tests/docs" / walk, mta, tmp_path], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False)
    if done.returncode == 77:
        pytest.skip(done.stdout.strip())
    assert done.returncode == 0, done.stdout


def test_the_packages_are_those_of_the_build():
    written = re.search(r"^apt-get install -y --no-install-recommends (.*)$", (place.TOP / "README").read_text(), re.M)[1].split()
    listed = re.search(r'BUILD_PACKAGES="(.*?)"', (place.TOP / "tests/lib/install.sh").read_text(), re.S)[1].split()
    assert set(written) == set(listed) - {"libcmocka-dev"} | {"sqlite3"}


def test_every_link_leads_somewhere():
    for path in (place.TOP / "docs").glob("*.md"):
        for link in re.findall(r"\]\(([^):]+)\)", path.read_text()):
            assert (path.parent / link).exists(), f"{path.name}: {link}"


def test_every_file_that_is_named_is_there_and_every_guide_is_named():
    readme = (place.TOP / "README").read_text()
    named = set(re.findall(r"\b(?:docs|sql|contrib|tests)/[\w./-]*\w", readme))
    assert {f"docs/{path.name}" for path in (place.TOP / "docs").glob("*.md")} <= named
    assert not [name for name in named if not (place.TOP / name).exists()]


def test_every_test_that_shows_what_may_fail_is_there():
    named = re.findall(r"\btests/[\w./-]*\w", (place.TOP / "docs/reliability.md").read_text())
    sources = [re.sub(r"unit/(\w+)\.tap", r"unit/test_\1.c", name) for name in named]
    assert named and not [name for name in sources if not (place.TOP / name).exists()]


def test_every_section_that_is_quoted_is_there():
    titles = set(re.findall(r"^(.+)\n-+$", (place.TOP / "README").read_text(), re.M))
    quoted = re.findall(r'README,\s+"([^"]+)"', (place.TOP / "debian/authpolicy-milter.README.Debian").read_text())
    assert quoted and {" ".join(title.split()) for title in quoted} <= titles
