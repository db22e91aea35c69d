"""Every wrong value is refused with a sentence that says what is allowed, by INSERT and by UPDATE; every right one is stored as written."""

import pytest

from shell import insert, quoted, update

# A good row of each table; the cases below change it.
GOOD = {
    "principal": {"name": "dave", "kind": "login"},
    "membership": {"group_name": "staff", "login": "bob"},
    "send_as": {"principal": "alice", "address": "info@example.com"},
    "deny_as": {"principal": "everyone", "address": "ceo@example.com"},
    "local_domain": {"name": "example.com"},
    "network": {"name": "lab", "cidr": "198.51.100.0/24"},
    "address_set": {"name": "lists", "pattern": "list@example.com"},
    "rule": {"seq": 10, "verdict": "reject"},
    "quota": {"name": "hourly", "principal": "everyone", "metric": "messages", "amount": 100, "period": "1h"},
    "identity": {"kind": "network", "cidr": "192.0.2.7", "login": "bob"},
    "trusted_peer": {"login": "bob", "asserts": "@example.com"},
    "pardon": {"login": "bob", "at": "2026-01-01T00:00:00Z"},
    "editor": {"name": "root"},
}

NAME = "principal.name is 1 to 255 bytes without control characters or blanks at its ends; it is not 'any' and does not begin with !"
DOMAIN = "not a domain: write it like example.com"
ADDRESS = "not an address: write a@d, @d (all of d), @.d (its subdomains), dev-*@d (one *), a@[192.0.2.1], * (any) or <> (null sender)"
CIDR = "not a network: write 192.0.2.1, 192.0.2.0/24 (up to /32), 2001:db8::1 or 2001:db8::/32 (up to /128)"
PRINCIPAL = "no such principal: create it first with INSERT INTO principal(name, kind) VALUES (…, 'login') or 'group', or name a domain like @example.com"
LOGIN = "no such login: create it first with INSERT INTO principal(name, kind) VALUES (…, 'login'); a group or @domain cannot stand here"
GROUP = "no such group: create it first with INSERT INTO principal(name, kind) VALUES (…, 'group'); everyone, anonymous and @domain take no members"
KIND = "this name is taken: a group and a login cannot share a name, and a principal cannot change its kind"
RESERVED = KIND[:19]
DATE = " is NULL or UTC like 2026-12-31 or 2026-12-31T18:00:00Z"
HOURS = "not hours: write any or 'Mon-Fri 08:00-18:00', several with ', ' between; each ends after it begins, at 24:00 at the latest; ten at most"
REPLY = "not a reply: write it like '550 5.7.1 text': printable ASCII, at most 400 characters, both codes of one class, never 421"
IDENTITY = "identity: a certificate has subject and issuer, a network has cidr, local may have uid; the rest stays empty"

BAD_DOMAINS = ["", ".", "example.com.", ".example.com", "a..b", "a@b", "a b", "a_b.com", "-a.com", "a-.com", "a.-b", "192.0.2.1", "a.1",
               "x" * 64 + ".com", ".".join(["x" * 50] * 5), "a\tb", "a\0b", "a/b", "a*b", "[192.0.2.1]", "{domain}"]
GOOD_DOMAINS = ["example.com", "Example.COM", "localhost", "münchen.example", "xn--mnchen-3ya.example", "1.example", "a1", "x" * 63 + ".com", "例え.テスト"]

BAD_ADDRESSES = ["", "info", "info@", "@", "@.", "@@d", "a@b@c", '"a@b"@c', "a@d.", "a@.d", "a@d..e", "@..d", "a b@d", " a@d", "a@d ", "a@ d", "a\tb@d", "a\0@d", "a\n@d",
                 "a@d\0", "a*b*@d", "**@d", "a@*", "a@*.d", "@*", ".a@d", "a.@d", "a..b@d", "<a@d>", "a@d,b@d", "a%b@d", "d!a@d", "a(b)@d", "a:b@d", "a;b@d",
                 "a\\b@d", "a\"b@d", '""@d', '"a"b"@d', '"a\\"@d', '"a*"@d', '"a\x01"@d', "{x}@d", "a{login}@d", "{@d", "}@d", "a@{d}", "@-d", "@d_e",
                 "@[192.0.2.1]", "a*@[192.0.2.1]", "a@[192.0.2.1", "a@192.0.2.1]", "a@[192.0.2.1]x", "x" * 65 + "@d", "<>@d", "< >", "* ", "a@[]",
                 "a@[192.0.2.1/24]", "a@192.0.2.1", "a@d\x7f"]
