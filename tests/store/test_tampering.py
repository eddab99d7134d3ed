"""Whoever changes a store without the key is found out, every time, and what was changed is named.

`TACHOGRAPH_TAMPERINGS=200 TACHOGRAPH_SEED=… pytest tests/store/test_tampering.py` tries harder; a failure prints its
seed.
"""

from __future__ import annotations

import itertools
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from tachograph.proof.chain import BEGINNING, link
from tachograph.proof.report import Problem
from tachograph.proof.signing import signer
from tachograph.store.ledger import SESSIONS
from tachograph.store.sealed_rows import _NAMES

from . import ledgers
from .samples import raw

CASES = int(os.environ.get("TACHOGRAPH_TAMPERINGS", "20"))
SEED = int(os.environ.get("TACHOGRAPH_SEED", random.SystemRandom().randrange(1 << 32)))
Expected = set[tuple[str, int]]  # (table, row) that may be named; with "" the chain itself, by number
EVENT_COLUMNS = ("at", "line_number", "matched_value", "original_line", "metadata_json", "seq")


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("honest") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TACHOGRAPH_HOME", str(home))
        ledgers.write(home)
        assert ledgers.verified(home).sound
    return home


class Store:
    """A copy as somebody with a program for SQLite has it: nothing of ours is asked."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.folder, self.chance = folder, chance
        self.db: Any = raw(folder / "tachograph.db")
        self.db.pragma("foreign_keys", 0)
        for (name,) in self.db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            self.db.execute(f"DROP TRIGGER {name}")

    def rows(self, table: str) -> list[int]:
        return [row for (row,) in self.db.execute(f"SELECT id FROM {table} ORDER BY id")]

    def entries(self) -> list[tuple[Any, ...]]:
        return self.db.execute(
            "SELECT number, at, name, row, digest, gone, hash FROM _ledger ORDER BY number"
        ).fetchall()

    def change(self, table: str, row: int, column: str) -> None:
        """Another value of the same sort."""
        old = self.db.execute(f"SELECT {column} FROM {table} WHERE id = ?", (row,)).get
        if column.endswith("_json"):
            new: Any = (old or "{}") + " " * self.chance.randint(1, 3)
        elif isinstance(old, int):
            new = old + self.chance.choice([-1, 1, 1000])
        elif isinstance(old, float):
            new = old + 0.25
        elif old is None:
            new = self.chance.choice([7, "7"])
        else:
            position = self.chance.randrange(len(old) + 1)
            new = old[:position] + self.chance.choice("xyz7 é") + old[position:]
        self.db.execute(f"UPDATE {table} SET {column} = ? WHERE id = ?", (new, row))


def edit(at: Store) -> Expected:
    """One value of one row."""
    table = at.chance.choice([*_NAMES, "_events", "_steps", "_sessions"])
    if table == "_sessions":
        row = at.chance.choice(at.rows("_sessions"))
        at.change("_sessions", row, at.chance.choice(["exit_code", "command", "status", "started_at", "ended_at"]))
        return {(SESSIONS, row)}
    if table == "_steps":
        event, session = at.chance.choice(
            at.db.execute("SELECT t.event, e.session FROM _steps t JOIN _events e ON e.id = t.event").fetchall()
        )
        column = at.chance.choice(["command", "status", "tool_name", "content", "file_path"])
        at.db.execute(f"UPDATE _steps SET {column} = coalesce({column}, '') || 'x' WHERE event = ?", (event,))
        return {(SESSIONS, session)}
    row = at.chance.choice(at.rows(table))
    if table == "_events":
        session = at.db.execute("SELECT session FROM _events WHERE id = ?", (row,)).get
        column = at.chance.choice(EVENT_COLUMNS)
        if column in {"at", "line_number"}:
            at.db.execute(f"UPDATE _events SET {column} = coalesce({column}, 0) + 1 WHERE id = ?", (row,))
        elif column == "seq":
            at.db.execute("UPDATE _events SET seq = seq + 1000 WHERE id = ?", (row,))
        else:
            at.db.execute(f"UPDATE _events SET {column} = coalesce({column}, '') || ' ' WHERE id = ?", (row,))
        return {(SESSIONS, session)}
    at.change(table, row, at.chance.choice([name for name in _NAMES[table] if name != "id"]))
    return {(table, row)}


def delete(at: Store) -> Expected:
    """A row, an event, a piece of output."""
    table = at.chance.choice([*_NAMES, "_events", "_output"])
    row = at.chance.choice(at.rows(table))
    expected = {(table, row)}
    if table.startswith("_"):
        expected = {(SESSIONS, at.db.execute(f"SELECT session FROM {table} WHERE id = ?", (row,)).get)}
    at.db.execute(f"DELETE FROM {table} WHERE id = ?", (row,))
    return expected


def reorder(at: Store) -> Expected:
    """Two entries, two rows or two events change places."""
    kind = at.chance.choice(["entries", "rows", "events"])
    if kind == "entries":
        one, two = sorted(at.chance.sample([entry[0] for entry in at.entries()], 2))
        for before, after in ((one, -1), (two, one), (-1, two)):
            at.db.execute("UPDATE _ledger SET number = ? WHERE number = ?", (after, before))
        return {("", one)}
    if kind == "events":
        session = at.chance.choice(at.rows("_sessions"))
        seqs = [seq for (seq,) in at.db.execute("SELECT seq FROM _events WHERE session = ?", (session,))]
        one, two = at.chance.sample(seqs, 2)
        for before, after in ((one, -1), (two, one), (-1, two)):
            at.db.execute("UPDATE _events SET seq = ? WHERE session = ? AND seq = ?", (after, session, before))
        return {(SESSIONS, session)}
    table = at.chance.choice([name for name in _NAMES if len(at.rows(name)) > 1])
    one, two = at.chance.sample(at.rows(table), 2)
    for before, after in ((one, -1), (two, one), (-1, two)):
        at.db.execute(f"UPDATE {table} SET id = ? WHERE id = ?", (after, before))
    return {(table, one), (table, two)}


def cut(at: Store) -> Expected:
    """The newest entries, and everything that only they seal: as neatly as can be."""
    entries = at.entries()
    keep = at.chance.randrange(len(entries))
    kept = {(name, row) for _, _, name, row, *_ in entries[:keep]}
    for _, _, name, row, *_ in entries[keep:]:
        if (name, row) not in kept:
            at.db.execute(f"DELETE FROM {'_sessions' if name == SESSIONS else name} WHERE id = ?", (row,))
    at.db.execute("DELETE FROM _ledger WHERE number > ?", (keep,))
    return {("", keep + 1)}


def insert(at: Store) -> Expected:
    """An entry in the middle, or at the end with everything right but the signature."""
    entries = at.entries()
    number = at.chance.choice([len(entries) + 1, at.chance.randint(1, len(entries))])
    previous = BEGINNING if number == 1 else entries[number - 2][6]
    fields = (number, entries[-1][1], "audit_log", 999, bytes(32), 1)
    for (later,) in at.db.execute("SELECT number FROM _ledger WHERE number >= ? ORDER BY number DESC", (number,)):
        at.db.execute("UPDATE _ledger SET number = number + 1 WHERE number = ?", (later,))
    at.db.execute("INSERT INTO _ledger VALUES (?, ?, ?, ?, ?, ?, ?)", (*fields, link(previous, *fields)))
    return {("", number), ("", number + 1)}


def replay(at: Store) -> Expected:
    """An older entry stands at the end once more, or an older state of a row under its newer seal."""
    entries = at.entries()
    old = at.chance.choice(entries[:-1])
    fields = (len(entries) + 1, *old[1:6])
    hash = old[6] if at.chance.random() < 0.5 else link(entries[-1][6], *fields)
    at.db.execute("INSERT INTO _ledger VALUES (?, ?, ?, ?, ?, ?, ?)", (*fields, hash))
    return {("", fields[0])}


def remove_session(at: Store) -> Expected:
    """A whole session, with whatever refers to it; its seals too, or not."""
    session = at.chance.choice(at.rows("_sessions"))
    at.db.execute("DELETE FROM _steps WHERE event IN (SELECT id FROM _events WHERE session = ?)", (session,))
    for table in ("_events", "_output", "_keys", "_unsealed", "_session_kinds", "_passages"):
        at.db.execute(f"DELETE FROM {table} WHERE session = ?", (session,))
    at.db.execute("DELETE FROM _sessions WHERE id = ?", (session,))
    if at.chance.random() < 0.5:
        return {(SESSIONS, session)}
    numbers = at.db.execute("SELECT number FROM _ledger WHERE name = 'sessions' AND row = ?", (session,)).fetchall()
    at.db.execute("DELETE FROM _ledger WHERE name = 'sessions' AND row = ?", (session,))
    return {("", number) for (number,) in numbers}


def rewrite(at: Store) -> Expected:
    """A row is changed, and every seal from there on is made anew, by somebody without the key; sometimes the heads
    are, too, with a key of their own."""
    entries = at.entries()
    first = at.chance.randrange(len(entries))
    previous = entries[first - 1][6] if first else BEGINNING
    written = []
    for number, when, name, row, digest, gone, _ in entries[first:]:
        digest = at.chance.randbytes(32) if number == first + 1 else digest
        previous = link(previous, number, when, name, row, digest, gone)
        written.append((digest, previous, number))
    at.db.executemany("UPDATE _ledger SET digest = ?, hash = ? WHERE number = ?", written)
    if at.chance.random() < 0.3:
        forge_heads(at.folder, len(entries), previous)
        return {("", number) for number in range(len(entries) + 1)}
    return {("", number) for number in range(first + 1, len(entries) + 1)}


def forge_heads(folder: Path, number: int, hash: bytes) -> None:
    from tachograph.proof.heads import Heads

    other = folder / "other"
    other.mkdir()
    heads = Heads(str(folder / "tachograph.db"))
    heads._signer = signer(str(other))
    (folder / "heads.log").unlink()
    heads.append(number, hash)


KINDS: list[Callable[[Store], Expected]] = [edit, delete, reorder, cut, insert, replay, remove_session, rewrite]


@pytest.mark.parametrize("tamper", KINDS, ids=[kind.__name__ for kind in KINDS])
def test_it_is_found_and_named(
    honest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tamper: Callable[[Store], Expected]
) -> None:
    chance = random.Random(f"{SEED} {tamper.__name__}")
    tried = 0
    for number in itertools.count():
        if tried == CASES:
            break
        folder = ledgers.copy(honest, tmp_path / str(number))
        monkeypatch.setenv("TACHOGRAPH_HOME", str(folder))
        at = Store(folder, chance)
        try:
            expected = tamper(at)
        except apsw.ConstraintError:
            shutil.rmtree(folder)
            continue  # not even possible: a unique name, a check
        at.db.close()
        tried += 1
        problems = ledgers.verified(folder).problems
        assert problems, f"seed {SEED}, case {number}: {tamper.__name__} of {expected} was not seen"
        assert any(_names(problem, expected) for problem in problems), (
            f"seed {SEED}, case {number}: {tamper.__name__} of {expected} is not what is named: {problems[:3]}"
        )
        shutil.rmtree(folder)


def _names(problem: Problem, expected: Expected) -> bool:
    return (problem.name, problem.row) in expected or ("", problem.number) in expected
