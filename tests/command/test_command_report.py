"""`report`: its figures are those of the log, counted here without SQL; its page shows them and nothing else happens."""

import collections
import datetime
import html
import json
import re

import pytest

from lib import audit
from lib.audit import record, refusal
from lib.browser import Browser

SHORTENED = ("logins", "refusals", "limits", "suspensions", "new_senders")
ENOUGH = ["--limit", "999999"]


def report(bare, *options, status=0):
    done = bare.run("report", bare.folder / "audit.log", "--json", *options)
    assert done.status == status, done
    return done.json


# --- figures ---

def period_of(one, week):
    day = datetime.date.fromisoformat(one["time"][:10])
    return str(day - datetime.timedelta(days=day.weekday()) if week else day)


def counted(records):
    """What is counted of some records."""
    figures = collections.Counter({name: 0 for name in (
        "accepted", "held", "rejected", "tempfailed", "passed_over", "aborted", "logins")})
    for one in records:
        weight = one.get("repeated") or 1
        if one["stage"] == "abort":
            figures["aborted"] += 1
            continue
        figures[{"accept": "accepted", "hold": "held", "reject": "rejected", "tempfail": "tempfailed"}[one["verdict"]]] += weight
        if one["verdict"] == "accept" and one["would"]:
            figures["passed_over"] += 1
    figures["logins"] = len({one["login"] for one in records if one["login"]})
    return dict(figures)


def expected(records, week=False, since="0", until="A"):
    """The whole report."""
    asked = [one for one in records if since <= one["time"] < until]
    refused = [one for one in asked if one["stage"] != "abort" and one["verdict"] in ("reject", "tempfail")]
    first, messages = {}, collections.Counter()
    for one in records:
        pair = one["login"], one["sender"]
        if one["time"] < until and one["stage"] == "eom" and one["verdict"] in ("accept", "hold") and all(pair) and pair[1] != "<>":
            first.setdefault(pair, one["time"])
            messages[pair] += one["time"] >= since
    new = [(pair, moment) for pair, moment in first.items() if moment >= since]

    grouped = collections.defaultdict(list)
    for one in asked:
        grouped[period_of(one, week)].append(one)
    periods = []
    day = datetime.date.fromisoformat(min(grouped))
    while str(day) <= max(grouped):
        periods.append({"period": str(day)} | counted(grouped[str(day)]) | {
            "new_senders": sum(period_of({"time": moment}, week) == str(day) for _, moment in new)})
        day += datetime.timedelta(days=7 if week else 1)

    reasons = collections.defaultdict(lambda: {"refused": 0, "held": 0, "passed_over": 0, "logins": set()})
    for one in asked:
        if one["reason"] and one["stage"] != "abort":
            reasons[one["reason"]]["held" if one["verdict"] == "hold" else "refused"] += one.get("repeated") or 1
            reasons[one["reason"]]["logins"].add(one["login"])
        if one["would"] and one["stage"] != "abort" and one["verdict"] == "accept":
            reasons[one["would"]]["passed_over"] += 1
            reasons[one["would"]]["logins"].add(one["login"])
    reasons = [{"reason": reason} | row | {"logins": len(row["logins"] - {None})} for reason, row in reasons.items()]

    by_login = collections.defaultdict(list)
    for one in asked:
        by_login[one["login"]].append(one)
    logins, refusals = [], []
    for login, theirs in by_login.items():
        figures = counted(theirs)
        row = {"login": login, "messages": figures["accepted"] + figures["held"],
               "refused": figures["rejected"] + figures["tempfailed"], "passed_over": figures["passed_over"]}
        if login and row["messages"]:
            logins.append(row)
        why, last = collections.Counter(), max((one for one in theirs if one in refused), key=lambda one: one["time"], default=None)
        for one in theirs:
            if one["stage"] != "abort" and one["verdict"] in ("reject", "tempfail"):
                why[one["reason"]] += one.get("repeated") or 1
        if last:
            reason = min(why, key=lambda name: (-why[name], name))
            refusals.append({"login": login, "refused": row["refused"], "reason": reason, "times": why[reason],
                             "last": last["time"][:19] + "Z", "ref": last["ref"]})

    limits = collections.defaultdict(lambda: {"percent": None, "used": None, "amount": None, "refused": 0})
    for one in asked:
        for limit in one.get("limits") or []:
            row = limits[limit["limit"], one["login"]]
            percent = 100 * limit["used"] // limit["amount"]
            if row["percent"] is None or percent > row["percent"]:
                row.update(percent=percent, used=limit["used"], amount=limit["amount"])
        if one["reason"] == "limit-exceeded":
            limits[one["row"][6:-1], one["login"]]["refused"] += one.get("repeated") or 1
    limits = [{"limit": name, "login": login} | row for (name, login), row in limits.items()]

    return {
        "by": "week" if week else "day",
        "covered": {"records": len(asked), "first": asked[0]["time"], "last": asked[-1]["time"]},
        "total": counted(asked) | {"new_senders": len(new)},
        "periods": periods,
        "reasons": sorted(reasons, key=lambda row: (-row["refused"] - row["held"] - row["passed_over"], row["reason"])),
        "logins": sorted(logins, key=lambda row: (-row["messages"], row["login"])),
        "refusals": sorted(refusals, key=lambda row: (-row["refused"], row["login"] or "")),
        "limits": sorted(limits, key=lambda row: (-(row["percent"] or -1), -row["refused"], row["limit"], row["login"] or "")),
        "suspensions": [one["suspension"] | {"ref": one["ref"]} for one in reversed(asked) if one.get("suspension")],
        "new_senders": [{"first": moment[:19] + "Z", "login": login, "sender": sender, "messages": messages[login, sender]}
                        for (login, sender), moment in sorted(sorted(new), key=lambda item: item[1], reverse=True)],
        "left_out": dict.fromkeys(SHORTENED, 0),
    }