BAD_LITERALS = ["a@[192.0.2.256]", "a@[192.0.2]", "a@[x]", "a@[IPv6:]", "a@[IPv6:2001:db8::1::2]"]
GOOD_ADDRESSES = ["a@d", "info@example.com", "INFO@Example.com", "@d", "@.d", "*", "<>", "dev-*@d", "*@d", "*-dev@d", "a*b@d", "a+b@d", "o'hara@d", "a=b@d", "#$&/?^_`|~@d",
                  '"john doe"@d', '"a\\"b"@d', '"a\\\\"@d', '"a[b"@[192.0.2.1]', "müller@münchen.example", "a@[192.0.2.1]", "a@[IPv6:2001:db8::1]", "a@[2001:db8::1]",
                  "x" * 64 + "@d"]
TEMPLATES = ["{login}", "{user}@d", "@{domain}"]
BAD_TEMPLATES = ["{LOGIN}", "{user}", "{user}@", "{user}@d.", "{login}@d", "{domain}", "@{login}", "a@{domain}", "{user}@{domain}", "{user}*@d", "x{user}@d"]

BAD_CIDRS = ["", "office", "192.0.2", "192.0.2.0.0", "192.0.2.256", "192.0.02.1", "192.0.2.", ".192.0.2", "192..2.1", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/024", "192.0.2.0/-1",
             "192.0.2.0/8/8", "192.0.2.0 ", "192.0.2.0/24\0", "1e1.0.0.0", "2001:db8", "2001:db8:::1", "1::2::3", ":1::2", "1::2:", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
             "1:2:3:4:5:6:7:8::", "12345::", "g::", "::/129", "::/", "::ffff:192.0.2.1", "a.b.c.d", "fe80::1%eth0", "[::1]"]
GOOD_CIDRS = ["192.0.2.1", "192.0.2.0/24", "0.0.0.0/0", "255.255.255.255/32", "::", "::/0", "::1", "1::", "2001:db8::/32", "2001:DB8::1/128", "1:2:3:4:5:6:7:8",
              "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1::3:4:5:6:7:8"]

BAD_DATES = ["", "now", "tomorrow", "2026", "2026-12", "2026-02-30", "2026-2-3", "2026-13-01", "31.12.2026", "2026-12-31 18:00:00", "2026-12-31T18:00:00",
             "2026-12-31T18:00Z", "2026-12-31T24:00:00Z", "2026-12-31T18:00:60Z", "2026-12-31T18:00:00+01:00", "2026-12-31T18:00:00.5Z", "2025-02-29", "2460000.5", " 2026-12-31"]
BAD_NAMES = ["", "x" * 256, "ü" * 128, "a\0b", "a\nb", "a\x7f", "a\u0085", " a", "a ", "!a", "any", "ANY"]

