"""`authpolicy import postfix-main` and `lint --postfix`: what main.cf says becomes domains and networks, and drift is named."""

import subprocess

import pytest

from lib.postfix import aged

MAIN = """\
compatibility_level = 3.6
myhostname = mx.example.com
mydestination = $myhostname, $mydomain,
    inline:{{ a.example=1, {{b.example = x}} }} texthash:{folder}/dest {folder}/list [192.0.2.1] BÜCHER.example
virtual_alias_maps = hash:{folder}/virtual
virtual_mailbox_domains = proxy:hash:{folder}/mailboxes
relay_domains = relay.example
mynetworks = 127.0.0.0/8 [::1]/128 [2001:DB8::]/32 192.0.2.7
recipient_delimiter = +
"""

DOMAINS = ["a.example", "b.example", "c.example", "d.example", "e.example", "example.com", "f.example", "g.example", "mx.example.com",
           "relay.example", "xn--bcher-kva.example"]


@pytest.fixture
def postfix(command):
    """A folder with a main.cf and its tables; changed with postfix(name=value)."""
    folder = command.folder / "postfix"
    folder.mkdir()
    (folder / "dest").write_text("c.example x\n")
    (folder / "list").write_text("# a comment\nd.example, e.example\n")
    (folder / "virtual").write_text("f.example anything\ninfo@f.example alice\npostmaster root\n")
    (folder / "mailboxes").write_text("g.example anything\n")
    (folder / "main.cf").write_text(MAIN.format(folder=folder))
    aged(*folder.iterdir())
    for name in ("virtual", "mailboxes"):
        subprocess.run(["postmap", "-c", folder, f"hash:{folder}/{name}"], check=True)

    def change(**settings):
        if settings:
            subprocess.run(["postconf", "-c", folder, *(f"{name}={value}" for name, value in settings.items())], check=True)
            aged(folder / "main.cf")
        return folder
    return change


def domains(command):
    return [name for name, in command.sql("SELECT name FROM local_domain ORDER BY name")]


def networks(command):
    return [cidr for cidr, in command.sql("SELECT cidr FROM network WHERE name = 'mynetworks' ORDER BY cidr")]


@pytest.mark.parametrize("by", ["folder", "file"])
def test_main_cf_becomes_domains_and_networks(command, postfix, by):
    folder = postfix()
    done = command.ok("import", "postfix-main", folder if by == "folder" else folder / "main.cf")
    assert domains(command) == DOMAINS
    assert networks(command) == ["127.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::1"]
    assert "note" not in done.out
    assert command.ok("import", "postfix-main", folder).lines == ["there already: 15"]


def test_domains_by_hand_stay_and_networks_follow(command, postfix):
    command.ok("domain", "add", "by-hand.example")
    command.ok("network", "add", "office", "198.51.100.0/24")
    command.ok("import", "postfix-main", postfix())
    command.ok("rule", "add", "--client", "mynetworks", "--verdict", "accept")
    command.ok("import", "postfix-main", postfix(mynetworks="192.0.2.8 127.0.0.0/8", relay_domains=""))
    assert domains(command) == sorted(DOMAINS + ["by-hand.example"])
    assert networks(command) == ["127.0.0.0/8", "192.0.2.8"]
    assert command.sql("SELECT cidr FROM network WHERE name = 'office'") == [("198.51.100.0/24",)]


def test_networks_that_a_rule_names_cannot_all_go(command, postfix):
    command.ok("import", "postfix-main", postfix())
    command.ok("rule", "add", "--client", "mynetworks", "--verdict", "accept")
    before = command.path.read_bytes()
    done = command.run("import", "postfix-main", postfix(mynetworks=""))
    assert done.status == 1 and "a rule or trusted_peer names this network" in done.err
    assert command.path.read_bytes() == before


def test_a_dry_run_changes_nothing(command, postfix):
    before = command.path.read_bytes()
    shown = command.ok("import", "postfix-main", postfix(), "--dry-run").lines
    assert "+ domain g.example" in shown and "+ network mynetworks ::1" in shown and "+ domain example.com" not in shown
    assert command.path.read_bytes() == before


@pytest.mark.parametrize("pattern", ["ldap:/etc/postfix/domains.cf", "!no.example", "hash:/none", "/none", ".sub.example", "static:all"])
def test_what_cannot_be_told_is_named(command, postfix, pattern):
    done = command.ok("import", "postfix-main", postfix(relay_domains=f"h.example {pattern}"))
    assert f"note: relay_domains: {pattern} left out" in done.out
    assert "h.example" in domains(command)


def test_another_delimiter_is_named(command, postfix):
    done = command.ok("import", "postfix-main", postfix(recipient_delimiter="-"))
    assert "authpolicy set recipient_delimiter '-'" in done.out


def test_without_a_main_cf_nothing_is_known(command, postfix):
    folder = postfix()
    (folder / "main.cf").unlink()
    done = command.run("import", "postfix-main", folder)
    assert done.status == 75 and "postconf cannot tell" in done.err
    assert command.run("import", "postfix-main", folder / "master.cf").status == 2
    assert command.run("lint", "--postfix", folder).status == 75


def test_postfix_is_found_where_users_have_no_path_to_it(command, postfix):
    command.ok("import", "postfix-main", postfix(), env={"PATH": "/nowhere"})


# --- drift ---

def test_lint_finds_no_drift_after_an_import(command, postfix):
    command.ok("import", "postfix-main", postfix())
    assert command.ok("lint", "--postfix", postfix()).lines == ["0 errors, 0 warnings"]


def test_lint_names_what_has_drifted(command, postfix):
    command.ok("import", "postfix-main", postfix())
    command.ok("domain", "add", "old.example")
    folder = postfix(relay_domains="new.example", mynetworks="127.0.0.0/8 192.0.2.9", recipient_delimiter="-")
    before = command.path.read_bytes()
    found = command.ok("lint", "--postfix", folder).lines
    for part in ("local_domain: new.example is in main.cf", "local_domain(relay.example): main.cf has no such", "local_domain(old.example)",
                 "network(mynetworks): 192.0.2.9 is in main.cf", "network(mynetworks): 192.0.2.7 is not in main.cf",
                 "authpolicy set recipient_delimiter '-'"):
        assert any(part in line for line in found), part
    assert "0 errors, 8 warnings" in found
    assert command.path.read_bytes() == before


def test_lint_does_not_miss_domains_that_may_be_in_what_cannot_be_told(command, postfix):
    command.ok("import", "postfix-main", postfix())
    found = command.ok("lint", "--postfix", postfix(relay_domains="ldap:/etc/postfix/domains.cf")).out
    assert "left out" in found and "relay.example" not in found


def test_a_folder_without_the_switch_is_a_mistake(command):
    assert command.run("lint", "/etc/postfix").status == 2
