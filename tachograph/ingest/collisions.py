"""Collisions, as facts arrive: what a session just did to files is held against what others did to the same ones.

In the transaction that stores the facts, and cheap: a change of a file costs three look-ups by its path; the texts are
compared only where two sessions really met. Told again, nothing changes. Which repository a session works in decides
with whom it is in a workflow.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from tachograph import clock, paths
from tachograph.analyse import collisions, overlaps
from tachograph.analyse.collisions import REMOVALS, Touch, Verdict
from tachograph.analyse.removals import removals
from tachograph.config import FILE, Config
from tachograph.errors import TachographError
from tachograph.ingest.locating import around, real, repository, whole
from tachograph.ingest.preparing import Prepared
from tachograph.ingest.told_session import ToldSession
from tachograph.records import Collision, Session
from tachograph.store import Store
from tachograph.store.json_text import to_json
from tachograph.store.touches import About, Told
from tachograph.store.workflows import ALIVE, BY_ITSELF, SLOT

_WENT = {"ok", "unknown"}
_PROMPT_LEAST = 60  # characters of a prompt that is unlikely to be given twice by chance
_BLOCK_LEAST = 160, 5  # characters and lines of a code block
_LATER_MAX = 50


class _Mark(NamedTuple):
    """What a session did, by path; `names` are what the file is called in its events."""

    path: str
    at: int
    event: int
    what: str


class _Later(NamedTuple):
    """Two events and a path. Their sessions (row numbers) may yet turn out to have overlapped, when one goes on."""

    rows: tuple[int, int]
    pair: tuple[int, int, str]


class Watch:
    """Holds what one source tells of its sessions against what is stored; one for each `Telling`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._window = window()
        self._slots: dict[int, set[int]] = {}
        self._followed: set[int] = set()
        self._later = deque[_Later](maxlen=_LATER_MAX)
        self._about = store.touches.about

    def saw(self, session: ToldSession, told: Iterable[Prepared], events: Mapping[str, int]) -> None:
        """Inside the transaction that stored them: the steps of one session, and the events they are."""
        steps = list(told)
        session.save()  # others are asked about it, and so is the store
        self._about = cache(self._store.touches.about)
        waiting = [one for one in self._later if session.row in one.rows]
        self._place(session, steps)
        marks = [*self._marks(session, events.values()), *_said(steps, events)]
        if marks:
            self._store.touches.add(marks)
            shared = self._shared(marks, session.row)
            for mark in marks:
                if mark.path in shared:
                    self._meet(mark, session.row)
                if mark.what in REMOVALS:
                    self._inside(mark, session.row)
        for one in waiting:
            if one in self._later:
                self._later.remove(one)
            self._pair(*one.pair)

    def was_there(self, session: Session, row: int, times: Iterable[int]) -> None:
        """Inside a transaction: a run that we wrapped gave signs of life; an agent's own history says more."""
        if session.parent_id is not None:
            self._store.workflows.of(row) or self._store.workflows.follow_parent(row)
        elif root := repository(session.project_dir):
            self._present(row, root, {at // SLOT for at in times})

    # -- workflows -------------------------------------------------------------------------------------------------

    def _place(self, session: ToldSession, steps: Sequence[Prepared]) -> None:
        """Where and when it was at work, and with whom."""
        flows = self._store.workflows
        if session.known.parent_id is not None:
            if session.row not in self._followed:
                self._followed.add(session.row)
                if session.known.workflow_id is None and flows.of(session.row) is None:
                    flows.follow_parent(session.row)
            return
        root = repository(session.known.project_dir)
        known = self._slots.setdefault(session.row, set())
        fresh = {one.step.at // SLOT for one in steps if one.step.at > 0} - known
        if root is None or not fresh:
            return
        known |= fresh
        self._present(session.row, root, fresh)

    def _present(self, session: int, root: str, slots: set[int]) -> None:
        """In the workflow of those who are there, too; one opens when a second session comes."""
        self._store.workflows.present(root, session, slots)
        if self._store.workflows.of(session) is not None:
            return
        company = self._store.workflows.company(root, session, slots)
        if company is None:
            return
        other, flow, began = company
        if flow is None:
            flow = self._store.workflows.start(project_dir=root, opened_by=BY_ITSELF, at=began).session_id
            self._store.workflows.enter(flow, other)
        self._store.workflows.enter(flow, session)

    def _workflow(self, first: About, second: About) -> str:
        flows = self._store.workflows
        found = flows.of(second.row) or flows.of(first.row)
        if found is None:
            root = repository(second.project_dir) or repository(first.project_dir)
            found = flows.start(project_dir=root, opened_by=BY_ITSELF, at=min(first.began, second.began)).session_id
        for one in (first, second):
            flows.enter(found, one.row)
        return found

    # -- what a session did ------------------------------------------------------------------------------------------

    def _marks(self, session: ToldSession, events: Iterable[int]) -> list[_Mark]:
        """Changes of files that happened; what failed is only held against removals, and not kept."""
        marks: list[_Mark] = []
        project = session.known.project_dir
        for told in self._store.touches.told(events):
            if told.file_path is not None:
                path = real(whole(project, told.file_path))
                if told.status == "error":
                    self._failed(told, path, session.row)
                elif _happened(told):
                    marks.append(_Mark(path, told.at, told.event, _what(told)))
            elif told.command is not None:
                gone = removals(told.command, project)
                marks += [_Mark(real(path), told.at, told.event, what) for what, path in gone]
        return marks

    def _failed(self, told: Told, path: str, session: int) -> None:
        """It may have failed because somebody removed the file, or a folder around it."""
        found = self._store.touches.removed(around(path), told.at - self._window, told.at, session)
        if found is not None:
            self._pair(found[1], told.event, path, failed="read" if told.operation == "read" else "use")

    # -- who else did ------------------------------------------------------------------------------------------------

    def _shared(self, marks: Sequence[_Mark], session: int) -> set[str]:
        """Which of these paths somebody else touched at about that time."""
        spans: dict[str, tuple[int, int]] = {}
        for mark in marks:
            first, last = spans.get(mark.path, (mark.at, mark.at))
            spans[mark.path] = min(first, mark.at), max(last, mark.at)
        asked = [(path, first - self._window, last + self._window) for path, (first, last) in spans.items()]
        return self._store.touches.shared(asked, session)

    def _meet(self, mark: _Mark, session: int) -> None:
        """The touches beside it: of a file, or of the same prompt or code block."""
        touches = self._store.touches
        before = touches.before(mark.path, mark.at, mark.event, mark.at - self._window)
        after = touches.after(mark.path, mark.at, mark.event, mark.at + self._window)
        for other in (before, after):
            if other is not None and other.at == mark.at and other.session != session:
                about = self._about(mark.event)
                if about is not None and about.call == other.call:  # copied, like all of its session up to there
                    touches.drop(*mark)
                    return
        for other, first in ((before, True), (after, False)):
            if other is not None and other.session != session:
                events = (other.event, mark.event) if first else (mark.event, other.event)
                if mark.what in ("prompt", "block"):
                    self._twice(*events, mark)
                else:
                    self._pair(*events, mark.path)

    def _inside(self, mark: _Mark, session: int) -> None:
        """What was removed may have been a folder in which others were at work."""
        seen = set[tuple[str, int]]()
        for path, event, other in self._store.touches.inside(mark.path, mark.at - self._window, mark.at, session):
            if (path, other) not in seen:
                seen.add((path, other))
                self._pair(event, mark.event, path)

    def _twice(self, first_event: int, second_event: int, mark: _Mark) -> None:
        first, second = self._about(first_event), self._about(second_event)
        if first is None or second is None or first.row == second.row:
            return
        root = repository(first.project_dir)
        if root is None or root != repository(second.project_dir):
            return
        one, two = _touch(first, mark.what), _touch(second, mark.what)
        if not collisions.repeated(one, two, self._window):
            return
        did = "were asked the same" if mark.what == "prompt" else "wrote the same code"
        sentence = f"{first.session_id} and {second.session_id} {did}, {collisions.ago(two.at - one.at)} apart"
        self._add(first, second, mark.path, Verdict("semantic_overlap", "info", sentence, stale=False), {})

    def _pair(self, first_event: int, second_event: int, path: str, *, failed: str = "") -> None:
        touches = self._store.touches
        first, second = self._about(first_event), self._about(second_event)
        if first is None or second is None or first.row == second.row:
            return
        one, two = _touch(first, ""), _touch(second, failed)
        if not collisions.together(one, two):
            if not failed and not collisions.related(one, two):
                self._later.append(_Later((first.row, second.row), (first_event, second_event, path)))
            return
        places = around(path)
        done = touches.what(places, first.at, first.event), failed or touches.what(places, second.at, second.event)
        if done[0] is None or done[1] is None:
            return
        seen = touches.look(second.row, second.at, _names(path, second), posixpath.basename(path))
        one, two = one._replace(what=done[0]), two._replace(what=done[1], seen=seen)
        verdict = collisions.judge(one, two, path, self._window)
        if verdict is None:
            return
        common = overlaps.Overlap([], [], None, None)
        if not failed:
            with contextlib.suppress(ValueError, RecursionError):  # texts of agents must not stop an import
                common = self._overlap(path, first, second)
        about = {
            "gap_ms": (two.at - one.at) // clock.MILLISECOND,
            "operations": [one.what, two.what],
            "second_had_seen": clock.iso(two.seen) if two.seen else None,
            "first_lines": common.first,
            "second_lines": common.second,
            "same_lines": common.lines,
            "symbols": common.symbols,
        }
        self._add(first, second, path, verdict, about)
        for symbol in common.symbols[:5]:
            sentence = f"{first.session_id} and {second.session_id} both changed {symbol} in {path}"
            both = Verdict("semantic_overlap", verdict.severity, sentence, verdict.stale)
            self._add(first, second, f"{path}::{symbol}", both, about)

    def _overlap(self, path: str, first: About, second: About) -> overlaps.Overlap:
        """Of all that the first did to the file in the window, and what the second did now."""
        touches = self._store.touches
        earlier = touches.changes(path, second.at - self._window, second.at, first.row)
        ones = [change for event in earlier for change in self._changes(path, self._about(event))]
        others = self._changes(path, second)
        if not ones or not others:
            return overlaps.Overlap([], [], None, None)
        text = touches.reading(second.row, second.at, _names(path, second)) or touches.reading(
            first.row, first.at, _names(path, first)
        )
        return overlaps.overlap(ones, others, path, overlaps.unnumbered(text) if text else None)

    def _changes(self, path: str, about: About | None) -> list[overlaps.Change]:
        return [] if about is None else overlaps.changes(self._store.touches.input(about), path)

    def _add(self, first: About, second: About, subject: str, verdict: Verdict, about: Mapping[str, object]) -> None:
        """Unless the same two collided on the same a short time before: one long quarrel is one collision."""
        collision = Collision(
            "", first.agent, second.agent, verdict.kind, verdict.sentence, verdict.severity, clock.iso(second.at),
            session_id_1=first.session_id, session_id_2=second.session_id, event_id_1=first.event,
            event_id_2=second.event, subject=subject, overlap_json=to_json(about or None),
        )  # fmt: skip
        if not self._store.collisions.repeats(collision, clock.iso(second.at - self._window)):
            workflow = self._workflow(first, second)
            self._store.collisions.add(msgspec.structs.replace(collision, session_id=workflow))


def window() -> int:
    """ns between two changes of a file that may collide, as config.toml says; a bad setting is the default."""
    file = os.path.join(paths.places().config, FILE)
    try:
        changed = os.stat(file).st_mtime_ns
    except OSError:
        changed = 0
    return _window(file, changed, os.environ.get("TACHOGRAPH_COLLISIONS_WINDOW"))


@lru_cache(maxsize=4)
def _window(file: str, changed: int, said: str | None) -> int:
    try:
        return int(Config(file).get("collisions.window"))
    except TachographError:
        return collisions.WINDOW


def _touch(about: About, what: str) -> Touch:
    alive = about.ended_at is None and clock.now() - about.last < ALIVE
    return Touch(
        about.event, about.at, about.session_id, about.agent, what, about.family, about.began, about.last, alive,
        call=about.call,
    )  # fmt: skip


def _what(told: Told) -> str:
    if told.operation == "write" and told.lines_removed == 0:
        return "create"
    return told.operation or ""


def _happened(told: Told) -> bool:
    """What has no result yet waits for it; where sources have none, time is up at some point."""
    return told.status in _WENT or (told.status is None and clock.now() - told.at > ALIVE)


def _names(path: str, about: About) -> tuple[str, str]:
    """What a session's own events call a file: from its project, and in full."""
    project = about.project_dir
    for root in (project, real(project) if project else None):
        if root and path.startswith(f"{root}/"):
            return path[len(root) + 1 :], path
    return about.file_path or path, path


def _said(steps: Iterable[Prepared], events: Mapping[str, int]) -> list[_Mark]:
    """Long prompts and code blocks, by digest."""
    marks: list[_Mark] = []
    for one in steps:
        step, event = one.step, events.get(one.step.key)
        if event is None:
            continue
        if (
            step.event_type == "prompt"
            and step.content
            and len(text := " ".join(step.content.split())) >= _PROMPT_LEAST
        ):
            marks.append(_Mark(f"prompt:{_digest(text)}", step.at, event, "prompt"))
        elif step.event_type == "reply":
            blocks = [found.block for found in one.found if found.block is not None]
            marks += [
                _Mark(f"block:{block.digest}", step.at, event, "block") for block in blocks if _is_long(block.content)
            ]
    return marks


def _is_long(code: str) -> bool:
    return len(code) >= _BLOCK_LEAST[0] and code.count("\n") >= _BLOCK_LEAST[1]


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()
