"""Makes values of From fields: from a grammar, from known attacks, and by changing what was accepted before.

Everything follows from the seed and from what `accepted()` is told.  Values are text; a lone surrogate is a raw byte.
"""

import base64
import random

import grants

FOREIGN = ["ceo@corp.example", "ceo@example.com", "boss@own.example.evil.example", "root@localhost", "ceo@[192.0.2.1]",
           '"ceo"@corp.example', "ceo@xn--bcher-kva.example", "me@example.com.corp.example", "ceo@corp。example"]
OWN_LOCAL = ["x", "sales", "a.b", "a-b", "a_b", "x+tag", "o'brien", "a=b", "{x}", "a/b", "a?b", "=?x", "ü", "山", "#1", "$", "&", "*",
             "`x`", "|", "~x", "^", '"a b"', '"a,b"', '"a;b"', '"a:b"', '"a<b"', '"a>b"', '"a(b)"', '"("', '")"', '"\\""', '"\\\\"',
             '"a\\\\b"', '" "', '" x"', '"x "', '"a..b"', '".x"', '"x."', '"[x]"', '"<x>"', '"x,y,z"', '""', "x" * 64]
WORDS = ["Me", "Alice", "J.", "Q.", "Doe", "Jr.", "O'Hara", "Firma", "(at)", "via", "AG&Co", "@", "ceo", "corp.example", "Müller",
         "山田", "x=?y", "=?=", "?=", "undisclosed", "a!b%c", "#1", "{x}", "~", "Dr.", ".", "..", "-", "--", "=", "_", "*", "`"]
QUOTED = ["", " ", "Doe, John", "a@b", "me@example.com", "ceo@corp", "@corp.example", "ceo @ corp.example", "ceo at corp.example",
          "<", ">", "<>", "<x>", ";", ":", ",", "(", ")", "()", "\\\"", "\\\\", "\\(", "\\a", "\\<", "\\,", "ceo\\@corp", "Sales: x;", "x, y",
          "'x'", "'me@example.com'", "me@example.com,", "\\\" <x>", "a\\\\", "\\\\\\\"", "ü", "山 田", "\u200bx", "ceo＠corp", "[x]", "x@",
          "=?utf-8?q?x?=", "=?utf-8?b?eA==?=", "\t", ",ceo", "me@example.com <me@example.com>", "x;y:z"]
INSIDE = ["a", "Me", ",", "<", ">", ";", ":", '"', "\\", "(", ")", "@", "ceo", "ceo@corp", "ceo@localhost", "x@y", "me@example.com", " ",
          "\n", "\r\n ", "\0", "ü", "<x@y>", ", x", "x,", ".", "=?utf-8?q?y?=", "?=", "_", "'", "corp.example", "ceo@", "@corp.example",
          "<ceo", "ceo>", "ceo@corp.example", "\u200b", "\u00ad", "＠", "﹫", "．", "。", '"ceo"@corp.example', "ceo@[192.0.2.1]"]
SPACE = [" "] * 8 + ["", "  ", "\t", "\r\n ", "\r\n\t", " \r\n ", "\r\n  \t"]
CHARSETS = ["utf-8"] * 6 + ["UTF-8*en", "iso-8859-1", "us-ascii", "x-none", "iso-2022-jp", "koi8-r", "gb18030", "utf-7", "utf-16", "big5",
                            "windows-1252", "utf-16be", "shift_jis", "cp037", ""]
BYTES = list('<>()[]@,;:\\". \t=?_\'!%&*+-/`{|}~#$^') * 3 + ["\r\n ", "\r\n", "\r", "\n", "\0", "\x01", "\x7f", "\x1b", "\udcff", "\udcc3",
                                                      "\u0080", "\u00a0", "\u200b", "\u202e", "\u2028", "\ufeff", "\u3000", "＠", "，", "＜", "ü", "a"]

