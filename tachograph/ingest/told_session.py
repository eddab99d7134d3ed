"""The session that a source tells of: found or made, and what is learned of it.

A run that we wrapped and whose agent writes a history is one session: by the name the wrapper gave its child
(TACHOGRAPH_SESSION, when hooks or telemetry pass it on), else by agent, folder and time.
"""

from __future__ import annotations

import os
from typing import Any

from tachograph.clock import SECOND
from tachograph.extract.redact import redact_text
from tachograph.records import Session, SessionFacts, Usage
from tachograph.store import Store
from tachograph.store.steps import RANKS

_OPEN = {"running", "waiting", "paused"}
_SLACK = 5 * SECOND  # clocks of a file and of a process


class ToldSession:
    """One session as one source knows it."""

    def __init__(self, store: Store, facts: SessionFacts, agent: str, source: str) -> None:
        self._store = store
        self._source = source
        self.native_id = facts.id
        self.agent = facts.agent or agent
        self.known = self._find(facts) or self._create(facts)
        self.id = self.known.id
        self.agent = self.known.agent
        self.row = store.sessions.number(self.id)
        self.wrapped = self.known.command is not None
        self.last_at = 0
        self.status: str | None = None

    def _find(self, facts: SessionFacts) -> Session | None:
        name = self._store.sessions.by_alias(facts.id)
        wrapper = (facts.metadata or {}).get("tachograph_session")
        known = name is None and self._store.sessions.exists(facts.id)
        if name is None and isinstance(wrapper, str) and wrapper != facts.id and self._store.sessions.exists(wrapper):
            name = wrapper
            if known:  # its history came before we knew whose it was
                self._store.steps.merge(wrapper, facts.id)
        elif known:
            return self._store.sessions.get(facts.id)
        if name is None:
            name = self._wrapper_of(facts)
        if name is None:
            return None
        self._store.sessions.add_alias(facts.id, name)
        found = self._store.sessions.get(name)
        if found.copilot_session_id is None:
            found = self._store.sessions.update(name, copilot_session_id=facts.id)
        return found

    def _wrapper_of(self, facts: SessionFacts) -> str | None:
        """A wrapped run of that agent, in that folder, at that time, which has no history yet."""
        if facts.parent_id or not facts.project_dir or not facts.started_at:
            return None
        begun = facts.started_at
        runs = self._store.sessions.list(agent=self.agent, until=begun + _SLACK, limit=50)
        fitting = [
            run
            for run in runs
            if run.command is not None
            and run.copilot_session_id is None
            and (run.ended_at is None or run.ended_at + _SLACK >= begun)
            and _same_folder((run.metadata or {}).get("cwd") or run.project_dir, facts.project_dir)
        ]
        return fitting[0].id if fitting else None

    def _create(self, facts: SessionFacts) -> Session:
        return self._store.sessions.add(
            Session(
                facts.id,
                self.agent,
                "local",
                copilot_session_id=facts.id,
                status="running",
                started_at=facts.started_at or facts.last_at or 0,
                spawned_by=facts.parent_id,
            )
        )

    def learn(self, facts: SessionFacts) -> None:
        """Inside a transaction: what is new. The wrapper's own facts stay; the better source wins over a lesser."""
        known, changes = self.known, dict[str, Any]()
        for name in ("project_dir", "title", "model", "branch", "parent_id", "exit_code"):
            value = getattr(facts, name)
            if value is None or value == getattr(known, name):
                continue
            if getattr(known, name) is None or (not self.wrapped and name in {"title", "model", "branch", "exit_code"}):
                changes[name] = redact_text(value)[0] if isinstance(value, str) else value
        if facts.started_at and not self.wrapped and facts.started_at < known.started_at:
            changes["started_at"] = facts.started_at
        more = {**(facts.metadata or {}), **({"version": facts.version} if facts.version else {})}
        more.pop("tachograph_session", None)
        if self._joined(known.metadata or {}, more) != known.metadata:
            stored = self._store.sessions.get(self.id).metadata or {}  # another process may know more by now
            changes["metadata"] = self._joined(stored, more)
        if facts.usage is not None or facts.cost_usd is not None:
            self._totals(facts)
        self.status = facts.status or self.status
        self.last_at = max(self.last_at, facts.last_at or 0)
        if changes:
            self.known = self._store.sessions.update(self.id, **changes)

    def _joined(self, metadata: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
        sources = sorted({*metadata.get("sources", []), self._source}, key=RANKS.__getitem__)
        return {**metadata, **more, "sources": sources}

    def _totals(self, facts: SessionFacts) -> None:
        """Usage that an agent states only for the whole session."""
        usage = facts.usage or Usage()
        self.known = self._store.sessions.update(
            self.id,
            input_tokens=usage.input_tokens or self.known.input_tokens,
            output_tokens=usage.output_tokens or self.known.output_tokens,
            cache_read_tokens=usage.cache_read_tokens or self.known.cache_read_tokens,
            cache_write_tokens=usage.cache_write_tokens or self.known.cache_write_tokens,
            reasoning_tokens=usage.reasoning_tokens or self.known.reasoning_tokens,
            cost_usd=facts.cost_usd if facts.cost_usd is not None else self.known.cost_usd,
        )

    def heard(self, at: int) -> None:
        """A step of that time was stored."""
        self.last_at = max(self.last_at, at)

    def follow(self) -> None:
        """Inside a transaction: the status that the source named, or that of the last state it told."""
        if self.status and not self.wrapped and self.status != self.known.status:
            ended = None if self.status in _OPEN else self.last_at or self.known.started_at
            self.known = self._store.sessions.update(self.id, status=self.status, ended_at=ended)

    def settle(self, unknown_lines: int, *, over: bool) -> None:
        """Inside a transaction: the end of what is there is reached. A wrapped run ends when its wrapper says so."""
        changes = dict[str, Any]()
        if unknown_lines != self.known.unknown_lines:
            changes["unknown_lines"] = unknown_lines
        if not self.wrapped:
            status = self.status or "running"
            if over and status in _OPEN:
                status = "completed"
            ended = None if status in _OPEN else max(self.last_at, self.known.started_at)
            if (status, ended) != (self.known.status, self.known.ended_at):
                changes |= {"status": status, "ended_at": ended}
        if changes:
            self.known = self._store.sessions.update(self.id, **changes)

    def relative(self, path: str) -> str:
        """A path inside the project as seen from there; another as it is."""
        path = redact_text(path)[0]
        root = self.known.project_dir
        if root and path.startswith(root) and path[len(root) : len(root) + 1] in {"/", "\\"}:
            return path[len(root) + 1 :] or path
        return path


def _same_folder(one: object, other: str) -> bool:
    return isinstance(one, str) and os.path.realpath(one) == os.path.realpath(other)
