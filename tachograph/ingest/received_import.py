"""What agents sent, hooks and telemetry, on its way into the store: all received journals together, in order of time.

A message is a record; those of one agent depend on each other (Memory), and lie in as many files as there were calls.
What was understood, what is remembered and how far each file was read commit together.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from types import ModuleType
from typing import Any, NamedTuple

import msgspec

from tachograph.errors import BadRecord
from tachograph.extract.redact import redact, redact_text
from tachograph.extract.rules import Rules
from tachograph.ingest import journals
from tachograph.ingest.preparing import storable
from tachograph.ingest.telling import Telling
from tachograph.journal import frame
from tachograph.journal.reader import Batch, Record, read
from tachograph.readers import hooking, otlp
from tachograph.readers.hooking import Memory
from tachograph.readers.values import Object, count, table, text
from tachograph.records import Fact, SessionFacts, Unknown
from tachograph.store import Store
from tachograph.store.sources import Source

STEP_BYTES = 4 << 20  # of all files together
_ACCOUNT, _MEMORY = "received from ", "memory of "  # sources beside the journals: none is called like that
_UNKNOWN_KINDS = 50
_PROOFS = 20
PROOF = "tachograph_proof"  # a message with this in it is a try of ours: it says nothing of any session

IsLive = Callable[[str, str], bool]


class Account(NamedTuple):
    """What came from one agent by one way ("hook" or "otlp"), since it was first heard of."""

    agent: str
    source: str
    messages: int
    last_at: int  # ns
    unknown: dict[str, list[Any]]  # kind → [count, sample]
    proofs: list[str]  # of the latest tries


class _File(NamedTuple):
    path: str
    source: Source
    batch: Batch
    finished: bool


class ReceivedImport:
    """`step` with the names of all received journals, until it says that nothing is left. Drop it after any error."""

    def __init__(self, store: Store, rules: Rules, folder: str) -> None:
        self._store = store
        self._rules = rules
        self._folder = folder

    def step(self, names: Iterable[str], is_live: IsLive) -> tuple[bool, bool]:
        """(something was imported, there may be more later). Raises StoreError; a file that vanished is left out."""
        files, waiting = self._read(sorted(names), is_live)
        moved = any(file.batch.records or file.batch.damage for file in files)
        if files:
            with self._store.transaction():
                self._tell([record for file in files for record in file.batch.records])
                for file in files:
                    self._save(file)
        for file in files:
            if file.finished and file.batch.done:
                self._discard(file)
        return moved, waiting

    def _read(self, names: Sequence[str], is_live: IsLive) -> tuple[list[_File], bool]:
        files: list[_File] = []
        size, waiting = 0, False
        for name in names:
            if size >= STEP_BYTES:
                return files, True
            path = os.path.join(self._folder, name)
            live = is_live(path, name)  # asked before reading: what is written after the answer is read next time
            waiting |= live
            try:
                file = self._one(path, name, finished=not live)
            except FileNotFoundError:
                continue
            if file is not None:
                files.append(file)
                size += sum(len(record.body) for record in file.batch.records)
                waiting |= not file.batch.done
        return files, waiting

    def _one(self, path: str, name: str, *, finished: bool) -> _File | None:
        fingerprint = journals.fingerprint(path)
        if fingerprint is None:
            if finished:
                os.unlink(path)
            return None
        source = self._store.sources.get(name, fingerprint)
        batch = read(path, source.offset, source.sequence, STEP_BYTES, finished=finished)
        if not batch.records and not batch.damage and not (finished and batch.done):
            return None
        return _File(path, source, batch, finished)

    def _save(self, file: _File) -> None:
        """How far it was read; what could not be read is set aside."""
        batch = file.batch
        for damage in batch.damage:
            masked = redact_text(repr(damage.bytes))[0].encode()
            self._store.sources.quarantine(file.source.id, damage.offset, damage.length, damage.reason, masked)
        self._store.sources.move(
            file.source.id, session=None, offset=batch.offset, sequence=batch.sequence, seen=batch.offset,
            done=file.finished and batch.done, state={},
        )  # fmt: skip

    def _discard(self, file: _File) -> None:
        try:
            os.unlink(file.path)
        except FileNotFoundError:
            pass
        self._store.sources.forget(file.source.id)  # there are very many of them

    def _tell(self, records: Iterable[Record]) -> None:
        voices = _Voices(self._store, self._rules)
        for record in sorted(records, key=lambda record: record.at):
            if record.kind == frame.HOOK:
                voices.hook(redact(record.body).data, record.at)
            elif record.kind == frame.TELEMETRY:
                voices.telemetry(record.body, record.at)
        voices.save()


class _Voices:
    """All who speak in one transaction, and what must be remembered of them."""

    def __init__(self, store: Store, rules: Rules) -> None:
        self._store = store
        self._rules = rules
        self._voices: dict[tuple[str, str], _Voice] = {}
        self._memories: dict[str, tuple[int, Memory]] = {}

    def hook(self, data: bytes, at: int) -> None:
        """A masked record of a hook."""
        try:
            envelope = table(msgspec.json.decode(data))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            envelope = _broken(data)
        agent = text(envelope.get("agent")) or "unknown"
        module, body = hooks_of(agent), envelope.get("body")
        facts: Iterable[Fact]
        if isinstance(proof := table(body).get(PROOF), str):
            self._voice(agent, "hook").prove(proof)
            return
        if "not_json" in envelope:
            facts = [Unknown("not JSON", envelope["not_json"])]
        elif module is None:
            facts = [hooking.not_understood(f"hook of {agent}", body)]
        else:
            facts = module.hook(text(envelope.get("event")), body, at, self._memory(agent))
        session, workflow = text(envelope.get("session")), text(envelope.get("workflow"))
        self._voice(agent, "hook").tell([_joined(fact, session, workflow) for fact in facts], at)

    def telemetry(self, body: bytes, at: int) -> None:
        """A record of an export over OTLP: the line about it, then the message itself."""
        head, _, message = body.partition(b"\n")
        try:
            about = table(msgspec.json.decode(head))
        except (msgspec.DecodeError, UnicodeDecodeError):
            about = {}
        signal, encoding = str(about.get("signal")), str(about.get("encoding"))
        for agent, facts in otlp.facts(signal, encoding, message, at, self._memory("otlp"), _masked):
            self._voice(agent, "otlp").tell(facts, at)

    def save(self) -> None:
        """Keep what must be remembered, and how the sessions stand now."""
        for voice in self._voices.values():
            voice.save()
        for number, memory in self._memories.values():
            self._move(number, storable(memory.state))  # names are the agents': one that is no text stops nobody

    def _memory(self, name: str) -> Memory:
        if name not in self._memories:
            source = self._store.sources.get(f"{_MEMORY}{name}", "")
            self._memories[name] = (source.id, Memory(source.state))
        return self._memories[name][1]

    def _voice(self, agent: str, source: str) -> _Voice:
        found = self._voices.get((agent, source))
        if found is None:
            found = self._voices[agent, source] = _Voice(self._store, self._rules, agent, source)
        return found

    def _move(self, number: int, state: dict[str, Any]) -> None:
        self._store.sources.move(number, session=None, offset=0, sequence=0, seen=0, done=False, state=state)


class _Voice:
    """One agent by one way: what it says, and how much it said since it was first heard."""

    def __init__(self, store: Store, rules: Rules, agent: str, source: str) -> None:
        self._store = store
        self._kept = store.sources.get(f"{_ACCOUNT}{agent}", source)
        self._begin: Callable[[], Telling] = partial(Telling, store, rules, agent, source=source)
        self._telling = self._begin()
        self._unknown = table(self._kept.state.get("unknown"))
        self._proofs = [str(proof) for proof in self._kept.state.get("proofs") or ()]
        self._messages, self._last_at = 0, 0

    def tell(self, facts: Iterable[Fact], at: int) -> None:
        """Store what one message says; one that cannot be stored takes nothing with it."""
        try:
            with self._store.transaction():
                self._telling.tell(facts, now=at)
        except BadRecord as error:
            self._unknown = _added(self._unknown, {**self._telling.unknown, "refused": [1, str(error)[:200]]})
            self._telling = self._begin()  # what it knows may have been taken back
        self._messages += 1
        self._last_at = max(self._last_at, at)

    def prove(self, proof: str) -> None:
        """A try of ours arrived."""
        self._proofs.append(proof[:64])

    def save(self) -> None:
        """Inside a transaction: how the sessions stand, and the account."""
        for session in self._telling.sessions:
            session.follow()
        known = self._kept.state
        state = {
            "messages": count(known.get("messages")) + self._messages,
            "last_at": max(count(known.get("last_at")), self._last_at),
            "unknown": _added(self._unknown, self._telling.unknown),
            "proofs": self._proofs[-_PROOFS:],
        }
        self._store.sources.move(
            self._kept.id, session=None, offset=0, sequence=0, seen=0, done=False, state=state
        )  # fmt: skip


def accounts(store: Store) -> list[Account]:
    """What was received so far, by agent and way."""
    found = []
    for name, source, state in store.sources.starting_with(_ACCOUNT):
        messages, last_at = count(state.get("messages")), count(state.get("last_at"))
        proofs = [str(proof) for proof in state.get("proofs") or ()]
        unknown = table(state.get("unknown"))
        found.append(Account(name.removeprefix(_ACCOUNT), source, messages, last_at, unknown, proofs))
    return found


def dropped(store: Store) -> dict[str, dict[str, int]]:
    """Agent → what of its telemetry was left out because it says nothing to us, by name."""
    return otlp.dropped(store.sources.get(f"{_MEMORY}otlp", "").state)


@cache
def hooks_of(agent: str) -> ModuleType | None:
    """The module that understands an agent's hooks; None when there is none."""
    if not agent.isidentifier():
        return None
    try:
        return importlib.import_module(f"tachograph.readers.{agent}_hooks")
    except ModuleNotFoundError:
        return None