BUSY = list(audit.busy(6000))


@pytest.fixture
def busy(bare):
    audit.write(bare.folder / "audit.log.1.gz", BUSY[:4000])
    audit.write(bare.folder / "audit.log", BUSY[4000:])
    return bare


@pytest.mark.parametrize("options, more", [
    ([], {}),
    (["--by", "week"], {"week": True}),
    (["--since", "2026-11-10"], {"since": "2026-11-10"}),
    (["--since", "2026-11-10", "--until", "2026-11-20", "--by", "week"], {"since": "2026-11-10", "until": "2026-11-21", "week": True}),
])
def test_every_figure_is_that_of_the_log(busy, options, more):
    found, wanted = report(busy, *ENOUGH, *options), expected(BUSY, **more)
    assert list(found) == list(wanted)
    for name, value in wanted.items():
        assert found[name] == value, name


def test_only_delivered_messages_are_use_of_a_sender(bare):
    audit.write(bare.folder / "audit.log", [
        record(sender="a@example.com", stage="abort"), refusal("rule", sender="b@example.com"),
        record(sender="c@example.com", verdict="hold", reason="rule"), record(sender="<>"), record(sender=None),
        record(sender="d@example.com", login=None)])
    assert [row["sender"] for row in report(bare)["new_senders"]] == ["c@example.com"]


def test_lists_are_as_long_as_asked_for(busy):
    whole, short, usual = report(busy, *ENOUGH), report(busy, "--limit", "3"), report(busy)
    for name in SHORTENED:
        assert short[name] == whole[name][:3] and usual[name] == whole[name][:10], name
        assert [one["left_out"][name] for one in (short, usual)] == [max(0, len(whole[name]) - number) for number in (3, 10)], name
    assert short["left_out"]["logins"] > 0
    assert short["periods"] == whole["periods"] and short["reasons"] == whole["reasons"]


def test_periods_without_records_are_there(bare):
    audit.write(bare.folder / "audit.log", [record(time="2026-02-26T00:00:00Z"), record(time="2026-03-02T00:00:00Z")])
    found = report(bare)["periods"]
    assert [(row["period"], row["accepted"]) for row in found] == [
        ("2026-02-26", 1), ("2026-02-27", 0), ("2026-02-28", 0), ("2026-03-01", 0), ("2026-03-02", 1)]
    # a week begins on Monday
    assert [row["period"] for row in report(bare, "--by", "week")["periods"]] == ["2026-02-23", "2026-03-02"]


def test_a_suspension_is_one_and_its_ref_is_what_the_client_heard(bare):
    suspension = {"principal": "alice", "limit": "hourly", "at": "2026-11-24T09:00:00Z", "until": "2026-11-25T09:00:00Z"}
    told = [refusal("limit-exceeded", row="quota(hourly)", ref="7K2M-9QXD", suspension=suspension, time="2026-11-24T09:00:00.1Z"),
            record(stage="abort", ref="8K2M-9QXD", suspension=suspension, time="2026-11-24T09:00:00.2Z"),
            refusal("limit-exceeded", row="quota(hourly)", ref="9K2M-9QXD", suspension=suspension | {"principal": "bob"},
                    time="2026-11-24T09:00:00.3Z")]
    audit.write(bare.folder / "audit.log", told)
    assert [(row["principal"], row["ref"]) for row in report(bare)["suspensions"]] == [("bob", "9K2M-9QXD"), ("alice", "7K2M-9QXD")]


