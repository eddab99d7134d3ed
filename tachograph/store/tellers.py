"""Which source tells what of a session: prompts and replies by the one that knows them best, usage by the best of those
that know any (hooks tell what was said, and not what it took). No two sources name these alike, so each is told by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tachograph.records import Step
from tachograph.store import queries
from tachograph.store.filters import numbers
from tachograph.store.writer import Writer

_sql = queries.load("tellers")
_TEXTS = frozenset({"prompt", "reply", "thinking"})
_GROUPS = (_TEXTS, frozenset({"usage"}))
_CONCERNED = _TEXTS | {"usage", "marker"}
_NOTED = frozenset(  # markers of what all sources tell of; others are told by one alone
    {"compaction", "compaction_summary", "model_switch", "api_error", "interruption", "permission_mode"}
)
Rows = list[tuple[int, int]]  # (event, kind)


class Tellers:
    """The ranks of the sources that tell the groups of a session. _sessions.told_by has 4 bits for each: rank + 1."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._connection: Any = writer.connection

    def wanted(self, session: int, steps: Sequence[Step], rank: int) -> tuple[Sequence[Step], Rows]:
        """What of the steps of a source is to be stored; and which events go, as this source knows better."""
        if not any(step.event_type in _CONCERNED for step in steps):
            return steps, []
        ranks, gone = self._ranks(session), Rows()
        before = list(ranks)
        for number, group in enumerate(_GROUPS):
            if any(step.event_type in group for step in steps):
                best = ranks[number]
                if best is not None and rank > best:
                    steps = [step for step in steps if step.event_type not in group]
                    continue
                if best is not None and rank < best:
                    gone += self._lesser(session, number, rank)
                ranks[number] = rank
        if ranks != before:
            self._set(session, ranks)
        if ranks[0] is not None and rank > ranks[0] and any(map(_is_noted, steps)):
            steps = [step for step in steps if not _is_noted(step)]
        return steps, gone

    def one_of(self, first: int, second: int) -> tuple[Rows, Rows]:
        """Two sessions become `first`: which events of each go. The better is the one whose texts are told better."""
        ranks, gone = [self._ranks(session) for session in (first, second)], (Rows(), Rows())
        best: list[int | None] = []
        for number, (one, other) in enumerate(zip(*ranks, strict=True)):
            best.append(min((rank for rank in (one, other) if rank is not None), default=None))
            if one is not None and other is not None and one != other:
                side = int(other > one)
                gone[side].extend(self._lesser((first, second)[side], number, min(one, other)))
        self._set(first, best)
        return gone

    def is_better(self, one: int, other: int) -> bool:
        """Whether the texts of a session are told by a better source than those of another."""
        mine, others = self._ranks(one)[0], self._ranks(other)[0]
        return mine is not None and (others is None or mine < others)

    def _lesser(self, session: int, number: int, rank: int) -> Rows:
        """Events of a group that only sources below that rank told."""
        self._writer.kinds.refresh()
        types = {kind: found.event_type for kind, found in self._writer.kinds.by_id.items()}
        kinds = numbers(kind for kind, event_type in types.items() if event_type in _GROUPS[number])
        rows: Rows = self._connection.execute(_sql.lesser.format(numbers=kinds), (session, rank)).fetchall()
        if _GROUPS[number] is _TEXTS:
            kinds = numbers(kind for kind, event_type in types.items() if event_type == "marker")
            found = self._connection.execute(_sql.lesser_markers.format(numbers=kinds), (session, rank)).fetchall()
            rows = rows + [(event, kind) for event, kind, about in found if about in _NOTED]
        return rows

    def _ranks(self, session: int) -> list[int | None]:
        packed = self._connection.execute(_sql.told_by, (session,)).get or 0
        parts = [packed >> 4 * number & 15 for number in range(len(_GROUPS))]
        return [part - 1 if part else None for part in parts]

    def _set(self, session: int, ranks: Sequence[int | None]) -> None:
        packed = sum((rank + 1) << 4 * number for number, rank in enumerate(ranks) if rank is not None)
        self._connection.execute(_sql.set_told_by, (packed or None, session))


def _is_noted(step: Step) -> bool:
    return step.event_type == "marker" and (step.metadata or {}).get("kind") in _NOTED
