"""`limit suggest`: what it counts, by a computation of its own, and what it proposes, pasted."""

import collections
import datetime
import ipaddress
import math
import random
import shlex

import pytest

from lib import audit

PERIODS = {"1h": 3600, "1d": 86400, "7d": 604800}
METRICS = ["messages", "recipients", "new_recipients", "senders", "networks"]
START = datetime.datetime(2026, 11, 1, tzinfo=datetime.timezone.utc)


def at(seconds):
    """A time of the log, so many seconds from its beginning, with a fraction."""
    return (START + datetime.timedelta(seconds=seconds, microseconds=999999)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def suggest(command, *args):
    return command.ok("limit", "suggest", *args, "--json").json


def limits(said):
    """The rows by metric and period."""
    return {(row["metric"], row["period"]): row for row in said["limits"]}


def sent(seconds, login="alice", **more):
    return audit.record(time=at(seconds), login=login, **more)


# --- a computation of its own: every window that begins with a message, whole ---

def network(client):
    address = ipaddress.ip_address(client)
    return ipaddress.ip_network((address, 24 if address.version == 4 else 48), strict=False)


def busiest(events, period):
    """The busiest window of one login: [t, t + period], both ends in it."""
    most = collections.Counter()
    known = set()
    fresh = []
    for second, rcpts, senders, client in events:
        fresh.append(len(set(rcpts) - known))
        known |= set(rcpts)
    for i, (begin, *_) in enumerate(events):
        inside = [j for j in range(len(events)) if begin <= events[j][0] <= begin + period]
        seen = {
            "messages": len(inside),
            "recipients": sum(len(events[j][1]) for j in inside),
            "new_recipients": sum(fresh[j] for j in inside),
            "senders": len(set().union(*(events[j][2] for j in inside))),
            "networks": len({network(events[j][3]) for j in inside}),
        }
        for metric, n in seen.items():
            most[metric] = max(most[metric], n)
    return most


def percentile(values, percent):
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1]


def sensible(beyond):
    """The first amount with one or two digits that a person would choose, above this."""
    n = beyond + 1
    while int(str(n)[:2].ljust(2, "0")) not in (10, 12, 15, 20, 25, 30, 40, 50, 60, 80) or str(n)[2:].strip("0"):
        n += 1
    return n


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_percentiles_are_those_of_every_window(command, tmp_path, seed):
    rng = random.Random(seed)
    records, events = [], collections.defaultdict(list)
    second = 0
    while second < 9 * 86400:
        second += rng.choice([0, 1, 59, 600, 3600, 7200, 20000])
        login = f"user{min(rng.randrange(40), rng.randrange(40)):02}"
        rcpts = [f"r{rng.randrange(60)}@example.org" for _ in range(rng.randrange(1, 5))]
        sender = f"{login}{rng.choice(['', '+list', '+news'])}@{rng.choice(['example.com', 'example.net'])}"
        author = rng.choice([sender, sender.upper(), f"boss{rng.randrange(4)}@example.com"])
        client = rng.choice([f"192.0.{rng.randrange(5)}.{rng.randrange(255)}", f"2001:db8:{rng.randrange(3)}:{rng.randrange(9)}::1"])
        fields = {"sender": sender, "authors": [author], "client": client, "rcpt": [f"<{r.upper()}>" for r in rcpts]}
        if rng.random() < 0.2:      # refused: it counts for nothing
            records.append(audit.refusal("rule", time=at(second), login=login, stage=rng.choice(["eom", "mail"])) | {
                "recipients": sent(second, **fields)["recipients"]})
            continue
        records.append(sent(second, login, verdict=rng.choice(["accept", "hold"]),
                            would=rng.choice([None, "sender-not-granted"]), **fields))
        # in example.com, which is local, the sub-address is nobody else
        same = {a.replace("+list", "").replace("+news", "") if a.endswith("@example.com") else a for a in (sender, author.lower())}
        events[login].append((second, rcpts, same, client))
    command.ok("set", "recipient_delimiter", "+")
    said = suggest(command, audit.write(tmp_path / "audit.log", records))
    assert said["messages"] == sum(map(len, events.values())) and said["logins"] == len(events)
    rows = limits(said)
    assert set(rows) == {(m, p) for m in METRICS for p in PERIODS} | {("recipients_per_message", None)}
    for (metric, period), row in rows.items():
        used = {login: busiest(mine, PERIODS[period])[metric] if period else max(len(e[1]) for e in mine)
                for login, mine in events.items()}
        wanted = {"p50": percentile(used.values(), 50), "p95": percentile(used.values(), 95),
                  "p99": percentile(used.values(), 99), "max": max(used.values())}
        assert {k: row[k] for k in wanted} == wanted, (metric, period)
        assert row["amount"] == sensible(wanted["p99"]), (metric, period)


def test_who_would_have_exceeded_a_limit_is_named(command, tmp_path):
    records = [sent(i, f"user{i:03}") for i in range(200)]
    records += [sent(1000 + i, "user000") for i in range(40)] + [sent(2000 + i, "user001") for i in range(3)]
    records += [sent(3600)]
    row = limits(suggest(command, audit.write(tmp_path / "audit.log", records)))["messages", "1h"]
    assert (row["p50"], row["p99"], row["max"], row["amount"]) == (1, 1, 41, 2)
    assert [(b["login"], b["used"]) for b in row["beyond"]] == [("user000", 41), ("user001", 4)]
    assert row["command"] == ["authpolicy", "limit", "set", "messages-1h", "everyone", "messages", "2", "1h"]
    assert row["beyond"][0]["command"] == ["authpolicy", "limit", "set", "messages-1h user000", "user000", "messages", "50", "1h"]


