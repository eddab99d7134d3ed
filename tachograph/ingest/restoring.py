"""A session that was exported as jsonl comes back: as it was, in one transaction, or not at all.

Anybody may have written such a file: its types are checked, and secrets in it masked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO, Any

from tachograph.errors import BadRecord
from tachograph.formats import jsonl
from tachograph.ingest import masking, whole_rows
from tachograph.ingest.discover import Candidate
from tachograph.ingest.histories import Report
from tachograph.records import Session
from tachograph.store import Store
from tachograph.store.output import STREAMS, Chunk
from tachograph.store.whole import Placed

_PAGE = 1000  # records that are written together


def is_ours(path: str) -> bool:
    """Whether a file is a session exported as jsonl, by how it begins."""
    try:
        with open(path, "rb") as file:
            return file.read(len(jsonl.HEAD)) == jsonl.HEAD
    except OSError:
        return False


def take(store: Store, wanted: Sequence[Candidate], complaints: list[str]) -> tuple[Report, list[Candidate]]:
    """Restore those that are ours; the others are left for the readers. What is there already counts as unchanged."""
    report, others = Report(), list[Candidate]()
    for one in wanted:
        if one.modules or not is_ours(one.path):
            others.append(one)
            continue
        try:
            found = restore(store, one.path)
        except (BadRecord, OSError) as error:
            complaints.append(f"{one.name}: {error}")
            report += Report(1, failed=1)
        else:
            report += Report(1) if found is None else Report(1, 1, one.size, sessions=frozenset((found,)))
    return report, others


def restore(store: Store, path: str) -> str | None:
    """Write the session of a file into the store; its id, or None when a session of that id is there already.

    Raises BadRecord, with the number of the line, when anything in it is not as it should be; then nothing is stored.
    """
    with open(path, "rb") as file, store.transaction():
        return _Restored(store).read(jsonl.read(_lines(file)))


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    while line := file.readline(jsonl.LINE_MAX + 1):
        if len(line) > jsonl.LINE_MAX:
            raise BadRecord(f"a line is longer than {jsonl.LINE_MAX >> 20} MB")
        yield line


class _Restored:
    """What has been read so far."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._row = 0
        self._session: Session | None = None
        self._events: list[Placed] = []
        self._found: list[tuple[int, int]] = []
        self._chunks: dict[str, int] = {}

    def read(self, rows: Iterator[tuple[str, dict[str, Any]]]) -> str | None:
        for kind, row in rows:
            if kind == "session":
                if not self._begin(row):
                    return None
                continue
            if self._session is None:
                raise BadRecord("the file does not begin with its session")
            {"event": self._event, "output": self._output, "code_block": self._block, "feedback": self._said}[kind](row)
        return self._end()

    def _begin(self, row: dict[str, Any]) -> bool:
        if self._session is not None:
            raise BadRecord("there is a second session in the file")
        session, told_by, aliases = whole_rows.read_session(row)
        if self._store.sessions.exists(session.id):
            return False
        self._session = masking.record(session)
        self._row = self._store.restoring.begin(self._session, told_by, aliases)
        return True

    def _event(self, row: dict[str, Any]) -> None:
        assert self._session
        placed = whole_rows.read_event(row, self._session.id, self._session.agent)
        self._found += [(placed.event.seq, seq) for seq in placed.found]
        self._events.append(placed)
        if len(self._events) == _PAGE:
            self._flush()

    def _output(self, row: dict[str, Any]) -> None:
        assert self._session
        chunk = masking.chunk(whole_rows.read_output(row, self._session.id))
        if chunk.stream not in STREAMS:
            raise BadRecord(f"{chunk.stream!r} is no stream", f"use one of {', '.join(STREAMS)}")
        number = self._chunks.get(chunk.stream, 0)
        self._chunks[chunk.stream] = number + 1
        place = STREAMS.index(chunk.stream), number, chunk.line_first, chunk.lines
        self._store.restoring.add_chunk(self._row, Chunk(*place, chunk.data, chunk.times))

    def _block(self, row: dict[str, Any]) -> None:
        self._flush()
        assert self._session
        block, step = whole_rows.read_code(row, self._session.id, self._session.agent)
        self._store.restoring.add_code(self._row, [(masking.record(block), step)])

    def _said(self, row: dict[str, Any]) -> None:
        self._flush()
        assert self._session
        said = masking.record(whole_rows.read_feedback(row, self._session.id))
        self._store.restoring.add_feedback(self._row, said)

    def _flush(self) -> None:
        waiting, self._events = self._events, []
        self._store.restoring.add(self._row, list(masking.events(waiting)))

    def _end(self) -> str:
        if self._session is None:
            raise BadRecord("there is no session in the file")
        self._flush()
        self._store.restoring.add_found(self._row, self._found)
        self._store.restoring.finish(self._row, self._session)
        return self._session.id
