"""A short run of run.py: no other parser sees an address in an accepted From field that the login may not write."""

import os
import shutil
import time

import pytest

import grants
import run
from lib import place

SECONDS = float(os.environ.get("AP_DISAGREE_SECONDS", "20"))
PARSERS = 4             # at least, beside ours
ACCEPTED_A_SECOND = 50  # at least; a tenth of what a slow machine does


@pytest.fixture(scope="module")
def search(build):
    assert shutil.which("sqlite3")
    seed = int(os.environ.get("AP_DISAGREE_SEED", time.time()))
    print(f"AP_DISAGREE_SEED={seed}")
    found = run.Search(seed, place.scratch("disagree"))
    yield found
    found.close()


def test_other_parsers_are_there(search):
    assert len(search.peers.parsers) >= PARSERS, search.peers.parsers


def test_the_other_parsers_work(search):
    """A parser that sees nothing agrees with everybody."""
    answers, = search.peers.ask([b'From: "Doe, J." <me@example.com>, x@own.example (X)\r\n'])
    for parser, answer in answers.items():
        assert {grants.split(a) for a in answer["addresses"]} == \
            {("me", "example.com"), ("x", "own.example")}, f"{parser}: {answer}"


@pytest.mark.parametrize("value", [
    "ceo@corp.example", "ceo@example.com", "x+me@example.com", "me@example.com.corp.example", "ceo@localhost",
    '"me too@corp.example"@corp.example', "me@xn--strae-oqa.example.example"])
def test_a_foreign_address_is_noticed(search, value):
    answers, = search.peers.ask([run.field(value)])
    assert {d.parser for d in run.complaints(value, answers)} >= {"python-default", "gmime"} & set(answers), answers


def test_a_foreign_address_in_a_name_is_noticed(search):
    value = "=?utf-8?q?ceo=40corp?= =?utf-8?q?=2Eexample?= <me@example.com>"
    answers, = search.peers.ask([run.field(value)])
    assert len({d.parser for d in run.complaints(value, answers) if d.kind == "name"}) >= min(2, len(answers)), answers


def test_no_parser_sees_a_foreign_address_in_what_is_accepted(search):
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and len(search.found) < 5:
        search.step()
    small = [f"{d.parser} sees the {d.kind} {d.seen!r} in {d.value!r}" for d in search.report(most=5)]
    assert not small, "\n".join(small)
    assert search.accepted >= SECONDS * ACCEPTED_A_SECOND, f"{search.accepted} of {search.asked}"
