"""What docs/architecture.md says of files and walls is so."""

import re

from lib import place

INCLUDE = re.compile(r'^#\s*include [<"]([^">]+)[">]', re.M)


def includes(folder):
    """(file, header) for each include of the product under the folder."""
    for path in sorted((place.TOP / folder).rglob("*.[ch]")):
        for header in INCLUDE.findall(path.read_text()):
            yield str(path.relative_to(place.TOP)), header


def users(pattern, *folders):
    return {path for folder in folders for path, header in includes(folder) if re.search(pattern, header)}


def test_every_file_that_is_named_is_there():
    text = (place.TOP / "docs/architecture.md").read_text()
    named = set(re.findall(r"\b(?:milter|policy|sql|docs|tests)/[\w/]+(?:\.\w+)?", text))
    assert len(named) > 15
    for name in named:
        path = place.TOP / name
        assert path.exists() or path.with_suffix(".c").exists(), name


def test_one_file_knows_each_library_of_the_daemon():
    assert users("mfapi", "milter", "policy") == {"milter/callbacks.c"}
    assert users("confuse", "milter", "policy") == {"milter/config.c"}
    assert users("microhttpd", "milter", "policy") == {"milter/metrics.c"}


def test_sqlite_is_the_loaders_the_states_and_the_commands():
    found = users("sqlite3", "milter", "policy")
    assert {p for p in found if not p.startswith("policy/command/")} == {
        "policy/load.c", "milter/state_file.c", "milter/state_log.c", "milter/state_rows.c"}


def test_the_policy_knows_neither_the_daemon_nor_the_log():
    assert not users(r"^milter/|syslog|mfapi|confuse", "policy")


def test_the_library_does_not_know_the_command():
    assert all(path.startswith("policy/command/") for path in users("^policy/command/", "policy"))


def test_the_decision_has_no_clock_and_no_files():
    steps = ["decide", "decision", "who", "client", "sender", "recipient", "author", "use"]
    text = "".join((place.TOP / f"policy/{name}.c").read_text() for name in steps)
    assert not re.search(r"\b(?:time|clock_gettime|open|fopen|getenv|socket)\(", text)
