"""The session that a source tells of: found or made, and what is learned of it.

A run that we wrapped and whose agent writes a history is one session: by the name the wrapper gave its child
(TACHOGRAPH_SESSION, when hooks or telemetry pass it on), else by agent, folder and time. Agents that this one starts
inherit the name: they are sessions of their own, started by it.
"""

from __future__ import annotations

import os
from typing import Any

import msgspec

from tachograph import clock
from tachograph.clock import SECOND
from tachograph.extract.redact import redact_text
from tachograph.ingest.discover import RUNNING
from tachograph.ingest.header import named_after
from tachograph.ingest.preparing import masked, storable
from tachograph.readers.registry import MODULES
from tachograph.records import TOKENS, Session, SessionFacts
from tachograph.store import Store
from tachograph.store.tellings import RANKS
from tachograph.store.usage import STATED_COST

TITLE_MAX = 100  # characters of what was asked first: the title where the agent gives none
ID_MAX = 300  # characters of a session's id
_OPEN = {"running", "waiting", "paused"}
_SLACK = SECOND  # agents leave out the fraction


def name_of(facts: SessionFacts) -> str:
    """The id that a source gives a session, as it is stored."""
    return storable(facts.id)[:ID_MAX] or "unnamed"


class ToldSession:
    """One session as one source knows it."""

    def __init__(self, store: Store, facts: SessionFacts, agent: str, source: str, now: int) -> None:
        """`now` in ns is when it began, where nobody says so."""
        self._store = store
        self._source = source
        self.native_id = facts.id
        self._name = name_of(facts)
        self.agent = storable(facts.agent) or agent
        self._outer: str | None = None  # the wrapped run inside which another agent started this one
        found = self._find(facts)
        self._created = found is None  # and nobody else can have changed it before this transaction ends
        self._is(found or self._create(facts, now))
        self._opening = None if self._created or self.wrapped else self._of_opening()
        self.last_at = 0
        self.status: str | None = None
        self._changes: dict[str, Any] = {}  # known, but not stored yet
        self._more: dict[str, Any] = {}  # of the metadata, what this source told

    def _is(self, known: Session) -> None:
        self.known = known
        self.id, self.agent = known.id, known.agent
        self.row = self._store.sessions.number(known.id)
        self.wrapped = known.command is not None

    def refresh(self) -> None:
        """Inside a transaction: what others have learned meanwhile, also that it is part of another session."""
        name = self._store.sessions.by_alias(self._name) or self.id
        self._is(self._store.sessions.get(name))

    def _find(self, facts: SessionFacts) -> Session | None:
        native = self._name
        name = self._store.sessions.by_alias(native)
        wrapper = self._wrapper_named(facts) if name is None else None
        known = name is None and self._store.sessions.exists(native)
        if wrapper is not None:
            name = wrapper
            if known:  # its history came before we knew whose it was
                self._store.merging.merge(wrapper, native)
        elif known:
            return self._store.sessions.get(native)
        if name is None and self._outer is None:
            name = self._wrapper_of(facts)
        if name is None:
            return None
        self._store.sessions.add_alias(native, name)
        found = self._store.sessions.get(name)
        if found.copilot_session_id is None:
            found = self._store.sessions.update(name, copilot_session_id=native)
        return found

    def _wrapper_named(self, facts: SessionFacts) -> str | None:
        """The wrapped run that says it is: of this agent, or of a command that has not told of an agent yet."""
        name = (facts.metadata or {}).get("tachograph_session")
        if not isinstance(name, str) or name == self._name or not self._store.sessions.exists(name):
            return None
        run = self._store.sessions.get(name)
        if run.agent == self.agent or (run.copilot_session_id is None and run.agent not in MODULES):
            if run.agent != self.agent and run.agent == named_after(run.command):
                self._store.merging.rename(name, self.agent)
            return name
        self._outer = name
        return None

    def _wrapper_of(self, facts: SessionFacts) -> str | None:
        """A wrapped run of that agent, in that folder, at that time, which has no history yet: the newest."""
        if facts.parent_id or not facts.project_dir or not facts.started_at:
            return None
        begun = facts.started_at
        fitting = [
            run
            for run in self._store.sessions.unclaimed(self.agent, begun + _SLACK)
            if (run.ended_at is None or run.ended_at + _SLACK >= begun)
            and _same_folder((run.metadata or {}).get("cwd") or run.project_dir, facts.project_dir)
        ]
        return max(fitting, key=lambda run: run.started_at).id if fitting else None

    def _create(self, facts: SessionFacts, now: int) -> Session:
        return self._store.sessions.add(
            Session(
                self._name,
                self.agent,
                "local",
                copilot_session_id=self._name,
                status="running",
                started_at=facts.started_at or facts.last_at or now,
                spawned_by=storable(facts.parent_id),
            )
        )

    def learn(self, facts: SessionFacts) -> None:
        """What is new; `save` stores it. The wrapper's own facts stay; the better source wins over a lesser."""
        known, changes = self.known, dict[str, Any]()
        for name in ("project_dir", "title", "model", "branch", "parent_id", "exit_code"):
            value = storable(getattr(facts, name))
            if value is None or value == getattr(known, name):
                continue
            if getattr(known, name) is None or (not self.wrapped and name in {"title", "model", "branch", "exit_code"}):
                changes[name] = storable(redact_text(value)[0]) if isinstance(value, str) else value
        if self._outer and not known.parent_id and "parent_id" not in changes:
            changes["parent_id"] = self._outer
        if facts.started_at and not self.wrapped and facts.started_at < known.started_at:
            changes["started_at"] = facts.started_at
        more = {**(facts.metadata or {}), **({"version": facts.version} if facts.version else {})}
        more.pop("tachograph_session", None)
        workflow = more.pop("tachograph_workflow", None)
        if isinstance(workflow, str) and known.workflow_id is None:
            changes["workflow_id"] = storable(redact_text(workflow)[0])
        if facts.cost_usd is not None:
            more[STATED_COST] = changes["cost_usd"] = facts.cost_usd
        self._more |= storable(masked(more))
        joined = self._joined(known.metadata or {})
        if joined != known.metadata:
            changes["metadata"] = joined
        if facts.usage is not None:
            changes |= {name: getattr(facts.usage, name) or getattr(known, name) for name in TOKENS}
        self.status = facts.status or self.status
        self.last_at = max(self.last_at, facts.last_at or 0)
        self._change(**changes)

    def save(self) -> None:
        """Inside a transaction: store what was learned."""
        changes, self._changes = self._changes, {}
        if "metadata" in changes and not self._created:  # another process may know more by now
            changes["metadata"] = self._joined(self._store.sessions.get(self.id).metadata or {})
        if changes:
            self._store.sessions.set(self.id, **changes)
        self._created = False

    def _change(self, **fields: Any) -> None:
        self._changes |= fields
        self.known = msgspec.structs.replace(self.known, **fields)

    def _joined(self, metadata: dict[str, Any]) -> dict[str, Any]:
        sources = sorted({*metadata.get("sources", []), self._source}, key=RANKS.__getitem__)
        return {**metadata, **self._more, "sources": sources}

    def heard(self, at: int) -> None:
        """A step of that time was stored."""
        self.last_at = max(self.last_at, at)

    def follow(self) -> None:
        """Inside a transaction: the status that the source named, or that of the last state it told."""
        self.refresh()
        late = self.status in _OPEN and self.last_at < (self.known.ended_at or 0)  # it had ended by then
        if self.status and not late and not self.wrapped and self.status != self.known.status:
            ended = None if self.status in _OPEN else self.last_at or self.known.started_at
            self._change(status=self.status, ended_at=ended)
        self.save()

    def settle(self, modified_at: int) -> None:
        """Inside a transaction: the end of what is there is reached. A wrapped run ends when its wrapper says so, and
        a session of several files with the one that goes on for longest."""
        changes = dict[str, Any]()
        if not self.wrapped:
            latest = self._store.histories.latest(self.row)
            status, over = self._status(), max(self.last_at, latest, self.known.started_at)
            if self.last_at < latest:
                status = self.known.status
            elif status in _OPEN and self._quiet(modified_at):
                status = "completed"
            elif status == self.known.status:
                over = max(over, self.known.ended_at or 0)
            ended = None if status in _OPEN else over
            if (status, ended) != (self.known.status, self.known.ended_at):
                changes |= {"status": status, "ended_at": ended}
        if self.known.title in (None, self._opening) and not self.wrapped:  # what was asked first may have grown
            self._opening = self._of_opening()
            changes |= {"title": self._opening} if self._opening != self.known.title else {}
        self._change(**changes)
        self.save()

    def _status(self) -> str:
        """As this history has it; where that says nothing, as others have told it, unless there was work since."""
        known = self.known
        if self.status:
            return self.status
        over = known.ended_at is None or self.last_at <= known.ended_at
        return known.status if over and self._store.sessions.rests(self.id) else "running"

    def _of_opening(self) -> str | None:
        """What was asked first, as a title."""
        opening = self._store.turns.opening(self.id) or ""
        title = " ".join(opening[: 4 * TITLE_MAX].split())  # it is masked already
        return (title if len(title) <= TITLE_MAX else title[: TITLE_MAX - 1] + "…") or None

    def _quiet(self, modified_at: int) -> bool:
        """Whether nobody has written for a while. A file that is much younger than what it says is a copy."""
        copied = 0 < self.last_at < modified_at - RUNNING
        return clock.now() - (self.last_at if copied else modified_at) > RUNNING

    def relative(self, path: str) -> str:
        """A path (masked) inside the project as seen from there; another as it is."""
        root = self.known.project_dir
        if root and path.startswith(root) and path[len(root) : len(root) + 1] in {"/", "\\"}:
            return path[len(root) + 1 :] or path
        return path


