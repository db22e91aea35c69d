"""Random tables of smtpd_sender_login_maps, and two who answer by them: a real Postfix and an imported policy."""

import json
import random
import re
import shutil
import subprocess

from lib import net, place, smtp
from lib.dovecot import Dovecot
from lib.policy import Policy
from lib.postfix import Postfix, aged

LOCAL = ("example.com", "example.net")      # mydestination; the first is myorigin too
FOREIGN = ("other.test", "sub.example.com", "bücher.test", "xn--bcher-kva.test")
DOMAINS = LOCAL + FOREIGN
NAMES = ("alice", "bob", "carol", "info", "a.b", "alice+x", "info+y", "postmaster", "müller", '"al ice"')
LOGINS = ("alice", "bob", "Carol", "dave", "alice@example.com", "x=y")


def any_case(rng, text):
    """The text as people type it."""
    return rng.choice((text, text, text.upper(), text.title()))


# --- a table, as text and as Postfix keeps it ---

class Table:
    def __init__(self, seed):
        rng = random.Random(f"table {seed}")
        lines, self.owners = ["# random"], {}
        for _ in range(rng.randint(8, 20)):
            key, owners = self.entry(rng)
            if key.casefold() in self.owners:       # texthash takes no key twice
                continue
            lines.append(key + rng.choice((" ", "\t", "\n  ")) + rng.choice((", ", " ", ",")).join(owners))
            if rng.random() < 0.2:
                lines.append(rng.choice(("", "# a comment", "   # another")))
            self.owners[key.casefold()] = {owner.casefold() for owner in owners}
        self.text = "\n".join(lines) + "\n"

    @staticmethod
    def entry(rng):
        name, domain = rng.choice(NAMES), rng.choice(DOMAINS + LOCAL)
        kind = rng.random()
        key = f"@{domain}" if kind < 0.2 else name if kind < 0.35 else f"{name}@{domain}"
        return any_case(rng, key), [any_case(rng, owner) for owner in rng.sample(LOGINS, rng.randint(1, 3))]


class Exported:
    """A table that `authpolicy export` made, a line for each key."""

    def __init__(self, text):
        self.text, self.owners = text, {}
        for line in text.splitlines():
            if not line.startswith("#"):
                key, owners = re.fullmatch(r'("[^"]*"@\S+|\S+) (.*)', line).groups()
                self.owners[key] = set(owners.split(", "))


def paths(seed, count, table):
    """Arguments of MAIL FROM, honest and odd, many near a key of the table."""
    rng = random.Random(f"senders {seed}")
    return [path(rng, *near(rng, rng.choice(list(table.owners)))) for _ in range(count)]


def near(rng, key):
    """A local part and a domain, two times of three those of the key."""
    name, _, domain = key.rpartition("@") if "@" in key else (key, "", "")
    if rng.random() < 0.33:
        name = domain = ""
    return name or rng.choice(NAMES + ("nobody",)), domain or rng.choice(DOMAINS + LOCAL)


def path(rng, name, domain):
    plain = name.strip('"')
    name = any_case(rng, name)
    if rng.random() < 0.25 and '"' not in name:
        name += "+" + rng.choice(("x", "y", "z+z", ""))
    address = f"{name}@{any_case(rng, domain) if domain.isascii() else domain}"
    return rng.choice((
        *[f"<{address}>"] * 16, f"< {address} >",
        f'<"{plain}"@{domain}>', f"<{address}.>", f"<@relay.test:{address}>", f"<{name}>", f"<{plain}%{domain}@example.com>",
        f"<{domain}!{plain}>", f'<"{plain}@{domain}"@example.com>', f"<{plain[0]}\\{plain[1:]}@{domain}>", "<>", '<"">', f"<@{domain}>",
        f"<{name}@{domain}@example.com>", f"<{name}@[127.0.0.1]>", f"<(c){address}>"))


# --- the two ---

class Oracle:
    """A private Postfix whose submission service refuses who is not listed, at MAIL."""

    def __init__(self):
        self.sasl = Dovecot().start()
        self.mta = Postfix("", self.sasl, LOCAL)
        self.table = self.mta.home / "senders"

    def start(self):
        self.table.write_text("nobody@example.com nobody\n")
        self.mta.start()
        # every session is a new process, which reads the table anew
        self.mta.reconfigure(smtpd_sender_login_maps=f"texthash:{self.table}", smtpd_delay_reject="no", max_use="1",
                             smtpd_sender_restrictions="reject_authenticated_sender_login_mismatch")
        return self

    def stop(self):
        self.mta.stop()
        self.sasl.stop()

    def answers(self, table, logins, senders):
        """{login: [accepted?]}"""
        self.table.write_text(table.text)
        aged(self.table)
        found = {}
        with smtp.Client(net.V4, self.mta.port) as client:
            for login in logins:
                client.ehlo()
                assert client.xclient(LOGIN=xtext(login)).code == 220
                client.ehlo()
                found[login] = self.ask(client, senders)
        return found

    @staticmethod
    def ask(client, senders):
        lines = [line for s in senders for line in (f"MAIL FROM:{s}{'' if s.isascii() else ' SMTPUTF8'}", "RSET")]
        replies = client.pipeline(*lines)[::2]
        for sender, reply in zip(senders, replies):
            assert reply.ok or reply.code in (501, 553), (sender, reply)
        return [reply.ok for reply in replies]


