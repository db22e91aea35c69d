"""The case corpus against the daemon's milter socket, through miltertest."""

import subprocess

import pytest

import corpus
import play
from lib import place
from lib.wait import PATIENCE

VERSIONS = {"postfix": "Postfix 3.7.11", "sendmail": "8.17.1.9"}

# The milter protocol's response bytes. Never "a": an accept would end the filtering of the message for other milters.
CONTINUE, REPLYCODE = "c", "y"


@pytest.fixture(scope="module")
def bench(build):
    bench = play.Bench()
    yield bench
    bench.stop()


class Script:
    """A Lua script for miltertest that plays a case as its mail server would, and prints what each event is answered."""

    def __init__(self, case, address):
        self.case = case
        self.mta = case.get("mta", "postfix")
        self.lines = [f"c = mt.connect({lua(address)})",
                      'if c == nil then error("no connection") end',
                      "function told(n) mt.echo(n .. ' ' .. string.char(mt.getreply(c))) end",
                      "function has(step) return not mt.test_option(c, step) end"]
        self.in_message = False
        self.connect()
        for number, event in enumerate(case.events):
            getattr(self, event.kind)(number, event)
        self.lines.append("mt.disconnect(c)")

    def text(self):
        return "\n".join(self.lines) + "\n"

    def call(self, name, *args):
        """A call that returns nil unless it failed."""
        args = ", ".join(["c", *map(lua, args)])
        self.lines.append(f"e = mt.{name}({args}) if e ~= nil then error({lua(name)} .. ': ' .. e) end")

    def macros(self, stage, **values):
        """The macros of a stage, those without a value left out."""
        pairs = [w for name, v in values.items() if v is not None
                 for w in ("{" + name + "}" if len(name) > 1 else name, v)]
        if pairs:
            self.lines.append(f"mt.macro(c, {stage}, {', '.join(map(lua, pairs))})")

    def connect(self):
        case = self.case
        client = "127.0.0.1" if case.local else case.get("client", play.CLIENT)
        listener = case.get("listener", "submission" if case.get("login") else "mx")
        port, name = (listener, "smtpd") if listener.isdigit() else ("25", listener)
        host = "localhost" if case.local else f"[{client}]"
        self.macros("SMFIC_CONNECT", j="mx.example.com", _=f"{host} [{client}]", v=VERSIONS[self.mta],
                    daemon_name=None if case.local else name, daemon_port=None if case.local else port,
                    client_addr=("IPv6:" if ":" in client else "") + client, client_name="unknown")
        self.call("conninfo", host, "unspec" if client == corpus.UNTOLD else client)
        self.hello()

    def hello(self):
        self.macros("SMFIC_HELO", **self.tls())
        self.call("helo", self.case.get("helo", play.HELO))

    def tls(self):
        """The macros of TLS; a server tells of a client's certificate with them."""
        told = {name: self.case.get(name) for name in ("cert_subject", "cert_issuer", "verify")}
        if not self.case.get("tls"):
            return told
        return told | {"tls_version": self.case.get("tls"), "cipher": "TLS_AES_256_GCM_SHA384",
                       "cipher_bits": self.case.get("cipher_bits", "256")}

    def login(self):
        """{auth_authen}: Postfix shows the login as it is, Sendmail in xtext."""
        given = self.case.get("auth_authen")
        if given is not None:
            return given
        login = self.case.get("login")
        return xtext(login) if login and self.mta == "sendmail" else login

    def address(self, event):
        """{mail_addr} or {rcpt_addr}; Sendmail's in its own words."""
        if self.mta == "postfix" or event.macros:
            return event.macro("milter")
        return corpus.bare(event.arg)

    def mail(self, number, event):
        local = self.case.local
        login = self.login()
        self.macros("SMFIC_MAIL", i="4QUEUEID" if local or self.mta == "sendmail" else None,
                    auth_authen=login, auth_type=login and self.case.get("mechanism", "PLAIN"),
                    auth_author=event.auth_author or event.auth_param, mail_addr=self.address(event),
                    mail_mailer=None if local else "smtp", mail_host=None if local else "elsewhere.example", **self.tls())
        auth = [f"AUTH={event.auth_param}"] if event.auth_param is not None else []
        self.call("mailfrom", event.arg, *event.params, *auth)
        self.told(number)
        self.in_message = True

    def rcpt(self, number, event):
        self.macros("SMFIC_RCPT", i="4QUEUEID", rcpt_addr=self.address(event),
                    rcpt_mailer=None if self.case.local else "smtp", rcpt_host=None if self.case.local else "elsewhere.example")
        self.call("rcptto", event.arg, *event.params)
        self.told(number)

    def end(self, number, event):
        self.lines.append("if has(SMFIP_NODATA) then mt.data(c) end")
        for line in event.headers:
            name, _, value = line.partition(":")
            self.lines.append("if has(SMFIP_NOHDRS) then")
            # the MTAs show a fold with a line feed alone
            self.call("header", name, value.removeprefix(" ").replace("\r\n", "\n"))
            self.lines.append("end")
        self.lines.append("if has(SMFIP_NOEOH) then mt.eoh(c) end")
        self.lines.append('if has(SMFIP_NOBODY) then mt.bodystring(c, "Hello.\\r\\n") end')
        self.call("eom")
        self.told(number)
        self.lines.append(f"mt.echo('held{number} ' .. tostring(mt.eom_check(c, MT_QUARANTINE)))")
        self.in_message = False

    def rset(self, number, event):
        if self.in_message:
            self.call("abort")
        self.in_message = False

    def ehlo(self, number, event):
        self.rset(number, event)
        self.hello()

    def told(self, number):
        """Print what the event was answered."""
        self.lines.append(f"told({number})")


def lua(value):
    """A Lua string of these bytes."""
    return '"' + "".join(chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\{b:03d}" for b in corpus.raw(value)) + '"'


def xtext(login):
    """As Sendmail's xtextify() writes {auth_authen}."""
    return "".join(chr(b) if 33 <= b <= 126 and b not in b'+\\(=<>")' else f"+{b:02X}" for b in corpus.raw(login))


@pytest.mark.parametrize("file, case", play.cases("milter"))
def test(bench, file, case):
    bench.load(file)
    evidence = play.Evidence(bench.daemon)
    script = Script(case, bench.daemon.address)
    done = subprocess.run(["miltertest"], input=script.text(), capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, f"{case.where}: {done.stdout}{done.stderr}\n{script.text()}"
    answers = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    played = []
    for number, event in enumerate(case.events):
        if event.kind in corpus.JUDGED:
            expect = event.expect("milter")
            answer = answers[str(number)]
            wanted = REPLYCODE if expect.refuses else CONTINUE
            assert answer == wanted, f"{case.path.name}:{event.line}: {answer}, expected {expect}"
            if event.kind == "end":
                held = "true" if expect.verdict == "hold" else "false"
                assert answers[f"held{number}"] == held, f"{case.path.name}:{event.line}: held {answers}"
            played.append(play.Played(event, expect))
    evidence.judge(case, played)