def adopt(store: Store, run: Session) -> None:
    """Inside a transaction: `run` was watched, or got into the store, some time after its agent began, so that its
    history may be here already, as a session of its own. When there is exactly one that fits, both become one."""
    until = None if run.ended_at is None else max(run.started_at, run.ended_at) + _SLACK  # clocks are set back
    fitting = [
        told
        for told in store.sessions.list(agent=run.agent, since=run.started_at - _SLACK, until=until, limit=50)
        if told.command is None
        and told.copilot_session_id == told.id
        and told.spawned_by is None
        and told.parent_id is None
        and _same_folder((run.metadata or {}).get("cwd"), told.project_dir or "")
    ]
    if len(fitting) > 1 and run.ended_at is not None:  # what began within the slack may be of the next run
        fitting = [told for told in fitting if told.started_at <= run.ended_at]
    if len(fitting) == 1:
        told = fitting[0]
        before: dict[str, Any] = told.metadata or {}
        after: dict[str, Any] = run.metadata or {}
        sources = {*before.get("sources", []), *after.get("sources", [])}
        metadata = {**before, **after, "sources": sorted(sources, key=RANKS.__getitem__)}
        store.merging.merge(run.id, told.id)
        store.sessions.add_alias(told.id, run.id)
        store.sessions.update(run.id, copilot_session_id=told.id, metadata=metadata, model=told.model, title=told.title)


def _same_folder(one: object, other: str) -> bool:
    return isinstance(one, str) and os.path.realpath(one) == os.path.realpath(other)