def with_hooks() -> list[str]:
    """Agents whose hooks are understood."""
    modules = pkgutil.iter_modules(importlib.import_module("tachograph.readers").__path__)
    return [module.name.removesuffix("_hooks") for module in modules if module.name.endswith("_hooks")]


def _masked(data: bytes) -> bytes:
    return redact(data).data


def _broken(body: bytes) -> Object:
    """The envelope of a message that is no JSON: ours is sound, up to the message."""
    head, _, rest = body.partition(b',"body":')
    try:
        found = table(msgspec.json.decode(head + b"}"))
    except (msgspec.DecodeError, UnicodeDecodeError):
        found = {}
    return {**found, "not_json": rest[:800].decode(errors="replace")[:200]}


def _joined(fact: Fact, session: str | None, workflow: str | None) -> Fact:
    """With the names of the wrapped run and of the workflow that the agent, not a subagent of it, is part of."""
    names = {"tachograph_session": session, "tachograph_workflow": workflow}
    told = {name: value for name, value in names.items() if value is not None}
    if not told or not isinstance(fact, SessionFacts) or fact.parent_id is not None:
        return fact
    return msgspec.structs.replace(fact, metadata={**(fact.metadata or {}), **told})


def _added(known: Object, fresh: dict[str, list[Any]]) -> Object:
    counts = {kind: entry for kind, entry in known.items() if isinstance(entry, list) and len(entry) == 2}
    for kind, (more, sample) in fresh.items():
        if kind in counts:
            counts[kind] = [count(counts[kind][0]) + more, counts[kind][1]]
        elif len(counts) < _UNKNOWN_KINDS:
            counts[kind] = [more, sample]
    return counts
