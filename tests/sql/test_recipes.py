"""Every recipe runs as printed, one after the other, in a new database, and again in the same one where it says so."""

from shell import SQL


def test_every_recipe_runs_as_printed(empty):
    empty((SQL / "recipes.sql").read_text())
    assert empty.value("PRAGMA quick_check;") == "ok"


def test_every_recipe_says_what_it_is_for():
    paragraphs = (SQL / "recipes.sql").read_text().split("\n\n")
    assert len(paragraphs) > 20
    for paragraph in paragraphs:
        assert paragraph.lstrip("\n").startswith("-- "), paragraph


def test_the_recipes_do_what_they_say(empty):
    empty((SQL / "recipes.sql").read_text())
    assert empty.value("SELECT value FROM setting WHERE name = 'mode';") == "monitor"
    assert empty.value("SELECT mode FROM principal WHERE name = 'staff';") == "enforce"
    assert empty("SELECT name FROM suspended;") == []
    assert empty("SELECT owner FROM local_domain WHERE name = 'tenant.example';") == [["@tenant.example"]]
    assert empty("SELECT name FROM principal WHERE name IN ('alice', 'alicia');") == [["alicia"]]
    assert ["info@example.com", "helpdesk"] in empty("SELECT address, principal FROM effective_grant WHERE login = 'bob';")
