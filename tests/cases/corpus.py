"""The case corpus: what a case is, and the reader of *.case files (README.md describes the language)."""

import dataclasses
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
DRIVERS = ("batch", "milter", "postfix", "sendmail")

# The manual's table of reasons and the codes they are answered with.
REPLIES = {
    "sender-not-granted": "550 5.7.1", "sender-denied": "550 5.7.1",
    "sender-malformed": "553 5.1.7", "recipient-malformed": "553 5.1.3",
    "author-not-granted": "550 5.7.1", "author-denied": "550 5.7.1", "author-not-aligned": "550 5.7.1",
    "sender-header-not-granted": "550 5.7.1", "resent-not-granted": "550 5.7.1", "display-name-spoof": "550 5.7.1",
    "author-missing": "554 5.6.0", "author-repeated": "554 5.6.0", "author-malformed": "554 5.6.0",
    "sender-header-malformed": "554 5.6.0",
    "login-suspended": "550 5.7.13", "login-unknown": "550 5.7.1", "login-required": "530 5.7.0",
    "relay-denied": "550 5.7.1", "rule": "550 5.7.1", "tls-required": "530 5.7.0", "mechanism-weak": "550 5.7.9",
    "local-sender-protected": "550 5.7.1", "limit-exceeded": "450 4.7.1",
    "policy-unavailable": "451 4.3.0", "internal": "451 4.3.0", "overloaded": "451 4.3.2",
}

SESSION = ("login", "mechanism", "client", "tls", "cipher_bits", "listener", "helo", "time", "mta", "auth_authen",
           "cert_subject", "cert_issuer", "verify")
EVENTS = ("mail", "rcpt", "end", "rset", "ehlo")
JUDGED = ("mail", "rcpt", "end")

# A client whose address the mail server did not tell.
UNTOLD = "-"

# Facts that a driver cannot always make true, and the drivers that can.
NEEDS = {
    "time": ("batch",),                     # the others live in the real time
    "auth_authen": ("milter",),             # batch takes a decoded login, an MTA makes its own macro
    "local": ("batch", "milter", "postfix"),
    "cert_subject": ("batch", "milter"),    # tests/mta has real certificates
    "cert_issuer": ("batch", "milter"),
    "verify": ("batch", "milter"),
}


class Wrong(Exception):
    """A mistake in a case file; the text begins with file:line."""


@dataclasses.dataclass
class Expect:
    """A verdict: `reason` is that of a refusal, `would` that of one which monitor mode passed over."""
    verdict: str
    reason: str = None
    would: str = None
    also: list = dataclasses.field(default_factory=list)    # reasons passed over besides
    code: str = None            # '550 5.7.1'
    text: list = dataclasses.field(default_factory=list)
    row: list = dataclasses.field(default_factory=list)
    record: dict = dataclasses.field(default_factory=dict)      # fields of the audit record

    @property
    def refuses(self):
        return self.verdict in ("reject", "tempfail")


@dataclasses.dataclass
class Event:
    kind: str
    line: int
    arg: str = ""
    params: list = dataclasses.field(default_factory=list)
    auth_param: str = None
    auth_author: str = None     # the macro, where it is not the parameter
    macros: dict = dataclasses.field(default_factory=dict)      # driver or '' -> {mail_addr} / {rcpt_addr}
    headers: list = dataclasses.field(default_factory=list)     # of `end`
    expects: dict = dataclasses.field(default_factory=dict)     # driver or '' -> Expect
    says: dict = dataclasses.field(default_factory=dict)        # driver -> the MTA's own reply

    def expect(self, driver):
        return self.expects.get(driver) or self.expects.get("")

    def macro(self, driver="", default=True):
        """What {mail_addr} or {rcpt_addr} holds on Postfix; None when it is not there."""
        said = self.macros.get(driver, self.macros.get(""))
        if said is None:
            return bare(self.arg).casefold() if default else None
        return None if said == "-" else said


@dataclasses.dataclass
class Case:
    name: str
    path: pathlib.Path
    line: int
    facts: dict = dataclasses.field(default_factory=dict)
    local: bool = False
    events: list = dataclasses.field(default_factory=list)
    cannot: dict = dataclasses.field(default_factory=dict)      # driver -> why

    @property
    def where(self):
        return f"{self.path.name}:{self.line}"

    def get(self, fact, default=None):
        return self.facts.get(fact, default)

    def messages(self):
        """The events, grouped into messages: each begins with its MAIL."""
        found = []
        for event in self.events:
            if event.kind == "mail":
                found.append([event])
            elif found:
                found[-1].append(event)
        return found


@dataclasses.dataclass
class File:
    path: pathlib.Path
    policy: list = dataclasses.field(default_factory=list)      # texts of SQL
    cases: list = dataclasses.field(default_factory=list)
    cannot: dict = dataclasses.field(default_factory=dict)

    @property
    def sql(self):
        return "\n".join(self.policy)

    def played_by(self, driver):
        return [c for c in self.cases if driver not in c.cannot]


