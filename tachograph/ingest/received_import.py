"""A journal of what agents sent (hooks, telemetry) on its way into the store; stands in for a `JournalImport`.

What one message means may depend on those before it, which lie in other journals: what a reader must remember of an
agent is kept with the positions of the journals, in the transaction of the rows.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable
from functools import cache
from types import ModuleType
from typing import Any

import msgspec

from tachograph.capture import received
from tachograph.extract.redact import redact, redact_text
from tachograph.extract.rules import Rules
from tachograph.ingest.telling import Telling
from tachograph.journal.reader import Record, read
from tachograph.readers.hooking import Memory
from tachograph.records import Fact, SessionFacts
from tachograph.store import Store

STEP_BYTES = 1 << 20


class ReceivedImport:
    """`step` until it says nothing is left; drop it after any error."""

    def __init__(self, store: Store, rules: Rules, path: str, fingerprint: str) -> None:
        self._store = store
        self._rules = rules
        self.path = path
        self._source = store.sources.get(os.path.basename(path), fingerprint)
        self.done = self._source.done
        self._offset, self._sequence = self._source.offset, self._source.sequence

    def step(self, *, finished: bool) -> bool:
        """Import up to STEP_BYTES. True when something was read. Raises StoreError; then drop this object."""
        batch = read(self.path, self._offset, self._sequence, STEP_BYTES, finished=finished)
        ending = finished and batch.done and not self.done
        if not batch.records and not batch.damage and not ending:
            return False
        with self._store.transaction():
            told = _Told(self._store, self._rules)
            for record in batch.records:
                told.take(record)
            told.close()
            for damage in batch.damage:
                data = redact_text(repr(damage.bytes))[0].encode()
                self._store.sources.quarantine(self._source.id, damage.offset, damage.length, damage.reason, data)
            self._offset, self._sequence, self.done = batch.offset, batch.sequence, ending or self.done
            self._store.sources.move(
                self._source.id, session=None, offset=self._offset, sequence=self._sequence, seen=self._offset,
                done=self.done, state={"unknown": told.unknown} if told.unknown else {},
            )  # fmt: skip
        return True

    def glimpse(self) -> None:
        """Nothing is ever unfinished here."""


class _Told:
    """The messages of one transaction."""

    def __init__(self, store: Store, rules: Rules) -> None:
        self._store = store
        self._rules = rules
        self._tellings: dict[tuple[str, str], Telling] = {}
        self._memories: dict[str, tuple[int, Memory]] = {}

    @property
    def unknown(self) -> dict[str, list[Any]]:
        """Messages that nobody understands: kind → [count, sample]."""
        found: dict[str, list[Any]] = {}
        for telling in self._tellings.values():
            found |= telling.unknown
        return found

    def take(self, record: Record) -> None:
        """Facts of one message into the store."""
        if record.kind == received.HOOK:
            self._hook(record)
        elif record.kind == received.TELEMETRY:
            self._telemetry(record)

    def close(self) -> None:
        """Statuses follow, memories are kept."""
        for telling in self._tellings.values():
            for session in telling.sessions:
                session.follow()
        for number, memory in self._memories.values():
            self._store.sources.move(
                number, session=None, offset=0, sequence=0, seen=0, done=True, state=dict(memory.state)
            )

    def _hook(self, record: Record) -> None:
        try:
            envelope = msgspec.json.decode(redact(record.body).data)
        except msgspec.DecodeError:
            return
        agent = str(envelope.get("agent"))
        module = hooks_of(agent)
        if module is None:
            return
        facts = module.hook(envelope.get("event"), envelope.get("body"), record.at, self._memory(agent))
        self._tell(module.name if hasattr(module, "name") else agent, "hook", _within(facts, envelope), record.at)

    def _telemetry(self, record: Record) -> None:
        head, _, body = record.body.partition(b"\n")
        reader = telemetry_reader()
        try:
            named = msgspec.json.decode(head)
        except msgspec.DecodeError:
            return
        if reader is None:
            return
        told = reader.facts(named.get("signal"), named.get("encoding"), body, record.at, self._memory("otlp"))
        for agent, facts in told:
            self._tell(agent, "otlp", facts, record.at)

    def _tell(self, agent: str, source: str, facts: Iterable[Fact], at: int) -> None:
        telling = self._tellings.get((agent, source))
        if telling is None:
            telling = self._tellings[agent, source] = Telling(self._store, self._rules, agent, source=source)
        telling.tell(facts, now=at)

    def _memory(self, agent: str) -> Memory:
        if agent not in self._memories:
            source = self._store.sources.get(f"memory of {agent}", "hooks")
            self._memories[agent] = (source.id, Memory(source.state))
        return self._memories[agent][1]


def _within(facts: Iterable[Fact], envelope: dict[str, Any]) -> Iterable[Fact]:
    """The wrapped run in which the agent says it is."""
    run = envelope.get("session")
    for fact in facts:
        if isinstance(fact, SessionFacts) and isinstance(run, str) and run and not fact.parent_id:
            yield msgspec.structs.replace(fact, metadata={**(fact.metadata or {}), "tachograph_session": run})
        else:
            yield fact


@cache
def hooks_of(agent: str) -> ModuleType | None:
    """The module that understands an agent's hooks; None when there is none."""
    if not agent.isidentifier():
        return None
    return _module(f"{agent}_hooks")


@cache
def telemetry_reader() -> ModuleType | None:
    """The module that understands OTLP."""
    return _module("otlp")


def _module(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(f"tachograph.readers.{name}")
    except ModuleNotFoundError:
        return None
