"""The history tells who changed what, whatever the tool."""

import json

import pytest

from shell import insert
from test_values import GOOD

CHANGE = {"principal": "note", "membership": "origin", "send_as": "note", "deny_as": "note", "local_domain": "owner = 'staff' --", "network": "cidr = '198.51.100.7' --",
          "address_set": "pattern = 'x@d' --", "rule": "note", "quota": "note", "identity": "note", "trusted_peer": "note", "pardon": "note"}


def history(db):
    return [(editor, table, op, old and json.loads(old), new and json.loads(new))
            for editor, table, op, old, new in db("SELECT editor, tbl, op, ifnull(old, 'null'), ifnull(new, 'null') FROM history ORDER BY id;")]


@pytest.mark.parametrize("table", CHANGE)
def test_every_change_is_recorded_with_the_row_before_and_after(db, table):
    columns = [name for _, name, *_ in db(f"PRAGMA table_info({table});")]
    what = CHANGE[table] if "=" in CHANGE[table] else CHANGE[table] + " = 'x'"
    row = lambda: dict(zip(columns, db(f"SELECT {', '.join(columns)} FROM {table} WHERE ({', '.join(GOOD[table])}) = ({', '.join(repr(v) for v in GOOD[table].values())});")[0]))
    text = lambda json_row: {k: "NULL" if v is None else str(v) for k, v in json_row.items()}

    db(insert(table, GOOD[table]))
    first = row()
    where = " AND ".join(f"{k} = {v!r}" for k, v in GOOD[table].items())
    db(f"UPDATE {table} SET {what.replace('--', '')} WHERE {where};")
    db(f"UPDATE {table} SET {what.replace('--', '')} WHERE {what.replace('--', '')};")  # changes nothing
    db(f"DELETE FROM {table} WHERE {what.replace('--', '')};")
    (e1, t1, op1, old1, new1), (e2, t2, op2, old2, new2), (e3, t3, op3, old3, new3) = history(db)
    assert (e1, e2, e3) == ("NULL",) * 3 and (t1, t2, t3) == (table,) * 3
    assert (op1, op2, op3) == ("insert", "update", "delete")
    assert old1 is None and text(new1) == first
    assert old2 == new1 and new2 != new1 and old3 == new2 and new3 is None
    assert list(new1) == columns


@pytest.mark.parametrize("table", [t for t in GOOD if t not in ("editor", "rule")])
def test_a_replaced_row_is_recorded_as_an_update_of_it(db, table):
    db(insert(table, GOOD[table]))
    [(_, _, op, _, first)] = history(db)
    assert op == "insert"
    db(insert(table, GOOD[table], "INSERT OR REPLACE"))
    assert history(db)[1:] == [("NULL", table, "update", first, first)]
    db(insert(table, GOOD[table], "INSERT OR IGNORE"))
    assert len(history(db)) == 2
    db(f"DELETE FROM {table} WHERE ({', '.join(GOOD[table])}) = ({', '.join(map(repr, GOOD[table].values()))});")
    db("DELETE FROM history;" + insert(table, GOOD[table]))
    assert history(db) == [("NULL", table, "insert", None, first)], "a row before does not haunt the next"


def test_the_start_is_not_a_change(empty):
    assert history(empty) == []


def test_a_setting_changed_by_replace_or_upsert_is_an_update(empty):
    empty("INSERT OR REPLACE INTO setting VALUES ('mode', 'enforce'); INSERT INTO setting VALUES ('mode', 'monitor') ON CONFLICT DO UPDATE SET value = excluded.value;")
    assert [(op, old["value"], new["value"]) for _, _, op, old, new in history(empty)] == [("update", "monitor", "enforce"), ("update", "enforce", "monitor")]


def test_rows_that_follow_a_principal_are_recorded_too(db):
    db("UPDATE principal SET name = 'alicia' WHERE name = 'alice'; DELETE FROM principal WHERE name = 'alicia';")
    assert [(table, op) for _, table, op, _, _ in history(db)] == [("principal", "update"), ("membership", "update"), ("principal", "delete"), ("membership", "delete")]


def test_the_command_names_the_editor(db):
    db("BEGIN; INSERT INTO editor(name) VALUES ('root'); UPDATE setting SET value = 'enforce' WHERE name = 'mode'; DELETE FROM editor; COMMIT;")
    db("UPDATE setting SET value = 'monitor' WHERE name = 'mode';")
    assert [editor for editor, *_ in history(db)] == ["root", "NULL"]
    assert "UNIQUE constraint failed: editor.one" in db.refused("INSERT INTO editor(name) VALUES ('a'), ('b');")


def test_a_bulk_import_is_left_out(db):
    db("BEGIN; INSERT INTO editor(name, bulk) VALUES ('import', 1); INSERT INTO send_as(principal, address) VALUES ('alice', 'a@d'); UPDATE send_as SET note = 'x';"
       "DELETE FROM send_as; DELETE FROM editor; COMMIT;")
    assert history(db) == []


def test_history_may_be_shortened_and_not_rewritten(db):
    db("UPDATE setting SET value = 'enforce' WHERE name = 'mode';")
    assert "history is never changed; old rows may be deleted" in db.refused("UPDATE history SET editor = 'bob';")
    assert db.value("SELECT abs(julianday(at) - julianday('now')) < 0.01 FROM history;") == "1"
    db("DELETE FROM history WHERE at < '9999';")
