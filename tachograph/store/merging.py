"""Two sessions become one: every row of the second moves to the first, and what both were told of is there once."""

from __future__ import annotations

from typing import Any

from tachograph.records import Step
from tachograph.store import arguments, queries, removing
from tachograph.store.ledger import SESSIONS, Ledger
from tachograph.store.output import LINE_MAX, TOOL_STREAM
from tachograph.store.settling import EVENTS_STREAM
from tachograph.store.steps import Known, Steps, Telling
from tachograph.store.tellers import Tellers
from tachograph.store.tellings import FIELDS, RANKS, hash_of, name_of
from tachograph.store.twins import Twins
from tachograph.store.usage import Usages
from tachograph.store.writer import Writer

_sql = queries.load("merging")
_MOVES = (
    *(_sql.events, _sql.keys, _sql.passages, _sql.usage, _sql.found_lines, _sql.tool_output, _sql.tool_chunks),
    *(_sql.output, _sql.sightings, _sql.feedback, _sql.aliases, _sql.histories, _sql.history_sessions),
    *(_sql.presence, _sql.drop_sent, _sql.kinds, _sql.drop_kinds, _sql.drop_activity, _sql.totals, _sql.drop),
    _sql.unmark,
)


class Merging:
    """`store.merging`"""

    def __init__(self, writer: Writer, usages: Usages, steps: Steps, tellers: Tellers, ledger: Ledger) -> None:
        self._writer = writer
        self._connection: Any = writer.connection
        self._usages = usages
        self._steps = steps
        self._tellers = tellers
        self._ledger = ledger

    def merge(self, into: str, other: str) -> None:
        """Two sessions turn out to be one: everything of `other` moves to `into`, whose id stays. Both exist."""
        with self._writer.change():
            stays = self._writer.session(into, "", 0)
            first, second = stays.number, self._writer.session(other, "", 0).number
            self._ledger.bury(SESSIONS, [second])
            self._tellers.meet(first, second)
            self._join_doubled(first, second)
            self._connection.execute(_sql.children, (into, other))
            self._rename_agent(second, stays.agent)
            self._move(first, second)
            self._writer.changes.merged(first, second, other)
            self._join_twins(first)
            removing.recount(self._writer, first)
            self._usages.total(first)
            self._writer.touch(first)
            self._writer.untouch(second)

    def rename(self, session_id: str, agent: str) -> None:
        """A session turns out to be one of another agent: all of it is. It exists."""
        with self._writer.change():
            number = self._writer.session(session_id, "", 0).number
            self._rename_agent(number, agent)
            self._writer.changes.session(number)
            self._writer.touch(number)

    def _join_doubled(self, first: int, second: int) -> None:
        """Steps that both sessions were told of become those of `first`."""
        doubled = self._connection.execute(_sql.doubled, (first, second)).fetchall()
        gone = dict.fromkeys(event for _, event, *_ in doubled)
        for key, event, teller, own, own_teller in doubled:
            self._absorb(first, key, Known(own, own_teller), second, event, name_of(teller))
            self._connection.execute(_sql.drop_key, (second, key))
            self._connection.execute(_sql.rename, (own, second, event))
            self._connection.execute(_sql.take_count, (own, event))
        removing.remove(self._writer, second, list(gone))

    def _join_twins(self, session: int) -> None:
        """Calls that are there twice, once under a number: the number becomes another name of the other."""
        self._writer.kinds.refresh()
        gone, twins = [], dict[str, Twins]()
        for event, kind in self._connection.execute(_sql.numbered, (session,)).fetchall():
            source = self._writer.kinds.of(kind).source
            twin = twins.setdefault(source, Twins(self._writer, session, source)).of(self._step(event)[0])
            if twin and twin[0] not in gone:
                self._absorb(session, 0, Known(twin[0], RANKS[twin[1]]), session, event, source)
                self._connection.execute(_sql.rename, (twin[0], session, event))
                gone.append(event)
        removing.remove(self._writer, session, gone)

    def _absorb(self, session: int, key: int, own: Known, other: int, event: int, source: str) -> None:
        """What is known of an event of another session, told by `source`, is known of one of our own."""
        step, metadata = self._step(event, key)
        telling = Telling(source, metadata.get("told", {}), metadata.get("sources", ()))
        if self._steps.retell(session, key, step, own, telling):
            removing.clear(self._writer, session, own.event)
            self._steps.drop_output(own.event)
            self._connection.execute(_sql.take_output, (own.event, event))
            self._connection.execute(_sql.take_findings, (own.event, event))
            self._connection.execute(_sql.take_sightings, (own.event, other, event))

    def _step(self, event: int, key: int = 0) -> tuple[Step, dict[str, Any]]:
        """What is stored as it could have been told, and all of its metadata."""
        *values, given, metadata_json, kind, at = self._connection.execute(_sql.step, (event,)).fetchone()
        fields: dict[str, Any] = dict(zip(FIELDS, values, strict=True))
        metadata = arguments.whole(metadata_json, fields["command"], given) or {}
        more = {name: value for name, value in metadata.items() if name not in ("told", "sources")}
        name = f"call:{fields['tool_call_id']}"
        event_type = self._writer.kinds.of(kind).event_type
        return Step(name if hash_of(name) == key else "", event_type, at, **fields, metadata=more or None), metadata

    def _rename_agent(self, session: int, agent: str) -> None:
        """What a session did is done by that agent: whoever asks for an agent finds all or nothing."""
        self._writer.kinds.refresh()
        of = self._writer.kinds.agent_id(agent)
        for event, before, at in self._connection.execute(_sql.renamed, (session, of)).fetchall():
            kind = self._writer.kinds.kind_id(self._writer.kinds.of(before)._replace(agent=agent))
            self._connection.execute(_sql.set_kind, (kind, event))
            removing.change_kind(self._writer, session, event, before, kind, at)
        self._connection.execute(_sql.set_agent, (of, session))

    def _drop_output(self, first: int, second: int) -> None:
        """What `second` printed into streams that `first` has, too."""
        for (stream,) in self._connection.execute(_sql.streams_of_both, (first, second)).fetchall():
            self._writer.unindex(second, stream, 0, LINE_MAX)
            dropped = self._connection.execute(_sql.drop_output, (second, stream)).fetchall()
            self._connection.execute(_sql.shrink_output, (second, *map(sum, zip(*dropped, strict=True))))

    def _move(self, first: int, second: int) -> None:
        """What `second` has becomes that of `first`. Its tool calls and files must be counted again."""
        self._writer.changes.left(second, [row[0] for row in self._connection.execute(_sql.moving, (second,))])
        self._drop_output(first, second)
        last = self._connection.execute(_sql.last_seq, (first,)).get
        chunks, lines = self._connection.execute(_sql.tool_stream, (first,)).fetchone()
        values = (first, second, last, lines, chunks)
        for sql in _MOVES:
            self._connection.execute(sql, values[: max(number for number in range(1, 6) if f"?{number}" in sql)])
        self._writer.move_passages(second, first, {EVENTS_STREAM: last, TOOL_STREAM: lines})