# Known attacks, and their neighbours; {me} is an own address and {ceo} a foreign one.
ATTACKS = """{ceo}, {me}|{me}, {ceo}|{ceo} <{me}>|<{me}> <{ceo}>|<{me}>, {ceo}|"{ceo}" <{me}>|({ceo}) {me}|{me} ({ceo})|<{me}> ({ceo})|<{ceo}> <{me}>
<@a.example,@b.example:{me}>|<@{ceo}:{me}>|x: {me};|{ceo}: {me};|x:{ceo},{me};|undisclosed:;, {me}|:{me}|{me}:{ceo}|"x" <{me}>, "y" <{ceo}>
=?utf-8?q?{ceo}?= <{me}>|=?utf-8?q?ceo=40corp=2Eexample?= <{me}>|=?utf-8?q?=3Cceo=40corp=2Eexample=3E?= <{me}>|=?utf-8?b?Y2VvQGNvcnAuZXhhbXBsZQ==?= <{me}>
<=?utf-8?q?ceo=40corp.example?= {me}>|=?utf-8?q?x=2C?= <{me}>|=?utf-8?q?x=22?= <{me}>|"=?utf-8?q?ceo=40corp=2Eexample?=" <{me}>|=?utf-8?q?ceo=40corp?= =?utf-8?q?=2Eexample?= <{me}>
"a" "b" <{me}>|"a\\"b" <{me}>|"a\\\\" <{me}>|"a\\\\\\" <{ceo}>" <{me}>|"<{ceo}>" <{me}>|"x <{ceo}>, y" <{me}>|a"b" <{me}>|"a"b <{me}>|"a"<{me}>|a<{me}>
a (b) <{me}>|a (b) c <{me}>|(a (b)) {me}|(a (b) {me}|a (\\) {ceo}) <{me}>|a (\\() <{me}>|(a\\\\) {me}|() {me}|(,) {me}|(<) {me}|(>) <{me}>|(") {me}|a (") b (") <{me}>|{me} (")
{me}(<{ceo}>)|({ceo},) {me}|me(x)@example.com|me@(x)example.com|me @example.com|me@ example.com|me@example.com.|me@example.com(x)|(x)me@example.com
<{me}|{me}>|<<{me}>>|<{me}>x|x {me}|{me} x|"{me}|{me}"|<{me},>|,{me}|{me},|,,{me}|{me};|{me}; {ceo}|a, b <{me}>|{ceo} {me}|me@example.com@corp.example|ceo@corp.example@example.com
me%corp.example@example.com|corp.example!me@example.com|"me@corp.example"@example.com|"me"@example.com|"m\\e"@example.com|me@[example.com]|<{me}> <>|<> <{me}>|""<{me}>|"" <{me}>|"" {me}
"ceo＠corp.example" <{me}>|ceo＠corp.example <{me}>|ceo﹫corp.example <{me}>|"ceo@corp．example" <{me}>|"ceo@\u200bcorp.example" <{me}>|"ceo\u00ad@corp.example" <{me}>|me＠example.com
\0{me}|{me}\0, {ceo}|{me}\r, {ceo}|{me}\n{ceo}|{me}\r\n , {ceo}|{me}\r\nFrom: {ceo}|\r\n {me}|{me}\r\n |"a\r\n b" <{me}>|a\r\n b <{me}>|<\r\n {me}>|<{me}\r\n >|=?utf-8?q?a?=\r\n =?utf-8?q?b?= <{me}>
'{me}' <{me}>|'{ceo}' <{me}>|{me} <{me}>|"{me}" <{me}>|[{ceo}] <{me}>|mailto:{me}|<mailto:{me}>|\\{me}|\\"{ceo}\\" <{me}>|"{me}" "{ceo}"|.{me}|"x"{me}|x.{me}|=?{me}|?={me}""".replace("\n", "|").split("|")


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.pool = []

    def accepted(self, value):
        """Tell it what was accepted: new values are made of it."""
        if len(self.pool) < 4000:
            self.pool.append(value)
        else:
            self.pool[self.random.randrange(len(self.pool))] = value

    def value(self):
        r = self.random
        kind = r.random()
        if kind < 0.42 or len(self.pool) < 50:
            text = self.grammar()
        elif kind < 0.52:
            text = r.choice(ATTACKS).format(me=self.own(), ceo=r.choice(FOREIGN))
        else:
            text = r.choice(self.pool)
        if kind >= 0.30:
            for _ in range(r.choice((1, 1, 1, 2, 3))):
                text = self.change(text)
        return text[:6000]

    # --- the grammar ---

    def own(self):
        r = self.random
        kind = r.random()
        if kind < 0.45:
            text = r.choice(grants.EXACT).replace("*", r.choice(OWN_LOCAL).strip('"'))
        elif kind < 0.55:
            inside = "".join(r.choice(INSIDE) for _ in range(r.choice((1, 2, 2, 3))))
            text = '"dev-' + inside.replace("\\", "\\\\").replace('"', '\\"') + '"@example.com'
        elif kind < 0.9:
            text = r.choice(OWN_LOCAL) + "@" + r.choice(("own.example", "OWN.example", "own.example", "例え.example", "xn--r8jz45g.example"))
        else:
            text = r.choice(("me+x@example.com", "ME@EXAMPLE.COM", "me@xn--bcher-kva.example", "me@BÜCHER.example", "me@bu\u0308cher.example",
                             "me@ｅxample.com", "me@example。com", "me@xn--strae-oqa.example", "me@exam\u00adple.com", "ju\u0308rgen@example.com"))
        return text

    def comment(self, depth=0):
        r = self.random
        parts = [r.choice(INSIDE) if r.random() < 0.8 else self.word() for _ in range(r.choice((0, 1, 1, 2, 3)))]
        if depth < 3 and r.random() < 0.25:
            parts.insert(r.randrange(len(parts) + 1), self.comment(depth + 1))
        parts = [p.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)") if not p.startswith("(") and r.random() < 0.9 else p for p in parts]
        return "(" + r.choice(("", " ")).join(parts) + ")"

    def encoded(self):
        r = self.random
        text = "".join(r.choice(INSIDE) for _ in range(r.choice((0, 1, 1, 2, 3))))
        charset = r.choice(CHARSETS)
        try:
            raw = text.encode(charset.split("*")[0] or "utf-8")
        except (LookupError, UnicodeError):
            raw = text.encode("utf-8", "surrogateescape")
        if r.random() < 0.5:
            return f"=?{charset}?{r.choice('bB')}?{base64.b64encode(raw).decode()[:r.choice((None, None, None, -1))]}?="
        quoted = "".join(chr(b) if chr(b).isascii() and chr(b).isalnum() or r.random() < 0.05 and 32 < b < 127 else f"={b:02X}" for b in raw)
        return f"=?{charset}?{r.choice('qQ')}?{quoted}?="

    def word(self):
        r = self.random
        kind = r.random()
        if kind < 0.4:
            return r.choice(WORDS)
        if kind < 0.7:
            return '"' + "".join(r.choice(QUOTED) for _ in range(r.choice((1, 1, 1, 2)))) + '"'
        if kind < 0.95:
            return self.encoded()
        return r.choice(WORDS) + '"' + r.choice(QUOTED) + '"'

    def name(self):
        r = self.random
        text = ""
        for _ in range(r.choice((0, 1, 1, 1, 2, 2, 3, 5))):
            text += self.word() + r.choice(SPACE)
            if r.random() < 0.1:
                text += self.comment() + r.choice(SPACE)
        return text

    def mailbox(self):
        r = self.random
        before = self.comment() + r.choice(SPACE) if r.random() < 0.08 else ""
        after = r.choice(SPACE) + self.comment() if r.random() < 0.15 else ""
        if r.random() < 0.3:
            return before + self.own() + after
        return before + self.name() + "<" + r.choice(SPACE if r.random() < 0.1 else [""]) + self.own() + \
            r.choice(SPACE if r.random() < 0.1 else [""]) + ">" + after

    def grammar(self):
        r = self.random
        count = r.choice((1,) * 12 + (2, 2, 3, 5)) if r.random() < 0.998 else 60
        text = ""
        for i in range(count):
            text += ("," + r.choice(SPACE) if i else "") + self.mailbox()
        return text

    # --- changes ---

    def change(self, text):
        r = self.random
        at = r.randrange(len(text) + 1)
        end = min(len(text), at + r.choice((0, 1, 1, 2, 5, 20)))
        kind = r.randrange(12)
        if kind == 0:
            return text[:at] + text[end:]
        if kind == 1:
            return text[:at] + r.choice(BYTES) + text[at:]
        if kind == 2:
            return text[:at] + r.choice(BYTES) + text[end:]
        if kind == 3:
            return text[:end] + text[at:]
        if kind == 4:
            return text[:at] + self.comment() + text[at:]
        if kind == 5:
            return text[:at] + self.encoded() + text[at:]
        if kind == 6:
            return text[:at] + '"' + r.choice(QUOTED) + '"' + text[at:]
        if kind == 7:
            return text[:at] + r.choice(SPACE[9:]) + text[at:]
        if kind == 8:
            return text[:at] + r.choice(FOREIGN) + text[at:]
        if kind == 9 and self.pool:
            other = r.choice(self.pool)
            return text[:at] + other[r.randrange(len(other) + 1):]
        if kind == 10:
            return text + r.choice((",", ", ", " ", "")) + self.mailbox()
        return text[:at] + r.choice(WORDS + QUOTED + INSIDE) + text[at:]
