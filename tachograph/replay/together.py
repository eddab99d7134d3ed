"""Several sessions as one timeline: what they did side by side, in the order of their times.

Turns are counted over all of them, in the order they began; an item belongs to the turn of its own session.
"""

from __future__ import annotations

import bisect
from array import array
from collections.abc import Iterator, Sequence
from itertools import chain

from tachograph.errors import NotFound, UsageError
from tachograph.records import Session
from tachograph.replay import timeline
from tachograph.replay.state import State, States
from tachograph.replay.timeline import Ask, Timeline
from tachograph.store import Store

SESSIONS_MAX = 100


class Together(Timeline):
    """`parts` are the timelines it is made of, at least one."""

    def __init__(self, parts: Sequence[Timeline], ask: Ask) -> None:
        self.parts = sorted(parts, key=lambda part: (part.session.started_at, part.session.id))
        self.session = self.parts[0].session
        self.ask = ask
        self.usage = {event: tokens for part in self.parts for event, tokens in part.usage.items()}
        self.states = {event: state for part in self.parts for event, state in part.states.items()}
        at = array("q", chain.from_iterable(part.at for part in self.parts))
        order = sorted(range(len(at)), key=at.__getitem__)  # stable
        whose = array("H", (number for number, part in enumerate(self.parts) for _ in part.at))
        self.at = array("q", (at[n] for n in order))
        self._whose = array("H", (whose[n] for n in order))
        self._places = [array("l") for _ in self.parts]  # of the items of every part
        for item, number in enumerate(self._whose):
            self._places[number].append(item)
        self.kind = self._ordered("b", order, (part.kind for part in self.parts))
        self._flags = self._ordered("B", order, (part._flags for part in self.parts))
        self._words, self._pieces = list[str](), array("q")
        refs, words = [], []
        for part in self.parts:
            before = len(self._pieces) // 4
            refs.append([ref if kind else ref + before for kind, ref in zip(part.kind, part._ref, strict=True)])
            words.append([word + len(self._words) for word in part._word])
            self._pieces.extend(part._pieces)
            self._words.extend(part._words)
        self._ref = self._ordered("q", order, refs)
        self._word = self._ordered("H", order, words)
        self._count_turns(order)
        self._find_flagged()
        self._states = [States(part) for part in self.parts]

    @property
    def name(self) -> None:
        return None

    @property
    def sessions(self) -> list[Session]:
        return [part.session for part in self.parts]

    def whose(self, item: int) -> Session:
        return self.parts[self._whose[item]].session

    def after(self, items: int) -> Iterator[tuple[Timeline, State]]:
        """Every part, and its own state after so many items of all."""
        for part, places, states in zip(self.parts, self._places, self._states, strict=True):
            yield part, states.after(bisect.bisect_left(places, items))

    def _count_turns(self, order: Sequence[int]) -> None:
        begun = sorted(
            (self._places[number][start] if start < len(part) else len(self.at), number, turn)
            for number, part in enumerate(self.parts)
            for turn, start in enumerate(part.turn_starts, 1)
        )
        self.turn_starts = [item for item, _, _ in begun]
        self.turns = max(1, len(begun))
        numbers = {(part, turn): number for number, (_, part, turn) in enumerate(begun, 1)}
        turns = [[numbers.get((n, turn), 0) for turn in part._turn] for n, part in enumerate(self.parts)]
        self._turn = self._ordered("l", order, turns)

    def _ordered(
        self, kind: str, order: Sequence[int], of_parts: Iterator[Sequence[int]] | list[list[int]]
    ) -> array[int]:
        values = array(kind, chain.from_iterable(of_parts))
        return array(kind, (values[n] for n in order))


async def read(ask: Ask, names: Sequence[str]) -> Timeline:
    """The timeline of one session, or of several. Raises NotFound."""
    return await joined([await timeline.read(ask, name) for name in names], ask)


async def joined(parts: Sequence[Timeline], ask: Ask) -> Timeline:
    """The timeline itself when there is one."""
    return parts[0] if len(parts) == 1 else await ask(lambda _: Together(parts, ask))


def meant(store: Store, sessions: Sequence[str], workflow: str | None = None) -> list[str]:
    """The ids of sessions as people name them, or of those of a workflow, each once. Raises NotFound, UsageError."""
    if workflow is not None and sessions:
        raise UsageError("a workflow or sessions, not both", "leave one of them out")
    if workflow is not None:
        found = store.workflows.get(workflow).session_id
        names = [one.id for one in store.sessions.list(workflow=found, limit=SESSIONS_MAX + 1)]
        if not names:
            raise NotFound(f"the workflow {found} has no sessions", "tachograph workflow show lists what it has")
    else:
        names = list(dict.fromkeys(store.sessions.resolve(name).id for name in sessions))
    if not names:
        raise UsageError("no session is named", "name one, or a workflow")
    if len(names) > SESSIONS_MAX:
        raise UsageError(f"at most {SESSIONS_MAX} sessions are played at once", "name some of them")
    return names
