"""Does what docs/rollout.md says on a Postfix with 40 logins: walk_rollout.py postfix EMPTY-FOLDER.

Called by test_readme.py, in a private system as walk.py's. The same mail is sent in mode monitor and in mode enforce: no message that is
right is refused, and every spoof is. Nothing in a block is changed.
"""

import collections
import email.utils
import itertools
import json
import operator
import pathlib
import re

import walk
from walk import PATIENCE, do, net, smtp, until
from walk_guides import MAILLOG, add_address, records, running
from lib import place
from lib.dovecot import PASSWORD
from lib.guide import blocks

FRIEND = "friend@example.org"
OFFICE, THIEF = "192.0.2.77", "198.51.100.66"
MACHINE = "192.0.2.9"       # in mynetworks, without a login

POSTFIX = [
    "mydestination = $myhostname, example.com", "virtual_alias_domains = example.net", "mynetworks = 127.0.0.0/8 192.0.2.9",
    "recipient_delimiter = +", "smtpd_sender_login_maps = texthash:/etc/postfix/senders",
    "virtual_alias_maps = texthash:/etc/postfix/virtual", "smtpd_error_sleep_time = 0", "smtpd_hard_error_limit = 1000",
]

SENDERS = """\
# address                 logins
alice@example.com         alice
anna.huber@example.com    ahuber
info@example.com          anna, ben
jobs@example.com          greta
sales@example.net         hans ida
"""

VIRTUAL = """\
example.net               anything
postmaster@example.com    alice@example.com
support@example.com       ben@example.com, carla@example.com
help@example.com          support@example.com
anna.h@example.com        ahuber@example.com
staff@example.com         alice@example.com
private@example.net       someone@elsewhere.example
"""

PEOPLE = ("alice anna ben carla dave emil finn greta hans ida jonas karin lukas mia nick olga petra quinn ralf sara tom ursula walter xenia "
          "yara zoe oskar paula igor rosa ceo").split()

# Who sends, or None for the machine without a login; the envelope sender; the first fields of the header, From: the sender if none are
# given; why it has to be refused; where from.
Message = collections.namedtuple("Message", "login sender header reason client", defaults=[None, None, OFFICE])


def author(address):
    return f"From: {address}\r\n"


RIGHT = [
    *(Message(name, f"{name}@example.com") for name in PEOPLE),
    Message("vera@example.net", "vera@example.net"),
    Message("Doris", "Doris@Example.COM"),
    Message("yara", "yara+shop@example.com"),
    Message("zoe", "", author("zoe@example.com")),      # a vacation notice
    Message("hans", "hans@example.net"),
    # what the tables have
    Message("ahuber", "Anna.Huber@example.com", author('"Huber, Anna" <anna.huber@example.com>')),
    Message("ahuber", "anna.h@example.com"),
    Message("anna", "info@example.com"),
    Message("ida", "ida@example.com", author("sales@example.net")),
    Message("greta", "jobs+2026@example.com"),
    Message("carla", "support@example.com"),
    Message("ben", "help@example.com"),
    # a mailbox that a team shares, and the mailings of another
    *(Message(name, f"{name}@example.com", author("Projects <projects@example.com>")) for name in ("jonas", "karin", "lukas", "walter")),
    *(Message(name, "news-bounces@example.com", author("news@example.com")) for name in ("mia", "nick", "olga")),
    # devices and applications
    *(Message("scanner", f"scan-{floor}@example.com") for floor in (1, 2, 3)),
    Message("shop", "noreply@example.com"),
    Message("shop", "noreply+order-1@example.com", author("noreply@example.com")),
    Message("shop", "noreply+order-2@example.com", author("noreply@example.com")),
    Message("crm", "crm@example.com", author("contact@example.com")),
    Message("backup", "root@mx.example.com"),
    Message("wiki", "wiki@example.com"),
    Message("fax", "fax@example.com", ""),
    Message(None, "monitoring@example.com", client=MACHINE),
    # what only a person can know to be right
    Message("petra", "petra@example.com", author("ceo@example.com") + "Sender: petra@example.com\r\n"),
    Message("ralf", "ralf@partner.example"),
    Message("ursula", "ursula@example.com", author("ursula.lang@gmail.com")),
    Message("rosa", "rosa@example.com", author('"rosa@oldfirm.example" <rosa@example.com>')),
]

ME = author("tom@example.com")

