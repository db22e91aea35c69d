"""A raw SMTP client: it sends exactly the bytes it is given, and shows every reply."""

import base64
import hashlib
import hmac
import os
import re
import socket
import ssl

from lib import net, tls
from lib.wait import PATIENCE

ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?: |$)")
REFERENCE = re.compile(r"\[ref ([0-9A-Z]{4}-[0-9A-Z]{4})\]")


class Reply:
    """One reply: its code, enhanced code ('' when there is none) and text (lines joined with LF)."""

    def __init__(self, code, lines):
        self.code = code
        self.raw = "\n".join(lines)
        found = ENHANCED.match(lines[0])
        self.enhanced = found[1] if found else ""
        self.text = "\n".join(line.removeprefix(self.enhanced).lstrip() for line in lines)

    @property
    def ok(self):
        return self.code < 400

    @property
    def status(self):
        """Code and enhanced code, as in '550 5.7.1'."""
        return f"{self.code} {self.enhanced}".rstrip()

    @property
    def ref(self):
        """The reference that leads to the audit record, or None."""
        found = REFERENCE.search(self.raw)
        return found[1] if found else None

    def __repr__(self):
        return f"<{self.code} {self.raw!r}>"


class Disconnected(Exception):
    """The server closed the connection."""


class Client:
    """One SMTP session. Commands and content are str (sent as UTF-8) or bytes; CRLF is added to commands."""

    def __init__(self, host, port, timeout=PATIENCE, source=None, wrapped=False):
        """source: the address to come from. wrapped: TLS from the first byte, as on port 465."""
        self.socket = socket.create_connection((host, port), timeout=timeout, source_address=source and (source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)       # a message and its dot are two writes
        if wrapped:
            self.socket = trusting().wrap_socket(self.socket, server_hostname="mx.example.com")
        self.file = self.socket.makefile("rb")
        self.features = []
        self.banner = self.reply()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Hang up without a word."""
        self.file.close()
        self.socket.close()

    # --- bytes ---

    def send(self, data):
        self.socket.sendall(data.encode() if isinstance(data, str) else data)

    def reply(self):
        """Read one reply."""
        lines = []
        while True:
            line = self.file.readline()
            if not line.endswith(b"\n"):
                raise Disconnected(repr(line))
            text = line.rstrip(b"\r\n").decode("utf-8", "backslashreplace")
            lines.append(text[4:])
            if text[3:4] != "-":
                return Reply(int(text[:3]), lines)

    def command(self, line):
        """Send one command line, read its reply."""
        self.send((line.encode() if isinstance(line, str) else line) + b"\r\n")
        return self.reply()

    def pipeline(self, *lines):
        """Send all lines in one write, then read one reply for each."""
        self.send(b"".join((line.encode() if isinstance(line, str) else line) + b"\r\n" for line in lines))
        return [self.reply() for _ in lines]

    # --- the session ---

    def ehlo(self, name="client.example.org"):
        answer = self.command(f"EHLO {name}")
        self.features = answer.raw.upper().split("\n")[1:]
        return answer

    def starttls(self, most=None, ciphers=None, certificate=None):
        """STARTTLS and the handshake; no second EHLO.

        most: the newest version to speak, 'TLSv1.2'. ciphers: those of TLS 1.2. certificate: files of the client's, (cert, key).
        """
        answer = self.command("STARTTLS")
        if answer.ok:
            context = trusting()
            if most:
                context.maximum_version = ssl.TLSVersion[most.replace(".", "_")]
            if ciphers:
                context.set_ciphers(ciphers)
            if certificate:
                context.load_cert_chain(*certificate)
            self.file.close()
            self.socket = context.wrap_socket(self.socket, server_hostname="mx.example.com")
            self.file = self.socket.makefile("rb")
        return answer

    def xclient(self, **attributes):
        """XCLIENT ADDR=…, NAME=…, LOGIN=…, DESTPORT=…; the server starts anew, the next reply is its greeting."""
        return self.command("XCLIENT " + " ".join(f"{k}={v}" for k, v in attributes.items()))

    def auth_plain(self, login, password, authzid=""):
        return self.command("AUTH PLAIN " + b64(f"{authzid}\0{login}\0{password}"))

    def auth_login(self, login, password):
        for line in ("AUTH LOGIN", b64(login), b64(password)):
            answer = self.command(line)
            if answer.code >= 400:
                break
        return answer

    def auth_scram(self, login, password):
        """AUTH SCRAM-SHA-256 (RFC 5802, 7677), the server's proof checked."""
        nonce = b64(os.urandom(18))
        name = login.replace("=", "=3D").replace(",", "=2C")
        first = f"n={name},r={nonce}"
        answer = self.command("AUTH SCRAM-SHA-256 " + b64("n,," + first))
        if answer.code != 334:
            return answer
        challenge = base64.b64decode(answer.raw).decode()
        final, proof_of_server = scram_final(first, challenge, password)
        answer = self.command(b64(final))
        if answer.code != 334:
            return answer
        assert base64.b64decode(answer.raw).decode() == "v=" + proof_of_server, "the server does not know the password"
        return self.command("")

    def auth(self, mechanism, login, password):
        """Log in with PLAIN, LOGIN or SCRAM-SHA-256."""
        return {"PLAIN": self.auth_plain, "LOGIN": self.auth_login,
                "SCRAM-SHA-256": self.auth_scram}[mechanism](login, password)

    # --- the message ---

    def mail(self, path, parameters=""):
        """MAIL FROM: with the path exactly as given, brackets and all."""
        return self.command(f"MAIL FROM:{path} {parameters}".rstrip(" "))

    def try_mail(self, path, parameters=""):
        """The reply to MAIL; the message is given up at once."""
        answer = self.mail(path, parameters)
        self.rset()
        return answer

    def accepts(self, path, parameters=""):
        """Whether a message from there would be begun."""
        return self.try_mail(path, parameters).ok

    def rcpt(self, path, parameters=""):
        return self.command(f"RCPT TO:{path} {parameters}".rstrip(" "))

    def rset(self):
        return self.command("RSET")

    def data(self, message):
        """DATA and the message (lines end in CRLF, dots are the caller's); the reply that counts."""
        answer = self.command("DATA")
        if answer.code != 354:
            return answer
        self.send(message)
        return self.command(b".")

    def quit(self):
        answer = self.command("QUIT")
        self.close()
        return answer

    def message(self, sender, recipient, author=None):
        """A whole message from an address to an address; the first refusal, else the last reply."""
        for answer in (lambda: self.mail(f"<{sender}>"), lambda: self.rcpt(f"<{recipient}>")):
            last = answer()
            if not last.ok:
                self.rset()
                return last
        return self.data(text(author or sender, recipient))


def connect(host, port, login=None, password=None, mechanism="PLAIN", starttls=True, **options):
    """A session as an ordinary client opens it: EHLO, STARTTLS, EHLO and, with a login, AUTH; options are the Client's."""
    client = Client(host, port, **options)
    client.ehlo()
    if starttls and not options.get("wrapped"):
        assert client.starttls().ok
        client.ehlo()
    if login is not None:
        answer = client.auth(mechanism, login, password)
        assert answer.code == 235, answer
    return client


def trusting():
    """What a client needs to believe the server's certificate."""
    return ssl.create_default_context(cafile=tls.certificates().ca)


def text(author, recipient="someone@example.org", body="Hello.", extra=""):
    """A plain message with CRLF line ends."""
    return (f"From: <{author}>\r\nTo: <{recipient}>\r\nSubject: test\r\nDate: Mon, 24 Nov 2025 08:00:00 +0000\r\n"
            f"Message-ID: <{os.urandom(8).hex()}@client.example.org>\r\n{extra}\r\n{body}\r\n")


def b64(data):
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


def scram_final(first, challenge, password):
    """The client's last message and the proof the server has to answer with."""
    fields = dict(part.split("=", 1) for part in challenge.split(","))
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(fields["s"]), int(fields["i"]))
    bare = f"c=biws,r={fields['r']}"
    everything = f"{first},{challenge},{bare}".encode()

    def mac(key, data):
        return hmac.digest(key, data, "sha256")

    client_key = mac(salted, b"Client Key")
    signature = mac(hashlib.sha256(client_key).digest(), everything)
    proof = bytes(a ^ b for a, b in zip(client_key, signature))
    return f"{bare},p={b64(proof)}", b64(mac(mac(salted, b"Server Key"), everything))
