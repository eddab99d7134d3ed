"""Facts of one source on their way into the store: masked, made relative to the project, priced, run through the rules.

Inside a transaction of the caller's. Long results of tools go into the session's stream "tool", where they are
compressed and searched as any output; the event keeps their beginning.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from tachograph.analyse.cost import price
from tachograph.errors import BadRecord
from tachograph.extract.redact import redact_text
from tachograph.extract.rules import Rules
from tachograph.ingest.collisions import Watch
from tachograph.ingest.findings import as_records
from tachograph.ingest.pieces import Printed
from tachograph.ingest.preparing import Prepared, prepared, storable
from tachograph.ingest.results import Results
from tachograph.ingest.told_session import ToldSession
from tachograph.records import Fact, OutputPiece, Retracted, SessionFacts, Step, Unknown
from tachograph.store import Store
from tachograph.store.findings import InStep
from tachograph.store.steps import Told
from tachograph.store.tellings import PRINTED, joined


class Telling:
    """What one source tells. `source` is its name in `store.tellings.RANKS`."""

    def __init__(self, store: Store, rules: Rules, agent: str, *, source: str) -> None:
        self._store = store
        self._rules = rules
        self._agent = agent
        self._source = source
        self._steps: list[Prepared] = []
        self._sessions: dict[str, ToldSession] = {}
        self._printed: dict[int, Printed] = {}
        self._recalled: dict[str, SessionFacts] = {}
        self._stale: set[str] = set()  # sessions that others may have changed since we looked
        self._heard: dict[str, int] = {}  # session → its latest recalled step, in ns
        self._current = self._first = ""  # the session that is told of, that was told of first, by their agent's ids
        self._touched: dict[str, ToldSession] = {}  # sessions told of lately
        self._unknown_in: Counter[str] = Counter()  # lines that nobody understands, by session
        self._watch = Watch(store)
        self.session: ToldSession | None = None
        self.unknown: dict[str, list[Any]] = {}  # kind → [count, sample]
        self.prints = False  # whether output was told, or recalled
        self.closed = False  # whether output was told that nothing may follow
        self._last_at = 0

    @property
    def sessions(self) -> list[ToldSession]:
        """Every session that was told of since this was made."""
        return list(self._sessions.values())

    def tell(self, facts: Iterable[Fact | Prepared], *, now: int, goes_on: bool = False) -> None:
        """Store facts in their order; `now` in ns is the time of steps that have none before the first that has one.
        `goes_on`: in the transaction of the facts before, so that nobody else can have changed anything."""
        self._last_at = self._last_at or now
        if not goes_on:
            self._stale = set(self._sessions)
        if self.session is not None:
            self._look(self.session)
            self._touched[self._current] = self.session
        elif self._current in self._recalled:
            self._turn_to(SessionFacts(self._current), {})
        told = list(prepared(facts, self._rules))
        known = _by_session(told)
        for fact in told:
            if isinstance(fact, Prepared):
                self._steps.append(self._timed(fact))
            elif isinstance(fact, SessionFacts):
                self._source = PRINTED if fact.printed else self._source
                self._turn_to(fact, known)
            elif isinstance(fact, OutputPiece):
                self._print(fact)
            elif isinstance(fact, Retracted):
                self._flush()
                if self.session is not None:
                    self._store.steps.retract(self.session.id, fact.keys)
            elif isinstance(fact, Unknown):
                self._count_unknown(fact)
        self._flush()
        for session in self._touched.values():
            session.save()

    def recall(self, facts: Iterable[Fact]) -> None:
        """Facts that are stored already: only what later ones depend on is learned from them. Stores nothing."""
        for fact in facts:
            if isinstance(fact, SessionFacts):
                self._source = PRINTED if fact.printed else self._source
                known = self._recalled.get(fact.id)
                self._recalled[fact.id] = fact if known is None else _both(known, fact)
                self._current = fact.id
                self._first = self._first or fact.id
            elif isinstance(fact, Step):
                self._last_at = fact.at or self._last_at
                self._heard[self._current] = max(self._heard.get(self._current, 0), fact.at)
            elif isinstance(fact, OutputPiece):
                self._last_at = fact.at or self._last_at
                self.prints = True
            elif isinstance(fact, Unknown):
                self._count_unknown(fact)

    def settle(self, *, modified_at: int) -> None:
        """Inside a transaction: all that is there was told; `modified_at`, ns, is when it was written last."""
        for session in self._touched.values():
            self._look(session)
            session.settle(modified_at)
        for printed in self._printed.values():
            printed.settle()

    def touched(self) -> list[ToldSession]:
        """The sessions told of since the last time this was asked."""
        touched, self._touched = self._touched, {}
        return list(touched.values())

    def unknown_in(self, session: ToldSession) -> int:
        """Lines told with a session that nobody understands; those before any session count for the first."""
        early = self._unknown_in[""] if session.native_id == self._first else 0
        return self._unknown_in[session.native_id] + early

    def close(self) -> None:
        """No more bytes of output for now: unfinished lines are shown as they are."""
        for printed in self._printed.values():
            printed.close()
            self.closed = True

    def _count_unknown(self, fact: Unknown) -> None:
        kind, sample = (storable(redact_text(text)[0]) for text in (fact.kind, fact.sample or ""))
        entry = self.unknown.setdefault(kind[:80], [0, sample[:200]])
        entry[0] += 1
        self._unknown_in[self._current] += 1

    def _timed(self, one: Prepared) -> Prepared:
        if one.step.at:
            self._last_at = one.step.at
            return one
        return one._replace(step=msgspec.structs.replace(one.step, at=self._last_at))

    def _turn_to(self, facts: SessionFacts, batch: Mapping[str, SessionFacts]) -> None:
        """`batch`: what is said of each session; which of ours one is depends on more than its first fact."""
        if self.session is not None and self.session.native_id != facts.id:
            self._flush()
        session = self._sessions.get(facts.id)
        if session is None:
            recalled = self._recalled.pop(facts.id, None)
            known = batch.get(facts.id, facts)
            if recalled is not None:
                known = _both(recalled, known)
            session = ToldSession(self._store, known, self._agent, self._source, self._last_at)
            session.heard(self._heard.pop(facts.id, 0))
            self._sessions[facts.id] = session
            if recalled is not None:
                session.learn(recalled)
        self._look(session)
        session.learn(facts)
        self.session, self._current, self._touched[facts.id] = session, facts.id, session
        self._first = self._first or facts.id

    def _look(self, session: ToldSession) -> None:
        if session.native_id in self._stale:
            self._stale.discard(session.native_id)
            session.refresh()

    def _print(self, piece: OutputPiece) -> None:
        self.prints = True
        if self.session is None or self.session.wrapped:  # what a wrapped run shows is recorded
            return
        self._last_at = piece.at or self._last_at
        printed = self._printed.get(self.session.row)
        if printed is None:
            printed = self._printed[self.session.row] = Printed(
                self._store, self._rules, self.session.row, self.session.id, self.session.agent, self._source
            )
        printed.add(piece, piece.at or self._last_at)

    def _flush(self) -> None:
        """The steps of the current session."""
        printed = self._printed.get(self.session.row) if self.session is not None else None
        if printed is not None:
            printed.flush()
        waiting, self._steps = self._steps, []
        if not waiting or self.session is None:
            return
        session = self.session
        session.heard(max(one.step.at for one in waiting))
        steps = {key: one._replace(step=_placed(one.step, session)) for key, one in _by_key(waiting).items()}
        try:
            told = self._put(session, [one.step for one in steps.values()])
        except BadRecord:  # one value that nothing can hold must not cost its neighbours
            steps = {key: one._replace(step=storable(one.step)) for key, one in steps.items()}
            told = self._put(session, [one.step for one in steps.values()])
        self._examine(session, steps, told)
        self._watch.saw(session, steps.values(), told.events)

    def _put(self, session: ToldSession, steps: list[Step]) -> Told:
        return self._store.steps.put(session.id, session.agent, steps, source=self._source)

    def _examine(self, session: ToldSession, steps: dict[str, Prepared], told: Told) -> None:
        """Texts that are new, or others than before: what was found in them, long results into their stream."""
        results = Results(self._store, session.row)
        fresh = []
        for key, one in steps.items():
            event = told.events.get(key, 0)
            if key in told.fresh and one.step.content:
                first = results.add(event, one.result, one.at, fresh=True) if one.result else 1
                if one.found:
                    fresh.append(self._in_step(session, event, one, first))
            changed = told.texts.get(key)
            if changed or (changed is False and results.differs(event, one.step.content or "", one.result)):
                before = self._store.steps.output_begins(event) or 1
                first = results.add(event, one.result, one.at) if one.result else results.drop(event)
                self._store.findings.replace(session.row, self._in_step(session, event, one, first), before)
        self._store.findings.add(fresh)
        results.write()

    def _in_step(self, session: ToldSession, event: int, one: Prepared, first: int) -> InStep:
        """Findings in a text whose first line is number `first` of its stream."""
        extractions, blocks = as_records(
            [(found, one.at) for found in one.found], session_id=session.id, agent=session.agent, source=self._source
        )
        told = {"step": one.step.event_type}
        call = one.step.tool_call_id or (one.step.key[5:] if one.step.key.startswith("call:") else None)
        if call:  # a result may name it only in its key
            told["tool_call_id"] = call
        extractions = [
            msgspec.structs.replace(found, metadata={**(found.metadata or {}), **told}) for found in extractions
        ]
        return InStep(event, first, extractions, blocks)


def _by_key(steps: Iterable[Prepared]) -> dict[str, Prepared]:
    """Steps told several times are one, in the place of the first telling."""
    found: dict[str, Prepared] = {}
    for one in steps:
        first = found.get(one.step.key)
        if first is None:
            found[one.step.key] = one._replace(at=one.step.at)
        elif one.step.content is None:
            found[one.step.key] = first._replace(step=joined(first.step, one.step))
        else:
            found[one.step.key] = one._replace(step=joined(first.step, one.step), at=one.step.at)
    return found


def _placed(step: Step, session: ToldSession) -> Step:
    """Its file as seen from the project, its usage with a price."""
    changes: dict[str, Any] = {}
    if step.file_path:
        changes["file_path"] = session.relative(step.file_path)
    if step.usage is not None and step.usage.cost_usd is None:
        found = price(step.usage, step.at)
        if found is not None:
            changes["usage"] = msgspec.structs.replace(step.usage, cost_usd=found.usd, cost_source=found.source)
    return msgspec.structs.replace(step, **changes) if changes else step


def _by_session(told: Iterable[Fact | Prepared]) -> dict[str, SessionFacts]:
    """All that a batch says of each session."""
    found: dict[str, SessionFacts] = {}
    for fact in told:
        if isinstance(fact, SessionFacts):
            before = found.get(fact.id)
            found[fact.id] = fact if before is None else _both(before, fact)
    return found


def _both(first: SessionFacts, then: SessionFacts) -> SessionFacts:
    """What two facts say of one session, one after the other."""
    fields = {**_known(first), **_known(then)}
    if first.started_at is not None and then.started_at is not None:
        fields["started_at"] = min(first.started_at, then.started_at)
    if first.last_at is not None and then.last_at is not None:
        fields["last_at"] = max(first.last_at, then.last_at)
    if first.metadata and then.metadata:
        fields["metadata"] = {**first.metadata, **then.metadata}
    return SessionFacts(**fields)


def _known(facts: SessionFacts) -> dict[str, Any]:
    return {name: value for name in facts.__struct_fields__ if (value := getattr(facts, name)) is not None}