def test_refusals_that_name_no_limit_are_no_limit(bare):
    audit.write(bare.folder / "audit.log", [refusal("limit-exceeded", row="quota(hourly)"),
                                            refusal("limit-exceeded", row=None, repeated=14), refusal("limit-exceeded", row=None)])
    found = report(bare)
    assert [(row["limit"], row["refused"]) for row in found["limits"]] == [("hourly", 1)]
    assert [(row["reason"], row["refused"]) for row in found["reasons"]] == [("limit-exceeded", 16)]


def test_not_more_than_366_periods_are_shown_and_all_are_counted(bare):
    audit.write(bare.folder / "audit.log", [record(time="0001-01-01T00:00:00Z"), record(time="9999-12-31T00:00:00Z")])
    found = report(bare)
    assert len(found["periods"]) == 366 and found["periods"][-1]["period"] == "9999-12-31"
    assert found["total"]["accepted"] == 2


def test_logins_differ_by_more_than_ascii_case(bare):
    audit.write(bare.folder / "audit.log", [record(login=login) for login in ("Alice", "ALICE", "é", "É")])
    assert sorted(row["messages"] for row in report(bare)["logins"]) == [1, 1, 2]


def test_a_login_of_any_bytes_is_told_whole(bare):
    login = "a\udcff\udc80\"<\\\n\u202eé" + "x" * 240
    audit.write(bare.folder / "audit.log", [record(login=login, sender=login), refusal("rule", login=login)])
    found = report(bare)
    assert found["logins"][0]["login"] == found["refusals"][0]["login"] == login
    assert found["new_senders"][0]["sender"] == login


@pytest.mark.parametrize("field, values", [
    ("limits", [None, [], {}, 5, "x", [None], [5], [{}], [{"limit": 5, "used": "x", "amount": 0}], [{"limit": "x", "used": -1, "amount": 1}],
                [{"limit": "x", "used": 1, "amount": -1}], [{"limit": None, "used": 1, "amount": 1}],
                [{"limit": "y", "used": 1 << 62, "amount": 1}]]),
    ("suspension", [None, [], {}, 5, "x", {"principal": 5}, {"principal": {"a": 1}, "at": [], "until": None}]),
    ("repeated", [None, 0, -5, "x", [], 1 << 62, 1e300]),
    ("would", [5, [], {}]), ("row", [5, "quota(", "quota()", "quota"]), ("reason", [5, {}]), ("login", [5, {}, []]),
])
def test_hostile_values_stop_nothing(bare, field, values):
    audit.write(bare.folder / "audit.log", [refusal("limit-exceeded", row="quota(x)") | {field: value} for value in values] +
                [record() | {field: value} for value in values])
    assert report(bare)["covered"]["records"] == 2 * len(values)
    assert bare.ok("report", bare.folder / "audit.log").err == ""
    assert bare.ok("report", bare.folder / "audit.log", "--html", bare.folder / "page.html").err == ""


def test_what_a_count_stands_for_has_bounds(bare):
    audit.write(bare.folder / "audit.log", [refusal("rule", repeated=number) for number in (1 << 62, 999, 0, -7)])
    assert report(bare)["total"]["rejected"] == 1000 + 999 + 1 + 1


def test_an_empty_log_is_a_report_of_nothing(bare):
    (bare.folder / "audit.log").touch()
    found = report(bare)
    assert found["covered"] == {"records": 0, "first": None, "last": None}
    assert set(found["total"].values()) == {0} and found["periods"] == found["reasons"] == found["new_senders"] == []
    bare.ok("report", bare.folder / "audit.log", "--html", bare.folder / "page.html")
    assert "No records" in (bare.folder / "page.html").read_text()


def test_a_damaged_file_is_said_and_the_rest_is_counted(bare):
    audit.write(bare.folder / "audit.log", [record()])
    (bare.folder / "audit.log.1.gz").write_bytes(b"nonsense")
    done = bare.run("report", bare.folder / "audit.log", "--json")
    assert done.status == 75 and done.json["total"]["accepted"] == 1
    assert "gzip could not read all of it" in done.err


def test_without_a_log_there_is_no_report(bare):
    done = bare.run("report", bare.folder / "audit.log", "--json", "--html", bare.folder / "page.html")
    assert (done.status, done.out) == (75, "")
    assert not (bare.folder / "page.html").exists()


