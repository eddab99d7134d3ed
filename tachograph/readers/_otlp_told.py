"""What one OTLP message says, gathered by session, and what of it was left out."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import msgspec

from tachograph.readers._otlp_wire import Record
from tachograph.readers.hooking import Memory
from tachograph.records import Fact, SessionFacts, Step, Unknown

_NAMES = 100  # kinds of dropped records that are counted by name
_SERIES = 300  # of metrics of one session
_CALLS = 300  # of models, of one session, whose spans are remembered
_TRACES = 200  # whose session is
_OTHERS = "others"


class SessionTold:
    """Facts and steps of one session, in the order of their records."""

    def __init__(self, id: str) -> None:
        self.id = id
        self.first_at = self.last_at = 0
        self.steps: list[Step] = []
        self._facts: dict[str, Any] = {}
        self._metadata: dict[str, object] = {}

    def heard(self, *times: int) -> None:
        """A record of that time was there."""
        for at in filter(None, times):
            self.first_at = min(self.first_at or at, at)
            self.last_at = max(self.last_at, at)

    def facts(self, **facts: object) -> None:
        """What is known of the session; None says nothing."""
        self._facts |= {name: value for name, value in facts.items() if value is not None}

    def noted(self, **metadata: object) -> None:
        """What else is known of it."""
        self._metadata |= {name: value for name, value in metadata.items() if value is not None}

    def done(self) -> list[Fact]:
        facts = {"started_at": self.first_at or None, "last_at": self.last_at or None, **self._facts}
        more = {"metadata": self._metadata} if self._metadata else {}
        return [msgspec.convert({"id": self.id, **facts, **more}, SessionFacts), *self.steps]


class Told:
    """One message of one agent."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._sessions: dict[str, SessionTold] = {}
        self.unknown: list[Unknown] = []

    def session(self, record: Record, id: str, parent: str | None = None) -> SessionTold:
        """The session that a record is of."""
        found = self._sessions.get(id)
        if found is None:
            found = self._sessions[id] = SessionTold(id)
        found.heard(record.at, record.end_at)
        found.facts(parent_id=parent)
        if parent is None:  # a run that is wrapped says so in what its sender says of itself
            found.noted(tachograph_session=record.resource.text("tachograph.session"))
        return found

    def names(self, trace: str, session: str | None) -> None:
        """A record of that trace says which session it is of; whatever else is in it need not."""
        if trace and session:
            self._trace(trace, session)

    def conversation(self, trace: str, session: str | None) -> str | None:
        """The session of a record that names one, or not: then that of its trace, else the trace is taken for it."""
        if session or not trace:
            return session
        return self._trace(trace, f"trace-{trace}")

    def _trace(self, trace: str, session: str) -> str:
        traces = self._memory.known("traces", "sessions")
        found = str(traces.setdefault(trace, session))
        _bound(traces, _TRACES)
        return found

    def doubled(self, session: str, record: Record, used: bool, answered: bool) -> tuple[bool, bool]:
        """Whether tokens and text of this call of a model were told by another span of it: a client has spans of its
        own by now, and so has what instruments it. `used`, `answered`: this one has them."""
        if not record.span_id:
            return False, False
        calls = self._memory.known(f"models {session}", "calls")
        own = [record.parent_id, record.scope, record.at, record.end_at, used, answered]
        same = [kept for id, kept in calls.items() if id != record.span_id and _is_same(id, kept, record.span_id, own)]
        calls[record.span_id] = own
        _bound(calls, _CALLS)
        return any(kept[4] for kept in same), any(kept[5] for kept in same)

    def drop(self, agent: str, record: Record) -> None:
        """A record that says nothing to us: counted by its name."""
        counts = self._memory.known(f"dropped {agent}", record.signal)
        name = record.name[:80] if record.name in counts or len(counts) < _NAMES else _OTHERS
        counts[name] = int(counts.get(name, 0)) + 1

    def measure(self, session: SessionTold, record: Record, name: str) -> None:
        """A point of a metric, into the session's totals; for comparison only, nothing is computed from it."""
        totals = self._memory.known(f"metrics {session.id}", "totals")
        before = totals.get(name)
        before = before if isinstance(before, int | float) else 0
        totals[name] = round(before + (record.value if record.delta else self._growth(session, record)), 9)
        session.noted(metrics=dict(totals))

    def _growth(self, session: SessionTold, record: Record) -> float:
        """By what a series grew that counts from the start of its sender; one that started anew begins at 0."""
        series = self._memory.known(f"metrics {session.id}", "series")
        named = f"{record.name} {sorted(map(str, record.about.values.items()))}".encode(errors="replace")
        key = blake2b(named, digest_size=8).hexdigest()
        start, last = 0, 0.0
        if isinstance(known := series.get(key), list) and len(known) == 2:
            start, last = known
        elif len(series) >= _SERIES:
            return 0.0
        series[key] = [record.at, record.value]
        return record.value - last if start == record.at else record.value

    def done(self) -> list[Fact]:
        """Everything."""
        return [*self.unknown, *(fact for session in self._sessions.values() for fact in session.done())]


def _bound(kept: dict[str, Any], most: int) -> None:
    """Without the oldest."""
    while len(kept) > most:
        del kept[next(iter(kept))]


def _is_same(id: str, call: Any, other_id: str, other: list[Any]) -> bool:
    """Whether two spans of calls of a model are of one call: the one is inside the other, or both have one parent,
    come from two libraries, and the one lasts while the other does."""
    if not isinstance(call, list) or [type(field) for field in call] != [type(field) for field in other]:
        return False
    (parent, scope, begin, end, *_), (other_parent, other_scope, other_begin, other_end, *_) = call, other
    if id == other_parent or other_id == parent:
        return True
    within = begin <= other_begin <= other_end <= end or other_begin <= begin <= end <= other_end
    return bool(parent) and parent == other_parent and scope != other_scope and within
