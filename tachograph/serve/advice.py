"""What an agent is told before it changes a file: that another one, still at work, just did.

Knows what the hooks that pass here say, and asks the store for what agents without hooks did. Never in anybody's way:
what takes longer than `PATIENCE`, or goes wrong, is no advice.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import msgspec

from tachograph import clock
from tachograph.analyse.collisions import ago
from tachograph.capture import received
from tachograph.config import FILE, Config
from tachograph.ingest.collisions import window
from tachograph.ingest.locating import real, whole
from tachograph.ingest.opening import open_store
from tachograph.ingest.received_import import hooks_of, with_hooks
from tachograph.paths import Places
from tachograph.readers.hooking import Memory
from tachograph.readers.values import table
from tachograph.records import Fact, SessionFacts, Step
from tachograph.regexes import regex
from tachograph.store import Store
from tachograph.store.tellings import joined

PATIENCE = 0.1  # seconds
_CHANGES = {"write": "wrote", "edit": "edited", "delete": "deleted"}
_FAILED = {"error", "rejected", "interrupted"}
_PATHS = 5000  # remembered; the one that was silent longest is forgotten
_LOOK = 5 * clock.SECOND  # between two looks at the settings
_OF_USE = (*received.AROUND_TOOLS, b"essionEnd")
_NAME = regex(r"[\w.@+-]{1,80}")


class _Change(NamedTuple):
    session: str
    agent: str
    did: str
    at: int


class Advisor:
    """`advise` is asked with every message of a hook; the answer is for the agent, in its own words."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._worker = ThreadPoolExecutor(1, "advice")
        self._store: Store | None = None
        self._changes: dict[str, dict[str, _Change]] = {}  # path → session → its last change
        self._seen: dict[tuple[str, str], int] = {}  # session, path → when it last read or changed it
        self._told: dict[tuple[str, str], int] = {}  # session, path → the change that it was told of
        self._parents: dict[str, str] = {}
        self._ended: set[str] = set()
        self._settings = (False, False)  # warn, refuse
        self._looked = 0
        self.given = 0  # pieces of advice so far
        self._worker.submit(self._prepare)

    async def advise(self, agent: str, event: str | None, body: bytes) -> bytes | None:
        """JSON for the agent, or None: nothing is to be said."""
        named = (event or "").encode()
        if len(body) > received.ASKED_MAX or not any(part in named or part in body for part in _OF_USE):
            return None
        work = self._worker.submit(self._quietly, agent, event, body)
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(work)), PATIENCE)
        return None

    def _prepare(self) -> None:
        """Importing is what would take the first agent too long."""
        for agent in with_hooks():
            hooks_of(agent)

    def close(self) -> None:
        self._worker.submit(self._close)
        self._worker.shutdown(wait=False)

    def _close(self) -> None:
        if self._store is not None:
            self._store.close()

    def _quietly(self, agent: str, event: str | None, body: bytes) -> bytes | None:
        try:
            return self._advice(agent, event, body, clock.now())
        except Exception:  # an agent waits for us: whatever it is, it shall go on
            self._store = None
            return None

    def _advice(self, agent: str, event: str | None, body: bytes, at: int) -> bytes | None:
        module = hooks_of(agent)
        if module is None:
            return None
        given = table(msgspec.json.decode(body))
        facts: list[Fact] = module.hook(event, given, at, Memory())
        session = next((fact for fact in facts if isinstance(fact, SessionFacts)), None)
        if session is None:
            return None
        if session.parent_id is not None:
            self._parents[session.id] = session.parent_id
        self._live(session)
        name = str(given.get("hook_event_name") or given.get("hookName") or event).encode()
        before = any(part in name for part in received.BEFORE_TOOLS)
        asked = [path for step in _told(facts) if (path := self._note(session, agent, step, at, before)) is not None]
        warn, refuse = self._wanted()
        if not asked or not (warn or refuse) or not hasattr(module, "answer"):
            return None
        notes = [note for path in asked if (note := self._about(session.id, path, at))]
        if not notes:
            return None
        self.given += 1
        answer: bytes = msgspec.json.encode(module.answer(" ".join(notes), refuse))
        return answer

    def _live(self, session: SessionFacts) -> None:
        if session.status in ("completed", "failed", "interrupted"):
            self._ended.add(session.id)
        else:
            self._ended.discard(session.id)

    def _note(self, session: SessionFacts, agent: str, step: Step, at: int, before: bool) -> str | None:
        """Remember what was done; the path when it is about to be changed."""
        assert step.file_path is not None
        path = real(whole(session.project_dir, step.file_path))
        if before:
            return path if step.operation in _CHANGES else None
        if step.status not in _FAILED:
            self._seen.pop((session.id, path), None)
            self._seen[session.id, path] = at
            if step.operation in _CHANGES:
                known = self._changes.pop(path, {})
                known[session.id] = _Change(session.id, agent, _CHANGES[step.operation], at)
                self._changes[path] = known
        for remembered in (self._changes, self._seen, self._told):
            if len(remembered) > _PATHS:
                del remembered[next(iter(remembered))]  # type: ignore[arg-type]
        return None

    def _about(self, session: str, path: str, at: int) -> str | None:
        """What to say of a path that `session` is about to change; once for each change."""
        change = self._latest(session, path, at)
        if change is None or self._seen.get((session, path), 0) >= change.at:
            return None
        if self._told.get((session, path), 0) >= change.at:
            return None
        self._told[session, path] = change.at
        who = change.session if change.session.startswith(change.agent) else f"{change.agent} session {change.session}"
        who = who if _NAME.fullmatch(change.session) else "another session"
        name = os.path.basename(path)
        name = name if _NAME.fullmatch(name) else "this file"  # words of others are not for the model
        return f"{who} {change.did} {name} {ago(at - change.at)} ago: read it again before you change it."

    def _latest(self, session: str, path: str, at: int) -> _Change | None:
        since = at - window()
        found = [one for one in self._changes.get(path, {}).values() if self._counts(one, session, since)]
        with contextlib.suppress(Exception):  # a store that is not there, busy or damaged says nothing
            stored = self._opened().touches.recent(path, since, session)
            if stored is not None:
                one = _Change(stored[0], stored[1], "changed", stored[2])
                found += [one] if self._counts(one, session, since) else []
        return max(found, key=lambda one: one.at, default=None)

    def _counts(self, change: _Change, session: str, since: int) -> bool:
        """Another session's, still at work, that neither started this one nor was started by it."""
        family = {session, self._parents.get(session)}
        related = change.session in family or self._parents.get(change.session) == session
        return not related and change.at >= since and change.session not in self._ended

    def _opened(self) -> Store:
        if self._store is None:
            self._store = open_store(self._places.database, readonly=True)
        return self._store

    def _wanted(self) -> tuple[bool, bool]:
        present = clock.monotonic()
        if not self._looked or present - self._looked > _LOOK:
            self._looked = present
            config = Config(os.path.join(self._places.config, FILE))
            self._settings = bool(config.get("collisions.warn")), bool(config.get("collisions.block"))
        return self._settings