REFUSED = [
    *[("principal", {"name": name}, NAME) for name in BAD_NAMES],
    ("principal", {"kind": "user"}, "principal.kind is login or group"),
    ("principal", {"kind": None}, "NOT NULL constraint failed: principal.kind"),
    ("principal", {"name": "@d", "kind": "login"}, "everyone, anonymous and @domain are of kind group"),
    *[("principal", {"name": "@" + domain, "kind": "group"}, NAME if "\0" in domain else DOMAIN) for domain in BAD_DOMAINS],
    ("principal", {"name": "Everyone"}, RESERVED),
    ("principal", {"name": "ANONYMOUS"}, RESERVED),
    ("principal", {"name": "Alice"}, "UNIQUE constraint failed: principal.name"),
    ("principal", {"name": "STAFF"}, KIND),
    ("principal", {"state": "disabled"}, "principal.state is active or suspended"),
    ("principal", {"suspended_until": "2026-12-31"}, "principal.suspended_until needs state suspended; to end a suspension, set state = 'active', suspended_until = NULL"),
    *[("principal", {"state": "suspended", "suspended_until": date}, "principal.suspended_until" + DATE) for date in BAD_DATES],
    ("principal", {"mode": "off"}, "principal.mode is NULL (inherited), enforce or monitor"),
    ("principal", {"mode": ""}, "principal.mode is NULL (inherited), enforce or monitor"),
    ("principal", {"originators": "loose"}, "principal.originators is NULL (inherited), strict, aligned or off; off only for a login or a group of your own"),
    ("membership", {"group_name": "crew"}, GROUP),
    ("membership", {"group_name": "alice"}, GROUP),
    ("membership", {"group_name": "everyone"}, GROUP),
    ("membership", {"group_name": "Anonymous"}, GROUP),
    ("membership", {"group_name": "@example.com"}, GROUP),
    ("membership", {"login": "dave"}, LOGIN),
    ("membership", {"login": "staff"}, LOGIN),
    ("membership", {"login": "everyone"}, LOGIN),
    ("membership", {"login": "@example.com"}, LOGIN),
    ("send_as", {"principal": "dave"}, PRINCIPAL),
    ("send_as", {"principal": ""}, PRINCIPAL),
    ("send_as", {"principal": None}, "NOT NULL constraint failed: send_as.principal"),
    ("send_as", {"address": None}, "NOT NULL constraint failed: send_as.address"),
    *[("send_as", {"principal": "@" + domain}, PRINCIPAL if "\0" in domain else DOMAIN) for domain in BAD_DOMAINS],
    *[("send_as", {"address": address}, "not a") for address in BAD_ADDRESSES],
    *[("send_as", {"address": address}, "not a") for address in BAD_TEMPLATES],
    *[("send_as", {"address": address}, CIDR) for address in BAD_LITERALS],
    ("send_as", {"address": "info"}, ADDRESS),
    ("send_as", {"address": "a@b."}, DOMAIN),
    ("send_as", {"address": "{user}@d\0"}, "send_as.address holds no NUL byte"),
    ("send_as", {"scope": "body"}, "send_as.scope is any, envelope or header"),
    ("send_as", {"manner": "for"}, "send_as.manner is as or on-behalf"),
    ("send_as", {"manner": "on-behalf"}, "send_as.manner on-behalf needs scope header"),
    ("send_as", {"manner": "on-behalf", "scope": "envelope"}, "send_as.manner on-behalf needs scope header"),
    *[("send_as", {"valid_from": date}, "send_as.valid_from" + DATE) for date in BAD_DATES],
    *[("send_as", {"valid_until": date}, "send_as.valid_until" + DATE) for date in BAD_DATES],
    ("send_as", {"valid_from": "2026-12-31", "valid_until": "2026-12-30"}, "send_as.valid_until is not before valid_from"),
    ("send_as", {"valid_from": "2026-12-31T10:00:00Z", "valid_until": "2026-12-31T09:59:59Z"}, "send_as.valid_until is not before valid_from"),
    ("deny_as", {"principal": "dave"}, PRINCIPAL),
    *[("deny_as", {"address": address}, "not a") for address in BAD_ADDRESSES + TEMPLATES],
    *[("local_domain", {"name": domain}, DOMAIN) for domain in BAD_DOMAINS],
    ("local_domain", {"owner": "dave"}, PRINCIPAL),
    ("local_domain", {"owner": ""}, PRINCIPAL),
    ("local_domain", {"owner": "@a b"}, DOMAIN),
    *[("network", {"name": name}, "network.name is a word that begins with a letter") for name in ["", "any", "1a", "a b", "!a", "a/b", "a:b", "a\0", "büro"]],
    *[("network", {"cidr": cidr}, CIDR) for cidr in BAD_CIDRS],
    *[("address_set", {"name": name}, "address_set.name is a word that begins with a letter") for name in ["", "any", "a@d", "*", "!a", "a b", "a\0"]],
    *[("address_set", {"pattern": address}, "not a") for address in BAD_ADDRESSES + TEMPLATES],
    ("rule", {"seq": -2}, "rule.seq is not negative"),
    ("rule", {"seq": "first"}, "datatype mismatch"),
    ("rule", {"principal": "dave"}, PRINCIPAL),
    ("rule", {"principal": "!dave"}, PRINCIPAL),
    ("rule", {"principal": "!!alice"}, PRINCIPAL),
    ("rule", {"principal": "!any"}, "rule: !any would never match; leave the column out for any"),
    ("rule", {"principal": ""}, PRINCIPAL),
    ("rule", {"client": "home"}, "no such network: write any, a CIDR like 192.0.2.0/24, or a name, created first with INSERT INTO network(name, cidr) VALUES (…)"),
    ("rule", {"client": "!home"}, "no such network"),
    ("rule", {"client": "!!office"}, "no such network"),
    ("rule", {"client": ""}, "no such network"),
    ("rule", {"client": "192.0.2.0/33"}, CIDR),
    ("rule", {"client": "!2001:db8::/129"}, CIDR),
    ("rule", {"client": None}, "NOT NULL constraint failed: rule.client"),
    *[("rule", {column: value}, message) for column in ("sender", "recipient") for value, message in [
        ("friends", "no such address_set: write any, an address like a@d or @d, or a name, created first with INSERT INTO address_set(name, pattern) VALUES (…)"),
        ("!friends", "no such address_set"), ("!!partners", ADDRESS), ("", ADDRESS), ("{login}", ADDRESS), ("a@", DOMAIN), ("!a b@d", ADDRESS),
        ("!any", "rule: !any would never match"), ("!ANY", "rule: !any would never match")]],
    *[("rule", {"tls": tls}, "rule.tls is any, none, 1.2, 1.3 or like '128 bits', with ! for not")
      for tls in ["", "1.1", "TLSv1.2", "strong", "bits", "0 bits", "128", "128bits", "-1 bits", "1x bits", "12345 bits", "!!none", "!"]],
    *[("rule", {"mechanism": mechanism}, "rule.mechanism is any, none or SASL mechanisms with a blank between, like 'PLAIN LOGIN', with ! before all for not")
      for mechanism in ["", "PLAIN,LOGIN", "PLAIN  LOGIN", " PLAIN", "PLAIN ", "!", "!!PLAIN", "PLAIN !LOGIN", "PLAIN any", "any LOGIN", "PLAIN\0"]],
    *[("rule", {"hours": hours}, HOURS) for hours in ["", "!", "always", "08:00-18:00", "Mon", "Mon-Fri", "Mon 8:00-18:00", "Mon 08:00-08:00", "Mon 18:00-08:00", "Mon 08:00-24:01",
                                                      "Mon 08:00-25:00", "Mon 08:60-18:00", "Mo 08:00-18:00", "Mon-Fry 08:00-18:00", "Mon,Tue 08:00-18:00", "Mon 08:00-18:00,Tue 08:00-18:00",
                                                      "onT 08:00-18:00", "Mon 08:00-18:00, ", "Mon-Fri 08:00-18:00\"", "Mon 08:00-18:00 x", "mon 08:00-18:00"]],
    ("rule", {"verdict": "deny"}, "rule.verdict is accept, reject, tempfail or hold"),
    ("rule", {"verdict": None}, "NOT NULL constraint failed: rule.verdict"),
    *[("rule", {"reply": reply}, REPLY) for reply in ["", "no", "550", "550 no", "550 5.7.1", "550 5.7.1 ", "250 2.0.0 ok", "550 4.7.1 no", "550 5.7 no", "550 5.7.1.1 no", "560 5.7.1 no",
                                                      "550 5.07.1 no", "550 5.7.1234567 no", "550-5.7.1 no", "550 5.7.1 nö", "550 5.7.1 a\r\nb", "550 5.7.1 a\0", "550 5.7.1 " + "x" * 400, "550 5.7.x no"]],
    ("rule", {"reply": "421 4.7.1 no", "verdict": "tempfail"}, REPLY),
    *[("rule", {"reply": reply, "verdict": verdict}, "rule.reply: verdict reject takes 5xx, tempfail takes 4xx, accept and hold take none")
      for reply, verdict in [("450 4.7.1 later", "reject"), ("550 5.7.1 no", "tempfail"), ("550 5.7.1 no", "accept"), ("450 4.7.1 later", "hold")]],
    ("rule", {"mode": "test"}, "rule.mode is NULL (the login's), enforce or monitor"),
    ("quota", {"name": ""}, "quota.name is 1 to 255 bytes without control characters or blanks at its ends"),
    ("quota", {"name": "a\0"}, "quota.name is 1 to 255 bytes"),
    ("quota", {"principal": "dave"}, PRINCIPAL),
    ("quota", {"principal": "Anonymous"}, "anonymous has no quota: limits are for logins"),
    ("quota", {"metric": "bytes"}, "quota.metric is messages, recipients, new_recipients, senders, networks, refusals or recipients_per_message"),
    ("quota", {"amount": -1}, "quota.amount is NULL (unlimited) or 0 to 1000000000"),
    ("quota", {"amount": 1000000001}, "quota.amount is NULL (unlimited) or 0 to 1000000000"),
    ("quota", {"amount": "many"}, "cannot store TEXT value in INTEGER column quota.amount"),
    *[("quota", {"period": period}, "quota.period is a number and s, m, h or d, like 15m, 1h or 7d")
      for period in ["", "1", "h", "0h", "-1h", "1 h", "1w", "1h30m", "hour", "1.5h", "1234567d"]],
    ("quota", {"period": None}, "quota.period is NULL for recipients_per_message and only for it"),
    ("quota", {"metric": "recipients_per_message"}, "quota.period is NULL for recipients_per_message and only for it"),
    ("quota", {"per": "domain"}, "quota.per is login or group"),
    ("quota", {"per": "group", "principal": "alice"}, "quota.per group needs a group, @domain or everyone as principal"),
    ("quota", {"counting": "loose"}, "quota.counting is leaky or strict"),
    ("quota", {"on_exceed": "drop"}, "quota.on_exceed is tempfail, reject, hold or suspend"),
    ("quota", {"on_exceed": "suspend"}, "quota.suspend_for is set with on_exceed suspend and only with it"),
    ("quota", {"suspend_for": "2d"}, "quota.suspend_for is set with on_exceed suspend and only with it"),
    ("quota", {"suspend_for": "long", "on_exceed": "suspend"}, "quota.suspend_for is a number and s, m, h or d, like 2d"),
    ("quota", {"mode": "on"}, "quota.mode is NULL (the login's), enforce or monitor"),
    ("identity", {"kind": "tls"}, "identity.kind is certificate, network or local"),
    ("identity", {"login": "dave"}, LOGIN),
    ("identity", {"login": "staff"}, LOGIN),
    ("identity", {"cidr": "office"}, CIDR),
    ("identity", {"cidr": ""}, IDENTITY),
    ("identity", {"uid": 33}, IDENTITY),
    ("identity", {"kind": "local"}, IDENTITY),
    ("identity", {"kind": "local", "cidr": "", "uid": -2}, IDENTITY),
    ("identity", {"kind": "certificate", "cidr": "", "subject": "CN=crm"}, IDENTITY),
    ("identity", {"kind": "certificate", "cidr": "", "issuer": "CN=ca"}, IDENTITY),
    ("identity", {"kind": "certificate", "subject": "CN=crm", "issuer": "CN=ca"}, IDENTITY),
    ("identity", {"kind": "certificate", "cidr": "", "subject": "a\nb", "issuer": "CN=ca"}, "identity.subject and issuer have no control characters"),
    ("trusted_peer", {"login": "dave"}, LOGIN),
    ("trusted_peer", {"login": "staff"}, LOGIN),
    ("trusted_peer", {"login": None}, LOGIN),
    ("trusted_peer", {"client": "home"}, "no such network"),
    ("trusted_peer", {"client": "!office"}, "no such network"),
    ("trusted_peer", {"client": "300.0.0.1"}, CIDR),
    ("trusted_peer", {"asserts": "<>"}, "trusted_peer.asserts is an address form, not <>"),
    *[("trusted_peer", {"asserts": address}, "not a") for address in ["alice", "{login}", "a@", "@{domain}"]],
    ("pardon", {"login": "Anonymous"}, "anonymous is never suspended by a limit"),
    ("pardon", {"login": ""}, "pardon.login is 1 to 255 bytes without control characters"),
    ("pardon", {"at": "2026-01-01"}, "pardon.at is UTC like 2026-12-31T18:00:00Z"),
    ("pardon", {"at": "0 o'clock"}, "pardon.at is UTC like 2026-12-31T18:00:00Z"),
    ("pardon", {"at": "9999-01-01T00:00:00Z"}, "pardon.at is not in the future"),
    ("editor", {"bulk": 2}, "editor.bulk is 0 or 1"),
    ("editor", {"one": 2}, "editor holds one row"),
]

