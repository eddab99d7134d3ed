"""What rules found in output: the events that name a pattern."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from tachograph import clock
from tachograph.errors import NotFound
from tachograph.records import CodeBlock, Extraction
from tachograph.store import paging, queries, reextraction, settling
from tachograph.store.filters import Where, check_times, most, numbers
from tachograph.store.json_text import from_json
from tachograph.store.kinds import Kind
from tachograph.store.paging import Place
from tachograph.store.walk import Window, in_order, walk
from tachograph.store.writer import Writer

_sql = queries.load("extractions")


class Extractions:
    """`store.extractions`, under the columns of the view `extraction_events`."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._connection = writer.connection

    def add(self, extraction: Extraction) -> int:
        """Returns its id. Raises BadRecord; the session is created when nobody announced it."""
        return self._writer.extractions([extraction])

    def add_many(self, extractions: Sequence[Extraction]) -> int:
        """All or none, in one transaction; returns the id of the first, the others follow in order."""
        return self._writer.extractions(extractions) if extractions else 0

    def get(self, extraction_id: int) -> Extraction:
        row = self._connection.execute(_sql.by_id, (extraction_id,)).fetchone()
        if row is None or not self._writer.kinds.of(row[2]).pattern:
            raise NotFound(f"there is no extraction {extraction_id}", "`tachograph events` lists them with their ids")
        return next(self._made([row]))

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
        past: Place | None = None,
        skip: int = 0,
    ) -> Sequence[Extraction]:
        """Newest first over all sessions; in the session's order when one is named. Times in ns, `agent` a glob."""
        kinds = self._kinds(agent, type, pattern, risk)
        if not kinds:
            return []
        if session is not None:
            return self._of_session(session, kinds, since, until, limit, ascending is not False, past, skip)
        window = Window(frozenset(kinds), None, since, until, not ascending)
        begin = None if past is None else paging.numbers_of(past, 2)
        ids = walk(self._connection, window, None if limit is None else limit + skip, begin)
        rows = in_order(
            islice(ids, skip, None),
            lambda numbers: self._connection.execute(_sql.by_ids.format(numbers=numbers)).fetchall(),
        )
        return list(self._made(rows))

    def total(
        self, *, agent: str | None = None, type: str | None = None, pattern: str | None = None,
        session: str | None = None, risk: str | None = None, since: int | None = None, until: int | None = None,
    ) -> int | None:  # fmt: skip
        """How many `list` has, from roll-ups; None when a part of the time is asked for, which no roll-up knows."""
        if since is not None or until is not None:
            return None
        kinds = numbers(self._kinds(agent, type, pattern, risk))
        if session is not None:
            return int(self._connection.execute(_sql.total_of_session.format(kinds=kinds), (session,)).get)
        return int(self._connection.execute(_sql.total.format(kinds=kinds)).get)

    def by_kind(
        self, *, agent: str | None = None, session: str | None = None, since: int | None = None,
        until: int | None = None,
    ) -> dict[Kind, int]:  # fmt: skip
        """How many findings of each kind, exactly, without looking at all of them. `agent` is a glob, times are ns."""
        check_times(since, until)
        kinds = numbers(self._kinds(agent, None, None, None))
        if since is None and until is None:
            asked, values = (_sql.by_kind, ()) if session is None else (_sql.by_kind_of_session, (session,))
            rows = self._connection.execute(asked.format(kinds=kinds), values)
        else:
            where = "TRUE" if session is None else "s.session_id = ?3"
            between = (since if since is not None else -clock.LATEST, until if until is not None else clock.LATEST)
            sql = _sql.by_kind_between.format(kinds=kinds, where=where)
            rows = self._connection.execute(sql, (*between, *(() if session is None else (session,))))
        return {self._writer.kinds.of(kind): count for kind, count in rows if count}

    def place(self, extraction: Extraction, session: str | None = None) -> Place:
        """Where it stands in `list`; `session` is what `list` was given."""
        if session is None:
            return extraction.at, extraction.id
        return (int(self._connection.execute(_sql.seq, (extraction.id,)).get),)

    def _kinds(self, agent: str | None, type: str | None, pattern: str | None, risk: str | None) -> set[int]:
        agents = self._writer.kinds.matching_agents(agent)
        return self._writer.kinds.matching(agents=agents, event_type=type, pattern=pattern, risk=risk, extracted=True)

    def replace(
        self,
        session_id: str,
        found: Sequence[Extraction],
        blocks: Sequence[CodeBlock],
        *,
        source: str = settling.RECORDED,
    ) -> tuple[int, int]:
        """Make `found` and `blocks` what extraction has found in the output of a session; returns (removed, added).

        What is found again stays as it is, with its id and its feedback.
        """
        return reextraction.replace(self._writer, session_id, found, blocks, source)

    def _of_session(
        self, session: str, kinds: set[int], since: int | None, until: int | None, limit: int | None, ascending: bool,
        past: Place | None, skip: int,
    ) -> Sequence[Extraction]:  # fmt: skip
        where = Where()
        where.any_number("e.kind", kinds)
        where.between("e.at", since, until)
        paging.beyond(where, ("e.seq",), past, ascending=ascending)
        sql = _sql.of_session.format(where=where, order="ASC" if ascending else "DESC")
        rows = self._connection.execute(sql, (session, *where.values, most(limit), skip))
        return list(self._made(rows))

    def _made(self, rows: Iterable[tuple[Any, ...]]) -> Iterator[Extraction]:
        """Rows of {event} and the session's name as records."""
        kinds = self._writer.kinds
        for at, number, kind_id, line_number, matched, line, metadata, _, _, session_id in rows:
            kind = kinds.by_id.get(kind_id) or kinds.of(kind_id)
            yield Extraction(
                kind.agent,
                session_id,
                kind.event_type,
                kind.pattern,
                matched,
                line,
                line_number,
                None if metadata is None else from_json(metadata),
                kind.code_block_language or None,
                kind.risk_level,
                kind.auto_confirmable,
                at,
                number,
                kind.source,
            )

    def stats(self, agent: str) -> dict[str, object]:
        """`agent_name, total_sessions, total_extractions, extractions_by_type, success_rate` of one agent.

        `success_rate` = sessions ended with exit code 0 / sessions ended; None when none has ended.
        """
        by_type = self._connection.execute(_sql.types_of_agent, (agent,)).fetchall()
        sessions, ended, good = self._connection.execute(_sql.sessions_of_agent, (agent,)).fetchone()
        return {
            "agent_name": agent,
            "total_sessions": sessions,
            "total_extractions": sum(row[1] for row in by_type),
            "extractions_by_type": dict(by_type),
            "success_rate": good / ended if ended else None,
        }

    def pattern_stats(self, pattern: str) -> dict[str, object]:
        """`pattern, total, agents, event_types, risk_levels, first, last` of one rule; ns, None when unseen."""
        rows = self._connection.execute(_sql.totals_of_pattern, (pattern,)).fetchall()
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
