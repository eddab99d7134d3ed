"""A session as it is drawn: its events as columns of small numbers, its turns, its pauses, and counts for each lane.

Times are milliseconds since the one before, words are numbers in a table of labels: compressed, an event takes some
five bytes, so that a hundred thousand of them can be sent at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tachograph import clock
from tachograph.analyse.commands import name as called
from tachograph.formats.rows import Row
from tachograph.records import Session
from tachograph.store import Store
from tachograph.store.turns import Mark, Turn

LANES = ("you", "agent", "commands", "files", "other_tools", "failures")
STATUSES = (None, "ok", "error", "rejected", "interrupted", "unknown")
IDLE_MS = 120_000  # nothing happened for so long: a pause
_LANE_OF = {
    "prompt": 0, "reply": 1, "thinking": 1, "command": 2, "file_op": 3, "tool_call": 4, "error": 5,
}  # fmt: skip
_TITLE = 120  # characters of what a user said
_MS = clock.SECOND // 1000


class _Kind(NamedTuple):
    event_type: str
    operation: str | None
    lane: int


class _Table:
    """Words by number, in the order they were first met."""

    def __init__(self) -> None:
        self.words: list[object] = []
        self._numbers: dict[object, int] = {}

    def number(self, word: object) -> int:
        found = self._numbers.get(word)
        if found is None:
            found = self._numbers[word] = len(self.words)
            self.words.append(word)
        return found


def columns(store: Store, session: Session, buckets: int) -> Row:
    """Everything of a session that can be drawn; see the module. `buckets` of equal time for each lane."""
    marks = [mark for mark in store.turns.marks(session.id, *_LANE_OF) if _drawn(mark)]
    start = min([session.started_at, *(mark.at for mark in marks[:1])])
    turns = store.turns.list(session.id)
    last = max([session.ended_at or start, *(turn.ended_at for turn in turns), *map(_end, marks)])
    kinds, labels = _Table(), _Table()
    at = [(mark.at - start) // _MS for mark in marks]
    kind_of = [kinds.number(_Kind(mark.event_type, mark.operation, _lane(mark))) for mark in marks]
    label_of = [labels.number(_label(mark)) for mark in marks]
    return {
        "session_id": session.id,
        "start": clock.iso(start),
        "start_ms": start // _MS,
        "end_ms": (last - start) // _MS,
        "events": len(marks),
        "lanes": list(LANES),
        "statuses": list(STATUSES),
        "kinds": [one._asdict() for one in kinds.words if isinstance(one, _Kind)],
        "labels": labels.words,
        "columns": {
            "id": _deltas([mark.id for mark in marks]),
            "at": _deltas(at),
            "duration": [round(mark.duration_ms or 0) for mark in marks],
            "kind": kind_of,
            "label": label_of,
            "status": [_status(mark) for mark in marks],
        },
        "turns": [_turn(turn, start) for turn in turns],
        "gaps": _gaps(marks, start),
        "buckets": _buckets(marks, start, max(1, (last - start) // _MS), buckets),
    }


def _drawn(mark: Mark) -> bool:
    """Of what rules found only errors are."""
    return not mark.pattern or mark.event_type == "error"


def _lane(mark: Mark) -> int:
    return _LANE_OF[mark.event_type]


def _failed(mark: Mark) -> bool:
    ended = mark.status == "error" or (bool(mark.exit_code) and mark.status not in ("rejected", "interrupted"))
    return ended or mark.event_type == "error"


def _status(mark: Mark) -> int:
    """Its number in STATUSES; an exit code says more than an agent's ok."""
    if _failed(mark):
        return 2
    return STATUSES.index(mark.status) if mark.status in STATUSES else 5


def _label(mark: Mark) -> str:
    """What is written beside it."""
    if mark.event_type == "command":
        return called(mark.command or "") or mark.tool_name or ""
    return mark.pattern or mark.file_path or mark.tool_name or ""


def _end(mark: Mark) -> int:
    return mark.at + int((mark.duration_ms or 0) * _MS)


def _deltas(values: Iterable[int]) -> list[int]:
    found, before = [], 0
    for value in values:
        found.append(value - before)
        before = value
    return found


def _turn(turn: Turn, start: int) -> Row:
    """`failed_share` is that of its tool calls, null when it has none."""
    title = " ".join((turn.prompt or "").split())
    return {
        "turn": turn.number,
        "at": max(0, turn.started_at - start) // _MS,
        "end": max(0, turn.ended_at - start) // _MS,
        "prompt": title[:_TITLE],
        "prompt_id": turn.prompt_id,
        "tool_calls": turn.tool_calls,
        "failed": turn.failed,
        "failed_share": round(turn.failed / turn.tool_calls, 4) if turn.tool_calls else None,
        "rewound": turn.rewound,
    }


def _gaps(marks: Sequence[Mark], start: int) -> list[Row]:
    """When nothing happened: from the end of everything so far to the next event."""
    found = []
    busy = marks[0].at if marks else 0
    for mark in marks:
        if mark.at - busy >= IDLE_MS * _MS:
            found.append({"from": (busy - start) // _MS, "to": (mark.at - start) // _MS})
        busy = max(busy, _end(mark))
    return found


def _buckets(marks: Sequence[Mark], start: int, length: int, count: int) -> Row:
    """How many events begin in each part of the time; failures of every lane are counted in their own, too."""
    lanes = {lane: [0] * count for lane in LANES}
    for mark in marks:
        place = min(count - 1, (mark.at - start) // _MS * count // length)
        lane = _lane(mark)
        lanes[LANES[lane]][place] += 1
        if lane != 5 and _failed(mark):
            lanes["failures"][place] += 1
    return {"count": count, "width_ms": length / count, "lanes": lanes}