def bare(argument):
    """The address in an argument of MAIL or RCPT: no blanks, no brackets."""
    return argument.strip(" ").removeprefix("<").removesuffix(">").strip(" ")


def raw(text):
    """The bytes of a value; bytes that are no UTF-8 live in it as surrogates."""
    return text.encode("utf-8", "surrogateescape")


def is_text(text):
    """Whether a value is UTF-8 without NUL, so that the JSON of a batch can hold it."""
    return not any("\ud800" <= c <= "\udfff" or c == "\0" for c in text)


def unescape(text):
    """{0D} is a byte, {a*65} is 65 times a."""
    def one(match):
        if match["times"]:
            return match["what"].encode() * int(match["times"])
        return bytes.fromhex(match["hex"])
    escape = re.compile(rb"\{(?:(?P<hex>[0-9A-F]{2})|(?P<what>[^{}]+)\*(?P<times>\d+))\}")
    def plain(match):
        return one({k: v and v.decode() for k, v in match.groupdict().items()})
    if re.search(rb"\{(?![0-9A-F]{2}\}|[^{}]+\*\d+\})", text.encode()):
        raise ValueError("a brace that is neither {HH} nor {text*N} (write {7B} for a brace)")
    return escape.sub(plain, text.encode()).decode("utf-8", "surrogateescape")


def read_expect(words):
    """The words after '->'."""
    would = None
    if len(words) > 2 and words[-2] == "would":
        words, would = words[:-2], words[-1]
        if would not in REPLIES:
            raise ValueError(f"no such reason: {would}")
    verdict, rest = words[0], words[1:]
    if verdict == "hold" and (not rest or rest[0] in REPLIES and len(rest) == 1):
        return Expect(verdict, reason=(rest or ["rule"])[0], would=would)
    if verdict == "accept" and not rest:
        return Expect(verdict, would=would)
    if verdict not in ("reject", "tempfail") or len(rest) not in (1, 3):
        raise ValueError("-> accept, -> hold [REASON], or -> reject|tempfail REASON [CODE X.Y.Z], all with [would REASON]")
    if rest[0] not in REPLIES:
        raise ValueError(f"no such reason: {rest[0]}")
    code = " ".join(rest[1:]) or REPLIES[rest[0]]
    if code[0] != {"reject": "5", "tempfail": "4"}[verdict]:
        raise ValueError(f"{verdict} cannot be answered {code}")
    return Expect(verdict, reason=rest[0], would=would, code=code)