@pytest.mark.parametrize("options, says", [
    (["--by", "month"], "--by takes day|week"),
    (["--limit", "x"], "--limit takes a number"),
    (["--since", "x"], '--since: "x" is no time'),
])
def test_a_wrong_option_is_named(bare, options, says):
    audit.write(bare.folder / "audit.log", [record()])
    done = bare.run("report", bare.folder / "audit.log", *options)
    assert (done.status, done.out) == (2, "") and says in done.err


def test_the_terminal_shows_the_same(busy):
    shown, found = busy.ok("report", busy.folder / "audit.log").out, report(busy)
    rows = [line.split() for line in shown.splitlines()]
    assert [str(value) for value in found["total"].values()] in rows
    for row in found["periods"] + found["logins"] + found["reasons"]:
        assert [str(value) for value in row.values()] in rows
    for title in ("In all", "By period", "Reasons", "Logins that sent most", "Logins that were refused", "Limits near their ceiling",
                  "Suspended by a limit", "New senders"):
        assert title in shown.splitlines()


def test_the_terminal_says_how_many_follow(busy):
    shown = busy.ok("report", busy.folder / "audit.log", "--limit", "3").out
    follow = [number for number in report(busy, "--limit", "3")["left_out"].values() if number]
    assert re.findall(r"^(\d+) more: see --limit$", shown, re.M) == [str(number) for number in follow] and follow
    assert "more:" not in busy.ok("report", busy.folder / "audit.log", *ENOUGH).out


def test_who_did_not_log_in_is_nobody(bare):
    audit.write(bare.folder / "audit.log", [refusal("relay-denied", login=None)])
    assert "(no login)        1  relay-denied" in bare.ok("report", bare.folder / "audit.log").out
    assert report(bare)["refusals"][0]["login"] is None


def test_numbers_end_at_the_same_column(bare):
    audit.write(bare.folder / "audit.log", [record(login="alice")] * 12 + [record(login="bob"), refusal("rule", login="bob")])
    assert ("login  messages  refused  passed_over\n"
            "alice        12        0            0\n"
            "bob           1        1            0\n") in bare.ok("report", bare.folder / "audit.log").out


# --- the page ---

HOSTILE = "</b></style><script>document.title='owned'</script><img src=http://192.0.2.1/x onerror=alert(1)>&amp;\"'\u202e\u2066\x1b[1m\udcff"


@pytest.fixture(scope="module")
def browser():
    one = Browser()
    yield one
    one.close()


@pytest.fixture
def page(bare):
    """Writes the page of a log."""
    def write(records, *options):
        audit.write(bare.folder / "audit.log", records)
        path = bare.folder / "page.html"
        assert bare.ok("report", bare.folder / "audit.log", "--html", path, *options).out == f"{path} was written\n"
        return path
    return write


def hostile():
    text = HOSTILE
    return [record(login=text, sender=text, limits=[{"limit": text, "used": 90, "amount": 100}]),
            record(login=text, sender=text, would=text),
            refusal(text, login=text, ref=text),
            refusal("limit-exceeded", login=text, row=f"quota({text})",
                    suspension={"principal": text, "limit": text, "at": text, "until": text}),
            record(time="2026-11-25T09:00:00Z", login="x" * 255, sender="y" * 254)]


@pytest.mark.parametrize("records", [BUSY, hostile(), []], ids=["busy", "hostile", "empty"])
@pytest.mark.parametrize("width", [1200, 320])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_page_is_quiet_and_fits(browser, page, records, width, dark):
    path = page(records)
    browser.open(path, width, dark)
    assert browser.requests() == [path.as_uri()]
    assert browser.complaints() == []
    assert browser.run("document.title") == "Report of authpolicy"
    assert browser.run("document.scripts.length + document.images.length + document.links.length") == 0
    assert browser.run("document.documentElement.scrollWidth") <= width
    # nothing is cut off inside a card either
    assert browser.run("[...document.querySelectorAll('section *')].filter(e => e.scrollWidth > e.clientWidth + 1 && "
                       "e.clientWidth > 0 && !e.closest('svg')).map(e => e.outerHTML)") == []
    light = browser.run("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)[0]") > 128
    assert light != dark


