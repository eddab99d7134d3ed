"""What the tests of the store put into it."""

from __future__ import annotations

import contextlib
import itertools
import os
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import apsw
import pytest

import tachograph
from tachograph.extract.lines import split
from tachograph.records import CodeBlock, Event, Extraction, Session
from tachograph.store import Store
from tachograph.store.output import CHUNK_BYTES, Chunk

AT = 1_795_252_442_123_456_789  # 2026-11-21T09:14:02.123Z
SECOND = 1_000_000_000
# Machines differ and databases sync: no deadline; the same examples every time, so that a failure is everybody's.


def opened(folder: Path, name: str = "tachograph.db") -> Store:
    """The store as everybody opens it."""
    return tachograph.open(folder / name)


@cache
def _empty() -> bytes:
    """The file of a store with nothing in it."""
    with tempfile.TemporaryDirectory() as folder:
        opened(Path(folder)).close()
        return (Path(folder) / "tachograph.db").read_bytes()


def fresh(folder: Path) -> Store:
    """As `opened`, where nothing is yet: the tables come out of a file that was made once, four times as quickly."""
    (folder / "tachograph.db").write_bytes(_empty())
    return opened(folder)


@contextlib.contextmanager
def scratch() -> Iterator[Store]:
    """A store for one example among many: nobody cuts the power, so nothing is synced."""
    with pytest.MonkeyPatch.context() as patched, tempfile.TemporaryDirectory() as folder:
        patched.setattr(os, "fsync", lambda _: None)
        with fresh(Path(folder)) as store:
            store._connection.pragma("synchronous", 0)
            yield store


def extraction(session: str = "codex-1", **fields: object) -> Extraction:
    """An error that a rule found; any field can be another."""
    agent = session.split("-", maxsplit=1)[0]
    values = {
        "agent_name": agent,
        "session_id": session,
        "event_type": "error",
        "pattern": "python_exception",
        "at": AT,
    }
    return Extraction(**{**values, **fields})


def event(session: str = "codex-1", event_type: str = "marker", **fields: object) -> Event:
    return Event(session, event_type, **{"at": AT, **fields})


def block(content: str, session: str = "codex-1", **fields: object) -> CodeBlock:
    return CodeBlock(session.split("-", maxsplit=1)[0], session, content, **{"at": AT, **fields})


def session(name: str, **fields: object) -> Session:
    return Session(name, **{"agent": name.split("-", maxsplit=1)[0], "started_at": AT, **fields})


def chunks(pieces: Sequence[tuple[int, bytes]], stream: int = 0, size: int = CHUNK_BYTES) -> list[Chunk]:
    """(at, bytes) as they were read → chunks cut at line ends, as the importer cuts them."""
    data = b"".join(part for _, part in pieces)
    times = list(itertools.chain.from_iterable([at] * len(part) for at, part in pieces))
    cut, number, line, start = [], 0, 1, 0
    while start < len(data):
        end = len(data)
        if end - start > size:
            end = data.rfind(b"\n", start, start + size) + 1 or start + size
        part = data[start:end]
        merged = [(at, len(list(same))) for at, same in itertools.groupby(times[start:end])]
        cut.append(Chunk(stream, number, line, part.count(b"\n"), part, merged))
        number, line, start = number + 1, line + part.count(b"\n"), end
    return cut


def printed(store: Store, name: str, *pieces: tuple[int, bytes], stream: int = 0, size: int = CHUNK_BYTES) -> None:
    """A session has printed something; searchable in passages of whole chunks."""
    if not store.sessions.exists(name):
        store.sessions.add(session(name))
    number = store.sessions.number(name)
    with store.transaction():
        cut = chunks(pieces, stream, size)
        store.output.write(number, cut)
        for chunk in cut:
            text = "\n".join(line for _, line in split(chunk.data, chunk.line_first))
            store.output.index(number, stream, chunk.line_first, chunk.line_first + max(chunk.lines - 1, 0), text)
        store.sessions.grow(number, lines=sum(c.lines for c in cut), output_bytes=sum(len(c.data) for c in cut))


def raw(path: Path | str) -> apsw.Connection:
    """The file without any of our code, to look at it or to break it."""
    return apsw.Connection(str(path))