ACCEPTED = [
    *[("principal", {"name": name}) for name in ["x" * 255, "ü" * 127, "John Smith", "o'hara", "a@d", "DOM\\user", "a@b@c", "日本", "{x}"]],
    ("principal", {"kind": "group"}),
    *[("principal", {"name": "@" + domain, "kind": "group"}) for domain in GOOD_DOMAINS if domain.lower() != "example.com"],
    *[("principal", {"mode": mode}) for mode in [None, "enforce", "monitor"]],
    *[("principal", {"originators": originators}) for originators in [None, "strict", "aligned", "off"]],
    ("principal", {"state": "suspended"}),
    *[("principal", {"state": "suspended", "suspended_until": date, "suspended_why": "stolen password"}) for date in ["2026-12-31", "2028-02-29", "2026-12-31T23:59:59Z"]],
    ("membership", {"group_name": "STAFF", "login": "BOB"}),
    *[("send_as", {"principal": principal}) for principal in ["Alice", "staff", "everyone", "anonymous", "@example.com", "@other.example", "@münchen.example"]],
    *[("send_as", {"address": address}) for address in GOOD_ADDRESSES + TEMPLATES + ["{user}@münchen.example"]],
    *[("send_as", {"address": "@" + domain}) for domain in GOOD_DOMAINS],
    *[("send_as", {"scope": scope}) for scope in ["any", "envelope", "header"]],
    ("send_as", {"scope": "header", "manner": "on-behalf"}),
    ("send_as", {"valid_from": "2026-12-31", "valid_until": "2026-12-31"}),
    ("send_as", {"valid_from": "2026-12-31T10:00:00Z", "valid_until": "2026-12-31"}),
    ("send_as", {"valid_from": "2026-12-31", "valid_until": "2026-12-31T00:00:00Z"}),
    ("send_as", {"valid_until": "2028-02-29", "origin": "ldap", "note": "it's leap year"}),
    *[("deny_as", {"address": address}) for address in GOOD_ADDRESSES],
    *[("local_domain", {"name": domain}) for domain in GOOD_DOMAINS],
    *[("local_domain", {"owner": owner}) for owner in ["staff", "alice", "@example.com", "@other.example"]],
    *[("network", {"cidr": cidr}) for cidr in GOOD_CIDRS],
    ("network", {"name": "Lab-2_b.c"}),
    *[("address_set", {"pattern": address}) for address in GOOD_ADDRESSES],
    *[("rule", {"principal": principal}) for principal in ["any", "ANY", "alice", "!alice", "staff", "!everyone", "anonymous", "@example.com", "!@other.example"]],
    *[("rule", {"client": client}) for client in ["any", "office", "!OFFICE", "192.0.2.0/24", "!192.0.2.1", "2001:db8::/32", "!::1"]],
    *[("rule", {column: value}) for column in ("sender", "recipient") for value in ["any", "partners", "!Partners", "a@d", "!@.d", "<>", "!<>", "*", "dev-*@d", "!a@d"]],
    *[("rule", {"tls": tls}) for tls in ["any", "none", "!none", "1.2", "1.3", "!1.3", "128 bits", "!256 bits"]],
    *[("rule", {"mechanism": mechanism}) for mechanism in ["any", "none", "!none", "PLAIN", "plain login", "!CRAM-MD5 DIGEST-MD5", "SCRAM-SHA-256"]],
    *[("rule", {"hours": hours}) for hours in ["any", "Mon-Fri 08:00-18:00", "!Mon-Fri 08:00-18:00", "Sat 00:00-24:00", "Fri 22:00-24:00, Sat 00:00-06:00", "Sat-Mon 09:00-12:00"]],
    *[("rule", {"verdict": verdict}) for verdict in ["accept", "reject", "tempfail", "hold"]],
    ("rule", {"reply": "550 5.7.1 Ask the help desk, 100% sure"}),
    ("rule", {"reply": "530 5.7.10 x"}),
    ("rule", {"reply": "450 4.7.1 Later", "verdict": "tempfail"}),
    ("rule", {"mode": "monitor"}),
    *[("quota", {"metric": metric}) for metric in ["messages", "recipients", "new_recipients", "senders", "networks", "refusals"]],
    ("quota", {"metric": "recipients_per_message", "period": None}),
    *[("quota", {"amount": amount}) for amount in [None, 0, 1000000000]],
    *[("quota", {"period": period}) for period in ["90s", "15m", "1h", "7d"]],
    *[("quota", {"per": "group", "principal": principal}) for principal in ["staff", "@example.com", "everyone"]],
    ("quota", {"counting": "strict", "on_exceed": "hold", "mode": "enforce"}),
    ("quota", {"on_exceed": "suspend", "suspend_for": "2d"}),
    ("identity", {"kind": "certificate", "cidr": "", "subject": "/C=DE/CN=crm", "issuer": "/CN=ca"}),
    ("identity", {"kind": "local", "cidr": ""}),
    ("identity", {"kind": "local", "cidr": "", "uid": 0}),
    ("identity", {"cidr": "2001:db8::/64"}),
    *[("trusted_peer", {"client": client}) for client in ["any", "office", "192.0.2.0/24"]],
    ("trusted_peer", {"asserts": "*"}),
    *[("pardon", {"login": login}) for login in ["no row of its own", "staff", "@example.com", "everyone"]],
    ("editor", {"bulk": 1}),
]