@pytest.mark.parametrize("width", [1200, 320])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_picture_of_the_page_shows_its_charts(browser, page, bare, width, dark):
    path = page(BUSY)
    browser.open(path, width, dark)
    kinds = ["accepted", "passed", "refused"]
    css = path.read_text().partition("prefers-color-scheme: dark")[2 if dark else 0]
    colours = {name: css.partition(f"--{name}: ")[2].partition(";")[0] for name in ("page", "ink", *kinds)}
    # the middle of the largest bar of each kind
    places = browser.run(f"""{kinds}.map(kind => {{
        const boxes = [...document.querySelectorAll('.chart rect.' + kind)].map(bar => bar.getBoundingClientRect());
        const box = boxes.reduce((a, b) => a.width * a.height < b.width * b.height ? b : a);
        return [box.x + box.width / 2 + scrollX, box.y + box.height / 2 + scrollY];
    }})""")
    tall = browser.run("document.documentElement.scrollHeight")
    browser.picture(bare.folder / "page.png")
    seen = browser.look(bare.folder / "page.png", [(1, 1), *places])
    assert (seen["width"], seen["height"]) == (width, tall)
    assert seen["at"] == [colours[name] for name in ("page", *kinds)]
    assert seen["counts"][colours["ink"]] > 500, "text"


def test_what_clients_said_is_text(browser, page):
    browser.open(page(hostile()))
    shown = browser.run("document.body.innerText")
    visible = HOSTILE.replace("\u202e", r"\u{202E}").replace("\u2066", r"\u{2066}").replace("\x1b", r"\x1B").replace("\udcff", "")
    # a reason, and in a refusal with its ref; a login that sent, was refused, neared a limit, used a new sender; both; suspended by
    assert shown.count(visible) == 11
    assert not re.search("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\x1b]", shown)
    assert browser.run("document.querySelectorAll('script, img, b b').length") == 0


def test_the_page_shows_the_figures(browser, page, bare):
    path = page(BUSY)
    found = report(bare)
    browser.open(path)
    tiles = browser.run("[...document.querySelectorAll('.tiles b')].map(e => e.textContent)")
    assert tiles == [f"{value:,}" for value in found["total"].values()]
    titles = browser.run("[...document.querySelectorAll('.chart title')].map(e => e.textContent)")
    assert len(titles) == 2 * len(found["periods"])
    first = found["periods"][0]
    assert titles[0] == (f"{first['period']}: {first['accepted'] - first['passed_over']:,} accepted \u00b7 "
                         f"{first['passed_over']:,} passed over \u00b7 {first['held']:,} held")
    # a bar is as high as its figure
    heights = browser.run("[...document.querySelectorAll('.chart')][0].querySelectorAll('g').length")
    assert heights == len(found["periods"])
    drawn = browser.run("[...[...document.querySelectorAll('.chart')][0].querySelectorAll('g')].map(g => "
                        "[...g.querySelectorAll('rect[class]')].reduce((n, r) => n + Number(r.getAttribute('height')), 0))")
    top = int(browser.run("document.querySelector('.up span').textContent").replace(",", ""))
    for share, row in zip(drawn, found["periods"], strict=True):
        assert abs(share - 100 * (row["accepted"] + row["held"]) / top) < 0.01
    names = browser.run("[...document.querySelectorAll('section')].find(e => e.textContent.startsWith('Logins that sent'))"
                        ".innerText.split('\\n')")
    for row in found["logins"]:
        assert row["login"] in names and f"{row['messages']:,}" in names
    assert names[-1] == f"{found['left_out']['logins']:,} more"


def test_the_page_needs_nothing_else(page):
    text = page(BUSY).read_text()
    assert not re.search(r"<(script|link|img|iframe|object|embed|base)\b|\bsrc=|\bhref=|url\(|@import|https?:", text)
    assert "default-src 'none'" in text


def test_the_page_is_whole_or_not_there(bare, page):
    path = page([record()])
    before = path.read_text()
    bare.folder.joinpath("no").mkdir()
    done = bare.run("report", bare.folder / "audit.log", "--html", bare.folder / "missing" / "page.html")
    assert done.status == 75 and "missing/page.html: No such file or directory" in done.err
    done = bare.run("report", bare.folder / "audit.log", "--html", bare.folder / "no")
    assert done.status == 75 and path.read_text() == before
    assert sorted(one.name for one in bare.folder.iterdir()) == ["audit.log", "no", "page.html"]


def test_json_and_page_at_once(bare, page):
    audit.write(bare.folder / "audit.log", [record()])
    done = bare.ok("report", bare.folder / "audit.log", "--json", "--html", bare.folder / "page.html")
    assert json.loads(done.out)["total"]["accepted"] == 1
    assert html.escape("alice@example.com") in (bare.folder / "page.html").read_text()