def test_what_is_proposed_can_be_pasted(command, tmp_path):
    odd = "o'brien $(touch pasted) x"
    records = [sent(i, f"user{i:03}", rcpt=["<a@example.org>", "<b@example.org>"]) for i in range(400)]
    records += [sent(1000 + i, odd) for i in range(9)] + [sent(2000 + i, "--cap") for i in range(9)]
    records += [sent(3000, "evil\n authpolicy set mode monitor") for _ in range(9)] + [sent(3600)]
    done = command.ok("limit", "suggest", audit.write(tmp_path / "audit.log", records))
    commands = [line for line in done.lines if line.startswith("authpolicy ")]
    assert "bytes that no terminal should see" in done.out and "set mode" not in done.out
    for line in commands:
        words = shlex.split(line)
        assert words[1:3] == ["--db", str(command.path)]
        command.ok(*words[3:])
    rows = command.sql("SELECT principal, amount FROM quota WHERE metric = 'messages' AND period = '1h' ORDER BY principal")
    assert rows == [("--cap", 10), ("everyone", 2), (odd, 10)]
    assert command.sql("SELECT amount FROM quota WHERE metric = 'recipients_per_message'") == [(3,)]
    command.ok("lint")


def test_a_log_proposes_nothing_for_windows_longer_than_it_is(command, tmp_path):
    log = audit.write(tmp_path / "audit.log", [sent(0), sent(86399)])
    rows = limits(suggest(command, log))
    assert {p: rows["messages", p]["amount"] for p in PERIODS} == {"1h": 2, "1d": None, "7d": None}
    assert rows["messages", "1d"]["command"] is None
    audit.write(log, [sent(0), sent(86400)])
    assert limits(suggest(command, log))["messages", "1d"]["amount"] == 3


def test_recipients_are_counted_as_the_daemon_does(command, tmp_path):
    many = sent(5000, rcpt=["<a@example.org>"] * 2) | {"recipients_not_named": 40}
    some = sent(0, rcpt=["<A@Example.ORG>", "<b@example.org>", "<c@example.org>"])
    some["recipients"][2] |= {"verdict": "reject", "reason": "rule"}
    rows = limits(suggest(command, audit.write(tmp_path / "audit.log", [some, many])))
    assert rows["recipients", "1h"]["max"] == rows["recipients_per_message", None]["max"] == 42
    assert rows["recipients", "1d"]["max"] == 44
    assert (rows["new_recipients", "1h"]["max"], rows["new_recipients", "1d"]["max"]) == (40, 42)


def test_no_number_in_a_log_is_too_large(command, tmp_path):
    records = [sent(n * 60) | {"recipients_not_named": 2**63 - 1} for n in range(61)]
    row = limits(suggest(command, audit.write(tmp_path / "audit.log", records)))["recipients", "1h"]
    assert row["max"] == 61 * 1000001


def test_a_name_that_no_login_has_is_left_out(command, tmp_path):
    log = audit.write(tmp_path / "audit.log", [sent(0, "n" * 256), sent(1, "n" * 256), sent(2, ""), sent(3, "n" * 255)])
    assert suggest(command, log)["messages"] == 1


def test_only_the_period_asked_for_counts(command, tmp_path):
    log = audit.write(tmp_path / "audit.log", [sent(n * 86400) for n in range(5)])
    said = suggest(command, log, "--since", "2026-11-02", "--until", "2026-11-03")
    assert (said["messages"], said["first"], said["last"]) == (2, "2026-11-02T00:00:00Z", "2026-11-03T00:00:00Z")


def test_the_null_sender_is_nobody(command, tmp_path):
    log = audit.write(tmp_path / "audit.log", [sent(0, sender="<>", authors=[]), sent(3600, "bob")])
    row = limits(suggest(command, log))["senders", "1h"]
    assert (row["p50"], row["max"]) == (0, 1)


def test_the_order_of_the_records_is_no_matter(command, tmp_path):
    rng = random.Random(4)
    records = [sent(rng.randrange(9 * 86400), f"user{rng.randrange(9)}", sender=f"s{rng.randrange(5)}@example.com",
                    authors=[f"a{rng.randrange(5)}@example.com"], client=f"192.0.{rng.randrange(9)}.1",
                    rcpt=[f"<r{rng.randrange(40)}@example.org>"]) for _ in range(600)]
    said = suggest(command, audit.write(tmp_path / "audit.log", sorted(records, key=lambda one: one["time"])))
    rng.shuffle(records)
    assert suggest(command, audit.write(tmp_path / "audit.log", records)) == said


def test_an_empty_log_proposes_nothing(command, tmp_path):
    (tmp_path / "audit.log").write_text("")
    said = suggest(command, tmp_path / "audit.log")
    assert (said["messages"], said["limits"]) == (0, [])


def test_what_is_no_record_is_named(command, tmp_path):
    log = audit.write(tmp_path / "audit.log", [sent(0), sent(3600)])
    with open(log, "a", encoding="ascii") as file:
        file.write('not json\n[]\n{"time": "2026-11-01T00:00:00Z", "verdict": "accept", "stage": "eom", "login": 7,'
                   ' "recipients": [7, {"rcpt": null}], "authors": [null], "client": [], "sender": {}}\n')
    done = command.run("limit", "suggest", log, "--json")
    assert "audit.log: line 3: not a record" in done.err and done.json["messages"] == 3


def test_a_policy_is_needed(bare, tmp_path):
    done = bare.run("limit", "suggest", audit.write(tmp_path / "audit.log", [sent(0)]))
    assert done.status == 75 and "policy.db" in done.err and done.out == ""
