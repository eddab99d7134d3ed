"""Facts of one source on their way into the store: masked, made relative to the project, priced, run through the rules.

Inside a transaction of the caller's. Long results of tools go into the session's stream "tool", where they are
compressed and searched as any output; the event keeps their beginning.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import msgspec

from tachograph.analyse.commands import category
from tachograph.analyse.cost import price
from tachograph.errors import BadRecord
from tachograph.extract.redact import redact_text
from tachograph.extract.rules import Rules
from tachograph.extract.texts import extract_text
from tachograph.ingest.chunker import Chunker, passages
from tachograph.ingest.findings import as_records
from tachograph.ingest.pieces import Printed
from tachograph.ingest.told_session import ToldSession
from tachograph.records import Fact, OutputPiece, Retracted, SessionFacts, Step, Unknown
from tachograph.store import Store
from tachograph.store.output import TOOL_STREAM, Chunk

INLINE = 1000  # characters of a tool's result that stay with the event
_TOOLS = frozenset({"tool_call", "command", "file_op"})
_category = lru_cache(maxsize=8192)(category)


class Telling:
    """What one source tells. `source` is its name in `store.steps.RANKS`."""

    def __init__(self, store: Store, rules: Rules, agent: str, *, source: str) -> None:
        self._store = store
        self._rules = rules
        self._agent = agent
        self._source = source
        self._steps: list[Step] = []
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

    def tell(self, facts: Iterable[Fact], *, now: int) -> None:
        """Store facts in their order; `now` in ns is the time of steps that have none before the first that has one."""
        self._last_at = self._last_at or now
        told = list(facts)
        for fact in told:
            if isinstance(fact, Step):
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

    def _timed(self, step: Step) -> Step:
        if step.at:
            self._last_at = step.at
            return step
        return msgspec.structs.replace(step, at=self._last_at)

    def _turn_to(self, facts: SessionFacts, told: list[Fact]) -> None:
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
        steps, self._steps = self._steps, []
        if not steps or self.session is None:
            return
        session = self.session
        results: dict[str, str] = {}
        prepared = [self._prepared(step, session, results) for step in steps]
        try:
            told = self._store.steps.put(session.id, session.agent, prepared, source=self._source)
        except BadRecord:  # one value that nothing can hold must not cost its neighbours
            prepared = [storable(step) for step in prepared]
            told = self._store.steps.put(session.id, session.agent, prepared, source=self._source)
        session.heard(steps[-1].at)
        self._examine(session, prepared, told.events, told.renewed, results)

    def _prepared(self, step: Step, session: ToldSession, results: dict[str, str]) -> Step:
        """Masked, with category and price; a long result is left in `results`."""
        changes: dict[str, Any] = {}
        if step.content:
            content = redact_text(step.content)[0]
            if step.event_type in _TOOLS and len(content) > INLINE:
                results[step.key] = content
                changes["metadata"] = {**(step.metadata or {}), "content_bytes": len(content.encode(errors="replace"))}
                content = content[:INLINE]
            if content is not step.content:
                changes["content"] = content
        if step.command:
            command = redact_text(step.command)[0]
            changes |= {"command": command, "command_category": _category(command)}
        if step.file_path:
            changes["file_path"] = session.relative(step.file_path)
        if step.metadata:
            changes["metadata"] = masked({**step.metadata, **changes.get("metadata", {})})
        if step.usage is not None and step.usage.cost_usd is None:
            found = price(step.usage, step.at)
            if found is not None:
                changes["usage"] = msgspec.structs.replace(step.usage, cost_usd=found.usd)
                changes["metadata"] = {**(changes.get("metadata") or step.metadata or {}), "cost_source": found.source}
        return msgspec.structs.replace(step, **changes) if changes else step

    def _examine(
        self,
        session: ToldSession,
        steps: Iterable[Step],
        events: dict[str, int],
        renewed: set[str],
        results: dict[str, str],
    ) -> None:
        """Rules over texts that are new; long results into the stream "tool"."""
        chunks: dict[int, Chunk] = {}
        for step in steps:
            if step.key not in renewed or not step.content:
                continue
            first = 1
            if step.key in results:
                first = self._store_result(session, events[step.key], results[step.key], step.at, chunks)
            if step.event_type in {"reply", "command", "tool_call"}:
                self._extract(session, step, results.get(step.key, step.content), first)
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

    def _extract(self, session: ToldSession, step: Step, text: str, first: int) -> None:
        # Commands that a text quotes are not commands of this session: its own are steps.
        found = [one for one in extract_text(self._rules, text) if one.event_type != "command"]
        if not found:
            return
        extractions, blocks = as_records(
            [(one, step.at) for one in found], session_id=session.id, agent=session.agent, source=self._source
        )
        told = {"step": step.event_type}
        if step.tool_call_id:
            told["tool_call_id"] = step.tool_call_id
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


def _all_of(session_id: str, told: list[Fact]) -> SessionFacts:
    """What a batch says of one session: which of ours it is depends on more than its first fact."""
    fields: dict[str, Any] = {}
    for fact in told:
        if isinstance(fact, SessionFacts) and fact.id == session_id:
            given = {name: value for name, value in msgspec.structs.asdict(fact).items() if value is not None}
            if "started_at" in fields and "started_at" in given:
                given["started_at"] = min(fields["started_at"], given["started_at"])
            fields |= given
    return SessionFacts(**fields)


def storable(value: Any) -> Any:
    """The same without what a database cannot hold: half characters, numbers of more than 64 bits."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, Step):
        fields = msgspec.structs.asdict(value)
        usage = fields.pop("usage")
        return Step(**{name: storable(inner) for name, inner in fields.items()}, usage=usage)
    if isinstance(value, dict):
        return {storable(str(key)): storable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [storable(inner) for inner in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return None
    return value


def masked(value: Any) -> Any:
    """A JSON-like value with the secrets in its texts masked; the same object when there is none."""
    if isinstance(value, str):
        return redact_text(value)[0]
    if isinstance(value, dict):
        return {str(key): masked(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [masked(inner) for inner in value]
    return value
