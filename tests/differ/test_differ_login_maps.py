"""Same answer as Postfix: an imported table decides as reject_authenticated_sender_login_mismatch does, but for what the manual says."""

import collections
import os
import re

import pytest

from lib import place
from login_maps import LOGINS, Imported, Oracle, Table, difference, paths

TABLES = int(os.environ.get("AP_DIFFER", "3"))      # 100 are 30,000 comparisons
SENDERS = 50


@pytest.fixture(scope="module")
def oracle(build):
    oracle = Oracle()
    try:
        yield oracle.start()
    finally:
        oracle.stop()


def headings():
    """The deliberate differences that authpolicy(8) names."""
    text = (place.TOP / "docs/authpolicy.8").read_text()
    section = re.search(r"^\.Sh DIFFERENCES FROM POSTFIX\n(.*?)^\.Sh ", text, re.M | re.S)[1]
    return set(re.findall(r"^\.It Em (.+)$", section, re.M))


class Comparison:
    """Counts the answers of the two, and keeps those that nothing explains."""

    def __init__(self):
        self.compared, self.accepted, self.differ, self.wrong = 0, 0, collections.Counter(), []

    def add(self, seed, table, senders, theirs, ours):
        for login in LOGINS:
            for sender, postfix, policy in zip(senders, theirs[login], ours[login], strict=True):
                self.compared += 1
                self.accepted += postfix and policy
                if postfix == policy:
                    continue
                name = difference(table, login, sender, postfix)
                self.differ[name] += 1
                if name is None:
                    self.wrong.append(f"table {seed}: {login} from {sender}: Postfix {postfix}, the policy {policy}\n{table.text}")

    def check(self):
        print(f"{self.compared} comparisons, both accept {self.accepted}, different: {dict(self.differ)}")
        assert not self.wrong, f"{len(self.wrong)} of {self.compared} differ, first:\n" + "\n".join(self.wrong[:3])
        assert self.compared == TABLES * len(LOGINS) * SENDERS
        assert self.accepted > self.compared / 10
        assert set(self.differ) <= headings()


def test_an_imported_table_answers_as_postfix_does(oracle):
    imported, found = Imported(oracle.mta.home / "etc"), Comparison()
    for seed in range(TABLES):
        table = Table(seed)
        senders = paths(seed, SENDERS, table)
        imported.take(table)
        found.add(seed, table, senders, oracle.answers(table, LOGINS, senders), imported.answers(LOGINS, senders))
    found.check()
    if TABLES >= 50:        # each difference that the manual names does occur
        assert set(found.differ) == headings()


def test_an_exported_table_lets_postfix_answer_as_the_policy_does(oracle):
    """Also where denies, owners and suspensions count; and no key hides another grant."""
    imported, found = Imported(oracle.mta.home / "etc"), Comparison()
    for seed in range(TABLES):
        imported.take(Table(seed))
        imported.spice(seed)
        table = imported.exported()
        senders = paths(seed, SENDERS, table)
        found.add(seed, table, senders, oracle.answers(table, LOGINS, senders), imported.answers(LOGINS, senders))
    found.check()
    assert "first key" not in found.differ