class Imported:
    """A policy that has what main.cf and the table say, and nothing else."""

    def __init__(self, config):
        self.policy = Policy(place.scratch("differ") / "policy.db").init()
        self.policy.authpolicy("import", "postfix-main", config)
        self.policy.sql("DELETE FROM send_as; UPDATE setting SET value = '' WHERE name = 'realms';")
        self.base = self.policy.path.with_name("base.db")
        shutil.copy(self.policy.path, self.base)

    def take(self, table):
        """Import the table into a policy that has nothing else."""
        shutil.copy(self.base, self.policy.path)
        file = self.policy.path.with_name("senders")
        file.write_text(table.text)
        self.policy.authpolicy("import", "postfix-login-maps", file, *(word for d in LOCAL for word in ("--domain", d)))

    def spice(self, seed):
        """Add what no table has: groups, templates, denies, owners, suspensions, dates."""
        rng = random.Random(f"spice {seed}")
        login, address, domain = (lambda: rng.choice(LOGINS).lower()), (lambda: f"{rng.choice(NAMES)}@{rng.choice(LOCAL)}"), \
            (lambda: rng.choice(LOCAL))
        self.policy.sql("".join(f"INSERT OR IGNORE INTO principal(name, kind) VALUES ('{name.lower()}', 'login');" for name in LOGINS))
        self.policy.group("staff", *rng.sample([name.lower() for name in LOGINS], 2))
        for command in (
                ["grant", "staff", address(), f"@{domain()}"], ["grant", "everyone", "{login}"], ["grant", "everyone", f"{{user}}@{domain()}"],
                ["grant", login(), address(), "--scope", "header"], ["grant", login(), address(), "--until", "2020-01-01"],
                ["deny", login(), address()], ["deny", "staff", address()], ["deny", "everyone", address()], ["deny", login(), f"@{domain()}"],
                ["suspend", login()], ["domain", "add", domain(), "--owner", rng.choice(("staff", "@example.com", login()))]):
            if rng.random() < 0.5:
                self.policy.authpolicy(*command)

    def exported(self):
        """The table that Postfix would be given."""
        return Exported(self.policy.authpolicy("export", "postfix-login-maps").stdout)

    def answers(self, logins, senders):
        facts = "".join(json.dumps({"login": login, "mta": "postfix", "sender": s}) + "\n" for login in logins for s in senders)
        done = subprocess.run([place.program("authpolicy"), "--db", self.policy.path, "check", "--batch"],
                              input=facts, capture_output=True, text=True, check=True)
        verdicts = iter(json.loads(line)["verdict"] == "accept" for line in done.stdout.splitlines())
        return {login: [next(verdicts) for _ in senders] for login in logins}


def xtext(text):
    return "".join(c if 33 <= ord(c) <= 126 and c not in "+=" else "".join(f"+{b:02X}" for b in c.encode()) for c in text)


# --- where they may differ: by name, as authpolicy(8) has it ---

CANONICAL = re.compile(r'<\s*(?P<local>"(?:[^"\\]|\\.)*"|[^@"\\%!()<>:]+)@(?P<domain>[^@"\\%!()<>:\[\]]+?)\s*>')


def difference(table, login, sender, postfix):
    """Under which heading the manual says that the policy answers otherwise than Postfix did; None: under none."""
    found = CANONICAL.fullmatch(sender)
    if not found or found["domain"].endswith("."):
        return "spelling" if postfix else None
    local, domain = unquoted(found["local"]), found["domain"].casefold()
    if any(c in local for c in "@%!"):
        return "spelling" if postfix else None
    if not (local + login).isascii() or domain != other_label(domain):
        return "beyond ASCII"
    base = local.partition("+")[0] or local
    if postfix:     # by the base alone, of a domain not ours or of an address that is listed without its domain
        own = domain in LOCAL and quoted(local) not in table.owners
        return "sub-address" if base != local and not own and not listed(table, login, keys(local, domain)) else None
    if base == "postmaster" != local and domain in LOCAL and listed(table, login, keys(base, domain)):
        return "sub-address"
    return "first key" if listed(table, login, keys(local, domain) + keys(base, domain)) else None


def keys(local, domain):
    """Under what an address is looked up."""
    return [f"{quoted(local)}@{domain}", *([quoted(local)] if domain in LOCAL else []), f"@{domain}"]


def listed(table, login, names):
    return any(login.casefold() in table.owners.get(name.casefold(), ()) for name in names)


def unquoted(local):
    return (re.sub(r"\\(.)", r"\1", local[1:-1]) if local.startswith('"') else local).casefold()


def quoted(local):
    return local if re.fullmatch(r"[^\s\"@]+", local) else f'"{local}"'


def other_label(domain):
    """The domain by its other spelling, if it has one."""
    return {"bücher.test": "xn--bcher-kva.test", "xn--bcher-kva.test": "bücher.test"}.get(domain, domain)
