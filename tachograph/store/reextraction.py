"""Other rules over an old recording: what is found again stays, what is not goes, what is new is added."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec

from tachograph.errors import NotFound
from tachograph.records import CodeBlock, Extraction
from tachograph.store.code_blocks import CodeBlocks
from tachograph.store.walk import numbers
from tachograph.store.writer import Writer


def replace(
    writer: Writer, session_id: str, found: Sequence[Extraction], blocks: Sequence[CodeBlock]
) -> tuple[int, int]:
    """One transaction; returns (removed, added). Findings that were added by hand (other sources) are left alone."""
    with writer.transaction():
        session = writer.connection.execute("SELECT id FROM _sessions WHERE session_id = ?", (session_id,)).get
        if session is None:
            raise NotFound(f"no session matches {session_id!r}", "`tachograph sessions` lists them")
        stored = _stored(writer, session)
        fresh = []
        for extraction in found:
            same = stored.get(_key(extraction))
            if same:
                same.pop()
            else:
                fresh.append(extraction)
        gone = [number for rest in stored.values() for number in rest]
        _remove(writer, session, gone)
        if fresh:
            writer.extractions(fresh, indexed=False)
        _blocks(writer, session, blocks)
    return len(gone), len(fresh)


def _key(e: Extraction) -> tuple[object, ...]:
    meta = None if e.metadata is None else msgspec.json.encode(e.metadata).decode()
    return (
        e.event_type, e.pattern, e.risk_level, e.auto_confirmable, e.code_block_language or "", e.line_number,
        e.matched_value, e.original_line, meta,
    )  # fmt: skip


def _stored(writer: Writer, session: int) -> dict[tuple[object, ...], list[int]]:
    kinds = writer.kinds.matching(extracted=True)
    rows = writer.connection.execute(
        "SELECT id, kind, line_number, matched_value, original_line, metadata_json FROM _events WHERE session = ?"
        " ORDER BY seq DESC",
        (session,),
    )
    stored: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for number, kind_id, *rest in rows:
        if kind_id in kinds and not (kind := writer.kinds.of(kind_id)).source:
            key = (kind.event_type, kind.pattern, kind.risk_level, kind.auto_confirmable, kind.code_block_language)
            stored[(*key, *rest)].append(number)
    return stored


def _remove(writer: Writer, session: int, gone: Sequence[int]) -> None:
    """Rows, their feedback and every count they are part of."""
    db: Any = writer.connection
    for start in range(0, len(gone), 500):
        part = numbers(gone[start : start + 500])
        counts = Counter(row[0] for row in db.execute(f"SELECT kind FROM _events WHERE id IN ({part})"))
        feedbacks = db.execute(f"SELECT count(*) FROM _feedback WHERE event IN ({part})").get
        for table, column in (("_feedback", "event"), ("_steps", "event"), ("_events", "id")):
            db.execute(f"DELETE FROM {table} WHERE {column} IN ({part})")
        for kind, count in counts.items():
            db.execute(
                "UPDATE _session_kinds SET count = count - ? WHERE session = ? AND kind = ?", (count, session, kind)
            )
            db.execute("UPDATE _kind_totals SET count = count - ? WHERE kind = ?", (count, kind))
        errors = sum(count for kind, count in counts.items() if writer.kinds.of(kind).event_type == "error")
        total = sum(counts.values())
        db.execute(
            "UPDATE _sessions SET events = events - ?1, extractions = extractions - ?1, errors = errors - ?2,"
            " feedbacks = feedbacks - ?3 WHERE id = ?4",
            (total, errors, feedbacks, session),
        )
    db.execute("DELETE FROM _session_kinds WHERE count = 0 AND session = ?", (session,))
    db.execute("DELETE FROM _kind_totals WHERE count = 0")


def _blocks(writer: Writer, session: int, blocks: Sequence[CodeBlock]) -> None:
    """The session's sightings anew; contents that nobody has seen any more go."""
    writer.connection.execute("DELETE FROM _sightings WHERE session = ?", (session,))
    for block in blocks:
        CodeBlocks(writer).add(block)
    writer.connection.execute("DELETE FROM _code_blocks WHERE id NOT IN (SELECT block FROM _sightings)")