# What a change of a principal is refused with instead.
ON_CHANGE = {
    "principal.kind is login or group": "a principal cannot change its kind: delete it and create it anew",
    "NOT NULL constraint failed: principal.kind": "a principal cannot change its kind",
    "UNIQUE constraint failed: principal.name": "this name is taken by another principal",
    KIND: "this name is taken by another principal",
    RESERVED: "everyone, anonymous and @domain cannot be renamed, nor another principal to such a name",
}


def sentence(case):
    table, changes, *_ = case
    return f"{table} with " + ", ".join(f"{k} {v!r:.60}" for k, v in changes.items())


@pytest.mark.parametrize("table, changes, message", REFUSED, ids=map(sentence, REFUSED))
def test_a_wrong_value_is_refused(db, table, changes, message):
    bad = insert(table, GOOD[table] | changes)
    assert message in db.fails(table, bad, bad.replace("INSERT", "INSERT OR IGNORE", 1))

    change = update(table, GOOD[table], changes)
    if table == "principal":
        message = ON_CHANGE.get(message, message)
        if changes.get("name", "").startswith("@"):
            message = ""  # it is neither renamed so nor made a group
    assert message in db.fails(table, change, change.replace("UPDATE", "UPDATE OR IGNORE", 1), change.replace("UPDATE", "UPDATE OR REPLACE", 1),
                               after=insert(table, GOOD[table]) + "\n")