SPOOFED = [
    # the password of tom is stolen
    *(Message("tom", *message, THIEF) for message in (
        ("ceo@example.com", None, "sender-not-granted"),
        ("CEO@EXAMPLE.com", None, "sender-not-granted"),
        ("ceo+urgent@example.com", None, "sender-not-granted"),
        ("info@example.com", None, "sender-not-granted"),
        ("service@bank.example", None, "sender-not-granted"),
        ("invoices@example.com", None, "sender-not-granted"),
        ("", author("ceo@example.com"), "author-not-granted"),
        ("tom@example.com", author("ceo@example.com"), "author-not-granted"),
        ("tom@example.com", author("ceo@example.com") + "Sender: tom@example.com\r\n", "author-not-granted"),
        ("tom@example.com", author("tom@example.com, ceo@example.com") + "Sender: tom@example.com\r\n", "author-not-granted"),
        ("tom@example.com", author('"ceo@example.com" <tom@example.com>'), "display-name-spoof"),
        ("tom@example.com", ME + author("ceo@example.com"), "author-repeated"),
        ("tom@example.com", ME + "Sender: ceo@example.com\r\n", "sender-header-not-granted"),
        ("tom@example.com", ME + "Resent-From: ceo@example.com\r\n", "resent-not-granted"),
    )),
    # people and programs that go beyond what is theirs
    Message("shop", "alice@example.com", None, "sender-not-granted"),
    Message("shop", "noreply@example.com", author("ceo@example.com"), "author-not-granted"),
    Message("scanner", "tom@example.com", None, "sender-not-granted"),
    Message("crm", "crm@example.com", author("info@example.com"), "author-not-granted"),
    Message("fax", "ceo@example.com", "", "sender-not-granted"),
    Message("petra", "ceo@example.com", None, "sender-not-granted"),
    Message("petra", "petra@example.com", author("ceo@example.com"), "author-not-granted"),     # no Sender
    Message("anna", "support@example.com", None, "sender-not-granted"),
    Message("alice", "staff@example.com", None, "sender-not-granted"),
    Message("oskar", "projects@example.com", None, "sender-not-granted"),
    Message("nick", "scan-1@example.com", None, "sender-not-granted"),
    Message(None, "ceo@example.com", None, "sender-not-granted", MACHINE),
    Message(None, "monitoring@example.com", author("ceo@example.com"), "author-not-granted", MACHINE),
]

TIMES = 3       # in the week


# --- mail ---

def connect(login, client):
    if login:
        return smtp.connect(net.V4, 587, login, PASSWORD, source=client)
    session = smtp.Client(net.V4, 25, source=client)
    session.ehlo()
    return session


def send(session, m):
    """The first refusal, else the last reply."""
    for step in (lambda: session.mail(f"<{m.sender}>"), lambda: session.rcpt(f"<{FRIEND}>")):
        answer = step()
        if not answer.ok:
            session.rset()
            return answer
    header = author(m.sender) if m.header is None else m.header
    return session.data(f"{header}To: {FRIEND}\r\nSubject: test\r\nDate: {email.utils.formatdate()}\r\n\r\nHello.\r\n")


def send_all(messages):
    """(message, reply) of each; who sends several does so in one session."""
    answers = []
    by_session = operator.attrgetter("client", "login")
    for (client, login), own in itertools.groupby(sorted(messages, key=lambda m: (m.client, m.login or "")), by_session):
        session = connect(login, client)
        answers += [(m, send(session, m)) for m in own]
        session.quit()
    return answers


def all_pass(messages):
    refused = [(m, answer) for m, answer in send_all(messages) if not answer.ok]
    assert not refused, refused


def all_refused(messages):
    """Each for its reason, found by the reference in the reply."""
    answers = send_all(messages)
    passed = [(m, answer) for m, answer in answers if answer.code < 500]
    assert not passed, passed
    found = {r["ref"]: r for r in records()}
    for m, answer in answers:
        one = found[answer.ref]
        assert (one["reason"], one["client"], one["login"]) == (m.reason, m.client, m.login or "monitoring"), (m, one)


# --- the guide ---

class Guide:
    """The blocks, taken in their order."""

    def __init__(self, name):
        self.text = (place.TOP / name).read_text()
        self.blocks = blocks(name)

    def do(self, word, kind="sh", **others):
        """Do the next block; others: what stands in it for what only this system knows."""
        found, text = self.blocks.pop(0)
        assert found == kind and word in text, f"a block {kind} with {word} was expected, and not {found}:\n{text}"
        for name, value in others.items():
            pattern = {"ref": r"7K2M-9QXD", "change": r"\b99\b"}[name]
            assert re.search(pattern, text)
            text = re.sub(pattern, value, text)
        self.done = text
        return do(text)


def plain(line):
    """Without figures, which are of the day."""
    return re.sub(r"\d+", "0", line)


def take_over(guide):
    guide.do("import postfix-main")
    said = guide.do("import postfix-login-maps")
    assert "+ grant alice staff@example.com" in said and said.count("nothing was changed") == 2
    assert "0 errors" in guide.do("authpolicy revoke")
    assert "in force as it is now" in guide.do("smtpd_milters")
    until(lambda: net.listening(net.V4, 587), PATIENCE, "the submission service")


