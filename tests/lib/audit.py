"""Records of an audit log, shaped as the daemon writes them, and files of them."""

import base64
import datetime
import json
import pathlib
import random
import subprocess

COMPRESSORS = {".gz": "gzip", ".xz": "xz", ".zst": "zstd", ".bz2": "bzip2"}


def record(**more):
    """The record of an accepted message of alice, with other values for some fields."""
    sender = more.get("sender", "alice@example.com")
    typed = more.pop("rcpt", ["<friend@example.org>"])
    time = more.get("time", "2026-11-24T09:00:00.000000Z")
    mail_time = None if more.get("stage") == "mail" else f"{time!s:.19}Z"
    return {
        "time": time, "mail_time": mail_time, "ref": "7K2M-9QXD", "session": "S1", "queue_id": "4A0B1", "stage": "eom",
        "verdict": "accept", "reason": None, "row": "send_as(everyone, {user}@example.com)", "mode": "enforce",
        "would": None, "findings": [], "login": "alice", "source": "sasl", "sasl_login": more.get("login", "alice"),
        "peer": None, "auth_param": None,
        "mechanism": "PLAIN", "tls": "TLSv1.3", "cipher_bits": 256, "cert": {"subject": None, "issuer": None, "verify": None},
        "client": "192.0.2.1", "client_name": "host.example.org", "helo": "host.example.org", "mta": "postfix",
        "listener": "submission:587", "flags": [], "mail_from": f"<{sender}>", "mail_addr": sender, "sender": sender,
        "recipients": [{"rcpt": one, "rcpt_addr": one.strip("<>"), "after_s": 0, "verdict": "accept", "reason": None, "row": None}
                       for one in typed],
        "originators": base64.b64encode(f"From: <{sender}>\r\n".encode(errors="surrogateescape")).decode(), "authors": [sender],
        "message_id": "<1@example.com>", "reply": None, "policy": 3, "elapsed_us": 40} | more


def refusal(reason, **more):
    """The record of a refusal at MAIL."""
    stage = more.get("stage", "mail")
    return record(**{"verdict": "reject", "reason": reason, "stage": stage, "row": None, "queue_id": None, "rcpt": [],
                     "findings": [{"stage": stage, "reason": reason, "row": None}], "originators": None, "authors": [],
                     "reply": "550 5.7.1 no"} | more)


def lines(records):
    return "".join(json.dumps(one, separators=(",", ":")) + "\n" for one in records)


def write(path, records):
    """Writes a log, compressed as its name says."""
    path = pathlib.Path(path)
    data = lines(records).encode()
    if path.suffix in COMPRESSORS:
        data = subprocess.run([COMPRESSORS[path.suffix], "-c"], input=data, capture_output=True, check=True).stdout
    path.write_bytes(data)
    return path


def busy(count, seed=1, days=28, logins=200):
    """`count` records of a server in mode monitor for some: all kinds, in their order, the last on 2026-11-28."""
    chance = random.Random(seed)
    begin = datetime.datetime(2026, 11, 29) - datetime.timedelta(days=days)
    names = [f"user{n}" for n in range(logins)]
    for number in range(count):
        moment = begin + datetime.timedelta(days=days) * (number / count)
        # some send much more than others
        login = names[int(logins * chance.random() ** 3)]
        common = {"time": moment.isoformat(timespec="microseconds") + "Z", "ref": f"{number:08X}", "login": login,
                  "client": f"192.0.2.{chance.randrange(256)}"}
        sender = f"{login}@example.com" if chance.random() < 0.98 else f"{chance.choice(names)}@example.net"
        kind = chance.random()
        if kind < 0.85:
            one = record(sender=sender, **common)
        elif kind < 0.88:
            one = record(sender="ceo@example.com", would="sender-not-granted", mode="monitor", **common)
        elif kind < 0.93:
            one = refusal(chance.choice(["sender-not-granted", "sender-denied", "login-suspended", "relay-denied"]),
                          sender="ceo@example.com", repeated=chance.choice([None, 1, 7, 1000]), **common)
        elif kind < 0.95:
            one = refusal("relay-denied", stage="rcpt", would="sender-not-granted", **common | {"login": None})
        elif kind < 0.96:
            one = refusal("policy-unavailable", verdict="tempfail", **common)
        elif kind < 0.97:
            one = record(stage="abort", verdict="reject", reason="rule", **common)
        elif kind < 0.98:
            one = record(verdict="hold", reason="rule", row="rule(20)", sender="<>", **common)
        elif kind < 0.995:
            used = chance.randrange(80, 101)
            one = record(sender=sender, limits=[{"limit": "daily", "used": used, "amount": 100},
                                                {"limit": "hourly", "used": used // 3, "amount": 33}], **common)
        else:
            one = refusal("limit-exceeded", row="quota(daily)", suspension={
                "principal": login, "limit": "daily", "at": common["time"], "until": "2026-12-31T00:00:00Z"}, **common)
        yield one
