"""Python's email package: the parser of today's policies, and getaddresses() and parseaddr() of before."""

import base64
import email
import email.header
import email.policy
import email.utils
import json
import re
import sys


def modern(field):
    found = {"addresses": [], "names": []}
    header = email.message_from_bytes(field + b"\r\n", policy=email.policy.default)["from"]
    for group in header.groups:
        found["names"].append(group.display_name or "")
        for a in group.addresses:
            found["addresses"].append(a.addr_spec)
            found["names"].append(a.display_name)
    return found


def decoded(name):
    if not name.isascii():  # what is beyond ASCII comes out as \\uXXXX
        return ""
    try:
        return str(email.header.make_header(email.header.decode_header(name)))
    except (UnicodeError, LookupError, ValueError, email.errors.HeaderParseError):
        return ""


def legacy(field):
    found = {"addresses": [], "names": []}
    value = field.decode("utf-8", "surrogateescape").split(":", 1)[1].rstrip("\r\n")
    texts = {value, re.sub(r"\r\n(?=[ \t])", "", value)}
    if value.isascii():     # else it is a Header, whose text is full of U+FFFD
        texts.add(email.message_from_bytes(field + b"\r\n")["from"])
    for text in texts:
        for name, address in [*email.utils.getaddresses([text]), email.utils.parseaddr(text)]:
            found["addresses"].append(address)
            found["names"] += [name, decoded(name)]
    return found


def attempt(parse, field):
    try:
        return parse(field)
    except Exception:       # whatever it does not like, it shows nobody
        return {}


def text(value):
    """What JSON can hold of it: raw bytes are UTF-8 again, where they are."""
    try:
        raw = value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raw = value.encode("utf-8", "surrogatepass")
    return raw.decode("utf-8", "replace")


def clean(answer):
    return {key: sorted({text(v) for v in values if v}) for key, values in answer.items()}


for line in sys.stdin:
    raw = base64.b64decode(line)
    print(json.dumps({"python-default": clean(attempt(modern, raw)),
                      "python-legacy": clean(attempt(legacy, raw))}), flush=True)