def look(guide):
    """A week in mode monitor: nothing is refused, and all is told."""
    all_pass((RIGHT + SPOOFED) * TIMES)
    assert {r["client"] for r in records()} == {OFFICE, MACHINE, THIEF}
    said = " ".join(guide.do("authpolicy report").split())
    for word in ("monitoring@example.com", "author-missing fax", *(m.reason for m in SPOOFED)):
        assert word in said, word
    guide.do("identity add")
    assert re.search(r"sender-not-granted +\| tom +\| ceo@example.com", guide.do(".import"))


def choose(guide):
    learned = guide.do("authpolicy learn").splitlines()
    shown = [line[4:] for line in re.findall(r"^    .+$", guide.text.split("## 4.")[1].split("## 5.")[0], re.M)]
    assert shown and {plain(line) for line in shown} <= {plain(line) for line in learned}
    guide.do("grant backup")
    assert set(guide.done.splitlines()) <= set(learned), "what learn proposes"
    guide.do("group add projects")
    assert "0 errors" in guide.do("grant --on-behalf")


def replayed(guide):
    """Only what is planted would be refused."""
    said = guide.do("authpolicy replay --refused")
    found = json.loads(walk.run_quietly("authpolicy", "replay", "--refused", "--json").stdout)
    left = collections.Counter()
    for change in found["changes"]:
        if "would " in change["after"]:
            left[change["login"], change["after"].split("would ")[1]] += change["count"]
    assert found["newly_refused"] == 0 and "0 newly refused" in said
    return left


def planted(times):
    return collections.Counter((m.login, m.reason) for m in SPOOFED * times)


def enforce(guide):
    left = replayed(guide)
    assert left == planted(TIMES), (left - planted(TIMES), planted(TIMES) - left)
    guide.do("group add pilot")
    pilot = ("alice", "ben")
    all_refused([m for m in SPOOFED if m.login in pilot])
    all_pass([m for m in RIGHT if m.login in pilot] + [m for m in SPOOFED if m.login not in pilot])
    guide.do("set mode enforce")
    all_pass(RIGHT)
    all_refused(SPOOFED)


def call(guide):
    press = Message("igor", "press@example.com", reason="sender-not-granted")
    (_, answer), = send_all([press])
    assert plain_ref(answer) in guide.text
    said = guide.do("--explain", "sh call", ref=answer.ref)
    assert f'"ref":"{answer.ref}"' in said and "to allow it: authpolicy grant 'igor' 'press@example.com'" in said
    guide.do("grant igor")
    all_pass([press])
    history = json.loads(walk.run_quietly("authpolicy", "history", "--table", "send_as", "--limit", "1", "--json").stdout)
    guide.do("history --undo", "sh undo", change=str(history[0]["id"]))
    all_refused([press])


def stolen(guide):
    own = Message("tom", "tom@example.com")
    session = connect("tom", THIEF)
    assert send(session, own).ok
    guide.do("authpolicy suspend")
    assert send(session, own).status == "550 5.7.13"
    session.quit()
    guide.do("authpolicy resume")
    all_pass([own])


def back(guide):
    guide.do("set mode monitor")
    all_pass(SPOOFED)
    do("authpolicy set mode enforce\n")
    asking = set(running("smtpd"))
    guide.do("smtpd_milters =")
    until(lambda: asking.isdisjoint(running("smtpd")), PATIENCE, "those that ask to end")
    all_pass(SPOOFED)
    assert not guide.blocks


def plain_ref(answer):
    """The reply as the guide shows it."""
    return f"{answer.code} {answer.raw}".replace(answer.ref, "7K2M-9QXD")


def walk_postfix():
    assert len({m.login for m in RIGHT if m.login}) == 40
    readme, guide = walk.Readme("postfix"), Guide("docs/rollout.md")
    for number, address in enumerate((OFFICE, THIEF, MACHINE)):
        add_address(number, address)
    readme.do("useradd")
    walk.start_postfix(*POSTFIX)
    pathlib.Path("/etc/postfix/senders").write_text(SENDERS)
    pathlib.Path("/etc/postfix/virtual").write_text(VIRTUAL)
    try:
        readme.do("/var/spool/postfix/authpolicy")
        with open("/etc/postfix/master.cf", "a", encoding="ascii") as master:
            master.write(readme.do("submission inet"))
        for part in (take_over, look, choose, enforce, call, stolen, back):
            part(guide)
    except BaseException:
        print(walk.run_quietly("tail", "-n", "40", MAILLOG).stdout)
        raise


if __name__ == "__main__":
    walk.main({"postfix": walk_postfix})