class Reader:
    """Reads one file; each line goes to the method of its first word."""

    def __init__(self, path):
        self.file = File(path)
        self.case = None
        self.event = None
        self.expected = None        # the last expectation, for `reply` and `row`
        self.headers = []

    def read(self):
        for number, text in enumerate(self.file.path.read_text("utf-8").splitlines(), 1):
            self.number = number
            text = text.strip(" \t")
            if not text or text.startswith("#"):
                continue
            try:
                self.take(text)
            except ValueError as e:
                raise Wrong(f"{self.file.path.name}:{number}: {e}") from None
        self.close()
        if not self.file.cases:
            raise Wrong(f"{self.file.path.name}: no case in it")
        return self.file

    def take(self, text):
        word, _, rest = text.partition(" ")
        rest = rest.strip(" ")
        if word in DRIVERS:
            self.differs(word, rest)
        elif word in ("policy", "sql"):
            self.policy(word, rest)
        elif word == "case":
            self.close()
            self.case = Case(rest, self.file.path, self.number, cannot=dict(self.file.cannot))
            if not rest:
                raise ValueError("a case needs a name: a sentence")
        elif self.case is None:
            raise ValueError(f"'{word}' outside a case")
        elif word in SESSION or word == "local":
            self.fact(word, rest)
        elif word in EVENTS or word == "header":
            self.happens(word, rest)
        else:
            self.detail("", word, rest)

    def policy(self, word, rest):
        if self.case:
            raise ValueError("the policy comes before the first case")
        if word == "policy":
            path = HERE / rest
            if not path.is_file():
                raise ValueError(f"no such file: {rest}")
            self.file.policy.append(path.read_text("utf-8"))
        else:
            self.file.policy.append(rest)

    def fact(self, word, rest):
        if self.case.events:
            raise ValueError(f"'{word}' is a fact of the session: it comes before the first event")
        if word == "local":
            self.case.local = True
            return
        if not rest:
            raise ValueError(f"'{word}' needs a value")
        if word in self.case.facts:
            raise ValueError(f"two values for '{word}'")
        if word == "mta" and rest not in ("postfix", "sendmail"):
            raise ValueError("mta postfix, or mta sendmail")
        self.case.facts[word] = unescape(rest)

    def happens(self, word, rest):
        if word == "header":
            if not re.match(r"[^:]+:", rest):
                raise ValueError("header NAME: VALUE")
            self.headers.append(unescape(rest))
            self.event = self.expected = None
            return
        if word in ("mail", "rcpt") and not rest:
            raise ValueError(f"'{word}' needs the argument as typed")
        if word != "mail" and word in JUDGED and not any(e.kind == "mail" for e in self.case.events):
            raise ValueError(f"'{word}' before any 'mail'")
        self.event = Event(word, self.number, unescape(rest))
        if word == "end":
            self.event.headers, self.headers = self.headers, []
        self.case.events.append(self.event)
        self.expected = None

    def detail(self, driver, word, rest):
        """A line about the event above, for all drivers or for one."""
        event = self.event
        if event is None or event.kind not in JUDGED:
            raise ValueError(f"'{word}' is unknown here")
        if word == "->":
            if driver in event.expects:
                raise ValueError("two expectations for one event")
            self.expected = event.expects[driver] = read_expect(rest.split() or [""])
        elif word in ("record", "reply", "row", "also"):
            if self.expected is None:
                raise ValueError(f"'{word}' belongs to an expectation")
            if word == "also":
                if not self.expected.would or rest not in REPLIES:
                    raise ValueError("also REASON, after -> accept would REASON")
                self.expected.also.append(rest)
            elif word == "reply":
                self.expected.text.append(unescape(rest))
            elif word == "row":
                self.expected.row = unescape(rest).split()
            else:
                field, _, value = rest.partition(" ")
                self.expected.record[field] = None if value == "-" else unescape(value)
        elif word == {"mail": "mail_addr", "rcpt": "rcpt_addr"}.get(event.kind):
            event.macros[driver] = unescape(rest)
        elif word == "param" and not driver:
            event.params.append(unescape(rest))
        elif word == "auth_param" and not driver and event.kind == "mail":
            event.auth_param = unescape(rest)
        elif word == "auth_author" and not driver and event.kind == "mail":
            event.auth_author = unescape(rest)
        else:
            raise ValueError(f"'{word}' is unknown here")

    def differs(self, driver, rest):
        word, _, rest = rest.partition(" ")
        rest = rest.strip(" ")
        if word == "cannot:":
            if not rest:
                raise ValueError("say why")
            (self.case or self.file).cannot[driver] = rest
        elif word == "says":
            if driver not in ("postfix", "sendmail") or not re.match(r"[2345]\d\d( |$)", rest):
                raise ValueError("postfix|sendmail says CODE [X.Y.Z]")
            if self.event is None or self.event.kind not in JUDGED:
                raise ValueError("no event that an MTA could answer")
            self.event.says[driver] = rest
        else:
            self.detail(driver, word, rest)

    def check_event(self, event):
        if event.kind in JUDGED:
            missing = [d for d in DRIVERS if d not in self.case.cannot and not event.expect(d) and d not in event.says]
            if missing:
                raise Wrong(f"{self.file.path.name}:{event.line}: no verdict expected of '{event.kind}'"
                            f" for {', '.join(missing)}")

    def close(self):
        """The case is complete: what it leaves open is wrong."""
        case = self.case
        if not case:
            return
        for event in case.events:
            self.check_event(event)
        if not any(e.kind == "mail" for e in case.events):
            raise Wrong(f"{case.where}: a case needs a 'mail'")
        if self.headers:
            raise Wrong(f"{case.where}: headers without an 'end'")
        given = dict(case.facts, **({"local": True} if case.local else {}))
        for fact, able in NEEDS.items():
            silent = [d for d in DRIVERS if fact in given and d not in able and d not in case.cannot]
            if silent:
                raise Wrong(f"{case.where}: has '{fact}': say '{silent[0]} cannot: …'")
        other = {"postfix": "sendmail", "sendmail": "postfix"}.get(case.get("mta"))
        if other and other not in case.cannot:
            raise Wrong(f"{case.where}: is about {case.get('mta')}: say '{other} cannot: …'")
        values = list(case.facts.values()) + [v for e in case.events for v in (e.arg, *e.headers)]
        if "batch" not in case.cannot and not all(map(is_text, values)):
            raise Wrong(f"{case.where}: has bytes that are no text: say 'batch cannot: …'")
        self.file.cases.append(case)
        self.case = self.event = None


def read(path):
    return Reader(pathlib.Path(path)).read()


def read_all():
    """Every file of the corpus, in order; names of cases are unique."""
    files = [read(path) for path in sorted(HERE.glob("*.case"))]
    seen = {}
    for case in (c for f in files for c in f.cases):
        if case.name in seen:
            raise Wrong(f"{case.where}: the same name as {seen[case.name]}: {case.name}")
        seen[case.name] = case.where
    return files


def logins(driver):
    """Every login that a driver needs an account for."""
    return sorted({c.get("login") for f in read_all() for c in f.played_by(driver)} - {None})


def main():
    try:
        files = read_all()
    except Wrong as e:
        sys.exit(str(e))
    for file in files:
        played = ", ".join(f"{d} {len(file.played_by(d))}" for d in DRIVERS)
        print(f"{file.path.stem:24} {len(file.cases):4}   {played}")
    total = ", ".join(f"{d} {sum(len(f.played_by(d)) for f in files)}" for d in DRIVERS)
    print(f"{'all':24} {sum(len(f.cases) for f in files):4}   {total}")


if __name__ == "__main__":
    main()
