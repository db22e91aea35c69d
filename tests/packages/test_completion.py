"""The completion for bash knows each subcommand, verb and option, and the values an option takes."""

import re
import shlex
import subprocess

import pytest

from lib import place

COMMAND = place.TOP / "policy/command"
TABLE = re.search(r"subcommands\[\] = \{(.*?)\{0\}\};", (COMMAND / "subcommands.c").read_text(), re.S)[1]
GLOBAL = set(re.findall(r"--[\w-]+", re.search(r"#define GLOBAL (.*?[^\\])\n", (COMMAND / "main.c").read_text(), re.S)[1]))
# name, verb or NULL, synopsis: as the compiler joins it.
SUBCOMMANDS = [(name, verb.strip('"').replace("NULL", ""), "".join(re.findall(r'"(.*?)"', synopsis)))
               for name, verb, synopsis in re.findall(r'\{"([\w-]+)", (NULL|"[\w-]+"), \w+, \w+,\s*((?:"[^"]*"\s*)+),', TABLE)]


@pytest.fixture(scope="module")
def complete(build):
    """What is offered for the last of these words."""
    script = f"""
        PATH={shlex.quote(str(place.program('authpolicy').parent))}:$PATH
        compopt() {{ :; }}      # only while readline completes
        . {shlex.quote(str(place.TOP / 'packaging/completion/authpolicy'))}
        COMP_WORDS=(authpolicy "$@") COMP_CWORD=$#
        _authpolicy
        printf '%s\\n' "${{COMPREPLY[@]}}"
        """

    def offered(*words):
        done = subprocess.run(["bash", "-c", script, "bash", *words], capture_output=True, text=True, check=False)
        assert done.stderr == "", done.stderr
        return done.stdout.split()
    return offered


def test_the_table_is_read():
    assert len(SUBCOMMANDS) == TABLE.count("run_")
    assert GLOBAL > {"--db", "--help"}


def test_all_subcommands_are_offered_once(complete):
    offered = complete("")
    assert sorted(offered) == sorted({name for name, _, _ in SUBCOMMANDS} | GLOBAL)


def test_all_verbs_are_offered(complete):
    for topic in {name for name, verb, _ in SUBCOMMANDS if verb}:
        assert set(complete(topic, "")) - GLOBAL == {verb for name, verb, _ in SUBCOMMANDS if name == topic}


def test_all_options_are_offered(complete):
    for name, verb, synopsis in SUBCOMMANDS:
        words = [name, verb] if verb else [name]
        assert set(complete(*words, "--")) == set(re.findall(r"--[\w-]+", synopsis)) | GLOBAL, words


@pytest.mark.parametrize("words, offered", [
    (["gr"], ["group", "grant"]),
    (["--db", "x.db", "--json", "gra"], ["grant"]),
    (["grant", "alice", "a@example.com", "--scope", ""], ["any", "envelope", "header"]),
    (["rule", "add", "--verdict", "te"], ["tempfail"]),
    (["check", "--explain", "--mta", ""], ["postfix", "sendmail"]),
    (["grant", "--note", ""], []),
    (["suspend", "--for", ""], []),
    (["no-such", ""], sorted(GLOBAL)),
])
def test_what_is_offered(complete, words, offered):
    assert sorted(complete(*words)) == sorted(offered)


def test_a_word_of_no_list_may_be_a_file():
    """The logs of `report`, what `import` reads: readline's own completion goes on where we offer nothing."""
    done = subprocess.run(["bash", "-c", f". {shlex.quote(str(place.TOP / 'packaging/completion/authpolicy'))}; complete -p authpolicy"],
                          capture_output=True, text=True, check=True)
    assert done.stdout == "complete -o default -F _authpolicy authpolicy\n"


def test_files_are_offered_where_one_is_wanted(complete, tmp_path):
    (tmp_path / "policy.db").touch()
    for option in ("--db", "--control", "--message", "--against", "--html"):
        assert complete("check", option, f"{tmp_path}/pol") == [f"{tmp_path}/policy.db"]