def _told(facts: list[Fact]) -> list[Step]:
    """The steps of one message that are about files: a call and its result are two tellings of one."""
    found: dict[str, Step] = {}
    for fact in facts:
        if isinstance(fact, Step):
            found[fact.key] = joined(found[fact.key], fact) if fact.key in found else fact
    return [step for step in found.values() if step.file_path]


async def listen(places: Places, advisor: Advisor, stop: asyncio.Event) -> None:
    """Answer `tachograph hook` on a socket in the data folder until told to stop; without one where that cannot be."""
    path = os.path.join(places.data, received.ANSWERS)
    if not hasattr(asyncio, "start_unix_server") or len(os.fsencode(path)) > 100:
        return

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, msgspec.DecodeError, asyncio.LimitOverrunError, ValueError):
            record = msgspec.json.decode(await reader.read(-1), type=_Record)
            found = await advisor.advise(record.agent, record.event, bytes(record.body))
            writer.write(found or b"")
            await writer.drain()
        writer.close()

    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    try:
        server = await asyncio.start_unix_server(answer, path, limit=1 << 16)
    except OSError:
        return
    os.chmod(path, 0o600)
    try:
        await stop.wait()
    finally:
        server.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


class _Record(msgspec.Struct):
    """The body of a K record, as `received.hook` makes it."""

    agent: str
    body: msgspec.Raw
    event: str | None = None
