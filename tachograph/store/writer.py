"""Rows go in here, and only here: events with their roll-ups, search passages and session totals in one transaction.

Two ways in that share everything below: `extractions` for the many small findings of a rule, `events` for structured
steps. Both number events per session (`seq`) and over all (`id`) and refuse a bad row without storing its neighbours.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import apsw
import msgspec

from tachograph import clock
from tachograph.errors import BadRecord
from tachograph.records import Event, Extraction
from tachograph.store import connection as gate
from tachograph.store.kinds import Kind, Kinds

PASSAGE_EVENTS = 64  # events of a session that share one row of the full-text index: the index is a third as large
EVENTS_STREAM = -1  # in _passages: the passage is made of events, not of output

_COUNTED = {"prompt": "prompts", "reply": "replies", "command": "commands", "error": "errors"}
_encode = msgspec.json.encode


class Growth:
    """What one batch adds to one session."""

    __slots__ = ("at_first", "at_last", "counts", "first_seq", "kinds", "number", "seq", "texts")

    def __init__(self, number: int, seq: int) -> None:
        self.number = number
        self.seq = seq
        self.first_seq = seq
        self.kinds: dict[int, int] = {}
        self.at_first = 0
        self.at_last = 0
        self.texts: list[str] = []  # what can be searched, one entry an event
        self.counts: dict[str, int] = {}


class Writer:
    """Writes through one connection. Not for two threads at once."""

    def __init__(self, connection: apsw.Connection, path: str, mask: Callable[[str], str] | None = None) -> None:
        self.connection: Any = connection  # rows come as SQL has them: typed by the SELECT, not by Python
        self.path = path
        self._mask = mask
        self.kinds = Kinds(connection)

    def masked(self, text: str | None) -> str | None:
        """Text with its secrets hidden, when the store was opened with a way to do it."""
        return text if text is None or self._mask is None else self._mask(text)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; inside another one it joins it. Raises StoreError and its children."""
        if self.connection.in_transaction:
            yield
            return
        try:
            with gate.transaction(self.connection, self.path):
                yield
        except BaseException:
            self.kinds.forget()
            raise

    def take(self, counter: str, count: int) -> int:
        """The first of `count` numbers that were never handed out before."""
        after = self.connection.execute(
            "INSERT INTO _counters (name, value) VALUES (?, ?)"
            " ON CONFLICT DO UPDATE SET value = value + excluded.value RETURNING value",
            (counter, count),
        ).get
        return int(after) - count + 1

    def session(self, session_id: str, agent: str, at: int) -> Growth:
        """The session's number and last seq; a session nobody announced is created as running."""
        found = self.connection.execute(
            "SELECT id, last_seq FROM _sessions WHERE session_id = ?", (session_id,)
        ).fetchone()
        if found is None:
            if not session_id or not isinstance(session_id, str):
                raise BadRecord("session_id is missing", "name the session the record belongs to")
            found = (
                self.connection.execute(
                    "INSERT INTO _sessions (session_id, agent, started_at) VALUES (?, ?, ?) RETURNING id",
                    (session_id, self.kinds.agent_id(agent), at),
                ).get,
                0,
            )
        return Growth(found[0], found[1])

    def extractions(self, records: Sequence[Extraction], *, indexed: bool = True) -> int:
        """Store findings; returns the id of the first (they are consecutive, in the order given).

        `indexed=False` leaves them out of the full-text index: their lines are in the output, which is indexed itself.
        """
        with self.transaction():
            first = number = self.take("event", len(records))
            present = clock.now()
            known = self.kinds.ids
            growths: dict[str, Growth] = {}
            rows = []
            for r in records:
                growth = growths.get(r.session_id)
                if growth is None:
                    growth = growths[r.session_id] = self.session(r.session_id, r.agent_name, r.at or present)
                key = (
                    r.agent_name, r.event_type, r.pattern, r.risk_level, r.auto_confirmable,
                    r.code_block_language or "", "",
                )  # fmt: skip
                kind = known.get(key)  # type: ignore[call-overload]
                if kind is None:
                    kind = self._new_extraction_kind(Kind(*key))
                at = r.at or present
                growth.seq += 1
                growth.kinds[kind] = growth.kinds.get(kind, 0) + 1
                if at > growth.at_last:
                    growth.at_last = at
                if at < growth.at_first or not growth.at_first:
                    growth.at_first = at
                meta = None if r.metadata is None else _encode(r.metadata).decode()
                rows.append(
                    (number, growth.number, growth.seq, at, kind, r.line_number, r.matched_value, r.original_line, meta)
                )
                if indexed:
                    growth.texts.append(r.original_line or r.matched_value or "")
                number += 1
            self._insert(rows)
            for growth in growths.values():
                self._grow(growth, extracted=True)
                if indexed:
                    self.passages(growth)
        return first

    def events(self, records: Sequence[Event], *, agent: str | None = None, indexed: bool = True) -> int:
        """Store structured steps; returns the id of the first. `agent` is for sessions nobody announced."""
        with self.transaction():
            first = self.take("event", len(records))
            present = clock.now()
            growths: dict[str, Growth] = {}
            agents: dict[str, str] = {}
            rows, steps = [], []
            for number, r in enumerate(records, first):
                growth = growths.get(r.session_id)
                if growth is None:
                    growth = growths[r.session_id] = self.session(r.session_id, agent or "unknown", r.at or present)
                    agents[r.session_id] = self._agent_of(growth.number)
                kind = self._kind_of(r, agents[r.session_id])
                at = r.at or present
                growth.seq += 1
                growth.kinds[kind] = growth.kinds.get(kind, 0) + 1
                growth.at_last = max(at, growth.at_last)
                growth.at_first = min(at, growth.at_first or at)
                meta = None if r.metadata is None else _encode(r.metadata).decode()
                rows.append(
                    (number, growth.number, growth.seq, at, kind, r.line_number, r.matched_value, r.original_line, meta)
                )
                step = _step(r)
                if step is not None:
                    steps.append((number, *step))
                if indexed:
                    growth.texts.append(searchable(r))
            self._insert(rows)
            self.connection.executemany(
                "INSERT INTO _steps (event, tool_name, tool_call_id, file_path, operation, command, command_category,"
                " exit_code, duration_ms, status, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                steps,
            )
            for growth in growths.values():
                self._grow(growth)
                if indexed:
                    self.passages(growth)
        return first

    def passages(self, growth: Growth) -> None:
        """Index the texts of a batch, some events a passage."""
        texts, size = growth.texts, PASSAGE_EVENTS
        first = growth.seq - len(texts) + 1
        for start in range(0, len(texts), size):
            part = texts[start : start + size]
            if any(part):
                self.passage(
                    growth.number, EVENTS_STREAM, first + start, first + start + len(part) - 1, "\n".join(part)
                )

    def passage(self, session: int, stream: int, first: int, last: int, text: str) -> None:
        """One row of the full-text index: lines first..last of a stream, or events with that seq."""
        number = self.take("passage", 1)
        self.connection.execute(
            "INSERT INTO _passages (id, session, stream, first, last) VALUES (?, ?, ?, ?, ?)",
            (number, session, stream, first, last),
        )
        self.connection.execute("INSERT INTO _search (rowid, text) VALUES (?, ?)", (number, text))

    def _insert(self, rows: Sequence[tuple[object, ...]]) -> None:
        self.connection.executemany(
            "INSERT INTO _events (id, session, seq, at, kind, line_number, matched_value, original_line, metadata_json)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )

    def _grow(self, growth: Growth, *, extracted: bool = False) -> None:
        """Session totals and roll-ups for one batch."""
        self.connection.executemany(
            "INSERT INTO _session_kinds (session, kind, count) VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET count = count + excluded.count",
            [(growth.number, kind, count) for kind, count in growth.kinds.items()],
        )
        self.connection.executemany(
            "INSERT INTO _kind_totals (kind, count, first_at, last_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET count = count + excluded.count,"
            " first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)",
            [(kind, count, growth.at_first, growth.at_last) for kind, count in growth.kinds.items()],
        )
        totals = dict.fromkeys(("extractions", *_COUNTED.values()), 0)
        for number, count in growth.kinds.items():
            kind = self.kinds.of(number)
            if kind.pattern:
                totals["extractions"] += count
            column = _COUNTED.get(kind.event_type)
            if column:
                totals[column] += count
        self.connection.execute(
            "UPDATE _sessions SET last_seq = ?, first_at = min(coalesce(first_at, ?2), ?2),"
            " last_at = max(coalesce(last_at, ?3), ?3), events = events + ?, extractions = extractions + ?,"
            " prompts = prompts + ?, replies = replies + ?, commands = commands + ?, errors = errors + ? WHERE id = ?",
            (
                growth.seq, growth.at_first, growth.at_last, sum(growth.kinds.values()), totals["extractions"],
                totals["prompts"], totals["replies"], totals["commands"], totals["errors"], growth.number,
            ),
        )  # fmt: skip

    def _new_extraction_kind(self, kind: Kind) -> int:
        if not kind.pattern:
            raise BadRecord("pattern is missing", "an extraction names the rule that found it")
        return self.kinds.kind_id(kind)

    def _agent_of(self, session: int) -> str:
        return str(
            self.connection.execute(
                "SELECT a.name FROM _sessions s JOIN _agents a ON a.id = s.agent WHERE s.id = ?", (session,)
            ).get
        )

    def _kind_of(self, r: Event, agent: str) -> int:
        risk = (r.risk_level or "low") if r.pattern else ""
        kind = Kind(
            agent, r.event_type, r.pattern or "", risk, bool(r.auto_confirmable), r.code_block_language or "",
            r.source or "",
        )  # fmt: skip
        return self.kinds.ids.get(kind) or self.kinds.kind_id(kind)


def _step(r: Event) -> tuple[object, ...] | None:
    """The columns of _steps, or None when the event has none of them."""
    step = (
        r.tool_name, r.tool_call_id, r.file_path, r.operation, r.command, r.command_category, r.exit_code,
        r.duration_ms, r.status, r.content,
    )  # fmt: skip
    return step if any(value is not None for value in step) else None


def searchable(r: Event) -> str:
    """Everything of an event that a person would look for."""
    parts = (r.content, r.command, r.file_path, r.tool_name, r.original_line or r.matched_value)
    return "\n".join(part for part in parts if part)
