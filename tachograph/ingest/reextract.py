"""Other rules over an old recording: what would change, and making it so. The recording itself is never touched."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from tachograph.extract.extractor import Found
from tachograph.extract.lines import split
from tachograph.extract.rules import Rules
from tachograph.ingest.findings import as_records
from tachograph.ingest.timed import TimedExtractor
from tachograph.records import CodeBlock, Extraction
from tachograph.store import Store
from tachograph.store.output import LineClock
from tachograph.store.settling import RECORDED


class Change(NamedTuple):
    """What other rules would do to a session's findings."""

    session_id: str
    added: list[Extraction]
    removed: list[Extraction]
    kept: int


def compare(store: Store, session_id: str, rules: Rules) -> Change:
    """What would change; nothing does. Raises NotFound."""
    fresh, _ = find(store, session_id, rules)
    stored = [one for one in store.extractions.list(session=session_id, limit=None) if one.source == RECORDED]
    before, after = Counter(map(_key, stored)), Counter(map(_key, fresh))
    gone, new = before - after, after - before
    return Change(session_id, _pick(fresh, new), _pick(stored, gone), (before & after).total())


def apply(store: Store, session_id: str, rules: Rules) -> tuple[int, int]:
    """Make it so, in one transaction; returns (removed, added). What stays keeps its id and its feedback."""
    with store.transaction():
        fresh, blocks = find(store, session_id, rules)
        changed = store.extractions.replace(session_id, fresh, blocks)
        store.sessions.update(session_id, extraction_config_version=rules.version)
    return changed


def find(store: Store, session_id: str, rules: Rules) -> tuple[list[Extraction], list[CodeBlock]]:
    """What these rules find in a session's output."""
    session = store.sessions.get(session_id)
    extractions: list[Extraction] = []
    blocks: list[CodeBlock] = []
    for stream in store.output.streams(session_id):
        if stream == "input":
            continue
        found = _in_stream(store, session_id, stream, rules)
        some, seen = as_records(found, session_id=session_id, agent=session.agent, stream=stream, source=RECORDED)
        extractions += some
        blocks += seen
    return extractions, blocks


def _in_stream(store: Store, session_id: str, stream: str, rules: Rules) -> list[tuple[Found, int]]:
    extractor = TimedExtractor(rules)
    found: list[tuple[Found, int]] = []
    for chunk in store.output.chunks(session_id, stream):
        clock = LineClock(chunk.data, chunk.times, chunk.line_first)
        found += extractor.feed(split(chunk.data, chunk.line_first), clock)
    return found + extractor.finish()


def _key(e: Extraction) -> tuple[object, ...]:
    return (e.event_type, e.pattern, e.risk_level, e.auto_confirmable, e.line_number, e.matched_value, e.original_line)


def _pick(extractions: list[Extraction], wanted: Counter[tuple[object, ...]]) -> list[Extraction]:
    left = wanted.copy()
    picked = []
    for extraction in extractions:
        key = _key(extraction)
        if left[key]:
            left[key] -= 1
            picked.append(extraction)
    return picked
