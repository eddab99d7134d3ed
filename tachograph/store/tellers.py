"""Which source tells what of a session: prompts, replies, thoughts and usage are each told by the best of those that
know any (hooks tell what was said, and not what it took). No two sources name these alike, so each is told by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tachograph.records import Step
from tachograph.store import queries, removing
from tachograph.store.filters import numbers
from tachograph.store.tellings import PRINTED, RANKS
from tachograph.store.usage import Usages
from tachograph.store.writer import Writer

_sql = queries.load("tellers")
_GROUPS = {"prompt": 0, "reply": 4, "thinking": 8, "usage": 12}  # where _sessions.told_by has the rank of the source
_TEXTS = ("prompt", "reply", "thinking")
_NOTES = ("marker", "state")
_CONCERNED = _GROUPS.keys() | set(_NOTES)
_NOTED = frozenset(  # markers of what all sources tell of: the best of those that tell texts
    {"compaction", "compaction_summary", "model_switch", "api_error", "interruption", "permission_mode"}
)


class Tellers:
    """Inside transactions; sessions are row numbers."""

    def __init__(self, writer: Writer, usages: Usages) -> None:
        self._writer = writer
        self._connection: Any = writer.connection
        self._usages = usages

    def wanted(self, session: int, steps: Sequence[Step], rank: int) -> Sequence[Step]:
        """Without what a better source tells; what only lesser ones told, and this one tells, is taken out."""
        types = {step.event_type for step in steps} & _CONCERNED
        if not types:
            return steps
        best = self._of(session)
        better = {one for one in types & _GROUPS.keys() if rank < best.get(one, len(RANKS))}
        if better:
            self._set(session, {**best, **dict.fromkeys(better, rank)})
            self._forget(session, dict.fromkeys(better & best.keys(), rank), best)
        lesser = {one for one in types if rank > best.get(one, len(RANKS))}
        noted = rank > _best_of_texts(best)
        if not lesser and not (noted and types.intersection(_NOTES)):
            return steps
        printed = rank == RANKS[PRINTED]
        return [s for s in steps if s.event_type not in lesser and not (noted and _is_noted(s, printed=printed))]

    def meet(self, first: int, second: int) -> None:
        """Two sessions are about to become one, `first`: of each group the better one's stay."""
        own, others = self._of(first), self._of(second)
        both = {one: min(own[one], others[one]) for one in own.keys() & others.keys()}
        for session, ranks, against in ((first, own, others), (second, others, own)):
            self._forget(session, {one: rank for one, rank in both.items() if rank < ranks[one]}, ranks, against)
        self._set(first, {**others, **own, **both})

    def _forget(
        self, session: int, ranks: dict[str, int], best: dict[str, int], other: dict[str, int] | None = None
    ) -> None:
        """What only sources below these ranks told, by group; and notes, when the texts have a better source than the
        best so far (those of `other`, or of these ranks)."""
        self._writer.kinds.refresh()
        gone: list[int] = []
        for event_type, rank in ranks.items():
            gone += [row[0] for row in self._connection.execute(self._about(_sql.lesser, event_type), (session, rank))]
        rank = _best_of_texts(ranks if other is None else other)
        if rank < _best_of_texts(best):
            found = self._connection.execute(self._about(_sql.lesser_notes, *_NOTES), (session, rank))
            gone += [event for event, kind, about in found if about in _NOTED or self._is_printed(kind)]
        if gone:
            removing.remove(self._writer, session, gone)
            removing.recount(self._writer, session)  # a program may have added a text as part of a call
            self._usages.total(session)

    def _about(self, sql: str, *event_types: str) -> str:
        kinds = self._writer.kinds.by_id.items()
        return sql.format(numbers=numbers(number for number, kind in kinds if kind.event_type in event_types))

    def _is_printed(self, kind: int) -> bool:
        """A run that was printed and has a history: whatever it notes is noted there."""
        return self._writer.kinds.of(kind).source == PRINTED

    def _of(self, session: int) -> dict[str, int]:
        """Event type → rank of the source whose events of that type count; four bits each in one number: rank + 1."""
        packed = int(self._connection.execute(_sql.told_by, (session,)).get or 0)
        ranks = {event_type: (packed >> shift & 15) - 1 for event_type, shift in _GROUPS.items()}
        return {event_type: rank for event_type, rank in ranks.items() if rank >= 0}

    def _set(self, session: int, ranks: dict[str, int]) -> None:
        packed = sum((rank + 1) << _GROUPS[event_type] for event_type, rank in ranks.items())
        self._connection.execute(_sql.set_told_by, (packed, session))


def _best_of_texts(ranks: dict[str, int]) -> int:
    return min((ranks[one] for one in _TEXTS if one in ranks), default=len(RANKS))


def _is_noted(step: Step, *, printed: bool) -> bool:
    return step.event_type in _NOTES and (printed or (step.metadata or {}).get("kind") in _NOTED)
