"""The manuals name exactly what the code has: reasons and their codes, steps, settings, keys, subcommands, record fields."""

import json
import re
import subprocess

import pytest

from lib import audit, place

POLICY = "authpolicy-policy.5"


def source(*names):
    return "".join((place.TOP / name).read_text() for name in names)


def section(manual, name):
    """The text of a section, or of a subsection, of a manual."""
    text = (place.TOP / "docs" / manual).read_text()
    found = re.search(rf"^\.(S[hs]) {re.escape(name)}\n(.*?)(?=^\.Sh |\Z)", text, re.M | re.S)
    assert found, f"{manual} has no section {name}"
    return found[2] if found[1] == "Sh" else re.split(r"^\.Ss ", found[2], flags=re.M)[0]


def test_every_reason_is_listed_in_order_with_its_codes():
    constants = re.search(r"enum reason \{(.*?)\}", source("policy/verdict.h"), re.S)[1]
    reasons = [c.lower().replace("_", "-") for c in re.findall(r"REASON_(\w+)", constants)]
    codes = dict(re.findall(r'\{"([a-z-]+)",\s*"([\d .]+)"\}', source("policy/verdict.c")))
    rows = re.findall(r"^\.It Li (\S+) Ta .+ Ta (.+)$", section(POLICY, "REASONS"), re.M)
    assert rows == [(r, codes[r]) for r in reasons if r not in ("none", "count")]


def test_the_steps_are_those_of_the_decision_in_its_order():
    steps = re.findall(r'\{STAGE_\w+, "([^"]+)",', source("policy/decide.c"))
    assert re.findall(r"^\.It Li (.+)$", section(POLICY, "THE DECISION"), re.M) == steps


def test_every_setting_is_listed_with_its_default():
    sql = source("sql/schema.sql")
    names = re.search(r'CHECK \(name IN \((\'mode\'.*?)\)\)', sql, re.S)[1]
    rows = dict(re.findall(r"^\.It Li (\S+) Pq (.+)$", section(POLICY, "SETTINGS"), re.M))
    assert sorted(rows) == sorted(re.findall(r"'(\w+)'", names))
    insert = re.search(r"INSERT INTO setting\(name, value\) VALUES(.*?);$", sql, re.S | re.M)[1]
    defaults = dict(re.findall(r"\('(\w+)', '([^']*)'\)", insert))
    assert {n: "" if t.startswith("empty") else t for n, t in rows.items()} == defaults


def test_every_table_is_named_with_its_columns():
    text = section(POLICY, "TABLES")
    sql = source("sql/schema.sql")
    for table in re.findall(r"^CREATE TABLE (\w+) \(", sql, re.M):
        if table in ("editor", "replaced"):
            continue
        assert table in text, table
        listed = re.search(rf"^\.It Li {table} Ns \((.+)\)$", text, re.M)
        if listed:
            body = re.search(rf"^CREATE TABLE {table} \((.*?)^\) STRICT", sql, re.M | re.S)[1]
            columns = [c for c in re.findall(r"^\t(\w+)\s+(?:TEXT|INTEGER)", body, re.M) if c != "id"]
            assert listed[1].split(", ") == columns, table


def test_every_field_of_a_record_is_named():
    text = section(POLICY, "AUDIT LOG")
    named = set(re.findall(r"[a-z_]+", " ".join(re.findall(r"^\.(?:It )?Li (.+)$", text, re.M))))
    record = source("milter/record.c")
    fields = set(re.findall(r'json_\w+\(\s*&?j, "(\w+)"', record))
    assert len(fields) > 30
    assert fields - named == set()


def test_the_records_of_the_tests_have_the_fields_of_the_daemon():
    fields = set(re.findall(r'json_\w+\(\s*&?j, "(\w+)"', source("milter/record.c")))
    of_tests = {name for one in audit.busy(2000) for name in one}
    assert of_tests - fields == set()
    assert of_tests > {"limits", "suspension", "repeated"}


def test_the_keys_of_the_configuration_have_their_defaults():
    keys = re.findall(r'^    \{"(\w+)", "([^"]*)",', source("milter/keys.c").split("const struct key keys")[1], re.M)
    rows = re.findall(r"^\.It Cm (\w+) No = Qq ?(.*)$", section("authpolicyd.conf.5", "DESCRIPTION"), re.M)
    assert rows == keys


def test_the_installed_configuration_shows_the_same_defaults():
    keys = dict(re.findall(r'^    \{"(\w+)", "([^"]*)",', source("milter/keys.c").split("const struct key keys")[1], re.M))
    shown = dict(re.findall(r"^#(\w+)\s+= (.*)$", source("milter/authpolicyd.conf.in"), re.M))
    assert {k: "" if v == "{}" else v.strip('"') for k, v in shown.items()} == keys


