"""Facts of one source on their way into the store: masked, made relative to the project, priced, run through the rules.

Inside a transaction of the caller's. Long results of tools go into the session's stream "tool", where they are
compressed and searched as any output; the event keeps their beginning.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from tachograph.analyse.cost import price
from tachograph.errors import BadRecord
from tachograph.extract.extractor import Found
from tachograph.extract.redact import redact_text
from tachograph.extract.rules import Rules
from tachograph.ingest.chunker import Chunker, passages
from tachograph.ingest.findings import as_records
from tachograph.ingest.pieces import Printed
from tachograph.ingest.preparing import Prepared, prepared, storable
from tachograph.ingest.told_session import ToldSession
from tachograph.records import Fact, OutputPiece, Retracted, SessionFacts, Step, Unknown
from tachograph.store import Store
from tachograph.store.output import TOOL_STREAM, Chunk


class Telling:
    """What one source tells. `source` is its name in `store.steps.RANKS`."""

    def __init__(self, store: Store, rules: Rules, agent: str, *, source: str) -> None:
        self._store = store
        self._rules = rules
        self._agent = agent
        self._source = source
        self._steps: list[Prepared] = []
        self._sessions: dict[str, ToldSession] = {}
        self._tools: dict[int, Chunker] = {}
        self._printed: dict[int, Printed] = {}
        self.session: ToldSession | None = None
        self.unknown: dict[str, list[Any]] = {}  # kind → [count, sample]
        self._last_at = 0

    @property
    def sessions(self) -> list[ToldSession]:
        """Every session that was told of since this was made."""
        return list(self._sessions.values())

    def tell(self, facts: Iterable[Fact | Prepared], *, now: int) -> None:
        """Store facts in their order; `now` in ns is the time of steps that have none before the first that has one."""
        self._last_at = self._last_at or now
        told = list(prepared(facts, self._rules))
        for fact in told:
            if isinstance(fact, Prepared):
                self._steps.append(self._timed(fact))
            elif isinstance(fact, SessionFacts):
                self._turn_to(fact, told)
            elif isinstance(fact, OutputPiece):
                self._print(fact)
            elif isinstance(fact, Retracted):
                self._flush()
                if self.session is not None:
                    self._store.steps.retract(self.session.id, fact.keys)
            elif isinstance(fact, Unknown):
                self._count_unknown(fact)
        self._flush()
        for session in self._sessions.values():
            session.save()

    def recall(self, facts: Iterable[Fact]) -> None:
        """Facts that are stored already: only what later ones depend on is learned from them."""
        told = list(facts)
        for fact in told:
            if isinstance(fact, Step):
                self._last_at = fact.at or self._last_at
            elif isinstance(fact, SessionFacts):
                self._turn_to(fact, told)
            elif isinstance(fact, Unknown):
                self._count_unknown(fact)

    def settle(self, *, over: bool) -> None:
        """Inside a transaction: all that is there was told; `over`: and nobody has written for a while."""
        for session in self._sessions.values():
            session.settle(sum(count for count, _ in self.unknown.values()), over=over)

    def close(self) -> None:
        """No more bytes of output for now: unfinished lines are shown as they are."""
        for printed in self._printed.values():
            printed.close()

    def _count_unknown(self, fact: Unknown) -> None:
        entry = self.unknown.setdefault(fact.kind[:80], [0, redact_text(fact.sample or "")[0][:200]])
        entry[0] += 1

    def _timed(self, one: Prepared) -> Prepared:
        if one.step.at:
            self._last_at = one.step.at
            return one
        return one._replace(step=msgspec.structs.replace(one.step, at=self._last_at))

    def _turn_to(self, facts: SessionFacts, told: Sequence[Fact | Prepared]) -> None:
        if self.session is not None and self.session.native_id != facts.id:
            self._flush()
        session = self._sessions.get(facts.id)
        if session is None:
            session = self._sessions[facts.id] = ToldSession(
                self._store, _all_of(facts.id, told), self._agent, self._source
            )
        session.learn(facts)
        self.session = session

    def _print(self, piece: OutputPiece) -> None:
        if self.session is None:
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
        steps = [_placed(one.step, session) for one in waiting]
        try:
            told = self._store.steps.put(session.id, session.agent, steps, source=self._source)
        except BadRecord:  # one value that nothing can hold must not cost its neighbours
            steps = [storable(step) for step in steps]
            told = self._store.steps.put(session.id, session.agent, steps, source=self._source)
        session.heard(steps[-1].at)
        chunks: dict[int, Chunk] = {}
        for step, one in zip(steps, waiting, strict=True):
            if step.content and step.key in told.renewed:
                event = told.events[step.key]
                first = self._store_result(session, event, one.result, step.at, chunks) if one.result else 1
                self._add_found(session, step, one.found, first)
        self._store.output.write(session.row, list(chunks.values()))

    def _store_result(self, session: ToldSession, event: int, text: str, at: int, chunks: dict[int, Chunk]) -> int:
        """The number of its first line in the stream."""
        chunker = self._tools.get(session.row)
        if chunker is None:
            chunker = Chunker(TOOL_STREAM, self._store.output.last(session.row, TOOL_STREAM))
            self._tools[session.row] = chunker
        data = text.encode("utf-8", "replace")
        ended = data if data.endswith(b"\n") else data + b"\n"
        first = chunker.line
        for chunk in chunker.add(ended, [(at, len(ended))]):
            chunks[chunk.number] = chunk
        self._store.steps.add_output(session.row, event, first, chunker.line - first, len(data))
        for passage in passages(list(enumerate(text.split("\n"), first))):
            self._store.output.index(session.row, TOOL_STREAM, passage.first, passage.last, passage.text)
        return first

    def _add_found(self, session: ToldSession, step: Step, found: Sequence[Found], first: int) -> None:
        """Findings in a text whose first line is number `first` of its stream."""
        if not found:
            return
        extractions, blocks = as_records(
            [(one, step.at) for one in found], session_id=session.id, agent=session.agent, source=self._source
        )
        told = {"step": step.event_type}
        call = step.tool_call_id or (step.key[5:] if step.key.startswith("call:") else None)
        if call:  # a result may name it only in its key
            told["tool_call_id"] = call
        self._store.extractions.add_many(
            [
                msgspec.structs.replace(
                    one, metadata={**(one.metadata or {}), **told}, line_number=(one.line_number or 1) + first - 1
                )
                for one in extractions
            ]
        )
        for block in blocks:
            self._store.code_blocks.add(block)


def _placed(step: Step, session: ToldSession) -> Step:
    """Its file as seen from the project, its usage with a price."""
    changes: dict[str, Any] = {}
    if step.file_path:
        changes["file_path"] = session.relative(step.file_path)
    if step.usage is not None and step.usage.cost_usd is None:
        found = price(step.usage, step.at)
        if found is not None:
            changes["usage"] = msgspec.structs.replace(step.usage, cost_usd=found.usd)
            changes["metadata"] = {**(step.metadata or {}), "cost_source": found.source}
    return msgspec.structs.replace(step, **changes) if changes else step


def _all_of(session_id: str, told: Sequence[Fact | Prepared]) -> SessionFacts:
    """What a batch says of one session: which of ours it is depends on more than its first fact."""
    fields: dict[str, Any] = {}
    for fact in told:
        if isinstance(fact, SessionFacts) and fact.id == session_id:
            given = {name: value for name, value in msgspec.structs.asdict(fact).items() if value is not None}
            if "started_at" in fields and "started_at" in given:
                given["started_at"] = min(fields["started_at"], given["started_at"])
            fields |= given
    return SessionFacts(**fields)
