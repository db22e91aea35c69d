"""The reader of the case corpus: it reads what is there and says clearly what is wrong with what is not."""

import pytest

import corpus

GOOD = """\
sql SELECT 1;
case a sentence
  login alice
  mail <a@example.com>
    -> reject sender-not-granted
"""

# What is written, and what the reader says of it.
WRONG = {
    "an unknown word": (GOOD + "  sender <a@example.com>\n", "x.case:6: 'sender' is unknown here"),
    "an unknown reason": (GOOD.replace("not-granted", "unloved"), "x.case:5: no such reason: sender-unloved"),
    "a code of another class": (GOOD.replace("not-granted", "not-granted 450 4.7.1"), "x.case:5: reject cannot be answered 450 4.7.1"),
    "a reason besides none": (GOOD + "    also author-missing\n", "x.case:6: also REASON, after -> accept would REASON"),
    "an event nobody judges": (GOOD + "  rcpt <b@example.com>\n", "x.case:6: no verdict expected of 'rcpt' for batch"),
    "a case without a message": ("case a sentence\n  login alice\n", "x.case:1: a case needs a 'mail'"),
    "a case without a name": ("case\n", "x.case:1: a case needs a name"),
    "a fact after an event": (GOOD + "  login bob\n", "x.case:6: 'login' is a fact of the session"),
    "two values of a fact": (GOOD.replace("login alice", "login alice\n  login bob"), "x.case:4: two values for 'login'"),
    "policy after a case": (GOOD + "sql SELECT 2;\n", "x.case:6: the policy comes before the first case"),
    "a policy that is not there": ("policy none.sql\n" + GOOD, "x.case:1: no such file: none.sql"),
    "a clock that drivers cannot set": (GOOD.replace("login alice", "time 2030-01-01"), "x.case:2: has 'time': say 'milter cannot: …'"),
    "a case about one server": (GOOD.replace("login alice", "mta postfix"), "x.case:2: is about postfix: say 'sendmail cannot: …'"),
    "bytes that JSON cannot hold": (GOOD.replace("a@", "{FF}@"), "x.case:2: has bytes that are no text"),
    "a brace that is no escape": (GOOD.replace("a@", "{a@"), "x.case:4: a brace that is neither"),
    "a reason left out": (GOOD + "  postfix cannot:\n", "x.case:6: say why"),
    "a reply of no server": (GOOD + "  batch says 501\n", "x.case:6: postfix|sendmail says CODE"),
    "no case at all": ("# nothing\n", "x.case: no case in it"),
}


@pytest.mark.parametrize("written, said", WRONG.values(), ids=WRONG.keys())
def test_reader_tells_of(tmp_path, written, said):
    path = tmp_path / "x.case"
    path.write_text(written)
    with pytest.raises(corpus.Wrong) as error:
        corpus.read(path)
    assert str(error.value).startswith(said)


def test_names_of_cases_are_unique_and_the_corpus_is_whole():
    files = corpus.read_all()
    assert sum(len(f.cases) for f in files) >= 400


def test_escapes():
    assert corpus.unescape("a{41}{b*3}{7B}x}") == "aAbbb{x}"
    assert corpus.raw(corpus.unescape("{FF}")) == b"\xff"
    assert corpus.unescape("{20*0}") == ""


def test_every_driver_differs_only_with_a_reason():
    for file in corpus.read_all():
        for case in file.cases:
            assert all(case.cannot.values())
            assert len(case.cannot) < len(corpus.DRIVERS), f"{case.where}: nobody plays it"
