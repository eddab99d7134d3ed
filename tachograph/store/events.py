"""Events of every type, and the findings among them (`extractions`)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

import msgspec

from tachograph.errors import NotFound
from tachograph.records import CodeBlock, Event, Extraction
from tachograph.store import reextraction
from tachograph.store.filters import Where
from tachograph.store.walk import Row, Window, walk
from tachograph.store.writer import Writer

_STEP = (
    "tool_name", "tool_call_id", "file_path", "operation", "command", "command_category", "exit_code", "duration_ms",
    "status", "content",
)  # fmt: skip
_NO_STEP = (None,) * len(_STEP)
_decode = msgspec.json.decode


class Events:
    """`store.events`"""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._connection = writer.connection

    def add(self, event: Event) -> int:
        """Returns its id. Raises BadRecord; the session is created when nobody announced it."""
        return self._writer.events([event])

    def add_many(self, events: Sequence[Event]) -> int:
        """All or none; returns the id of the first, the others follow in order."""
        return self._writer.events(events) if events else 0

    def get(self, event_id: int) -> Event:
        found = self._select("e.id = ?", (event_id,), "")
        if not found:
            raise NotFound(f"there is no event {event_id}", "`tachograph events` lists them with their ids")
        return found[0]

    def list(
        self,
        *,
        session: str | None = None,
        type: str | None = None,
        agent: str | None = None,
        status: str | None = None,
        since: int | None = None,
        until: int | None = None,
        after: int | None = None,
        limit: int | None = 1000,
        ascending: bool = True,
    ) -> Sequence[Event]:
        """One session's events in its own order (`seq`); `after` an id: in order of arrival; else by time.

        Times are ns. Without a session and `after`, a walk over all sessions merges them by time.
        """
        kinds = self._kinds(agent, type)
        most = -1 if limit is None else limit
        order = "ASC" if ascending else "DESC"
        if session is None and after is None:
            return self._walked(agent, kinds, status, since, until, limit, ascending)
        where = Where()
        where.add("e.session = (SELECT id FROM _sessions WHERE session_id = ?)", session)
        where.add("e.id > ?", after)
        where.add("e.at >= ?", since)
        where.add("e.at <= ?", until)
        where.add("t.status = ?", status)
        where.any_of("e.kind", kinds)
        key = "e.seq" if session is not None and after is None else "e.id"
        return self._select(" AND ".join(where.conditions), (*where.values, most), f" ORDER BY {key} {order} LIMIT ?")

    def last_id(self) -> int:
        """The id of the newest event, 0 when there is none: where a live view begins."""
        return self._connection.execute("SELECT coalesce(max(id), 0) FROM _events").get or 0

    def _kinds(self, agent: str | None, event_type: str | None, *, extracted: bool = False) -> frozenset[int] | None:
        agents = self._writer.kinds.matching_agents(agent)
        if agents is None and event_type is None and not extracted:
            return None
        return frozenset(self._writer.kinds.matching(agents=agents, event_type=event_type, extracted=extracted))

    def _walked(
        self,
        agent: str | None,
        kinds: frozenset[int] | None,
        status: str | None,
        since: int | None,
        until: int | None,
        limit: int | None,
        ascending: bool,
    ) -> Sequence[Event]:
        names = self._writer.kinds.matching_agents(agent)
        agents = None if names is None else frozenset(self._writer.kinds.agents[name] for name in names)
        found: list[Event] = []
        rows = walk(self._connection, Window(kinds, agents, since, until, not ascending))
        while limit is None or len(found) < limit:
            page = list(islice(rows, 1000 if limit is None else min(1000, limit - len(found))))
            if not page:
                break
            found.extend(event for event in self._with_steps(page) if status in (None, event.status))
        return found

    def _with_steps(self, rows: Sequence[Row]) -> Sequence[Event]:
        numbers = ",".join(str(row.id) for row in rows)
        steps = {
            row[0]: row[1:]
            for row in self._connection.execute(
                f"SELECT event, {', '.join(_STEP)} FROM _steps WHERE event IN ({numbers})"
            )
        }
        return [self._event(row, steps.get(row.id, _NO_STEP)) for row in rows]

    def _select(self, where: str, values: tuple[object, ...], tail: str) -> Sequence[Event]:
        rows = self._connection.execute(
            "SELECT e.at, e.id, e.kind, e.line_number, e.matched_value, e.original_line, e.metadata_json, e.session,"
            f" e.seq, s.session_id, {', '.join('t.' + name for name in _STEP)} FROM _events e"
            " JOIN _sessions s ON s.id = e.session LEFT JOIN _steps t ON t.event = e.id"
            f"{' WHERE ' if where else ''}{where}{tail}",
            values,
        )
        return [self._event(Row(*row[:10]), row[10:]) for row in rows]

    def _event(self, row: Row, step: Sequence[Any]) -> Event:
        kind = self._writer.kinds.of(row.kind)
        return Event(
            row.session_id,
            kind.event_type,
            **dict(zip(_STEP, step, strict=True)),
            source=kind.source or None,
            metadata=None if row.metadata_json is None else _decode(row.metadata_json),
            seq=row.seq,
            pattern=kind.pattern or None,
            matched_value=row.matched_value,
            original_line=row.original_line,
            line_number=row.line_number,
            risk_level=kind.risk_level or None,
            auto_confirmable=kind.auto_confirmable if kind.pattern else None,
            code_block_language=kind.code_block_language or None,
            at=row.at,
            id=row.id,
        )


class Extractions:
    """`store.extractions`: what rules found, under the columns of `extraction_events`."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._connection = writer.connection

    def add(self, extraction: Extraction) -> int:
        """Returns its id. Raises BadRecord; the session is created when nobody announced it."""
        return self._writer.extractions([extraction])

    def add_many(self, extractions: Sequence[Extraction], *, indexed: bool = True) -> int:
        """All or none, in one transaction; returns the id of the first, the others follow in order.

        `indexed=False` when their lines are stored as output, which is searchable itself.
        """
        return self._writer.extractions(extractions, indexed=indexed) if extractions else 0

    def get(self, extraction_id: int) -> Extraction:
        row = self._connection.execute(
            "SELECT e.at, e.id, e.kind, e.line_number, e.matched_value, e.original_line, e.metadata_json, e.session,"
            " e.seq, s.session_id FROM _events e JOIN _sessions s ON s.id = e.session WHERE e.id = ?",
            (extraction_id,),
        ).fetchone()
        if row is None or not self._writer.kinds.of(row[2]).pattern:
            raise NotFound(f"there is no extraction {extraction_id}", "`tachograph events` lists them with their ids")
        return self._extraction(Row(*row))

    def list(
        self,
        *,
        agent: str | None = None,
        type: str | None = None,
        pattern: str | None = None,
        session: str | None = None,
        risk: str | None = None,
        since: int | None = None,
        until: int | None = None,
        limit: int | None = 100,
        ascending: bool | None = None,
    ) -> Sequence[Extraction]:
        """Newest first over all sessions; in the session's order when one is named. Times in ns, `agent` a glob."""
        kinds = self._writer.kinds.matching(
            agents=self._writer.kinds.matching_agents(agent),
            event_type=type,
            pattern=pattern,
            risk=risk,
            extracted=True,
        )
        if not kinds:
            return []
        if session is not None:
            return self._of_session(session, kinds, since, until, limit, ascending is not False)
        rows = walk(self._connection, Window(frozenset(kinds), None, since, until, not ascending))
        return [self._extraction(row) for row in islice(rows, limit)]

    def replace(self, session_id: str, found: Sequence[Extraction], blocks: Sequence[CodeBlock]) -> tuple[int, int]:
        """Make `found` and `blocks` what extraction has found in the output of a session; returns (removed, added).

        What is found again stays as it is, with its id and its feedback.
        """
        return reextraction.replace(self._writer, session_id, found, blocks)

    def _of_session(
        self, session: str, kinds: set[int], since: int | None, until: int | None, limit: int | None, ascending: bool
    ) -> Sequence[Extraction]:
        where = Where()
        where.add("s.session_id = ?", session)
        where.any_of("e.kind", kinds)
        where.add("e.at >= ?", since)
        where.add("e.at <= ?", until)
        rows = self._connection.execute(
            "SELECT e.at, e.id, e.kind, e.line_number, e.matched_value, e.original_line, e.metadata_json, e.session,"
            " e.seq, s.session_id FROM _sessions s JOIN _events e INDEXED BY _events_session_seq ON e.session = s.id"
            f"{where} ORDER BY e.seq {'ASC' if ascending else 'DESC'} LIMIT ?",
            (*where.values, -1 if limit is None else limit),
        )
        return [self._extraction(Row(*row)) for row in rows]

    def _extraction(self, row: Row) -> Extraction:
        kind = self._writer.kinds.of(row.kind)
        return Extraction(
            kind.agent,
            row.session_id,
            kind.event_type,
            kind.pattern,
            row.matched_value,
            row.original_line,
            row.line_number,
            None if row.metadata_json is None else _decode(row.metadata_json),
            kind.code_block_language or None,
            kind.risk_level,
            kind.auto_confirmable,
            row.at,
            row.id,
        )

    def stats(self, agent: str) -> dict[str, object]:
        """`agent_name, total_sessions, total_extractions, extractions_by_type, success_rate` of one agent.

        `success_rate` = sessions ended with exit code 0 / sessions ended; None when none has ended.
        """
        by_type = self._connection.execute(
            "SELECT k.event_type, sum(t.count) FROM _kinds k JOIN _kind_totals t ON t.kind = k.id"
            " WHERE k.agent = (SELECT id FROM _agents WHERE name = ?) AND k.pattern <> '' GROUP BY k.event_type"
            " ORDER BY 2 DESC, 1",
            (agent,),
        ).fetchall()
        sessions, ended, good = self._connection.execute(
            "SELECT count(*), count(ended_at), coalesce(sum(exit_code = 0 AND ended_at IS NOT NULL), 0) FROM _sessions"
            " WHERE agent = (SELECT id FROM _agents WHERE name = ?)",
            (agent,),
        ).fetchone()
        return {
            "agent_name": agent,
            "total_sessions": sessions,
            "total_extractions": sum(row[1] for row in by_type),
            "extractions_by_type": dict(by_type),
            "success_rate": good / ended if ended else None,
        }

    def pattern_stats(self, pattern: str) -> dict[str, object]:
        """`pattern, total, agents, event_types, risk_levels, first, last` of one rule; ns, None when unseen."""
        rows = self._connection.execute(
            "SELECT a.name, k.event_type, k.risk_level, t.count, t.first_at, t.last_at FROM _kinds k"
            " JOIN _kind_totals t ON t.kind = k.id JOIN _agents a ON a.id = k.agent WHERE k.pattern = ?",
            (pattern,),
        ).fetchall()
        counts: tuple[dict[str, int], ...] = ({}, {}, {})
        for row in rows:
            for into, key in zip(counts, row, strict=False):
                into[key] = into.get(key, 0) + row[3]
        return {
            "pattern": pattern,
            "total": sum(row[3] for row in rows),
            "agents": counts[0],
            "event_types": counts[1],
            "risk_levels": counts[2],
            "first": min((row[4] for row in rows), default=None),
            "last": max((row[5] for row in rows), default=None),
        }