@pytest.mark.parametrize("table, changes", ACCEPTED, ids=map(sentence, ACCEPTED))
def test_a_right_value_is_stored(db, table, changes):
    row = GOOD[table] | changes
    this_row = " AND ".join(f"{k} IS {quoted(v)}" for k, v in row.items())
    ask = f"SELECT count(*) FROM {table} WHERE {this_row};\n"
    assert db.value(insert(table, row) + ask) == "1"
    if (table, row.get("kind")) != ("principal", "group"):  # what a principal is does not change
        assert db.value(f"DELETE FROM {table} WHERE {this_row};\n" + insert(table, GOOD[table]) + update(table, GOOD[table], changes) + ask) == "1"


SETTINGS = {  # name: right values, wrong values, what is allowed
    "mode": (["enforce", "monitor"], ["on", "", "Enforce"], "setting mode is enforce or monitor"),
    "unknown_login": (["accept", "reject"], ["allow", ""], "setting unknown_login is accept or reject"),
    "realms": (["", "example.com", "example.com münchen.example"], ["a@b", "a  b", " a", "a,b", "a\"b", "a\0", "a."], DOMAIN),
    "default_realm": (["", "example.com"], ["a b", "@a", "a\0", "a."], DOMAIN),
    "recipient_delimiter": (["", "+", "-", "+-"], ["a", ".", "@", " ", "*", "+\0"], "setting recipient_delimiter is empty or some of + - = _ # ~ & $ / ? ^ |"),
    "null_sender": (["own-author", "reject"], ["accept", ""], "setting null_sender is own-author or reject"),
    "protect_local_senders": (["off", "envelope", "header"], ["on", ""], "setting protect_local_senders is off, envelope or header"),
    "anonymous_relay": (["local-domains", "mta"], ["all", ""], "setting anonymous_relay is local-domains or mta"),
    "login_required": (["", "465 587", "submission", "127.0.0.1:587"], ["465,587", "465  587", " 465", "465\0"],
                       "setting login_required is empty or names and ports of listeners with a blank between, like '465 587'"),
    "originators": (["strict", "aligned"], ["off", ""], "setting originators is strict or aligned; off is only for one principal, in principal.originators"),
    "display_name": (["refuse", "log", "off"], ["accept", ""], "setting display_name is refuse, log or off"),
}
WAYS = ["UPDATE setting SET value = {v} WHERE name = {n};", "INSERT OR REPLACE INTO setting VALUES ({n}, {v});",
        "INSERT INTO setting VALUES ({n}, {v}) ON CONFLICT(name) DO UPDATE SET value = excluded.value;"]


