"""docs/troubleshooting.md has every reason, its question gets that very reply, and its mend another one."""

import re
import subprocess

import pytest

from lib import guide, place

TEXT = (place.TOP / "docs/troubleshooting.md").read_text()

# What leads to the reason; where nothing is said, a policy as `init` makes it.
BEFORE = {
    "login-suspended": "authpolicy suspend alice",
    "sender-denied": "authpolicy deny everyone ceo@example.com",
    "author-denied": "authpolicy deny everyone ceo@example.com",
    "local-sender-protected": "authpolicy set protect_local_senders envelope",
    "rule": "authpolicy rule add --seq 10 --recipient '!@example.com' --verdict reject",
    "tls-required": "authpolicy rule add --seq 10 --tls '!1.2' --verdict reject",
    "mechanism-weak": "authpolicy rule add --seq 10 --mechanism 'PLAIN LOGIN' --verdict reject",
    "author-not-aligned": "authpolicy set originators aligned; authpolicy grant alice sales@example.com",
}

# Not of the policy: no question leads to them.
UNASKED = {"internal", "policy-unavailable", "overloaded", "limit-exceeded"}


def sections():
    """(reason, text) of each."""
    parts = re.split(r"^## `(\S+)`$", TEXT, flags=re.M)[1:]
    return list(zip(parts[::2], parts[1::2]))


def reasons():
    constants = re.search(r"enum reason \{(.*?)\}", (place.TOP / "policy/verdict.h").read_text(), re.S)[1]
    return [c.lower().replace("_", "-") for c in re.findall(r"REASON_(\w+)", constants) if c not in ("NONE", "COUNT")]


def test_every_reason_is_there_in_order_with_a_reply():
    assert [reason for reason, _ in sections()] == reasons()
    codes = dict(re.findall(r'\{"([a-z-]+)",\s*"([\d .]+)"\}', (place.TOP / "policy/verdict.c").read_text()))
    assert {reason: quoted(text)[:len(codes[reason])] for reason, text in sections()} == {r: codes[r] for r in reasons()}


def quoted(text):
    """The reply that is shown."""
    return re.search(r"^    (\d{3} .+)$", text, re.M)[1]


def commands(text, fence):
    return "".join(re.findall(rf"^```{fence}\n(.*?)^```$", text, re.M | re.S))


@pytest.mark.parametrize("reason, text", [s for s in sections() if s[0] not in UNASKED], ids=[r for r, _ in sections() if r not in UNASKED])
def test_the_question_gets_that_reply_and_the_mend_works(build, tmp_path, reason, text):
    prelude = f'authpolicy() {{ {place.program("authpolicy")} --db {tmp_path}/policy.db --control {tmp_path}/none "$@"; }}\nset -e\n'

    def do(script):
        done = subprocess.run(["/bin/sh", "-c", prelude + script], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        assert "check" in script or done.returncode == 0, done.stderr
        return done.stdout

    do(f"authpolicy init example.com --mode enforce\n{BEFORE.get(reason, '')}")
    said = do(commands(text, "sh"))
    assert f"\nreason    {reason}\n" in said and f"\nreply     {quoted(text)}\n" in said, said
    mend = commands(text, "sh mend")
    if mend:
        do(mend)
        assert "\nverdict   accept\n" in do(commands(text, "sh"))


@pytest.mark.parametrize("reason", sorted(UNASKED))
def test_the_replies_nobody_can_ask_for_are_those_of_the_program(reason):
    source = "".join(p.read_text() for folder in ("policy", "milter") for p in (place.TOP / folder).glob("*.c"))
    for words in quoted(dict(sections())[reason]).split(" ", 2)[2].split("; "):
        words = re.sub(r"alice|hourly|\(.*\)|12m", "%s", words)
        assert words in re.sub(r'"\s*"', "", source).replace("(%s)", "%s"), words


def test_what_the_daemon_is_said_to_say_it_says():
    source = re.sub(r'"\s*"', "", "".join(p.read_text() for p in (place.TOP / "milter").glob("*.c")))
    said = re.findall(r"^\| `(.*?)` \|", TEXT, re.M)
    assert len(said) > 5
    for words in said:
        assert words.replace("Resource temporarily unavailable", "%s") in source, words


def test_there_is_nothing_else_to_run():
    assert {fence for fence, _ in guide.blocks("docs/troubleshooting.md")} == {"sh", "sh mend"}
