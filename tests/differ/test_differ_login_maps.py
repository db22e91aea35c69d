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


def test_an_imported_table_answers_as_postfix_does(oracle):
    imported = Imported(oracle.mta.home / "etc")
    compared, accepted, differ, wrong = 0, 0, collections.Counter(), []
    for seed in range(TABLES):
        table = Table(seed)
        senders = paths(seed, SENDERS, table)
        theirs = oracle.answers(table, LOGINS, senders)
        ours = imported.answers(table, LOGINS, senders)
        for login in LOGINS:
            for sender, postfix, policy in zip(senders, theirs[login], ours[login]):
                compared += 1
                accepted += postfix and policy
                if postfix == policy:
                    continue
                name = difference(table, login, sender, postfix)
                differ[name] += 1
                if name is None:
                    wrong.append(f"table {seed}: {login} from {sender}: Postfix {postfix}, the policy {policy}\n{table.text}")
    print(f"{compared} comparisons, both accept {accepted}, different: {dict(differ)}")
    assert not wrong, f"{len(wrong)} of {compared} differ, first:\n" + "\n".join(wrong[:3])
    assert compared == TABLES * len(LOGINS) * SENDERS
    assert accepted > compared / 10
    assert set(differ) <= headings()
    if TABLES >= 50:        # each difference that the manual names does occur
        assert set(differ) == headings()
