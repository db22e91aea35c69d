"""The quick start: who may send as whom, shown on a private Postfix."""

import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from lib import place                   # noqa: E402 (the path comes first)
from lib.dovecot import PASSWORD        # noqa: E402
from lib.site import Site               # noqa: E402

SHOWN = ("verdict", "reason", "login", "sender", "client", "ref")

# Who sends as whom to whom, and the reply it has to get. Nobody: a client that does not log in.
SCENES = [
    ("alice", "alice@example.com", "friend@example.org", "250"),
    ("alice", "sales@example.com", "friend@example.org", "250"),
    ("alice", "bob@example.com", "friend@example.org", "550 5.7.1"),
    ("bob", "bob@example.com", "friend@example.org", "250"),
    ("bob", "sales@example.com", "friend@example.org", "550 5.7.1"),
    (None, "stranger@example.org", "alice@example.com", "250"),
    (None, "stranger@example.org", "other@example.org", "550 5.7.1"),
]


def play(site, login, sender, recipient, expected):
    """Send one message, show what became of it; whether that was right."""
    client = site.login(login) if login else site.anonymous()
    answer = client.message(sender, recipient)
    record = site.delivery(answer) if answer.ok else site.refusal(answer)
    client.quit()

    right = answer.status.startswith(expected)
    print(f"\n{login or 'nobody'} sends as {sender} to {recipient}")
    print(f"  reply  {answer.code} {answer.raw}")
    print("  audit  " + " ".join(f"{k}={record[k]}" for k in SHOWN if record.get(k)))
    print("  right" if right else f"  WRONG: {expected} was expected")
    return right


def invite(site):
    """Three commands to try, until Ctrl-C."""
    authpolicy = f"{place.program('authpolicy')} --db {site.policy.path}"
    print(f"""
It stays up until Ctrl-C. Try in another terminal (the audit log is {site.daemon.settings['audit_log']}):

  swaks --server 127.0.0.1:{site.mta.port} --tls --auth PLAIN --auth-user alice --auth-password {PASSWORD} \\
        --from bob@example.com --to friend@example.org
  {authpolicy} check --login alice --client 127.0.0.1 --mail-from bob@example.com --rcpt friend@example.org --explain
  sqlite3 {site.policy.path} "INSERT INTO send_as(principal, address) VALUES('alice', 'bob@example.com')"
""", flush=True)
    signal.pause()


def main():
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    site = Site("postfix")
    try:
        print("starting Postfix, Dovecot and authpolicyd", flush=True)
        site.start()
        site.policy.sql("""
            INSERT INTO principal(name, kind) VALUES('alice', 'login'), ('bob', 'login');
            INSERT INTO send_as(principal, address) VALUES('alice', 'sales@example.com');
            """)
        alice = site.login("alice")
        site.daemon.in_force(lambda: alice.accepts("<sales@example.com>"))
        alice.quit()

        right = [play(site, *scene) for scene in SCENES]
        print(f"\n{right.count(True)} of {len(right)} verdicts were right")
        if "--once" not in sys.argv[1:]:
            invite(site)
        return 0 if all(right) else 1
    except KeyboardInterrupt:
        return 0
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)    # a second Ctrl-C does not cut the cleaning up short
        site.stop()


if __name__ == "__main__":
    sys.exit(main())
