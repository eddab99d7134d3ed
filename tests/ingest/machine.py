"""A machine with histories on it and a store, for the tests of their import; and all that a store knows, to compare."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import tachograph
from tachograph import clock
from tachograph.extract import rules
from tachograph.ingest import discover, importing
from tachograph.ingest.discover import RUNNING, Candidate
from tachograph.ingest.histories import Histories, Report
from tachograph.store import Store
from tests.recount import recount, rows

HISTORIES = Path(__file__).parents[1] / "histories"
LONG_AGO = 1_780_000_000  # seconds: nobody writes to such a file any more


@cache
def shipped() -> rules.Rules:
    return rules.load()[0]


@cache
def empty() -> bytes:
    """A store with nothing in it."""
    with tempfile.TemporaryDirectory() as folder:
        tachograph.open(Path(folder) / "tachograph.db").close()
        return (Path(folder) / "tachograph.db").read_bytes()


class Machine:
    """A store and the one process that imports into it; `restart` is another process, which knows what is stored."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "user"
        self.home.mkdir(exist_ok=True)
        (folder / "tachograph.db").write_bytes(empty())
        self.open()

    def open(self) -> None:
        """The store as it lies there."""
        self.store: Store = tachograph.open(self.folder / "tachograph.db")
        self.store._connection.pragma("synchronous", 0)  # nobody cuts the power
        self.restart()

    def restart(self) -> None:
        self.histories = Histories(self.store, shipped)

    def put(self, name: str, data: bytes, at: float | None = LONG_AGO) -> Path:
        """A file of the user's, last written at some time (None: now)."""
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        if at is not None:
            os.utime(path, (at, at))
        return path

    def take(self, path: Path | str, *, final: bool = True, named: bool = False) -> Report:
        """As an import of exactly this file would; as the follower would unless `final`."""
        total = Report()
        found = [one._replace(named=named, final=final) for one in discover.below(os.fspath(path))]
        for candidate in self.histories.changed(found):
            total += self.histories.take(candidate)
        self.store.histories.settle(clock.now() - RUNNING)
        assert not self.histories.complaints, self.histories.complaints
        return total

    def look(self) -> Report:
        """A pass over everything below the user's folder."""
        wanted = [one._replace(final=True) for one in discover.below(str(self.home))]
        todo = self.histories.changed(wanted)
        total = Report(files=len(wanted) - len(todo))
        for candidate in todo:
            total += self.histories.take(candidate)
        self.histories.gone({one.name for one in wanted}, [str(self.home)])
        return total

    def agents(self) -> Report:
        """A pass over the places of all agents, as if this were their user's home."""
        wanted = [one._replace(final=True) for one in discover.on_this_machine(str(self.home), {})]
        self.histories.refresh(wanted)
        total = Report()
        for candidate in self.histories.changed(wanted):
            total += self.histories.take(candidate)
        self.histories.gone({one.name for one in wanted}, discover.folders(str(self.home), {}))
        assert not self.histories.complaints, self.histories.complaints
        return total

    def candidate(self, path: Path) -> Candidate:
        (found,) = discover.below(str(path))
        return found

    def original(self, path: Path | str) -> bytes:
        """The bytes of a file as they are kept, of its current generation."""
        found = self.store.histories.get(os.fspath(path))
        assert found is not None
        return b"".join(self.store.histories.read(found.id))

    def originals(self, session: str) -> list[bytes]:
        """All files that told of a session, as they were."""
        return [b"".join(one.read()) for one in importing.originals(self.store, session)]

    def close(self) -> None:
        self.store.close()


@contextlib.contextmanager
def machine(folder: Path | None = None) -> Iterator[Machine]:
    """Its sums are right when it is left. What was in `folder` is gone."""
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    with tempfile.TemporaryDirectory() if folder is None else contextlib.nullcontext(str(folder)) as place:
        made = Machine(Path(place))
        try:
            yield made
            assert recount(made.store) == []
        finally:
            made.close()


