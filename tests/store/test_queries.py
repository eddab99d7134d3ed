"""House rules of the room: SQL lives in `.sql` files, every query is named, explained, valid and used."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from string import Formatter

import apsw
import apsw.ext
import msgspec
import pytest

from tachograph.records import Event, Session
from tachograph.store import migrations, queries

ROOM = Path(queries.__file__).parent.parent
FILES = sorted(path.stem for path in (ROOM / "queries").glob("*.sql"))
BRACES = {
    "where": "TRUE", "order": "ASC", "numbers": "1, 2", "index": "_events_session_at", "assignments": "pid = ?",
    "version": "1", "application_id": "1", "kinds": "1, 2", "key": "a.name", "sorting": "1", "sessions": "1, 2",
    "minus": "-", "edge": "s.last_at", "below": "1", "of_session": "TRUE", "is_session": "TRUE",
    "failed": "TRUE", "changed": "TRUE", "prompts": "1", "markers": "2", "rows": "", "passages": "1, 2",
    "table": "receipts", "words": "_operations", "columns": "t.id", "value": "s.errors",
    "unlike": "TRUE", "states": "1, 2", "after": "TRUE", "of_kind": "TRUE", "members": "'id', t.id",
    "failures": "1, 2", "status": "t.status", "column": "a.name", "worded": "TRUE", "about": "NULL", "folder": "''",
}  # fmt: skip
FUNCTIONS = {
    "program": 1,
    "called": 1,
    "whole": 2,
    "anchored": 1,
    "fits": 2,
    "holds": 2,
    "hits": 1,
    "unsaid": 1,
}  # that modules lend to their queries
ALL = [(file, name) for file in FILES if file != "columns" for name in queries.read(file)]


def sources() -> dict[str, ast.Module]:
    """Module of the room → syntax tree."""
    return {path.stem: ast.parse(path.read_text()) for path in ROOM.glob("*.py")} | {
        "migrations": ast.parse((ROOM / "migrations" / "__init__.py").read_text())
    }


def spoken(tree: ast.Module) -> list[str]:
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    strings = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [str(node.value) for node in strings if id(node) not in docstrings]


def test_no_sql_is_left_in_python() -> None:
    sql = re.compile(r"\b(SELECT\b.*\bFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|PRAGMA|JOIN|VACUUM)\b", re.S)
    wrong = [f"{name}: {text[:60]!r}" for name, tree in sources().items() for text in spoken(tree) if sql.search(text)]
    assert not wrong, wrong


@pytest.mark.parametrize("file", FILES)
def test_every_query_is_explained(file: str) -> None:
    parts = re.split(r"^-- name: (\w+)\n", (ROOM / "queries" / f"{file}.sql").read_text(), flags=re.M)
    names, bodies = parts[1::2], parts[2::2]
    assert names and len(set(names)) == len(names), "every query has a name of its own"
    for name, body in zip(names, bodies, strict=True):
        assert body.startswith("-- "), f"{name} says nothing about itself"
        assert queries.read(file)[name], f"{name} is only a comment"


def test_queries_are_used_and_what_is_used_is_a_query() -> None:
    used = {
        (name, node.attr)
        for name, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "_sql"
    }
    assert used == set(ALL)


def statements(file: str, name: str) -> list[str]:
    """A query with something in its braces, statement by statement."""
    sql = getattr(queries.load(file), name)
    wanted = {field for _, field, _, _ in Formatter().parse(sql) if field}
    braces = BRACES | ({"assignments": "size = ?"} if file == "histories" else {})
    if file == "sessions":
        braces["order"] = "s.started_at"
    if file == "commands":
        braces["key"] = "category"
    if file == "redacting":
        braces |= {"table": "_events", "key": "t.rowid", "of": "t.session", "values": "t.metadata_json"}
        braces["assignments"] = "metadata_json = unsaid(metadata_json)"
    if file in ("writer", "settling") and "rows" in wanted:
        braces["rows"] = f"({', '.join('?' * (sql[sql.index('(') : sql.index(')')].count(',') + 1))})"
    for inner in wanted - braces.keys():  # a query inside another one of its file
        braces[inner] = getattr(queries.load(file), inner, inner).format(**BRACES)
    assert wanted <= braces.keys(), f"{wanted - braces.keys()} are braces nobody knows"
    return str(sql.format(**braces)).split(";\n")


@pytest.mark.parametrize(("file", "name"), ALL)
def test_every_query_is_sql_that_fits_the_schema(file: str, name: str, database: apsw.Connection) -> None:
    database.pragma("query_only", False)  # to prepare a PRAGMA is to run it
    database.execute(queries.read("connection")["vocabulary"]).fetchall()
    for statement in statements(file, name):
        condition = (file, name) in {("walk", "has_kinds"), ("sessions", "without_parent")}
        whole = f"SELECT {statement} FROM _sessions s" if condition else statement
        assert apsw.ext.query_info(database, whole).query == whole  # prepared, not run


@pytest.mark.parametrize(
    ("file", "name"),
    [one for one in ALL if one[0] in ("removing", "findings", "reextraction", "steps", "tellers", "twins")],
)
def test_what_changes_with_a_step_is_found_without_looking_at_everything(
    file: str, name: str, database: apsw.Connection
) -> None:
    """Or else telling a step again would take the longer the more there is; `_kind_totals` has some hundred rows, and
    `json_each` what was handed over."""
    for statement in statements(file, name):
        names = dict.fromkeys(re.findall(r":(\w+)", statement), 1)
        values = names or (1,) * apsw.ext.query_info(database, statement).bindings_count
        plan = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
        assert not [step for step in plan if re.match(r"SCAN (?!_kind_totals|json_each|CONSTANT)", step)], plan


@pytest.fixture(scope="module")
def database() -> apsw.Connection:
    connection = apsw.Connection(":memory:")
    migrations.create(connection)
    connection.execute(queries.read("vault")["open"]).fetchall()  # a file of its own
    for name, arguments in FUNCTIONS.items():
        connection.create_scalar_function(name, lambda *_: None, arguments, deterministic=True)
    return connection


def columns(name: str) -> list[str]:
    """The column names of a list, without their table."""
    return [part.strip().split(".")[-1] for part in queries.read("columns")[name].split(",")]


def test_lists_of_columns_are_in_the_order_of_their_records() -> None:
    as_fields = {"session_id": "id", "name": "agent", "metadata_json": "metadata"}
    assert [as_fields.get(name, name) for name in columns("session")] == [
        field.name for field in msgspec.structs.fields(Session)
    ]
    event = "at id kind line_number matched_value original_line metadata_json session seq"
    assert columns("event") == event.split(), "events and extractions unpack a row in this order"
    *step, last = columns("step")
    assert last == "arguments", "what makes the metadata whole"
    assert tuple(step) == Event.__struct_fields__[2 : 2 + len(step)], "an event is made of a row as it comes"


def test_adding_a_session_writes_every_field_of_it() -> None:
    into, values = (re.findall(r":?\w+", part) for part in queries.load("sessions").add.split("VALUES"))
    others = {":number": "id", ":id": "session_id", ":metadata": "metadata_json"}
    assert into[3:] == [others.get(value, value[1:]) for value in values]
    assert {value[1:] for value in values} == {"number", *(field.name for field in msgspec.structs.fields(Session))}


def test_the_loader_keeps_literals_and_drops_comments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "_FOLDER", str(tmp_path))
    (tmp_path / "a.sql").write_text(
        "-- what this is\n\n-- name: one\n-- It's said why.\nSELECT 'a -- b''s',  -- it's 'quoted'\n\n  x;\n\n"
        "-- name: two\n-- Why.\nSELECT 2\n"
    )
    assert queries.read("a") == {"one": "SELECT 'a -- b''s',  \n\n  x", "two": "SELECT 2"}


def test_an_unknown_query_is_named() -> None:
    with pytest.raises(AttributeError, match="no query is named 'nope'"):
        _ = queries.load("walk").nope


def test_what_runs_for_weeks_reads_nothing_of_a_version_that_is_installed_meanwhile(tmp_path: Path) -> None:
    code = (
        "import sys, tachograph, tachograph.store\n"
        "store = tachograph.open(sys.argv[1])\n"
        "tachograph.store.load_all()\n"
        "folder = tachograph.store.__path__[0]\n"
        "def refuse(event, given):\n"
        "    if event == 'open' and str(given[0]).startswith(folder): raise OSError(given[0])\n"
        "sys.addaudithook(refuse)\n"
        "for part in tachograph.store.Store.__annotations__: getattr(store, part)\n"
        "store.stats(); store.info(); store.check(); store.search('x'); store.slo.list(); store.memory.list()\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.db")], check=True, timeout=60)
