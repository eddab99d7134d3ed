"""Other rules over an old recording: what is found again stays, what is not goes, what is new is added."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from tachograph.errors import NotFound
from tachograph.records import CodeBlock, Extraction
from tachograph.store import queries, removing
from tachograph.store.code_blocks import CodeBlocks, digest_of
from tachograph.store.json_text import to_json
from tachograph.store.writer import Writer

_sql = queries.load("reextraction")


def replace(
    writer: Writer, session_id: str, found: Sequence[Extraction], blocks: Sequence[CodeBlock], source: str
) -> tuple[int, int]:
    """One transaction; returns (removed, added). Findings of other sources (added by hand) are left alone."""
    with writer.change():
        session = writer.connection.execute(_sql.session_number, (session_id,)).get
        if session is None:
            raise NotFound(f"no session matches {session_id!r}", "`tachograph sessions` lists them")
        stored = _stored(writer, session, source)
        fresh = []
        for extraction in found:
            same = stored.get(_key(extraction))
            if same:
                same.pop()
            else:
                fresh.append(extraction)
        gone = [number for rest in stored.values() for number in rest]
        removing.remove(writer, session, gone)
        if fresh:
            writer.extractions(fresh)
        _blocks(writer, session, blocks)
    return len(gone), len(fresh)


def _key(e: Extraction) -> tuple[object, ...]:
    return (
        e.event_type, e.pattern, e.risk_level, e.auto_confirmable, e.code_block_language or "", e.line_number,
        e.matched_value, e.original_line, to_json(e.metadata),
    )  # fmt: skip


def _stored(writer: Writer, session: int, source: str) -> dict[tuple[object, ...], list[int]]:
    kinds = writer.kinds.matching(extracted=True)
    stored: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for number, kind_id, *rest in writer.connection.execute(_sql.events_of_session, (session,)):
        if kind_id in kinds and (kind := writer.kinds.of(kind_id)).source == source:
            key = (kind.event_type, kind.pattern, kind.risk_level, kind.auto_confirmable, kind.code_block_language)
            stored[(*key, *rest)].append(number)
    return stored


def _blocks(writer: Writer, session: int, blocks: Sequence[CodeBlock]) -> None:
    """The session's sightings: those seen again stay, the others go, with the contents that nobody has seen then."""
    stored: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for number, *place in writer.connection.execute(_sql.sightings, (session,)):
        stored[tuple(place)].append(number)
    for block in blocks:
        same = stored.get((block.digest or digest_of(block.content), block.line_start, block.line_end))
        if same:
            same.pop()
        else:
            CodeBlocks(writer).add(block)
    removing.drop_sightings(writer, [number for rest in stored.values() for number in rest])
