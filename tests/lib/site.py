"""A mail server with authpolicyd attached, and clients for it."""

import re

from lib import net, place, smtp
from lib.daemon import Daemon
from lib.dovecot import PASSWORD, Dovecot
from lib.policy import Policy
from lib.postfix import Postfix
from lib.sendmail import Sendmail

DOMAINS = ("example.com", "example.net")

QUEUE_ID = re.compile(r"queued as (\w+)|^(?:2\.0\.0 )?(\w+) Message accepted")


class Site:
    """mta is 'postfix' or 'sendmail'; the settings are authpolicyd's. hold: Postfix keeps what it accepts."""

    def __init__(self, mta, *, hold=False, **settings):
        self.policy = Policy(place.scratch("policy") / "policy.db")
        self.daemon = Daemon(self.policy, **settings)
        self.sasl = Dovecot() if mta == "postfix" else None
        if mta == "postfix":
            self.mta = Postfix(self.daemon.address, self.sasl, DOMAINS, hold=hold)
        else:
            self.mta = Sendmail(self.daemon.address, domains=DOMAINS)
        self.logins = set()
        self.clients = []

    @property
    def is_postfix(self):
        return self.sasl is not None

    def start(self):
        """A policy as `init` makes it, in enforce mode, and everything running."""
        self.policy.init(*DOMAINS)
        self.daemon.start()
        if self.sasl:
            self.sasl.start()
        self.mta.start()
        return self

    def stop(self):
        self.hang_up()
        try:
            self.daemon.stop()
        finally:
            self.mta.stop()
            if self.sasl:
                self.sasl.stop()

    def renew(self):
        """The same mail server, but a policy, a state and an audit log as on the first day."""
        self.hang_up()
        self.daemon.stop()
        for folder in (self.policy.path.parent, self.daemon.home):
            for path in folder.iterdir():
                if path not in (self.daemon.config, self.daemon.output):
                    path.unlink()
        self.policy.init(*DOMAINS)
        self.daemon.start()

    # --- clients ---

    def open(self, host=net.V4, mx=False):
        """A bare connection to the submission listener, or to the one without SASL."""
        client = smtp.Client(host, self.mta.mx_port if mx else self.mta.port)
        self.clients.append(client)
        return client

    def login(self, name, mechanism="PLAIN", host=net.V4):
        """A session as a user's mail program opens it: EHLO, STARTTLS, EHLO, AUTH."""
        if name not in self.logins:
            self.mta.add_login(name)
            self.logins.add(name)
        client = self.open(host)
        client.ehlo()
        answer = client.starttls()
        assert answer.ok, answer
        client.ehlo()
        answer = client.auth(mechanism, name, PASSWORD)
        assert answer.code == 235, answer
        return client

    def anonymous(self, host=net.V4, mx=True):
        """A session without a login, as other mail servers open it."""
        client = self.open(host, mx)
        client.ehlo("mail.example.org")
        return client

    def hang_up(self):
        """Close what the test left open."""
        for client in self.clients:
            client.close()
        self.clients = []

    # --- evidence ---

    def kept(self, reply):
        """The header, as queued, of a message accepted with this reply (on Postfix the site has to hold)."""
        found = QUEUE_ID.search(reply.raw)
        assert reply.code == 250 and found, reply
        queued = self.mta.held() if self.is_postfix else self.mta.queued()
        return next(entry[1] for entry in queued if entry[0] == (found[1] or found[2]))

    def refusal(self, reply):
        """The audit record a refusal's reference leads to; it must be there before the client hears of it."""
        assert reply.ref, f"no reference in {reply}"
        found = [r for r in self.daemon.records() if r["ref"] == reply.ref]
        assert len(found) == 1, f"{len(found)} records with reference {reply.ref}"
        return found[0]

    def delivery(self, reply):
        """The audit record of a message that was accepted with this reply."""
        found = QUEUE_ID.search(reply.raw)
        assert reply.code == 250 and found, reply
        return self.daemon.record(queue_id=found[1] or found[2], verdict="accept")
