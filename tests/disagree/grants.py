"""The policy the fields are asked under, and the same rule once more in Python: which addresses the login may write."""

import re
import unicodedata

LOGIN = "me"
EXACT = ["me@example.com", "o'hara@example.com", "j.r.doe@example.com", '"me too"@example.com', '"a,b"@example.com',
         '"x;y"@example.com', '"p(q)r"@example.com', '"l<m>n"@example.com', '"u:v"@example.com', '"s\\"t"@example.com',
         "dev-*@example.com", "jürgen@example.com", "me@bücher.example", "me@straße.example", "x=y@example.com"]
DOMAINS = ["own.example", "例え.example"]

SQL = f"""
UPDATE setting SET value = 'enforce' WHERE name = 'mode';
INSERT INTO local_domain (name) VALUES ('example.com'), ('own.example');
INSERT INTO principal (name, kind) VALUES ('{LOGIN}', 'login');
INSERT INTO send_as (principal, address) VALUES {", ".join(f"('{LOGIN}', '{a}')" for a in [
    *(e.replace("'", "''") for e in EXACT), *("@" + d for d in DOMAINS)])};
"""

# What readers see no difference in: blanks around the parts, and characters without a shape.
FORMAT = ("Cf", "Cc", "Mn")


def domain_form(domain):
    """The U-label form of a domain as UTS 46 maps it (near enough for the domains of this policy)."""
    text = unicodedata.normalize("NFKC", "".join(c for c in domain if unicodedata.category(c) != "Cf"))
    text = unicodedata.normalize("NFC", text.replace("ẞ", "ß").replace("。", ".").lower())
    labels = []
    for label in text.split("."):
        if label.startswith("xn--"):
            try:
                label = label[4:].encode("ascii").decode("punycode")
            except UnicodeError:
                pass
        labels.append(label)
    return ".".join(labels)


def local_form(local):
    """A local part without its quotes, backslashes and the blanks around it, ASCII letters in lower case."""
    local = local.strip()
    if len(local) > 1 and local[0] == local[-1] == '"':
        local = re.sub(r"\\(.)", r"\1", local[1:-1], flags=re.S).strip()
    local = "".join(c.lower() if c.isascii() else c for c in local)
    return unicodedata.normalize("NFC", local)


def split(address):
    """
    (local, domain) in the form that is compared, or None for what is no address to anybody.  A parser may leave a
    bracket or a comment behind the domain: mail would go to the domain before it, or nowhere.
    """
    address = re.sub(r"(@[^@(]+)\(.*", r"\1", address.strip(), flags=re.S)
    local, sign, domain = address.rpartition("@")
    domain = re.match(r'\s*(\[[^]]*\]?|[^\s<>()\[\],;:\\"]*)', domain).group(1)
    if not sign or not domain or local.strip() in ("", '""'):
        return None
    return local_form(local), domain_form(domain)


GRANTED = {split(a) for a in EXACT}
GRANTED_DOMAINS = {domain_form(d) for d in DOMAINS}


QUOTED = re.compile(r'"(?:\\.|[^"\\])*("|$)', re.S)
# A bracket, quote or comma that is not within quotes, or a dot at an end: no system takes such a local part.
UNQUOTED_SPECIAL = re.compile(r'^[^"]*[()<>\[\],;:\\"\s]|^[^"].*"|^\.|\.$|^$', re.S)


def may_use(address):
    """May the login write this address, however it is spelt?  What has no `@` is nobody's and does no harm."""
    if "@" not in QUOTED.sub("", address):  # a local part without a domain: what it shows is judged as a name
        return all(may_use(a) for a in visible(address))
    parts = split(address)
    if parts is None or parts in GRANTED or parts[1] in GRANTED_DOMAINS:
        return True
    if parts[1] == "example.com" and parts[0].startswith("dev-"):
        return True
    if parts[1] in {d for _, d in GRANTED} and UNQUOTED_SPECIAL.search(address.strip().rpartition("@")[0]):
        return True     # nobody has it, and the domain is no other
    base = parts[0].split("+")[0]
    return parts[1] == "example.com" and base != "" and (base, parts[1]) in GRANTED


ADDRESS = re.compile(r"""([^\s<>()\[\],;:\\"@]+|"[^"\s@<>()\[\]\\,;:]+")@([^\W_]+(?:[-.][^\W_]+)*\.[^\W_]+(?:-[^\W_]+)*)""")


def visible(name):
    """The addresses with a dot in the domain that a reader sees in a name."""
    if "=?" in name:        # not decoded: what stands between the question marks
        name = name.replace("?", " ")
    plain = "".join(c for c in name if c.isspace() or unicodedata.category(c) not in FORMAT[:2])
    plain = unicodedata.normalize("NFKC", plain).replace("。", ".")
    found = [m.group(0).lstrip("'`.*_=~?\ufffd") for m in ADDRESS.finditer(plain)]
    return [a for a in found if a.rpartition("@")[0].strip("\"'`.*_=~?\ufffd")]