def everything(store: Store, *, order: bool = True) -> dict[str, list[Any]]:
    """All that is known, without the numbers that depend on when it was learned."""
    return {
        "sessions": _named(store, "SELECT * FROM sessions ORDER BY id", "metadata_json"),
        "steps": _steps(store, order),
        "findings": sorted(_findings(store), key=repr),
        "code": sorted(
            rows(store, "SELECT session_id, digest, language, line_start, line_end, timestamp FROM code_sightings"),
            key=repr,
        ),
        "usage": sorted(_usage(store), key=repr),
        "files": rows(
            store,
            "SELECT s.session_id, f.file_path, f.reads, f.writes, f.edits, f.deletes, f.last_at"
            " FROM _file_activity f JOIN _sessions s ON s.id = f.session ORDER BY 1, 2",
        ),
        "commands": rows(store, "SELECT * FROM command_stats ORDER BY 1, 2"),
        "output": [
            (session.id, stream, b"".join(chunk.data for chunk in store.output.chunks(session.id, stream)))
            for session in sorted(store.sessions.list(limit=None), key=lambda one: one.id)
            for stream in ("stdout", "stderr", "input")
        ],
        "archive": [
            (
                os.path.basename(one.path), one.reader, one.read_bytes, one.unknown_lines, one.unknown_json,
                b"".join(store.histories.read(one.id)), b"".join(store.histories.read(one.id, masked=True)),
            )
            for one in sorted(store.histories.current().values(), key=lambda one: one.path)
        ],
    }  # fmt: skip


def differences(one: dict[str, list[Any]], other: dict[str, list[Any]], most: int = 8) -> list[str]:
    """What only one of two stores knows; empty when they know the same."""
    found: list[str] = []
    for name, values in one.items():
        mine, theirs = [repr(value) for value in values], [repr(value) for value in other[name]]
        if mine == theirs:
            continue
        lacking, more = Counter(mine) - Counter(theirs), Counter(theirs) - Counter(mine)
        if not lacking and not more:
            found.append(f"{name}: the same in another order")
        elif len(mine) == len(theirs) and all(type(value) is dict for value in values):
            for first, then in zip(values, other[name], strict=True):
                found += [f"{name}: {k}: {first[k]!r:.300} | {then[k]!r:.300}" for k in first if first[k] != then[k]]
        else:
            found += [f"- {name}: {value:.500}" for value in lacking] + [f"+ {name}: {value:.500}" for value in more]
    return found[:most]


def _named(store: Store, sql: str, *as_json: str) -> list[Any]:
    cursor = store._connection.execute(sql)
    found = []
    for row in cursor:
        one = dict(zip([column[0] for column in cursor.get_description()], row, strict=True))
        for name in as_json:
            one[name] = json.loads(one[name] or "{}")
        found.append(one)
    return found


def _steps(store: Store, order: bool) -> list[Any]:
    found = []
    sql = (
        "SELECT v.id, v.session_id, v.event_type, e.at, v.tool_name, v.tool_call_id, v.file_path, v.operation,"
        " v.command, v.command_category, v.exit_code, v.duration_ms, v.status, v.content, v.source, v.metadata_json"
        " FROM events v JOIN _events e ON e.id = v.id WHERE v.pattern IS NULL ORDER BY v.session_id, v.seq"
    )
    for event, *fields, metadata in rows(store, sql):
        found.append((*fields, store.steps.output_of(event), sorted(json.loads(metadata or "{}").items(), key=repr)))
    return found if order else sorted(found, key=repr)


def _findings(store: Store) -> list[Any]:
    """Line numbers of what was found in a long result count from its first line."""
    first = dict(rows(store, "SELECT f.event, o.line_first FROM _findings f JOIN _tool_output o ON o.event = f.step"))
    sql = (
        "SELECT v.id, v.session_id, v.event_type, v.pattern, v.matched_value, v.original_line, v.line_number, e.at,"
        " v.risk_level, v.auto_confirmable, v.code_block_language, v.source, v.metadata_json"
        " FROM events v JOIN _events e ON e.id = v.id WHERE v.pattern IS NOT NULL"
    )
    return [(*row[1:6], row[6] and row[6] - first.get(row[0], 1) + 1, *row[7:]) for row in rows(store, sql)]


def _usage(store: Store) -> list[Any]:
    sql = (
        "SELECT s.session_id, e.at, u.key, u.model, u.input_tokens, u.output_tokens, u.cache_read_tokens,"
        " u.cache_write_tokens, u.reasoning_tokens, u.cost_usd, u.cost_source, u.partial, u.copied"
        " FROM _usage u JOIN _events e ON e.id = u.event JOIN _sessions s ON s.id = u.session"
    )
    return rows(store, sql)