@pytest.mark.parametrize("way", WAYS, ids=["UPDATE", "INSERT OR REPLACE", "upsert"])
@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_takes_only_its_values(empty, name, way):
    right, wrong, message = SETTINGS[name]
    for value in right:
        empty(way.format(n=quoted(name), v=quoted(value)))
        assert empty.value(f"SELECT value FROM setting WHERE name = '{name}';") == value
    for value in wrong:
        assert message in empty.refused(way.format(n=quoted(name), v=quoted(value)))
    assert empty.value("SELECT count(*) FROM setting;") == "11"


def test_there_are_no_other_settings_nor_two_of_one_name_and_none_can_go(empty):
    assert "setting.name is mode, unknown_login, realms," in empty.refused("INSERT INTO setting VALUES ('modus', 'enforce');")
    assert "setting.name is mode" in empty.refused("INSERT INTO setting VALUES ('Mode', 'enforce');")
    assert "UNIQUE constraint failed: setting.name" in empty.refused("INSERT INTO setting VALUES ('mode', 'enforce');")
    assert "NOT NULL constraint failed: setting.value" in empty.refused("UPDATE setting SET value = NULL;")
    assert "a setting cannot be deleted" in empty.refused("DELETE FROM setting WHERE name = 'mode';")
    assert "a setting cannot be renamed" in empty.refused("UPDATE OR REPLACE setting SET name = 'realms' WHERE name = 'mode';")
    empty("INSERT OR IGNORE INTO setting VALUES ('mode', 'enforce');")
    assert empty.value("SELECT value FROM setting WHERE name = 'mode';") == "monitor"


def test_a_row_twice_is_refused(db):
    for table, row in GOOD.items():
        db(insert(table, row))
        assert "UNIQUE constraint failed: " + table in db.refused(insert(table, row)), table


def test_rules_number_themselves(db):
    db("INSERT INTO rule(seq, verdict) VALUES (10, 'accept'); INSERT INTO rule(verdict) VALUES ('reject');")
    assert db("SELECT seq FROM rule;") == [["10"], ["11"]]


def test_a_pardon_is_for_now(db):
    db("INSERT INTO pardon(login) VALUES ('bob');")
    assert db.value("SELECT abs(julianday(at) - julianday('now')) < 0.01 FROM pardon;") == "1"
