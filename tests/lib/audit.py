"""Records of an audit log, shaped as the daemon writes them, and files of them."""

import base64
import json
import pathlib
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
