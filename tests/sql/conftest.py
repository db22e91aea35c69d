"""A new policy database for each test, edited as an administrator does: with the plain sqlite3 shell."""

import shutil

import pytest

from shell import MIGRATIONS, Shell


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    path = tmp_path_factory.mktemp("template") / "policy.db"
    for migration in MIGRATIONS:
        Shell(path)(migration.read_text())
    return path


@pytest.fixture
def empty(template, tmp_path):
    """As the migrations make it."""
    return Shell(shutil.copy(template, tmp_path / "policy.db"))


@pytest.fixture
def db(empty):
    """With a few people."""
    empty("""
        INSERT INTO principal(name, kind) VALUES ('alice', 'login'), ('bob', 'login'), ('carol@example.com', 'login'),
            ('staff', 'group'), ('@example.com', 'group');
        INSERT INTO membership(group_name, login) VALUES ('staff', 'alice');
        INSERT INTO network VALUES ('office', '192.0.2.0/24');
        INSERT INTO address_set VALUES ('partners', '@partner.example');
        DELETE FROM history;
    """)
    return empty