def test_every_subcommand_is_there_with_every_option(build):
    done = subprocess.run([place.program("authpolicy"), "--help"], capture_output=True, text=True, check=True)
    helped = {}
    for line in re.findall(r"^([a-z].*)$", done.stdout, re.M):
        if line.startswith("usage:"):
            continue
        name = re.match(r"[a-z-]+(?: [a-z][a-z-]+)?", line)[0]
        helped[name] = set(re.findall(r"--([a-z-]+)", line))
    manual = {}
    for line in re.findall(r"^\.It Cm (.+)$", section("authpolicy.8", "SUBCOMMANDS"), re.M):
        name = re.match(r"[a-z-]+(?: [a-z][a-z-]+)?", line)[0]
        manual[name] = set(re.findall(r"Fl -([a-z-]+)", line))
    assert manual == helped


def test_the_global_options_are_there(build):
    done = subprocess.run([place.program("authpolicy"), "--help"], capture_output=True, text=True, check=True)
    usage = done.stdout.split("\n", 1)[0]
    listed = re.findall(r"^\.It Fl -([a-z]+)", section("authpolicy.8", "DESCRIPTION"), re.M)
    assert listed == re.findall(r"--([a-z]+)", usage)


def command_examples():
    """Of authpolicy(8), as a reader sees them."""
    blocks = re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed", section("authpolicy.8", "SUBCOMMANDS"), re.M | re.S)
    return [block.replace("\\e", "\\") for block in blocks]


def test_the_help_of_each_subcommand_shows_an_example_of_the_manual(build):
    def helped(*topic):
        done = subprocess.run([place.program("authpolicy"), *topic, "--help"], capture_output=True, text=True, check=True)
        return done.stdout
    lines = "".join(command_examples()).replace("\\\n\t", "").splitlines()
    names = re.findall(r"^(?!usage:)([a-z-]+)((?: [a-z][a-z-]+)?)", helped(), re.M)
    assert len(names) > 60
    for topic, verb in names:
        example, = re.findall(rf"^    (authpolicy {topic}{verb}(?: .*)?)$", helped(topic), re.M)
        assert example in lines


def json_values(text):
    """The JSON values that stand in a text one after another; nothing else may."""
    values = []
    while text := text.lstrip():
        value, end = json.JSONDecoder().raw_decode(text)
        values.append(value)
        text = text[end:]
    return values


@pytest.mark.parametrize("option", ["", "--json"])
def test_the_examples_of_the_command_work_in_their_order(build, tmp_path, option):
    examples = command_examples()
    assert len(examples) > 20
    db = f"--db {tmp_path}/policy.db --control {tmp_path}/none"
    log = audit.write(tmp_path / "audit.log", [audit.record()])
    prelude = f"""\
        authpolicy() {{
            case "$1 ${{2-}}" in
            "learn "*|"log "*|"replay "*|"report "*|"limit suggest") set -- "$@" {log} ;;
            esac
            case "$*" in
            export*|*--json*) option= ;;        # that has formats of its own, or is asked for
            *) option={option} ;;
            esac
            {place.program('authpolicy')} {db} $option "$@" 2>errors || case $1=$? in
            check=1|replay=1) ;;
            usage=75) return 0 ;;       # no daemon runs
            *) cat errors >&2; return 1 ;;
            esac
            cat errors >&2
        }}
        set -e
        """
    for example in examples:
        done = subprocess.run(["/bin/sh", "-c", prelude + example], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                              cwd=tmp_path)
        assert done.returncode == 0, f"{example}{done.stdout}{done.stderr}"
        assert done.stderr == "", f"{example}{done.stderr}"
        if option:
            assert json_values(done.stdout) or not done.stdout, example


def test_the_examples_of_the_policy_do_the_same(build, tmp_path):
    example = re.search(r"^\.Bd -literal.*?\n(.*?)^\.Ed", section(POLICY, "DESCRIPTION"), re.M | re.S)[1]
    command, sql = example.split("\n\n")
    rows = []
    for name in ("command", "shell"):
        db = tmp_path / name
        authpolicy = [place.program("authpolicy"), "--db", db, "--control", tmp_path / "none"]
        subprocess.run([*authpolicy, "init", "example.com"], check=True, capture_output=True)
        if name == "command":
            subprocess.run([*authpolicy, *command.split()[1:]], check=True, capture_output=True)
        else:
            subprocess.run(["sqlite3", "-bail", db], input=sql, text=True, check=True)
        rows.append(subprocess.run(["sqlite3", db, "SELECT * FROM principal; SELECT * FROM send_as"], capture_output=True,
                                   text=True, check=True).stdout)
    assert rows[0] == rows[1]


def test_the_filter_for_fail2ban_finds_the_client():
    filtered = re.search(r"^failregex = (.*)$", section(POLICY, "AUDIT LOG"), re.M)[1].replace(r"\e", "\\").replace("<HOST>", r"(?P<host>\S+)")
    line = re.search(r"^(refused reason=.*\n.*)$", section(POLICY, "AUDIT LOG"), re.M)[1].replace("\n", " ")
    found = re.search(filtered, f"Nov 24 09:00:00 mx authpolicyd[123]: {line}")
    assert found and found["host"] == "192.0.2.1"
    formats = re.search(r'"(refused reason=[^"]*)"', source("milter/record.c"))[1]
    assert re.sub(r"=\S+", "=", line) == re.sub(r"=%s", "=", formats)
