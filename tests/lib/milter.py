"""The mail server's side of the milter protocol, packet by packet: it can be slow, silent or wrong where a real one is not."""

import socket
import struct

from lib.wait import PATIENCE

# What Postfix 3.7 offers: version 6, all actions, all steps. What the daemon asks to leave out is not sent.
OFFER = struct.pack("!III", 6, 0x1FF, 0x1FFFFF)

CONTINUE = "c"


def packet(command, data=b""):
    return struct.pack("!I", len(data) + 1) + command.encode() + data


def strings(*texts):
    return b"".join(t.encode(errors="surrogateescape") + b"\0" for t in texts)


class Milter:
    """One session with the daemon, as Postfix would have it with a client that is logged in."""

    def __init__(self, path, login="alice", timeout=PATIENCE):
        self.login = login
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(str(path))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def fileno(self):
        return self.socket.fileno()

    def close(self):
        self.socket.close()

    def send(self, command, data=b""):
        self.socket.sendall(packet(command, data))

    def answer(self):
        """The next answer, as (code, text); ('', '') when the daemon hung up."""
        head = self.read(4)
        if len(head) < 4:
            return "", ""
        body = self.read(struct.unpack("!I", head)[0])
        return body[:1].decode(), body[1:].rstrip(b"\0").decode(errors="backslashreplace")

    def read(self, length):
        data = b""
        while len(data) < length:
            try:
                part = self.socket.recv(length - len(data))
            except ConnectionResetError:
                part = b""
            if not part:
                break
            data += part
        return data

    def negotiate(self):
        """Whether the daemon takes the session."""
        self.send("O", OFFER)
        return self.answer()[0] == "O"

    def macros(self, stage, **values):
        self.send("D", stage.encode() + strings(*(text for name, value in values.items()
                                                  for text in (name if len(name) == 1 else "{" + name + "}", value))))

    def begin(self, client="192.0.2.10"):
        """Negotiate, connect and say EHLO; the login is told at MAIL."""
        assert self.negotiate()
        self.macros("C", v="Postfix 3.7.11", daemon_name="submission", daemon_port="587")
        self.send("C", strings("client.example.org") + b"4" + struct.pack("!H", 40000) + strings(client))
        self.send("H", strings("client.example.org"))
        return self

    def ask_mail(self, sender, queue_id=None):
        self.macros("M", auth_authen=self.login, auth_type="PLAIN", mail_mailer="smtp", mail_addr=sender,
                    **({"i": queue_id} if queue_id else {}))
        self.send("M", strings(f"<{sender}>"))

    def mail(self, sender, queue_id=None):
        self.ask_mail(sender, queue_id)
        return self.answer()

    def rcpt(self, recipient):
        self.macros("R", rcpt_addr=recipient)
        self.send("R", strings(f"<{recipient}>"))
        return self.answer()

    def ask_end(self, author, queue_id="4QUEUEID"):
        self.send("L", strings("From", f"<{author}>"))
        self.macros("E", i=queue_id)
        self.send("E")

    def message(self, sender, recipient, queue_id="4QUEUEID", author=None):
        """A whole message: the first answer that is not to continue, else the last."""
        for ask in (lambda: self.mail(sender, queue_id), lambda: self.rcpt(recipient)):
            answer = ask()
            if answer[0] != CONTINUE:
                return answer
        self.ask_end(author or sender, queue_id)
        return self.answer()
